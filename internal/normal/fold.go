package normal

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which texts are compared: it unifies compatible forms (NFKC), and ignores case, the accents
// of Latin, Greek, Cyrillic, Hebrew and Arabic letters, and invisible characters. Folding is idempotent.
func Fold(s string) string {
	if plain(s) {
		return strings.ToLower(s)
	}
	s = norm.NFKD.String(strings.ToValidUTF8(s, " "))
	s = norm.NFKD.String(cases.Fold().String(s))
	var folded strings.Builder
	folded.Grow(len(s))
	for _, r := range s {
		if plain, ok := plainLetters[r]; ok {
			folded.WriteString(plain)
		} else if unicode.Is(unicode.Cherokee, r) { // cases.Fold swaps its upper and lower case
			folded.WriteRune(unicode.ToUpper(r))
		} else if !invisible(r) && !accent(r) {
			folded.WriteRune(r)
		}
	}
	return norm.NFC.String(folded.String())
}

// Key is Fold for identifiers: it is never empty unless the text is.
func Key(s string) string {
	if folded := strings.TrimSpace(Fold(s)); folded != "" {
		return folded
	}
	return s
}

// accent reports whether r is a mark that a search may ignore. Vowel signs of Indic scripts and the voicing of kana are
// part of the spelling.
func accent(r rune) bool {
	switch {
	case r == '\u3099' || r == '\u309a': // voicing of kana
		return false
	case r >= '\U0001f3fb' && r <= '\U0001f3ff': // skin tones
		return true
	case r == '\u0640': // elongates Arabic words
		return true
	}
	return unicode.Is(unicode.Inherited, r) && unicode.IsMark(r) ||
		unicode.Is(unicode.Mn, r) && unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic,
			unicode.Hebrew, unicode.Arabic)
}

// plainLetters maps letters to a plain one where no decomposition does. Turkish ı and İ become i, as others type them;
// letters that Persian and Arabic keyboards encode differently are unified.
var plainLetters = map[rune]string{
	'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ŧ': "t", 'ŋ': "n", 'ı': "i",
	'ȷ': "j", 'ĸ': "k",
	'ə': "e", 'ɛ': "e", 'ɔ': "o", 'ɨ': "i", 'ɩ': "i", 'ʉ': "u", 'ɵ': "o", 'ɓ': "b", 'ƀ': "b", 'ɖ': "d", 'ɗ': "d",
	'ǥ': "g", 'ɠ': "g", 'ƙ': "k",
	'ƚ': "l", 'ɲ': "n", 'ƥ': "p", 'ɍ': "r", 'ƭ': "t", 'ɏ': "y", 'ƴ': "y", 'ƶ': "z", 'ⱥ': "a", 'ɇ': "e",
	'ȼ': "c", 'ⱦ': "t",
	'ґ': "г", 'ى': "ي", 'ی': "ي", 'ک': "ك",
}
