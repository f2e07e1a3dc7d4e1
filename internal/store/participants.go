package store

import (
	"context"
	"slices"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// RegistrationsOfCompetition implements compete.RegistrationStore.
func (s *Store) RegistrationsOfCompetition(
	ctx context.Context, competitionID string, f compete.RegistrationFilter,
) (compete.Page[compete.ParticipantRegistration], error) {
	var none compete.Page[compete.ParticipantRegistration]
	if !compete.ValidID(competitionID) || !storable(f.Search) || !storable(string(f.Status)) ||
		!storable(f.Cursor.Text) {
		return none, nil
	}
	if f.Sort == compete.SortName {
		if err := s.findableUsers(ctx); err != nil {
			return none, err
		}
	}
	among, err := s.candidates(ctx, f.Search)
	if err != nil {
		return none, err
	}
	read := s.participants
	switch f.Sort {
	case compete.SortStatus:
		read = s.participantsByStatus
	case compete.SortName:
		read = s.participantsByName
	case compete.SortArrival, compete.SortLastFirst:
	}
	found, err := read(ctx, competitionID, participantFilter{f, among})
	if err != nil {
		return none, err
	}
	place := func(p participant) (int64, string) { return p.Seq, p.ID }
	if f.Sort == compete.SortName {
		place = func(p participant) (int64, string) { return p.Seq, p.UserID }
	}
	list := page(found, f.Limit, f.Sort.List(), place)
	items := make([]compete.ParticipantRegistration, len(list.Items))
	for i, p := range list.Items {
		items[i] = p.ParticipantRegistration
	}
	if !list.Next.IsZero() {
		list.Next.Text = list.Items[len(items)-1].before
	}
	return compete.Page[compete.ParticipantRegistration]{Items: items, Next: list.Next}, nil
}

// participantFilter is a filter with the users among whom those are that it searches for.
type participantFilter struct {
	compete.RegistrationFilter
	among candidates
}

// participant is a row of an organizer's list, with what comes before Seq in its order.
type participant struct {
	compete.ParticipantRegistration
	before string
}

// participantsByStatus reads one status after the other, each in the order of its index.
func (s *Store) participantsByStatus(
	ctx context.Context, competitionID string, f participantFilter,
) ([]participant, error) {
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

// participants reads one row more than f.Limit says, in the order of arrival or the other way round.
func (s *Store) participants(ctx context.Context, competitionID string, f participantFilter) ([]participant, error) {
	after, order := ` AND r.seq > %s`, ` ORDER BY r.seq LIMIT %s`
	if f.Sort == compete.SortLastFirst {
		after, order = ` AND r.seq < %s`, ` ORDER BY r.seq DESC LIMIT %s`
	}
	found, err := s.placed(ctx, competitionID, f, `''`, func(st *statement) {
		if !f.Cursor.IsZero() {
			st.Add(after, f.Cursor.Key)
		}
		st.Add(order, f.Limit+1)
	})
	if f.Sort == compete.SortLastFirst {
		slices.Reverse(found)
	}
	return found, err
}

// placed reads registrations of one competition, in order of seq and with their places in line. before is the text that
// they have beside them; which adds more conditions.
func (s *Store) placed(
	ctx context.Context, competitionID string, f participantFilter, before string, which func(*statement),
) ([]participant, error) {
	var st statement
	st.Add(`SELECT ` + registrationColumns + `, r.user_name, r.user_email, r.user_disabled, r.user_erased,
			CASE WHEN r.status = 'WAITLISTED' THEN ` + waitingBetween(`r.previous_seq`) + ` ELSE 0 END, r.before
		FROM (SELECT r.*, lag(r.seq, 1, 0) OVER (PARTITION BY r.status ORDER BY r.seq) AS previous_seq
			FROM (SELECT r.*, u.name AS user_name, CASE WHEN u.erased_at IS NULL THEN u.email ELSE '' END AS user_email,
					u.disabled_at IS NOT NULL AS user_disabled,
					u.erased_at IS NOT NULL AS user_erased, ` + before + ` AS before
					FROM `)
	st.registrations(s.db, competitionID, f)
	which(&st)
	st.Add(`) r) r ORDER BY r.seq`)
	found, err := sqldb.List(ctx, s.searching(f.Search), scanParticipant, st.Text(), st.Args()...)
	waiting := 0
	for i := range found {
		found[i].Position = addUp(&waiting, found[i].Registration)
	}
	return found, err
}

// registrations adds the registrations r of a competition, with their users u, that the filter asks for.
func (s *statement) registrations(db *sqldb.DB, competitionID string, f participantFilter) {
	s.among(db, f.among)
	s.Add(`registrations r JOIN users u ON u.id = r.user_id WHERE r.competition_id = %s`, competitionID)
	s.is(`r.user_id`, f.among)
	s.matching(f.RegistrationFilter)
}

// matching adds the conditions on the status of a registration r and on its user u.
func (s *statement) matching(f compete.RegistrationFilter) {
	if f.Status != "" {
		s.Add(` AND r.status = %s`, string(f.Status))
	}
	s.containing(`u.search_text`, f.Search)
}

// searching is where to read with a search, whose texts have many variants.
func (s *Store) searching(search string) sqldb.Querier {
	if search != "" {
		return s.replicated.Unprepared()
	}
	return s.replicated
}

// RegistrationsByStatus implements compete.RegistrationStore.
func (s *Store) RegistrationsByStatus(
	ctx context.Context, competitionID, search string, most int,
) (map[compete.RegistrationStatus]int, error) {
	counts := make(map[compete.RegistrationStatus]int)
	if !compete.ValidID(competitionID) || !storable(search) {
		return counts, nil
	}
	if search == "" {
		return s.everyStatus(ctx, competitionID)
	}
	among, err := s.candidates(ctx, search)
	if err != nil {
		return counts, err
	}
	if most > 0 && among.all {
		return counts, s.countUpTo(ctx, competitionID, search, most+1, counts)
	}
	var st statement
	st.Add(`SELECT r.status, count(*) FROM `)
	st.registrations(s.db, competitionID, participantFilter{compete.RegistrationFilter{Search: search}, among})
	st.Add(` GROUP BY r.status`)
	found, err := sqldb.List(ctx, s.searching(search), scanStatusCount, st.Text(), st.Args()...)
	for _, of := range found {
		counts[of.status] = of.n
	}
	return counts, err
}

type statusCount struct {
	status compete.RegistrationStatus
	n      int
}

func scanStatusCount(row sqldb.Row) (c statusCount, err error) {
	err = row.Scan(&c.status, &c.n)
	return c, err
}

// countUpTo counts up to so many of each status.
func (s *Store) countUpTo(
	ctx context.Context, competitionID, search string, most int, counts map[compete.RegistrationStatus]int,
) error {
	for _, status := range compete.RegistrationStatuses {
		f := participantFilter{compete.RegistrationFilter{Search: search, Status: status}, candidates{all: true}}
		var st statement
		st.Add(`SELECT count(*) FROM (SELECT r.id FROM `)
		st.registrations(s.db, competitionID, f)
		st.Add(` LIMIT %s) r`, most)
		n, err := sqldb.List(ctx, s.replicated.Unprepared(), sqldb.ScanInt, st.Text(), st.Args()...)
		if err != nil {
			return err
		}
		if n[0] > 0 {
			counts[status] = n[0]
		}
	}
	return nil
}

func scanParticipant(row sqldb.Row) (p participant, err error) {
	p.ParticipantRegistration, err = sqldb.ScanWith(scanParticipantRegistration, &p.before)(row)
	return p, err
}
