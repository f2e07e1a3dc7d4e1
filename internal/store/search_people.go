package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// A search for people compares its words with the search text of each user. If that would examine many users in vain,
// an index of all groups of three characters (trigrams) first determines the users who may have the words, or the one
// or two characters. That pays off for rare words: common ones are soon found by walking the list itself. Then, a page
// ends after a bounded number of examined rows, however few of them match, and the next page continues from there.

// usersText finds users by parts of their search text.
var usersText = sqldb.TrigramIndex{
	Words: "people_words", Grams: "people_grams", Numbers: "people_numbers", Owner: "user_id",
	Table: "users", Column: "search_text", Function: "users_grams",
}

const (
	sampledUsers  = 1000 // users sampled to decide whether words are common:
	commonSample  = 10   // matches among them that make words common
	sampledTexts  = 200  // users sampled to decide which trigrams of a word are rare
	gramsPerWord  = 2    // trigrams of each word looked up in the index: the rarest ones
	maxCandidates = 2000 // users whose texts are read one by one
	window        = 500  // rows examined together for common words
	mostLookedAt  = 4000 // examined rows that end a page if something was found
	fewFound      = 20   // matches that are enough for a page
)

// candidates are the users who may match a search: everyone, or those with the ids.
type candidates struct {
	all bool
	ids []string
}

// among starts a join with the candidates, v, unless they are everyone. In a join each is looked up; with a condition
// on the id instead, PostgreSQL may compare every row of another index with each of thousands.
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

// candidates determines who may match a search, after giving all users their search text.
func (s *Store) candidates(ctx context.Context, search string) (candidates, error) {
	return s.someCandidates(ctx, search, sqldb.Part{})
}

// someCandidates is candidates for a part of those who match, unless they are everyone.
func (s *Store) someCandidates(ctx context.Context, search string, part sqldb.Part) (candidates, error) {
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
	grams, err := s.rarestTrigrams(ctx, search)
	if err != nil {
		return everyone, err
	}
	var found sqldb.Candidates
	if len(grams) > 0 {
		found, err = usersText.Candidates(ctx, s.db, grams, maxCandidates+1, part, patterns(search)...)
	} else if longest := longest(search); longest != "" {
		found, err = usersText.Containing(ctx, s.db, longest, maxCandidates+1, part, patterns(search)...)
	} else {
		return everyone, nil
	}
	if err != nil || found.Number > maxCandidates {
		return everyone, err
	}
	return candidates{ids: found.IDs}, nil
}

// longest returns a search's longest word, the first one if there are several.
func longest(search string) (longest string) {
	for word := range strings.FieldsSeq(normal.Fold(search)) {
		if utf8.RuneCountInString(word) > utf8.RuneCountInString(longest) {
			longest = word
		}
	}
	return longest
}

// rarestTrigrams returns a few trigrams of each word of a search, without duplicates: those that fewest of the sampled
// users have. The index takes as long for a trigram as there are users who have it, and what all have tells nothing.
func (s *Store) rarestTrigrams(ctx context.Context, search string) (rarest []string, err error) {
	texts, err := sqldb.List(ctx, s.replicated, sqldb.ScanString,
		`SELECT coalesce(u.search_text, '') FROM users u LIMIT $1`, sampledTexts)
	if err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(normal.Fold(search)) {
		grams := trigrams(word)
		have := make(map[string]int, len(grams))
		for _, gram := range grams {
			for _, text := range texts {
				if strings.Contains(text, gram) {
					have[gram]++
				}
			}
		}
		slices.SortStableFunc(grams, func(a, b string) int { return cmp.Compare(have[a], have[b]) })
		rarest = append(rarest, grams[:min(gramsPerWord, len(grams))]...)
	}
	slices.Sort(rarest)
	return slices.Compact(rarest), nil
}

// trigrams returns the trigrams of a word, without duplicates.
func trigrams(word string) (found []string) {
	runes := []rune(word)
	for i := range max(0, len(runes)-2) {
		if gram := string(runes[i : i+3]); !slices.Contains(found, gram) {
			found = append(found, gram)
		}
	}
	return found
}
