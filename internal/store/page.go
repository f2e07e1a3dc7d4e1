package store

import (
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// statement is a Statement with the conditions of this package's lists.
type statement struct{ sqldb.Statement }

// usualLimits are those of the program's own lists, and the default and the largest of the API.
var usualLimits = []int{1, 12, compete.DefaultPageSize, 50, compete.MaxPageSize}

// upToPage reads one row more than a page has. A usual limit is part of the text: for one that it doesn't know,
// PostgreSQL would plan to read a tenth of all rows, and where these are many, it would therefore never keep a plan,
// but take longer to plan a list each time than to read it.
func (s *statement) upToPage(limit int) {
	if slices.Contains(usualLimits, limit) {
		s.Add(atMost(limit + 1))
	} else {
		s.Add(` LIMIT %s`, limit+1)
	}
}

// atMost limits a text to rows that are always as many.
func atMost(rows int) string { return ` LIMIT ` + strconv.Itoa(rows) }

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
