package jobs

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/mail"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/store"
)

// mailing makes the fixture send every message by email, to an in-process server, over the given number of connections.
func mailing(f *fixture, connections int) *mailtest.Server {
	f.Helper()
	server := mailtest.Start(f, mailtest.Options{})
	keys, err := auth.NewLinkKeys([]byte("a secret for tests, known to all!"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.composer.Details, f.composer.Keys = true, keys
	smtp, err := mail.NewSMTP(mail.SMTPConfig{
		URL: server.URL, From: "mail@compete.example.com",
		Logger: f.config.Logger, Connections: connections, Patience: 50 * time.Millisecond,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(smtp.Close)
	f.open(store.Config{Mailing: true})
	f.config.MailConfig = MailConfig{
		Mailing: true, Mailer: smtp, Connections: connections, Outgoing: f.store,
		ComposeMail: f.composer.Mail,
	}
	f.client = f.newClient()
	return server
}

func (f *fixture) undelivered() int {
	return f.count(`SELECT count(*) FROM messages WHERE delivered_at IS NULL`)
}

func TestEveryMessageIsMailedOnce(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 2)
		registrations := f.register(f.competition(20, 0), f.participants(20)...)
		f.start(f.client)
		f.eventually("20 mails are taken and noted",
			func() bool { return len(server.Mails()) == 20 && f.undelivered() == 0 })
		// The same jobs again, as after a kill between the server's answer and the queue's record of it.
		message := f.config.Outgoing
		for _, r := range registrations {
			page, err := f.store.Messages(f.Context(), r.UserID, compete.Cursor{}, 1)
			if err != nil {
				f.Fatal(err)
			}
			f.enqueue(compete.MailJob{MessageID: page.Items[0].ID, About: compete.MessageConfirmed})
			if o, err := message.Outgoing(f.Context(), page.Items[0].ID); err != nil || o.DeliveredAt == nil {
				f.Errorf("message %s: %+v, %v", page.Items[0].ID, o, err)
			}
		}
		f.eventually("all mail jobs are done", func() bool {
			return f.count(`SELECT count(*) FROM river_job WHERE kind = 'mail' AND state <> 'completed'`) == 0
		})
		if n := len(server.Mails()); n != 20 {
			f.Errorf("%d mails were taken, want 20", n)
		}
	})
}

// panickyOutgoing panics at the first record of accepted emails.
type panickyOutgoing struct {
	compete.OutgoingStore
	panicked atomic.Bool
}

func (o *panickyOutgoing) MailsTaken(ctx context.Context, ids []string, at time.Time) error {
	if o.panicked.CompareAndSwap(false, true) {
		panic("a mistake of ours")
	}
	return o.OutgoingStore.MailsTaken(ctx, ids, at)
}

// Those that wait for a panicking record, or come after it, are recorded all the same.
func TestAPanicHoldsUpNoMail(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		mailing(f, 2)
		f.config.Outgoing = &panickyOutgoing{OutgoingStore: f.store}
		f.client = f.newClient()
		f.register(f.competition(5, 0), f.participants(5)...)
		f.start(f.client)
		f.eventually("5 mails are noted", func() bool { return f.undelivered() == 0 })
	})
}

// If the writer is busy for longer than noteTimeout, the email isn't sent again.
func TestABusyWriterMakesNoSecondMail(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 1)
		f.register(f.competition(1, 0), f.participants(1)...)
		writer := f.client.deliverer.writer
		server.AfterData(func(mailtest.Mail) error {
			for range cap(writer) {
				writer <- struct{}{}
			}
			time.AfterFunc(noteTimeout+noteTimeout/5, func() {
				for range cap(writer) {
					<-writer
				}
			})
			return nil
		})
		f.start(f.client)
		f.eventually("the mail is noted as taken",
			func() bool { return len(server.Mails()) > 0 && f.undelivered() == 0 })
		if n := len(server.Mails()); n != 1 {
			f.Errorf("%d mails were sent, want 1", n)
		}
	})
}

// Many emails use few connections, and each arrives once.
func TestManyMailsShareAConnection(t *testing.T) {
	const many, perConnection = 200, 100 // as many as package mail sends per connection
	eachDatabase(t, realPages, func(f *fixture) {
		server := mailing(f, 1)
		f.register(f.competition(many, 0), f.participants(many)...)
		start := time.Now()
		f.start(f.client)
		f.eventually("all mails are noted as taken", func() bool {
			return f.count(`SELECT count(*) FROM messages`) == many && f.undelivered() == 0
		})
		took := time.Since(start)
		receivers := map[string]bool{}
		for _, m := range server.Mails() {
			receivers[m.To] = true
		}
		made, atOnce := server.Connections()
		f.Logf("%d mails in %v, %.0f a second, over %d connections", many, took, many/took.Seconds(), made)
		if n := len(server.Mails()); n != many || len(receivers) != many {
			f.Errorf("%d mails to %d people, want %d", n, len(receivers), many)
		}
		if most := many/perConnection + 1; made > most || atOnce > 2 { // one may be closing while the next opens
			f.Errorf("%d connections, %d at once; want %d at most, one after the other", made, atOnce, most)
		}
	})
}

// People who turn reminders off while one is waiting to be sent don't get it.
func TestDeclinedRemindersAreNotMailed(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 2)
		server.Stop() // so that they wait
		registrations := f.confirmed(f.competition(2, 20*time.Hour), 2)
		f.start(f.client)
		f.eventually("two reminders wait", func() bool {
			return f.count(`SELECT count(*) FROM river_job WHERE kind = 'mail' AND state <> 'completed'`) == 2
		})
		if err := f.store.SetReminders(f.Context(), registrations[0].UserID, false, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.eventually("nobody is about to send what was read before", func() bool {
			return f.count(`SELECT count(*) FROM river_job WHERE kind = 'mail' AND state = 'running'`) == 0
		})
		server.Restart()
		f.eventually("both jobs are done", func() bool {
			return f.count(`SELECT count(*) FROM river_job WHERE kind = 'mail' AND state = 'completed'`) == 2
		})
		mails := server.Mails()
		if len(mails) != 1 || mails[0].To != registrations[1].UserID+"@example.com" {
			f.Errorf("%d mails were sent, want the one to who still wants them: %+v", len(mails), mails)
		}
	})
}

// Text chosen by organizers or participants isn't sent to unconfirmed addresses, not even once they are confirmed.
func TestUnconfirmedAddressesGetNoMail(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 2)
		people := f.participants(2)
		f.exec(`UPDATE users SET verified_at = NULL WHERE id = $1`, people[0].ID)
		registrations := f.register(f.competition(2, 0), people...)
		f.start(f.client)
		f.mailsDone(2)
		if mails := server.Mails(); len(mails) != 1 || mails[0].To != people[1].Email {
			f.Fatalf("%d mails were sent, want the one to the confirmed address: %+v", len(mails), mails)
		}
		f.wantMessages(registrations[0], compete.RegistrationConfirmed, "confirmed")
		f.advance(time.Second)
		f.exec(`UPDATE users SET verified_at = $2 WHERE id = $1`, people[0].ID, compete.UTC(f.clock()))
		page, err := f.store.Messages(f.Context(), people[0].ID, compete.Cursor{}, 1)
		if err != nil {
			f.Fatal(err)
		}
		f.enqueue(compete.MailJob{MessageID: page.Items[0].ID, About: compete.MessageConfirmed})
		f.mailsDone(3)
		f.cancel(registrations[0])
		f.eventually("what is written now arrives", func() bool { return len(server.To(people[0].Email)) == 1 })
		if subject := server.To(people[0].Email)[0].Header.Get("Subject"); !strings.Contains(subject, "cancelled") {
			f.Errorf("the first mail to the address is %q", subject)
		}
	})
}

// Registering and cancelling in a loop sends an address a limited number of emails per hour.
func TestMailsToAnAddressAreCapped(t *testing.T) {
	const most = 3
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 2)
		f.config.MailsAnHour = most
		f.client = f.newClient()
		f.start(f.client)
		competition, people := f.competition(2, 0), f.participants(2)
		for round := range most {
			r := f.register(competition, people[0])[0]
			f.mailsDone(2*round + 1)
			f.cancel(r)
			f.mailsDone(2*round + 2)
			f.advance(time.Minute)
		}
		if n := len(server.To(people[0].Email)); n != most {
			f.Errorf("%d mails in the loop, want %d", n, most)
		}
		f.register(competition, people[1])
		f.mailsDone(2*most + 1)
		f.advance(time.Hour)
		f.register(f.competition(1, 0), people[0])
		f.mailsDone(2*most + 2)
		if first, other := len(server.To(people[0].Email)), len(server.To(people[1].Email)); first != most+1 ||
			other != 1 {
			f.Errorf("%d mails to the first and %d to the other, want %d and 1", first, other, most+1)
		}
		if n := f.count(`SELECT count(*) FROM messages WHERE user_id = $1`, people[0].ID); n != 2*most+1 {
			f.Errorf("%d messages in the mailbox, want all %d", n, 2*most+1)
		}
	})
}

// mailsDone waits until the given number of email jobs is done.
func (f *fixture) mailsDone(n int) {
	f.Helper()
	f.eventually("the mail jobs are done", func() bool {
		return f.count(`SELECT count(*) FROM river_job WHERE kind = 'mail' AND state = 'completed'`) == n
	})
}

func TestRefusedMailsAreFailedJobs(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 2)
		var asked atomic.Int64
		code := atomic.Int64{}
		code.Store(550)
		server.OnRcpt(func(string) error { asked.Add(1); return mailtest.Refusal(int(code.Load())) })
		f.start(f.client)
		f.register(f.competition(1, 0), f.participants(1)...)
		f.eventually("it has failed for good", func() bool { return len(f.failedJobs()) == 1 })
		if n := asked.Load(); n != 1 {
			f.Errorf("refused for good, it was tried %d times, want once", n)
		}
		code.Store(450)
		f.register(f.competition(1, 0), f.participants(1)...)
		f.eventually("it has failed after all attempts", func() bool { return len(f.failedJobs()) == 2 })
		if n := asked.Load(); n != 1+DefaultMaxAttempts {
			f.Errorf("refused for now, it was tried %d times, want %d", n-1, DefaultMaxAttempts)
		}
		server.OnRcpt(nil)
		for _, failed := range f.failedJobs() {
			if _, err := f.store.RetryFailedJob(f.Context(), failed.ID, f.clock()); err != nil {
				f.Fatal(err)
			}
		}
		f.eventually("both arrive when sent again",
			func() bool { return len(server.Mails()) == 2 && f.undelivered() == 0 })
	})
}

func TestAMailServerThatIsAwayCostsNoAttempt(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f, 2)
		server.Stop()
		f.start(f.client)
		f.register(f.competition(3, 0), f.participants(3)...)
		f.eventually("mails were put back", func() bool {
			return f.count(
				`SELECT count(*) FROM river_job WHERE kind = 'mail' AND attempt = 0 AND state <> 'completed'`,
			) == 3
		})
		server.Restart()
		f.eventually("they arrive", func() bool { return len(server.Mails()) == 3 && f.undelivered() == 0 })
		if n := len(f.failedJobs()); n != 0 {
			f.Errorf("%d failed jobs, want none", n)
		}
	})
}
