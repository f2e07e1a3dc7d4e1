package compete

import (
	"slices"
	"time"
)

// RegistrationStatus is the state of a registration.
type RegistrationStatus string

// The states of a registration. Transitions lists the possible changes.
const (
	RegistrationOffered    RegistrationStatus = "OFFERED" // a seat is held until ConfirmBy, to be accepted or declined
	RegistrationPending    RegistrationStatus = "PENDING" // a seat is held, and its confirmation is on its way
	RegistrationConfirmed  RegistrationStatus = "CONFIRMED"
	RegistrationApplied    RegistrationStatus = "APPLIED" // waits for a decision
	RegistrationWaitlisted RegistrationStatus = "WAITLISTED"
	RegistrationRejected   RegistrationStatus = "REJECTED" // not admitted; can be decided anew until the start
	RegistrationCancelled  RegistrationStatus = "CANCELLED"
)

// RegistrationStatuses lists all states, in the order of a list sorted by status.
var RegistrationStatuses = append(slices.Clone(activeStatuses), RegistrationCancelled)

var activeStatuses = append(slices.Clone(hopefulStatuses), RegistrationRejected)

// hopefulStatuses are those of people who have a seat or may still get one.
var hopefulStatuses = []RegistrationStatus{
	RegistrationConfirmed, RegistrationPending, RegistrationOffered,
	RegistrationApplied, RegistrationWaitlisted,
}

// Hopeful reports whether somebody in this state has a seat, or may get one without another press or decision about a
// rejection. The others hear nothing more about the competition.
func (s RegistrationStatus) Hopeful() bool { return slices.Contains(hopefulStatuses, s) }

// Valid reports whether s is one of the RegistrationStatuses.
func (s RegistrationStatus) Valid() bool { return slices.Contains(RegistrationStatuses, s) }

// HoldsSeat reports whether a registration in this state holds a seat.
func (s RegistrationStatus) HoldsSeat() bool {
	return s == RegistrationPending || s == RegistrationConfirmed || s == RegistrationOffered
}

// Seats returns the number of seats held by a registration in this state: 0 or 1.
func (s RegistrationStatus) Seats() int {
	if s.HoldsSeat() {
		return 1
	}
	return 0
}

// Seats returns the number of seats held by the registration: 0 or 1.
func (r *Registration) Seats() int {
	if r.Follows {
		return 0
	}
	return r.Status.Seats()
}

// Waits returns the number of places on the waitlist that the registration has: 0 or 1.
func (r *Registration) Waits() int {
	if r.Follows || r.Status != RegistrationWaitlisted {
		return 0
	}
	return 1
}

// CancelReason says who or what cancelled a registration.
type CancelReason string

// The reasons why a registration is CANCELLED.
const (
	CancelledBySelf        CancelReason = "SELF"        // by the person
	CancelledByOrganizer   CancelReason = "ORGANIZER"   // removed by the competition's staff, or by the team's captain
	CancelledByCompetition CancelReason = "COMPETITION" // the competition was cancelled
	CancelledByErasure     CancelReason = "ERASED"      // the person's account was deleted
	CancelledByExpiry      CancelReason = "EXPIRED"     // an offer was not answered in time
	// the team had too few members at the deadline
	CancelledIncomplete CancelReason = "INCOMPLETE_TEAM"
)

// Removal contains the options for removing a registration as an organizer or admin. The zero value sets none.
type Removal struct {
	Reason string // shown to the person
	Note   string // for staff; the person finds it only in a Takeout
	// The person can't register for the competition again. So it is for whoever withdrew a rejected application.
	Blocked bool
}

// Check reports all fields that are too long or contain invalid text.
func (r Removal) Check() error {
	var v validation
	v.length("reason", r.Reason, 0, MaxRemovalReason)
	v.length("note", r.Note, 0, MaxRemovalNote)
	return v.err()
}

// MaybeByCaptain reports whether the team's captain may have removed the person, rather than the competition's staff.
// Captains give no reason, and can't block.
func (r Removal) MaybeByCaptain(c *Competition) bool {
	return c.SeatsPerTeam() && r.Reason == "" && !r.Blocked
}

// RegistrationState is the part of a registration shown to everybody who may see the registration. This is the single
// declaration of its fields: the tags hold their names and descriptions in the API and the personal data export.
type RegistrationState struct {
	ID            string             `json:"id" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionID string             `json:"competitionId" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	DivisionID    string             `json:"divisionId,omitempty" format:"uuid" doc:"The division, if the competition has divisions." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Status        RegistrationStatus `json:"status" enum:"PENDING,CONFIRMED,OFFERED,APPLIED,WAITLISTED,REJECTED,CANCELLED" example:"PENDING"`
	Seq           int64              `json:"seq" doc:"Its place in the competition's order of arrival, starting at 1. Never reused." example:"59"`
	RegisteredAt  time.Time          `json:"registeredAt" example:"2026-04-01T09:00:00.013Z"`
	UpdatedAt     time.Time          `json:"updatedAt" example:"2026-04-01T09:00:00.013Z"`
	TeamID        string             `json:"teamId,omitempty" format:"uuid" doc:"The team, if the person is in one." example:"018f6b1e-4444-7d0a-9b3e-5a1f0c2d4e6f"`
	Looking       bool               `json:"lookingForTeam,omitempty" doc:"true if captains can find the person on the competition's board and invite them." example:"false"`
	CancelReason  CancelReason       `json:"cancelReason,omitempty" enum:"SELF,ORGANIZER,EXPIRED,COMPETITION,INCOMPLETE_TEAM,ERASED" doc:"Who or what cancelled the registration: the person, or their captain for a team (SELF), the competition's organizer, an admin, or the captain of the team (ORGANIZER), an offer that wasn't answered in time (EXPIRED), the cancellation of the competition, a team with too few members at the deadline (INCOMPLETE_TEAM), or the deletion of the account (ERASED). Left out for registrations that were cancelled before reasons were recorded." example:"ORGANIZER"`
}

// Registration is a user's place in a competition. Each user has at most one per competition.
type Registration struct {
	RegistrationState
	UserID     string
	Follows    bool       `json:",omitempty"` // holds no seat and has no place in line but that of the team's captain
	Position   int        // place on the waitlist of its division, from 1; 0 if not waitlisted or not read
	PromotedAt *time.Time // when it got a freed seat
	// when its offer ends or ended; nil if the seat was never offered. Always nil in recorded outcomes
	ConfirmBy *time.Time `json:"-"`
	// of one that is CANCELLED with CancelledByOrganizer, or was rejected before. A recorded outcome never is
	Removal Removal `json:"-"`
}

// CheckRegistrant fails if the actor may not register for the competition, regardless of free seats:
// ErrCompetitionMissing, ErrOwnCompetition, ErrBlocked, ErrRejectedBefore. held is the actor's current or former
// registration; nil if there never was one.
func (c *Competition) CheckRegistrant(a Actor, held *Registration) error {
	switch {
	case !c.VisibleTo(a):
		return ErrCompetitionMissing
	case c.OrganizedBy(a):
		return ErrOwnCompetition
	case held != nil && held.WithdrawnRejection():
		return ErrRejectedBefore
	case held != nil && held.Removal.Blocked:
		return ErrBlocked
	}
	return nil
}

// WithdrawnRejection reports whether the person withdrew an application that was rejected. Only staff can register them
// again, or let them apply again.
func (r *Registration) WithdrawnRejection() bool {
	return r.Removal.Blocked && r.CancelReason == CancelledBySelf
}

// CheckCancel fails with ErrRegistrationGone if the actor neither owns the registration nor manages its competition,
// and with ErrCompetitionStarted if the owner cancels too late. Cancelling a cancelled registration again is allowed.
func (r *Registration) CheckCancel(a Actor, c *Competition, now time.Time) error {
	own, manages := r.UserID == a.UserID, c.ManagedBy(a)
	switch {
	case !own && !manages:
		return ErrRegistrationGone
	case !manages && r.Status != RegistrationCancelled && c.Started(now):
		return ErrCompetitionStarted
	}
	return nil
}

// checkChange fails if the actor may change nothing of the registration. Errors: ErrRegistrationGone,
// ErrCompetitionCancelled, ErrRegistrationCancelled.
func (r *Registration) checkChange(a Actor, c *Competition) error {
	switch {
	case r.UserID != a.UserID && !c.ManagedBy(a):
		return ErrRegistrationGone
	case c.Status == StatusCancelled:
		return ErrCompetitionCancelled
	case r.Status == RegistrationCancelled:
		return ErrRegistrationCancelled
	}
	return nil
}

// checkPlaceChange is checkChange for its division or team. Errors: those of checkChange, ErrApplicationRejected, and
// ErrCompetitionStarted for staff.
func (r *Registration) checkPlaceChange(a Actor, c *Competition, now time.Time) error {
	if err := r.checkChange(a, c); err != nil {
		return err
	}
	switch {
	case r.Status == RegistrationRejected:
		return ErrApplicationRejected
	case c.ManagedBy(a) && c.Started(now):
		return ErrCompetitionStarted
	}
	return nil
}

// CheckUnblock fails with ErrRegistrationGone if the actor doesn't manage the competition.
func (r *Registration) CheckUnblock(a Actor, c *Competition) error {
	if !c.ManagedBy(a) {
		return ErrRegistrationGone
	}
	return nil
}

// RegistrationOutcome is the answer to a participant: the registration, and the competition's Summary immediately
// afterwards.
type RegistrationOutcome struct {
	Registration Registration
	Competition  Competition
	Replayed     bool `json:"-"` // the answer to an earlier request with the same idempotency key
	// Record was committed together with the registration, if the request has an idempotency key.
	Record *IdempotencyRecord `json:"-"`
}

// Participant is a user as seen by the organizer of a competition.
type Participant struct {
	ID       string
	Name     string
	Email    string
	Disabled bool // the account is disabled: the waitlist skips it, and it gets no messages
	Erased   bool // the account was deleted: Email is empty, and Name is ErasedName
}

// ParticipantRegistration is a row of an organizer's list of registrations.
type ParticipantRegistration struct {
	Registration
	Answers     Answers // nil unless they were read
	Team        string  // its name; empty if there is none, and unless it was read
	Participant Participant
}

// MyRegistration is a row of a participant's list of registrations, with the competition's Summary.
type MyRegistration struct {
	Registration
	Answers     Answers
	Team        string // its name; empty for none
	Competition Competition
}
