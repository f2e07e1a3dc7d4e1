package compete

import (
	"cmp"
	"time"
)

// CompetitionStatus is the stored state of a competition: DRAFT → PUBLISHED → CANCELLED.
type CompetitionStatus string

// The states of a competition.
const (
	StatusDraft     CompetitionStatus = "DRAFT"
	StatusPublished CompetitionStatus = "PUBLISHED"
	StatusCancelled CompetitionStatus = "CANCELLED"
)

// Phase is what a visitor is told about a competition; derived from it and the time, never stored.
type Phase string

// The phases of a competition.
const (
	PhaseDraft     Phase = "draft"
	PhaseUpcoming  Phase = "upcoming" // registration opens later
	PhaseOpen      Phase = "open"
	PhaseWaitlist  Phase = "waitlist" // full, but one can queue
	PhaseFull      Phase = "full"
	PhaseClosed    Phase = "closed" // the deadline has passed, or it is suspended
	PhaseCancelled Phase = "cancelled"
)

// Phases lists every phase, in the order of a competition's life.
var Phases = []Phase{PhaseDraft, PhaseUpcoming, PhaseOpen, PhaseWaitlist, PhaseFull, PhaseClosed, PhaseCancelled}

// Organizer is who a competition belongs to, as far as everybody may know.
type Organizer struct {
	ID   string
	Name string
}

// Competition is what is registered for. SeatsLeft = Capacity − held seats, always.
type Competition struct {
	ID string
	CompetitionContent
	Description string // Markdown; empty in the summaries that come with a registration
	SeatsLeft   int
	Waitlisted  int // registrations on the waitlist
	Status      CompetitionStatus
	Discarded   bool // cancelled as a draft: it was never published
	// a draft that an admin made of what was published: registrations are kept, and only an admin publishes it again
	Unpublished bool `json:"-"`
	// nobody answers for it: its organizer's account is disabled, or no organizer's any more
	Suspended bool   `json:"-"`
	Cover     string `json:"-"` // hash of its uploaded cover; empty when it has none, and in what the Registrar returns
	Organizer Organizer
	Version   int // raised by each change of its content
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Registered is the number of held seats.
func (c *Competition) Registered() int { return c.Capacity - c.SeatsLeft }

// Phase tells what a visitor is told at the given time. While anyone waits, a free seat is theirs and newcomers queue
// behind.
func (c *Competition) Phase(now time.Time) Phase {
	switch {
	case c.Status == StatusDraft:
		return PhaseDraft
	case c.Status == StatusCancelled:
		return PhaseCancelled
	case c.Suspended || !now.Before(c.RegDeadline):
		return PhaseClosed
	case c.RegOpensAt != nil && now.Before(*c.RegOpensAt):
		return PhaseUpcoming
	case c.SeatsLeft > 0 && c.Waitlisted == 0:
		return PhaseOpen
	case c.Waitlist:
		return PhaseWaitlist
	default:
		return PhaseFull
	}
}

// Admit decides what a participant who arrives now gets: RegistrationPending (a seat) or RegistrationWaitlisted, or why
// neither.
func (c *Competition) Admit(now time.Time) (RegistrationStatus, error) {
	switch c.Phase(now) {
	case PhaseOpen:
		return RegistrationPending, nil
	case PhaseWaitlist:
		return RegistrationWaitlisted, nil
	case PhaseFull:
		return "", ErrCompetitionFull
	case PhaseUpcoming:
		opens := *ErrRegistrationNotOpen
		opens.Detail = "Registration opens at " + c.RegOpensAt.UTC().Format(time.RFC3339) + ". Try again then."
		return "", &opens
	case PhaseClosed:
		if c.Suspended && now.Before(c.RegDeadline) {
			paused := *ErrRegistrationClosed
			paused.Detail = "Registration is paused for now."
			return "", &paused
		}
		return "", ErrRegistrationClosed
	case PhaseCancelled:
		if !c.Discarded {
			return "", ErrCompetitionCancelled
		}
	case PhaseDraft:
	}
	return "", ErrCompetitionMissing // what was never published is its organizer's business alone
}

// Started reports whether the competition has begun; one without a start date never does.
func (c *Competition) Started(now time.Time) bool {
	return c.StartDate != nil && !now.Before(*c.StartDate)
}

// Promotes reports whether a free seat goes to the head of the waitlist: as long as the competition is on, is not
// suspended and has not started, also after the deadline, because those who wait registered in time.
func (c *Competition) Promotes(now time.Time) bool {
	return c.Status == StatusPublished && !c.Suspended && !c.Started(now)
}

// VisibleTo reports whether the actor may know of the competition: a draft is its organizer's and the admins' alone,
// also a cancelled one.
func (c *Competition) VisibleTo(a Actor) bool {
	return c.Status != StatusDraft && !c.Discarded || c.ManagedBy(a)
}

// ManagedBy reports whether the actor may change it and read its participants: its organizer and admins.
func (c *Competition) ManagedBy(a Actor) bool {
	return a.Role.AtLeast(RoleAdmin) || a.Role.AtLeast(RoleOrganizer) && c.OrganizedBy(a)
}

// CheckManager fails with ErrCompetitionMissing for who may not know of the competition, and with ErrForbidden for who
// doesn't manage it.
func (c *Competition) CheckManager(a Actor) error {
	switch {
	case !c.VisibleTo(a):
		return ErrCompetitionMissing
	case !c.ManagedBy(a):
		return ErrForbidden
	}
	return nil
}

// OrganizedBy reports whether the actor is its organizer, who can't register for it.
func (c *Competition) OrganizedBy(a Actor) bool { return a.UserID == c.Organizer.ID }

// Summary is the competition without its description: what comes with a registration.
func (c *Competition) Summary() Competition {
	s := *c
	s.Description = ""
	return s
}

// NewCompetition is the input of Competitions.Create. Status is DRAFT or PUBLISHED; empty means PUBLISHED. An empty
// TimeZone means UTC.
type NewCompetition struct {
	CompetitionContent
	Description string
	Status      CompetitionStatus
}

// Check names every bad field at once.
func (n NewCompetition) Check(now time.Time) error {
	_, err := n.competition("", Organizer{}, UTC(now))
	return err
}

// competition makes the competition that the input describes, or names every bad field.
func (n NewCompetition) competition(id string, organizer Organizer, now time.Time) (Competition, error) {
	c := Competition{
		ID: id, CompetitionContent: n.CompetitionContent, Description: n.Description, SeatsLeft: n.Capacity,
		Status: n.Status, Organizer: organizer, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	c.TimeZone = cmp.Or(c.TimeZone, time.UTC.String())
	c.normalize()
	if c.Status == "" {
		c.Status = StatusPublished
	}
	var v validation
	v.content(&c.CompetitionContent, c.Description)
	if c.Status != StatusDraft && c.Status != StatusPublished {
		v.add("status", "must be DRAFT or PUBLISHED")
	}
	if c.RegDeadline.IsZero() {
		v.add("regDeadline", "is required")
	} else if !now.Before(c.RegDeadline) {
		v.add("regDeadline", "must be in the future")
	}
	return c, v.err()
}

// Optional is a field of a change: not Set leaves the value as it is, so that Set with the zero Value can clear it.
type Optional[T any] struct {
	Set   bool
	Value T
}

// Some is an Optional that is set.
func Some[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: v} }

func (o Optional[T]) applyTo(field *T) {
	if o.Set {
		*field = o.Value
	}
}

// CompetitionChange is the input of Competitions.Update. CloseNow sets the deadline to the moment of the change's
// arrival; Unpublish, an admin's, makes a draft of what is published.
type CompetitionChange struct {
	Edit        func(*CompetitionContent) // changes what is stored then; nil: nothing. It may be called more than once
	Description Optional[string]
	Status      Optional[CompetitionStatus]
	CloseNow    bool
	Unpublish   bool
}

// Apply returns the competition with the change made and its version raised. SeatsLeft follows the capacity;
// promotion from the waitlist is the registrar's. Errors: Invalid with every bad field, ErrCapacityBelowHeld,
// ErrCompetitionCancelled, ErrAlreadyPublished.
func (c Competition) Apply(change CompetitionChange, now time.Time) (Competition, error) {
	if c.Status == StatusCancelled {
		return c, ErrCompetitionCancelled
	}
	before := c
	held := c.Registered()
	if change.Edit != nil {
		change.Edit(&c.CompetitionContent)
	}
	change.Description.applyTo(&c.Description)
	change.Status.applyTo(&c.Status)
	if change.Unpublish && c.Status == StatusPublished {
		c.Status, c.Unpublished = StatusDraft, true
	} else if c.Status == StatusPublished {
		c.Unpublished = false
	}
	if change.CloseNow {
		c.RegDeadline = now
		if c.RegOpensAt != nil && !c.RegOpensAt.Before(now) {
			c.RegOpensAt = nil
		}
	}
	c.normalize()
	if err := checkChange(&before, &c, change, now); err != nil {
		return before, err
	}
	if c.Capacity < held {
		return before, ErrCapacityBelowHeld
	}
	c.SeatsLeft = c.Capacity - held
	c.Version++
	c.UpdatedAt = now
	return c, nil
}

func checkChange(before, after *Competition, change CompetitionChange, now time.Time) error {
	var v validation
	v.content(&after.CompetitionContent, after.Description)
	if !change.CloseNow && !after.RegDeadline.Equal(before.RegDeadline) && !now.Before(after.RegDeadline) {
		v.add("regDeadline", "must be in the future")
	}
	if after.Status != StatusDraft && after.Status != StatusPublished {
		v.add("status", "must be DRAFT or PUBLISHED; to cancel a competition, use its cancel route")
	}
	if err := v.err(); err != nil {
		return err
	}
	if before.Status == StatusPublished && after.Status == StatusDraft && !change.Unpublish {
		return ErrAlreadyPublished
	}
	return nil
}

func (p Phase) valid() bool {
	for _, known := range Phases {
		if p == known {
			return true
		}
	}
	return false
}

// tellsOf reports whether a change, if it is one, brings messages: there is somebody who gets them.
func (c *Competition) tellsOf(change bool) bool {
	return change && c.Status == StatusPublished && c.Registered()+c.Waitlisted > 0
}
