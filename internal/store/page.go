package store

import (
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// statement is a Statement with the conditions of this package's lists.
type statement struct{ sqldb.Statement }

// page truncates a list that was read with one item too many; place returns an item's position in the list.
func page[T any](items []T, limit int, list string, place func(T) (key int64, id string)) compete.Page[T] {
	if len(items) <= limit {
		return compete.Page[T]{Items: items}
	}
	key, id := place(items[limit-1])
	return compete.Page[T]{Items: items[:limit], Next: compete.Cursor{List: list, Key: key, ID: id}}
}

// validIDs removes malformed ids, which PostgreSQL would refuse to compare.
func validIDs(ids []string) []string {
	valid := make([]string, 0, len(ids))
	for _, id := range ids {
		if compete.ValidID(id) {
			valid = append(valid, id)
		}
	}
	return valid
}

// storable reports whether text can be stored; PostgreSQL refuses to search for any other.
func storable(text string) bool {
	return strings.ToValidUTF8(text, "") == text && !strings.ContainsRune(text, 0)
}
