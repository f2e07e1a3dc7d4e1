package ui

import (
	"testing"
	"time"
)

// A short time names its year when that is another than this one.
func TestShortTimes(t *testing.T) {
	this := time.Now().UTC().Year()
	for year, want := range map[int]string{this: "2 Jan, 15:04 UTC", this - 1: "2 Jan 2006, 15:04 UTC", this + 30: "2 Jan 2006, 15:04 UTC"} {
		if got := TimeShort.layout(time.Date(year, time.June, 15, 12, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("in %d, a time of %d is written as %q, want %q", this, year, got, want)
		}
	}
}
