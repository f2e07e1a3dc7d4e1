package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.PreparationStore = (*Store)(nil)

// SavePreparation implements compete.PreparationStore.
func (s *Store) SavePreparation(ctx context.Context, p compete.Place, e compete.Entry, now time.Time) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := sqldb.Change(ctx, tx, `INSERT INTO preparations (user_id, competition_id, entry, updated_at)
			VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, competition_id)
			DO UPDATE SET entry = excluded.entry, updated_at = excluded.updated_at`,
			p.UserID, p.CompetitionID, string(text), compete.UTC(now)); err != nil {
			return unknownUser(err)
		}
		return tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditPrepared, UserID: p.UserID, CompetitionID: p.CompetitionID,
		})
	})
}

// DeletePreparation implements compete.PreparationStore.
func (s *Store) DeletePreparation(ctx context.Context, p compete.Place, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `DELETE FROM preparations WHERE user_id = $1 AND competition_id = $2`, p.UserID,
			p.CompetitionID)
		if err != nil || n == 0 {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditUnprepared, UserID: p.UserID, CompetitionID: p.CompetitionID,
		})
	})
}

// Preparation implements compete.PreparationStore.
func (s *Store) Preparation(ctx context.Context, p compete.Place) (entry compete.Entry, at time.Time, err error) {
	if !compete.ValidID(p.UserID) || !compete.ValidID(p.CompetitionID) {
		return entry, at, compete.ErrPreparationMissing
	}
	type row struct {
		entry storedEntry
		at    time.Time
	}
	found, err := sqldb.One(ctx, s.reader, compete.ErrPreparationMissing, func(r sqldb.Row) (f row, err error) {
		err = r.Scan(&f.entry, &f.at)
		return f, err
	}, `SELECT p.entry, p.updated_at FROM preparations p WHERE p.user_id = $1 AND p.competition_id = $2`, p.UserID,
		p.CompetitionID)
	return compete.Entry(found.entry), found.at, err
}

// storedEntry is an entry as its column has it: JSON.
type storedEntry compete.Entry

// Scan implements sql.Scanner.
func (e *storedEntry) Scan(from any) error {
	var text string
	switch v := from.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	}
	var read compete.Entry
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return err
	}
	answers, err := compete.DecodeAnswers(answerJSON(read.Answers))
	read.Answers = answers
	*e = storedEntry(read)
	return err
}

// Prepared implements compete.LedgerTx.
func (t *ledgerTx) Prepared(ctx context.Context, places []compete.Place) (map[compete.Place]compete.Entry, error) {
	type row struct {
		place compete.Place
		entry storedEntry
	}
	userIDs, ids := pairs(t, places, func(p compete.Place) [2]string { return [2]string{p.UserID, p.CompetitionID} })
	found, err := sqldb.List(ctx, t, func(r sqldb.Row) (f row, err error) {
		err = r.Scan(&f.place.UserID, &f.place.CompetitionID, &f.entry)
		return f, err
	}, `SELECT p.user_id, p.competition_id, p.entry FROM {pairs $1 $2 uuid uuid} CROSS JOIN preparations p
		WHERE p.user_id = v.a AND p.competition_id = v.b`, userIDs, ids)
	prepared := make(map[compete.Place]compete.Entry, len(found))
	for _, f := range found {
		prepared[f.place] = compete.Entry(f.entry)
	}
	return prepared, err
}

var endPreparation = sqldb.NewBulk("user_id uuid, competition_id uuid", `
	DELETE FROM preparations WHERE (user_id, competition_id) IN (SELECT v.user_id, v.competition_id {from})`)

func placeRows(places []compete.Place) [][]any {
	rows := make([][]any, len(places))
	for i, p := range places {
		rows[i] = []any{p.UserID, p.CompetitionID}
	}
	return rows
}

// PreparationsOf implements compete.PersonalDataStore.
func (s *Store) PreparationsOf(ctx context.Context, userID string) ([]compete.KeptPreparation, error) {
	kept, err := sqldb.List(ctx, s.reader, func(r sqldb.Row) (p compete.KeptPreparation, err error) {
		err = r.Scan(&p.CompetitionID, (*storedEntry)(&p.Entry), &p.UpdatedAt)
		return p, err
	}, `SELECT p.competition_id, p.entry, p.updated_at FROM preparations p WHERE p.user_id = $1`, userID)
	slices.SortFunc(kept, func(a, b compete.KeptPreparation) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
	return kept, err
}
