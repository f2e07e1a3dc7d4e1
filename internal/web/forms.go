package web

import (
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/compete"
)

// fieldName is the form field that a domain field is typed into: "tags[2]" is part of "tags".
func fieldName(field string) string {
	name, _, _ := strings.Cut(field, "[")
	return name
}

// fieldLabel is a field's name in a sentence: "regDeadline" becomes "Reg deadline".
func fieldLabel(field string) string {
	var b strings.Builder
	for i, r := range fieldName(field) {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return capitalize(b.String())
}

// sentence makes the domain's fragment ("must be in the future", "is required") stand on its own.
func sentence(fragment string) string {
	if strings.HasPrefix(fragment, "must ") || strings.HasPrefix(fragment, "may ") {
		return capitalize(fragment) + "."
	}
	return "This " + fragment + "."
}

func capitalize(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// quoted puts a title into a sentence.
func quoted(title string) string { return `"` + title + `"` }

// localLayout is how <input type="datetime-local"> writes a time.
const localLayout = "2006-01-02T15:04"

// formatLocal shows a time for a form in the organizer's zone.
func formatLocal(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format(localLayout)
}

// parseLocal reads a time that was typed in a zone. before is the present value: when it would be shown
// as what was typed, it stays to the microsecond. A time that clocks in that zone skip or show twice is refused.
func parseLocal(typed string, zone *time.Location, before *time.Time) (*time.Time, string) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return nil, ""
	}
	if before != nil && formatLocal(before, zone) == typed {
		return before, ""
	}
	if len(typed) > len(localLayout) {
		typed = typed[:len(localLayout)] // some browsers add seconds
	}
	t, err := time.ParseInLocation(localLayout, typed, zone)
	if err != nil {
		return nil, "Must be a date and time, such as 2026-06-12T16:00."
	}
	if t.Format(localLayout) != typed {
		return nil, "Clocks skip this time in " + zone.String() + " because they go forward. Choose another."
	}
	if isAmbiguous(t) {
		return nil, "This time occurs twice in " + zone.String() + ", because clocks go back. Choose another."
	}
	return &t, ""
}

// isAmbiguous reports whether clocks in t's zone show this time a second time, because they go back.
func isAmbiguous(t time.Time) bool {
	_, offset := t.Zone()
	for _, near := range []time.Time{t.Add(-24 * time.Hour), t.Add(24 * time.Hour)} {
		_, other := near.Zone()
		again := t.Add(time.Duration(offset-other) * time.Second)
		if !again.Equal(t) && again.Format(localLayout) == t.Format(localLayout) {
			return true
		}
	}
	return false
}

// formIdempotency is the idempotency of a form with a key. What the form says is its request, with what a file in it
// became; not where somebody who isn't logged in goes first.
func formIdempotency(r *http.Request, file string) compete.Idempotency {
	said := maps.Clone(r.PostForm)
	said.Del("key")
	said.Del("account")
	return compete.IdempotencyOf(r.PostForm.Get("key"), r.Method, r.URL.Path, []byte(said.Encode()+file))
}
