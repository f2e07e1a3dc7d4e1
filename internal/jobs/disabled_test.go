package jobs

import (
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

func (f *fixture) disable(userID string) {
	f.Helper()
	f.exec("UPDATE users SET disabled_at = created_at WHERE id = $1", userID)
}

// Disabled accounts keep their seats, which are confirmed, but get no messages.
func TestNothingIsWrittenToDisabledAccounts(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c := f.competition(2, 20*time.Hour)
		registrations := f.register(c, f.participants(3)...)
		for _, r := range registrations {
			f.disable(r.UserID)
		}
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		f.eventually("who has a seat is confirmed, and the queue is empty", func() bool {
			return f.count("SELECT count(*) FROM registrations WHERE status = 'CONFIRMED'") == 2 &&
				f.count("SELECT count(*) FROM river_job WHERE kind = 'notify' AND state <> 'completed'") == 0
		})
		f.enqueue(compete.RemindJob{CompetitionID: c.ID, StartDate: *c.StartDate})
		f.next(done, "remind")
		f.relocate(c, "Hall 5")
		f.afterWindow()
		for _, r := range registrations {
			if r.Status != compete.RegistrationWaitlisted {
				r.Status = compete.RegistrationConfirmed
			}
			f.wantMessages(r, r.Status, "")
		}
		if failedJobs := f.failedJobs(); len(failedJobs) != 0 {
			f.Errorf("failed jobs %+v", failedJobs)
		}
	})
}

// A message written before the account was disabled stays in the mailbox, but is no longer emailed.
func TestNothingIsMailedToDisabledAccounts(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 1)
		registrations := f.register(f.competition(2, 0), f.participants(2)...)
		var notices []compete.Notice
		var messages []compete.Message
		for _, r := range registrations {
			n := notice(r)
			targets, err := f.store.Targets(f.Context(), []compete.Notice{n})
			if err != nil {
				f.Fatal(err)
			}
			m, err := f.client.deliverer.message(targets[0], compete.UTC(f.clock()))
			if err != nil {
				f.Fatal(err)
			}
			notices, messages = append(notices, n), append(messages, m)
		}
		if _, err := f.store.Deliver(f.Context(), notices, messages, compete.UTC(f.clock())); err != nil {
			f.Fatal(err)
		}
		f.disable(registrations[0].UserID)
		f.start(f.client)
		f.eventually("every mail job is done", func() bool {
			return f.count("SELECT count(*) FROM river_job WHERE kind = 'mail' AND state = 'completed'") == 2
		})
		mails := server.Mails()
		if len(mails) != 1 || mails[0].To != registrations[1].UserID+"@example.com" {
			f.Errorf("%d mails were taken, want one to the account that isn't disabled: %+v", len(mails), mails)
		}
		f.wantMessages(registrations[0], compete.RegistrationConfirmed, "confirmed")
	})
}
