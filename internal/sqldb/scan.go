package sqldb

import "time"

// Row is a row of a result.
type Row interface{ Scan(dest ...any) error }

// Rows are the rows of a result, from either driver.
type Rows interface {
	Row
	Next() bool
	Err() error
}

// ScanWith also scans columns beyond those of one kind of row: ScanWith(scanNote, &position)(row).
func ScanWith[T any](scan func(Row) (T, error), more ...any) func(Row) (T, error) {
	return func(row Row) (T, error) { return scan(longer{row, more}) }
}

type longer struct {
	Row
	more []any
}

func (l longer) Scan(dest ...any) error { return l.Row.Scan(append(dest, l.more...)...) }

// ScanString reads a row with one text.
func ScanString(row Row) (s string, err error) { err = row.Scan(&s); return s, err }

// ScanInt reads a row with one number.
func ScanInt(row Row) (n int, err error) { err = row.Scan(&n); return n, err }

// ScanBool reads a row with one boolean.
func ScanBool(row Row) (b bool, err error) { err = row.Scan(&b); return b, err }

// ScanTime reads a row with one time.
func ScanTime(row Row) (t time.Time, err error) { err = row.Scan(&t); return t, err }

// ScanOptionalTime reads a row with one time, or nil for NULL.
func ScanOptionalTime(row Row) (t *time.Time, err error) { err = row.Scan(&t); return t, err }

// ScanPair reads a row with two texts.
func ScanPair(row Row) (pair [2]string, err error) {
	err = row.Scan(&pair[0], &pair[1])
	return pair, err
}
