package registrar

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// A page of decisions, or of places of a draw, has as many as others can be kept waiting for: that depends on the
// database, on what else the machine does, and on what else is in the batch.
const (
	minStep  = 8 // more than the people of a model, whose test must not depend on time
	maxStep  = 256
	stepTime = 30 * time.Millisecond
)

// step returns the size of the next page, from that of the last one and how long its transaction was open.
func step(last int, held time.Duration) int {
	next := int64(last) * int64(stepTime) / max(int64(held), 1)
	return int(min(max(next, minStep), maxStep, int64(2*last)))
}

type release struct{ competitionID string }

func (c *release) name() string { return "release" }

func (c *release) needs(n *needs) { n.competitionIDs.add(c.competitionID) }

func (c *release) decide(b *batch, now time.Time) (result, error, error) {
	competition := b.competitions[c.competitionID]
	if competition == nil {
		return result{}, compete.ErrCompetitionMissing, nil
	}
	if competition.released || competition.handed { // what it wrote can't be read before the commit
		return result{more: true}, nil, nil
	}
	page, err := b.tx.ReleasePage(b.ctx, c.competitionID, b.step)
	if err != nil || page.Release.ID == "" {
		return result{}, nil, err
	}
	b.addRead(page.Registrations)
	if err := b.fetchTeamsOf(competition, page.Registrations); err != nil {
		return result{}, nil, err
	}
	progress := compete.LedgerRelease{Release: page.Release}
	open := competition.Promotes(now)
	if open {
		for _, d := range page.Drafts {
			if err := b.applyDraft(competition, d, &progress, now); err != nil {
				return result{}, nil, err
			}
		}
	}
	if !open || len(page.Drafts) < b.step {
		progress.FinishedAt = &now
	}
	competition.released, competition.dirty = true, true
	b.releases = append(b.releases, progress)
	return result{more: progress.FinishedAt == nil}, nil, nil
}

// applyDraft makes one decision take effect. If that would take a seat that isn't there, the draft remains.
func (b *batch) applyDraft(
	c *competition, d compete.Draft, progress *compete.LedgerRelease, now time.Time,
) error {
	progress.AfterSeq = d.Seq
	r := b.byID[d.RegistrationID]
	to, refusal := c.Decide(d, r)
	switch {
	case refusal != nil:
		progress.Unseated++
		return nil //nolint:nilerr // what finds no room stays a draft
	case to == "":
		progress.Dropped++
	case to == compete.RegistrationWaitlisted:
		progress.Waitlisted++
	case to == compete.RegistrationRejected:
		progress.Rejected++
	default:
		progress.Admitted++
	}
	progress.Done = append(progress.Done, d.RegistrationID)
	if to == "" {
		return nil
	}
	if d.Disabled {
		b.disabled = append(b.disabled, r.ID)
	}
	return b.decided(c, r, to, progress.ID, now)
}

// decided gives a registration the status that was decided; for a captain, also those of the team where seats are for
// teams.
func (b *batch) decided(
	c *competition, r *compete.Registration, to compete.RegistrationStatus, releaseID string, now time.Time,
) error {
	before := r.Status
	if before == compete.RegistrationWaitlisted {
		c.ChangeSeats(r.DivisionID, 0, -1)
	}
	r.Take(compete.EventDecision, to)
	notice := compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageConfirmed}
	after := statusAndSeq(r)
	switch to { //nolint:exhaustive // the others can't be decided
	case compete.RegistrationOffered:
		r.ConfirmBy = c.OfferedUntil(now)
		notice.Kind = compete.MessageOffered
		after = offerFields(r)
		b.remind(r, now)
	case compete.RegistrationWaitlisted:
		c.ChangeSeats(r.DivisionID, 0, 1)
		delete(c.waiting, r.DivisionID) // the place is by Seq, so it may be anywhere
		notice.Kind, notice.OccasionID = compete.MessageWaitlisted, releaseID
	case compete.RegistrationRejected:
		notice.Kind, notice.OccasionID = compete.MessageRejected, releaseID
	}
	if to.HoldsSeat() {
		c.ChangeSeats(r.DivisionID, -1, 0)
		c.taken++
	}
	b.markChanged(r, now)
	b.recordChange(compete.AuditDecided, compete.ViaJob, r, before, after, now)
	b.notices = append(b.notices, notice)
	if c.Team != nil && !c.SeatsPerTeam() {
		return b.decidedInTeam(c, r, before, now)
	}
	return b.along(c, r, func(m *compete.Registration) {
		before := m.Status
		m.Take(compete.EventDecision, to)
		m.ConfirmBy = r.ConfirmBy
		b.markChanged(m, now)
		b.recordChange(compete.AuditDecided, compete.ViaJob, m, before, statusAndSeq(m), now)
		notice.RegistrationID, notice.Seq = m.ID, m.Seq
		b.notices = append(b.notices, notice)
	})
}

// decidedInTeam sees to the team of somebody who was decided about alone. Its captain is somebody who wasn't rejected,
// as long as there is one, and is warned if the team is too small from now on. Who was rejected before doesn't come
// back into a team that others have filled: they are taken out of it.
func (b *batch) decidedInTeam(
	c *competition, r *compete.Registration, before compete.RegistrationStatus, now time.Time,
) error {
	one, err := b.teamOf(r)
	if err != nil || one == nil {
		return err
	}
	if captain := one.captain(); !captain.Status.Hopeful() {
		if next := one.successor(captain); next != nil && next.Status.Hopeful() {
			if err := b.handOver(c, one, next, compete.ViaJob, now); err != nil {
				return err
			}
		}
	}
	if r.Status == compete.RegistrationRejected && one.size() == c.Team.Min-1 {
		b.warn(c, one.captain(), now)
	}
	if before == compete.RegistrationRejected && one.size() > c.Team.Max {
		return b.takeOut(c, one, r, now)
	}
	return nil
}

// anyRegistered reports whether anybody has a registration for the competition, or in one of its divisions unless
// divisionID is empty, that isn't cancelled.
func (b *batch) anyRegistered(c *competition, divisionID string) (bool, error) {
	rows, err := b.tx.Uncancelled(b.ctx, c.ID, divisionID, len(b.updated)+1)
	if err != nil {
		return false, err
	}
	b.addRead(rows)
	for _, r := range b.byID {
		if r.CompetitionID == c.ID && r.Status != compete.RegistrationCancelled &&
			(divisionID == "" || r.DivisionID == divisionID) {
			return true, nil
		}
	}
	return false, nil
}

// checkApplications refuses to change divisions against those who have applied, as Apply does against those who hold
// seats or wait.
func (b *batch) checkApplications(c *competition, changed *compete.Competition) (refusal, err error) {
	if !c.TakesApplications() {
		return nil, nil
	}
	if len(c.Divisions) == 0 && len(changed.Divisions) > 0 {
		if some, err := b.anyRegistered(c, ""); err != nil || some {
			return compete.ErrDivisionsTooLate, err
		}
	}
	for i := range c.Divisions {
		id := c.Divisions[i].ID
		if changed.Division(id) != nil {
			continue
		}
		if some, err := b.anyRegistered(c, id); err != nil || some {
			return compete.DivisionNotEmpty(c.Divisions[i].Name, "applications"), err
		}
	}
	return nil, nil
}
