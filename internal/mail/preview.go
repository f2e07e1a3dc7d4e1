package mail

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// Local takes the place of a mail server. It keeps the last few emails in memory, for a page of the demo, or logs each
// at level debug, for developers. At other levels the log only says that an email is lost, because links in emails are
// as sensitive as passwords. It implements compete.Mailer.
type Local struct {
	Logger *slog.Logger
	Keep   int // number of emails to keep; 0 means none

	mu   sync.Mutex
	last []compete.Mail
}

// Send implements compete.Mailer.
func (l *Local) Send(ctx context.Context, m compete.Mail) error {
	if l.Keep == 0 { // never logged, at any level: it may contain a working link
		l.Logger.WarnContext(ctx, "an email was not sent because SMTP_URL is not set in this process", "kind", m.Kind,
			"message", m.MessageID)
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last = append(l.last, m); len(l.last) > l.Keep {
		l.last = slices.Delete(l.last, 0, len(l.last)-l.Keep)
	}
	return nil
}

// Sent returns the emails that were kept, newest first.
func (l *Local) Sent() []compete.Mail {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent := slices.Clone(l.last)
	slices.Reverse(sent)
	return sent
}

// Samples creates an example email of every kind.
func (c Composer) Samples(now time.Time) ([]compete.Mail, error) {
	kinds := compete.MessageKinds()
	samples := make([]compete.Mail, 0, len(kinds))
	for _, kind := range kinds {
		m, err := c.sample(kind, now)
		if err != nil {
			return nil, err
		}
		samples = append(samples, m)
	}
	return samples, nil
}

// Test creates an email for testing whether email works.
func (c Composer) Test(id, address string) (compete.Mail, error) {
	return c.unkept(compete.MessageTest, id, address)
}

// Farewell creates the last email to somebody whose account was deleted.
func (c Composer) Farewell(id, address string) (compete.Mail, error) {
	return c.unkept(compete.MessageAccountDeleted, id, address)
}

// unkept creates an email that doesn't appear in the mailbox.
func (c Composer) unkept(kind compete.MessageKind, id, address string) (compete.Mail, error) {
	w, err := c.Account(kind, compete.User{}, address)
	if err != nil {
		return compete.Mail{}, err
	}
	now := time.Now()
	return c.Mail(compete.Outgoing{Message: compete.Message{
		ID: id, Kind: kind, To: address, Subject: w.Subject,
		Body: w.Body, SentAt: now,
	}}, w.Details, now)
}

const sampleID = "018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"

func (c Composer) sample(kind compete.MessageKind, now time.Time) (compete.Mail, error) {
	starts := now.Add(20 * time.Hour).Truncate(time.Hour)
	user := compete.User{ID: sampleID, Name: "Ada Lovelace", Email: "ada@example.com", VerifiedAt: &now}
	o := compete.Outgoing{
		Message: compete.Message{ID: sampleID, UserID: sampleID, Kind: kind, To: user.Email, SentAt: now},
		Link: &compete.Link{
			ID: sampleID, TokenHash: compete.HashToken(c.Keys.Token(sampleID)),
			ExpiresAt: now.Add(time.Hour),
		},
	}
	c.Details = true
	competition := compete.Competition{
		ID: sampleID,
		CompetitionContent: compete.CompetitionContent{
			Title: "Harbour Lights Night Run", Location: "Old Customs House, Rotterdam", StartDate: &starts,
			TimeZone: "Europe/Amsterdam",
		},
	}
	target := compete.Target{
		Notice:       compete.Notice{Kind: kind},
		Registration: compete.Registration{Position: 3, Removal: compete.Removal{Reason: "You're registered twice."}},
		Participant:  compete.Participant{ID: sampleID, Name: user.Name, Email: user.Email}, Competition: competition,
		TimeZone: "Europe/London",
	}
	if kind == compete.MessageOffered || kind == compete.MessageOfferReminder {
		until := now.Add(12 * time.Hour).Truncate(time.Hour)
		target.Registration.Status, target.Registration.ConfirmBy = compete.RegistrationOffered, &until
	}
	switch kind { //nolint:exhaustive // the others have nothing to do with teams
	case compete.MessageTeamTooSmall, compete.MessageIncompleteTeam, compete.MessageTeamCaptain:
		target.Registration.TeamID = sampleID
		target.Team = compete.TargetTeam{Name: "The Gophers", Size: 1, CaptainID: sampleID}
		fallthrough
	case compete.MessageTeamLeft:
		target.Competition.Team = &compete.TeamRules{Min: 2, Max: 4, DropIncomplete: true}
		target.Competition.RegDeadline = now.Add(12 * time.Hour).Truncate(time.Hour)
	}
	if kind == compete.MessageChanged {
		before := competition.Schedule()
		before.Location = "Willemsplein, Rotterdam"
		target.Move = &compete.Move{Before: before, After: competition.Schedule()}
	}
	w, err := c.Compose(target)
	switch {
	case kind == compete.MessageSecurity:
		w, err = c.Security(user, compete.SecurityEvent{
			What: compete.SecurityDevice, Device: "Chrome on Android",
			Network: "203.0.113.7",
		})
	case kind == compete.MessageTeamInvited:
		w, err = c.Invited(user, compete.TeamInvitation{
			Team: compete.Team{Name: "The Gophers"}, Competition: &competition, Code: "59-K7QFM2XP",
		})
	case kind == compete.MessageUndecided:
		w, err = c.Undecided(user, &competition, 12)
	case kind == compete.MessageValueDue:
		w, err = c.ValueDue(user, &competition, "the lottery numbers of 4 July")
	case kind.AboutAccount():
		w, err = c.Account(kind, user, "ada@lovelace.example")
	}
	if err != nil {
		return compete.Mail{}, err
	}
	o.Subject, o.Body = w.Subject, w.Body
	return c.Mail(o, w.Details, now)
}
