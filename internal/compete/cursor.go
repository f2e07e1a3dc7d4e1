package compete

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Cursor is a position in a list read by keyset pagination: the sort key and id of the last row returned. The zero
// value is the start of the list.
type Cursor struct {
	List string // the list and order it belongs to, e.g. "newest" or "messages"; other lists refuse it
	Key  int64  // microseconds, a seq or a count, depending on the sort order
	ID   string
	Text string // the sort key before Key, in lists sorted by text; empty in others
}

// IsZero reports whether the cursor is the start of the list.
func (c Cursor) IsZero() bool { return c == Cursor{} }

// String encodes the cursor opaquely for clients to send back; it is empty for the start.
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	parts := c.List + "." + strconv.FormatInt(c.Key, 36) + "." + c.ID
	if c.Text != "" {
		parts += "." + c.Text
	}
	return base64.RawURLEncoding.EncodeToString([]byte(parts))
}

// Time returns the time to continue from in a list sorted by time. An out-of-range key, which no list issues, is
// clamped.
func (c Cursor) Time() time.Time {
	switch t := time.UnixMicro(c.Key).UTC(); {
	case t.Before(earliestTime):
		return earliestTime
	case t.After(latestTime):
		return latestTime
	default:
		return t
	}
}

// ErrBadCursor refuses a cursor that this list did not issue.
var ErrBadCursor = Invalid(FieldError{
	Field:   "cursor",
	Message: "is not valid for this list; start again without a cursor",
})

// ErrOldCursor refuses a cursor whose list is no longer cached.
var ErrOldCursor = Invalid(FieldError{Field: "cursor", Message: "is too old; start without a cursor"})

// ParseCursor decodes the output of String. It fails with ErrBadCursor for anything else, or for a cursor of another
// list.
func ParseCursor(list, s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}, ErrBadCursor
	}
	parts := strings.SplitN(string(raw), ".", 4) // the text may contain dots
	if len(parts) < 3 || parts[0] != list || !ValidID(parts[2]) {
		return Cursor{}, ErrBadCursor
	}
	key, err := strconv.ParseInt(parts[1], 36, 64)
	if err != nil {
		return Cursor{}, ErrBadCursor
	}
	cursor := Cursor{List: list, Key: key, ID: parts[2]}
	if len(parts) > 3 {
		cursor.Text = parts[3]
	}
	return cursor, nil
}

// Page is one page of a list. Next is the zero Cursor on the last page.
type Page[T any] struct {
	Items []T
	Next  Cursor
}

// PageSize checks that a client's limit is within 1..MaxPageSize; zero means DefaultPageSize.
func PageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return DefaultPageSize, nil
	case limit < 1 || limit > MaxPageSize:
		return 0, Invalid(FieldError{Field: "limit", Message: "must be between 1 and " + strconv.Itoa(MaxPageSize)})
	}
	return limit, nil
}
