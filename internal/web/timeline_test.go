package web

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// series returns a timeline of registrations separated by gaps, each entry standing for every of them.
func series(every int, gaps ...time.Duration) []compete.TimeCount {
	at := time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)
	counts := []compete.TimeCount{{At: at, Count: every}}
	for _, gap := range gaps {
		at = at.Add(gap)
		counts = append(counts, compete.TimeCount{At: at, Count: counts[len(counts)-1].Count + every})
	}
	return counts
}

func repeat(gap time.Duration, n int) []time.Duration {
	gaps := make([]time.Duration, n)
	for i := range gaps {
		gaps[i] = gap
	}
	return gaps
}

// TestTimeline finds the rush in any times: imported ones may all be equal, or centuries apart.
func TestTimeline(t *testing.T) {
	week := repeat(time.Hour, 7*24)
	for name, tc := range map[string]struct {
		series []compete.TimeCount
		points int
		rush   string
	}{
		"none":          {nil, 0, ""},
		"one":           {series(1), 0, ""},
		"two":           {series(1, time.Hour), 2, ""},
		"a steady week": {series(1, week...), 169, ""},
		"a rush, then a week": {
			series(100,
				append(repeat(10*time.Millisecond, 100), repeat(12*time.Hour, 14)...)...), 115,
			"Busiest 1.7 seconds: 10,100 of 11,500 registrations",
		},
		"a week, then a rush": {
			series(10, append(repeat(12*time.Hour, 14), repeat(time.Second, 99)...)...), 114,
			"Busiest 2.9 minutes: 1,000 of 1,140 registrations",
		},
		"a rush of one moment": {
			series(10, append(repeat(0, 99), 24*time.Hour)...), 101,
			"Busiest 20 milliseconds: 1,000 of 1,010 registrations",
		},
		"all at one moment":          {series(10, repeat(0, 99)...), 100, ""},
		"few, though close together": {series(1, append(repeat(time.Millisecond, 10), time.Hour)...), 12, ""},
		"centuries": {
			series(100,
				append(repeat(time.Second, 50), repeat(100*365*24*time.Hour, 2)...)...), 53,
			"Busiest 1.4 minutes: 5,100 of 5,300 registrations",
		},
	} {
		got := timelineView(tc.series)
		if len(got.Points) != tc.points || got.Rush != tc.rush {
			t.Errorf("%s: %d points and the rush %q, want %d and %q", name, len(got.Points), got.Rush,
				tc.points, tc.rush)
		}
		if got.Rush != "" && !got.From.Before(got.To) {
			t.Errorf("%s: the rush is from %s to %s", name, got.From, got.To)
		}
	}
}
