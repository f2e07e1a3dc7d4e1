package store

import (
	"context"
	"slices"
	"strings"

	"minicompete/internal/compete"
	"minicompete/internal/normal"
)

// What a search finds a row by stands beside the row, folded and cut into words by package normal: neither database folds text, so
// both find the same. Rows that were written without it, by an older version or by a tool outside, get it before anybody searches.

// searchQuery is the parameter of {matches $1}: every word must be there, the last one as a prefix. Quoting is safe, since a word
// has letters, marks, digits and symbols only. It is empty when the search has no word, so that nothing can match.
func (d *dialect) searchQuery(search string) string {
	words := normal.Query(search)
	for i, word := range words {
		words[i] = d.quote + word + d.quote
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, d.and) + d.prefix
}

// containing adds the condition that every word of a search is somewhere in the column, which holds folded text.
func (s *statement) containing(column, search string) {
	for _, word := range strings.Fields(normal.Fold(search)) {
		s.add(` AND `+column+` LIKE %s ESCAPE '\'`, "%"+likeEscaper.Replace(word)+"%")
	}
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

var (
	deleteTags = `DELETE FROM competition_tags WHERE competition_id {any $1 uuid}`
	insertTags = newBulk("competition_id uuid, tag text, folded text",
		`INSERT INTO competition_tags (competition_id, tag, folded) {select v.competition_id, v.tag, v.folded}`)
	saveWords = newBulk("competition_id uuid, words text", `INSERT INTO competition_search (competition_id, words)
		{select v.competition_id, {words v.words}}
		ON CONFLICT (competition_id) DO UPDATE SET words = excluded.words`)
	setSearchable = `UPDATE competitions SET searchable = true WHERE id {any $1 uuid} AND NOT searchable`
)

// saveTags writes the tags of competitions whose rows are written already, and what a search finds them by.
func (t *Tx) saveTags(ctx context.Context, competitions ...compete.Competition) error {
	var ids []string
	var tags, words [][]any
	for _, c := range competitions {
		ids = append(ids, c.ID)
		for _, tag := range c.Tags {
			tags = append(tags, []any{c.ID, tag, normal.Key(tag)})
		}
		found := normal.Words(c.Title + " " + c.Description + " " + strings.Join(c.Tags, " "))
		slices.Sort(found)
		words = append(words, []any{c.ID, strings.Join(slices.Compact(found), " ")})
	}
	if _, err := change(ctx, t, deleteTags, t.pool.dialect.list(ids)); err != nil {
		return err
	}
	if _, err := t.bulk(ctx, insertTags, tags); err != nil {
		return err
	}
	if _, err := t.bulk(ctx, saveWords, words); err != nil {
		return err
	}
	_, err := change(ctx, t, setSearchable, t.pool.dialect.list(ids))
	return err
}

// searchablePage is how many rows get what they are found by in one transaction, so that the one writer stays free.
const searchablePage = 200

const (
	unsearchableUsers        = `SELECT u.id, u.name, u.email FROM users u WHERE u.search_text IS NULL LIMIT $1`
	unsearchableCompetitions = `SELECT c.id, c.id FROM competitions c WHERE NOT c.searchable
		UNION ALL SELECT t.competition_id, t.competition_id FROM competition_tags t WHERE t.folded IS NULL LIMIT $1`
	lockUnsearchable = `SELECT c.id, c.title, c.description, (SELECT string_agg(t.tag, ',') FROM competition_tags t WHERE t.competition_id = c.id)
		FROM competitions c WHERE c.id {any $1 uuid} ORDER BY c.id {lock c}`
)

// A user who was renamed meanwhile is left to the next look.
var setSearchText = newBulk("id uuid, name text, email text, search_text text", `UPDATE users SET search_text = v.search_text {from}
	WHERE users.id = v.id AND users.name = v.name AND users.email = v.email`)

// findableUsers gives those users what a search finds them by who have nothing yet.
func (s *Store) findableUsers(ctx context.Context) error {
	for {
		found, err := list(ctx, s.reader, scanUnsearchableUser, unsearchableUsers, searchablePage)
		if err != nil || len(found) == 0 {
			return err
		}
		var n int64
		err = s.Transact(ctx, func(ctx context.Context, tx *Tx) (err error) {
			n, err = tx.bulk(ctx, setSearchText, found)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func scanUnsearchableUser(row scanner) ([]any, error) {
	var id, name, email string
	err := row.Scan(&id, &name, &email)
	return []any{id, name, email, normal.People(name, email)}, err
}

// findableCompetitions gives those competitions what a search finds them by that have nothing yet, or a tag that has nothing.
func (s *Store) findableCompetitions(ctx context.Context) error {
	for {
		pairs, err := list(ctx, s.reader, scanPair, unsearchableCompetitions, searchablePage)
		if err != nil || len(pairs) == 0 {
			return err
		}
		ids := make([]string, len(pairs))
		for i, pair := range pairs {
			ids[i] = pair[0]
		}
		err = s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
			found, err := list(ctx, tx, scanUnsearchable, lockUnsearchable, s.dialect.list(ids))
			if err != nil {
				return err
			}
			return tx.saveTags(ctx, found...)
		})
		if err != nil {
			return err
		}
	}
}

func scanUnsearchable(row scanner) (c compete.Competition, err error) {
	var tags *string
	err = row.Scan(&c.ID, &c.Title, &c.Description, &tags)
	c.Tags = slices.Compact(splitTags(tags)) // a tool may have written a comma into one
	return c, err
}
