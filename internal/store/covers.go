package store

import (
	"context"

	"minicompete/internal/compete"
)

var _ compete.CoverStore = (*Store)(nil)

// SetCover implements compete.CoverStore. The competition's row comes first: whoever changes the same cover waits for it.
func (s *Store) SetCover(ctx context.Context, competitionID string, c compete.Cover) error {
	return s.changeCover(ctx, competitionID, c.Hash, func(ctx context.Context, tx *Tx) error {
		_, err := change(ctx, tx, `INSERT INTO competition_covers (competition_id, hash, large, small) VALUES ($1, $2, $3, $4)
			ON CONFLICT (competition_id) DO UPDATE SET hash = excluded.hash, large = excluded.large, small = excluded.small`,
			competitionID, c.Hash, c.Large, c.Small)
		return err
	})
}

// DeleteCover implements compete.CoverStore.
func (s *Store) DeleteCover(ctx context.Context, competitionID string) error {
	return s.changeCover(ctx, competitionID, "", func(ctx context.Context, tx *Tx) error {
		_, err := change(ctx, tx, `DELETE FROM competition_covers WHERE competition_id = $1`, competitionID)
		return err
	})
}

func (s *Store) changeCover(ctx context.Context, competitionID, hash string, save func(context.Context, *Tx) error) error {
	if !compete.ValidID(competitionID) {
		return compete.ErrCompetitionMissing
	}
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `UPDATE competitions SET cover = $2 WHERE id = $1`, competitionID, hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrCompetitionMissing
		}
		return save(ctx, tx)
	})
}

// Cover implements compete.CoverStore.
func (s *Store) Cover(ctx context.Context, competitionID string) (compete.Cover, error) {
	if !compete.ValidID(competitionID) {
		return compete.Cover{}, compete.ErrCoverMissing
	}
	return one(ctx, s.reader, compete.ErrCoverMissing, scanCover, `SELECT hash, large, small FROM competition_covers WHERE competition_id = $1`, competitionID)
}

func scanCover(row scanner) (c compete.Cover, err error) {
	err = row.Scan(&c.Hash, &c.Large, &c.Small)
	return c, err
}
