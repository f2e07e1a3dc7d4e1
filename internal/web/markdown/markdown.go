// Package markdown converts organizers' Markdown to HTML that is safe to display.
//
// It decides what is allowed; goldmark parses and bluemonday sanitizes.
package markdown

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"github.com/minicompete/minicompete/internal/compete"
)

var (
	converter = newConverter()
	policy    = newPolicy()
)

func newConverter() goldmark.Markdown {
	md := newMarkdown(html.WithHardWraps())
	md.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(imagesToLinks{}, 1000)))
	return md
}

// newPolicy allows text, lists, tables and links; no images (the pages make no third-party requests; see
// imagesToLinks), no styles, and no ids (they could shadow the page's own).
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

// headings lowers headings by one level: the page has its own <h1>.
var headings = strings.NewReplacer(
	"<h5>", "<h4>", "</h5>", "</h4>", "<h6>", "<h4>", "</h6>", "</h4>",
	"<h3>", "<h4>", "</h3>", "</h4>", "<h2>", "<h3>", "</h2>", "</h3>", "<h1>", "<h2>", "</h1>", "</h2>",
)

// scrolling makes elements that scroll sideways on a narrow screen reachable by keyboard. In sanitized HTML these
// strings are tags, never text.
var scrolling = strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<table tabindex="0">`)

const (
	maxSource = compete.MaxDescriptionLength // characters
	maxHTML   = 200_000                      // bytes
)

// HTML renders source. The result can be inserted into a page as is, and has at most 200,000 bytes: a source that would
// exceed that is shown as plain text. A source longer than a description's limit is truncated.
func HTML(source string) (string, error) {
	source = cut(source)
	rendered := limited{left: maxHTML}
	if err := converter.Convert([]byte(source), &rendered); errors.Is(err, errTooLong) {
		return plain(source), nil
	} else if err != nil {
		return "", fmt.Errorf("render markdown: %w", err)
	}
	safe := scrolling.Replace(policy.Sanitize(headings.Replace(rendered.String())))
	if len(safe) > maxHTML {
		return plain(source), nil
	}
	return safe, nil
}

// cut truncates a source that is too long.
func cut(source string) string {
	n := 0
	for i := range source {
		if n++; n > maxSource {
			return source[:i] + "…"
		}
	}
	return source
}

// plain returns the text as written, escaped to at most five times its length.
func plain(source string) string {
	return "<p>" + strings.ReplaceAll(template.HTMLEscapeString(source), "\n", "<br>") + "</p>\n"
}

var errTooLong = errors.New("too long")

// limited is a writer that accepts data up to a limit.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errTooLong
	}
	return l.Buffer.Write(p)
}
