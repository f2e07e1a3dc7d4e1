package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/store"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply all pending migrations. 'serve' does this too."`
	Down   migrateDown   `cmd:"" help:"Undo the latest migration. All data in the tables it created is lost."`
	Status migrateStatus `cmd:"" help:"List all migrations and whether they are applied."`
}

// withStore opens the database for f.
func (env *environment) withStore(ctx context.Context, f func(*store.Store) error) error {
	if err := env.Validate(); err != nil {
		return err
	}
	opened, err := app.OpenStore(ctx, env.Config.Config, env.Logger)
	if err != nil {
		return err
	}
	return errors.Join(f(opened), opened.Close())
}

type migrateUp struct{}

// Run applies all migrations.
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

// Run reverts the newest migration, after confirmation at a terminal.
func (c *migrateDown) Run(ctx context.Context, env *environment) error {
	if !c.Yes && term.IsTerminal(int(env.in.Fd())) {
		fmt.Fprintf(env.out,
			"Undoing the latest migration of %s deletes all data in the tables it created. Continue? [y/N] ",
			env.DatabaseURL)
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
		told := "Undid the latest migration."
		if !taken {
			told = "There is no migration to undo."
		}
		_, err = fmt.Fprintln(env.out, told)
		return err
	})
}

type migrateStatus struct{}

// Run lists every migration.
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
