package normal

import (
	"strings"
	"unicode"
)

// maxWordLength bounds a searchable word, in characters; what is longer is cut, in a text and in a search alike.
const maxWordLength = 64

// Words are what a text is found by, folded, some of them more than once: runs of letters, marks and digits. Scripts
// that put no space between words, and emoji, are found anywhere in a run: each character of theirs is a word, and so
// are each two neighbours.
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

// Query is what of Words a text must have so that a search finds it.
func Query(search string) []string {
	var words []string
	for _, run := range runs(search) {
		words = append(words, wanted(run)...)
	}
	return words
}

// wanted is the run as a search asks for it: a word, or the pairs that an unspaced run longer than a character consists
// of.
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

// runs cuts a text where something stands that nobody searches for, and between spaced and unspaced characters.
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

// unspaced reports whether r is of a script that is written without spaces between words, or in compounds as long
// (Korean), or an emoji.
func unspaced(r rune) bool {
	const longVowel, voicing, halfVoicing = 'ー', '\u3099', '\u309a' // of both kana, and so of no script
	return r == longVowel || r == voicing || r == halfVoicing || unicode.In(r, unspacedScripts...)
}

var unspacedScripts = []*unicode.RangeTable{
	unicode.So, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Tai_Le, unicode.New_Tai_Lue,
	unicode.Tai_Tham, unicode.Tai_Viet,
}

// People is what a person is found by: every part of it, so also the middle of a word.
func People(name, email string) string {
	return strings.Join(strings.Fields(Fold(name+" "+email)), " ")
}
