package main

import (
	"context"
	"database/sql"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// kill -9 in the middle of a rush: every registration that was acknowledged is there after the restart, each that was
// pending is confirmed, once, and who presses again with the same key is told the same.
func TestKilledInARush(t *testing.T) {
	t.Parallel() // it mostly waits for the confirmations of a killed process
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		const people, enough = 700, 250
		environment := map[string]string{"DATABASE_URL": databaseURL, "LOG_LEVEL": "warn"}
		p := serve(t, environment)
		competition := p.newCompetition(t)
		db := open(t, databaseURL)
		tokens := insertCrowd(t, db, people)
		killed := false
		acknowledged := p.rush(t, competition, tokens, func(n int) {
			killed = killed || n >= enough && p.killWhile(t, db, databaseURL, "registrations", "status = 'PENDING'")
		})
		if !killed {
			t.Fatal("nobody was ever pending")
		}
		if n := len(acknowledged); n < enough || n == len(tokens) {
			t.Fatalf("%d of %d were acknowledged before the kill", n, len(tokens))
		}
		after := registrations(t, db, competition)
		pending := count(t, db, `SELECT count(*) FROM registrations WHERE status = 'PENDING'`)

		p = serve(t, environment)
		started := time.Now()
		wantNobodyPending(t, db) // usually within 10 s
		t.Logf("%d acknowledged, %d pending; all confirmed %v after the restart", len(acknowledged), pending,
			time.Since(started))

		again := p.rush(t, competition, tokens, func(int) {})
		wantReplayed(t, after, acknowledged, again)
		wantNobodyPending(t, db)
		wantWhole(t, db, len(tokens), 0)
		wantRecorded(t, db, len(tokens))
		if code := p.terminate(t); code != exitOK {
			t.Errorf("the exit code after SIGTERM is %d", code)
		}
	})
}

// kill -9 several times in one rush, with jobs at work: nobody is lost or told twice, those on the waitlist neither,
// whose message only a job can bring.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel() // it mostly waits for the queue to notice that a process is gone
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		kills := 3
		if os.Getenv(soakVariable) != "" {
			kills = 100
		}
		people, seats := 200*(kills+1), 100
		environment := map[string]string{
			"DATABASE_URL": databaseURL, "LOG_LEVEL": "warn", "JOB_MAX_ATTEMPTS": "25", // each kill uses one up
		}
		p := serve(t, environment)
		competition := p.competitionWith(t, map[string]any{"capacity": seats, "waitlist": true})
		db := open(t, databaseURL)
		tokens := insertCrowd(t, db, people)
		acknowledged, others := map[string]answer{}, maps.Clone(tokens)
		var after map[string]registration
		const waiting = `SELECT count(*) FROM river_job WHERE kind = 'notify' AND state IN ('available', 'retryable')`
		const running = `kind = 'notify' AND state = 'running' AND attempted_at > `
		working := running + `datetime('now', '-2 minutes')` // not those of an earlier process; see leaveBehind
		if strings.HasPrefix(databaseURL, "postgres:") {
			working = running + `now() - interval '2 minutes'`
		}
		for range kills {
			killed := false
			told := p.rush(t, competition, others, func(n int) {
				for ; n >= 100 && !killed; time.Sleep(time.Millisecond) { // the rush stands still meanwhile
					left, err := ask(db, waiting)
					killed = p.killWhile(t, db, databaseURL, "river_job", working)
					if left == 0 && err == nil && !killed {
						return // all that is there is done, so it goes on
					}
				}
			})
			if !killed || len(told) == len(others) {
				t.Fatal("the rush was over before a job was at work")
			}
			wantReplayed(t, after, nil, told)
			for user, answer := range told {
				acknowledged[user] = answer
				delete(others, user)
			}
			after = registrations(t, db, competition)
			leaveBehind(t, db, databaseURL)
			p = serve(t, environment)
		}
		again := p.rush(t, competition, tokens, func(int) {})
		lost, twice := wantReplayed(t, after, acknowledged, again)
		t.Logf("%d kills, each with a job at work; %d acknowledged, %d lost, %d told twice", kills,
			len(acknowledged), lost, twice)
		apptest.Eventually(t, apptest.Patience, "everybody has a message", func() bool {
			return count(t, db, `SELECT count(*) FROM messages WHERE registration_id IS NOT NULL`) >= people
		})
		wantNobodyPending(t, db)
		wantWhole(t, db, seats, people-seats)
		wantRecorded(t, db, people)
	})
}

// wantReplayed wants the first answers to be so after the kill, and second presses to get what the first had come to,
// whether or not that was told. It counts those that aren't so.
func wantReplayed(
	t *testing.T, after map[string]registration, first, second map[string]answer,
) (lost, twice int) {
	t.Helper()
	for user, told := range first {
		if after[user] != told.registration {
			lost++
			t.Errorf("%s was told %+v, and has %+v after the kill", user, told, after[user])
		}
	}
	for user, told := range second {
		was, counted := after[user]
		if told.replayed != counted || counted && told.registration != was {
			twice++
			t.Errorf("%s has %+v after the kill; the second press got %+v", user, was, told)
		}
	}
	return lost, twice
}

// wantNobodyPending waits until everybody with a seat is confirmed.
func wantNobodyPending(t *testing.T, db *sql.DB) {
	t.Helper()
	apptest.Eventually(t, apptest.Patience, "every registration is confirmed", func() bool {
		return count(t, db, `SELECT count(*) FROM registrations WHERE status = 'PENDING'`) == 0
	})
}

// wantWhole wants the one competition to have so many confirmed and waitlisted, numbered without a gap, each with the
// one message of their status.
func wantWhole(t *testing.T, db *sql.DB, confirmed, waitlisted int) {
	t.Helper()
	registered := confirmed + waitlisted
	const messages = ` FROM messages m JOIN registrations r ON r.id = m.registration_id AND r.seq = m.seq `
	for statement, want := range map[string]int{
		`SELECT count(*) FROM registrations WHERE status = 'CONFIRMED'`:                                    confirmed,
		`SELECT count(*) FROM registrations WHERE status = 'WAITLISTED'`:                                   waitlisted,
		`SELECT capacity - seats_left FROM competitions`:                                                   confirmed,
		`SELECT waitlisted FROM competitions`:                                                              waitlisted,
		`SELECT sum(waiting) FROM registration_blocks`:                                                     waitlisted,
		`SELECT sum(seated) FROM registration_blocks`:                                                      confirmed,
		`SELECT sum(registered) FROM organizer_days`:                                                       registered,
		`SELECT max(seq) FROM registrations`:                                                               registered,
		`SELECT count(*)` + messages + `WHERE r.status = 'CONFIRMED' AND m.kind = 'confirmed'`:             confirmed,
		`SELECT count(DISTINCT r.id)` + messages + `WHERE r.status = 'CONFIRMED' AND m.kind = 'confirmed'`: confirmed,
		`SELECT count(*)` + messages +
			`WHERE r.status = 'WAITLISTED' AND m.kind = 'waitlisted'`: waitlisted,
		`SELECT count(DISTINCT r.id)` + messages +
			`WHERE r.status = 'WAITLISTED' AND m.kind = 'waitlisted'`: waitlisted,
		`SELECT count(*) FROM messages WHERE registration_id IS NOT NULL`: confirmed + waitlisted,
	} {
		if got := count(t, db, statement); got != want {
			t.Errorf("%s: got %d, want %d", statement, got, want)
		}
	}
}

// kill -9 while records move to the audit log, again and again: each gets there, once.
func TestKilledWhileTheAuditLogGrows(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const size, kills = 20, 3
		environment := map[string]string{"DATABASE_URL": databaseURL, "LOG_LEVEL": "warn"}
		serve(t, environment).kill() // which has made the tables
		db := open(t, databaseURL)
		all := 0
		for batches, killed := 500, 0; killed < kills; {
			left := count(t, db, `SELECT count(*) FROM audit_batches`)
			leaveRecords(t, db, batches, size)
			all += batches * size
			p := serve(t, environment)
			apptest.Eventually(t, apptest.Patience, "some have moved",
				func() bool { return count(t, db, `SELECT count(*) FROM audit_batches`) < left+batches })
			if p.killWhile(t, db, databaseURL, "audit_batches", "1 = 1") {
				killed++
			} else { // they weren't enough for this machine
				p.kill()
				batches *= 2
			}
		}
		serve(t, environment)
		apptest.Eventually(t, apptest.Patience, "all have moved",
			func() bool { return count(t, db, `SELECT count(*) FROM audit_batches`) == 0 })
		made := count(t, db, `SELECT count(*) FROM audit WHERE action = 'registration.created'`)
		distinct := count(t, db, `SELECT count(DISTINCT subject_id) FROM audit WHERE action = 'registration.created'`)
		if made != all || distinct != all {
			t.Errorf("%d records of %d registrations, want %d", made, distinct, all)
		}
	})
}

// leaveRecords leaves batches of records for the audit log, as the registrar does.
func leaveRecords(t *testing.T, db *sql.DB, batches, size int) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing is left of it after a commit
	for range batches {
		records := make([]compete.AuditRecord, size)
		for i := range records {
			records[i] = compete.AuditRecord{
				At: compete.UTC(time.Now()), Action: compete.AuditRegistered,
				ActorID: uuid.NewString(), SubjectID: uuid.NewString(), Via: compete.ViaAPI,
			}
		}
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO audit_batches (id, records) VALUES ($1, $2)`,
			uuid.Must(uuid.NewV7()).String(), compete.EncodeAudit(records)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// wantRecorded wants the audit log to have so many registrations, each once.
func wantRecorded(t *testing.T, db *sql.DB, registrations int) {
	t.Helper()
	apptest.Eventually(t, apptest.Patience, "the audit log is complete",
		func() bool { return count(t, db, `SELECT count(*) FROM audit_batches`) == 0 })
	for _, what := range []string{"*", "DISTINCT subject_id", "DISTINCT actor_id"} {
		if got := count(t, db, `SELECT count(`+what+
			`) FROM audit WHERE action = 'registration.created'`); got != registrations {
			t.Errorf("the audit log has %d registrations by %s, want %d", got, what, registrations)
		}
	}
}

// registrations are those of a competition, by user, as the answers tell of them.
func registrations(t *testing.T, db *sql.DB, competition string) map[string]registration {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT user_id, id, seq FROM registrations WHERE competition_id = $1`,
		competition)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]registration{}
	for rows.Next() {
		var (
			user string
			r    registration
		)
		if err := rows.Scan(&user, &r.ID, &r.Seq); err != nil {
			t.Fatal(err)
		}
		all[user] = r
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// ask is what a statement that counts says.
func ask(db *sql.DB, statement string) (n int, err error) {
	err = db.QueryRowContext(context.Background(), statement).Scan(&n)
	return n, err
}

func count(t *testing.T, db *sql.DB, statement string) int {
	t.Helper()
	n, err := ask(db, statement)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// newCompetition is one that has room for everybody.
func (p *process) newCompetition(t *testing.T) string {
	t.Helper()
	return p.competitionWith(t, map[string]any{"capacity": 100_000})
}

func (p *process) competitionWith(t *testing.T, fields map[string]any) string {
	t.Helper()
	var login struct{ Token string }
	p.mustCall(t, http.MethodPost, "/auth/signup", "",
		map[string]any{
			"name": "Maya", "email": "maya@example.com", "password": "correct horse battery",
			"role": "ORGANIZER",
		}, &login)
	request := map[string]any{"title": "A race", "regDeadline": time.Now().Add(time.Hour)}
	maps.Copy(request, fields)
	var competition struct{ ID string }
	p.mustCall(t, http.MethodPost, "/competitions", login.Token, request, &competition)
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
	for range n {
		user := compete.User{ID: uuid.NewString(), Role: compete.RoleParticipant}
		user.Email = user.ID + "@example.com"
		_, err := tx.ExecContext(t.Context(),
			`INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at, verified_at)
				VALUES ($1, $2, 'x', '', $3, $4, $4, $4)`,
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
