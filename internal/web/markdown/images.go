package markdown

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// imagesToLinks replaces each image by a link to it, so that nothing an organizer wrote disappears. Inside a link, only
// the image's text stays.
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

// asWritten parses with the same bounds and keeps images.
var asWritten = newMarkdown().Parser()

// Lost reports which parts of a source aren't shown as written: images, which become links, and HTML, which is removed.
func Lost(source string) (images, markup bool) {
	doc := asWritten.Parse(text.NewReader([]byte(cut(source))))
	return len(find(doc, ast.KindImage)) > 0, len(find(doc, ast.KindRawHTML))+len(find(doc, ast.KindHTMLBlock)) > 0
}
