package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// MaxLine is how many bytes a line may have that is brought into its stored form. The longest field takes 2,000
// characters.
const MaxLine = 8 << 10

// Line returns the stored form of single-line text: composed (NFC), each run of white space replaced by a single space,
// with none at either end, and without invisible characters that change how text reads or compares, such as zero-width
// and bidirectional ones. A joiner stays where scripts and emoji need it (see joins), and so does a selector for a
// symbol's look. Control characters and invalid UTF-8 stay too, for validation to refuse.
//
// Text of more than MaxLine bytes comes back as it is. No field takes as much, and people who wait for the same
// transaction shouldn't wait for it to be read.
func Line(s string) string {
	if len(s) > MaxLine || plain(s) {
		return s
	}
	if !utf8.ValidString(s) {
		return strings.TrimSpace(s)
	}
	runes := []rune(norm.NFC.String(s))
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		before := last(kept)
		switch {
		case unicode.IsSpace(r) || r == brailleBlank:
			if before != 0 && before != ' ' {
				kept = append(kept, ' ')
			}
		case !invisible(r) || joins(r, before, runes[i+1:]) || selects(r, before):
			kept = append(kept, r)
		}
	}
	return norm.NFC.String(strings.TrimSuffix(string(kept), " "))
}

// Readable returns the form of single-line text in which what reads the same is the same, as far as characters alone
// can tell: as Line, but with compatible forms unified (NFKC), and without any invisible character, also those that
// scripts and emoji need. It is idempotent.
func Readable(s string) string {
	s = Line(s)
	if len(s) > MaxLine || !utf8.ValidString(s) {
		return s
	}
	return Line(strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s)))
}

// plain reports whether a text consists of visible ASCII characters, and single spaces between them. That is said fast
// of most texts, and no form of them differs but for the case.
func plain(s string) bool {
	before := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && before == ' ' {
			return false
		}
		before = s[i]
	}
	return before != ' '
}

// brailleBlank is a symbol by category, but looks like a space.
const brailleBlank = '\u2800'

func last(runes []rune) rune {
	if len(runes) == 0 {
		return 0
	}
	return runes[len(runes)-1]
}

// invisible reports whether a character has no visible form (Unicode's default ignorables).
func invisible(r rune) bool { return r >= firstInvisible && unicode.Is(ignorable, r) }

// firstInvisible is the first of them, the soft hyphen.
const firstInvisible = '\u00ad'

// ignorable is one table, because looking into each took most of the time that a long text takes.
var ignorable = func() *unicode.RangeTable {
	var runes []rune
	rangetable.Visit(unicode.Cf, func(r rune) {
		if !unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
			runes = append(runes, r)
		}
	})
	return rangetable.Merge(rangetable.New(runes...), unicode.Other_Default_Ignorable_Code_Point,
		unicode.Variation_Selector)
}()

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// joins reports whether r is a joiner that has an effect between its neighbors: after a virama, as in Indic scripts;
// between letters of Arabic and related scripts, where Persian uses it within words (both as in RFC 5892, appendix A);
// or between two emoji.
func joins(r, before rune, rest []rune) bool {
	if r != zeroWidthJoiner && r != zeroWidthNonJoiner || len(rest) == 0 {
		return false
	}
	if norm.NFC.PropertiesString(string(before)).CCC() == viramaClass {
		return unicode.IsLetter(rest[0])
	}
	if r == zeroWidthJoiner && emojiPart(before) && emojiPart(rest[0]) {
		return true
	}
	return unicode.In(before, cursive...) && unicode.In(rest[0], cursive...)
}

// viramaClass is the canonical combining class of a virama, which mutes the vowel of the letter before it.
const viramaClass = 9

var cursive = []*unicode.RangeTable{unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Adlam}

func emojiPart(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, unicode.Variation_Selector) || r >= '\u2190' && r <= '\u21ff'
}

// selects reports whether r selects a variant of the character before it: of a symbol or digit, of an ideograph or of a
// Mongolian letter; or spells a region's flag after a black flag.
func selects(r, before rune) bool {
	switch {
	case r >= 0xe0020 && r <= 0xe007f:
		return before == '\U0001f3f4' || before >= 0xe0020 && before <= 0xe007f
	case !unicode.Is(unicode.Variation_Selector, r):
		return false
	case r >= '\ufe00' && r <= '\ufe0f':
		return unicode.In(before, unicode.S, unicode.N, unicode.P, unicode.Han)
	}
	return unicode.In(before, unicode.Han, unicode.Mongolian)
}

// Clean is Line for text that wasn't validated: it also removes what Line leaves for validation to refuse.
func Clean(s string) string {
	return Line(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
}
