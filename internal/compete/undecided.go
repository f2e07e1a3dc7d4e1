package compete

import (
	"context"
	"errors"
	"fmt"
)

// MailPreview is the message that everybody with a decision will get, as written to the first of them.
type MailPreview struct {
	Decision Decision
	Count    int // people with this decision, or teams where a seat is for a team
	Messages int // how many people get it
	To       Participant
	Wording  Wording
}

// maxSplitTeams is how many teams ReleasePreview names.
const maxSplitTeams = 20

// ReleasePreview is what a release would do now.
type ReleasePreview struct {
	State DecisionState
	Mails []MailPreview // one for each decision that there is
	// Split are teams whose members would differ: at most maxSplitTeams, and whether there are More. Where a seat is
	// for a team, its members have one decision.
	Split []Team
	More  bool
}

// Preview tells what a release would do, with the message for each decision among the drafts, without sending it, for
// the competition's organizer and admins.
func (s *Applications) Preview(ctx context.Context, a Actor, competitionID string) (p ReleasePreview, err error) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return p, err
	}
	if p.State, err = s.state(ctx, competitionID); err != nil {
		return p, err
	}
	along := map[Decision]int{}
	switch {
	case c.SeatsPerTeam():
		along, err = s.config.Store.AlongWithDrafts(ctx, competitionID)
	case c.Team != nil:
		p.Split, err = s.config.Store.SplitByDrafts(ctx, competitionID, maxSplitTeams+1)
		p.More, p.Split = len(p.Split) > maxSplitTeams, p.Split[:min(len(p.Split), maxSplitTeams)]
	}
	if err != nil {
		return p, err
	}
	p.Mails, err = s.previewMails(ctx, &c, p.State.Counts, along)
	return p, err
}

// previewMails writes the message to the first person with each decision. along are those who get one beside those
// counted.
func (s *Applications) previewMails(
	ctx context.Context, c *Competition, n DecisionCounts, along map[Decision]int,
) (mails []MailPreview, err error) {
	counts := map[Decision]int{DecisionAdmit: n.Admit, DecisionWaitlist: n.Waitlist, DecisionReject: n.Reject}
	for _, d := range Decisions {
		page, err := s.config.Store.Applications(ctx, c.ID, ApplicationFilter{Decision: d, Limit: 1})
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			first := &page.Items[i]
			target := Target{Registration: first.Registration, Participant: first.Participant, Competition: c.Summary()}
			target.Kind = target.Registration.foresee(c, d)
			if target.Registration.Status == RegistrationOffered {
				target.Registration.ConfirmBy = c.OfferedUntil(s.config.now())
			}
			wording, err := s.config.Compose(target)
			if err != nil {
				return nil, err
			}
			mails = append(mails, MailPreview{
				Decision: d, Count: counts[d], Messages: counts[d] + along[d], To: first.Participant, Wording: wording,
			})
		}
	}
	return mails, nil
}

// foresee makes the registration what it becomes by a decision, and returns the message about it.
func (r *Registration) foresee(c *Competition, d Decision) MessageKind {
	*r = Registration{RegistrationState: r.RegistrationState, UserID: r.UserID}
	r.Status = d.becomes()
	switch {
	case r.Status == RegistrationWaitlisted:
		return MessageWaitlisted
	case r.Status == RegistrationRejected:
		return MessageRejected
	case c.OfferHours == nil:
		r.Status = RegistrationPending
		return MessageConfirmed
	}
	return MessageOffered
}

// tellPage is how many competitions TellUndecided looks at together.
const tellPage = 100

// TellUndecided tells the organizers of competitions with review, or with a lottery that wasn't drawn, that have
// started how many applications nobody decided about, once each. It returns the number of messages. A failure of one
// doesn't hold up the others.
func (s *Applications) TellUndecided(ctx context.Context) (told int, err error) {
	now := s.config.now()
	var failures []error
	failed := map[string]bool{} // they are listed again
	for more := true; more; {
		limit := len(failed) + tellPage
		started, err := s.config.Store.StartedUndecided(ctx, now, limit)
		if err != nil {
			return told, errors.Join(append(failures, err)...)
		}
		more = len(started) == limit
		for i := range started {
			c := &started[i]
			if failed[c.ID] {
				continue
			}
			tells, err := s.tellUndecided(ctx, c)
			switch {
			case err != nil:
				failed[c.ID] = true
				failures = append(failures, fmt.Errorf("undecided applications for competition %s: %w", c.ID, err))
			case tells:
				told++
			}
		}
	}
	return told, errors.Join(failures...)
}

func (s *Applications) tellUndecided(ctx context.Context, c *Competition) (bool, error) {
	counts, err := s.config.Store.DecisionCounts(ctx, c.ID)
	if err != nil {
		return false, err
	}
	undecided := counts.Applied // what wasn't released isn't decided
	var message *Message
	if undecided > 0 && !c.Suspended {
		organizer, err := s.config.Users.User(ctx, c.Organizer.ID)
		if err != nil {
			return false, err
		}
		w, err := s.config.Wording.Undecided(organizer, c, undecided)
		m, err := accountMessages{s.config.Runtime, s.config.Wording}.worded(MessageUndecided, organizer,
			organizer.Email, w, err)
		if err != nil {
			return false, err
		}
		message = &m
	}
	return message != nil, s.config.Store.ToldUndecided(ctx, c.ID, message, s.config.now())
}
