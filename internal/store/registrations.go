package store

import (
	"cmp"
	"context"
	"slices"

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
	var none compete.Page[compete.ParticipantRegistration]
	if !compete.ValidID(competitionID) || !storable(f.Search) || !storable(string(f.Status)) || !storable(f.Cursor.Text) {
		return none, nil
	}
	if f.Search != "" || f.Sort == compete.SortName {
		if err := s.findableUsers(ctx); err != nil {
			return none, err
		}
	}
	read := s.participants
	if f.Sort == compete.SortStatus {
		read = s.participantsByStatus
	}
	found, err := read(ctx, competitionID, f)
	if err != nil {
		return none, err
	}
	list := page(found, f.Limit, f.Sort.List(), func(p participant) (int64, string) { return p.Seq, p.ID })
	items := make([]compete.ParticipantRegistration, len(list.Items))
	for i, p := range list.Items {
		items[i] = p.ParticipantRegistration
	}
	if !list.Next.IsZero() {
		list.Next.Text = list.Items[len(items)-1].before
	}
	return compete.Page[compete.ParticipantRegistration]{Items: items, Next: list.Next}, nil
}

// participant is a row of an organizer's list, with what comes before Seq in its order.
type participant struct {
	compete.ParticipantRegistration
	before string
}

// participantsByStatus reads one status after the other, each in the order of its index.
func (s *Store) participantsByStatus(ctx context.Context, competitionID string, f compete.RegistrationFilter) ([]participant, error) {
	statuses := compete.RegistrationStatuses
	if f.Status != "" {
		statuses = []compete.RegistrationStatus{f.Status}
	}
	if at := slices.Index(statuses, compete.RegistrationStatus(f.Cursor.Text)); at > 0 {
		statuses = statuses[at:]
	}
	f.Sort = compete.SortArrival
	var found []participant
	left := f.Limit
	for _, f.Status = range statuses {
		if f.Cursor.Text != string(f.Status) {
			f.Cursor = compete.Cursor{}
		}
		f.Limit = left - len(found)
		if f.Limit < 0 {
			break
		}
		some, err := s.participants(ctx, competitionID, f)
		if err != nil {
			return nil, err
		}
		for i := range some {
			some[i].before = string(f.Status)
		}
		found = append(found, some...)
	}
	return found, nil
}

// participants reads one row more than f.Limit says, in the order of f.Sort.
func (s *Store) participants(ctx context.Context, competitionID string, f compete.RegistrationFilter) ([]participant, error) {
	before, after, order := `''`, ` AND r.seq > %s`, `r.seq`
	at := []any{f.Cursor.Key}
	switch f.Sort {
	case compete.SortLastFirst:
		after, order = ` AND r.seq < %s`, `r.seq DESC`
	case compete.SortName:
		before = `{bytes coalesce(u.search_text, '')}`
		after, order = ` AND (`+before+`, r.seq) > (%s, %s)`, before+`, r.seq`
		at = []any{f.Cursor.Text, f.Cursor.Key}
	case compete.SortArrival, compete.SortStatus:
	}
	var st statement
	st.add(`SELECT `+registrationColumns+`, r.user_name, r.user_email, r.user_disabled, `+waitingBetween+`, r.before
		FROM (SELECT r.*, lag(r.seq, 1, 0) OVER (ORDER BY r.seq) AS previous_seq
			FROM (SELECT r.*, u.name AS user_name, u.email AS user_email, u.disabled_at IS NOT NULL AS user_disabled, `+before+` AS before
				FROM registrations r JOIN users u ON u.id = r.user_id WHERE r.competition_id = %s`, competitionID)
	st.matching(f)
	if !f.Cursor.IsZero() {
		st.add(after, at...)
	}
	st.add(` ORDER BY `+order+` LIMIT %s) r) r ORDER BY r.seq`, f.Limit+1)
	found, err := list(ctx, s.searching(f.Search), scanParticipant, st.text.String(), st.args...)
	waiting := 0
	for i := range found {
		found[i].Position = addUp(&waiting, found[i].Registration)
	}
	switch f.Sort {
	case compete.SortLastFirst:
		slices.Reverse(found)
	case compete.SortName:
		slices.SortStableFunc(found, func(a, b participant) int { return cmp.Compare(a.before, b.before) })
	case compete.SortArrival, compete.SortStatus:
	}
	return found, err
}

// matching adds the conditions on a registration r and its user u.
func (s *statement) matching(f compete.RegistrationFilter) {
	if f.Status != "" {
		s.add(` AND r.status = %s`, string(f.Status))
	}
	s.containing(`u.search_text`, f.Search)
}

// searching is where to read with a search, whose texts have many variants.
func (s *Store) searching(search string) querier {
	if search != "" {
		return unprepared{s.reader}
	}
	return s.reader
}

// RegistrationsByStatus implements compete.RegistrationStore.
func (s *Store) RegistrationsByStatus(ctx context.Context, competitionID, search string) (map[compete.RegistrationStatus]int, error) {
	counts := make(map[compete.RegistrationStatus]int)
	if !compete.ValidID(competitionID) || !storable(search) {
		return counts, nil
	}
	if search != "" {
		if err := s.findableUsers(ctx); err != nil {
			return counts, err
		}
	}
	var st statement
	st.add(`SELECT r.status, count(*) FROM registrations r`)
	if search != "" {
		st.add(` JOIN users u ON u.id = r.user_id`)
	}
	st.add(` WHERE r.competition_id = %s`, competitionID)
	st.matching(compete.RegistrationFilter{Search: search})
	st.add(` GROUP BY r.status`)
	_, err := list(ctx, s.searching(search), func(row scanner) (none struct{}, err error) {
		var status compete.RegistrationStatus
		var n int
		err = row.Scan(&status, &n)
		counts[status] = n
		return none, err
	}, st.text.String(), st.args...)
	return counts, err
}

// ParticipantRegistration implements compete.RegistrationStore.
func (s *Store) ParticipantRegistration(ctx context.Context, id string) (compete.ParticipantRegistration, error) {
	if !compete.ValidID(id) {
		return compete.ParticipantRegistration{}, compete.ErrRegistrationGone
	}
	return one(ctx, s.reader, compete.ErrRegistrationGone, scanParticipantRegistration,
		`SELECT `+registrationColumns+`, u.name, u.email, u.disabled_at IS NOT NULL, 0
		FROM registrations r JOIN users u ON u.id = r.user_id WHERE r.id = $1`, id)
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
	err = row.Scan(append(registrationFields(&p.Registration), &p.Participant.Name, &p.Participant.Email, &p.Participant.Disabled, &p.Position)...)
	p.Participant.ID = p.UserID
	return p, err
}

func scanParticipant(row scanner) (p participant, err error) {
	p.ParticipantRegistration, err = scanWith(scanParticipantRegistration, &p.before)(row)
	return p, err
}
