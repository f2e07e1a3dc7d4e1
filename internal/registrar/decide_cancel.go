package registrar

import (
	"time"

	"minicompete/internal/compete"
)

type cancel struct{ compete.CancelCommand }

func (c *cancel) name() string { return "cancel" }

func (c *cancel) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *cancel) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil {
		return result{}, compete.ErrRegistrationGone, nil
	}
	competition := b.competitions[r.CompetitionID]
	own, manages := r.UserID == c.Actor.UserID, competition.ManagedBy(c.Actor)
	switch {
	case !own && !manages:
		return result{}, compete.ErrRegistrationGone, nil
	case r.Status == compete.RegistrationCancelled:
		return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, nil, nil
	case !manages && competition.Started(now):
		return result{}, compete.ErrCompetitionStarted, nil
	}
	b.cancel(competition, r, compete.CancelledBySelf, now)
	if !own {
		r.CancelReason, r.Removal = compete.CancelledByOrganizer, c.Removal
	}
	if own {
		b.notify(r, compete.MessageCancelled)
	} else if !c.Silent {
		b.notify(r, compete.MessageRemoved)
	}
	_, err := b.promote(competition, 1, now)
	return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, nil, err
}

// cancel takes the seat or the place on the waitlist back.
func (b *batch) cancel(c *competition, r *compete.Registration, reason compete.CancelReason, now time.Time) {
	if r.Status.HoldsSeat() {
		c.SeatsLeft++
	} else {
		c.Waitlisted--
	}
	c.dirty = true
	r.Status, r.Position, r.CancelReason = compete.RegistrationCancelled, 0, reason
	b.touch(r, now)
}

type unblock struct{ compete.UnblockCommand }

func (c *unblock) name() string { return "unblock" }

func (c *unblock) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *unblock) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil || !b.competitions[r.CompetitionID].ManagedBy(c.Actor) {
		return result{}, compete.ErrRegistrationGone, nil
	}
	if r.Removal.Blocked {
		r.Removal.Blocked, b.competitions[r.CompetitionID].dirty = false, true
		b.touch(r, now)
	}
	return result{outcome: compete.RegistrationOutcome{Registration: *r}}, nil, nil
}

type transfer struct{ compete.TransferCommand }

func (c *transfer) name() string { return "transfer" }

func (c *transfer) needs(n *needs) {
	n.competitionIDs.add(c.CompetitionID)
	n.places.add(c.place())
}

// place is where the new organizer would be registered.
func (c *transfer) place() compete.Place {
	return compete.Place{UserID: c.To.ID, CompetitionID: c.CompetitionID}
}

func (c *transfer) decide(b *batch, now time.Time) (result, error, error) {
	competition, refusal := b.managed(c.CompetitionID, c.Actor)
	if refusal != nil {
		return result{}, refusal, nil
	}
	if r := b.places[c.place()]; r != nil && r.Status != compete.RegistrationCancelled {
		return result{}, compete.ErrOrganizerRegistered, nil
	}
	if competition.Organizer.ID == c.To.ID {
		return result{outcome: compete.RegistrationOutcome{Competition: competition.Competition}}, nil, nil
	}
	competition.Organizer, competition.Suspended, competition.UpdatedAt = c.To, false, now
	competition.Version++
	return b.changedContent(competition, now)
}
