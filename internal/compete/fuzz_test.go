package compete_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

// isRefusal reports whether err describes invalid input and may be shown to a client.
func isRefusal(err error) bool {
	var e *compete.Error
	return errors.As(err, &e) && e.Kind == compete.KindInvalid && len(e.Fields) > 0
}

func FuzzParseCursor(f *testing.F) {
	given := compete.Cursor{List: "newest", Key: -42, ID: "018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"}
	for _, seed := range []string{
		"", given.String(), "AAAA", "bmV3ZXN0LjEu", "+/==", "\x00",
		strings.Repeat("A", 300),
	} {
		f.Add("newest", seed)
		f.Add("", seed)
	}
	f.Fuzz(func(t *testing.T, list, text string) {
		cursor, err := compete.ParseCursor(list, text)
		switch {
		case err != nil && (!isRefusal(err) || !cursor.IsZero()):
			t.Fatalf("ParseCursor(%q, %q) = %+v, %v", list, text, cursor, err)
		case err == nil && text != "":
			if again, err := compete.ParseCursor(list, cursor.String()); err != nil || again != cursor {
				t.Fatalf("%q reads as %+v, and that as %+v, %v", text, cursor, again, err)
			}
		}
	})
}

func FuzzParseIdempotencyKey(f *testing.F) {
	for _, seed := range []string{
		"", "seven77", "eight888", "with space", "tab\tbed!!", "ümlaut-ümlaut",
		"nul\x00nul\x00", strings.Repeat("k", 255), strings.Repeat("k", 256),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		visible := !strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' })
		valid := visible && len(key) >= compete.MinIdempotencyKey && len(key) <= compete.MaxIdempotencyKey
		if err := compete.ParseIdempotencyKey(key); (err == nil) != valid || err != nil && !isRefusal(err) {
			t.Fatalf("ParseIdempotencyKey(%q) = %v, want valid: %t", key, err, valid)
		}
	})
}

func FuzzNormalizeTags(f *testing.F) {
	for _, seed := range []string{"", "go,Go, GO ", "b,a,b", ",,", "İ,ß,ǅ", "\xff,\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		tags := compete.NormalizeTags(strings.Split(list, ","))
		if !slices.IsSorted(tags) || len(slices.Compact(slices.Clone(tags))) != len(tags) {
			t.Fatalf("%q becomes %q, want each tag once, sorted", list, tags)
		}
		if again := compete.NormalizeTags(tags); !slices.Equal(again, tags) {
			t.Fatalf("%q becomes %q, and that %q", list, tags, again)
		}
	})
}
