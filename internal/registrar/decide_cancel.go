package registrar

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
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
	if refusal := r.CheckCancel(c.Actor, &competition.Competition, now); refusal != nil {
		return result{}, refusal, nil
	}
	if r.Status == compete.RegistrationCancelled {
		return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, nil,
			nil
	}
	if refusal, err := b.leaveTeam(competition, r, c.Actor, now); refusal != nil || err != nil {
		return result{}, refusal, err
	}
	before, seats := r.Status, r.Seats()
	if r.UserID == c.Actor.UserID {
		b.cancel(competition, r, compete.EventCancel, now)
		r.Removal = compete.Removal{Blocked: before == compete.RegistrationRejected}
		b.recordChange(compete.AuditCancelled, "", r, before,
			compete.AuditFields("status", r.Status, "reason", r.CancelReason), now)
		b.notify(r, compete.GaveUp(before))
	} else {
		b.cancel(competition, r, compete.EventRemove, now)
		r.Removal = c.Removal
		r.Removal.Blocked = r.Removal.Blocked || before == compete.RegistrationRejected
		b.recordChange(compete.AuditRemoved, "", r, before,
			compete.AuditFields("status", r.Status, "blocked", r.Removal.Blocked, "notified", !c.Silent), now)
		if !c.Silent {
			b.notify(r, compete.MessageRemoved)
		}
	}
	err := b.passSeat(competition, seats, now)
	return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, nil, err
}

// leaveTeam takes somebody out of their team who is about to leave the competition. A captain has to hand over first.
func (b *batch) leaveTeam(
	c *competition, r *compete.Registration, a compete.Actor, now time.Time,
) (refusal, err error) {
	one, err := b.teamOf(r)
	if err != nil || one == nil {
		return nil, err
	}
	if r.UserID == a.UserID && one.needs(r) {
		return compete.ErrCaptainMustHandOver, nil
	}
	if err := b.quit(c, r, now); err != nil {
		return nil, err
	}
	b.shutOut(c, one, r, a, now)
	return nil, nil
}

// cancel cancels the registration and frees its seat or its place on the waitlist.
func (b *batch) cancel(c *competition, r *compete.Registration, by compete.Event, now time.Time) {
	c.leave(r)
	c.dirty = true
	r.Take(by, compete.RegistrationCancelled)
	r.Follows, r.Looking = false, false
	b.markChanged(r, now)
}

// leave frees the seat or the place on the waitlist that the registration has.
func (c *competition) leave(r *compete.Registration) {
	c.ChangeSeats(r.DivisionID, r.Seats(), -r.Waits())
}

type unblock struct{ compete.UnblockCommand }

func (c *unblock) name() string { return "unblock" }

func (c *unblock) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *unblock) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil {
		return result{}, compete.ErrRegistrationGone, nil
	}
	if refusal := r.CheckUnblock(c.Actor, &b.competitions[r.CompetitionID].Competition); refusal != nil {
		return result{}, refusal, nil
	}
	if r.Removal.Blocked {
		r.Removal.Blocked, b.competitions[r.CompetitionID].dirty = false, true
		b.markChanged(r, now)
		b.recordChange(compete.AuditUnblocked, "", r, "", nil, now)
	}
	return result{outcome: compete.RegistrationOutcome{Registration: *r}}, nil, nil
}

type erase struct{ compete.EraseCommand }

func (c *erase) name() string { return "erase" }

func (c *erase) needs(n *needs) {
	for _, id := range c.RegistrationIDs {
		n.registrationIDs.add(id)
	}
}

func (c *erase) decide(b *batch, now time.Time) (result, error, error) {
	for _, id := range c.RegistrationIDs {
		r := b.byID[id]
		if r == nil || r.UserID != c.UserID || r.CancelReason == compete.CancelledByErasure {
			continue
		}
		competition := b.competitions[r.CompetitionID]
		if r.Status == compete.RegistrationCancelled {
			r.Removal = compete.Removal{}
			r.Take(compete.EventErase, compete.RegistrationCancelled)
			competition.dirty = true
			b.markChanged(r, now)
			continue
		}
		before := r.Status
		if err := b.quit(competition, r, now); err != nil {
			return result{}, nil, err
		}
		seats := r.Seats()
		b.cancel(competition, r, compete.EventErase, now)
		b.recordChange(compete.AuditCancelled, compete.ViaJob, r, before,
			compete.AuditFields("status", r.Status, "reason", r.CancelReason), now)
		r.Removal = compete.Removal{}
		if err := b.passSeat(competition, seats, now); err != nil {
			return result{}, nil, err
		}
	}
	return result{}, nil, nil
}

type transfer struct{ compete.TransferCommand }

func (c *transfer) name() string { return "transfer" }

func (c *transfer) needs(n *needs) {
	n.competitionIDs.add(c.CompetitionID)
	n.places.add(c.place())
}

// place returns the place that the new organizer would have if registered.
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
	before := competition.Competition
	competition.Organizer, competition.Suspended, competition.UpdatedAt = c.To, false, now
	competition.Version++
	was, is := compete.AuditDiff(&before, &competition.Competition)
	b.recordAudit(compete.AuditRecord{
		At: now, Action: compete.AuditCompetitionTransferred, UserID: c.To.ID, CompetitionID: competition.ID,
		Before: was, After: is,
	})
	return b.changedContent(competition, before, now)
}
