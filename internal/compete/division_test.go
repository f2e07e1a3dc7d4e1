package compete

import (
	"errors"
	"testing"
	"time"
)

// TestPhaseInDivision: what people see who choose a division, and what they get.
func TestPhaseInDivision(t *testing.T) {
	division := func(id string, left, waitlisted int) Division {
		return Division{DivisionContent{id, id, 5}, left, waitlisted}
	}
	for what, test := range map[string]struct {
		left      int // in the competition
		divisions []Division
		waitlist  bool
		want      Phase
		whole     Phase
		refusal   error
	}{
		"room in both": {
			left: 4, divisions: []Division{division("a", 2, 0), division("b", 0, 0)}, want: PhaseOpen, whole: PhaseOpen,
		},
		"none in the division": {
			left: 4, divisions: []Division{division("a", 0, 0), division("b", 2, 0)}, want: PhaseFull, whole: PhaseOpen,
			refusal: ErrDivisionFull,
		},
		"none in the competition": {
			left: 0, divisions: []Division{division("a", 2, 0), division("b", 2, 0)}, want: PhaseFull, whole: PhaseFull,
			refusal: ErrCompetitionFull,
		},
		"none in the division, with a waitlist": {
			left: 4, divisions: []Division{division("a", 0, 1), division("b", 2, 0)}, waitlist: true,
			want: PhaseWaitlist, whole: PhaseOpen,
		},
		"the only free seat belongs to somebody in another division": {
			left: 1, divisions: []Division{division("a", 2, 0), division("b", 2, 1)}, waitlist: true,
			want: PhaseWaitlist, whole: PhaseWaitlist,
		},
		"somebody waits whom no free seat fits": {
			left: 1, divisions: []Division{division("a", 2, 0), division("b", 0, 1)}, waitlist: true,
			want: PhaseOpen, whole: PhaseOpen,
		},
	} {
		c := published(func(c *Competition) {
			c.SeatsLeft, c.Divisions, c.Waitlist = test.left, test.divisions, test.waitlist
			for _, d := range c.Divisions {
				c.Waitlisted += d.Waitlisted
			}
		})
		if got := c.PhaseIn("a", noon); got != test.want {
			t.Errorf("%s: a is %s, want %s", what, got, test.want)
		}
		if got := c.Phase(noon); got != test.whole {
			t.Errorf("%s: all is %s, want %s", what, got, test.whole)
		}
		status, err := c.Admit(Entry{DivisionID: "a"}, noon)
		if !errors.Is(err, test.refusal) || (status == RegistrationPending) != (test.want == PhaseOpen) {
			t.Errorf("%s: admitted as %q, %v", what, status, err)
		}
	}
}

// A seat that is given up goes to somebody who waits for that one.
func TestPasses(t *testing.T) {
	division := func(id string, left, waiting int) Division {
		return Division{DivisionContent: DivisionContent{ID: id}, SeatsLeft: left, Waitlisted: waiting}
	}
	for name, c := range map[string]struct {
		divisions []Division
		waiting   int
		want      bool
	}{
		"nobody waits":                         {nil, 0, false},
		"somebody waits":                       {nil, 1, true},
		"somebody waits in this division":      {[]Division{division("a", 0, 1), division("b", 3, 0)}, 1, true},
		"somebody waits in a full one":         {[]Division{division("a", 0, 0), division("b", 0, 1)}, 1, false},
		"somebody waits in one that has seats": {[]Division{division("a", 0, 0), division("b", 2, 1)}, 1, true},
	} {
		competition := Competition{
			Status: StatusPublished, Divisions: c.divisions, Waitlisted: c.waiting,
		}
		if got := competition.Passes("a", time.Now()); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
		competition.Suspended = true
		if competition.Passes("a", time.Now()) {
			t.Errorf("%s, suspended: it passes", name)
		}
	}
}
