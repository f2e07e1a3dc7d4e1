package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"minicompete/internal/compete"
)

// Ledger is the store as the registrar sees it: see compete.Ledger.
type Ledger struct{ store *Store }

var _ compete.Ledger = Ledger{}

// Ledger gives the registrar its transactions.
func (s *Store) Ledger() Ledger { return Ledger{s} }

// Transact implements compete.Ledger. A transaction that only read leaves no batch behind.
func (l Ledger) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	return l.store.Transact(ctx, func(_ context.Context, tx *Tx) error {
		return f(&ledgerTx{Tx: tx, store: l.store, batchID: batchID})
	})
}

// Committed implements compete.Ledger.
func (l Ledger) Committed(ctx context.Context, batchID string) (bool, error) {
	found, err := list(ctx, l.store.writer, scanString, `SELECT id FROM batches WHERE id = $1`, batchID)
	return len(found) == 1, err
}

// ledgerTx implements compete.LedgerTx.
type ledgerTx struct {
	*Tx
	store   *Store
	batchID string
	expired []compete.IdempotencyRecord // that were read; their keys are free again
}

func (t *ledgerTx) LockCompetitions(ctx context.Context, ids []string) ([]compete.LedgerCompetition, error) {
	return list(ctx, t, scanLedgerCompetition, `SELECT `+competitionColumns+`, c.next_seq `+fromCompetitions+`
		WHERE c.id {any $1 uuid} ORDER BY c.id {lock c}`, t.pool.dialect.list(ids))
}

func scanLedgerCompetition(row scanner) (c compete.LedgerCompetition, err error) {
	c.Competition, err = scanWith(scanCompetition, &c.NextSeq)(row)
	c.ReadVersion, c.ReadNextSeq = c.Version, c.NextSeq
	return c, err
}

func (t *ledgerTx) RegistrationsByID(ctx context.Context, ids []string) ([]compete.Registration, error) {
	return list(ctx, t, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r WHERE r.id {any $1 uuid}`, t.pool.dialect.list(ids))
}

func (t *ledgerTx) RegistrationsAt(ctx context.Context, places []compete.Place) ([]compete.Registration, error) {
	pairs := make([][2]string, len(places))
	for i, p := range places {
		pairs[i] = [2]string{p.UserID, p.CompetitionID}
	}
	userIDs, competitionIDs := t.pool.dialect.pairs(pairs)
	return list(ctx, t, scanRegistration, `SELECT `+registrationColumns+` FROM {pairs $1 $2 uuid uuid} CROSS JOIN registrations r
		WHERE r.user_id = v.a AND r.competition_id = v.b`, userIDs, competitionIDs)
}

func (t *ledgerTx) WaitlistHead(ctx context.Context, competitionID string, n int) ([]compete.Registration, error) {
	return list(ctx, t, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r
		WHERE r.competition_id = $1 AND r.status = 'WAITLISTED' ORDER BY r.seq LIMIT $2`, competitionID, n)
}

func (t *ledgerTx) Uncancelled(ctx context.Context, competitionID string, n int) ([]compete.Registration, error) {
	return list(ctx, t, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r
		WHERE r.competition_id = $1 AND r.status IN ('PENDING', 'CONFIRMED', 'WAITLISTED') ORDER BY r.seq LIMIT $2`, competitionID, n)
}

func (t *ledgerTx) IdempotencyRecords(ctx context.Context, keys []compete.IdempotencyKey, now time.Time) ([]compete.IdempotencyRecord, error) {
	pairs := make([][2]string, len(keys))
	for i, k := range keys {
		pairs[i] = [2]string{k.UserID, k.Key}
	}
	userIDs, userKeys := t.pool.dialect.pairs(pairs)
	found, err := list(ctx, t, scanRecord, `SELECT `+recordColumns+` FROM {pairs $1 $2 uuid text} CROSS JOIN idempotency_keys
		WHERE user_id = v.a AND key = v.b`, userIDs, userKeys)
	return slices.DeleteFunc(found, func(r compete.IdempotencyRecord) bool {
		expired := !now.Before(r.ExpiresAt)
		if expired {
			t.expired = append(t.expired, r)
		}
		return expired
	}), err
}

// The guard on what was read is beside the lock, not instead of it: it holds against whoever writes without locking.
var saveSeats = newBulk("id uuid, version integer, next_seq bigint, seats_left integer, waitlisted integer, capacity integer, new_version integer, new_next_seq bigint", `
	UPDATE competitions SET seats_left = v.seats_left, waitlisted = v.waitlisted, capacity = v.capacity, version = v.new_version, next_seq = v.new_next_seq
	{from} WHERE competitions.id = v.id AND competitions.version = v.version AND competitions.next_seq = v.next_seq`)

func (t *ledgerTx) SaveCompetitions(ctx context.Context, changed []compete.LedgerCompetition) error {
	if _, err := change(ctx, t, `INSERT INTO batches (id, committed_at) VALUES ($1, $2)`, t.batchID, compete.UTC(time.Now())); err != nil {
		return err
	}
	rows := make([][]any, len(changed))
	for i, c := range changed {
		rows[i] = []any{c.ID, c.ReadVersion, c.ReadNextSeq, c.SeatsLeft, c.Waitlisted, c.Capacity, c.Version, c.NextSeq}
	}
	n, err := t.bulk(ctx, saveSeats, rows)
	if err == nil && n != int64(len(changed)) {
		err = fmt.Errorf("%w: %d of %d competitions are not as they were read", compete.ErrConstraint, int64(len(changed))-n, len(changed))
	}
	if err != nil {
		return err
	}
	for _, c := range changed {
		if c.ContentSet {
			if err := t.saveContent(ctx, c.Competition); err != nil {
				return err
			}
		}
	}
	return nil
}

var saveRegistrations = newBulk("id uuid, user_id uuid, competition_id uuid, status text, seq bigint, registered_at time, updated_at time, promoted_at time", `
	INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at, promoted_at)
	{select v.id, v.user_id, v.competition_id, v.status, v.seq, v.registered_at, v.updated_at, v.promoted_at}
	ON CONFLICT (id) DO UPDATE SET status = excluded.status, seq = excluded.seq, registered_at = excluded.registered_at,
		updated_at = excluded.updated_at, promoted_at = excluded.promoted_at`)

func (t *ledgerTx) SaveRegistrations(ctx context.Context, changed []compete.Registration) error {
	rows := make([][]any, len(changed))
	for i, r := range changed {
		rows[i] = []any{r.ID, r.UserID, r.CompetitionID, string(r.Status), r.Seq, r.RegisteredAt, r.UpdatedAt, r.PromotedAt}
	}
	// In the order in which Deliver locks registrations, so that the two wait for each other and never deadlock.
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	_, err := t.bulk(ctx, saveRegistrations, rows)
	return unknownUser(err)
}

// unknownUser adds what a foreign key means here: the competition is locked, so it is the user who does not exist (any more).
func unknownUser(err error) error {
	if violationOf(err) == foreignKeyViolation {
		return fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	}
	return err
}

var saveIdempotencyRecords = newBulk("user_id uuid, key text, request_hash text, status integer, body bytes, expires_at time", `
	INSERT INTO idempotency_keys (user_id, key, request_hash, status, body, expires_at)
	{select v.user_id, v.key, v.request_hash, v.status, v.body, v.expires_at}`)

func (t *ledgerTx) SaveIdempotencyRecords(ctx context.Context, records []compete.IdempotencyRecord) error {
	if err := t.deleteExpired(ctx); err != nil {
		return err
	}
	rows := make([][]any, len(records))
	for i, r := range records {
		rows[i] = []any{r.UserID, r.Key, r.RequestHash, r.Status, r.Body, r.ExpiresAt}
	}
	_, err := t.bulk(ctx, saveIdempotencyRecords, rows)
	return unknownUser(err)
}

var deleteIdempotencyRecord = newBulk("user_id uuid, key text", `
	DELETE FROM idempotency_keys WHERE (user_id, key) IN (SELECT v.user_id, v.key {from})`)

// deleteExpired makes room for records whose keys were read and found expired.
func (t *ledgerTx) deleteExpired(ctx context.Context) error {
	rows := make([][]any, len(t.expired))
	for i, r := range t.expired {
		rows[i] = []any{r.UserID, r.Key}
	}
	_, err := t.bulk(ctx, deleteIdempotencyRecord, rows)
	return err
}

func (t *ledgerTx) CountSeatsTaken(ctx context.Context, competitionID string, taken int, now time.Time) error {
	_, err := change(ctx, t, `INSERT INTO seats_taken (competition_id, minute, taken) VALUES ($1, $2, $3)
		ON CONFLICT (competition_id, minute) DO UPDATE SET taken = seats_taken.taken + excluded.taken`, competitionID, now.Truncate(time.Minute), taken)
	return err
}

func (t *ledgerTx) Enqueue(ctx context.Context, jobs ...compete.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	if t.store.Enqueue == nil {
		return errors.New("store: no queue is set")
	}
	if err := t.store.Enqueue(ctx, t.sql, jobs); err != nil {
		return failure(err)
	}
	return nil
}
