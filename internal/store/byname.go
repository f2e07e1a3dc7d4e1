package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// A competition's participants are listed by name without storing their names with the registrations, which a rush
// would have to write. A small number is sorted. With many, a page follows the index of all users by name, looks up
// which of them are registered, and stops when it is full. As long as at least one in a hundred is, every page costs
// the same. If fewer are, a page ends with fewer rows, and if a page would be empty, the rest of the list is sorted
// after all. Of numbers in between, PostgreSQL first reads all who are registered: looking up each of thousands of
// users, most of whom aren't, would take three times as long.

// byName is the sort key of users, followed by their ids: name and email, folded as in searches. It is indexed; its
// length is bounded.
const byName = `{bytes substr(u.search_text, 1, 200)}`

const (
	fewParticipants  = 4000              // up to this many are sorted,
	someParticipants = 200 * blockSize   // and up to this many are read before users are looked for among them
	largestWindow    = 6400              // users examined by one statement, at most,
	membersWindow    = 4 * largestWindow // or looked for among those who were read
	smallestWindow   = 400               // users examined for a page that isn't full, at least
)

// windows returns how many users are examined, in one statement after the other, until a page is full. PostgreSQL stops
// within one as soon as it is.
func (s *Store) windows() []int {
	if s.db.Kind() == sqldb.PostgreSQL {
		return []int{largestWindow}
	}
	return []int{100, smallestWindow, 4 * smallestWindow, largestWindow}
}

// participantsByName reads registrations by the names of their users. A small number of search results is sorted.
func (s *Store) participantsByName(
	ctx context.Context, competitionID string, f participantFilter,
) (part participantPart, err error) {
	if f.among.all {
		many, err := s.moreRegistered(ctx, fewParticipants, competitionID, f)
		if err != nil {
			return part, err
		}
		if many {
			return s.manyByName(ctx, competitionID, f)
		}
	}
	part.rows, err = s.sortedByName(ctx, competitionID, f, startOf(f.Cursor))
	return part, err
}

// manyByName reads a page of more than fewParticipants.
func (s *Store) manyByName(
	ctx context.Context, competitionID string, f participantFilter,
) (part participantPart, err error) {
	windows := s.windows()
	if s.db.Kind() == sqldb.PostgreSQL {
		more, err := s.moreRegistered(ctx, someParticipants, competitionID, f)
		if err != nil {
			return part, err
		}
		if f.names.members = !more; f.names.members && f.Search == "" {
			windows = []int{membersWindow}
		}
	}
	return s.alongNames(ctx, competitionID, f, windows)
}

// moreRegistered reports whether more than so many match the filter without its search. Those of a whole competition
// are counted in blocks, and those of a division or team by its index, even if it is another competition's.
func (s *Store) moreRegistered(
	ctx context.Context, than int, competitionID string, f participantFilter,
) (bool, error) {
	var st statement
	if f.Status == "" && f.DivisionID == "" && f.TeamID == "" && f.Answer.QuestionID == "" {
		st.Add(`SELECT b.block FROM registration_blocks b WHERE b.competition_id = %s ORDER BY b.block
			LIMIT 1 OFFSET %s`, competitionID, than/blockSize)
	} else {
		st.Add(`SELECT r.seq FROM registrations r WHERE 1 = 1`)
		if f.DivisionID == "" && f.TeamID == "" {
			st.Add(` AND r.competition_id = %s`, competitionID)
		}
		st.matching(f.unsearched())
		st.Add(` ORDER BY r.seq LIMIT 1 OFFSET %s`, than)
	}
	more, err := sqldb.List(ctx, s.replicated, sqldb.ScanInt, st.Text(), st.Args()...)
	return len(more) > 0, err
}

// unsearched is the part of the filter that is about registrations alone.
func (f participantFilter) unsearched() compete.RegistrationFilter {
	return compete.RegistrationFilter{
		Status: f.Status, DivisionID: f.DivisionID, TeamID: f.TeamID, Answer: f.Answer,
	}
}

// alongNames examines one window of users after the other until the page is full, or once fewFound are on it. With
// a search, whose words may not occur for a long stretch of the index, the page ends after the last one even if it is
// empty.
func (s *Store) alongNames(
	ctx context.Context, competitionID string, f participantFilter, windows []int,
) (part participantPart, err error) {
	at := startOf(f.Cursor)
	for _, window := range windows {
		f.names.after, f.names.window = at, window
		some, err := s.placed(ctx, competitionID, f, `u.before`, func(st *statement) {
			st.Add(` ORDER BY u.before, u.id LIMIT %s`, f.Limit+1-len(part.rows))
		})
		if err != nil {
			return part, err
		}
		slices.SortFunc(some, compareNames)
		if part.rows = append(part.rows, some...); len(part.rows) > f.Limit {
			return participantPart{rows: part.rows}, nil
		}
		end, err := s.endOf(ctx, f.names)
		if err != nil {
			return part, err
		}
		if len(end) == 0 {
			return participantPart{rows: part.rows}, nil
		}
		at = end[0]
		part.next = compete.Cursor{ID: at[1], Text: at[0]}
		if window >= smallestWindow && len(part.rows) >= fewFound {
			return part, nil
		}
	}
	if len(part.rows) == 0 && f.Search == "" {
		f.names, part = stretch{}, participantPart{}
		part.rows, err = s.sortedByName(ctx, competitionID, f, at)
	}
	return part, err
}

// startOf returns the name and the id after which a list by name continues.
func startOf(c compete.Cursor) [2]string { return [2]string{c.Text, cmp.Or(c.ID, noID)} }

// stretch is a window of users in the order of their names. Their number is part of a statement's text, so that one
// plan fits all statements with this text.
type stretch struct {
	after   [2]string
	window  int  // 0: all users
	members bool // read all who are registered first
}

// afterName has the users after a name and an id. SQLite can seek to a single value in an index on expressions, but not
// to a pair.
const afterName = byName + ` >= %s AND (` + byName + `, u.id) > (%s, %s) ORDER BY ` + byName + `, u.id`

// endOf returns the name and the id of the last user of a stretch; nothing if there are fewer users.
func (s *Store) endOf(ctx context.Context, names stretch) ([][2]string, error) {
	var st statement
	st.Add(`SELECT `+byName+`, u.id FROM users u WHERE `+afterName+` LIMIT 1 OFFSET `+strconv.Itoa(names.window-1),
		names.after[0], names.after[0], names.after[1])
	return sqldb.List(ctx, s.replicated, sqldb.ScanPair, st.Text(), st.Args()...)
}

// registeredAlong adds those users of a stretch, u, who are registered.
func (s *statement) registeredAlong(competitionID string, f participantFilter) {
	after := f.names.after
	s.Add(`(SELECT u.*, `+byName+` AS before FROM users u WHERE `+afterName+` LIMIT `+strconv.Itoa(f.names.window)+`) u
		{match registrations r: r.user_id = u.id AND r.competition_id = %s} WHERE 1 = 1`,
		after[0], after[0], after[1], competitionID)
	if f.names.members { // a value rather than a condition, or it would become a join in another order
		s.Add(` AND (u.id IN (SELECT r.user_id FROM registrations r WHERE `+f.competition()+` = %s`, competitionID)
		s.matching(f.unsearched())
		s.Add(`)) IS TRUE`)
	}
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
