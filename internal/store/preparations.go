package store

import (
	"context"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.PreparationStore = (*Store)(nil)

// SavePreparation implements compete.PreparationStore.
func (s *Store) SavePreparation(ctx context.Context, p compete.Place, e compete.PreparedEntry) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := sqldb.Change(ctx, tx, `INSERT INTO preparations
				(user_id, competition_id, division_id, team_name, team_code, looking, answers, asked, access,
				updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (user_id, competition_id) DO UPDATE SET division_id = excluded.division_id,
				team_name = excluded.team_name, team_code = excluded.team_code, looking = excluded.looking,
				answers = excluded.answers, asked = excluded.asked, access = excluded.access,
				updated_at = excluded.updated_at`,
			p.UserID, p.CompetitionID, e.DivisionID, e.TeamName, e.TeamCode, e.Looking, e.Answers, e.Asked, e.Access,
			e.SavedAt); err != nil {
			return unknownUser(err)
		}
		return tx.record(ctx, compete.AuditRecord{
			At: e.SavedAt, Action: compete.AuditPrepared, UserID: p.UserID, CompetitionID: p.CompetitionID,
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

// preparedColumns are those that scanPrepared reads.
const preparedColumns = `p.user_id, p.competition_id, p.division_id, p.team_name, p.team_code, p.looking,
	p.answers, p.asked, p.access, p.updated_at`

type preparation struct {
	place compete.Place
	entry compete.PreparedEntry
}

func scanPrepared(r sqldb.Row) (p preparation, err error) {
	e := &p.entry
	err = r.Scan(&p.place.UserID, &p.place.CompetitionID, &e.DivisionID, &e.TeamName, &e.TeamCode, &e.Looking,
		&e.Answers, &e.Asked, &e.Access, &e.SavedAt)
	return p, err
}

// Preparation implements compete.PreparationStore.
func (s *Store) Preparation(ctx context.Context, p compete.Place) (compete.PreparedEntry, error) {
	if !compete.ValidID(p.UserID) || !compete.ValidID(p.CompetitionID) {
		return compete.PreparedEntry{}, compete.ErrPreparationMissing
	}
	found, err := sqldb.One(ctx, s.reader, compete.ErrPreparationMissing, scanPrepared, `SELECT `+preparedColumns+`
		FROM preparations p WHERE p.user_id = $1 AND p.competition_id = $2 AND NOT `+used, p.UserID, p.CompetitionID)
	return found.entry, err
}

// used is PreparedEntry.Over of a preparation p. The press leaves the row alone, and the clean-up deletes it: deleting
// rows that lie all over the table took a tenth of a rush.
const used = `EXISTS (SELECT 1 FROM registrations r WHERE r.user_id = p.user_id
	AND r.competition_id = p.competition_id AND r.registered_at >= p.updated_at)`

// cleanPreparations deletes what no longer counts. It looks at every row once, beside the writer, which gets a page of
// keys at a time. What is filled in anew in between stays.
func (s cleaner) cleanPreparations(ctx context.Context, now time.Time) (deleted int, err error) {
	after := compete.Place{UserID: noID, CompetitionID: noID}
	for {
		s.pause()
		page, err := sqldb.List(ctx, s.reader, scanSaved, savedPreparations, now, after.UserID, after.CompetitionID,
			cleanUpPage)
		if err != nil {
			return deleted, err
		}
		var over [][]any
		for _, p := range page {
			if p.over {
				over = append(over, []any{p.place.UserID, p.place.CompetitionID, compete.UTC(p.at)})
			}
		}
		if len(over) > 0 {
			var n int64
			err = s.Transact(ctx, func(ctx context.Context, tx Tx) (err error) {
				n, err = tx.Bulk(ctx, deletePreparations, over)
				return err
			})
			deleted += int(n)
		}
		if err != nil || len(page) < cleanUpPage {
			return deleted, err
		}
		after = page[len(page)-1].place
	}
}

// saved is when a preparation was last filled in, and whether it no longer counts.
type saved struct {
	place compete.Place
	at    time.Time
	over  bool
}

func scanSaved(row sqldb.Row) (p saved, err error) {
	err = row.Scan(&p.place.UserID, &p.place.CompetitionID, &p.at, &p.over)
	return p, err
}

const savedPreparations = `SELECT p.user_id, p.competition_id, p.updated_at,
	c.reg_deadline <= $1 OR c.status = 'CANCELLED' OR ` + used + `
	FROM preparations p JOIN competitions c ON c.id = p.competition_id
	WHERE (p.user_id, p.competition_id) > ($2, $3) ORDER BY p.user_id, p.competition_id LIMIT $4`

var deletePreparations = sqldb.NewBulk("user_id uuid, competition_id uuid, updated_at time", `
	DELETE FROM preparations {using} WHERE preparations.user_id = v.user_id
		AND preparations.competition_id = v.competition_id AND preparations.updated_at = v.updated_at`)

// Prepared implements compete.LedgerTx.
func (t *ledgerTx) Prepared(
	ctx context.Context, places []compete.Place,
) (map[compete.Place]compete.PreparedEntry, error) {
	var found []preparation
	pipeline := t.Pipeline()
	t.fetchPrepared(pipeline, &found, places)
	err := pipeline.Run(ctx)
	return byPlace(found), err
}

// fetchPrepared reads what was filled in ahead, as a step of a pipeline.
func (t *ledgerTx) fetchPrepared(p *sqldb.Pipeline, found *[]preparation, places []compete.Place) {
	userIDs, ids := pairs(t, places, func(p compete.Place) [2]string { return [2]string{p.UserID, p.CompetitionID} })
	sqldb.Fetch(p, found, scanPrepared, preparedByPlace, userIDs, ids)
}

var preparedByPlace = `SELECT ` + preparedColumns + ` FROM {pairs $1 $2 uuid uuid}
	{match preparations p: p.user_id = v.a AND p.competition_id = v.b}`

func byPlace(found []preparation) map[compete.Place]compete.PreparedEntry {
	if len(found) == 0 {
		return nil
	}
	prepared := make(map[compete.Place]compete.PreparedEntry, len(found))
	for i := range found {
		prepared[found[i].place] = found[i].entry
	}
	return prepared
}

// PreparationsOf implements compete.PersonalDataStore.
func (s *Store) PreparationsOf(ctx context.Context, userID string) ([]compete.KeptPreparation, error) {
	found, err := sqldb.List(ctx, s.reader, scanPrepared,
		`SELECT `+preparedColumns+` FROM preparations p WHERE p.user_id = $1 AND NOT `+used, userID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b preparation) int { return b.entry.SavedAt.Compare(a.entry.SavedAt) })
	kept := make([]compete.KeptPreparation, len(found))
	for i, f := range found {
		answers, err := compete.DecodeAnswers(f.entry.Answers)
		if err != nil {
			return nil, err
		}
		kept[i] = compete.KeptPreparation{
			CompetitionID: f.place.CompetitionID, UpdatedAt: f.entry.SavedAt,
			Entry: compete.Entry{
				DivisionID: f.entry.DivisionID, Answers: answers,
				Team: compete.TeamChoice{Name: f.entry.TeamName}, LookingForTeam: f.entry.Looking,
			},
		}
	}
	return kept, nil
}
