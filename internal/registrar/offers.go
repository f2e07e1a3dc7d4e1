package registrar

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

type answerOffer struct{ compete.AnswerOfferCommand }

func (c *answerOffer) name() string { return "answer offer" }

func (c *answerOffer) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *answerOffer) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil {
		return result{}, compete.ErrRegistrationGone, nil
	}
	competition := b.competitions[r.CompetitionID]
	done, refusal := r.CheckOffer(c.Actor, &competition.Competition, c.Accept, now)
	if refusal != nil {
		return result{}, refusal, nil
	}
	var err error
	switch {
	case done:
	case c.Accept:
		err = b.accept(competition, r, now)
	default:
		if !competition.SeatsPerTeam() {
			if refusal, err := b.leaveTeam(competition, r, c.Actor, now); refusal != nil || err != nil {
				return result{}, refusal, err
			}
		}
		if err = b.endOffer(competition, r, compete.EventDecline, compete.MessageOfferDeclined, now); err == nil {
			err = b.passSeat(competition, 1, now)
		}
	}
	return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, nil, err
}

// accept turns the offer into a registration, for a captain also those of the team.
func (b *batch) accept(c *competition, r *compete.Registration, now time.Time) error {
	before := r.Status
	r.Take(compete.EventAccept, compete.RegistrationPending)
	c.dirty = true
	b.markChanged(r, now)
	b.recordChange(compete.AuditAccepted, "", r, before, statusAndSeq(r), now)
	b.notify(r, compete.MessageConfirmed)
	return b.follow(c, r, compete.EventAccept, compete.AuditAccepted, "", compete.MessageConfirmed, now)
}

// endOffer takes back the seat of an offer that was declined or expired.
func (b *batch) endOffer(
	c *competition, r *compete.Registration, by compete.Event, message compete.MessageKind, now time.Time,
) error {
	action, via := compete.AuditDeclined, compete.Via("")
	if by == compete.EventExpire {
		action, via = compete.AuditOfferExpired, compete.ViaJob
	}
	return b.end(c, r, by, action, via, message, now)
}

type expireOffers struct{ registrationIDs []string }

func (c *expireOffers) name() string { return "expire offers" }

func (c *expireOffers) needs(n *needs) {
	for _, id := range c.registrationIDs {
		n.registrationIDs.add(id)
	}
}

func (c *expireOffers) decide(b *batch, now time.Time) (answer result, refusal, err error) {
	for _, id := range c.registrationIDs {
		r := b.byID[id]
		if r == nil || r.Follows || !r.OfferOver(now) {
			continue
		}
		competition := b.competitions[r.CompetitionID]
		if competition.Status == compete.StatusCancelled { // people are notified of that instead, page by page
			continue
		}
		answer.count++
		err := b.endOffer(competition, r, compete.EventExpire, compete.MessageOfferExpired, now)
		if err == nil {
			err = b.passSeat(competition, 1, now)
		}
		if err != nil {
			return result{}, nil, err
		}
	}
	return answer, nil, nil
}

// give assigns a free seat to the next person in line, as an offer or permanently.
func (b *batch) give(c *competition, r *compete.Registration, now time.Time) error {
	c.ChangeSeats(r.DivisionID, -1, -1)
	c.taken++
	c.dirty = true
	r.PromotedAt, r.ConfirmBy = &now, c.OfferedUntil(now)
	if r.ConfirmBy == nil {
		r.Take(compete.EventSeatFreed, compete.RegistrationPending)
		b.recordChange(compete.AuditPromoted, compete.ViaJob, r, compete.RegistrationWaitlisted, statusAndSeq(r), now)
		b.notify(r, compete.MessagePromoted)
		b.markChanged(r, now)
		return b.follow(c, r, compete.EventSeatFreed, compete.AuditPromoted, compete.ViaJob, compete.MessagePromoted,
			now)
	}
	r.Take(compete.EventSeatFreed, compete.RegistrationOffered)
	b.recordChange(compete.AuditOffered, compete.ViaJob, r, compete.RegistrationWaitlisted,
		offerFields(r), now)
	b.notify(r, compete.MessageOffered)
	b.remind(r, now)
	b.markChanged(r, now)
	return b.follow(c, r, compete.EventSeatFreed, compete.AuditOffered, compete.ViaJob, compete.MessageOffered, now)
}

// remind schedules the reminder of an offer for half of the remaining time.
func (b *batch) remind(r *compete.Registration, now time.Time) {
	b.later(r, compete.MessageOfferReminder, "", r.ConfirmBy.Sub(now)/2)
}

// later requests a message after a while, if it still holds then. occasionID is as in Notice.
func (b *batch) later(r *compete.Registration, kind compete.MessageKind, occasionID string, wait time.Duration) {
	run := compete.NoticeRun{
		CompetitionID: r.CompetitionID, First: r.Seq, Last: r.Seq, Kind: kind, OccasionID: occasionID,
	}
	if n := len(b.reminders); n > 0 {
		job := &b.reminders[n-1]
		last := &job.Runs[len(job.Runs)-1]
		if sameMinute := (job.Wait - wait).Abs() < time.Minute; sameMinute && job.Len() < DefaultBatchSize {
			if last.CompetitionID == r.CompetitionID && last.Kind == kind && last.OccasionID == occasionID &&
				last.Last == r.Seq-1 {
				last.Last = r.Seq
			} else {
				job.Runs = append(job.Runs, run)
			}
			return
		}
	}
	b.reminders = append(b.reminders, compete.NotifyJob{Runs: []compete.NoticeRun{run}, Wait: wait})
}

// shorten makes a page of offers end at the start, which was brought forward, and reports whether there may be more.
func (b *batch) shorten(c *competition, now time.Time) (more bool, err error) {
	if c.StartDate == nil {
		return false, nil
	}
	// The database may still list offers that this batch has ended, so read that many more.
	n := pageSize + len(b.updated)
	rows, err := b.tx.Offered(b.ctx, c.ID, *c.StartDate, n)
	if err != nil {
		return false, err
	}
	for _, r := range b.page(rows) {
		if r.CompetitionID != c.ID || r.Status != compete.RegistrationOffered || !r.ConfirmBy.After(*c.StartDate) {
			continue
		}
		before := r.ConfirmBy
		r.ConfirmBy = c.StartDate
		c.dirty = true
		b.markChanged(r, now)
		b.recordAudit(compete.AuditRecord{
			At: now, Action: compete.AuditOfferShortened, Via: compete.ViaJob, UserID: r.UserID,
			CompetitionID: c.ID, SubjectID: r.ID,
			Before: compete.AuditFields("confirmBy", before), After: compete.AuditFields("confirmBy", r.ConfirmBy),
		})
		if r.OfferOpen(now) && !r.Follows {
			b.remind(r, now)
		}
	}
	return len(rows) == n, nil
}
