package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/mail"
)

// passwordVariable holds the password of a new account, for scripts.
const passwordVariable = "MINICOMPETE_PASSWORD"

type userCommand struct {
	Create    userCreate    `cmd:"" help:"Create an account."`
	Promote   userPromote   `cmd:"" help:"Change an account's role."`
	ResetLink userResetLink `cmd:"" help:"Create a password reset link for an account."`

	ResetFactors userResetFactors `cmd:"" help:"Remove an account's second factors."`

	DisableDemo userDisableDemo `cmd:"" help:"Disable the demo accounts, so that the site can go public."`
}

// withConsole opens the services for f, and attributes its changes to the command line.
func (env *environment) withConsole(ctx context.Context, f func(context.Context, *app.Console) error) error {
	console, err := app.OpenConsole(ctx, env.Config)
	if err != nil {
		return err
	}
	ctx = compete.WithClient(ctx, compete.Client{})
	compete.Enter(ctx, compete.ViaCommand, compete.Actor{})
	return errors.Join(f(ctx, console), console.Close())
}

type userCreate struct {
	Email string `arg:"" help:"The account's email address."`
	Name  string `help:"The person's name. Defaults to the part of the email before the @."`
	Role  string `default:"PARTICIPANT" help:"PARTICIPANT, ORGANIZER or ADMIN."`
}

// Help is the end of the command's help.
func (userCreate) Help() string {
	return "You are prompted for the password. In scripts, set " + passwordVariable +
		" or pass the password on standard input. " +
		"There is no flag for it, because other users of this machine can see flags."
}

// Run creates the account.
func (c *userCreate) Run(ctx context.Context, env *environment) error {
	if err := env.Validate(); err != nil { // before asking for a password
		return err
	}
	password, err := env.password()
	if err != nil {
		return err
	}
	if c.Name == "" {
		c.Name, _, _ = strings.Cut(c.Email, "@")
	}
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		user, err := console.Operator.CreateUser(ctx,
			compete.SignUp{Name: c.Name, Email: c.Email, Password: password, Role: role(c.Role)})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.out, "Created account %s (%s).\n", user.Email, user.Role)
		return err
	})
}

type userPromote struct {
	Email string `arg:"" help:"The account's email address."`
	Role  string `default:"ADMIN" help:"PARTICIPANT, ORGANIZER or ADMIN."`
}

// Help is the end of the command's help.
func (userPromote) Help() string {
	return "The account has to log in again. A running server applies the change within two seconds."
}

// Run changes the role.
func (c *userPromote) Run(ctx context.Context, env *environment) error {
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		user, err := console.Operator.PromoteUser(ctx, c.Email, role(c.Role))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.out, "%s is now %s.\n", user.Email, user.Role)
		return err
	})
}

type userResetLink struct {
	Email string `arg:"" help:"The account's email address."`
}

// Help is the end of the command's help.
func (userResetLink) Help() string {
	return "For sites without email: send the link to the account's owner and nobody else. " +
		"It works once, within an hour."
}

// Run creates the link.
func (c *userResetLink) Run(ctx context.Context, env *environment) error {
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		token, err := console.Operator.PasswordResetToken(ctx, c.Email)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.out, mail.ResetLink(env.Origin(), token))
		return err
	})
}

type userResetFactors struct {
	Email string `arg:"" help:"The account's email address."`
}

// Help is the end of the command's help.
func (userResetFactors) Help() string {
	return "For whoever has lost their authenticator app, passkeys and recovery codes. The password alone logs in " +
		"from then on. The account gets a message that says so."
}

// Run removes them.
func (c *userResetFactors) Run(ctx context.Context, env *environment) error {
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		if err := console.Operator.ResetFactors(ctx, c.Email); err != nil {
			return err
		}
		_, err := fmt.Fprintf(env.out, "Removed the second factors of %s.\n", c.Email)
		return err
	})
}

type userDisableDemo struct{}

// Run disables the existing demo accounts.
func (userDisableDemo) Run(ctx context.Context, env *environment) error {
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		disabled := 0
		for _, email := range demo.Emails() {
			_, err := console.Operator.DisableUser(ctx, email)
			if errors.Is(err, compete.ErrUserMissing) {
				continue
			}
			if err != nil {
				return err
			}
			disabled++
		}
		_, err := fmt.Fprintf(env.out, "Disabled %d demo accounts.\n", disabled)
		return err
	})
}

func role(typed string) compete.Role { return compete.Role(strings.ToUpper(typed)) }

// password reads the password from the environment, asks for it twice at a terminal, or reads a line from the standard
// input.
func (env *environment) password() (string, error) {
	if password := os.Getenv(passwordVariable); password != "" {
		return password, nil
	}
	if !term.IsTerminal(int(env.in.Fd())) {
		line, err := bufio.NewReader(env.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := env.ask("Password: ")
	if err != nil {
		return "", err
	}
	second, err := env.ask("Repeat password: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", wrongUsage{errors.New("the passwords don't match")}
	}
	return first, nil
}

// ask reads a line without echoing it.
func (env *environment) ask(prompt string) (string, error) {
	fmt.Fprint(env.err, prompt)
	typed, err := term.ReadPassword(int(env.in.Fd()))
	fmt.Fprintln(env.err)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(typed), nil
}
