package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/minicompete/minicompete/internal/backup"
	"github.com/minicompete/minicompete/internal/store"
)

type backupCommand struct {
	File string `arg:"" help:"The file to write. It must not exist yet."`
}

// Help is the end of the command's help.
func (backupCommand) Help() string {
	return "You can run this while servers are running. The file is a consistent snapshot with a checksum, and is " +
		"verified before it gets its name. It contains password hashes, so only its owner can read it. With " +
		"PostgreSQL, it's in pg_dump's format, and pg_dump must be installed. The secret in JWT_SECRET or the " +
		"file jwt.secret isn't included."
}

// Run writes a backup.
func (c *backupCommand) Run(ctx context.Context, env *environment) error {
	if err := env.Validate(); err != nil {
		return err
	}
	start := time.Now()
	if err := backup.Write(ctx, env.storeConfig(), c.File); err != nil {
		return fmt.Errorf("the backup failed: %w", err)
	}
	if err := backup.Note(ctx, env.storeConfig(), start); err != nil {
		env.Logger.Warn("the backup succeeded, but could not be recorded for the admin page", "error", err)
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.out, "Backed up the whole database to %s: %d bytes, written and verified in %v.\n", c.File,
		info.Size(), time.Since(start).Round(time.Millisecond))
	return err
}

type restoreCommand struct {
	File       string `arg:"" help:"A file written by 'backup', from the same kind of database."`
	Overwrite  bool   `help:"Replace the data now in the database."`
	Unverified bool   `help:"Restore a file without a valid checksum, such as one from pg_dump or an older version."`
}

// Help is the end of the command's help.
func (restoreCommand) Help() string {
	return "Stop the servers first: a database in use can't be restored. A damaged or incomplete file is rejected. " +
		"This returns the database to the state it was in when the backup was made. If it fails, nothing changes. A " +
		"database that contains data is only replaced with --overwrite. The next 'serve' or 'migrate " +
		"up' upgrades an older schema."
}

// Run restores a backup.
func (c *restoreCommand) Run(ctx context.Context, env *environment) error {
	if err := env.Validate(); err != nil {
		return err
	}
	m, err := backup.Restore(ctx, env.storeConfig(), c.File,
		backup.Options{Overwrite: c.Overwrite, Unverified: c.Unverified})
	switch {
	case errors.Is(err, backup.ErrNotEmpty):
		return wrongUsage{fmt.Errorf("nothing was changed: %s: %w; back it up first, then use --overwrite",
			env.DatabaseURL, err)}
	case errors.Is(err, backup.ErrNoManifest):
		return wrongUsage{fmt.Errorf("nothing was changed: %s: %w; if you trust it, use --unverified", c.File, err)}
	case err != nil:
		return fmt.Errorf("nothing was changed: %w", err)
	}
	made := "an unverified file"
	if !c.Unverified {
		made = fmt.Sprintf("made %s with %d users, %d competitions and %d registrations",
			m.CreatedAt.Format(time.RFC3339), m.Rows["users"], m.Rows["competitions"], m.Rows["registrations"])
	}
	_, err = fmt.Fprintf(env.out, "Restored %s from %s, %s.\n", env.DatabaseURL, c.File, made)
	return err
}

func (env *environment) storeConfig() store.Config {
	return store.Config{URL: string(env.DatabaseURL), Logger: env.Logger}
}
