package registrar

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

type drawing struct{ competitionID string }

func (c *drawing) name() string { return "draw" }

func (c *drawing) needs(n *needs) { n.competitionIDs.add(c.competitionID) }

func (c *drawing) decide(b *batch, now time.Time) (result, error, error) {
	competition := b.competitions[c.competitionID]
	switch {
	case competition == nil:
		return result{}, compete.ErrCompetitionMissing, nil
	case !competition.Promotes(now):
		return result{}, nil, nil
	case competition.drawn, competition.handed: // what it wrote can't be read before the commit
		return result{more: true}, nil, nil
	}
	page, err := b.tx.DrawPage(b.ctx, c.competitionID, b.step)
	if err != nil || page.Draw.CompetitionID == "" {
		return result{}, nil, err
	}
	b.addRead(page.Registrations)
	others := b.messages()
	defer func() { b.drawnMessages += b.messages() - others }()
	d := page.Draw
	for _, p := range page.Places {
		if err := b.drawPlace(competition, p, &d, now); err != nil {
			return result{}, nil, err
		}
	}
	if len(page.Places) < b.step {
		d.FinishedAt = &now
	}
	competition.drawn, competition.dirty = true, true
	b.draws = append(b.draws, d)
	// Seats are left although people wait, if these were all to be skipped.
	more, err := b.promote(competition, pageSize, now)
	if more {
		b.settle = append(b.settle, c.competitionID)
	}
	return result{more: d.FinishedAt == nil}, nil, err
}

// drawPlace gives a registration what its place in the draw is worth.
func (b *batch) drawPlace(c *competition, p compete.DrawPlace, d *compete.Draw, now time.Time) error {
	d.LastPlace = p.Place
	r := b.byID[p.RegistrationID]
	waiting, err := b.firstWaiting(c)
	if err != nil {
		return err
	}
	to := c.DrawTo(r, p.Disabled || waiting != nil)
	if to == "" {
		d.Dropped++
		return nil
	}
	before := r.Status
	r.Take(compete.EventDraw, to)
	r.Seq = c.NextSeq
	c.NextSeq++
	after, message := statusAndSeq(r), compete.MessageConfirmed
	switch to {
	case compete.RegistrationWaitlisted:
		d.Waitlisted++
		c.ChangeSeats(r.DivisionID, 0, 1)
		delete(c.waiting, r.DivisionID) // it's read anew when a seat becomes free
		if p.Disabled {
			b.disabled = append(b.disabled, r.ID)
		}
		message = compete.MessageWaitlisted
	case compete.RegistrationOffered:
		r.ConfirmBy = c.OfferedUntil(now)
		after = offerFields(r)
		b.remind(r, now)
		message = compete.MessageOffered
	default: // a seat
	}
	b.notify(r, message)
	if to.HoldsSeat() {
		d.Seated++
		c.ChangeSeats(r.DivisionID, -1, 0)
		c.taken++
	}
	b.markChanged(r, now)
	b.recordChange(compete.AuditDrawn, compete.ViaJob, r, before, after, now)
	return b.follow(c, r, compete.EventDraw, compete.AuditDrawn, compete.ViaJob, message, now)
}
