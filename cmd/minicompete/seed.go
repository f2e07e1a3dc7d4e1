package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/fill"
)

type seedCommand struct {
	Users         int `help:"Instead of the demo data, add a large amount of data to measure with: the number of users." placeholder:"N"`
	Competitions  int `help:"The number of competitions of these users." placeholder:"N"`
	Registrations int `help:"The number of registrations for these competitions." placeholder:"N"`
	Largest       int `help:"The number of these registrations that are for one competition. Default: one in fifty." placeholder:"N"`
}

// Help is the end of the command's help.
func (seedCommand) Help() string {
	return "Adds accounts for every role, with the password " + demo.Password +
		", and competitions in every phase. These accounts can only log in on this machine. Refused if PUBLIC_URL " +
		"can be reached by others.\n\n" +
		"With --users, --competitions and --registrations, rows are written straight into the tables. No server " +
		"should be running on the database. If you stop it, start again with a new database."
}

// Run adds the demo data and runs the resulting jobs.
func (c *seedCommand) Run(ctx context.Context, env *environment) error {
	if err := env.refuseDemo(); err != nil {
		return err
	}
	if *c != (seedCommand{}) {
		return c.fill(ctx, env)
	}
	env.Roles = []config.Role{config.RoleWorker}
	env.MetricsAddr = ""
	a, err := app.New(ctx, env.Config)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	added, err := a.Seed(ctx)
	if err := errors.Join(err, stop(ctx, a)); err != nil {
		return err
	}
	if added {
		fmt.Fprintln(env.out, "Added the demo data. Logins (password: "+demo.Password+"):")
	} else {
		fmt.Fprintln(env.out, "The demo data is already there. Logins (password: "+demo.Password+"):")
	}
	for _, login := range demo.Logins() {
		fmt.Fprintln(env.out, "  "+login)
	}
	return nil
}

// fill adds a large amount of data.
func (c *seedCommand) fill(ctx context.Context, env *environment) error {
	size := fill.Size{
		Users: c.Users, Competitions: c.Competitions, Registrations: c.Registrations,
		Largest: cmp.Or(c.Largest, min(c.Registrations/50, c.Users/2)),
	}
	if wrong := size.Check(); wrong != "" {
		return wrongUsage{errors.New(wrong)}
	}
	console, err := app.OpenConsole(ctx, env.Config)
	if err != nil {
		return err
	}
	bar := progressBar{w: env.err, terminal: term.IsTerminal(int(env.in.Fd()))}
	err = console.Fill(ctx, size, bar.show, bar.step)
	if err := errors.Join(err, console.Close()); err != nil {
		return err
	}
	fmt.Fprintln(env.out, "Added the data. Logins (password: "+demo.Password+"):")
	for _, login := range fill.Logins() {
		fmt.Fprintln(env.out, "  "+login)
	}
	return nil
}

// progressBar draws on one line of a terminal. Elsewhere it writes a line for each finished part.
type progressBar struct {
	w        io.Writer
	terminal bool
}

const barWidth = 30

func (b progressBar) show(what string, done, all int) {
	if !b.terminal && done < all {
		return
	}
	filled := barWidth * done / max(all, 1)
	line := fmt.Sprintf("%-20s [%s%s] %d of %d", what, strings.Repeat("=", filled),
		strings.Repeat(" ", barWidth-filled), done, all)
	if b.terminal {
		line = "\r" + line
	}
	if done == all || !b.terminal {
		line += "\n"
	}
	fmt.Fprint(b.w, line)
}

func (b progressBar) step(what string) { fmt.Fprintln(b.w, what) }
