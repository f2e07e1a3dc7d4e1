// Package markdown turns the Markdown that organizers write into HTML that is safe to show.
//
// It owns the choice of what is allowed; parsing and sanitising are left to goldmark and bluemonday.
package markdown

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

var (
	parser = goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table),
		goldmark.WithRendererOptions(html.WithHardWraps()),
	)
	policy = newPolicy()
)

// newPolicy allows text, lists, tables and links; no images (the pages make no third-party requests),
// no styles, no ids (they could shadow the page's own).
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li",
		"h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}

// headings go one step down: the page has its own <h1>.
var headings = strings.NewReplacer(
	"<h5>", "<h4>", "</h5>", "</h4>", "<h6>", "<h4>", "</h6>", "</h4>",
	"<h3>", "<h4>", "</h3>", "</h4>", "<h2>", "<h3>", "</h2>", "</h3>", "<h1>", "<h2>", "</h1>", "</h2>",
)

// scrolling makes what scrolls sideways on a narrow screen reachable by keyboard. In sanitised HTML these are tags, never text.
var scrolling = strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<table tabindex="0">`)

// HTML renders source. The result can be put into a page as it is.
func HTML(source string) (string, error) {
	var buf bytes.Buffer
	if err := parser.Convert([]byte(source), &buf); err != nil {
		return "", fmt.Errorf("render markdown: %w", err)
	}
	return scrolling.Replace(policy.Sanitize(headings.Replace(buf.String()))), nil
}
