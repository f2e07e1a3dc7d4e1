// Package pages holds the pages of the web app, one templ component each.
//
// It owns what stands on a page and in which words. How things look is package ui's, where the data
// come from is package web's.
package pages

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/web/ui"
)

// Errors are what is wrong with a form, by the name of the field; under "" what is wrong with it as a whole.
type Errors map[string]string

// Form is what is wrong with the form as a whole.
func (e Errors) Form() string {
	if text := e[""]; text != "" {
		return text
	}
	if len(e) > 0 {
		return "Please fix the highlighted fields."
	}
	return ""
}

// problems lists what is wrong by field, in the order of the form; what no field of it stands for comes last.
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

// nextQuery tells the pages for logging in where one wanted to go.
func nextQuery(next string) string {
	return url.Values{"next": {next}}.Encode()
}

// linkTarget returns the address that a location names, or "" when it is no link.
func linkTarget(location string) string {
	u, err := url.Parse(strings.TrimSpace(location))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}

// linkText is how a link is shown: without its scheme.
func linkText(location string) string {
	_, text, _ := strings.Cut(strings.TrimSpace(location), "://")
	return strings.TrimSuffix(text, "/")
}

// textPart is a piece of plain text: a web address, or what stands between two.
type textPart struct {
	Text string
	Link bool
}

// splitLinks finds the web addresses in a text.
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
