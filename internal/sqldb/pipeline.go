package sqldb

import "context"

// Pipeline is a list of statements, none of which needs another's result. They run in order. A database across a
// network gets all of them in one message: between two busy processes the way there and back costs more than most
// statements.
type Pipeline struct {
	tx    *Tx
	steps []step
}

// step is one statement of a pipeline: it has read when it gives rows, and else counted.
type step struct {
	text    string
	bulk    *Bulk // nil, or what the text is run for the rows of
	rows    [][]any
	args    []any
	read    func(Rows) error
	counted func(changed int64) error // nil: any number will do
}

// Fetch adds a query. Run appends its rows to found.
func Fetch[T any](t *Pipeline, found *[]T, scan func(Row) (T, error), text string, args ...any) {
	t.steps = append(t.steps, step{text: text, args: args, read: func(rows Rows) (err error) {
		*found, err = collect(rows, *found, scan)
		return err
	}})
}

// Exec adds a statement that gives no rows.
func (t *Pipeline) Exec(text string, args ...any) {
	t.steps = append(t.steps, step{text: text, args: args})
}

// Bulk adds a statement for many rows; none when there are no rows. counted, if any, judges how many it changed: its
// error ends the pipeline.
func (t *Pipeline) Bulk(b *Bulk, rows [][]any, counted func(changed int64) error) {
	if len(rows) > 0 {
		t.steps = append(t.steps, step{text: b.text, bulk: b, rows: rows, counted: counted})
	}
}

// Run runs the statements. After one that fails, none runs.
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
