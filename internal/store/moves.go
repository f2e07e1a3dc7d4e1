package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// A change that joins a move keeps its beginning; only the range of registrations to notify may grow.
var saveMoves = sqldb.NewBulk("competition_id uuid, id uuid, before text, before_seq bigint", `
	INSERT INTO competition_moves (competition_id, id, before, before_seq) {select v.competition_id, v.id, v.before,
	v.before_seq}
	ON CONFLICT (competition_id) DO UPDATE SET before_seq = excluded.before_seq`)

// addMoves stores changes of competitions' times and places.
func addMoves(t *sqldb.Pipeline, moves []compete.LedgerMove) error {
	rows := make([][]any, len(moves))
	for i, m := range moves {
		before, err := json.Marshal(m.Before)
		if err != nil {
			return fmt.Errorf("encode the schedule before a move: %w", err)
		}
		rows[i] = []any{m.CompetitionID, m.ID, string(before), m.BeforeSeq}
	}
	t.Bulk(saveMoves, rows, nil)
	return nil
}

// EndMove implements compete.WorkStore.
func (s *Store) EndMove(ctx context.Context, competitionID, moveID string) error {
	if !compete.ValidID(competitionID) || !compete.ValidID(moveID) {
		return nil
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		// The lock keeps changes from joining the move between reading the competition and ending the move.
		competition, err := sqldb.One(ctx, tx, nil, scanCompetition,
			`SELECT `+summaryColumns+fromCompetitions+`WHERE c.id = $1 {lock c}`, competitionID)
		if err != nil {
			return err
		}
		ended, err := sqldb.List(ctx, tx, scanMove, `DELETE FROM competition_moves WHERE competition_id = $1 AND id = $2
			RETURNING id, before, before_seq`, competitionID, moveID)
		if err != nil || len(ended) == 0 {
			return err
		}
		job := ended[0]
		job.CompetitionID, job.Move.After = competitionID, competition.Schedule()
		if competition.Status == compete.StatusCancelled || job.Move.After.Same(job.Move.Before) {
			return nil
		}
		return s.enqueue(ctx, tx, []compete.Job{job})
	})
}

func scanMove(row sqldb.Row) (j compete.TellMoveJob, err error) {
	var before string
	if err = row.Scan(&j.Move.ID, &before, &j.BeforeSeq); err == nil {
		err = json.Unmarshal([]byte(before), &j.Move.Before)
	}
	return j, err
}

// MoveTargets implements compete.WorkStore.
func (s *Store) MoveTargets(
	ctx context.Context, j compete.TellMoveJob, limit int,
) (targets []compete.Target, next int64, err error) {
	competitions, err := s.CompetitionsByID(ctx, []string{j.CompetitionID})
	if err != nil || len(competitions) == 0 {
		return nil, 0, err
	}
	found, err := sqldb.List(ctx, s.reader, scanAddressee,
		`SELECT `+registrationColumns+`, `+participantColumns+`, 0, u.disabled_at IS NOT NULL, u.time_zone
		FROM registrations r JOIN users u ON u.id = r.user_id
		WHERE r.competition_id = $1 AND r.seq > $2 AND r.seq < $3
		ORDER BY r.seq LIMIT $4`, j.CompetitionID, j.AfterSeq, j.BeforeSeq, limit+1)
	if err != nil {
		return nil, 0, err
	}
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Seq
	}
	for _, r := range found {
		if r.leftOut || !r.Status.Hopeful() {
			continue
		}
		notice := compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageChanged, Move: &j.Move}
		targets = append(targets, r.target(notice, competitions[0]))
	}
	return targets, next, nil
}
