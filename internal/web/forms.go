package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// fieldName returns the form field for a domain field: "tags[2]" is part of "tags".
func fieldName(field string) string {
	name, _, _ := strings.Cut(field, "[")
	return name
}

// fieldLabel returns a field's name for use in a sentence: "regDeadline" becomes "Reg deadline".
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

// sentence turns a message of the domain ("must be in the future", "is required") into a full sentence.
func sentence(fragment string) string {
	if strings.HasPrefix(fragment, "must ") || strings.HasPrefix(fragment, "may ") ||
		strings.HasPrefix(fragment, "you ") {
		return capitalize(fragment) + "."
	}
	return "This " + fragment + "."
}

func capitalize(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// quoted quotes a title for use in a sentence.
func quoted(title string) string { return `"` + title + `"` }

// localLayout is the time format of <input type="datetime-local">.
const localLayout = "2006-01-02T15:04"

// formatLocal formats a time for a form in the organizer's zone.
func formatLocal(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format(localLayout)
}

// parseLocal parses a time entered in a zone. before is the current value: if it would be displayed as entered, it is
// kept to the microsecond. Times that the zone's clocks skip or show twice are refused.
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

// isAmbiguous reports whether clocks in t's zone show this time twice, because they go back.
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

// formIdempotency returns the idempotency of a form with a key. The request consists of the form's fields and the
// result of an uploaded file, but not of where a visitor is redirected.
func formIdempotency(r *http.Request, file string) compete.Idempotency {
	return compete.IdempotencyOf(r.PostForm.Get("key"), r.Method, r.URL.Path, []byte(hashed(said(r.PostForm))+file))
}

// hashed returns the part of a form that goes into the hash of a request: all but codes.
func hashed(form url.Values) string {
	form = maps.Clone(form)
	form.Del("accessCode")
	form.Del(pages.TeamCodeInput)
	return form.Encode()
}

// said returns what was filled in, without what the form itself adds, or the page that asked for the password before.
func said(form url.Values) url.Values {
	filledIn := maps.Clone(form)
	filledIn.Del("key")
	filledIn.Del("account")
	filledIn.Del(pages.TeamPassInput)
	maps.DeleteFunc(filledIn, func(name string, _ []string) bool {
		return name == "password" || strings.HasPrefix(name, authPrefix)
	})
	return filledIn
}
