package sqldb

import "context"

// Pipeline is a list of independent statements, run in order. They are sent to a database across a network in one
// message, because between two busy processes a round trip costs more than most statements.
type Pipeline struct {
	tx    *Tx
	steps []step
}

// step is one statement of a pipeline. read is set if it returns rows, otherwise counted.
type step struct {
	text    string
	bulk    *Bulk // nil, or the statement to run for the rows
	rows    [][]any
	args    []any
	read    func(Rows) error
	counted func(changed int64) error // nil accepts any number
}

// Fetch adds a query. Run appends its rows to found.
func Fetch[T any](t *Pipeline, found *[]T, scan func(Row) (T, error), text string, args ...any) {
	t.steps = append(t.steps, step{text: text, args: args, read: func(rows Rows) (err error) {
		*found, err = collect(rows, *found, scan)
		return err
	}})
}

// Exec adds a statement that returns no rows.
func (t *Pipeline) Exec(text string, args ...any) {
	t.steps = append(t.steps, step{text: text, args: args})
}

// Bulk adds a statement for many rows, unless rows is empty. counted, if set, checks the number of changed rows; its
// error ends the pipeline.
func (t *Pipeline) Bulk(b *Bulk, rows [][]any, counted func(changed int64) error) {
	if len(rows) > 0 {
		t.steps = append(t.steps, step{text: b.text, bulk: b, rows: rows, counted: counted})
	}
}

// Run runs the statements, up to the first one that fails.
func (t *Pipeline) Run(ctx context.Context) error {
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
		return t.Failure(t.read(ctx, s.read, s.text, s.args...))
	}
	var n int64
	var err error
	if s.bulk != nil {
		n, err = t.Bulk(ctx, s.bulk, s.rows)
	} else {
		n, err = Change(ctx, t, s.text, s.args...)
	}
	if err != nil {
		return err
	}
	return s.judge(n)
}

func (s *step) judge(changed int64) error {
	if s.counted == nil {
		return nil
	}
	return s.counted(changed)
}
