package demo

import (
	"cmp"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// TestPlansAreLocal checks that the demo has places in several time zones, each with times that are plausible there,
// and one with an end.
func TestPlansAreLocal(t *testing.T) {
	now := time.Date(2026, 3, 20, 11, 37, 12, 0, time.UTC) // Europe's clocks go forward during the demo's dates
	zones, ends := map[string]bool{}, 0
	for _, p := range plans {
		n := p.competition(now)
		zone := time.UTC
		if n.TimeZone != "" {
			var ok bool
			if zone, ok = compete.ZoneNamed(n.TimeZone); !ok {
				t.Fatalf("%s: there is no zone %q", n.Title, n.TimeZone)
			}
		}
		zones[zone.String()] = true
		if got := n.RegDeadline.In(zone).Hour(); p.deadline >= 2*day && got != evening {
			t.Errorf("%s: registration closes at %d o'clock, want %d", n.Title, got, evening)
		}
		if got := n.StartDate.In(zone).Hour(); p.starts >= 2*day && got != cmp.Or(p.hour, morning) {
			t.Errorf("%s: starts at %d o'clock, want %d", n.Title, got, cmp.Or(p.hour, morning))
		}
		if n.EndDate != nil {
			ends++
		}
	}
	if len(zones) < 4 || ends == 0 {
		t.Errorf("zones %v, %d ends; want several, and one", zones, ends)
	}
}
