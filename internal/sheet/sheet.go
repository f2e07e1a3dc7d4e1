// Package sheet writes lists as CSV files that spreadsheets open as they are: the same columns and the same bytes at
// both front doors.
//
// It owns how a cell is written, what keeps a cell from becoming a formula, what the file is called and how a long
// answer is sent. Who may have a list, and what is in it, is compete's.
package sheet

import (
	"io"
	"strings"
	"unicode"
)

// BOM at the beginning of a file has Excel read it as UTF-8. Programs stumble over it more often than not.
const BOM = "\ufeff"

// Writer writes rows as RFC 4180 has them, with every cell in quotes, so that no reader has to guess what a cell ends
// with. A cell that a spreadsheet would calculate gets an apostrophe in front (see harmless).
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

// harmless puts an apostrophe before whatever a spreadsheet would take for a formula (OWASP, "CSV Injection"): at the
// beginning of the cell, and after every sign that separates cells somewhere. Where that is the semicolon, Excel cuts a
// file with commas at semicolons, inside of quotes too; the quotes of such a piece are no longer in its way.
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

func separates(r rune) bool { return r == ';' || r == ',' || r == '\t' || r == '\r' || r == '\n' }

// startsFormula tells the signs that a formula begins with, in both widths: a Japanese Excel knows both.
func startsFormula(r rune) bool { return strings.ContainsRune("=+-@＝＋－＠", r) }

// isFormula reports whether a text begins like a formula to somebody who passes over quotes, blanks and what can't be
// seen.
func isFormula(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool {
		return r == '"' || unicode.IsSpace(r) ||
			unicode.Is(unicode.Cf, r)
	})
	return text != "" && strings.IndexFunc(text, startsFormula) == 0
}
