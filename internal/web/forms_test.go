package web

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, known := compete.ZoneNamed(name)
	if !known {
		t.Fatalf("zone %s is unknown", name)
	}
	return zone
}

func TestSentence(t *testing.T) {
	for fragment, want := range map[string]string{
		"is required":                "This is required.",
		"must be in the future":      "Must be in the future.",
		"you need to agree to this":  "You need to agree to this.",
		"may be at most 5 tags long": "May be at most 5 tags long.",
	} {
		if got := sentence(fragment); got != want {
			t.Errorf("sentence(%q) = %q, want %q", fragment, got, want)
		}
	}
}

func TestParseLocalAcrossDaylightSaving(t *testing.T) {
	berlin := mustZone(t, "Europe/Berlin")
	for _, tc := range []struct{ name, typed, want string }{
		{"the day before clocks go forward", "2026-03-28T12:00", "2026-03-28T11:00:00Z"},
		{"the day after", "2026-03-30T12:00", "2026-03-30T10:00:00Z"},
		{"the minute before the gap", "2026-03-29T01:59", "2026-03-29T00:59:00Z"},
		{"the minute after the gap", "2026-03-29T03:00", "2026-03-29T01:00:00Z"},
		{"the minute before the hour that comes twice", "2026-10-25T01:59", "2026-10-24T23:59:00Z"},
		{"the minute after it", "2026-10-25T03:00", "2026-10-25T02:00:00Z"},
		{"with seconds, as some browsers send", "2026-03-30T12:00:00", "2026-03-30T10:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at, problem := parseLocal(tc.typed, berlin, nil)
			if problem != "" {
				t.Fatal(problem)
			}
			if got := at.UTC().Format(time.RFC3339); got != tc.want {
				t.Errorf("parseLocal(%q) = %s, want %s", tc.typed, got, tc.want)
			}
		})
	}
}

func TestParseLocalRefuses(t *testing.T) {
	berlin := mustZone(t, "Europe/Berlin")
	for _, typed := range []string{
		"2026-03-29T02:30", // clocks go from 02:00 to 03:00
		"2026-10-25T02:00", // clocks go from 03:00 to 02:00
		"2026-10-25T02:59",
		"tomorrow",
		"2026-02-30T12:00",
	} {
		if at, problem := parseLocal(typed, berlin, nil); problem == "" {
			t.Errorf("parseLocal(%q) = %v, want a refusal", typed, at)
		}
	}
}

// Saving an unchanged form must not change a time: neither its seconds nor, in the hour that occurs twice, which of the
// two it is.
func TestParseLocalKeepsWhatWasNotChanged(t *testing.T) {
	berlin := mustZone(t, "Europe/Berlin")
	for _, stored := range []string{
		"2026-06-01T10:00:42.123456Z",
		"2026-10-25T00:30:00Z", // 02:30 summer time
		"2026-10-25T01:30:00Z", // 02:30 winter time
	} {
		before, err := time.Parse(time.RFC3339Nano, stored)
		if err != nil {
			t.Fatal(err)
		}
		after, problem := parseLocal(formatLocal(&before, berlin), berlin, &before)
		if problem != "" || !after.Equal(before) {
			t.Errorf("%s became %v (%s)", stored, after, problem)
		}
	}
}

func TestFieldLabel(t *testing.T) {
	for field, want := range map[string]string{"title": "Title", "regDeadline": "Reg deadline", "tags[2]": "Tags"} {
		if got := fieldLabel(field); got != want {
			t.Errorf("fieldLabel(%q) = %q, want %q", field, got, want)
		}
	}
}
