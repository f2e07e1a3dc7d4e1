package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// A competition's participants are listed by name without a copy of their names beside the registrations, which a rush
// would have to write. A few are sorted. Of many, a page goes along the index of all users by name and looks up which
// of them are registered: as long as a hundredth of them is, that costs the same for every page. Where fewer are, a
// page ends with fewer rows, and one on which there would be none has the rest of the list sorted after all.

// byName is what users are sorted by, before their ids: name and email as a search folds them. An index has it; its
// keys are bounded.
const byName = `{bytes substr(u.search_text, 1, 200)}`

const (
	fewParticipants = 2000 // are sorted
	smallestWindow  = 400  // users are looked at even for a short page
)

// participantsByName reads registrations by the names of their users. What a search finds is sorted when it is few.
func (s *Store) participantsByName(
	ctx context.Context, competitionID string, f participantFilter,
) (part participantPart, err error) {
	if !f.among.all {
		part.rows, err = s.sortedByName(ctx, competitionID, f, startOf(f.Cursor))
		return part, err
	}
	var st statement
	st.Add(`SELECT r.id FROM registrations r WHERE r.competition_id = %s`, competitionID)
	st.matching(compete.RegistrationFilter{Status: f.Status})
	st.Add(` LIMIT 1 OFFSET %s`, fewParticipants)
	many, err := sqldb.List(ctx, s.replicated, sqldb.ScanString, st.Text(), st.Args()...)
	if err != nil {
		return part, err
	}
	if len(many) == 0 {
		part.rows, err = s.sortedByName(ctx, competitionID, f, startOf(f.Cursor))
		return part, err
	}
	return s.alongNames(ctx, competitionID, f, max(smallestWindow, 4*(f.Limit+1)))
}

// alongNames looks at so many users first, and then twice at four times as many as before. A search, of whose words
// users by name may have none for long, ends the page then even if it has found nobody.
func (s *Store) alongNames(
	ctx context.Context, competitionID string, f participantFilter, window int,
) (part participantPart, err error) {
	at := startOf(f.Cursor)
	for range 3 {
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
		if len(part.rows) >= fewFound {
			return part, nil
		}
		window *= 4
	}
	if len(part.rows) == 0 && f.Search == "" {
		part = participantPart{}
		part.rows, err = s.sortedByName(ctx, competitionID, f, at)
	}
	return part, err
}

// startOf is the name and the id after which a list by name goes on.
func startOf(c compete.Cursor) [2]string { return [2]string{c.Text, cmp.Or(c.ID, noID)} }

// named is a user by name.
type named struct {
	id, before string
	found      bool // by the search
	number     int  // among those that were looked at
}

func scanNamed(row sqldb.Row) (n named, err error) {
	err = row.Scan(&n.id, &n.before, &n.found, &n.number)
	return n, err
}

// named looks at so many users by name, and returns those whom a search finds, and the last one.
func (s *Store) named(ctx context.Context, search string, after [2]string, window int) ([]named, error) {
	var st statement
	st.Add(`SELECT u.id, u.before, u.found, u.number FROM (SELECT u.*, row_number() OVER () AS number FROM (
		SELECT u.id, ` + byName + ` AS before, 1 = 1`)
	st.containing(search)
	// SQLite finds the place of a single value in an index of expressions, and not that of a pair.
	st.Add(` AS found FROM users u WHERE `+byName+` >= %s AND (`+byName+`, u.id) > (%s, %s)
		ORDER BY `+byName+`, u.id LIMIT %s) u) u WHERE u.found OR u.number = %s`,
		after[0], after[0], after[1], window, window)
	return sqldb.List(ctx, s.searching(search), scanNamed, st.Text(), st.Args()...)
}

// participantsAmong are those of the users who are registered, by name.
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

// sortedByName reads one row more than f.Limit says of those that come after a place.
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
