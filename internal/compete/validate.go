package compete

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// validation collects errors in an input, so that one answer reports every bad field.
type validation struct{ fields []FieldError }

func (v *validation) add(field, message string) {
	v.fields = append(v.fields, FieldError{Field: field, Message: message})
}

func (v *validation) addf(field, format string, args ...any) {
	v.add(field, fmt.Sprintf(format, args...))
}

func (v *validation) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	return Invalid(v.fields...)
}

// joinRefusals combines two refusals of one input. If the second isn't about fields, it replaces the first.
func joinRefusals(first, second error) error {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	if fields := AsError(second).Fields; len(fields) > 0 {
		return Invalid(append(AsError(first).Fields, fields...)...)
	}
	return second
}

// length checks that s has shortest to longest characters and is valid text without control characters other than line
// breaks and tabs.
func (v *validation) length(field, s string, shortest, longest int) {
	n := utf8.RuneCountInString(s)
	switch {
	case !clean(s):
		v.add(field, "must be valid UTF-8 text without control characters")
	case n == 0 && shortest > 0:
		v.add(field, "is required")
	case n < shortest:
		v.addf(field, "must be at least %d characters long", shortest)
	case n > longest:
		v.addf(field, "must be at most %d characters long", longest)
	}
}

func (v *validation) time(field string, t time.Time) {
	if t.Before(earliestTime) || !t.Before(latestTime) {
		v.add(field, "must be a date between 1970 and 9998")
	}
}

// clean reports whether s can be stored and displayed: valid UTF-8, and no control characters but line breaks and tabs
// (PostgreSQL refuses NUL in text).
func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

// ValidID reports whether id has the form of the program's ids: a lower-case UUID. No other id can exist.
func ValidID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// UTC returns the form in which every time is stored: UTC, in whole microseconds (the finest precision both databases
// keep).
func UTC(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func utcPointer(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := UTC(*t)
	return &u
}
