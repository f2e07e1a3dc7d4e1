package localtime

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestSentence(t *testing.T) {
	for _, test := range []struct{ at, zone, want string }{
		{"2026-06-12T14:00:00Z", "Europe/Berlin", "Friday, 12 June 2026 at 16:00 CEST (Europe/Berlin)"},
		{"2026-12-11T14:00:00Z", "Europe/Berlin", "Friday, 11 December 2026 at 15:00 CET (Europe/Berlin)"},
		{"2026-10-25T00:30:00Z", "Europe/Berlin", "Sunday, 25 October 2026 at 02:30 CEST (Europe/Berlin)"}, // this hour
		{"2026-10-25T01:30:00Z", "Europe/Berlin", "Sunday, 25 October 2026 at 02:30 CET (Europe/Berlin)"},  // comes twice
		{"2026-06-12T14:00:00Z", "America/Sao_Paulo", "Friday, 12 June 2026 at 11:00 GMT-3 (America/Sao_Paulo)"},
		{"2026-06-12T14:00:00Z", "Asia/Kathmandu", "Friday, 12 June 2026 at 19:45 GMT+5:45 (Asia/Kathmandu)"},
		{"2026-06-12T23:30:00Z", "Asia/Tokyo", "Saturday, 13 June 2026 at 08:30 JST (Asia/Tokyo)"},
		{"2026-06-12T14:00:00Z", "UTC", "Friday, 12 June 2026 at 14:00 UTC"},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Sentence(at, zone(t, test.zone)); got != test.want {
			t.Errorf("%s in %s: got %q, want %q", test.at, test.zone, got, test.want)
		}
	}
}

func TestAgree(t *testing.T) {
	berlin, paris, london := zone(t, "Europe/Berlin"), zone(t, "Europe/Paris"), zone(t, "Europe/London")
	noon := time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)
	if !Agree(noon, berlin, paris) {
		t.Error("Berlin and Paris disagree")
	}
	if Agree(noon, berlin, london) {
		t.Error("Berlin and London agree")
	}
	if noon = noon.AddDate(0, 6, 0); !Agree(noon, time.UTC, london) {
		t.Error("London disagrees with UTC in winter")
	}
}
