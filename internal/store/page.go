package store

import (
	"fmt"
	"strings"
	"time"

	"minicompete/internal/compete"
)

// statement puts a text together whose conditions vary. Each value becomes a parameter; nothing that was sent enters the text.
type statement struct {
	text strings.Builder
	args []any
}

// add appends text; each %s in it becomes the parameter of one value.
func (s *statement) add(text string, values ...any) {
	params := make([]any, len(values))
	for i, v := range values {
		s.args = append(s.args, v)
		params[i] = fmt.Sprintf("$%d", len(s.args))
	}
	fmt.Fprintf(&s.text, text, params...)
}

// The bounds of a time that a cursor may hold: those of compete, so that both databases can read it.
var (
	firstTime = time.Unix(0, 0).UTC()
	lastTime  = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

// cursorTime is the time in a cursor. A key out of bounds, which no list gave out, is the nearest time within.
func cursorTime(c compete.Cursor) time.Time {
	switch t := time.UnixMicro(c.Key).UTC(); {
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	default:
		return t
	}
}

// page cuts a list that was read with one item too many; place is where an item stands in the list.
func page[T any](items []T, limit int, list string, place func(T) (key int64, id string)) compete.Page[T] {
	if len(items) <= limit {
		return compete.Page[T]{Items: items}
	}
	key, id := place(items[limit-1])
	return compete.Page[T]{Items: items[:limit], Next: compete.Cursor{List: list, Key: key, ID: id}}
}

// validIDs leaves out what no id looks like, which PostgreSQL would refuse to compare.
func validIDs(ids []string) []string {
	valid := make([]string, 0, len(ids))
	for _, id := range ids {
		if compete.ValidID(id) {
			valid = append(valid, id)
		}
	}
	return valid
}

// storable reports whether text can be in the database at all; PostgreSQL refuses to look for anything else.
func storable(text string) bool {
	return strings.ToValidUTF8(text, "") == text && !strings.ContainsRune(text, 0)
}
