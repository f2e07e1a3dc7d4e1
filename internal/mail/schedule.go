package mail

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
)

// schedule is when and where a competition takes place.
type schedule struct {
	Location string     `json:"location,omitempty"` // empty when it has none
	Starts   *time.Time `json:"starts,omitempty"`
	Ends     *time.Time `json:"ends,omitempty"`
	Zone     string     `json:"zone,omitempty"`   // in which the times are written; empty means UTC
	Reader   string     `json:"reader,omitempty"` // the zone of who gets the message; empty when it is not known
}

func newSchedule(s compete.Schedule, reader string) schedule {
	return schedule{Location: oneLine(s.Location), Starts: s.Start, Ends: s.End, Zone: s.TimeZone, Reader: reader}
}

// When writes a time in the zone of the competition, and beside it the reader's own where that differs.
func (s schedule) When(t time.Time) string {
	reader, _ := compete.ZoneNamed(s.Reader) // nil when it is not known
	return localtime.SentenceFor(t, compete.Schedule{TimeZone: s.Zone}.Zone(), reader)
}

func (s schedule) when(t *time.Time) string {
	if t == nil {
		return notSet
	}
	return s.When(*t)
}

func (s schedule) where() string {
	if s.Location == "" {
		return notSet
	}
	return s.Location
}

// notSet stands for a time or place that there was not, or is not any more.
const notSet = "not set"

const location = "Location"

// change is one thing that was moved.
type change struct{ What, From, To string }

// Changes are what a move changed, in the order in which they are told.
func (c content) Changes() []change {
	if c.Before == nil {
		return nil
	}
	was, is := *c.Before, c.schedule
	var changes []change
	if !same(was.Starts, is.Starts) {
		changes = append(changes, change{"Start", was.when(was.Starts), is.when(is.Starts)})
	}
	if !same(was.Ends, is.Ends) {
		changes = append(changes, change{"End", was.when(was.Ends), is.when(is.Ends)})
	}
	if was.Location != is.Location {
		changes = append(changes, change{location, was.where(), is.where()})
	}
	return changes
}

func same(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// ChangedWhat sums a move up: "Time", "Location" or "Time and location".
func (c content) ChangedWhat() string {
	var time, place bool
	for _, change := range c.Changes() {
		place = place || change.What == location
		time = time || change.What != location
	}
	switch {
	case time && place:
		return "Time and location"
	case place:
		return location
	}
	return "Time"
}
