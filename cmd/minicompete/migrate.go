package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"minicompete/internal/app"
	"minicompete/internal/store"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Bring the schema up to date. 'serve' does so too."`
	Down   migrateDown   `cmd:"" help:"Take the newest step back. All data in the tables that it made is lost."`
	Status migrateStatus `cmd:"" help:"List every step, and whether it is applied."`
}

// withStore opens the database for f.
func (env *environment) withStore(ctx context.Context, f func(*store.Store) error) error {
	if err := env.Validate(); err != nil {
		return err
	}
	opened, err := app.OpenStore(ctx, env.DatabaseURL, env.Logger)
	if err != nil {
		return err
	}
	return errors.Join(f(opened), opened.Close())
}

type migrateUp struct{}

// Run brings the schema up to date.
func (migrateUp) Run(ctx context.Context, env *environment) error {
	return env.withStore(ctx, func(s *store.Store) error {
		if err := s.Migrate(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(env.out, "The schema is up to date.")
		return err
	})
}

type migrateDown struct {
	Yes bool `short:"y" help:"Don't ask."`
}

// Run takes the newest step back, after asking whoever sits at a terminal.
func (c *migrateDown) Run(ctx context.Context, env *environment) error {
	if !c.Yes && term.IsTerminal(int(env.in.Fd())) {
		fmt.Fprintf(env.out, "All data in the tables of the newest step in %s will be lost. Go on? [y/N] ", env.DatabaseURL)
		answer, err := bufio.NewReader(env.in).ReadString('\n')
		if err != nil || !strings.EqualFold(strings.TrimSpace(answer), "y") {
			return errors.New("nothing was changed")
		}
	}
	return env.withStore(ctx, func(s *store.Store) error {
		taken, err := s.MigrateDown(ctx)
		if err != nil {
			return err
		}
		told := "The newest step was taken back."
		if !taken {
			told = "There is no step to take back."
		}
		_, err = fmt.Fprintln(env.out, told)
		return err
	})
}

type migrateStatus struct{}

// Run lists every step.
func (migrateStatus) Run(ctx context.Context, env *environment) error {
	return env.withStore(ctx, func(s *store.Store) error {
		steps, err := s.MigrateStatus(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
		for _, step := range steps {
			state := "pending"
			if step.Applied {
				state = "applied"
			}
			fmt.Fprintf(table, "%s\t%s\n", state, step.Name)
		}
		return table.Flush()
	})
}
