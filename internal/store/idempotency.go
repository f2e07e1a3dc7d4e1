package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// recordRow are the columns of a recorded outcome; queries use the alias k.
var (
	recordRow     = slices.Concat(recordKeys, recordOutcome)
	recordColumns = recordRow.Select("k")
	scanRecord    = recordRow.Scan

	recordKeys = sqldb.Columns[compete.IdempotencyRecord]{
		{Name: "user_id", Type: "uuid", Field: func(r *compete.IdempotencyRecord) any { return &r.UserID }},
		{Name: "key", Type: "text", Field: func(r *compete.IdempotencyRecord) any { return &r.Key }},
	}
	recordOutcome = sqldb.Columns[compete.IdempotencyRecord]{
		{Name: "request_hash", Type: "text", Field: func(r *compete.IdempotencyRecord) any { return &r.RequestHash }},
		{Name: "body", Type: "bytes", Field: func(r *compete.IdempotencyRecord) any { return &r.Body }},
		{Name: "expires_at", Type: "time", Field: func(r *compete.IdempotencyRecord) any { return &r.ExpiresAt }},
	}
)

var (
	claimRecord = fmt.Sprintf(`%s ON CONFLICT (user_id, key) DO UPDATE SET %s WHERE idempotency_keys.expires_at <= $%d`,
		recordRow.Insert("idempotency_keys"), recordOutcome.Excluded(), len(recordRow)+1)
	recordOf = `SELECT ` + recordColumns + ` FROM idempotency_keys k WHERE k.user_id = $1 AND k.key = $2
		AND k.expires_at > $3`
)

// claimKey inserts the record, replacing an expired one. It returns the unexpired record that prevents this, if any.
func (t Tx) claimKey(
	ctx context.Context, r compete.IdempotencyRecord, now time.Time,
) (*compete.IdempotencyRecord, error) {
	n, err := sqldb.Change(ctx, t, claimRecord, append(recordRow.Values(&r), now)...)
	if err != nil || n > 0 {
		return nil, err
	}
	return creationRecord(ctx, t, r.UserID, r.Key, now)
}

// CreationRecord implements compete.CompetitionStore.
func (s *Store) CreationRecord(
	ctx context.Context, userID, key string, now time.Time,
) (*compete.IdempotencyRecord, error) {
	if !compete.ValidID(userID) {
		return nil, nil //nolint:nilnil // there is none
	}
	return creationRecord(ctx, s.reader, userID, key, compete.UTC(now))
}

func creationRecord(
	ctx context.Context, q sqldb.Querier, userID, key string, now time.Time,
) (*compete.IdempotencyRecord, error) {
	found, err := sqldb.List(ctx, q, scanRecord, recordOf, userID, key, now)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
