package store

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"minicompete/internal/compete"
)

// maxWordLength bounds a searchable word, in characters; what is longer is cut, in the index and in a search alike.
const maxWordLength = 64

// searchWords cuts text into the words by which it is found: runs of letters, marks and digits, in lower case and without the
// accents of Latin, Greek and Cyrillic letters, each once. It is done here, not by the databases, so that both find the same.
func searchWords(text string) []string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case r >= 0x300 && r <= 0x36f: // combining accents, set apart by NFKD
			return -1
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFKD.String(strings.ToValidUTF8(text, " ")))
	words := strings.Fields(folded)
	for i, word := range words {
		if runes := []rune(word); len(runes) > maxWordLength {
			words[i] = string(runes[:maxWordLength])
		}
	}
	return words
}

// searchQuery is the parameter of {matches $1}: every word must be there, the last one as a prefix. Quoting is safe, since a word
// has letters and digits only. It is empty when the search has no word, so that nothing can match.
func (d *dialect) searchQuery(search string) string {
	words := searchWords(search)
	for i, word := range words {
		words[i] = d.quote + word + d.quote
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, d.and) + d.prefix
}

var (
	deleteTags = `DELETE FROM competition_tags WHERE competition_id {any $1 uuid}`
	insertTags = newBulk("competition_id uuid, tag text", `INSERT INTO competition_tags (competition_id, tag) {select v.competition_id, v.tag}`)
	saveWords  = newBulk("competition_id uuid, words text", `INSERT INTO competition_search (competition_id, words)
		{select v.competition_id, {words v.words}}
		ON CONFLICT (competition_id) DO UPDATE SET words = excluded.words`)
)

// saveTags writes the tags of competitions whose rows are written already, and what a search finds them by.
func (t *Tx) saveTags(ctx context.Context, competitions ...compete.Competition) error {
	var ids []string
	var tags, words [][]any
	for _, c := range competitions {
		ids = append(ids, c.ID)
		for _, tag := range c.Tags {
			tags = append(tags, []any{c.ID, tag})
		}
		found := searchWords(c.Title + " " + c.Description + " " + strings.Join(c.Tags, " "))
		slices.Sort(found)
		words = append(words, []any{c.ID, strings.Join(slices.Compact(found), " ")})
	}
	if _, err := change(ctx, t, deleteTags, t.pool.dialect.list(ids)); err != nil {
		return err
	}
	if _, err := t.bulk(ctx, insertTags, tags); err != nil {
		return err
	}
	_, err := t.bulk(ctx, saveWords, words)
	return err
}
