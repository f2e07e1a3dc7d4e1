package store

import (
	"context"

	"minicompete/internal/compete"
)

var _ compete.RegistrationStore = (*Store)(nil)

// RegistrationOf implements compete.RegistrationStore.
func (s *Store) RegistrationOf(ctx context.Context, userID, competitionID string) (compete.Registration, error) {
	if !compete.ValidID(userID) || !compete.ValidID(competitionID) {
		return compete.Registration{}, compete.ErrRegistrationGone
	}
	return one(ctx, s.reader, compete.ErrRegistrationGone, scanPlaced, `SELECT `+registrationColumns+`, `+position+` FROM registrations r
		WHERE r.user_id = $1 AND r.competition_id = $2`, userID, competitionID)
}

// position counts who waits before and with r: for a registration or a few. See waitingBetween for many of one competition.
const position = `CASE WHEN r.status = 'WAITLISTED' THEN (SELECT count(*) FROM registrations w
	WHERE w.competition_id = r.competition_id AND w.status = 'WAITLISTED' AND w.seq <= r.seq) ELSE 0 END`

func scanPlaced(row scanner) (r compete.Registration, err error) {
	var place int
	r, err = scanWith(scanRegistration, &place)(row)
	r.Position = place
	return r, err
}

// RegistrationsOfUser implements compete.RegistrationStore.
func (s *Store) RegistrationsOfUser(ctx context.Context, userID string, cursor compete.Cursor, limit int) (compete.Page[compete.MyRegistration], error) {
	if !compete.ValidID(userID) {
		return compete.Page[compete.MyRegistration]{}, nil
	}
	var st statement
	st.add(`SELECT `+summaryColumns+`, `+registrationColumns+`, `+position+`
		FROM registrations r JOIN competitions c ON c.id = r.competition_id JOIN users o ON o.id = c.organizer_id
		WHERE r.user_id = %s`, userID)
	if !cursor.IsZero() {
		st.add(` AND (r.registered_at, r.id) < (%s, %s)`, cursorTime(cursor), cursor.ID)
	}
	st.add(` ORDER BY r.registered_at DESC, r.id DESC LIMIT %s`, limit+1)
	mine, err := list(ctx, s.reader, scanMyRegistration, st.text.String(), st.args...)
	return page(mine, limit, "registered", func(r compete.MyRegistration) (int64, string) { return r.RegisteredAt.UnixMicro(), r.ID }), err
}

func scanMyRegistration(row scanner) (m compete.MyRegistration, err error) {
	r := &m.Registration
	m.Competition, err = scanWith(scanCompetition, append(registrationFields(r), &r.Position)...)(row)
	return m, err
}

// RegistrationsOfCompetition implements compete.RegistrationStore.
func (s *Store) RegistrationsOfCompetition(ctx context.Context, competitionID string, f compete.RegistrationFilter) (compete.Page[compete.ParticipantRegistration], error) {
	if !compete.ValidID(competitionID) || !storable(f.Search) || !storable(string(f.Status)) {
		return compete.Page[compete.ParticipantRegistration]{}, nil
	}
	if f.Search != "" {
		if err := s.findableUsers(ctx); err != nil {
			return compete.Page[compete.ParticipantRegistration]{}, err
		}
	}
	var st statement
	st.add(`SELECT `+registrationColumns+`, r.user_name, r.user_email, `+waitingBetween+`
		FROM (SELECT r.*, lag(r.seq, 1, 0) OVER (ORDER BY r.seq) AS previous_seq
			FROM (SELECT r.*, u.name AS user_name, u.email AS user_email FROM registrations r JOIN users u ON u.id = r.user_id
				WHERE r.competition_id = %s`, competitionID)
	if f.Status != "" {
		st.add(` AND r.status = %s`, string(f.Status))
	}
	st.containing(`u.search_text`, f.Search)
	if !f.Cursor.IsZero() {
		st.add(` AND r.seq > %s`, f.Cursor.Key)
	}
	st.add(` ORDER BY r.seq LIMIT %s) r) r ORDER BY r.seq`, f.Limit+1)
	var q querier = s.reader
	if f.Search != "" {
		q = unprepared{s.reader}
	}
	found, err := list(ctx, q, scanParticipantRegistration, st.text.String(), st.args...)
	waiting := 0
	for i := range found {
		found[i].Position = addUp(&waiting, found[i].Registration)
	}
	return page(found, f.Limit, "seq", func(r compete.ParticipantRegistration) (int64, string) { return r.Seq, r.ID }), err
}

// waitingBetween counts who waits after previous_seq, up to and with r: added up along a list in order of seq they are the
// positions, and the whole list reads the waitlist once.
const waitingBetween = `(SELECT count(*) FROM registrations w
	WHERE w.competition_id = r.competition_id AND w.status = 'WAITLISTED' AND w.seq > r.previous_seq AND w.seq <= r.seq)`

// addUp adds what waitingBetween counted, which was read into r.Position, and returns r's position.
func addUp(waiting *int, r compete.Registration) int {
	*waiting += r.Position
	if r.Status != compete.RegistrationWaitlisted {
		return 0
	}
	return *waiting
}

func scanParticipantRegistration(row scanner) (p compete.ParticipantRegistration, err error) {
	err = row.Scan(append(registrationFields(&p.Registration), &p.Participant.Name, &p.Participant.Email, &p.Position)...)
	p.Participant.ID = p.UserID
	return p, err
}
