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
// of them are registered: as long as a hundredth of them is, that costs the same for every page. Where fewer are, the
// rest of the list is sorted after all.

// byName is what users are sorted by, before their ids: name and email as a search folds them. An index has it; its
// keys are bounded.
const byName = `{bytes substr(u.search_text, 1, 200)}`

// SQLite finds the place of a single value in an index of expressions, and not that of a pair.
const usersByName = `SELECT u.id, ` + byName + ` FROM users u WHERE ` + byName + ` >= $1
	AND (` + byName + `, u.id) > ($1, $2)
	ORDER BY ` + byName + `, u.id LIMIT $3`

const (
	fewParticipants = 2000 // are sorted
	smallestWindow  = 400  // users are looked at even for a short page
)

// participantsByName reads one row more than f.Limit says. What a search finds is sorted when it is few.
func (s *Store) participantsByName(
	ctx context.Context, competitionID string, f participantFilter,
) ([]participant, error) {
	if !f.among.all {
		return s.sortedByName(ctx, competitionID, f, startOf(f.Cursor))
	}
	var st statement
	st.Add(`SELECT r.id FROM registrations r WHERE r.competition_id = %s`, competitionID)
	st.matching(compete.RegistrationFilter{Status: f.Status})
	st.Add(` LIMIT 1 OFFSET %s`, fewParticipants)
	many, err := sqldb.List(ctx, s.replicated, sqldb.ScanString, st.Text(), st.Args()...)
	if err != nil {
		return nil, err
	}
	if len(many) == 0 {
		return s.sortedByName(ctx, competitionID, f, startOf(f.Cursor))
	}
	return s.alongNames(ctx, competitionID, f, max(smallestWindow, 4*(f.Limit+1)))
}

// alongNames looks at so many users first, and then twice at four times as many as before.
func (s *Store) alongNames(
	ctx context.Context, competitionID string, f participantFilter, window int,
) (found []participant, err error) {
	at := startOf(f.Cursor)
	for range 3 {
		users, err := sqldb.List(ctx, s.replicated, scanNamed, usersByName, at[0], at[1], window)
		if err != nil {
			return nil, err
		}
		some, err := s.participantsAmong(ctx, competitionID, f, users)
		if err != nil {
			return nil, err
		}
		if found = append(found, some...); len(found) > f.Limit || len(users) < window {
			return found[:min(len(found), f.Limit+1)], nil
		}
		at = [2]string{users[window-1].before, users[window-1].id}
		window *= 4
	}
	f.Limit -= len(found)
	some, err := s.sortedByName(ctx, competitionID, f, at)
	return append(found, some...), err
}

// startOf is the name and the id after which a list by name goes on.
func startOf(c compete.Cursor) [2]string { return [2]string{c.Text, cmp.Or(c.ID, noID)} }

// named is a user by name.
type named struct{ id, before string }

func scanNamed(row sqldb.Row) (n named, err error) { err = row.Scan(&n.id, &n.before); return n, err }

// participantsAmong are those of the users who are registered, by name.
func (s *Store) participantsAmong(
	ctx context.Context, competitionID string, f participantFilter, users []named,
) ([]participant, error) {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.id
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
