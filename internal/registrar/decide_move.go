package registrar

import (
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

type move struct{ compete.MoveCommand }

func (c *move) name() string { return "move" }

func (c *move) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *move) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil {
		return result{}, compete.ErrRegistrationGone, nil
	}
	competition := b.competitions[r.CompetitionID]
	status, refusal, err := c.plan(b, competition, r, now)
	if refusal == nil && err == nil {
		err = c.apply(b, competition, r, status, now)
	}
	return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, refusal,
		err
}

// plan returns the status that the registration would have in the division, and changes nothing yet.
func (c *move) plan(
	b *batch, competition *competition, r *compete.Registration, now time.Time,
) (status compete.RegistrationStatus, refusal, err error) {
	refusal = r.CheckMove(c.Actor, &competition.Competition, c.DivisionID, now)
	if refusal != nil || r.DivisionID == c.DivisionID {
		return "", refusal, nil
	}
	one, err := b.teamOf(r)
	if err != nil || one != nil && !one.alone(r) {
		return "", compete.ErrTeamDivision, err
	}
	return c.becomes(b, competition, r)
}

// leaveBehind takes those out of the team whose application was rejected: they stay in their division, where they can
// be decided about anew.
func (c *move) leaveBehind(b *batch, competition *competition, r *compete.Registration, now time.Time) error {
	one, err := b.teamOf(r)
	if err != nil || one == nil {
		return err
	}
	for _, m := range slices.Clone(one.members) {
		if m == r {
			continue
		}
		if err := b.takeOut(competition, one, m, now); err != nil {
			return err
		}
	}
	return nil
}

// becomes returns the status that the registration gets in the other division. With review, who holds a seat keeps
// one, and everybody else applies anew; so does who waits for a draw.
func (c *move) becomes(
	b *batch, competition *competition, r *compete.Registration,
) (status compete.RegistrationStatus, refusal, err error) {
	if competition.Reviewed() || r.Status == compete.RegistrationApplied {
		if !r.Status.HoldsSeat() {
			return compete.RegistrationApplied, nil, nil
		}
		// A free seat isn't taken from those who were told to wait for one.
		if d := competition.Division(c.DivisionID); d.SeatsLeft == 0 || d.Waitlisted > 0 {
			return "", compete.ErrSeatKept, nil
		}
		return compete.RegistrationPending, nil, nil
	}
	seat, err := b.fitsAfterLeaving(competition, r, c.DivisionID)
	switch {
	case err != nil:
		return "", nil, err
	case seat:
		return compete.RegistrationPending, nil, nil
	case !competition.Waitlist:
		return "", competition.Full(c.DivisionID), nil
	case c.KeepSeat && r.Status.HoldsSeat():
		return "", compete.ErrSeatKept, nil
	}
	return compete.RegistrationWaitlisted, nil, nil
}

// fitsAfterLeaving reports whether a registration that leaves its division gets a seat in another one, as a newcomer
// there. Its old seat first goes to whoever waits for it, who may take the last one in the other division too.
func (b *batch) fitsAfterLeaving(c *competition, r *compete.Registration, divisionID string) (bool, error) {
	if waiting, err := b.firstWaiting(c); err != nil || waiting != nil {
		return false, err
	}
	before, status := c.Competition, r.Status
	c.leave(r)
	r.Status = compete.RegistrationCancelled // so that it waits for nothing
	next, err := b.firstWaiting(c)
	if next != nil {
		c.ChangeSeats(next.DivisionID, -1, -1)
	}
	seat := c.Room(divisionID)
	c.Competition, r.Status = before, status
	delete(c.waiting, r.DivisionID) // read without r
	return seat, err
}

// apply moves the registration, and passes its old seat on.
func (c *move) apply(
	b *batch, competition *competition, r *compete.Registration, status compete.RegistrationStatus, now time.Time,
) error {
	if r.DivisionID == c.DivisionID {
		r.Position = 0 // known only of who has just joined a line
		return nil
	}
	if err := c.leaveBehind(b, competition, r, now); err != nil {
		return err
	}
	was := compete.AuditFields("division", nameOf(competition, r.DivisionID), "status", r.Status)
	passesOn := r.Status.HoldsSeat() || !competition.Reviewed() && r.Status != compete.RegistrationApplied
	seats := r.Seats()
	competition.leave(r)
	r.Take(compete.EventMove, status)
	b.place(competition, r, c.DivisionID, now)
	b.recordAudit(compete.AuditRecord{
		At: now, Action: compete.AuditMoved, UserID: r.UserID, CompetitionID: r.CompetitionID, SubjectID: r.ID,
		Before: was,
		After:  compete.AuditFields("division", nameOf(competition, r.DivisionID), "status", r.Status, "seq", r.Seq),
	})
	if passesOn {
		if err := b.passSeat(competition, seats, now); err != nil {
			return err
		}
	}
	if r.Waits() > 0 { // as the last, and the seat may have gone to somebody before them
		r.Position = competition.Division(c.DivisionID).Waitlisted
	}
	return nil
}

func nameOf(c *competition, divisionID string) string {
	if d := c.Division(divisionID); d != nil {
		return d.Name
	}
	return ""
}
