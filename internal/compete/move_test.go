package compete

import (
	"testing"
	"time"
)

// TestScheduleTellsOfKeepingLonger: people are told when their sensitive answers are deleted later, also where only a
// deadline says when the competition is over, and not when they are deleted earlier.
func TestScheduleTellsOfKeepingLonger(t *testing.T) {
	later := func(c *Competition) { c.RegDeadline = c.RegDeadline.Add(time.Hour) }
	for _, test := range []struct {
		name   string
		days   *int
		change func(*Competition)
		same   bool
	}{
		{"nothing sensitive", nil, later, true},
		{"kept for longer", new(30), later, false},
		{"kept as long", new(30), func(*Competition) {}, true},
		{"deleted earlier", new(30), func(c *Competition) { c.RegDeadline = c.RegDeadline.Add(-time.Hour) }, true},
		{"fewer days", new(30), func(c *Competition) { later(c); c.AnswersKeptDays = new(29) }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := published(func(c *Competition) { c.AnswersKeptDays = test.days })
			after := before
			test.change(&after)
			if got := after.Schedule().Same(before.Schedule()); got != test.same {
				t.Errorf("the schedule is the same: got %t, want %t", got, test.same)
			}
		})
	}
	old := Schedule{} // stored before it had this
	if c := published(func(c *Competition) { c.AnswersKeptDays = new(30) }); !c.Schedule().Same(old) {
		t.Error("a move from before the upgrade tells of answers")
	}
}
