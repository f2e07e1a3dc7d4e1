package compete

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Cursor is a place in a list that is read by keyset: the sort key and the id of the last row seen. Its zero value is
// the start.
type Cursor struct {
	List string // which list and order it belongs to, e.g. "newest" or "messages"; a cursor of another list is refused
	Key  int64  // microseconds, a seq or a count, as the list is sorted
	ID   string
	Text string // what comes before Key in a list that is sorted by text; empty in others
}

// IsZero reports whether the cursor is the start of the list.
func (c Cursor) IsZero() bool { return c == Cursor{} }

// String is the opaque form that clients hand back; empty for the start.
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

// Time is the time that the list is sorted by. A key out of bounds, which no list gave out, is the nearest time within.
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

// ErrBadCursor is the refusal of a cursor that this list did not give out.
var ErrBadCursor = Invalid(FieldError{
	Field:   "cursor",
	Message: "is not valid for this list; start again without a cursor",
})

// ErrOldCursor is the refusal of a cursor whose list is remembered no longer.
var ErrOldCursor = Invalid(FieldError{Field: "cursor", Message: "is too old; start without a cursor"})

// ParseCursor reads what String wrote. It fails with ErrBadCursor for anything else, or for the cursor of another list.
func ParseCursor(list, s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}, ErrBadCursor
	}
	parts := strings.SplitN(string(raw), ".", 4) // a text may have dots
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

// Page is one page of a list; Next is the zero Cursor on the last one.
type Page[T any] struct {
	Items []T
	Next  Cursor
}

// PageSize holds a client's limit to 1..MaxPageSize; zero means DefaultPageSize.
func PageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return DefaultPageSize, nil
	case limit < 1 || limit > MaxPageSize:
		return 0, Invalid(FieldError{Field: "limit", Message: "must be between 1 and " + strconv.Itoa(MaxPageSize)})
	}
	return limit, nil
}
