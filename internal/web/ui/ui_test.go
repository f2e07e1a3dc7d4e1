package ui

import (
	"fmt"
	"testing"
	"time"
)

// A short time includes the year if it isn't the current one.
func TestShortTimes(t *testing.T) {
	this := time.Now().UTC().Year()
	for year, want := range map[int]string{
		this:     "2 Jan, 15:04 UTC",
		this - 1: fmt.Sprintf("2 Jan %d, 15:04 UTC", this-1), this + 30: fmt.Sprintf("2 Jan %d, 15:04 UTC", this+30),
	} {
		if got := TimeShort.text(time.Date(year, time.January, 2, 15, 4, 0, 0, time.UTC), nil); got != want {
			t.Errorf("in %d, a time of %d is written as %q, want %q", this, year, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 seats", 1: "1 seat", 999: "999 seats", 2000: "2,000 seats",
		1_000_000: "1,000,000 seats",
	} {
		if got := Plural(n, "seat", "seats"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Ordinal(1111); got != "1,111th" {
		t.Errorf("got %q, want 1,111th", got)
	}
}

func TestLabelled(t *testing.T) {
	for label, want := range map[string]string{
		"School": "School: yes", "Are you under 18?": "Are you under 18? yes", "I agree.": "I agree. yes", "": ": yes",
	} {
		if got := Labelled(label, "yes"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
