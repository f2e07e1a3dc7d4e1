package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// Ledger implements compete.Ledger, the registrar's view of the store.
type Ledger struct{ store *Store }

var _ compete.Ledger = Ledger{}

// Ledger returns the registrar's view of the store.
func (s *Store) Ledger() Ledger { return Ledger{s} }

// Transact implements compete.Ledger. A transaction that only reads leaves no batch behind.
func (l Ledger) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	return l.store.Transact(ctx, func(_ context.Context, tx Tx) error {
		return f(&ledgerTx{Tx: tx, store: l.store, batchID: batchID})
	})
}

// Committed implements compete.Ledger.
func (l Ledger) Committed(ctx context.Context, batchID string) (bool, error) {
	found, err := sqldb.List(ctx, l.store.writer, sqldb.ScanString, `SELECT id FROM batches WHERE id = $1`, batchID)
	return len(found) == 1, err
}

// ledgerTx implements compete.LedgerTx.
type ledgerTx struct {
	Tx
	store   *Store
	batchID string
	expired [][]any // users and keys of expired records that were read, whose keys can be reused

	before     map[string]compete.Registration // those that were read, by id
	organizers map[string]string               // organizers of the competitions that were read, by competition id
}

// Read implements compete.LedgerTx.
func (t *ledgerTx) Read(ctx context.Context, q compete.LedgerQuery) (state compete.LedgerState, err error) {
	competitionIDs, err := t.competitionsOf(ctx, q)
	if err != nil || len(competitionIDs) == 0 {
		return state, err
	}
	pipeline := t.Pipeline()
	sqldb.Fetch(pipeline, &state.Competitions, scanLedgerCompetition, lockCompetitions, t.Array(competitionIDs))
	// Tags are read after locking: a statement that waits for a lock sees the locked row as of then, but everything
	// else as it was before.
	var tags [][2]string
	sqldb.Fetch(pipeline, &tags, sqldb.ScanPair,
		`SELECT t.competition_id, t.tag FROM competition_tags t WHERE t.competition_id {any $1 uuid}`,
		t.Array(competitionIDs))
	if len(q.RegistrationIDs) > 0 {
		ids := t.Array(q.RegistrationIDs)
		sqldb.Fetch(pipeline, &state.Registrations, scanRegistration, registrationsByID, ids)
		sqldb.Fetch(pipeline, &state.Disabled, sqldb.ScanString, ofDisabled, ids)
	}
	if len(q.Places) > 0 {
		userIDs, ids := pairs(t, q.Places,
			func(p compete.Place) [2]string { return [2]string{p.UserID, p.CompetitionID} })
		sqldb.Fetch(pipeline, &state.Registrations, scanRegistration, registrationsByPlace, userIDs, ids)
	}
	var prepared []preparation
	var divisions []placedDivision
	if len(q.Prepared) > 0 { // those competitions probably have divisions
		t.fetchPrepared(pipeline, &prepared, q.Prepared)
		sqldb.Fetch(pipeline, &divisions, scanDivision, divisionsByCompetition, t.Array(competitionIDs))
	}
	if len(q.Keys) > 0 {
		userIDs, keys := pairs(t, q.Keys,
			func(k compete.IdempotencyKey) [2]string { return [2]string{k.UserID, k.Key} })
		sqldb.Fetch(pipeline, &state.Records, scanRecord, recordsByKey, userIDs, keys)
	}
	if err := pipeline.Run(ctx); err != nil {
		return compete.LedgerState{}, err
	}
	tagsByID := map[string][]string{}
	for _, t := range tags {
		tagsByID[t[0]] = append(tagsByID[t[0]], t[1])
	}
	t.remember(state.Registrations)
	for i := range state.Competitions {
		c := &state.Competitions[i]
		c.Tags = append(c.Tags, tagsByID[c.ID]...)
		slices.Sort(c.Tags)
		t.rememberOrganizer(c.ID, c.Organizer.ID)
	}
	state.Prepared = byPlace(prepared)
	if len(q.Prepared) > 0 {
		addDivisions(state.Competitions, divisions)
	} else if err := t.readDivisions(ctx, state.Competitions); err != nil {
		return compete.LedgerState{}, err
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

// The queries that lock and read.
var (
	lockCompetitions = `SELECT ` + competitionRow.Reading(tagsOf,
		`NULL`).Reading(divisionsOf, `NULL`).Reading(`c.cover`, `''`).Select("c") + `, c.next_seq` +
		fromCompetitions + `WHERE c.id {any $1 uuid} ORDER BY c.id {lock c}`
	registrationsByID = `SELECT ` + registrationColumns + ` FROM registrations r WHERE r.id {any $1 uuid}`
	ofDisabled        = `SELECT r.id FROM registrations r JOIN users u ON u.id = r.user_id
		WHERE r.id {any $1 uuid} AND u.disabled_at IS NOT NULL`
	registrationsByPlace = `SELECT ` + registrationColumns + ` FROM {pairs $1 $2 uuid uuid}
		{match registrations r: r.user_id = v.a AND r.competition_id = v.b}`
	recordsByKey = `SELECT ` + recordColumns + ` FROM {pairs $1 $2 uuid text}
		{match idempotency_keys k: k.user_id = v.a AND k.key = v.b}`
	waitlistHead = `SELECT ` + registrationColumns + ` FROM registrations r JOIN users u ON u.id = r.user_id
		WHERE r.competition_id = $1 AND r.status = 'WAITLISTED' AND NOT r.follows AND u.disabled_at IS NULL
		ORDER BY r.seq LIMIT $2`
	divisionWaitlistHead = `SELECT ` + registrationColumns + ` FROM registrations r JOIN users u ON u.id = r.user_id
		WHERE r.division_id = $1 AND r.status = 'WAITLISTED' AND NOT r.follows AND u.disabled_at IS NULL
		ORDER BY r.seq LIMIT $2`
	uncancelled = `SELECT ` + registrationColumns + ` FROM registrations r
		WHERE r.competition_id = $1 AND r.status IN ('PENDING', 'CONFIRMED', 'OFFERED',
		'APPLIED', 'WAITLISTED', 'REJECTED') ORDER BY r.seq LIMIT $2`
	divisionUncancelled = `SELECT ` + registrationColumns + ` FROM registrations r
		WHERE r.division_id = $1 AND r.status <> 'CANCELLED' ORDER BY r.seq LIMIT $2`
	offered = `SELECT ` + registrationColumns + ` FROM registrations r
		WHERE r.competition_id = $1 AND r.status = 'OFFERED' AND r.confirm_by > $2 ORDER BY r.seq LIMIT $3`
)

// competitionsOf returns the competitions of a query. It looks up those of registrations, which never change.
func (t *ledgerTx) competitionsOf(ctx context.Context, q compete.LedgerQuery) ([]string, error) {
	if len(q.RegistrationIDs) == 0 {
		return q.CompetitionIDs, nil
	}
	ids := slices.Clone(q.CompetitionIDs)
	found, err := sqldb.List(ctx, t, scanRegistration, registrationsByID, t.Array(q.RegistrationIDs))
	for _, r := range found {
		ids = append(ids, r.CompetitionID)
	}
	return ids, err
}

// all fails with compete.ErrConstraint if fewer than n rows changed.
func all(n int, what string) func(int64) error {
	return func(changed int64) error {
		if changed != int64(n) {
			return fmt.Errorf("%w: %d of %d %s", compete.ErrConstraint, int64(n)-changed, n, what)
		}
		return nil
	}
}

// pairs returns the two parameters of {pairs …}.
func pairs[T any](t *ledgerTx, values []T, pair func(T) [2]string) (first, second any) {
	list := make([][2]string, len(values))
	for i, v := range values {
		list[i] = pair(v)
	}
	return t.Pairs(list)
}

func scanLedgerCompetition(row sqldb.Row) (c compete.LedgerCompetition, err error) {
	c.Competition, err = sqldb.ScanWith(scanCompetition, &c.NextSeq)(row)
	c.ReadVersion, c.ReadNextSeq = c.Version, c.NextSeq
	return c, err
}

func (t *ledgerTx) WaitlistHead(
	ctx context.Context, competitionID, divisionID string, n int,
) ([]compete.Registration, error) {
	query, whose := waitlistHead, competitionID
	if divisionID != "" {
		query, whose = divisionWaitlistHead, divisionID
	}
	found, err := sqldb.List(ctx, t, scanRegistration, query, whose, n)
	t.remember(found)
	return found, err
}

func (t *ledgerTx) Uncancelled(
	ctx context.Context, competitionID, divisionID string, n int,
) ([]compete.Registration, error) {
	query, whose := uncancelled, competitionID
	if divisionID != "" {
		query, whose = divisionUncancelled, divisionID
	}
	found, err := sqldb.List(ctx, t, scanRegistration, query, whose, n)
	t.remember(found)
	return found, err
}

func (t *ledgerTx) Offered(
	ctx context.Context, competitionID string, after time.Time, n int,
) ([]compete.Registration, error) {
	found, err := sqldb.List(ctx, t, scanRegistration, offered, competitionID, after, n)
	t.remember(found)
	return found, err
}

// Write implements compete.LedgerTx.
func (t *ledgerTx) Write(ctx context.Context, c compete.LedgerChanges) error {
	counted, err := t.count(ctx, &c)
	if err != nil {
		return err
	}
	pipeline := t.Pipeline()
	pipeline.Exec(`INSERT INTO batches (id, committed_at) VALUES ($1, $2)`, t.batchID, compete.UTC(time.Now()))
	pipeline.Bulk(saveSeats, seatsRows(c.Competitions),
		all(len(c.Competitions), "competitions are not as they were read"))
	var divisions, goneDivisions [][]any
	for i := range c.Competitions {
		rows, gone := changedDivisions(&c.Competitions[i])
		divisions, goneDivisions = append(divisions, rows...), append(goneDivisions, gone...)
	}
	pipeline.Bulk(saveDivisions, divisions, nil)
	inserted, saved := c.Inserted, c.Updated
	if slices.ContainsFunc(inserted, changedSince) {
		saved = slices.Concat(saved, slices.DeleteFunc(slices.Clone(inserted), isNew))
		inserted = slices.DeleteFunc(slices.Clone(inserted), changedSince)
	}
	saveTeamsOf(pipeline, &c)
	plain, divided, teamed := byColumns(inserted)
	pipeline.Bulk(insertRegistrations, newRegistrationRow.Rows(plain), nil)
	pipeline.Bulk(insertIntoDivisions, dividedRow.Rows(divided), nil)
	pipeline.Bulk(insertIntoTeams, teamedRow.Rows(teamed), nil)
	pipeline.Bulk(saveRegistrations, inLockOrder(registrationRow.Rows(saved)), nil)
	pipeline.Bulk(deleteIdempotencyRecord, t.expired, nil)
	pipeline.Bulk(insertIdempotencyRecords, recordRow.Rows(c.Records), nil)
	newAnswers, answers := splitAnswers(c.Answers, inserted)
	pipeline.Bulk(insertAnswers, newAnswers, nil)
	pipeline.Bulk(saveAnswers, answers, nil)
	pipeline.Bulk(countSeatsTaken, takenRows(c), nil)
	pipeline.Bulk(countBlocks, blockRows(counted.blocks), nil)
	pipeline.Bulk(countDivisionBlocks, blockRows(counted.divisionBlocks), nil)
	pipeline.Bulk(countDays, counted.dayRows(), nil)
	if err := addMoves(pipeline, c.Moves); err != nil {
		return err
	}
	if err := t.store.addJobs(pipeline, c.Jobs); err != nil {
		return err
	}
	saveFreed(pipeline, c.Freed)
	saveReleases(pipeline, c.Releases) // before what is left of the drafts moves
	handOver(pipeline, c.HandOvers)
	saveDraws(pipeline, c.Draws)
	leaveAudit(pipeline, t.batchID, c.Audit)
	pipeline.Bulk(leaveDivisions, goneDivisions, nil)
	pipeline.Bulk(deleteDivisions, goneDivisions, nil)
	if err := keepContents(pipeline, c.Replaced, c.Now); err != nil {
		return err
	}
	if err := pipeline.Run(ctx); err != nil {
		return unknownUser(err)
	}
	for _, competition := range c.Competitions {
		if competition.ContentSet {
			if err := t.saveContent(ctx, competition.Competition); err != nil {
				return err
			}
			if err := t.moveDays(ctx, &competition.Competition); err != nil {
				return err
			}
		}
	}
	return nil
}

// The check of what was read complements the lock rather than replacing it: it also detects writers that don't lock.
var saveSeats = sqldb.NewBulk(
	"id uuid, version integer, next_seq bigint, seats_left integer, waitlisted integer, capacity integer, "+
		"new_version integer, new_next_seq bigint", `
	UPDATE competitions SET seats_left = v.seats_left, waitlisted = v.waitlisted, capacity = v.capacity,
	version = v.new_version, next_seq = v.new_next_seq
	{from} WHERE competitions.id = v.id AND competitions.version = v.version AND competitions.next_seq = v.next_seq`)

func seatsRows(competitions []compete.LedgerCompetition) [][]any {
	rows := make([][]any, len(competitions))
	for i, c := range competitions {
		rows[i] = []any{c.ID, c.ReadVersion, c.ReadNextSeq, c.SeatsLeft, c.Waitlisted, c.Capacity, c.Version, c.NextSeq}
	}
	return rows
}

// New registrations are written by a plain INSERT, changes to existing ones by an INSERT with one more clause. That
// clause costs either database a lookup for each row.
var (
	insertRegistrations = newRegistrationRow.Bulk("registrations", "")
	insertIntoDivisions = dividedRow.Bulk("registrations", "")
	insertIntoTeams     = teamedRow.Bulk("registrations", "")
	saveRegistrations   = registrationRow.Bulk("registrations",
		"ON CONFLICT (id) DO UPDATE SET "+keptStatus+", "+
			slices.Concat(registrationState[1:], registrationDivision, registrationTeam, registrationLater).Excluded())
)

// keptStatus keeps a confirmation that Deliver, which doesn't lock competitions, wrote since the registration was read.
// A registration that becomes PENDING again has a new place in the order of arrival, so the same place, or one that was
// put aside, means that this transaction didn't change the status.
var keptStatus = `status = CASE WHEN registrations.status = 'CONFIRMED' AND excluded.status = 'PENDING'
	AND (registrations.seq = excluded.seq OR registrations.seq >= ` + aside + `)
	THEN 'CONFIRMED' ELSE excluded.status END`

// byColumns separates new registrations by the columns that they need, since most need neither a division's nor a
// team's.
func byColumns(inserted []compete.Registration) (plain, divided, teamed []compete.Registration) {
	inTeam := func(r compete.Registration) bool { return r.TeamID != "" || r.Looking }
	special := func(r compete.Registration) bool { return r.DivisionID != "" || inTeam(r) }
	if !slices.ContainsFunc(inserted, special) {
		return inserted, nil, nil
	}
	for _, r := range inserted {
		switch {
		case inTeam(r):
			teamed = append(teamed, r)
		case r.DivisionID != "":
			divided = append(divided, r)
		default:
			plain = append(plain, r)
		}
	}
	return plain, divided, teamed
}

// changedSince reports whether a registration created in this transaction has values besides those written by
// newRegistrationRow.
func changedSince(r compete.Registration) bool { return r.CancelReason != "" || r.ConfirmBy != nil }

func isNew(r compete.Registration) bool { return !changedSince(r) }

// inLockOrder sorts by id, the order in which Deliver locks registrations, so that the two wait for each other and
// never deadlock.
func inLockOrder(rows [][]any) [][]any {
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return rows
}

// unknownUser translates a foreign key violation. Since the competition is locked, it is the user who doesn't exist
// (any more).
func unknownUser(err error) error {
	if sqldb.ViolationOf(err) == sqldb.ForeignKeyViolation {
		return fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	}
	return err
}

var (
	deleteIdempotencyRecord = sqldb.NewBulk("user_id uuid, key text", `
		DELETE FROM idempotency_keys {using}
		WHERE idempotency_keys.user_id = v.user_id AND idempotency_keys.key = v.key`)
	insertIdempotencyRecords = recordRow.Bulk("idempotency_keys", "")
)

var countSeatsTaken = sqldb.NewBulk("competition_id uuid, minute time, taken integer", `
	INSERT INTO seats_taken (competition_id, minute, taken) {select v.competition_id, v.minute, v.taken}
	ON CONFLICT (competition_id, minute) DO UPDATE SET taken = seats_taken.taken + excluded.taken`)

func takenRows(c compete.LedgerChanges) (rows [][]any) {
	for id, taken := range c.SeatsTaken {
		rows = append(rows, []any{id, c.Now.Truncate(time.Minute), taken})
	}
	return inLockOrder(rows)
}
