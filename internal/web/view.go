package web

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// fillingFrom is the percentage of seats taken from which an open competition is shown as filling.
const fillingFrom = 75

// seatsView returns how a phase is shown. "Filling" is a way to show an open competition, not a phase.
func seatsView(s compete.Seats) ui.Seats {
	view := ui.Seats{
		CompetitionID: s.CompetitionID, Capacity: s.Capacity, Left: s.SeatsLeft, Waitlisted: s.Waitlisted,
		Applies: s.Applied,
	}
	switch s.Phase {
	case compete.PhaseOpen:
		view.State = ui.StateOpen
		if !s.Applied && (s.Capacity-s.SeatsLeft)*100 >= s.Capacity*fillingFrom { // applying doesn't take a seat
			view.State = ui.StateFilling
		}
	case compete.PhaseDraft:
		view.State = ui.StateDraft
	case compete.PhaseUpcoming:
		view.State = ui.StateUpcoming
	case compete.PhaseWaitlist:
		view.State = ui.StateWaitlist
	case compete.PhaseFull:
		view.State = ui.StateFull
	case compete.PhaseClosed:
		view.State = ui.StateClosed
	case compete.PhaseCancelled:
		view.State = ui.StateCancelled
	}
	return view
}

func registrationState(r *compete.Registration) ui.State {
	switch r.Status {
	case compete.RegistrationPending:
		return ui.StatePending
	case compete.RegistrationConfirmed:
		return ui.StateConfirmed
	case compete.RegistrationOffered:
		return ui.StateOffered
	case compete.RegistrationApplied:
		return ui.StateApplied
	case compete.RegistrationWaitlisted:
		return ui.StateWaitlisted
	case compete.RegistrationRejected:
		return ui.StateRejected
	case compete.RegistrationCancelled:
		switch r.CancelReason { //nolint:exhaustive // the other reasons need no explanation
		case compete.CancelledByOrganizer:
			return ui.StateRemoved
		case compete.CancelledByExpiry:
			return ui.StateExpired
		}
	}
	return ui.StateCancelled
}

// ownState is the state of a registration as the person themselves sees it. Whoever has a seat is in, whether or not a
// worker has confirmed it yet.
func ownState(r *compete.Registration) ui.State {
	if state := registrationState(r); state != ui.StatePending {
		return state
	}
	return ui.StateConfirmed
}

func cardView(c *compete.Competition, now time.Time) ui.CompetitionCard {
	return ui.CompetitionCard{
		ID: c.ID, Title: c.Title, Location: c.Location, Tags: c.Tags,
		Starts: c.StartDate, Opens: c.RegOpensAt, Deadline: c.RegDeadline, Zone: c.Zone(),
		Seats: seatsView(c.Seats(now)), Day: startDay(c), Cover: coverView(c), Admits: admits(c),
	}
}

// admits says how a competition gives its seats; empty: first come, first served.
func admits(c *compete.Competition) string {
	switch {
	case c.Drawn():
		return "Lottery"
	case c.Reviewed():
		return "By application"
	}
	return ""
}

func cardViews(competitions []compete.Competition, now time.Time) []ui.CompetitionCard {
	cards := make([]ui.CompetitionCard, len(competitions))
	for i := range competitions {
		cards[i] = cardView(&competitions[i], now)
	}
	return cards
}

// standKinds maps phases to what people see who aren't registered.
var standKinds = map[compete.Phase]pages.StandKind{
	compete.PhaseDraft:     pages.StandDraft,
	compete.PhaseUpcoming:  pages.StandUpcoming,
	compete.PhaseOpen:      pages.StandOpen,
	compete.PhaseWaitlist:  pages.StandWaitlist,
	compete.PhaseFull:      pages.StandFull,
	compete.PhaseClosed:    pages.StandClosed,
	compete.PhaseCancelled: pages.StandCancelled,
}

// standView describes the actor's status. mine is the actor's registration, or nil if there never was one.
func standView(c *compete.Competition, mine *compete.Registration, a compete.Actor, now time.Time) pages.Stand {
	phase := c.Phase(now)
	seats := seatsView(c.Seats(now))
	s := pages.Stand{
		ID: c.ID, Title: c.Title, Kind: standKinds[phase], Phase: string(phase), State: seats.State, Seats: seats,
		Opens: c.RegOpensAt, Deadline: c.RegDeadline, Starts: c.StartDate, Zone: c.Zone(),
		Review: c.TakesApplications(), Lottery: c.Drawn(), NeedsCode: c.NeedsCode, OfferHours: c.OfferHours,
		Divided: len(c.Divisions) > 0, LoggedIn: a.LoggedIn(), Own: a.LoggedIn() && c.OrganizedBy(a),
		Paused: paused(c, now),
	}
	if !s.Own {
		s.Key = rand.Text()
	}
	s.Questions = fillsIn(c)
	s.Asks = s.LoggedIn && !s.Own && (s.Questions || len(c.Divisions) > 0 && phase == compete.PhaseUpcoming)
	if mine == nil || phase == compete.PhaseCancelled {
		return s
	}
	s.Registered = mine.RegisteredAt
	s.CanWithdraw = !c.Started(now)
	s.CanAnswer = s.Asks && len(c.QuestionsAt(true, now)) > 0 && mine.CheckEdit(a, c, now) == nil
	if mine.Status != compete.RegistrationCancelled && len(c.Divisions) > 0 {
		s.DivisionID, s.Division = mine.DivisionID, divisionName(c, mine.DivisionID)
		open := phase == compete.PhaseOpen || phase == compete.PhaseWaitlist || phase == compete.PhaseFull
		s.CanMove = open && len(c.Divisions) > 1 && mine.Status != compete.RegistrationOffered &&
			mine.Status != compete.RegistrationRejected
	}
	switch {
	case mine.Status == compete.RegistrationOffered:
		s.Kind, s.State = pages.StandOffered, ui.StateOffered
		s.ConfirmBy, s.Expired = *mine.ConfirmBy, !mine.OfferOpen(now)
		s.Passes = c.Passes(mine.DivisionID, now)
	case mine.Status.HoldsSeat():
		s.Kind, s.State = pages.StandIn, ownState(mine)
		s.Number, s.Promoted, s.Pending = mine.Seq, mine.PromotedAt != nil, mine.Status == compete.RegistrationPending
	case mine.Status == compete.RegistrationApplied:
		s.Kind, s.State, s.Number = pages.StandApplied, ui.StateApplied, mine.Seq
	case mine.Status == compete.RegistrationRejected:
		s.Kind, s.State, s.Number = pages.StandRejected, ui.StateRejected, mine.Seq
	case mine.Status == compete.RegistrationWaitlisted:
		s.Kind, s.State = pages.StandWaitlisted, ui.StateWaitlisted
		s.Place, s.Ahead = ui.Ordinal(mine.Position), max(mine.Position-1, 0)
	case mine.CancelReason == compete.CancelledByOrganizer:
		s.Removed, s.Reason, s.ByCaptain = true, mine.Removal.Reason, mine.Removal.MaybeByCaptain(c)
		if mine.Removal.Blocked {
			s.Kind, s.State = pages.StandBlocked, ui.StateRemoved
		}
	case mine.WithdrawnRejection():
		s.Kind, s.State, s.Withdrawn = pages.StandBlocked, ui.StateRejected, true
	case mine.OfferExpired():
		s.Expired = true
	case mine.CancelReason == compete.CancelledIncomplete:
		s.TooSmall = true
	default:
		s.Withdrawn = true
	}
	return s
}

// paused reports whether registration is closed before its time, as nobody answers for the competition.
func paused(c *compete.Competition, now time.Time) bool {
	return c.Suspended && now.Before(c.RegDeadline)
}

// formErrors returns the messages of a refusal, by field. A refusal that isn't about a field applies to the whole form.
func formErrors(e *compete.Error) pages.Errors {
	errors := make(pages.Errors, len(e.Fields)+1)
	for _, f := range e.Fields {
		errors[fieldName(f.Field)] = sentence(f.Message)
	}
	if len(e.Fields) == 0 {
		errors[""] = plainText(e)
	}
	return errors
}

// formStatus returns the status of a refused form. It is never 401: browsers don't keep such a page, and going back to
// it would show a page of the browser's own.
func formStatus(e *compete.Error) int {
	if e.Kind == compete.KindUnauthorized {
		return http.StatusUnprocessableEntity
	}
	return problem.Status(e.Kind)
}

// refused distinguishes errors to be shown in the form from those shown instead of the page: false for them, and for
// nil. It also sets when to retry, if a shown error says so.
func (v *visit) refused(err error) (*compete.Error, bool) {
	e := compete.AsError(err)
	switch e.Kind {
	case compete.KindInvalid, compete.KindConflict, compete.KindPreconditionFailed, compete.KindTooManyRequests,
		compete.KindUnavailable:
		v.retryAfter(e)
		return e, true
	case compete.KindInternal, compete.KindUnauthorized, compete.KindForbidden, compete.KindNotFound,
		compete.KindPreconditionRequired, compete.KindUnreadable:
	}
	return e, false
}
