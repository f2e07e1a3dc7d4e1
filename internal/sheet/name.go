package sheet

import (
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxSlug bounds a title in a file's name, in characters: file systems allow 255 bytes.
const maxSlug = 60

// Name returns the file name of a competition's list of registrations exported on a day:
// "spring-cup-registrations-2026-11-29.csv".
func Name(title string, day time.Time) string {
	name := "registrations-" + day.Format(time.DateOnly) + ".csv"
	if title = slug(title); title != "" {
		name = title + "-" + name
	}
	return name
}

// slug returns a title's letters and digits in lower case, with a hyphen for anything between them.
func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(norm.NFC.String(title)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	runes := []rune(strings.Join(words, "-"))
	return strings.Trim(string(runes[:min(len(runes), maxSlug)]), "-")
}

// Attachment returns a Content-Disposition that makes a browser save the response under a name (RFC 6266): once as is,
// and once in ASCII, without accents and foreign letters, for older programs.
func Attachment(name string) string {
	ascii := strings.Trim(strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || r == '"' || r == '\\' || r == '%' || unicode.IsControl(r) {
			return -1
		}
		return r
	}, norm.NFKD.String(strings.ReplaceAll(name, "ß", "ss"))), "-")
	header := `attachment; filename="` + ascii + `"`
	if ascii != name {
		header += "; filename*=UTF-8''" + url.PathEscape(name)
	}
	return header
}
