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
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

var (
	converter = goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(imagesToLinks{}, 1000))),
		goldmark.WithRendererOptions(html.WithHardWraps()),
	)
	policy = newPolicy()
)

// newPolicy allows text, lists, tables and links; no images (the pages make no third-party requests; see imagesToLinks),
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
	if err := converter.Convert([]byte(source), &buf); err != nil {
		return "", fmt.Errorf("render markdown: %w", err)
	}
	return scrolling.Replace(policy.Sanitize(headings.Replace(buf.String()))), nil
}

// imagesToLinks makes each image a link to it, so that nothing an organizer wrote disappears. Within a link its text alone stays.
type imagesToLinks struct{}

// Transform implements parser.ASTTransformer.
func (imagesToLinks) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	for _, image := range find(doc, ast.KindImage) {
		image := image.(*ast.Image)
		parent := image.Parent()
		if inLink(image) {
			for child := image.FirstChild(); child != nil; child = image.FirstChild() {
				parent.InsertBefore(parent, image, child)
			}
			parent.RemoveChild(parent, image)
			continue
		}
		link := ast.NewLink()
		link.Destination = image.Destination
		for child := image.FirstChild(); child != nil; child = image.FirstChild() {
			link.AppendChild(link, child)
		}
		if link.ChildCount() == 0 {
			link.AppendChild(link, ast.NewString(image.Destination))
		}
		parent.ReplaceChild(parent, image, link)
	}
}

func inLink(n ast.Node) bool {
	for n = n.Parent(); n != nil; n = n.Parent() {
		if n.Kind() == ast.KindLink {
			return true
		}
	}
	return false
}

// find lists the nodes of a kind, in order.
func find(doc ast.Node, kind ast.NodeKind) []ast.Node {
	var found []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker never fails
		if entering && n.Kind() == kind {
			found = append(found, n)
		}
		return ast.WalkContinue, nil
	})
	return found
}

// Lost tells what of a source is not shown as it was written: images, which become links, and HTML, which is left out.
func Lost(source string) (images, markup bool) {
	doc := goldmark.DefaultParser().Parse(text.NewReader([]byte(source)))
	return len(find(doc, ast.KindImage)) > 0, len(find(doc, ast.KindRawHTML))+len(find(doc, ast.KindHTMLBlock)) > 0
}
