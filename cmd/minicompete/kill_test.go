package main

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"minicompete/internal/apptest"
	"minicompete/internal/compete"
	"minicompete/internal/store"
	"minicompete/internal/testservices"
)

// kill -9 in the middle of a rush: every registration that was acknowledged is there after the restart, and confirmed once.
func TestKilledInARush(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		environment := map[string]string{"DATABASE_URL": databaseURL, "LOG_LEVEL": "warn"}
		p := serve(t, environment)
		competition := p.newCompetition(t)
		db := open(t, databaseURL)
		tokens := insertCrowd(t, db, 1500)
		acknowledged := p.rush(t, competition, tokens, func(n int) {
			if n == 400 {
				if err := p.cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		})
		p.kill()
		if n := len(acknowledged); n < 400 || n == len(tokens) {
			t.Fatalf("%d of %d were acknowledged before the kill", n, len(tokens))
		}

		serve(t, environment)
		started := time.Now()
		count := func(statement string) (n int) {
			t.Helper()
			if err := db.QueryRowContext(t.Context(), statement, competition).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		apptest.Eventually(t, apptest.Patience, "every registration is confirmed", func() bool {
			return count(`SELECT count(*) FROM registrations WHERE competition_id = $1 AND status <> 'CONFIRMED'`) == 0
		})
		t.Logf("%d acknowledged; all confirmed %v after the restart", len(acknowledged), time.Since(started))

		confirmed := count(`SELECT count(*) FROM registrations WHERE competition_id = $1`)
		if taken := count(`SELECT capacity - seats_left FROM competitions WHERE id = $1`); taken != confirmed {
			t.Errorf("%d seats are taken by %d registrations", taken, confirmed)
		}
		if last := count(`SELECT max(seq) FROM registrations WHERE competition_id = $1`); last != confirmed {
			t.Errorf("the last sequence number is %d of %d registrations", last, confirmed)
		}
		const messages = `FROM messages m JOIN registrations r ON r.id = m.registration_id WHERE r.competition_id = $1`
		if all, distinct := count(`SELECT count(*) `+messages), count(`SELECT count(DISTINCT r.id) `+messages); all != confirmed || distinct != confirmed {
			t.Errorf("%d messages to %d people for %d registrations", all, distinct, confirmed)
		}
		wantAll(t, db, competition, acknowledged)
	})
}

// wantAll wants a registration of each of the users.
func wantAll(t *testing.T, db *sql.DB, competition string, users map[string]bool) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT user_id FROM registrations WHERE competition_id = $1`, competition)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var user string
		if err := rows.Scan(&user); err != nil {
			t.Fatal(err)
		}
		delete(users, user)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(users) > 0 {
		t.Errorf("%d acknowledged registrations are lost", len(users))
	}
}

func (p *process) newCompetition(t *testing.T) string {
	t.Helper()
	var login struct{ Token string }
	p.mustCall(t, http.MethodPost, "/auth/signup", "",
		map[string]any{"name": "Maya", "email": "maya@example.com", "password": apptest.Password, "role": "ORGANIZER"}, &login)
	var competition struct{ ID string }
	p.mustCall(t, http.MethodPost, "/competitions", login.Token,
		map[string]any{"title": "A race", "capacity": 100_000, "regDeadline": time.Now().Add(time.Hour)}, &competition)
	return competition.ID
}

// open is a second way to the server's database.
func open(t *testing.T, databaseURL string) *sql.DB {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: databaseURL, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Writer()
}

// insertCrowd makes n participants by SQL, and returns their tokens by id.
func insertCrowd(t *testing.T, db *sql.DB, n int) map[string]string {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing is left of it after a commit
	tokens := map[string]string{}
	for i := range n {
		user := compete.User{ID: uuid.NewString(), Email: fmt.Sprintf("crowd%d@example.com", i), Role: compete.RoleParticipant}
		_, err := tx.ExecContext(t.Context(), `INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at) VALUES ($1, $2, 'x', '', $3, $4, $4)`,
			user.ID, user.Email, user.Role, compete.UTC(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		tokens[user.ID] = apptest.ForeignToken(t, user)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return tokens
}
