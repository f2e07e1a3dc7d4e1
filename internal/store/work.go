package store

import (
	"context"
	"slices"
	"time"

	"minicompete/internal/compete"
)

var _ compete.WorkStore = (*Store)(nil)

// Targets implements compete.WorkStore. They are in the order of the notices.
func (s *Store) Targets(ctx context.Context, notices []compete.Notice) ([]compete.Target, error) {
	ids := make([]string, len(notices))
	for i, n := range notices {
		ids[i] = n.RegistrationID
	}
	if ids = validIDs(ids); len(ids) == 0 {
		return nil, nil
	}
	found, err := list(ctx, s.reader, scanParticipantRegistration, `SELECT `+registrationColumns+`, u.name, u.email, u.disabled_at IS NOT NULL,
			CASE WHEN r.status = 'WAITLISTED' THEN `+waitingBetween+` ELSE 0 END
		FROM (SELECT r.*, lag(r.seq, 1, 0) OVER (PARTITION BY r.competition_id, r.status ORDER BY r.seq) AS previous_seq
			FROM registrations r WHERE r.id {any $1 uuid}) r
		JOIN users u ON u.id = r.user_id
		ORDER BY r.competition_id, r.seq`, s.dialect.list(ids))
	if err != nil {
		return nil, err
	}
	competitionIDs := make([]string, len(found))
	byID := make(map[string]*compete.ParticipantRegistration, len(found))
	waiting := 0
	for i := range found {
		r := &found[i]
		if i == 0 || r.CompetitionID != found[i-1].CompetitionID {
			waiting = 0
		}
		r.Position = addUp(&waiting, r.Registration)
		competitionIDs[i], byID[r.ID] = r.CompetitionID, r
	}
	competitions, err := s.summaries(ctx, competitionIDs)
	if err != nil {
		return nil, err
	}
	targets := make([]compete.Target, 0, len(notices))
	for _, n := range notices {
		if r := byID[n.RegistrationID]; r != nil && r.Seq == n.Seq {
			targets = append(targets, compete.Target{Notice: n, Registration: r.Registration, Participant: r.Participant, Competition: competitions[r.CompetitionID]})
		}
	}
	return targets, nil
}

// summaries reads competitions, each once, by id.
func (s *Store) summaries(ctx context.Context, ids []string) (map[string]compete.Competition, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	competitions, err := s.CompetitionsByID(ctx, slices.Compact(ids))
	byID := make(map[string]compete.Competition, len(competitions))
	for _, c := range competitions {
		byID[c.ID] = c
	}
	return byID, err
}

var (
	// The status is an expression so that a planner leaves the index of the pending ones alone: it would compare all of them with each row.
	confirmPending = newBulk("id uuid, seq bigint, at time", `UPDATE registrations SET status = 'CONFIRMED', updated_at = v.at
		{from} WHERE registrations.id = v.id AND registrations.seq = v.seq AND registrations.status || '' = 'PENDING'`)
	// Any of the unique indexes may be the one that finds the message there already.
	insertMessages = newBulk("id uuid, user_id uuid, registration_id uuid, seq bigint, kind text, start_date time, move_id uuid, address text, subject text, body text, sent_at time, read_at time",
		`INSERT INTO messages (id, user_id, registration_id, seq, kind, start_date, move_id, "to", subject, body, sent_at, read_at)
		{select v.id, v.user_id, v.registration_id, v.seq, v.kind, v.start_date, v.move_id, v.address, v.subject, v.body, v.sent_at, v.read_at}
		ON CONFLICT DO NOTHING`)
)

// Deliver implements compete.WorkStore.
func (s *Store) Deliver(ctx context.Context, confirm []compete.Notice, messages []compete.Message, now time.Time) (written int, err error) {
	if len(confirm)+len(messages) == 0 {
		return 0, nil
	}
	ids := make([]string, 0, len(confirm)+len(messages))
	for _, n := range confirm {
		ids = append(ids, n.RegistrationID)
	}
	for _, m := range messages {
		ids = append(ids, m.RegistrationID)
	}
	err = s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		// Locked in order, so that none is cancelled between this look and the commit.
		registrations, err := list(ctx, tx, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r
			WHERE r.id {any $1 uuid} ORDER BY r.id {lock r}`, s.dialect.list(validIDs(ids)))
		if err != nil {
			return err
		}
		if _, err := tx.bulk(ctx, confirmPending, pendingRows(confirm, registrations, compete.UTC(now))); err != nil {
			return err
		}
		rows := messageRows(messages, registrations)
		n, err := tx.bulk(ctx, insertMessages, rows)
		if err != nil {
			return err
		}
		written = int(n)
		return s.enqueueMails(ctx, tx, messages, rows, written)
	})
	if err != nil {
		return 0, err
	}
	return written, nil
}

func pendingRows(confirm []compete.Notice, registrations []compete.Registration, now time.Time) [][]any {
	pending := map[string]int64{}
	for _, r := range registrations {
		if r.Status == compete.RegistrationPending {
			pending[r.ID] = r.Seq
		}
	}
	var rows [][]any
	for _, n := range confirm {
		if seq, ok := pending[n.RegistrationID]; ok && seq == n.Seq {
			rows = append(rows, []any{n.RegistrationID, n.Seq, now})
		}
	}
	return rows
}

// messageRows leaves out what is not true any more.
func messageRows(messages []compete.Message, registrations []compete.Registration) [][]any {
	byID := make(map[string]compete.Registration, len(registrations))
	for _, r := range registrations {
		byID[r.ID] = r
	}
	var rows [][]any
	for _, m := range messages {
		var registrationID, seq, moveID any
		if m.RegistrationID != "" {
			r, ok := byID[m.RegistrationID]
			seatNeeded := m.Kind == compete.MessageConfirmed || m.Kind == compete.MessagePromoted
			placeNeeded := m.Kind == compete.MessageChanged
			if !ok || r.Seq != m.Seq || seatNeeded && !r.Status.HoldsSeat() || placeNeeded && r.Status == compete.RegistrationCancelled {
				continue
			}
			registrationID, seq = m.RegistrationID, m.Seq
		}
		if m.MoveID != "" {
			moveID = m.MoveID
		}
		rows = append(rows, []any{m.ID, m.UserID, registrationID, seq, string(m.Kind), utc(m.StartDate), moveID, m.To, m.Subject, m.Body, compete.UTC(m.SentAt), utc(m.ReadAt)})
	}
	return rows
}

// NoticesOf implements compete.WorkStore.
func (s *Store) NoticesOf(ctx context.Context, runs []compete.NoticeRun) ([]compete.Notice, error) {
	var notices []compete.Notice
	for _, run := range runs {
		if !compete.ValidID(run.CompetitionID) {
			continue
		}
		found, err := list(ctx, s.reader, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r
			WHERE r.competition_id = $1 AND r.seq BETWEEN $2 AND $3 ORDER BY r.seq`, run.CompetitionID, run.First, run.Last)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			notices = append(notices, compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: run.Kind})
		}
	}
	return notices, nil
}

// StalePending implements compete.WorkStore. The oldest come first.
func (s *Store) StalePending(ctx context.Context, before time.Time, limit int) ([]compete.Notice, error) {
	return list(ctx, s.reader, scanStale, `SELECT `+registrationColumns+` FROM registrations r
		WHERE r.status = 'PENDING' AND r.updated_at < $1
			AND NOT EXISTS (SELECT 1 FROM failed_notices f WHERE f.registration_id = r.id AND f.seq = r.seq)
		ORDER BY r.updated_at LIMIT $2`, compete.UTC(before), limit)
}

func scanStale(row scanner) (compete.Notice, error) {
	r, err := scanRegistration(row)
	notice := compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageConfirmed}
	if r.PromotedAt != nil {
		notice.Kind = compete.MessagePromoted
	}
	return notice, err
}

// StartingBetween implements compete.WorkStore. They come as summaries.
func (s *Store) StartingBetween(ctx context.Context, from, to time.Time, afterID string, limit int) ([]compete.Competition, error) {
	if !compete.ValidID(afterID) {
		afterID = noID
	}
	return list(ctx, s.reader, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`
		WHERE c.start_date > $1 AND c.start_date <= $2 AND {+c.status} = 'PUBLISHED' AND {+c.id} > $3 ORDER BY c.id LIMIT $4`,
		compete.UTC(from), compete.UTC(to), afterID, limit)
}

// ReminderTargets implements compete.WorkStore. A competition that has no start date has nobody to remind.
func (s *Store) ReminderTargets(ctx context.Context, competitionID string, afterSeq int64, limit int) (targets []compete.Target, next int64, err error) {
	competitions, err := s.CompetitionsByID(ctx, []string{competitionID})
	if err != nil || len(competitions) == 0 || competitions[0].StartDate == nil {
		return nil, 0, err
	}
	competition := competitions[0]
	// The page is read first and looked through then: asked for the unreminded ones at once, a planner without fresh statistics
	// joins the whole of both tables for each page.
	found, err := list(ctx, s.reader, scanAddressee, `SELECT `+registrationColumns+`, u.name, u.email, u.disabled_at IS NOT NULL, 0, EXISTS (
			SELECT 1 FROM messages m WHERE m.registration_id = r.id AND m.seq = r.seq AND m.start_date = $3 AND m.kind = 'reminder')
			OR u.reminders_off_at IS NOT NULL OR u.disabled_at IS NOT NULL
		FROM (SELECT * FROM registrations r WHERE r.competition_id = $1 AND r.status = 'CONFIRMED' AND r.seq > $2 ORDER BY r.seq LIMIT $4) r
		JOIN users u ON u.id = r.user_id ORDER BY r.seq`, competitionID, afterSeq, *competition.StartDate, limit+1)
	if err != nil {
		return nil, 0, err
	}
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Seq
	}
	for _, r := range found {
		if r.leftOut {
			continue
		}
		targets = append(targets, compete.Target{
			Notice:       compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageReminder},
			Registration: r.Registration, Participant: r.Participant, Competition: competition,
		})
	}
	return targets, next, nil
}

// addressee is a registration that a message may be for, and whether it gets none: it has it, or none is wanted.
type addressee struct {
	compete.ParticipantRegistration
	leftOut bool
}

func scanAddressee(row scanner) (a addressee, err error) {
	a.ParticipantRegistration, err = scanWith(scanParticipantRegistration, &a.leftOut)(row)
	return a, err
}
