package registrar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// BenchmarkRegister measures the registrar without HTTP: 256 callers, each with an idempotency key, as in a rush. It
// does so for a plain competition, for one with ten questions, and for one whose questions everybody has answered
// ahead.
func BenchmarkRegister(b *testing.B) {
	for _, kind := range testservices.Databases(b) {
		for _, what := range []string{"plain", "answered", "prepared"} {
			b.Run(kind+"/"+what, func(b *testing.B) { benchmarkRegister(b, testservices.DatabaseURL(b, kind), what) })
		}
	}
}

// tenQuestions returns ten questions, and answers to them.
func tenQuestions() (questions compete.Questions, answers compete.Answers) {
	answers = compete.Answers{}
	for i := range 10 {
		q := compete.Question{
			ID: fmt.Sprint("q1-", i), Kind: compete.QuestionText, Label: "Which school do you go to?", Required: true,
			Scope: compete.ScopePerson,
		}
		answers[q.ID] = "Marie Curie School"
		if i%2 == 0 {
			q.Kind, q.Options, answers[q.ID] = compete.QuestionOneOf, []string{"S", "M", "L"}, "M"
		}
		questions = append(questions, q)
	}
	return questions, answers
}

func benchmarkRegister(b *testing.B, url, what string) {
	const callers = 256
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		b.Fatal(err)
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	now := compete.UTC(time.Now())
	exec := func(text string, args ...any) {
		if _, err := db.Writer().ExecContext(ctx, text, args...); err != nil {
			b.Fatal(err)
		}
	}
	users := make([]string, b.N+1)
	for i := range users {
		users[i] = newID()
	}
	tx, err := db.Writer().BeginTx(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	for i, id := range users {
		role := compete.RoleParticipant
		if i == b.N {
			role = compete.RoleOrganizer
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO users (id, email, name, password_hash, role, created_at,
			updated_at) VALUES ($1, $2, 'Ada', '', $4, $3, $3)`, id, id+"@example.com", now, role); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	competition := newID()
	exec(`INSERT INTO competitions (id, title, capacity, seats_left, reg_deadline, status, organizer_id,
		created_at, updated_at)
		VALUES ($1, 'Rush', 1000000, 1000000, $2,
		'PUBLISHED', $3, $4, $4)`, competition, now.Add(time.Hour), users[b.N], now)
	var entry compete.Entry
	var asked string
	if what != "plain" {
		questions, answers := tenQuestions()
		text, err := json.Marshal(questions)
		if err != nil {
			b.Fatal(err)
		}
		exec(`UPDATE competitions SET questions = $2 WHERE id = $1`, competition, string(text))
		entry.Answers, asked = answers, questions.Digest()
	}
	if what == "prepared" {
		text, err := entry.Answers.Encode()
		if err != nil {
			b.Fatal(err)
		}
		for _, id := range users {
			exec(`INSERT INTO preparations (user_id, competition_id, division_id, answers, asked, updated_at)
				VALUES ($1, $2, '', $3, $4, $5)`, id, competition, text, asked, now)
		}
		entry = compete.Entry{}
	}
	r := registrar.New(registrar.Config{Ledger: db.Ledger(), Clock: time.Now, NewID: newID, Logger: slog.Default()})
	r.Start()
	b.ResetTimer()
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := caller; i < b.N; i += callers {
				_, err := r.Register(ctx, compete.RegisterCommand{
					Actor: compete.Actor{UserID: users[i], Role: compete.RoleParticipant}, CompetitionID: competition,
					Entry: entry, Idempotency: compete.Idempotency{Key: fmt.Sprintf("bench-%08d", i), RequestHash: "h"},
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "registrations/s")
	if err := r.Stop(ctx); err != nil {
		b.Error(err)
	}
}
