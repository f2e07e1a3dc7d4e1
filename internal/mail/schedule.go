package mail

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
)

// schedule is when and where a competition takes place.
type schedule struct {
	Location string     `json:"location,omitempty"` // empty if not set
	Starts   *time.Time `json:"starts,omitempty"`
	Ends     *time.Time `json:"ends,omitempty"`
	Zone     string     `json:"zone,omitempty"`   // time zone for writing the times; empty means UTC
	Reader   string     `json:"reader,omitempty"` // the recipient's time zone; empty if unknown
	// when answers to sensitive questions are deleted; set if a move made that later
	Forgets *time.Time `json:"forgets,omitempty"`
}

func newSchedule(s compete.Schedule, reader string) schedule {
	return schedule{Location: oneLine(s.Location), Starts: s.Start, Ends: s.End, Zone: s.TimeZone, Reader: reader}
}

// When formats a time in the competition's zone, adding the reader's own if it differs.
func (s schedule) When(t time.Time) string {
	reader, _ := compete.ZoneNamed(s.Reader) // nil if unknown
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

// notSet is shown for a time or place that isn't set.
const notSet = "not set"

const (
	location   = "Location"
	forgetting = "Your sensitive answers are deleted"
)

// change is one changed property of a moved competition.
type change struct{ What, From, To string }

// Changes lists what a move changed, in display order.
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
	if is.Forgets != nil {
		changes = append(changes, change{forgetting, was.when(was.Forgets), is.when(is.Forgets)})
	}
	return changes
}

func same(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// ChangedWhat summarizes a move: "Time", "Location" or "Time and location". If only answers are kept for longer, since
// that depends on the deadline where nothing else is set, it says so.
func (c content) ChangedWhat() string {
	var time, place bool
	for _, change := range c.Changes() {
		place = place || change.What == location
		time = time || change.What != location && change.What != forgetting
	}
	switch {
	case time && place:
		return "Time and location"
	case place:
		return location
	case time:
		return "Time"
	}
	return "Answer deletion date"
}
