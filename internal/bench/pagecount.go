package main

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// countPages opens a connection for pages, if the database is PostgreSQL's and has the extension pg_stat_statements.
func (s *scaled) countPages(ctx context.Context, databaseURL string) error {
	if strings.HasPrefix(databaseURL, "sqlite") {
		return nil
	}
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, pagesText).Scan(new(float64)); err != nil {
		return errors.Join(db.Close(), ctx.Err())
	}
	s.counts = db
	return nil
}

const pagesText = `SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0) FROM pg_stat_statements
	WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%shared_blks%'`

// pages returns how many pages (of 8 KiB) all statements have looked at so far, in memory or on the disk. What else the
// machine is doing doesn't change that. It is 0 if they aren't counted.
func (s *scaled) pages(ctx context.Context) (pages float64, err error) {
	if s.counts != nil {
		err = s.counts.QueryRowContext(ctx, pagesText).Scan(&pages)
	}
	return pages, err
}

// cost is what some requests took of the program and the database.
type cost struct {
	cpu   time.Duration
	pages float64
}

// costs sends requests over one connection, and says what all of them took.
func (s *scaled) costs(
	ctx context.Context, l look, requests int,
) (took cost, done load, failed string, err error) {
	pages, err := s.pages(ctx)
	if err != nil {
		return took, done, "", err
	}
	cpu := s.spent()
	if done, failed, err = s.ask(ctx, l, 1, requests); err != nil {
		return took, done, "", err
	}
	took.cpu = s.spent() - cpu
	after, err := s.pages(ctx)
	took.pages = after - pages
	return took, done, failed, err
}

// end stops the program, and counting.
func (s *scaled) end() (err error) {
	if s.counts != nil {
		err = s.counts.Close()
	}
	return errors.Join(err, s.stop())
}
