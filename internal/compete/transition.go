package compete

import (
	"fmt"
	"slices"
)

// Event is a cause of a change of a registration's status.
type Event string

// The events. All except EventConfirm are decided by the registrar.
const (
	EventRegister    Event = "register"
	EventAdd         Event = "add"
	EventDecision    Event = "decision"
	EventDraw        Event = "draw"
	EventConfirm     Event = "confirm"
	EventSeatFreed   Event = "seat freed"
	EventAccept      Event = "accept"
	EventMove        Event = "move"
	EventDecline     Event = "decline"
	EventExpire      Event = "expire"
	EventCancel      Event = "cancel"
	EventRemove      Event = "remove"
	EventCompetition Event = "competition cancelled"
	EventErase       Event = "account deleted"
	EventJoin        Event = "join" // a team that waits or has a seat as a whole
	EventIncomplete  Event = "team incomplete"
)

// Transition is a row in the table of all status changes.
type Transition struct {
	From   RegistrationStatus // empty if there is no registration yet
	Event  Event
	To     RegistrationStatus
	Reason CancelReason // the cancellation reason, if To is CANCELLED
	When   string       // human-readable: who or what causes it
}

// Transitions lists all possible status changes. The registrar makes no others, and the API's documentation lists them.
var Transitions = slices.Concat(
	[]Transition{
		{"", EventRegister, RegistrationPending, "", "You register, a seat is free, and nobody is waiting."},
		{
			"", EventRegister, RegistrationWaitlisted, "",
			"You register, no seat is free, and the competition has a waitlist.",
		},
		{
			RegistrationCancelled, EventRegister, RegistrationPending, "",
			"You register again, with a new place in the order of arrival.",
		},
		{
			RegistrationCancelled, EventRegister, RegistrationWaitlisted, "",
			"You register again, at the end of the line.",
		},
		{
			"", EventRegister, RegistrationApplied, "",
			"You apply, and the competition's `admission` is `REVIEW` or `LOTTERY`.",
		},
		{
			RegistrationCancelled, EventRegister, RegistrationApplied, "",
			"You apply again, unless your application was rejected before.",
		},
		{
			"", EventAdd, RegistrationPending, "",
			"The organizer or an admin adds you, and a seat is free or they add one.",
		},
		{"", EventAdd, RegistrationWaitlisted, "", "The organizer or an admin adds you, and no seat is free."},
		{
			RegistrationCancelled, EventAdd, RegistrationPending, "",
			"The organizer or an admin adds you again, with a new place in the order of arrival.",
		},
		{
			RegistrationCancelled, EventAdd, RegistrationWaitlisted, "",
			"The organizer or an admin adds you again, at the end of the line.",
		},
		{
			RegistrationPending, EventConfirm, RegistrationConfirmed, "",
			"A moment later, along with the message that confirms it.",
		},
		{RegistrationWaitlisted, EventSeatFreed, RegistrationPending, "", "A seat opens up, and you're next in line."},
		{
			RegistrationWaitlisted, EventSeatFreed, RegistrationOffered, "",
			"A seat opens up, you're next in line, and the competition has `offerHours`.",
		},
		{RegistrationOffered, EventAccept, RegistrationPending, "", "You accept the offer before `confirmBy`."},
	},
	[]Transition{
		{
			RegistrationApplied, EventDraw, RegistrationPending, "",
			"You're among the first in the draw, as long as there are seats.",
		},
		{RegistrationApplied, EventDraw, RegistrationOffered, "", "The same, and the competition has `offerHours`."},
		{
			RegistrationApplied, EventDraw, RegistrationWaitlisted, "",
			"You're further back in the draw, or your account is disabled: the order drawn is your place in line.",
		},
	},
	moved(RegistrationPending, "You move to another division where a seat is free, with a new place in the order of "+
		"arrival.", seatedOrWaiting...),
	moved(RegistrationWaitlisted, "You move to another division, to the end of its waitlist.", seatedOrWaiting...),
	moved(RegistrationApplied, "You move to another division of a competition with review: you apply for that one.",
		RegistrationApplied, RegistrationWaitlisted),
	decided(RegistrationPending, "The organizer releases the decision `ADMIT`.", DecidableStatuses...),
	decided(RegistrationOffered, "The same, and the competition has `offerHours`.", DecidableStatuses...),
	decided(RegistrationWaitlisted, "The organizer releases the decision `WAITLIST`.",
		RegistrationApplied, RegistrationRejected),
	decided(RegistrationRejected, "The organizer releases the decision `REJECT`.",
		RegistrationApplied, RegistrationWaitlisted),
	joined(RegistrationPending, "You join a team that has a seat (`seatUnit` `TEAM`)."),
	joined(RegistrationOffered,
		"The organizer or an admin puts you into a team that is offered a seat (`seatUnit` `TEAM`)."),
	joined(RegistrationWaitlisted, "You join a team that is waiting (`seatUnit` `TEAM`)."),
	joined(RegistrationApplied, "You join a team that has applied (`seatUnit` `TEAM`)."),
	cancelled(EventIncomplete, CancelledIncomplete,
		"At the deadline, your team has too few members or you have no team, and the competition's rule is "+
			"`dropIncomplete`.",
		activeStatuses...),
	cancelled(EventDecline, CancelledBySelf, "You decline the offer.", RegistrationOffered),
	cancelled(EventExpire, CancelledByExpiry, "`confirmBy` passes without an answer.", RegistrationOffered),
	cancelled(EventCancel, CancelledBySelf, "You cancel.", activeStatuses...),
	cancelled(EventRemove, CancelledByOrganizer, "The organizer or an admin removes you.", activeStatuses...),
	cancelled(EventCompetition, CancelledByCompetition, "The competition is cancelled.", activeStatuses...),
	cancelled(EventErase, CancelledByErasure, "Your account is deleted.", RegistrationStatuses...),
)

var seatedOrWaiting = []RegistrationStatus{
	RegistrationConfirmed, RegistrationPending, RegistrationOffered, RegistrationWaitlisted,
}

// joined is for people who are new, and for those who come from another team.
func joined(to RegistrationStatus, when string) []Transition {
	return transitions(EventJoin, to, when, append(slices.Clone(hopefulStatuses), "", RegistrationCancelled))
}

func moved(to RegistrationStatus, when string, from ...RegistrationStatus) []Transition {
	return transitions(EventMove, to, when, from)
}

// DecidableStatuses are those of applications about which staff may decide.
var DecidableStatuses = []RegistrationStatus{RegistrationApplied, RegistrationWaitlisted, RegistrationRejected}

func decided(to RegistrationStatus, when string, from ...RegistrationStatus) []Transition {
	return transitions(EventDecision, to, when, from)
}

func transitions(by Event, to RegistrationStatus, when string, from []RegistrationStatus) []Transition {
	rows := make([]Transition, len(from))
	for i, status := range from {
		rows[i] = Transition{status, by, to, "", when}
	}
	return rows
}

func cancelled(by Event, reason CancelReason, when string, from ...RegistrationStatus) []Transition {
	rows := make([]Transition, len(from))
	for i, status := range from {
		rows[i] = Transition{status, by, RegistrationCancelled, reason, when}
	}
	return rows
}

// Take changes the status as described by a row of Transitions, along with the fields that only depend on it: the
// cancellation reason and the place in line. It panics if there is no such row, because that is a mistake of the
// caller.
func (r *Registration) Take(by Event, to RegistrationStatus) {
	for i := range Transitions {
		if t := &Transitions[i]; t.From == r.Status && t.Event == by && t.To == to {
			r.Status, r.CancelReason, r.Position = to, t.Reason, 0
			return
		}
	}
	panic(fmt.Sprintf("no transition from %q by %q to %q", r.Status, by, to))
}
