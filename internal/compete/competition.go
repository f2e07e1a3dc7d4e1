package compete

import (
	"cmp"
	"slices"
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

// Phase describes a competition to visitors. It is derived from the competition and the time, and never stored.
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

// Organizer is the public information about the owner of a competition.
type Organizer struct {
	ID   string
	Name string
}

// Competition is an event that people register for. SeatsLeft is always Capacity minus the number of held seats.
type Competition struct {
	ID string
	CompetitionContent
	Description string    // Markdown; empty in the summaries included with registrations
	Questions   Questions // nil in lists, and in the summaries included with registrations
	SeatsLeft   int
	Waitlisted  int        // registrations on the waitlist, of all divisions
	Divisions   []Division `json:",omitempty"` // in the order in which they are shown
	Status      CompetitionStatus
	Discarded   bool // cancelled as a draft, so never published
	// turned back into a draft by an admin after publication: registrations are kept, and only an admin can republish
	// it
	Unpublished bool `json:"-"`
	// without a responsible organizer: the organizer's account is disabled or no longer has the role
	Suspended bool `json:"-"`
	// when the list of a lottery was closed: nobody can apply any more, whatever the deadline
	FrozenAt  *time.Time `json:"-"`
	NeedsCode bool       `json:",omitempty"` // registering takes an access code
	// its access code as sealed for the database; empty for none, in summaries, and in recorded outcomes
	SealedCode string `json:"-"`
	Cover      string `json:"-"` // hash of its uploaded cover; empty when it has none, and in what the Registrar returns
	Organizer  Organizer
	Version    int // increases with each change of the content
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Registered returns the number of held seats.
func (c *Competition) Registered() int { return c.Capacity - c.SeatsLeft }

// Phase returns the phase that visitors see at the given time. While people are on the waitlist, free seats belong to
// them, and newcomers join the waitlist behind them. A competition with divisions is open while one of them is; one
// that takes applications however many seats are left.
func (c *Competition) Phase(now time.Time) Phase {
	switch {
	case c.Status == StatusDraft:
		return PhaseDraft
	case c.Status == StatusCancelled:
		return PhaseCancelled
	case c.Suspended || c.FrozenAt != nil || !now.Before(c.RegDeadline):
		return PhaseClosed
	case c.RegOpensAt != nil && now.Before(*c.RegOpensAt):
		return PhaseUpcoming
	case c.TakesApplications(), c.free():
		return PhaseOpen
	case c.Waitlist:
		return PhaseWaitlist
	default:
		return PhaseFull
	}
}

// Admit decides what a participant who arrives at the given time with an entry gets: RegistrationPending (a seat),
// RegistrationWaitlisted, RegistrationApplied, or an error saying why none is possible. An entry is only
// looked at while registration is open, and before the seats.
func (c *Competition) Admit(e Entry, now time.Time) (RegistrationStatus, error) {
	if err := c.checkOpen(c.Phase(now), now); err != nil {
		return "", err
	}
	if err := c.CheckEntry(e); err != nil {
		return "", err
	}
	switch c.PhaseIn(e.DivisionID, now) { //nolint:exhaustive // checkOpen refuses in the others
	case PhaseOpen:
		if c.TakesApplications() {
			return RegistrationApplied, nil
		}
		return RegistrationPending, nil
	case PhaseWaitlist:
		return RegistrationWaitlisted, nil
	}
	return "", c.Full(e.DivisionID)
}

// checkOpen fails unless registration is open, regardless of free seats.
func (c *Competition) checkOpen(phase Phase, now time.Time) error {
	switch phase {
	case PhaseOpen, PhaseWaitlist, PhaseFull:
		return nil
	case PhaseUpcoming:
		opens := *ErrRegistrationNotOpen
		opens.Detail = "Registration opens at " + c.RegOpensAt.UTC().Format(time.RFC3339) + ". Try again then."
		return &opens
	case PhaseClosed:
		if c.Suspended && now.Before(c.RegDeadline) {
			paused := *ErrRegistrationClosed
			paused.Detail = "Registration is paused for now."
			return &paused
		}
		return ErrRegistrationClosed
	case PhaseCancelled:
		if !c.Discarded {
			return ErrCompetitionCancelled
		}
	case PhaseDraft:
	}
	return ErrCompetitionMissing // what was never published is its organizer's business alone
}

// Started reports whether the competition has begun. A competition without a start date never does.
func (c *Competition) Started(now time.Time) bool {
	return c.StartDate != nil && !now.Before(*c.StartDate)
}

// Promotes reports whether free seats go to the head of the waitlist. They do while the competition is published, not
// suspended, and not started; even after the deadline, because the people waiting registered in time.
func (c *Competition) Promotes(now time.Time) bool {
	return c.Status == StatusPublished && !c.Suspended && !c.Started(now)
}

// Paused reports whether free seats don't go to the head of the waitlist now, and will again: the competition is
// suspended, or an admin has unpublished it.
func (c *Competition) Paused(now time.Time) bool {
	return !c.Promotes(now) && c.Status != StatusCancelled && !c.Started(now)
}

// VisibleTo reports whether the actor may see the competition. Only its staff can see a draft, even a cancelled one.
func (c *Competition) VisibleTo(a Actor) bool {
	return c.Status != StatusDraft && !c.Discarded || c.ManagedBy(a)
}

// ManagedBy reports whether the actor may change the competition and read its participants, as its organizer or an
// admin.
func (c *Competition) ManagedBy(a Actor) bool {
	return a.Role.AtLeast(RoleAdmin) || a.Role.AtLeast(RoleOrganizer) && c.OrganizedBy(a)
}

// CheckManager fails with ErrCompetitionMissing if the actor can't see the competition, and with ErrForbidden if the
// actor doesn't manage it.
func (c *Competition) CheckManager(a Actor) error {
	switch {
	case !c.VisibleTo(a):
		return ErrCompetitionMissing
	case !c.ManagedBy(a):
		return ErrForbidden
	}
	return nil
}

// OrganizedBy reports whether the actor is the competition's organizer, who can't register for it.
func (c *Competition) OrganizedBy(a Actor) bool { return a.UserID == c.Organizer.ID }

// Summary returns the competition without its description and questions, as included with registrations.
func (c *Competition) Summary() Competition {
	s := *c
	s.Description, s.Questions, s.SealedCode = "", nil, ""
	return s
}

// NewCompetition is the input of Competitions.Create. Status is DRAFT or PUBLISHED; empty means PUBLISHED. An empty
// TimeZone means UTC, and an empty Visibility means PUBLIC. The ids of divisions are ignored.
type NewCompetition struct {
	CompetitionContent
	Description string
	Questions   Questions
	AccessCode  AccessCode // empty: none is needed
	Divisions   []DivisionContent
	Status      CompetitionStatus
}

// Check reports all invalid fields at once.
func (n NewCompetition) Check(now time.Time) error {
	_, err := n.competition("", Organizer{}, UTC(now))
	return err
}

// competition creates the described competition, or reports all invalid fields.
func (n NewCompetition) competition(id string, organizer Organizer, now time.Time) (Competition, error) {
	c := Competition{
		ID: id, CompetitionContent: n.CompetitionContent, Description: n.Description, SeatsLeft: n.Capacity,
		Divisions: newDivisions(n.Divisions), Status: n.Status, Organizer: organizer, Version: 1, CreatedAt: now,
		UpdatedAt: now,
	}
	for i := range c.Divisions {
		c.Divisions[i].ID = ""
	}
	c.TimeZone, c.Visibility = cmp.Or(c.TimeZone, time.UTC.String()), c.Visibility.OrPublic()
	c.normalize()
	c.Questions = n.Questions.normalized(c.Version)
	c.limitSensitive()
	if c.Status == "" {
		c.Status = StatusPublished
	}
	var v validation
	v.content(&c.CompetitionContent, c.Description)
	v.questions(c.Questions, c.Team != nil)
	v.accessCode(n.AccessCode)
	v.divisions(c.Divisions)
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

// Optional is a field of a change. If it isn't Set, the value stays as it is; if it is, even the zero Value is stored.
type Optional[T any] struct {
	Set   bool
	Value T
}

// Some returns an Optional that is set to v.
func Some[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: v} }

func (o Optional[T]) applyTo(field *T) {
	if o.Set {
		*field = o.Value
	}
}

// CompetitionChange is the input of Competitions.Update. CloseNow sets the deadline to the arrival time of the change.
// Unpublish, for admins, turns a published competition back into a draft.
type CompetitionChange struct {
	Edit        func(*CompetitionContent) // changes the stored content, if not nil. It may be called more than once
	Description Optional[string]
	Questions   Optional[Questions]
	AccessCode  Optional[AccessCode]        // empty: none is needed any more
	Divisions   Optional[[]DivisionContent] // in order; one that isn't listed is removed
	Status      Optional[CompetitionStatus]
	CloseNow    bool
	Unpublish   bool

	sealedCode string // the AccessCode as sealed for the database, if it's set
}

// Apply returns the changed competition with its version incremented. SeatsLeft follows the capacity; promotion from
// the waitlist, and ids for new divisions, are left to the registrar. Errors: Invalid with all invalid fields,
// ErrCapacityBelowHeld, ErrDivisionNotEmpty, ErrDivisionsTooLate, ErrCompetitionCancelled, ErrAlreadyPublished,
// ErrListFrozen.
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
	if change.AccessCode.Set {
		c.setCode(change.sealedCode)
	}
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
	if change.Questions.Set {
		c.Questions = change.Questions.Value.normalized(c.Version + 1)
	}
	c.limitSensitive()
	if err := checkChange(&before, &c, change, now); err != nil {
		return before, err
	}
	if c.Capacity < held {
		return before, ErrCapacityBelowHeld
	}
	if err := c.checkDivisions(&before); err != nil {
		return before, err
	}
	c.SeatsLeft = c.Capacity - held
	c.Version++
	c.UpdatedAt = now
	return c, nil
}

func checkChange(before, after *Competition, change CompetitionChange, now time.Time) error {
	var v validation
	v.content(&after.CompetitionContent, after.Description)
	if change.Questions.Set || after.Team == nil && before.Team != nil {
		v.questions(after.Questions, after.Team != nil)
	}
	v.accessCode(change.AccessCode.Value)
	if change.Divisions.Set {
		v.changeDivisions(after, change.Divisions.Value)
	}
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
	if before.FrozenAt != nil &&
		(after.Admission != before.Admission || !after.RegDeadline.Equal(before.RegDeadline)) {
		return ErrListFrozen
	}
	return nil
}

func (p Phase) valid() bool {
	return slices.Contains(Phases, p)
}

// tellsOf reports whether messages are sent about a change: there must be a change, and somebody to receive them. There
// may be applications, which aren't counted here.
func (c *Competition) tellsOf(change bool) bool {
	return change && c.Status == StatusPublished && (c.Registered()+c.Waitlisted > 0 || c.TakesApplications())
}
