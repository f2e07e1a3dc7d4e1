package jobs

import (
	"sync/atomic"
	"testing"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/mail"
	"minicompete/internal/mail/mailtest"
)

// mailing makes every message of the fixture's store go out by mail, to a server in process.
func mailing(f *fixture) *mailtest.Server {
	f.Helper()
	server := mailtest.Start(f, mailtest.Options{})
	f.composer.Details = true
	smtp, err := mail.NewSMTP(mail.SMTPConfig{URL: server.URL, From: "mail@compete.example.com", Logger: f.config.Logger, Patience: 50 * time.Millisecond})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(smtp.Close)
	f.config.MailConfig = MailConfig{Mailing: true, Mailer: smtp, Connections: 2, Outgoing: f.store, ComposeMail: f.composer.Mail}
	f.client = f.newClient()
	f.store.Mailing, f.store.Queued, f.store.Requeue = true, f.client.Queued, f.client.RequeueTx
	return server
}

func (f *fixture) undelivered() int {
	return f.count(`SELECT count(*) FROM messages WHERE delivered_at IS NULL`)
}

func TestEveryMessageIsMailedOnce(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f)
		registrations := f.register(f.competition(20, 0), f.participants(20)...)
		f.start(f.client)
		f.eventually("20 mails are taken and noted", func() bool { return len(server.Mails()) == 20 && f.undelivered() == 0 })
		// The same jobs again, as after a kill between the server's answer and the queue's note of it.
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

func TestRefusedMailsAreDeadLetters(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f)
		var asked atomic.Int64
		code := atomic.Int64{}
		code.Store(550)
		server.OnRcpt(func(string) error { asked.Add(1); return mailtest.Refusal(int(code.Load())) })
		f.start(f.client)
		f.register(f.competition(1, 0), f.participants(1)...)
		f.eventually("a dead letter for good", func() bool { return len(f.deadLetters()) == 1 })
		if n := asked.Load(); n != 1 {
			f.Errorf("refused for good, it was tried %d times, want once", n)
		}
		code.Store(450)
		f.register(f.competition(1, 0), f.participants(1)...)
		f.eventually("a dead letter after all attempts", func() bool { return len(f.deadLetters()) == 2 })
		if n := asked.Load(); n != 1+DefaultMaxAttempts {
			f.Errorf("refused for now, it was tried %d times, want %d", n-1, DefaultMaxAttempts)
		}
		server.OnRcpt(nil)
		for _, letter := range f.deadLetters() {
			if _, err := f.store.RetryFailedJob(f.Context(), letter.ID, f.clock()); err != nil {
				f.Fatal(err)
			}
		}
		f.eventually("both arrive when sent again", func() bool { return len(server.Mails()) == 2 && f.undelivered() == 0 })
	})
}

func TestAMailServerThatIsAwayCostsNoAttempt(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		server := mailing(f)
		server.Stop()
		f.start(f.client)
		f.register(f.competition(3, 0), f.participants(3)...)
		f.eventually("mails were put back", func() bool {
			return f.count(`SELECT count(*) FROM river_job WHERE kind = 'mail' AND attempt = 0 AND state <> 'completed'`) == 3
		})
		server.Restart()
		f.eventually("they arrive", func() bool { return len(server.Mails()) == 3 && f.undelivered() == 0 })
		if n := len(f.deadLetters()); n != 0 {
			f.Errorf("%d dead letters, want none", n)
		}
	})
}
