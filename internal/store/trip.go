package store

import (
	"context"
	"fmt"

	"minicompete/internal/compete"
)

// trip is a row of statements, none of which needs another's result. They run in order; where the database is across a network it
// gets all of them in one message: between two busy processes the way there and back costs more than most statements.
type trip struct {
	tx    *Tx
	steps []step
}

// step is one statement of a trip: it has read when it gives rows, and else counted.
type step struct {
	text    string
	bulk    *bulk // nil, or what the text is run for the rows of
	rows    [][]any
	args    []any
	read    func(resultRows) error
	counted func(changed int64) error
}

// resultRows are what both ways of running a statement give.
type resultRows interface {
	scanner
	Next() bool
	Err() error
}

// fetch adds a query whose rows are appended to found.
func fetch[T any](t *trip, found *[]T, scan func(scanner) (T, error), text string, args ...any) {
	t.steps = append(t.steps, step{text: text, args: args, read: func(rows resultRows) (err error) {
		*found, err = collect(rows, *found, scan)
		return err
	}})
}

// exec adds a statement that gives no rows.
func (t *trip) exec(text string, args ...any) {
	t.steps = append(t.steps, step{text: text, args: args, counted: anyNumber})
}

// bulk adds a statement for many rows (see bulk); none when there are no rows. counted judges how many it changed; an error ends the trip.
func (t *trip) bulk(b *bulk, rows [][]any, counted func(changed int64) error) {
	if len(rows) > 0 {
		t.steps = append(t.steps, step{text: b.text, bulk: b, rows: rows, counted: counted})
	}
}

func anyNumber(int64) error { return nil }

// all wants n rows changed; fewer are compete.ErrConstraint.
func all(n int, what string) func(int64) error {
	return func(changed int64) error {
		if changed != int64(n) {
			return fmt.Errorf("%w: %d of %d %s", compete.ErrConstraint, int64(n)-changed, n, what)
		}
		return nil
	}
}

// run runs the statements.
func (t *trip) run(ctx context.Context) error {
	if len(t.steps) == 0 {
		return nil
	}
	if t.tx.conn != nil {
		return t.tx.together(ctx, t.steps)
	}
	for _, s := range t.steps {
		if err := t.tx.step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) step(ctx context.Context, s step) error {
	if s.read != nil {
		rows, err := t.query(ctx, s.text, s.args...) //nolint:rowserrcheck // what reads the rows checks it
		if err != nil {
			return failure(err)
		}
		defer rows.Close()
		return s.read(rows)
	}
	var n int64
	var err error
	if s.bulk != nil {
		n, err = t.bulk(ctx, s.bulk, s.rows)
	} else {
		n, err = change(ctx, t, s.text, s.args...)
	}
	if err != nil {
		return err
	}
	return s.counted(n)
}
