package web

import (
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// TestFilling: a competition fills up as its seats are taken. Where people apply, they aren't taken by those who come.
func TestFilling(t *testing.T) {
	for what, c := range map[string]struct {
		seats compete.Seats
		want  ui.State
	}{
		"half taken":               {compete.Seats{Capacity: 10, SeatsLeft: 5}, ui.StateOpen},
		"nearly taken":             {compete.Seats{Capacity: 10, SeatsLeft: 2}, ui.StateFilling},
		"taken, with applications": {compete.Seats{Capacity: 10, Applied: true}, ui.StateOpen},
	} {
		c.seats.Phase = compete.PhaseOpen
		if got := seatsView(c.seats).State; got != c.want {
			t.Errorf("%s: got %s, want %s", what, got, c.want)
		}
	}
}
