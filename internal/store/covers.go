package store

import (
	"context"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.CoverStore = (*Store)(nil)

var (
	coverRow = sqldb.Columns[compete.Cover]{
		{Name: "hash", Field: func(c *compete.Cover) any { return &c.Hash }},
		{Name: "large", Field: func(c *compete.Cover) any { return &c.Large }},
		{Name: "small", Field: func(c *compete.Cover) any { return &c.Small }},
	}
	selectCover = `SELECT ` + coverRow.Select("v") + ` FROM competition_covers v WHERE v.competition_id = $1`
	saveCover   = coverRow.Insert("competition_covers", "competition_id") +
		` ON CONFLICT (competition_id) DO UPDATE SET ` + coverRow.Excluded()
)

// SetCover implements compete.CoverStore. It locks the competition's row first, so that changes of the same cover run
// one after the other.
func (s *Store) SetCover(ctx context.Context, competitionID string, c compete.Cover) error {
	return s.changeCover(ctx, competitionID, c.Hash, func(ctx context.Context, tx Tx) error {
		_, err := sqldb.Change(ctx, tx, saveCover, append(coverRow.Values(&c), competitionID)...)
		return err
	})
}

// DeleteCover implements compete.CoverStore.
func (s *Store) DeleteCover(ctx context.Context, competitionID string) error {
	return s.changeCover(ctx, competitionID, "", func(ctx context.Context, tx Tx) error {
		_, err := sqldb.Change(ctx, tx, `DELETE FROM competition_covers WHERE competition_id = $1`, competitionID)
		return err
	})
}

func (s *Store) changeCover(
	ctx context.Context, competitionID, hash string, save func(context.Context, Tx) error,
) error {
	if !compete.ValidID(competitionID) {
		return compete.ErrCompetitionMissing
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		before, err := sqldb.One(ctx, tx, compete.ErrCompetitionMissing, sqldb.ScanString,
			`SELECT c.cover FROM competitions c WHERE c.id = $1 {lock c}`, competitionID)
		if err != nil {
			return err
		}
		if _, err := sqldb.Change(ctx, tx,
			`UPDATE competitions SET cover = $2 WHERE id = $1`, competitionID, hash); err != nil {
			return err
		}
		if err := save(ctx, tx); err != nil {
			return err
		}
		action := compete.AuditCoverSet
		if hash == "" {
			action = compete.AuditCoverRemoved
		}
		return tx.record(ctx, compete.AuditRecord{
			Action: action, CompetitionID: competitionID,
			Before: compete.AuditFields("cover", before), After: compete.AuditFields("cover", hash),
		})
	})
}

// Cover implements compete.CoverStore.
func (s *Store) Cover(ctx context.Context, competitionID string) (compete.Cover, error) {
	if !compete.ValidID(competitionID) {
		return compete.Cover{}, compete.ErrCoverMissing
	}
	return sqldb.One(ctx, s.reader, compete.ErrCoverMissing, coverRow.Scan, selectCover, competitionID)
}
