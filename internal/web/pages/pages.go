// Package pages contains the pages of the web app, one templ component each.
//
// It defines the content and wording of pages. Package ui defines how they look, and package web provides the data.
package pages

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/web/ui"
)

// Errors are the errors of a form by field name; the key "" holds the error of the form as a whole.
type Errors map[string]string

// Form returns the error of the form as a whole.
func (e Errors) Form() string {
	if text := e[""]; text != "" {
		return text
	}
	if len(e) > 0 {
		return "Please fix the highlighted fields."
	}
	return ""
}

// problems lists errors by field, in the order of the form; those without a field come last.
func (e Errors) problems(fields []ui.Field) []ui.Problem {
	var list []ui.Problem
	listed := map[string]bool{"": true}
	for _, f := range fields {
		if text := e[f.Name]; text != "" {
			list = append(list, f.Problem(text))
		}
		listed[f.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if !listed[name] {
			list = append(list, ui.Problem{Text: name + ": " + e[name]})
		}
	}
	return list
}

// nextQuery tells the log-in pages where to continue.
func nextQuery(next string) string {
	return url.Values{"next": {next}}.Encode()
}

// linkTarget returns the URL in a location, or "" if it isn't a link.
func linkTarget(location string) string {
	u, err := url.Parse(strings.TrimSpace(location))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}

// linkText returns a link's display text: the URL without its scheme.
func linkText(location string) string {
	_, text, _ := strings.Cut(strings.TrimSpace(location), "://")
	return strings.TrimSuffix(text, "/")
}

// textPart is a piece of plain text: a URL, or the text between two.
type textPart struct {
	Text string
	Link bool
}

// splitLinks finds the URLs in a text.
func splitLinks(text string) []textPart {
	var parts []textPart
	rest := 0
	for _, at := range webAddress.FindAllStringIndex(text, -1) {
		end := at[0] + len(strings.TrimRight(text[at[0]:at[1]], ".,;:!?)"))
		parts = append(parts, textPart{Text: text[rest:at[0]]}, textPart{Text: text[at[0]:end], Link: true})
		rest = end
	}
	return append(parts, textPart{Text: text[rest:]})
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+`)
