package markdown

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// A few thousand characters of Markdown can take seconds and hundreds of megabytes: cells that pad the short rows of a
// wide table, nested lists that each blank line traverses, brackets and asterisks that are each compared with all
// previous ones. So each of these is bounded per text; beyond the bound, they are shown as written.
const (
	maxDepth      = 6     // nesting of lists and quotes
	maxCells      = 2_000 // in all tables
	maxDelimiters = 2_000 // runs of * _ ~
	maxBrackets   = 600   // [ ] !
)

var (
	cellsKey      = parser.NewContextKey()
	delimitersKey = parser.NewContextKey()
	bracketsKey   = parser.NewContextKey()
)

// spend takes n from a text's budget, and reports whether it was available.
func spend(pc parser.Context, key parser.ContextKey, n, most int) bool {
	spent, _ := pc.Get(key).(int)
	if spent+n > most {
		return false
	}
	pc.Set(key, spent+n)
	return true
}

// nested is a list or a quote that only opens up to a maximum depth.
type nested struct{ parser.BlockParser }

func (n nested) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for node := parent; node != nil; node = node.Parent() {
		if kind := node.Kind(); kind == ast.KindList || kind == ast.KindBlockquote {
			depth++
		}
	}
	if depth >= maxDepth {
		return nil, parser.NoChildren
	}
	return n.BlockParser.Open(parent, reader, pc)
}

// counted is an inline construct that is tried a bounded number of times.
type counted struct {
	parser.InlineParser
	key  parser.ContextKey
	most int
}

func (c counted) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if !spend(pc, c.key, 1, c.most) {
		return nil
	}
	return c.InlineParser.Parse(parent, block, pc)
}

// CloseBlock forwards the end of a block to parsers that need it.
func (c counted) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if waits, ok := c.InlineParser.(parser.CloseBlocker); ok {
		waits.CloseBlock(parent, block, pc)
	}
}

// smallTables leaves a table that is too large as a paragraph. Each row has as many cells as the header, whatever is
// written.
type smallTables struct{ parser.ParagraphTransformer }

func (s smallTables) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	columns, pipes := 0, 0
	lines := node.Lines()
	for i := range lines.Len() {
		segment := lines.At(i)
		n := bytes.Count(segment.Value(reader.Source()), []byte("|"))
		columns, pipes = max(columns, n+1), pipes+n
	}
	if pipes > 0 && spend(pc, cellsKey, max(columns*lines.Len(), pipes), maxCells) {
		s.ParagraphTransformer.Transform(node, reader, pc)
	}
}

func newMarkdown(options ...renderer.Option) goldmark.Markdown {
	delimiters := func(p parser.InlineParser) parser.InlineParser { return counted{p, delimitersKey, maxDelimiters} }
	md := goldmark.New(goldmark.WithParser(parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(nested{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(nested{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(counted{parser.NewLinkParser(), bracketsKey, maxBrackets}, 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewRawHTMLParser(), 400),
			util.Prioritized(delimiters(parser.NewEmphasisParser()), 500),
			util.Prioritized(delimiters(extension.NewStrikethroughParser()), 500),
			util.Prioritized(extension.NewLinkifyParser(), 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(smallTables{extension.NewTableParagraphTransformer()}, 200),
		),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)))
	md.Renderer().AddOptions(append(options, renderer.WithNodeRenderers(
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(extension.NewTableHTMLRenderer(), 500),
	))...)
	return md
}
