package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine makes text a single line: line breaks, tabs and other control characters become spaces, and marks that turn
// the direction of writing around are left out, because they make a title read as what it is not.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// shorten cuts text to at most so many bytes, between characters, and shows that it did.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const ellipsis = "…"
	cut := most - len(ellipsis)
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.TrimSpace(s[:cut]) + ellipsis
}
