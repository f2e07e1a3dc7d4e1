package main

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// kill -9 while emails are sent: every message arrives. Between a server's answer and the record of it, nobody can know
// whether an email was accepted (RFC 5321, section 4.5.4.1), so those few are sent again with the same Message-ID.
func TestKilledWhileItMails(t *testing.T) {
	t.Parallel() // it mostly waits for the queue to notice that a process is gone
	const people, connections = 400, 2
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		server := mailtest.Start(t, mailtest.Options{})
		environment := map[string]string{
			"DATABASE_URL": databaseURL, "LOG_LEVEL": "warn", "SMTP_URL": server.URL,
			"MAIL_CONNECTIONS": fmt.Sprint(connections), "MAIL_FROM": "mail@compete.example.com",
			"REQUIRE_VERIFIED_EMAIL": "false", // the organizer publishes at once
		}
		p := serve(t, environment)
		competition := p.newCompetition(t)
		db := open(t, databaseURL)
		killed := make(chan struct{})
		kill := sync.OnceFunc(func() {
			_ = p.cmd.Process.Kill() // while it waits for the server's answer
			close(killed)
		})
		server.AfterData(func(mailtest.Mail) error {
			if len(server.Mails()) >= people/2 {
				kill()
			}
			return nil
		})
		p.rush(t, competition, insertCrowd(t, db, people), func(int) {})
		<-killed
		p.kill()
		server.AfterData(nil)
		before := len(server.Mails())
		passFiveMinutes(t, db, databaseURL, "mail")

		serve(t, environment)
		// plus the one that confirms the organizer's address
		messages := count(t, db, `SELECT count(*) FROM registrations`) + 1
		apptest.Eventually(t, apptest.Patience, "every message is noted as taken", func() bool {
			return count(t, db, `SELECT count(*) FROM messages WHERE delivered_at IS NOT NULL`) == messages
		})
		arrived := map[string]int{}
		for _, m := range server.Mails() {
			arrived[m.MessageID]++
		}
		again := len(server.Mails()) - len(arrived)
		t.Logf("%d messages; %d mails before the kill; %d came again, with the same Message-ID",
			messages, before, again)
		if len(arrived) != messages || count(t, db, `SELECT count(*) FROM messages`) != messages {
			t.Errorf("%d mails of %d messages", len(arrived), messages)
		}
		if inHand := connections * 16; again > inHand { // jobs that a process runs at the same time, as in package jobs
			t.Errorf("%d mails came again, want those in hand at the kill: %d at most", again, inHand)
		}
		for id, times := range arrived {
			if times > 2 {
				t.Errorf("%s came %d times", id, times)
			}
		}
	})
}

// passFiveMinutes is leaveBehind. It fails the test if there are no jobs of the kind to leave behind.
func passFiveMinutes(t *testing.T, db *sql.DB, databaseURL, kind string) {
	t.Helper()
	if n := count(t, db, `SELECT count(*) FROM river_job WHERE state = 'running' AND kind = '`+kind+`'`); n == 0 {
		t.Fatalf("no jobs of the kind %s were at work at the kill", kind)
	}
	leaveBehind(t, db, databaseURL)
}

// leaveBehind backdates the jobs of killed processes by five minutes: longer than a job may take, so that the queue
// considers them abandoned.
func leaveBehind(t *testing.T, db *sql.DB, databaseURL string) {
	t.Helper()
	earlier := `datetime(attempted_at, '-5 minutes')`
	if strings.HasPrefix(databaseURL, "postgres:") {
		earlier = `attempted_at - interval '5 minutes'`
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE river_job SET attempted_at = `+earlier+
		` WHERE state = 'running'`); err != nil {
		t.Fatal(err)
	}
}
