package normal

import (
	"strings"
	"unicode"
)

// maxWordLength bounds a searchable word, in characters; longer ones are truncated, in texts and searches alike.
const maxWordLength = 64

// Words returns the folded words by which a text is found, possibly with duplicates: runs of letters, marks and digits.
// In scripts without spaces between words, and for emoji, each character is a word, and so is each pair of neighbors,
// so that any part of a run is found.
func Words(text string) []string {
	var words []string
	for _, run := range runs(text) {
		if unspaced(run[0]) && len(run) > 1 {
			for i := range run {
				words = append(words, string(run[i:i+1]))
			}
		}
		words = append(words, wanted(run)...)
	}
	return words
}

// Query returns the words that a text must contain to match a search.
func Query(search string) []string {
	var words []string
	for _, run := range runs(search) {
		words = append(words, wanted(run)...)
	}
	return words
}

// wanted returns the words a search needs for a run: the run itself, or the pairs in an unspaced run longer than one
// character.
func wanted(run []rune) []string {
	if !unspaced(run[0]) {
		return []string{string(run[:min(len(run), maxWordLength)])}
	}
	if len(run) == 1 {
		return []string{string(run)}
	}
	pairs := make([]string, len(run)-1)
	for i := range pairs {
		pairs[i] = string(run[i : i+2])
	}
	return pairs
}

// runs splits a text at characters that nobody searches for, and between spaced and unspaced characters.
func runs(text string) (all [][]rune) {
	var run []rune
	end := func() {
		if len(run) > 0 {
			all = append(all, run)
			run = nil
		}
	}
	for _, r := range Fold(text) {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.So) {
			end()
			continue
		}
		if len(run) > 0 && unspaced(r) != unspaced(run[0]) {
			end()
		}
		run = append(run, r)
	}
	end()
	return all
}

// unspaced reports whether r is an emoji or from a script that is written without spaces between words, or in long
// compounds (Korean).
func unspaced(r rune) bool {
	const longVowel, voicing, halfVoicing = 'ー', '\u3099', '\u309a' // of both kana, and so of no script
	return r == longVowel || r == voicing || r == halfVoicing || unicode.In(r, unspacedScripts...)
}

var unspacedScripts = []*unicode.RangeTable{
	unicode.So, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Tai_Le, unicode.New_Tai_Lue,
	unicode.Tai_Tham, unicode.Tai_Viet,
}

// People returns the words by which a person is found: every part of each word, including its middle.
func People(name, email string) string {
	return strings.Join(strings.Fields(Fold(name+" "+email)), " ")
}
