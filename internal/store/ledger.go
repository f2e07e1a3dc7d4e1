package store

import (
	"context"
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
	expired [][]any // users and keys of records that were read: the keys are free again
}

// Read implements compete.LedgerTx.
func (t *ledgerTx) Read(ctx context.Context, q compete.LedgerQuery) (state compete.LedgerState, err error) {
	competitionIDs, err := t.competitionsOf(ctx, q)
	if err != nil || len(competitionIDs) == 0 {
		return state, err
	}
	trip := t.trip()
	fetch(trip, &state.Competitions, scanLedgerCompetition, `SELECT c.id, c.title, c.description, `+competitionOwn+`, NULL, '', c.next_seq `+fromCompetitions+`
		WHERE c.id {any $1 uuid} ORDER BY c.id {lock c}`, t.pool.dialect.list(competitionIDs))
	// Tags are read once the lock is there. A statement that waits for it sees the row as it is then, and all else as it was before.
	var tags [][2]string
	fetch(trip, &tags, scanPair, `SELECT t.competition_id, t.tag FROM competition_tags t WHERE t.competition_id {any $1 uuid}`,
		t.pool.dialect.list(competitionIDs))
	if len(q.RegistrationIDs) > 0 {
		fetch(trip, &state.Registrations, scanRegistration, registrationsByID, t.pool.dialect.list(q.RegistrationIDs))
	}
	if len(q.Places) > 0 {
		userIDs, ids := pairs(t, q.Places, func(p compete.Place) [2]string { return [2]string{p.UserID, p.CompetitionID} })
		fetch(trip, &state.Registrations, scanRegistration, `SELECT `+registrationColumns+` FROM {pairs $1 $2 uuid uuid} CROSS JOIN registrations r
			WHERE r.user_id = v.a AND r.competition_id = v.b`, userIDs, ids)
	}
	if len(q.Keys) > 0 {
		userIDs, keys := pairs(t, q.Keys, func(k compete.IdempotencyKey) [2]string { return [2]string{k.UserID, k.Key} })
		fetch(trip, &state.Records, scanRecord, `SELECT `+recordColumns+` FROM {pairs $1 $2 uuid text} CROSS JOIN idempotency_keys
			WHERE user_id = v.a AND key = v.b`, userIDs, keys)
	}
	if err := trip.run(ctx); err != nil {
		return compete.LedgerState{}, err
	}
	tagsOf := map[string][]string{}
	for _, t := range tags {
		tagsOf[t[0]] = append(tagsOf[t[0]], t[1])
	}
	for i := range state.Competitions {
		c := &state.Competitions[i]
		c.Tags = append(c.Tags, tagsOf[c.ID]...)
		slices.Sort(c.Tags)
	}
	state.Records = slices.DeleteFunc(state.Records, func(r compete.IdempotencyRecord) bool {
		expired := !q.Now.Before(r.ExpiresAt)
		if expired {
			t.expired = append(t.expired, []any{r.UserID, r.Key})
		}
		return expired
	})
	return state, nil
}

const registrationsByID = `SELECT ` + registrationColumns + ` FROM registrations r WHERE r.id {any $1 uuid}`

// competitionsOf are the competitions of a query. Those of registrations are looked up: they never change.
func (t *ledgerTx) competitionsOf(ctx context.Context, q compete.LedgerQuery) ([]string, error) {
	if len(q.RegistrationIDs) == 0 {
		return q.CompetitionIDs, nil
	}
	ids := slices.Clone(q.CompetitionIDs)
	found, err := list(ctx, t, scanRegistration, registrationsByID, t.pool.dialect.list(q.RegistrationIDs))
	for _, r := range found {
		ids = append(ids, r.CompetitionID)
	}
	return ids, err
}

// pairs are the two parameters of {pairs …}.
func pairs[T any](t *ledgerTx, values []T, pair func(T) [2]string) (first, second any) {
	list := make([][2]string, len(values))
	for i, v := range values {
		list[i] = pair(v)
	}
	return t.pool.dialect.pairs(list)
}

func scanLedgerCompetition(row scanner) (c compete.LedgerCompetition, err error) {
	c.Competition, err = scanWith(scanCompetition, &c.NextSeq)(row)
	c.ReadVersion, c.ReadNextSeq = c.Version, c.NextSeq
	return c, err
}

func scanPair(row scanner) (pair [2]string, err error) {
	err = row.Scan(&pair[0], &pair[1])
	return pair, err
}

func (t *ledgerTx) WaitlistHead(ctx context.Context, competitionID string, n int) ([]compete.Registration, error) {
	return list(ctx, t, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r JOIN users u ON u.id = r.user_id
		WHERE r.competition_id = $1 AND r.status = 'WAITLISTED' AND u.disabled_at IS NULL ORDER BY r.seq LIMIT $2`, competitionID, n)
}

func (t *ledgerTx) Uncancelled(ctx context.Context, competitionID string, n int) ([]compete.Registration, error) {
	return list(ctx, t, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r
		WHERE r.competition_id = $1 AND r.status IN ('PENDING', 'CONFIRMED', 'WAITLISTED') ORDER BY r.seq LIMIT $2`, competitionID, n)
}

// Write implements compete.LedgerTx.
func (t *ledgerTx) Write(ctx context.Context, c compete.LedgerChanges) error {
	trip := t.trip()
	trip.exec(`INSERT INTO batches (id, committed_at) VALUES ($1, $2)`, t.batchID, compete.UTC(time.Now()))
	trip.bulk(saveSeats, seatsRows(c.Competitions), all(len(c.Competitions), "competitions are not as they were read"))
	trip.bulk(insertRegistrations, newRegistrationRows(c.Inserted), anyNumber)
	trip.bulk(saveRegistrations, inLockOrder(registrationRows(c.Updated)), anyNumber)
	trip.bulk(deleteIdempotencyRecord, t.expired, anyNumber)
	trip.bulk(insertIdempotencyRecords, recordRows(c.Records), anyNumber)
	trip.bulk(countSeatsTaken, takenRows(c), anyNumber)
	if err := addMoves(trip, c.Moves); err != nil {
		return err
	}
	if err := t.store.addJobs(trip, c.Jobs); err != nil {
		return err
	}
	if err := trip.run(ctx); err != nil {
		return unknownUser(err)
	}
	for _, competition := range c.Competitions {
		if competition.ContentSet {
			if err := t.saveContent(ctx, competition.Competition); err != nil {
				return err
			}
		}
	}
	return nil
}

// The guard on what was read is beside the lock, not instead of it: it holds against whoever writes without locking.
var saveSeats = newBulk("id uuid, version integer, next_seq bigint, seats_left integer, waitlisted integer, capacity integer, new_version integer, new_next_seq bigint", `
	UPDATE competitions SET seats_left = v.seats_left, waitlisted = v.waitlisted, capacity = v.capacity, version = v.new_version, next_seq = v.new_next_seq
	{from} WHERE competitions.id = v.id AND competitions.version = v.version AND competitions.next_seq = v.next_seq`)

func seatsRows(competitions []compete.LedgerCompetition) [][]any {
	rows := make([][]any, len(competitions))
	for i, c := range competitions {
		rows[i] = []any{c.ID, c.ReadVersion, c.ReadNextSeq, c.SeatsLeft, c.Waitlisted, c.Capacity, c.Version, c.NextSeq}
	}
	return rows
}

const registrationValues = "id uuid, user_id uuid, competition_id uuid, status text, seq bigint, registered_at time, updated_at time, promoted_at time"

// A new registration is inserted, and one that is there is updated, by an INSERT with a clause more: the clause costs either database a
// look, and SQLite a table in memory, for each row. A new one has nothing to say about a cancellation.
var (
	insertRegistrations = newBulk(registrationValues, `
		INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at, promoted_at)
		{select v.id, v.user_id, v.competition_id, v.status, v.seq, v.registered_at, v.updated_at, v.promoted_at}`)
	saveRegistrations = newBulk(registrationValues+", cancel_reason text, removal_reason text, removal_note text, blocked boolean", `
		INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at, promoted_at,
			cancel_reason, removal_reason, removal_note, blocked)
		{select v.id, v.user_id, v.competition_id, v.status, v.seq, v.registered_at, v.updated_at, v.promoted_at,
			v.cancel_reason, v.removal_reason, v.removal_note, v.blocked}
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, seq = excluded.seq, registered_at = excluded.registered_at,
			updated_at = excluded.updated_at, promoted_at = excluded.promoted_at, cancel_reason = excluded.cancel_reason,
			removal_reason = excluded.removal_reason, removal_note = excluded.removal_note, blocked = excluded.blocked`)
)

func newRegistrationRows(registrations []compete.Registration) [][]any {
	rows := make([][]any, len(registrations))
	for i := range registrations {
		r := &registrations[i]
		rows[i] = []any{r.ID, r.UserID, r.CompetitionID, string(r.Status), r.Seq, r.RegisteredAt, r.UpdatedAt, r.PromotedAt}
	}
	return rows
}

func registrationRows(registrations []compete.Registration) [][]any {
	rows := newRegistrationRows(registrations)
	for i := range registrations {
		r := &registrations[i]
		rows[i] = append(rows[i], string(r.CancelReason), r.Removal.Reason, r.Removal.Note, r.Removal.Blocked)
	}
	return rows
}

// inLockOrder sorts by id, as Deliver locks registrations, so that the two wait for each other and never deadlock.
func inLockOrder(rows [][]any) [][]any {
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return rows
}

// unknownUser adds what a foreign key means here: the competition is locked, so it is the user who does not exist (any more).
func unknownUser(err error) error {
	if violationOf(err) == foreignKeyViolation {
		return fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	}
	return err
}

var (
	deleteIdempotencyRecord = newBulk("user_id uuid, key text", `
		DELETE FROM idempotency_keys WHERE (user_id, key) IN (SELECT v.user_id, v.key {from})`)
	insertIdempotencyRecords = newBulk("user_id uuid, key text, request_hash text, status integer, body bytes, expires_at time", `
		INSERT INTO idempotency_keys (user_id, key, request_hash, status, body, expires_at)
		{select v.user_id, v.key, v.request_hash, v.status, v.body, v.expires_at}`)
)

func recordRows(records []compete.IdempotencyRecord) [][]any {
	rows := make([][]any, len(records))
	for i := range records {
		r := &records[i]
		rows[i] = []any{r.UserID, r.Key, r.RequestHash, r.Status, r.Body, r.ExpiresAt}
	}
	return rows
}

var countSeatsTaken = newBulk("competition_id uuid, minute time, taken integer", `
	INSERT INTO seats_taken (competition_id, minute, taken) {select v.competition_id, v.minute, v.taken}
	ON CONFLICT (competition_id, minute) DO UPDATE SET taken = seats_taken.taken + excluded.taken`)

func takenRows(c compete.LedgerChanges) (rows [][]any) {
	for id, taken := range c.SeatsTaken {
		rows = append(rows, []any{id, c.Now.Truncate(time.Minute), taken})
	}
	return inLockOrder(rows)
}
