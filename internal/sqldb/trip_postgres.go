package sqldb

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// together sends the steps to PostgreSQL in one message and reads all answers. After a failed step, the server skips
// the rest.
func (t *Tx) together(ctx context.Context, steps []step) error {
	batch := &pgx.Batch{}
	changed := make([]int64, len(steps))
	for i, s := range steps {
		text, args, err := t.prepareStep(s)
		if err != nil {
			return err
		}
		queued := batch.Queue(text, args...)
		if s.read != nil {
			queued.Query(func(rows pgx.Rows) error { return s.read(rows) })
		} else {
			queued.Exec(func(tag pgconn.CommandTag) error {
				changed[i] = tag.RowsAffected()
				return nil
			})
		}
	}
	err := t.conn.Raw(func(conn any) error {
		return conn.(*stdlib.Conn).Conn().SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return t.Failure(err)
	}
	for i, s := range steps {
		if s.read == nil {
			if err := s.judge(changed[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Tx) prepareStep(s step) (text string, args []any, err error) {
	if s.bulk == nil {
		text, _ = t.pool.look(s.text) //nolint:sqlclosecheck // the statement belongs to the pool
		return text, s.args, nil
	}
	if err := s.bulk.check(s.rows); err != nil {
		return "", nil, err
	}
	text, _ = t.pool.look(s.text, s.bulk.columns...) //nolint:sqlclosecheck // the statement belongs to the pool
	return text, transpose(s.rows), nil
}
