package registrar_test

import (
	"context"
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

// BenchmarkRegister measures the registrar without HTTP: 256 callers, each with an idempotency key, as in a rush.
func BenchmarkRegister(b *testing.B) {
	for _, kind := range testservices.Databases(b) {
		b.Run(kind, func(b *testing.B) { benchmarkRegister(b, testservices.DatabaseURL(b, kind)) })
	}
}

func benchmarkRegister(b *testing.B, url string) {
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
	r := registrar.New(registrar.Config{Ledger: db.Ledger(), Clock: time.Now, NewID: newID, Logger: slog.Default()})
	r.Start()
	b.ResetTimer()
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := caller; i < b.N; i += callers {
				_, err := r.Register(ctx, compete.RegisterCommand{
					Actor: compete.Actor{UserID: users[i], Role: compete.RoleParticipant}, CompetitionID: competition,
					Idempotency: compete.Idempotency{Key: fmt.Sprintf("bench-%08d", i), RequestHash: "h"},
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
