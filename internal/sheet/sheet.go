// Package sheet writes lists as CSV files that spreadsheets open directly: with the same columns and bytes in both
// front ends.
//
// It handles the encoding of cells, protection against formulas, file names and sending long responses. Package compete
// decides who can export a list, and its content.
package sheet

import (
	"io"
	"strings"
	"unicode"
)

// BOM at the beginning of a file makes Excel read it as UTF-8. Many other programs can't handle it.
const BOM = "\ufeff"

// Writer writes rows as in RFC 4180, with every cell quoted, so that cells are unambiguous. A cell that a spreadsheet
// would evaluate gets an apostrophe in front (see harmless).
type Writer struct {
	to  io.Writer
	row []byte
}

// NewWriter returns a Writer; each row is one Write to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Row writes one row.
func (w *Writer) Row(cells ...string) error {
	w.row = w.row[:0]
	for i, cell := range cells {
		if i > 0 {
			w.row = append(w.row, ',')
		}
		w.row = append(w.row, '"')
		w.row = append(w.row, strings.ReplaceAll(harmless(cell), `"`, `""`)...)
		w.row = append(w.row, '"')
	}
	w.row = append(w.row, "\r\n"...)
	_, err := w.to.Write(w.row)
	return err
}

// harmless puts an apostrophe before anything a spreadsheet would treat as a formula (OWASP, "CSV Injection"): at the
// beginning of the cell, and after every sign that separates cells in some locale. Where that is the semicolon, Excel
// splits a comma-separated file at semicolons, even inside quotes, which then no longer protect the pieces.
func harmless(cell string) string {
	if !strings.ContainsFunc(cell, startsFormula) && strings.IndexAny(cell, "\t\r\n") != 0 {
		return cell
	}
	var b strings.Builder
	if strings.IndexAny(cell, "\t\r\n") == 0 || isFormula(cell) {
		b.WriteByte('\'')
	}
	for i, r := range cell {
		b.WriteRune(r)
		if separates(r) && isFormula(cell[i+1:]) && !separates(rune(cell[i+1])) {
			b.WriteByte('\'')
		}
	}
	return b.String()
}

// Unprotected returns the cell that a Writer wrote this way, such as an address that would be a formula. An apostrophe
// that no Writer puts there stays: it belongs to the cell.
func Unprotected(written string) string {
	if cell, ok := strings.CutPrefix(written, "'"); ok && harmless(cell) == written {
		return cell
	}
	return written
}

func separates(r rune) bool { return r == ';' || r == ',' || r == '\t' || r == '\r' || r == '\n' }

// startsFormula reports whether a sign starts a formula, in either width: a Japanese Excel accepts both.
func startsFormula(r rune) bool { return strings.ContainsRune("=+-@＝＋－＠", r) }

// isFormula reports whether a text starts like a formula for a reader that ignores quotes, blanks and invisible
// characters.
func isFormula(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool {
		return r == '"' || unicode.IsSpace(r) ||
			unicode.Is(unicode.Cf, r)
	})
	return text != "" && strings.IndexFunc(text, startsFormula) == 0
}
