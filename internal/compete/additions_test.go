package compete

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestOverTheLargestCapacity: where the capacity is as large as possible, a seat over it is refused, even with a
// waitlist: it was asked for.
func TestOverTheLargestCapacity(t *testing.T) {
	for _, c := range []struct {
		name                 string
		capacity, seatsLeft  int // of the competition
		inDivision, leftIn   int
		want                 RegistrationStatus
		refusal              error
		wantTotal, wantInDiv int
	}{
		{"both can grow", 9, 0, 9, 0, RegistrationPending, nil, 10, 10},
		{"the competition can't", MaxCapacity, 0, 9, 1, "", ErrCapacityLimit, 0, 0},
		{"the division can't", 9, 1, MaxCapacity, 0, "", ErrCapacityLimit, 0, 0},
		{"the competition needn't", MaxCapacity, 1, 9, 0, RegistrationPending, nil, MaxCapacity, 10},
		{"the division needn't", 9, 0, MaxCapacity, 1, RegistrationPending, nil, 10, MaxCapacity},
	} {
		t.Run(c.name, func(t *testing.T) {
			competition := Competition{
				CompetitionContent: CompetitionContent{Capacity: c.capacity, Waitlist: true}, SeatsLeft: c.seatsLeft,
				Status: StatusPublished, Divisions: []Division{{
					DivisionContent: DivisionContent{ID: "long", Name: "Long", Capacity: c.inDivision},
					SeatsLeft:       c.leftIn,
				}},
			}
			entry := Entry{DivisionID: "long"}
			status, widen, err := competition.AdmitAdded(entry, time.Now(), false, true)
			if status != c.want || !errors.Is(err, c.refusal) {
				t.Fatalf("the person gets %q, error %v", status, err)
			}
			if err != nil {
				return
			}
			if !widen {
				t.Error("no seat is added")
			}
			competition.Widen("long", false, time.Now())
			if got := competition.Divisions[0].Capacity; competition.Capacity != c.wantTotal || got != c.wantInDiv {
				t.Errorf("the capacity is %d, and %d in the division", competition.Capacity, got)
			}
		})
	}
}

// TestAddedWithoutAName names the account of somebody added by the address, as far as a name can be long.
func TestAddedWithoutAName(t *testing.T) {
	long := strings.Repeat("ä", MaxNameLength+1)
	for email, want := range map[string]string{
		"Ada@example.com": "ada", long + "@example.com": long[:2*MaxNameLength],
	} {
		n, err := Addition{Email: email}.checked()
		if n.Name != want {
			t.Errorf("%s is named %q (%v), want %q", email, n.Name, err, want)
		}
	}
}
