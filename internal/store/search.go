package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// Search text is stored beside each row, folded and split into words by package normal: neither database folds text, so
// both find the same. Rows written by an older version or an external tool have none. They get it, and their texts are
// normalized, every minute and before each search.

// CompetitionWords indexes competitions by the words of their titles, descriptions and tags.
var CompetitionWords = sqldb.TextIndex{
	Table: "competition_search", Owner: "competition_id", Words: "competition_words",
	Daily: "competition_search_daily", Times: []string{"created_at", "reg_deadline"},
}

// containing adds the condition that the search text of a user contains every word of a search.
func (s *statement) containing(search string) {
	for _, pattern := range patterns(search) {
		s.Add(` AND u.search_text LIKE %s ESCAPE '\'`, pattern)
	}
}

// patterns returns a pattern for each word of a search.
func patterns(search string) (all []string) {
	for word := range strings.FieldsSeq(normal.Fold(search)) {
		all = append(all, "%"+likeEscaper.Replace(word)+"%")
	}
	return all
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

var (
	deleteTags = `DELETE FROM competition_tags WHERE competition_id {any $1 uuid}`
	insertTags = sqldb.NewBulk("competition_id uuid, tag text, folded text",
		`INSERT INTO competition_tags (competition_id, tag, folded) {select v.competition_id, v.tag, v.folded}`)
	saveWords = sqldb.NewBulk("competition_id uuid, words text", `INSERT INTO competition_search (competition_id, words)
		{select v.competition_id, {words v.words}}
		ON CONFLICT (competition_id) DO UPDATE SET words = excluded.words`)
	setSearchable = `UPDATE competitions SET searchable = true WHERE id {any $1 uuid} AND NOT searchable`
)

// saveTags writes the tags and search text of competitions whose rows are already written.
func (t Tx) saveTags(ctx context.Context, competitions ...compete.Competition) error {
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
	if _, err := sqldb.Change(ctx, t, deleteTags, t.Array(ids)); err != nil {
		return err
	}
	if _, err := t.Bulk(ctx, insertTags, tags); err != nil {
		return err
	}
	if _, err := t.Bulk(ctx, saveWords, words); err != nil {
		return err
	}
	_, err := sqldb.Change(ctx, t, setSearchable, t.Array(ids))
	return err
}

// searchablePage is how many rows get their search text per transaction, so as not to block the one writer.
const searchablePage = 200

const (
	unsearchableUsers        = `SELECT u.id, u.name, u.email FROM users u WHERE u.search_text IS NULL LIMIT $1`
	unsearchableCompetitions = `SELECT c.id, c.id FROM competitions c WHERE NOT c.searchable
		UNION ALL SELECT t.competition_id, t.competition_id FROM competition_tags t WHERE t.folded IS NULL LIMIT $1`
	lockUnsearchable = `SELECT c.id, c.title, c.location, c.description, ` + tagsOf + `
		FROM competitions c WHERE c.id {any $1 uuid} ORDER BY c.id {lock c}`
)

// TidyTexts implements compete.WorkStore.
func (s *Store) TidyTexts(ctx context.Context) error {
	return errors.Join(s.findableUsers(ctx), s.findableCompetitions(ctx))
}

// A user renamed in the meantime is left to the next run.
var tidyUsers = sqldb.NewBulk("id uuid, name text, email text, tidy text, search_text text",
	`UPDATE users SET name = v.tidy, search_text = v.search_text {from}
	WHERE users.id = v.id AND users.name = v.name AND users.email = v.email`)

// findableUsers adds the search text of users who have none.
func (s *Store) findableUsers(ctx context.Context) error {
	for {
		found, err := sqldb.List(ctx, s.reader, scanUntidy, unsearchableUsers, searchablePage)
		if err != nil || len(found) == 0 {
			return err
		}
		rows := make([][]any, len(found))
		for i, u := range found {
			if u.email, err = s.tidyEmail(ctx, u); err != nil {
				return err
			}
			tidy := cmp.Or(normal.Clean(u.name), u.email) // nobody ends up without a name
			rows[i] = []any{u.id, u.name, u.email, tidy, normal.People(tidy, u.email)}
		}
		var n int64
		err = s.Transact(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = tx.Bulk(ctx, tidyUsers, rows)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

type untidy struct{ id, name, email string }

func scanUntidy(row sqldb.Row) (u untidy, err error) {
	err = row.Scan(&u.id, &u.name, &u.email)
	return u, err
}

// tidyEmail normalizes a user's address, and returns the resulting one: unchanged if another account already has the
// normalized one.
func (s *Store) tidyEmail(ctx context.Context, u untidy) (string, error) {
	tidy := normal.Clean(u.email)
	if tidy == u.email || tidy == "" {
		return u.email, nil
	}
	_, err := sqldb.Change(ctx, s.writer, `UPDATE users SET email = $3 WHERE id = $1 AND email = $2`,
		u.id, u.email, tidy)
	if sqldb.ViolationOf(err) == sqldb.UniqueViolation {
		return u.email, nil
	}
	return tidy, err
}

// findableCompetitions adds the search text of competitions and tags that have none.
func (s *Store) findableCompetitions(ctx context.Context) error {
	for {
		pairs, err := sqldb.List(ctx, s.reader, sqldb.ScanPair, unsearchableCompetitions, searchablePage)
		if err != nil || len(pairs) == 0 {
			return err
		}
		ids := make([]string, len(pairs))
		for i, pair := range pairs {
			ids[i] = pair[0]
		}
		err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
			found, err := sqldb.List(ctx, tx, scanUnsearchable, lockUnsearchable, s.db.Array(ids))
			if err != nil {
				return err
			}
			for i := range found {
				if err := tx.tidyCompetition(ctx, &found[i]); err != nil {
					return err
				}
			}
			return tx.saveTags(ctx, found...)
		})
		if err != nil {
			return err
		}
	}
}

// tidyCompetition normalizes title and place, and the tags in c, which the caller has to save.
func (t Tx) tidyCompetition(ctx context.Context, c *compete.Competition) error {
	tags := c.Tags
	c.Tags = c.Tags[:0]
	for _, tag := range tags {
		if tag = normal.Clean(tag); tag != "" && !slices.Contains(c.Tags, tag) {
			c.Tags = append(c.Tags, tag)
		}
	}
	title, location := cmp.Or(normal.Clean(c.Title), "Untitled"), normal.Clean(c.Location)
	if title == c.Title && location == c.Location {
		return nil
	}
	c.Title, c.Location = title, location
	_, err := sqldb.Change(ctx, t, `UPDATE competitions SET title = $2, location = $3, version = version + 1
		WHERE id = $1`,
		c.ID, title, location)
	return err
}

func scanUnsearchable(row sqldb.Row) (c compete.Competition, err error) {
	err = row.Scan(&c.ID, &c.Title, &c.Location, &c.Description, (*joinedTags)(&c.Tags))
	c.Tags = slices.Compact(c.Tags) // an external tool may have written a comma into one
	return c, err
}
