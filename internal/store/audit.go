package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.AuditStore = (*Store)(nil)

// auditRow are the columns of the audit log; queries use the alias a.
var (
	auditRow = sqldb.Columns[compete.AuditEntry]{
		{Name: "id", Type: "uuid", Field: func(e *compete.AuditEntry) any { return &e.ID }},
		{Name: "at", Type: "time", Field: func(e *compete.AuditEntry) any { return &e.At }},
		{Name: "action", Type: "text", Field: func(e *compete.AuditEntry) any { return &e.Action }},
		auditedID("actor_id", func(e *compete.AuditEntry) *string { return &e.ActorID }),
		auditedID("user_id", func(e *compete.AuditEntry) *string { return &e.UserID }),
		auditedID("competition_id", func(e *compete.AuditEntry) *string { return &e.CompetitionID }),
		auditedID("subject_id", func(e *compete.AuditEntry) *string { return &e.SubjectID }),
		auditedValues("before", func(e *compete.AuditEntry) *json.RawMessage { return &e.Before }),
		auditedValues("after", func(e *compete.AuditEntry) *json.RawMessage { return &e.After }),
		{Name: "via", Type: "text", Field: func(e *compete.AuditEntry) any { return &e.Via }},
		{Name: "address", Type: "text", Field: func(e *compete.AuditEntry) any { return &e.Address }},
		{Name: "request_id", Type: "text", Field: func(e *compete.AuditEntry) any { return &e.RequestID }},
	}
	// auditShown adds the current names of a record's ids.
	auditShown = slices.Concat(auditRow, sqldb.Columns[compete.AuditEntry]{
		{
			Read:  `CASE WHEN who.erased_at IS NULL THEN who.name END`,
			Field: func(e *compete.AuditEntry) any { return sqldb.Optional(&e.ActorName) },
		},
		{
			Read:  `CASE WHEN person.erased_at IS NULL THEN person.name END`,
			Field: func(e *compete.AuditEntry) any { return sqldb.Optional(&e.UserName) },
		},
		{Read: `c.title`, Field: func(e *compete.AuditEntry) any { return sqldb.Optional(&e.CompetitionTitle) }},
	})
	auditColumns = auditShown.Select("a")

	// insertAudit is the only statement that adds to the log.
	insertAudit = auditRow.Bulk("audit", "")
)

// auditedID is a column with an optional id.
func auditedID(name string, field func(*compete.AuditEntry) *string) sqldb.Column[compete.AuditEntry] {
	return sqldb.Column[compete.AuditEntry]{
		Name: name, Type: "uuid",
		Field: func(e *compete.AuditEntry) any { return sqldb.Optional(field(e)) },
		Value: func(e *compete.AuditEntry) any { return optionalID(*field(e)) },
	}
}

// auditedValues is a column with optional JSON values.
func auditedValues(name string, field func(*compete.AuditEntry) *json.RawMessage) sqldb.Column[compete.AuditEntry] {
	return sqldb.Column[compete.AuditEntry]{
		Name: name, Type: "text",
		Field: func(e *compete.AuditEntry) any { return (*[]byte)(field(e)) },
		Value: func(e *compete.AuditEntry) any { return optional(string(*field(e))) },
	}
}

// record adds a record to the audit log, in the transaction of the change: see compete.AuditRecord.
func (t Tx) record(ctx context.Context, r compete.AuditRecord) error {
	return t.recordAll(ctx, []compete.AuditRecord{r.From(compete.OriginOf(ctx))})
}

// recordAll adds records whose origin is set, in order.
func (t Tx) recordAll(ctx context.Context, records []compete.AuditRecord) error {
	rows := make([][]any, len(records))
	for i, r := range records {
		if r.At.IsZero() {
			r.At = time.Now()
		}
		rows[i] = auditRow.Values(&compete.AuditEntry{AuditRecord: r, ID: auditID(r.At, i)})
	}
	_, err := t.Bulk(ctx, insertAudit, rows)
	return err
}

// changeRecorded runs one statement and, if it changed a row, records that in the same transaction.
func (s *Store) changeRecorded(
	ctx context.Context, r compete.AuditRecord, text string, args ...any,
) (n int64, err error) {
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if n, err = sqldb.Change(ctx, tx, text, args...); err != nil || n == 0 {
			return err
		}
		return tx.record(ctx, r)
	})
	return n, err
}

// auditID returns a UUID v7 (RFC 9562) made of the record's own time, to the microsecond, and its index among those
// written together.
func auditID(at time.Time, place int) string {
	id := auditFloor(compete.UTC(at))
	id[8], id[9] = 0x80|byte(place>>8)&0x3f, byte(place) //nolint:gosec // the variant, and the lower 14 bits
	_, _ = rand.Read(id[10:])                            // documented never to fail
	return id.String()
}

// auditFloor returns an id before every auditID of that time or later, and after all earlier ones.
func auditFloor(at time.Time) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|0x7000|uint64(at.UnixMicro()%1000))
	return id
}

// Record implements compete.AuditStore.
func (s *Store) Record(ctx context.Context, r compete.AuditRecord) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error { return tx.record(ctx, r) })
}

// Audit implements compete.AuditStore. It first moves the batches left by the registrar to the log, so that the log is
// complete.
func (s *Store) Audit(ctx context.Context, f compete.AuditFilter) (compete.Page[compete.AuditEntry], error) {
	if _, err := s.ExpandAudit(ctx, maxExpanded); err != nil {
		return compete.Page[compete.AuditEntry]{}, err
	}
	var st statement
	st.Add(`SELECT ` + auditColumns + ` FROM audit a LEFT JOIN users who ON who.id = a.actor_id LEFT
		JOIN users person ON person.id = a.user_id
		LEFT JOIN competitions c ON c.id = a.competition_id WHERE `)
	if f.PersonID == "" {
		st.audited(f)
	} else {
		// One index finds what the person did, another what was done to them; of each, no more is read than fits the
		// page.
		st.Add(`a.id IN (SELECT did.id FROM (SELECT a.id FROM audit a WHERE a.actor_id = %s AND `, f.PersonID)
		st.audited(f)
		st.Add(
			` ORDER BY a.id DESC LIMIT %s) did
			UNION ALL SELECT met.id FROM (SELECT a.id FROM audit a WHERE a.user_id = %s
			AND `,
			f.Limit+1, f.PersonID)
		st.audited(f)
		st.Add(` ORDER BY a.id DESC LIMIT %s) met)`, f.Limit+1)
	}
	st.Add(` ORDER BY a.id DESC LIMIT %s`, f.Limit+1)
	entries, err := sqldb.List(ctx, s.reader.Unprepared(), auditShown.Scan, st.Text(), st.Args()...)
	return page(entries, f.Limit, "audit",
		func(e compete.AuditEntry) (int64, string) { return e.At.UnixMicro(), e.ID }), err
}

// audited adds the conditions of a filter, except for the person.
func (s *statement) audited(f compete.AuditFilter) {
	s.Add(`1 = 1`)
	if f.Action != "" {
		s.Add(` AND a.action = %s`, string(f.Action))
	}
	for _, action := range f.Without {
		s.Add(` AND a.action <> %s`, string(action))
	}
	if f.CompetitionID != "" {
		s.Add(` AND a.competition_id = %s`, f.CompetitionID)
	}
	if !f.From.IsZero() {
		s.Add(` AND a.id >= %s`, auditFloor(f.From).String())
	}
	if !f.Until.IsZero() {
		s.Add(` AND a.id < %s`, auditFloor(f.Until).String())
	}
	if !f.Cursor.IsZero() {
		s.Add(` AND a.id < %s`, f.Cursor.ID)
	}
}

// maxExpanded bounds how many batches are moved to the log before it is read: more than a rush produces in a few
// seconds.
const maxExpanded = 500

// ExpandAudit implements compete.WorkStore. It moves one batch per transaction, so as not to block the one writer.
func (s *Store) ExpandAudit(ctx context.Context, limit int) (int, error) {
	for n := range limit {
		left, err := sqldb.List(ctx, s.reader, sqldb.ScanString,
			`SELECT b.id FROM audit_batches b ORDER BY b.id LIMIT 1`)
		if err != nil || len(left) == 0 {
			return n, err
		}
		if err := s.expandBatch(ctx, left[0]); err != nil {
			return n, fmt.Errorf("move batch %s to the audit log: %w", left[0], err)
		}
	}
	return limit, nil
}

func (s *Store) expandBatch(ctx context.Context, id string) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		taken, err := sqldb.List(ctx, tx, scanBytes, `DELETE FROM audit_batches WHERE id = $1 RETURNING records`, id)
		if err != nil || len(taken) == 0 { // another process was faster
			return err
		}
		records, err := compete.DecodeAudit(taken[0])
		if err != nil {
			return err
		}
		return tx.recordAll(ctx, records)
	})
}

// eraseAddresses deletes the network addresses of a person's actions and of attempts to log in to the account, and the
// recorded changes of their deleted drafts. Nothing else in the audit log is personal, since it identifies people only
// by id.
func (s *Store) eraseAddresses(ctx context.Context, userID string) error {
	if _, err := s.ExpandAudit(ctx, maxExpanded); err != nil {
		return err
	}
	for _, text := range []string{
		`UPDATE audit SET address = '' WHERE actor_id = $1 AND address <> ''`,
		`UPDATE audit SET address = '' WHERE user_id = $1 AND actor_id IS NULL AND address <> ''`,
		// The titles of deleted drafts.
		`UPDATE audit SET before = NULL, after = NULL WHERE competition_id IN (
			SELECT a.competition_id FROM audit a WHERE a.actor_id = $1 AND a.action = 'competition.created'
				AND NOT EXISTS (SELECT 1 FROM competitions c WHERE c.id = a.competition_id)) AND (before IS NOT NULL
				OR after IS NOT NULL)`,
	} {
		if _, err := sqldb.Change(ctx, s.writer, text, userID); err != nil {
			return err
		}
	}
	return nil
}

func scanBytes(row sqldb.Row) (b []byte, err error) { err = row.Scan(&b); return b, err }

// leaveAudit stores a batch's records for ExpandAudit, as a step of a pipeline.
func leaveAudit(t *sqldb.Pipeline, batchID string, records []compete.AuditRecord) {
	if len(records) > 0 {
		t.Exec(`INSERT INTO audit_batches (id, records) VALUES ($1, $2)`, batchID, compete.EncodeAudit(records))
	}
}
