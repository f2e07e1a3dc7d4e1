package compete_test

import (
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestRefusedReleasesCountInEnglish(t *testing.T) {
	type divisions = []compete.DivisionCounts
	for _, c := range []struct {
		counts compete.DecisionCounts
		want   string
	}{
		{compete.DecisionCounts{Admit: 2, SeatsLeft: 1}, "only 1 seat is left. Change 1 decision to"},
		{compete.DecisionCounts{Admit: 4, SeatsLeft: 2}, "only 2 seats are left. Change 2 decisions to"},
		{compete.DecisionCounts{Admit: 4}, "only 0 seats are left. Change 4 decisions to"},
		{
			compete.DecisionCounts{Admit: 2, SeatsLeft: 9, Divisions: divisions{{Name: "A", Admit: 2, SeatsLeft: 1}}},
			"which has 1 seat left. Change 1 of these decisions to",
		},
	} {
		err := c.counts.CheckRelease()
		if !compete.ErrAdmittedBeyond.Is(err) || !strings.Contains(compete.AsError(err).Detail, c.want) {
			t.Errorf("%+v: got %v, want %q", c.counts, err, c.want)
		}
	}
}
