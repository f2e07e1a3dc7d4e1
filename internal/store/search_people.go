package store

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// A search for people compares its words with what stands beside each user. Where that would look through many in vain,
// an index of all groups of three characters (trigrams) first tells who may have the words, or the one or two
// characters. It pays for what is rare: words that many have are soon met along the list itself. There, a page ends
// after so many rows that were looked at, however few of them were found: the next one goes on from there.

// usersText finds users by parts of what searches compare.
var usersText = sqldb.TrigramIndex{
	Words: "people_words", Grams: "people_grams", Numbers: "people_numbers", Owner: "user_id",
	Table: "users", Column: "search_text", Function: "users_grams",
}

const (
	sampledUsers  = 1000 // tell whether words are common:
	commonSample  = 10   // as many of them have the words
	maxCandidates = 2000 // are looked up one by one
	window        = 500  // rows are looked at together for words that are common
	mostLookedAt  = 4000 // end a page on which something was found
	fewFound      = 20   // are worth a page
)

// candidates are the users who may have the words of a search: all of them, or those with the ids.
type candidates struct {
	all bool
	ids []string
}

// among begins a join with the candidates, v, unless they are everyone. Joined, each is looked up: with a condition on
// the id instead, PostgreSQL may compare every row of another index with each of thousands.
func (s *statement) among(db *sqldb.DB, c candidates) {
	if !c.all {
		s.Add(`{each %s uuid} CROSS JOIN `, db.Array(c.ids))
	}
}

// is adds the condition that the column is the id of a candidate.
func (s *statement) is(column string, c candidates) {
	if !c.all {
		s.Add(` AND ` + column + ` = v.id`)
	}
}

// candidates looks up who may have the words of a search, after making all users findable.
func (s *Store) candidates(ctx context.Context, search string) (candidates, error) {
	everyone := candidates{all: true}
	if search == "" {
		return everyone, nil
	}
	if err := s.findableUsers(ctx); err != nil {
		return everyone, err
	}
	var sample statement
	sample.Add(`SELECT count(*) FROM (SELECT u.search_text FROM users u LIMIT %s) u WHERE 1 = 1`, sampledUsers)
	sample.containing(search)
	n, err := sqldb.List(ctx, s.replicated.Unprepared(), sqldb.ScanInt, sample.Text(), sample.Args()...)
	if err != nil || n[0] >= commonSample {
		return everyone, err
	}
	var ids []string
	if found := trigrams(search); len(found) > 0 {
		ids, err = usersText.Candidates(ctx, s.db, found, maxCandidates+1)
	} else if longest := longest(search); longest != "" {
		ids, err = usersText.Containing(ctx, s.db, longest, maxCandidates+1)
	} else {
		return everyone, nil
	}
	if err != nil || len(ids) > maxCandidates {
		return everyone, err
	}
	return candidates{ids: ids}, nil
}

// longest is the longest of a search's words, and the first of those.
func longest(search string) (longest string) {
	for _, word := range strings.Fields(normal.Fold(search)) {
		if utf8.RuneCountInString(word) > utf8.RuneCountInString(longest) {
			longest = word
		}
	}
	return longest
}

// trigrams are those of a search's words, each once.
func trigrams(search string) (found []string) {
	known := map[string]bool{}
	for _, word := range strings.Fields(normal.Fold(search)) {
		runes := []rune(word)
		for i := range max(0, len(runes)-2) {
			if gram := string(runes[i : i+3]); !known[gram] {
				known[gram] = true
				found = append(found, gram)
			}
		}
	}
	return found
}
