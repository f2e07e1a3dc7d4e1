package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"minicompete/internal/store"
)

type backupCommand struct {
	File string `arg:"" help:"A new file; one that exists is never replaced."`
}

// Help is the end of the command's help.
func (backupCommand) Help() string {
	return "Servers may run meanwhile: the file holds everything as it was at one moment, and was read through again before it got its name. " +
		"It holds the hashes of passwords, so its owner alone may read it. PostgreSQL's is in the format of its own pg_dump, which must be installed. " +
		"The secret that JWT_SECRET or the file jwt.secret holds is not in it."
}

// Run writes a backup.
func (c *backupCommand) Run(ctx context.Context, env *environment) error {
	if err := env.Validate(); err != nil {
		return err
	}
	start := time.Now()
	if err := store.Backup(ctx, env.storeConfig(), c.File); err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.out, "%s holds the whole database: %d bytes, written and read through again in %v.\n", c.File, info.Size(), time.Since(start).Round(time.Millisecond))
	return err
}

type restoreCommand struct {
	File      string `arg:"" help:"A file that 'backup' wrote, of the same kind of database."`
	Overwrite bool   `help:"Give up the data that are in the database now."`
}

// Help is the end of the command's help.
func (restoreCommand) Help() string {
	return "Stop the servers first. The database becomes what it was when the backup was made: all of it or, after a failure, nothing. " +
		"A database that has data in it is left alone without --overwrite. The next 'serve' or 'migrate up' brings an older schema up to date."
}

// Run restores a backup.
func (c *restoreCommand) Run(ctx context.Context, env *environment) error {
	if err := env.Validate(); err != nil {
		return err
	}
	err := store.Restore(ctx, env.storeConfig(), c.File, c.Overwrite)
	if errors.Is(err, store.ErrNotEmpty) {
		return wrongUsage{fmt.Errorf("nothing was changed: %s: %w; make a backup of it first, then say --overwrite", env.DatabaseURL, err)}
	}
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	_, err = fmt.Fprintf(env.out, "%s is what it was when %s was made.\n", env.DatabaseURL, c.File)
	return err
}

func (env *environment) storeConfig() store.Config {
	return store.Config{URL: string(env.DatabaseURL), Logger: env.Logger}
}
