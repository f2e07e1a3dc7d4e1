package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/minicompete/minicompete/internal/app"
)

type mailCommand struct {
	Test mailTest `cmd:"" help:"Send a test email with the settings SMTP_URL and MAIL_FROM."`
}

type mailTest struct {
	Address string `arg:"" help:"Where to send it."`
}

// Run sends the email.
func (c *mailTest) Run(ctx context.Context, env *environment) error {
	if env.SMTPURL == "" {
		return wrongUsage{errors.New("SMTP_URL is not set, so there's no mail server to try")}
	}
	return env.withConsole(ctx, func(ctx context.Context, console *app.Console) error {
		if err := console.SendTestMail(ctx, c.Address); err != nil {
			return fmt.Errorf("the test email wasn't sent: %w", err)
		}
		_, err := fmt.Fprintf(env.out, "The mail server accepted a test email to %s.\n", c.Address)
		return err
	})
}
