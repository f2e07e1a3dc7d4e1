package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// A competition's participants are listed by name without storing their names with the registrations, which a rush
// would have to write. A small number is sorted. With many, a page follows the index of all users by name and looks up
// which of them are registered. As long as at least one in a hundred is, every page costs the same. If fewer are, a
// page ends with fewer rows, and if a page would be empty, the rest of the list is sorted after all.

// byName is the sort key of users, followed by their ids: name and email, folded as in searches. It is indexed; its
// length is bounded.
const byName = `{bytes substr(u.search_text, 1, 200)}`

const (
	fewParticipants = 2000 // up to this many are sorted
	smallestWindow  = 400  // users examined for a page that isn't full, at least
)

// participantsByName reads registrations by the names of their users. A small number of search results is sorted.
func (s *Store) participantsByName(
	ctx context.Context, competitionID string, f participantFilter,
) (part participantPart, err error) {
	if !f.among.all {
		part.rows, err = s.sortedByName(ctx, competitionID, f, startOf(f.Cursor))
		return part, err
	}
	var st statement
	st.Add(`SELECT r.id FROM registrations r WHERE `+f.competition()+` = %s`, competitionID)
	st.matching(compete.RegistrationFilter{Status: f.Status, DivisionID: f.DivisionID, Answer: f.Answer})
	st.Add(` LIMIT 1 OFFSET %s`, fewParticipants)
	many, err := sqldb.List(ctx, s.replicated, sqldb.ScanString, st.Text(), st.Args()...)
	if err != nil {
		return part, err
	}
	if len(many) == 0 {
		part.rows, err = s.sortedByName(ctx, competitionID, f, startOf(f.Cursor))
		return part, err
	}
	return s.alongNames(ctx, competitionID, f, 2*(f.Limit+1))
}

// alongNames first examines a window of users. If few of them are listed, it examines up to three more, as large as it
// takes to find fewFound. With a search, whose words may not occur for a long stretch of the index, the page then ends
// even if it is empty.
func (s *Store) alongNames(
	ctx context.Context, competitionID string, f participantFilter, window int,
) (part participantPart, err error) {
	at, examined := startOf(f.Cursor), 0
	for range 4 {
		users, err := s.named(ctx, f.Search, at, window)
		if err != nil {
			return part, err
		}
		some, err := s.participantsAmong(ctx, competitionID, f, users)
		if err != nil {
			return part, err
		}
		part.rows = append(part.rows, some...)
		if len(part.rows) > f.Limit || len(users) == 0 || users[len(users)-1].number < window {
			return participantPart{rows: part.rows[:min(len(part.rows), f.Limit+1)]}, nil
		}
		last := users[len(users)-1]
		at = [2]string{last.before, last.id}
		part.next = compete.Cursor{ID: at[1], Text: at[0]}
		if examined += window; examined >= smallestWindow && len(part.rows) >= fewFound {
			return part, nil
		}
		window = nextWindow(window, examined, len(part.rows), f.Limit)
	}
	if len(part.rows) == 0 && f.Search == "" {
		part = participantPart{}
		part.rows, err = s.sortedByName(ctx, competitionID, f, at)
	}
	return part, err
}

// nextWindow returns how many users to examine after so many, some of whom are listed: if it takes few, more than
// should do to fill the page; otherwise more than should do to find fewFound, and at most four times the last window.
func nextWindow(last, examined, found, limit int) int {
	if found == 0 {
		return 4 * last
	}
	toFind := func(more int) int { return more * examined * 5 / (found * 4) }
	if full := toFind(limit + 1 - found); full < smallestWindow {
		return full
	}
	return min(4*last, max(smallestWindow, toFind(fewFound-found)))
}

// startOf returns the name and the id after which a list by name continues.
func startOf(c compete.Cursor) [2]string { return [2]string{c.Text, cmp.Or(c.ID, noID)} }

// named is a user in a list by name.
type named struct {
	id, before string
	found      bool // whether the search matches
	number     int  // among the examined users
}

func scanNamed(row sqldb.Row) (n named, err error) {
	err = row.Scan(&n.id, &n.before, &n.found, &n.number)
	return n, err
}

// named examines a window of users by name, and returns those that match the search, and the last one.
func (s *Store) named(ctx context.Context, search string, after [2]string, window int) ([]named, error) {
	var st statement
	st.Add(`SELECT u.id, u.before, u.found, u.number FROM (SELECT u.*, row_number() OVER () AS number FROM (
		SELECT u.id, ` + byName + ` AS before, 1 = 1`)
	st.containing(search)
	// SQLite can seek to a single value in an index on expressions, but not to a pair.
	st.Add(` AS found FROM users u WHERE `+byName+` >= %s AND (`+byName+`, u.id) > (%s, %s)
		ORDER BY `+byName+`, u.id LIMIT %s) u) u WHERE u.found OR u.number = %s`,
		after[0], after[0], after[1], window, window)
	return sqldb.List(ctx, s.searching(search), scanNamed, st.Text(), st.Args()...)
}

// participantsAmong returns those users who are registered, by name.
func (s *Store) participantsAmong(
	ctx context.Context, competitionID string, f participantFilter, users []named,
) ([]participant, error) {
	var ids []string
	for _, u := range users {
		if u.found {
			ids = append(ids, u.id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	f.among = candidates{ids: ids}
	found, err := s.placed(ctx, competitionID, f, byName, func(*statement) {})
	slices.SortFunc(found, compareNames)
	return found, err
}

// sortedByName reads up to f.Limit + 1 rows after a position.
func (s *Store) sortedByName(
	ctx context.Context, competitionID string, f participantFilter, after [2]string,
) ([]participant, error) {
	found, err := s.placed(ctx, competitionID, f, byName, func(st *statement) {
		st.Add(` AND (`+byName+`, r.user_id) > (%s, %s) ORDER BY `+byName+`, r.user_id LIMIT %s`,
			after[0], after[1], f.Limit+1)
	})
	slices.SortFunc(found, compareNames)
	return found, err
}

func compareNames(a, b participant) int {
	return cmp.Or(cmp.Compare(a.before, b.before), cmp.Compare(a.UserID, b.UserID))
}
