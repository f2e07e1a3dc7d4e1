package compete

import (
	"slices"
	"time"
)

// RegistrationStatus is the state of a registration.
type RegistrationStatus string

// The states. Transitions says how one follows another.
const (
	RegistrationOffered    RegistrationStatus = "OFFERED" // a seat is held until ConfirmBy, to be accepted or declined
	RegistrationPending    RegistrationStatus = "PENDING" // a seat is held, and its confirmation is on its way
	RegistrationConfirmed  RegistrationStatus = "CONFIRMED"
	RegistrationWaitlisted RegistrationStatus = "WAITLISTED"
	RegistrationCancelled  RegistrationStatus = "CANCELLED"
)

// RegistrationStatuses are all states, in the order in which a list by status has them.
var RegistrationStatuses = append(slices.Clone(activeStatuses), RegistrationCancelled)

var activeStatuses = []RegistrationStatus{
	RegistrationConfirmed, RegistrationPending, RegistrationOffered,
	RegistrationWaitlisted,
}

// Valid reports whether s is one of RegistrationStatuses.
func (s RegistrationStatus) Valid() bool { return slices.Contains(RegistrationStatuses, s) }

// HoldsSeat reports whether a registration in this state holds a seat.
func (s RegistrationStatus) HoldsSeat() bool {
	return s == RegistrationPending || s == RegistrationConfirmed || s == RegistrationOffered
}

// Seats is how many seats a registration in this state holds: 0 or 1.
func (s RegistrationStatus) Seats() int {
	if s.HoldsSeat() {
		return 1
	}
	return 0
}

// Seats is how many seats the registration holds: 0 or 1.
func (r *Registration) Seats() int { return r.Status.Seats() }

// CancelReason says who or what cancelled a registration.
type CancelReason string

// The reasons why a registration is CANCELLED.
const (
	CancelledBySelf        CancelReason = "SELF"        // by the person
	CancelledByOrganizer   CancelReason = "ORGANIZER"   // removed by the competition's organizer or an admin
	CancelledByCompetition CancelReason = "COMPETITION" // the competition was cancelled
	CancelledByErasure     CancelReason = "ERASED"      // the person's account was deleted
	CancelledByExpiry      CancelReason = "EXPIRED"     // an offer was not answered in time
)

// Removal is what an organizer or admin says when removing a registration. The zero value says nothing.
type Removal struct {
	Reason  string // told to the person
	Note    string // for the competition's organizer and admins alone
	Blocked bool   // the person may not register for the competition again
}

// Check names every field that is too long or isn't text.
func (r Removal) Check() error {
	var v validation
	v.length("reason", r.Reason, 0, MaxRemovalReason)
	v.length("note", r.Note, 0, MaxRemovalNote)
	return v.err()
}

// RegistrationState is what everybody is told who may see a registration. Its fields are declared here for everybody:
// the tags have what the API and the export of one's own data call them and say about them.
type RegistrationState struct {
	ID            string             `json:"id" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionID string             `json:"competitionId" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	Status        RegistrationStatus `json:"status" enum:"PENDING,CONFIRMED,OFFERED,WAITLISTED,CANCELLED" example:"PENDING"`
	Seq           int64              `json:"seq" doc:"Its place in the competition's order of arrival, starting at 1. Never reused." example:"59"`
	RegisteredAt  time.Time          `json:"registeredAt" example:"2026-04-01T09:00:00.013Z"`
	UpdatedAt     time.Time          `json:"updatedAt" example:"2026-04-01T09:00:00.013Z"`
	CancelReason  CancelReason       `json:"cancelReason,omitempty" enum:"SELF,ORGANIZER,EXPIRED,COMPETITION,ERASED" doc:"Who or what cancelled the registration: the person (SELF), the competition's organizer or an admin (ORGANIZER), an offer that wasn't answered in time (EXPIRED), the cancellation of the competition, or the deletion of the account (ERASED). Left out for registrations that were cancelled before reasons were recorded." example:"ORGANIZER"`
}

// Registration is one user's place in one competition; there is at most one for each pair.
type Registration struct {
	RegistrationState
	UserID     string
	Position   int        // place on the waitlist, from 1; 0 when not waitlisted or not read
	PromotedAt *time.Time // when a seat came free for it
	// until when it is, or was, OFFERED; nil when the seat was never an offer. A recorded outcome never was
	ConfirmBy *time.Time `json:"-"`
	Removal   Removal    `json:"-"` // of one that is CANCELLED, with CancelledByOrganizer. A recorded outcome never is
}

// CheckRegistrant fails for who may not register for the competition, whatever room there is: ErrCompetitionMissing,
// ErrOwnCompetition, ErrBlocked. held is the registration that the actor has or had; nil when there never was one.
func (c *Competition) CheckRegistrant(a Actor, held *Registration) error {
	switch {
	case !c.VisibleTo(a):
		return ErrCompetitionMissing
	case c.OrganizedBy(a):
		return ErrOwnCompetition
	case held != nil && held.Removal.Blocked:
		return ErrBlocked
	}
	return nil
}

// CheckCancel fails with ErrRegistrationGone for who neither has the registration nor manages its competition, and with
// ErrCompetitionStarted for who only has it, once it's too late. One that is cancelled may be cancelled again.
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

// CheckUnblock fails with ErrRegistrationGone for who doesn't manage the competition.
func (r *Registration) CheckUnblock(a Actor, c *Competition) error {
	if !c.ManagedBy(a) {
		return ErrRegistrationGone
	}
	return nil
}

// RegistrationOutcome is what a participant is told: the registration and the competition's Summary right after it.
type RegistrationOutcome struct {
	Registration Registration
	Competition  Competition
	Replayed     bool `json:"-"` // the answer to an earlier request with the same idempotency key
	// Record has committed with it, where the request has an idempotency key.
	Record *IdempotencyRecord `json:"-"`
}

// Participant is a user as the organizer of a competition sees them.
type Participant struct {
	ID       string
	Name     string
	Email    string
	Disabled bool // the account is: it is passed over on the waitlist, and gets no messages
	Erased   bool // the account was deleted: it has no Email, and its Name is ErasedName
}

// ParticipantRegistration is a row of an organizer's list.
type ParticipantRegistration struct {
	Registration
	Participant Participant
}

// MyRegistration is a row of a participant's list, with the competition's Summary.
type MyRegistration struct {
	Registration
	Competition Competition
}
