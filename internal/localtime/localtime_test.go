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
		// comes twice
		{"2026-10-25T01:30:00Z", "Europe/Berlin", "Sunday, 25 October 2026 at 02:30 CET (Europe/Berlin)"},
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
		text := "Start: " + test.want
		if found := Sentences(text + ", as it was."); len(found) != 1 || !found[0].At.Equal(at) ||
			found[0].Zone.String() != test.zone || found[0].End != len(text) {
			t.Errorf("in %q: found %v, want %s", text, found, test.at)
		}
	}
}

func TestSentenceForAReaderElsewhere(t *testing.T) {
	at, berlin := time.Date(2026, 6, 12, 14, 0, 0, 0, time.UTC), zone(t, "Europe/Berlin")
	const there = "Friday, 12 June 2026 at 16:00 CEST (Europe/Berlin)"
	for reader, own := range map[string]string{
		"Europe/Paris":     "",
		"America/New_York": ", which is 10:00 EDT for you",
		"Asia/Tokyo":       ", which is 23:00 JST for you",
		"Pacific/Apia":     ", which is Saturday, 13 June at 03:00 GMT+13 for you",
		"Asia/Kathmandu":   ", which is 19:45 GMT+5:45 for you",
	} {
		got := SentenceFor(at, berlin, zone(t, reader))
		if got != there+own {
			t.Errorf("for %s: got %q, want %q", reader, got, there+own)
		}
		if found := Sentences(got + ", as it was."); len(found) != 1 || !found[0].At.Equal(at) ||
			found[0].End != len(there) || found[0].Own != len(got) {
			t.Errorf("in %q: found %v", got, found)
		}
	}
	if got := SentenceFor(at, berlin, nil); got != there {
		t.Errorf("for nobody known: got %q, want %q", got, there)
	}
}

func TestSentencesOfOthers(t *testing.T) {
	for _, text := range []string{
		"", "Sunday, 99 October 2026 at 02:30 CET (Europe/Berlin)",
		"Sunday, 25 October 2026 at 02:30 CET (Europe/Atlantis)", "Friday, 12 June 2026 at 14:00",
	} {
		if found := Sentences(text); len(found) > 0 {
			t.Errorf("in %q: found %v", text, found)
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
