package compete

import (
	"cmp"
	"time"
)

// MoveWindow is how long after a first change of time or place further changes join it, before participants are
// notified.
const MoveWindow = 10 * time.Minute

// Schedule is when and where a competition takes place.
type Schedule struct {
	Start    *time.Time `json:"start,omitempty"`
	End      *time.Time `json:"end,omitempty"`
	Location string     `json:"location,omitempty"`
	TimeZone string     `json:"timeZone"` // for displaying the times
	// when the answers to sensitive questions are deleted; nil: there are none, or this was stored without it
	Forgets *time.Time `json:"forgets,omitempty"`
}

// Schedule returns when and where the competition takes place.
func (c *Competition) Schedule() Schedule {
	return Schedule{
		Start: c.StartDate, End: c.EndDate, Location: c.Location, TimeZone: c.TimeZone, Forgets: c.forgets(),
	}
}

// over returns the time when the competition is over.
func (c *CompetitionContent) over() time.Time {
	return *cmp.Or(c.EndDate, c.StartDate, &c.RegDeadline)
}

// Same reports whether time and place are unchanged for participants since before, and their sensitive answers aren't
// kept for longer. The display time zone doesn't matter.
func (s Schedule) Same(before Schedule) bool {
	return sameTime(s.Start, before.Start) && sameTime(s.End, before.End) && s.Location == before.Location &&
		!s.KeepsLonger(before)
}

// KeepsLonger reports whether answers to sensitive questions are deleted later than people were told before.
func (s Schedule) KeepsLonger(before Schedule) bool {
	return s.Forgets != nil && before.Forgets != nil && s.Forgets.After(*before.Forgets)
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Zone returns the display time zone; UTC if TimeZone is unknown here.
func (s Schedule) Zone() *time.Location {
	if zone, ok := ZoneNamed(s.TimeZone); ok {
		return zone
	}
	return time.UTC
}

// Move is a change of a competition's time or place that participants are notified of. It comprises all changes within
// MoveWindow of the first.
type Move struct {
	ID     string   `json:"id"` // unique; each registration is notified of a move once
	Before Schedule `json:"before"`
	After  Schedule `json:"after"`
}

// LedgerMove is a change that begins a move or joins a pending one.
type LedgerMove struct {
	CompetitionID string
	ID            string   // of the move, if this change begins one
	Before        Schedule // likewise
	BeforeSeq     int64    // registrations from this Seq on were made after the change and know about it
}

// MoveJob ends a move, MoveWindow after its first change, and notifies participants. It does nothing if the change
// joined a pending move, which has its own job.
type MoveJob struct {
	CompetitionID string `json:"competitionId"`
	MoveID        string `json:"moveId"`
}

// Kind names the job.
func (MoveJob) Kind() string { return "move" }

// Options implements Job.
func (MoveJob) Options() JobOptions { return JobOptions{Queue: QueueReminder, Delay: MoveWindow} }

// TellMoveJob notifies the registrations of a moved competition with a Seq between AfterSeq and BeforeSeq, page by
// page.
type TellMoveJob struct {
	CompetitionID string `json:"competitionId"`
	Move          Move   `json:"move"`
	AfterSeq      int64  `json:"afterSeq"`
	BeforeSeq     int64  `json:"beforeSeq"`
}

// Kind names the job.
func (TellMoveJob) Kind() string { return "tell_move" }

// Options implements Job.
func (TellMoveJob) Options() JobOptions { return JobOptions{Queue: QueueReminder} }
