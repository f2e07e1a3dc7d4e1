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
	part, err := read(ctx, competitionID, participantFilter{RegistrationFilter: f, among: among})
	if err != nil {
		return none, err
	}
	place := func(p participant) (int64, string) { return p.Seq, p.ID }
	if f.Sort == compete.SortName {
		place = func(p participant) (int64, string) { return p.Seq, p.UserID }
	}
	list := page(part.rows, f.Limit, f.Sort.List(), place)
	items := make([]compete.ParticipantRegistration, len(list.Items))
	for i, p := range list.Items {
		items[i] = p.ParticipantRegistration
	}
	switch {
	case !list.Next.IsZero():
		list.Next.Text = list.Items[len(items)-1].before
	case !part.next.IsZero():
		list.Next = part.next
		list.Next.List = f.Sort.List()
	}
	return compete.Page[compete.ParticipantRegistration]{Items: items, Next: list.Next}, nil
}

// participantFilter is a filter together with the candidates for its search.
type participantFilter struct {
	compete.RegistrationFilter
	among candidates
	names stretch
}

// competition returns the competition's id as a column with an index, or as an expression where the index of a division
// or team is better: PostgreSQL would combine both, and then read and sort all that it found.
func (f participantFilter) competition() string {
	if f.DivisionID != "" || f.TeamID != "" {
		return `CAST(r.competition_id AS text)`
	}
	return `r.competition_id`
}

// participant is a row of an organizer's list, with the part of its sort key before Seq.
type participant struct {
	compete.ParticipantRegistration
	before string
}

// participantPart is a part of an organizer's list: one more row than requested, or all remaining rows, or those found
// until enough had been examined, with the position after those.
type participantPart struct {
	rows []participant
	next compete.Cursor
}

// participantsByStatus reads one status after another, each in the order of its index.
func (s *Store) participantsByStatus(
	ctx context.Context, competitionID string, f participantFilter,
) (participantPart, error) {
	statuses := compete.RegistrationStatuses
	if f.Status != "" {
		statuses = []compete.RegistrationStatus{f.Status}
	}
	if at := slices.Index(statuses, compete.RegistrationStatus(f.Cursor.Text)); at > 0 {
		statuses = statuses[at:]
	}
	f.Sort = compete.SortArrival
	var found participantPart
	left := f.Limit
	for _, f.Status = range statuses {
		if f.Cursor.Text != string(f.Status) {
			f.Cursor = compete.Cursor{}
		}
		f.Limit = left - len(found.rows)
		if f.Limit < 0 {
			break
		}
		some, err := s.participants(ctx, competitionID, f)
		if err != nil {
			return found, err
		}
		for i := range some.rows {
			some.rows[i].before = string(f.Status)
		}
		found.rows = append(found.rows, some.rows...)
		if found.next = some.next; !found.next.IsZero() {
			found.next.Text = string(f.Status)
			break
		}
	}
	return found, nil
}

// afterArrival continues a list in the order of arrival, or the reverse.
func (s *statement) afterArrival(f participantFilter, limit int) {
	after, order := ` AND r.seq > %s`, ` ORDER BY r.seq LIMIT %s`
	if f.Sort == compete.SortLastFirst {
		after, order = ` AND r.seq < %s`, ` ORDER BY r.seq DESC LIMIT %s`
	}
	if !f.Cursor.IsZero() {
		s.Add(after, f.Cursor.Key)
	}
	s.Add(order, limit)
}

// participants reads registrations in the order of arrival, or the reverse.
func (s *Store) participants(
	ctx context.Context, competitionID string, f participantFilter,
) (part participantPart, err error) {
	if f.Search != "" && f.among.all {
		f.among.all = false
		if f.among.ids, part.next, err = s.alongArrivals(ctx, competitionID, f); err != nil || len(f.among.ids) == 0 {
			return part, err
		}
	}
	part.rows, err = s.placed(ctx, competitionID, f, `''`, func(st *statement) { st.afterArrival(f, f.Limit+1) })
	if f.Sort == compete.SortLastFirst {
		slices.Reverse(part.rows)
	}
	return part, err
}

// alongArrivals walks the list and returns users who match the search: f.Limit + 1 of them, or fewer and the position
// at which to continue.
func (s *Store) alongArrivals(
	ctx context.Context, competitionID string, f participantFilter,
) (found []string, next compete.Cursor, err error) {
	size := max(2*(f.Limit+1), window/4)
	for looked := 0; ; size = window {
		var st statement
		st.Add(`SELECT r.user_id, r.seq FROM registrations r WHERE `+f.competition()+` = %s`, competitionID)
		st.matching(f.unsearched())
		st.afterArrival(f, size)
		arrivals, err := sqldb.List(ctx, s.replicated, scanArrival, st.Text(), st.Args()...)
		if err != nil {
			return nil, next, err
		}
		some, err := s.found(ctx, f.Search, arrivals)
		if err != nil {
			return nil, next, err
		}
		if found = append(found, some...); len(found) > f.Limit || len(arrivals) < size {
			return found[:min(len(found), f.Limit+1)], next, nil
		}
		looked += size
		f.Cursor = compete.Cursor{List: f.Sort.List(), Key: arrivals[size-1].seq, ID: noID}
		if enough(looked, len(found)) {
			return found, f.Cursor, nil
		}
	}
}

// enough reports whether to end a page: with a few matches, with any match after examining many rows, or in any case
// after very many.
func enough(looked, found int) bool {
	return found >= fewFound || looked >= mostLookedAt && found > 0 || looked >= 10*mostLookedAt
}

// arrival is a position in the order of arrival.
type arrival struct {
	user string
	seq  int64
}

func scanArrival(row sqldb.Row) (a arrival, err error) {
	err = row.Scan(&a.user, &a.seq)
	return a, err
}

// found returns those users, in the same order, who match the words of a search.
func (s *Store) found(ctx context.Context, search string, arrivals []arrival) (users []string, err error) {
	ids := make([]string, len(arrivals))
	for i, a := range arrivals {
		ids[i] = a.user
	}
	var st statement
	st.Add(`SELECT u.id FROM `)
	st.among(s.db, candidates{ids: ids})
	st.Add(`users u WHERE u.id = v.id`)
	st.containing(search)
	matching, err := sqldb.List(ctx, s.replicated.Unprepared(), sqldb.ScanString, st.Text(), st.Args()...)
	if err != nil {
		return nil, err
	}
	matches := make(map[string]bool, len(matching))
	for _, id := range matching {
		matches[id] = true
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !matches[id] }), nil
}

// placed reads registrations of one competition, in order of seq, with their places in line. before is the text to read
// with each of them; which adds further conditions.
func (s *Store) placed(
	ctx context.Context, competitionID string, f participantFilter, before string, which func(*statement),
) ([]participant, error) {
	var st statement
	st.Add(`SELECT ` + registrationColumns + `, r.user_name, r.user_email, r.user_disabled, r.user_erased,
			CASE WHEN r.status = 'WAITLISTED' THEN ` + waitingBetween(`r.previous_seq`) + ` ELSE 0 END,
			` + answersIf(f.Asked) + `, ` + teamIf(f.Teams) + `, r.before
		FROM (SELECT r.*, lag(r.seq, 1, 0) OVER (PARTITION BY r.status, r.division_id ORDER BY r.seq) AS previous_seq
			FROM (SELECT r.*, u.name AS user_name, CASE WHEN u.erased_at IS NULL THEN u.email ELSE '' END AS user_email,
					u.disabled_at IS NOT NULL AS user_disabled,
					u.erased_at IS NOT NULL AS user_erased, ` + before + ` AS before
					FROM `)
	st.registrations(s.db, competitionID, f)
	which(&st)
	st.Add(`) r) r ORDER BY r.seq`)
	q := s.searching(f.Search)
	if !f.among.all { // the best plan depends on how many there are
		q = s.replicated.Unprepared()
	}
	found, err := sqldb.List(ctx, q, scanParticipant, st.Text(), st.Args()...)
	waiting := map[line]int{}
	for i := range found {
		found[i].Position = addUp(waiting, found[i].Registration)
	}
	return found, err
}

// registrations adds the registrations r of a competition, with their users u, that match the filter. Candidates have
// been found to match the search.
func (s *statement) registrations(db *sqldb.DB, competitionID string, f participantFilter) {
	switch {
	case !f.among.all:
		f.Search = ""
		s.Add(`{each %s uuid} {match registrations r: r.user_id = v.id AND r.competition_id = %s}
			JOIN users u ON u.id = r.user_id WHERE 1 = 1`, db.Array(f.among.ids), competitionID)
	case f.names.window > 0:
		s.registeredAlong(competitionID, f)
	default:
		s.Add(`registrations r JOIN users u ON u.id = r.user_id WHERE `+f.competition()+` = %s`, competitionID)
	}
	s.matching(f.RegistrationFilter)
}

// matching adds the conditions on the status and division of a registration r and on its user u.
func (s *statement) matching(f compete.RegistrationFilter) {
	switch {
	case f.TeamID != "":
		s.Add(` AND r.team_id = %s`, f.TeamID)
		if f.DivisionID != "" {
			s.Add(` AND {+r.division_id} = %s`, f.DivisionID)
		}
	case f.DivisionID != "":
		s.Add(` AND r.division_id = %s`, f.DivisionID)
	}
	if f.Status != "" {
		s.Add(` AND r.status = %s`, string(f.Status))
	}
	s.containing(f.Search)
	s.answered(f.Answer)
}

// searching returns where to run queries with a search, which have many variants.
func (s *Store) searching(search string) sqldb.Querier {
	if search != "" {
		return s.replicated.Unprepared()
	}
	return s.replicated
}

// RegistrationsByStatus implements compete.RegistrationStore.
func (s *Store) RegistrationsByStatus(
	ctx context.Context, competitionID string, f compete.RegistrationFilter, all bool,
) (map[compete.RegistrationStatus]int, error) {
	counts := make(map[compete.RegistrationStatus]int)
	if !compete.ValidID(competitionID) || !storable(f.Search) {
		return counts, nil
	}
	// Where some follow a captain, blocks count teams.
	if f.Search == "" && f.Answer.QuestionID == "" && f.TeamID == "" && !f.Teams {
		return s.everyStatus(ctx, partOf(competitionID, f.DivisionID))
	}
	among, err := s.candidates(ctx, f.Search)
	if err != nil {
		return counts, err
	}
	if !all && f.Search != "" && among.all {
		return nil, nil
	}
	f.Status = ""
	var st statement
	st.Add(`SELECT r.status, count(*) FROM `)
	if of := (participantFilter{RegistrationFilter: f, among: among}); f.Search != "" {
		st.registrations(s.db, competitionID, of)
	} else {
		st.Add(`registrations r WHERE `+of.competition()+` = %s`, competitionID)
		st.matching(f)
	}
	st.Add(` GROUP BY r.status`)
	found, err := sqldb.List(ctx, s.searching(f.Search), scanStatusCount, st.Text(), st.Args()...)
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

func scanParticipant(row sqldb.Row) (p participant, err error) {
	var team string
	p.ParticipantRegistration, err = sqldb.ScanWith(scanAnsweredRegistration, &team, &p.before)(row)
	p.Team = team
	return p, err
}
