package compete

import (
	"slices"
	"time"
)

// RegistrationStatus is the state of a registration.
type RegistrationStatus string

// PENDING (seat held, confirmation on its way) → CONFIRMED; WAITLISTED → PENDING (a seat came free); any → CANCELLED.
const (
	RegistrationPending    RegistrationStatus = "PENDING"
	RegistrationConfirmed  RegistrationStatus = "CONFIRMED"
	RegistrationWaitlisted RegistrationStatus = "WAITLISTED"
	RegistrationCancelled  RegistrationStatus = "CANCELLED"
)

// RegistrationStatuses are all states, in the order in which a list by status has them.
var RegistrationStatuses = []RegistrationStatus{RegistrationConfirmed, RegistrationPending, RegistrationWaitlisted, RegistrationCancelled}

// Valid reports whether s is one of RegistrationStatuses.
func (s RegistrationStatus) Valid() bool { return slices.Contains(RegistrationStatuses, s) }

// HoldsSeat reports whether a registration in this state holds a seat.
func (s RegistrationStatus) HoldsSeat() bool {
	return s == RegistrationPending || s == RegistrationConfirmed
}

// Registration is one user's place in one competition; there is at most one for each pair.
type Registration struct {
	ID            string
	UserID        string
	CompetitionID string
	Status        RegistrationStatus
	Seq           int64 // order of arrival within the competition, from 1; never reused
	Position      int   // place on the waitlist, from 1; 0 when not waitlisted or not read
	RegisteredAt  time.Time
	UpdatedAt     time.Time
	PromotedAt    *time.Time // when a seat came free for it
}

// RegistrationOutcome is what a participant is told: the registration and the competition's Summary right after it.
type RegistrationOutcome struct {
	Registration Registration
	Competition  Competition
	Replayed     bool `json:"-"` // the answer to an earlier request with the same idempotency key
}

// Participant is a user as the organizer of a competition sees them.
type Participant struct {
	ID    string
	Name  string
	Email string
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
