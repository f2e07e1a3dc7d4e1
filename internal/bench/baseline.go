package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
)

// serveBaseline serves POST /api/competitions/{id}/register in one of two ways, "bare" or "textbook", at
// "baseline@address".
func serveBaseline(ctx context.Context, what, database string) error {
	name, address, _ := strings.Cut(what, "@")
	db, err := store.Open(ctx, store.Config{URL: database})
	if err != nil {
		return err
	}
	defer db.Close()
	var register func(ctx context.Context, userID, competitionID string) error
	switch name {
	case "bare":
		record, err := newRecord()
		if err != nil {
			return err
		}
		b := newBare(db, record)
		go b.commits()
		register = b.register
	case "textbook":
		register = textbook{db.Writer()}.register
	default:
		return fmt.Errorf("no baseline %q", name)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("POST /api/competitions/{id}/register", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		// The load uses the user's id as its idempotency key, so that the baseline needs no token to identify the user.
		if err := register(r.Context(), r.Header.Get("Idempotency-Key"), r.PathValue("id")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"status":"PENDING"}`)
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.WithoutCancel(ctx))
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// textbook is the usual approach: one transaction per registration, which locks the competition's row.
type textbook struct{ db *sql.DB }

func (t textbook) register(ctx context.Context, userID, competitionID string) error {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var left int
	var seq int64
	if err := tx.QueryRowContext(ctx, "SELECT seats_left, next_seq FROM competitions WHERE id = $1 FOR UPDATE",
		competitionID).Scan(&left, &seq); err != nil {
		return err
	}
	if left == 0 {
		return errors.New("full")
	}
	if _, err := tx.ExecContext(ctx, insertRegistration, newID(), userID, competitionID, seq,
		time.Now().UTC()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx,
		"UPDATE competitions SET seats_left = seats_left - 1, next_seq = next_seq + 1 WHERE id = $1",
		competitionID); err != nil {
		return err
	}
	return tx.Commit()
}

const insertRegistration = `INSERT INTO registrations (id, user_id, competition_id, status, seq,
	registered_at, updated_at)
	VALUES ($1, $2, $3, 'PENDING', $4, $5, $5)`

// bare only batches the inserts of a registration, including an idempotency record, into the same tables as the
// product. It has no token, rules, reads, locks, seats or jobs.
type bare struct {
	db     *store.Store
	record compete.IdempotencyRecord // the same for everybody except for the key
	queue  chan bareInsert
	seq    int64
}

type bareInsert struct {
	userID, competitionID string
	done                  chan error
}

const bareBatch = 512

func newBare(db *store.Store, record compete.IdempotencyRecord) *bare {
	return &bare{db: db, record: record, queue: make(chan bareInsert, 16_384)}
}

func (b *bare) register(_ context.Context, userID, competitionID string) error {
	i := bareInsert{userID, competitionID, make(chan error, 1)}
	b.queue <- i
	return <-i.done
}

func (b *bare) commits() {
	for first := range b.queue {
		batch := append(make([]bareInsert, 0, bareBatch), first)
		for len(batch) < bareBatch && len(b.queue) > 0 {
			batch = append(batch, <-b.queue)
		}
		err := b.insert(batch)
		for _, i := range batch {
			i.done <- err
		}
	}
}

// insert writes the batch in one durable transaction, in the best way for each database: rows of a prepared statement
// on SQLite, one statement over arrays on PostgreSQL. It counts the seats once.
func (b *bare) insert(batch []bareInsert) error {
	ctx := context.Background()
	tx, err := b.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if b.db.Kind() == sqldb.SQLite {
		err = b.insertRows(ctx, tx, batch)
	} else {
		err = b.insertArrays(ctx, tx, batch)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

const insertRecord = `INSERT INTO idempotency_keys (user_id, key, request_hash, body, expires_at)
	VALUES ($1, $2, $3, $4, $5)`

func (b *bare) insertRows(ctx context.Context, tx *sql.Tx, batch []bareInsert) error {
	registration, err := tx.PrepareContext(ctx, insertRegistration)
	if err != nil {
		return err
	}
	defer registration.Close()
	record, err := tx.PrepareContext(ctx, insertRecord)
	if err != nil {
		return err
	}
	defer record.Close()
	now := time.Now().UTC()
	for _, i := range batch {
		b.seq++
		if _, err := registration.ExecContext(ctx, newID(), i.userID, i.competitionID, b.seq, now); err != nil {
			return err
		}
		if _, err := record.ExecContext(ctx, i.userID, i.userID, b.record.RequestHash, b.record.Body,
			b.record.ExpiresAt); err != nil {
			return err
		}
	}
	return nil
}

func (b *bare) insertArrays(ctx context.Context, tx *sql.Tx, batch []bareInsert) error {
	ids, users, competitions, seqs := make([]string, len(batch)), make([]string, len(batch)),
		make([]string, len(batch)), make([]int64, len(batch))
	bodies := make([][]byte, len(batch))
	for n, i := range batch {
		b.seq++
		ids[n], users[n], competitions[n], seqs[n], bodies[n] = newID(), i.userID, i.competitionID, b.seq, b.record.Body
	}
	now := time.Now().UTC()
	if _, err := tx.ExecContext(ctx, `INSERT INTO registrations (id, user_id, competition_id, status, seq,
		registered_at, updated_at)
		SELECT r.id, r.user_id, r.competition_id, 'PENDING', r.seq, $5, $5
		FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS r(id, user_id, competition_id, seq)`,
		ids, users, competitions, seqs, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO idempotency_keys (user_id, key, request_hash, body, expires_at)
		SELECT r.user_id, r.user_id, $3, r.body, $4 FROM unnest($1::uuid[], $2::bytea[]) AS r(user_id, body)`,
		users, bodies, b.record.RequestHash, b.record.ExpiresAt)
	return err
}
