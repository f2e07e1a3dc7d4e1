package compete

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Decision is what staff decided about an application. It is a draft until it is released.
type Decision string

// The decisions.
const (
	DecisionAdmit    Decision = "ADMIT"
	DecisionWaitlist Decision = "WAITLIST"
	DecisionReject   Decision = "REJECT"
)

// Decisions lists all decisions, in display order.
var Decisions = []Decision{DecisionAdmit, DecisionWaitlist, DecisionReject}

// Valid reports whether d is one of the Decisions.
func (d Decision) Valid() bool {
	return d == DecisionAdmit || d == DecisionWaitlist || d == DecisionReject
}

// becomes returns the status of somebody about whom this was decided; for DecisionAdmit, if seats are offered.
func (d Decision) becomes() RegistrationStatus {
	switch d {
	case DecisionWaitlist:
		return RegistrationWaitlisted
	case DecisionReject:
		return RegistrationRejected
	case DecisionAdmit:
	}
	return RegistrationOffered
}

// Draft is a decision that hasn't been released yet. It is about the application with this Seq: it no longer applies
// once the person has withdrawn, even if they apply again.
type Draft struct {
	RegistrationID string
	Seq            int64
	Decision       Decision
	DecidedBy      string // id of the user; empty once the account was deleted
	DecidedAt      time.Time
	Disabled       bool // the person's account is disabled, so a waitlist skips it
}

// DecisionCounts are the drafts that still apply, and what they are weighed against.
type DecisionCounts struct {
	Applied   int // applications, with and without a draft
	Undecided int // applications without a draft
	Outdated  int // drafts that no longer apply, since the person has withdrawn or applied anew
	Admit     int
	Waitlist  int
	Reject    int
	SeatsLeft int
	Divisions []DivisionCounts // in order; nil for none
}

// DivisionCounts are the people to be admitted to a division, and the seats left there.
type DivisionCounts struct {
	ID, Name  string
	Admit     int
	SeatsLeft int
}

// Beyond returns how many more people are to be admitted to the division than seats are left there.
func (c DivisionCounts) Beyond() int { return max(0, c.Admit-c.SeatsLeft) }

// Drafts returns the number of drafts.
func (c DecisionCounts) Drafts() int { return c.Admit + c.Waitlist + c.Reject }

// Beyond returns how many more people are to be admitted than seats are left.
func (c DecisionCounts) Beyond() int { return max(0, c.Admit-c.SeatsLeft) }

// CheckRelease fails with ErrNothingToRelease, or ErrAdmittedBeyond with the counts of the competition or a division.
func (c DecisionCounts) CheckRelease() error {
	switch beyond := c.Beyond(); {
	case c.Drafts() == 0:
		return ErrNothingToRelease
	case beyond > 0:
		refusal := *ErrAdmittedBeyond
		refusal.Detail = fmt.Sprintf("You're admitting %d, but only %s left. Change %s to WAITLIST or REJECT, or "+
			"raise the capacity.", c.Admit, counted(c.SeatsLeft, "seat is", "seats are"),
			counted(beyond, "decision", "decisions"))
		return &refusal
	}
	for _, d := range c.Divisions {
		if beyond := d.Beyond(); beyond > 0 {
			refusal := *ErrAdmittedBeyond
			refusal.Detail = fmt.Sprintf("You're admitting %d to %q, which has %s left. Change %d of these "+
				"decisions to WAITLIST or REJECT, or raise the division's capacity.", d.Admit, d.Name,
				counted(d.SeatsLeft, "seat", "seats"), beyond)
			return &refusal
		}
	}
	return nil
}

// counted is a number with what it counts.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Release is the release of all drafts of a competition at a moment. It is done in pages, in order of arrival.
type Release struct {
	ID            string
	CompetitionID string
	StartedBy     string // id of the user; empty once the account was deleted
	StartedAt     time.Time
	Total         int   // drafts at its start
	AfterSeq      int64 // all drafts up to this Seq are done
	Admitted      int
	Waitlisted    int
	Rejected      int
	Unseated      int // drafts that remain: the last seat was taken in the meantime
	Dropped       int // drafts that no longer applied
	FinishedAt    *time.Time
	Failed        bool // its job has used up its attempts; only LastRelease tells
}

// Done returns the number of drafts that have been dealt with.
func (r *Release) Done() int {
	return r.Admitted + r.Waitlisted + r.Rejected + r.Unseated + r.Dropped
}

// ReleasePage is the release that is under way and its next drafts, in order of Seq, with their registrations.
type ReleasePage struct {
	Release       Release // with an empty ID: none is under way
	Drafts        []Draft
	Registrations []Registration
}

// CheckDeciding fails if no decisions can be made about applications now: ErrNotReviewed, ErrCompetitionCancelled,
// ErrDecidingOver.
func (c *Competition) CheckDeciding(now time.Time) error {
	switch {
	case !c.Reviewed():
		return ErrNotReviewed
	case c.Status == StatusCancelled:
		return ErrCompetitionCancelled
	case c.Started(now):
		return ErrDecidingOver
	}
	return nil
}

// Decidable reports whether staff can decide about the registration. Those who follow a captain go along.
func (r *Registration) Decidable() bool {
	return !r.Follows && slices.Contains(DecidableStatuses, r.Status)
}

// Decide returns the status that a draft gives to its registration. It is empty if the draft no longer applies or
// changes nothing. It fails with ErrCompetitionFull or ErrDivisionFull if there is no seat left.
func (c *Competition) Decide(d Draft, r *Registration) (RegistrationStatus, error) {
	to := d.Decision.becomes()
	switch {
	case r.Seq != d.Seq || !r.Decidable() || r.Status == to:
		return "", nil
	case !to.HoldsSeat():
		return to, nil
	case !c.Room(r.DivisionID):
		return "", c.Full(r.DivisionID)
	case c.OfferHours == nil:
		return RegistrationPending, nil
	}
	return to, nil
}
