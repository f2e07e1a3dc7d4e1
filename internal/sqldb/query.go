package sqldb

import (
	"context"
	"fmt"
	"time"
)

// ReadTimeout bounds a read, including the wait for a connection: if the network drops its packets, the driver would
// wait for many minutes. A read takes milliseconds.
const ReadTimeout = 5 * time.Second

// List reads all rows of a query, within ReadTimeout. It returns an empty slice, never nil, if there are none.
func List[T any](ctx context.Context, q Querier, scan func(Row) (T, error), text string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, ReadTimeout)
	defer cancel()
	return ListUnbounded(ctx, q, scan, text, args...)
}

// ListUnbounded is List limited only by the context, for work that nobody waits for.
func ListUnbounded[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), text string, args ...any,
) ([]T, error) {
	var items []T
	err := q.read(ctx, func(rows Rows) (err error) {
		items, err = collect(rows, []T{}, scan)
		return err
	}, text, args...)
	if err != nil {
		return nil, q.Failure(err)
	}
	return items, nil
}

// collect appends the rows to items.
func collect[T any](rows Rows, items []T, scan func(Row) (T, error)) ([]T, error) {
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// Map reads all rows of a query with two texts, a key and its value, within ReadTimeout.
func Map(ctx context.Context, q Querier, text string, args ...any) (map[string]string, error) {
	pairs, err := List(ctx, q, ScanPair, text, args...)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		values[pair[0]] = pair[1]
	}
	return values, nil
}

// One reads the first row of a query. It fails with missing if there is none.
func One[T any](
	ctx context.Context, q Querier, missing error, scan func(Row) (T, error), text string, args ...any,
) (T, error) {
	items, err := List(ctx, q, scan, text, args...)
	if err == nil && len(items) > 0 {
		return items[0], nil
	}
	var none T
	if err == nil {
		err = missing
	}
	return none, err
}

// Change runs a statement and returns the number of changed rows.
func Change(ctx context.Context, q Querier, text string, args ...any) (int64, error) {
	result, err := q.exec(ctx, text, args...)
	if err != nil {
		return 0, q.Failure(err)
	}
	n, err := result.RowsAffected()
	return n, q.Failure(err)
}
