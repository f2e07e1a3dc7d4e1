package api

import (
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// PageParams are the query parameters that every list takes.
type PageParams struct {
	Cursor string   `query:"cursor" doc:"Where to continue, taken from the 'next' link of the previous response. Leave it out to start at the beginning."`
	Limit  pageSize `query:"limit" doc:"The maximum number of items to return."`

	path, query string
}

// pageSize is the number of rows per page. Huma checks its bounds before the domain does.
type pageSize int

// Schema documents the bounds.
func (pageSize) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeInteger, Minimum: bound(1), Maximum: bound(compete.MaxPageSize),
		Default:     compete.DefaultPageSize,
		Description: "The maximum number of items to return.",
	}
}

// Resolve records the request's URL, for the link to the next page.
func (p *PageParams) Resolve(ctx huma.Context) []error {
	address := ctx.URL()
	p.path, p.query = address.Path, address.RawQuery
	return nil
}

// next returns the Link header for the page after next; empty on the last page.
func (p *PageParams) next(next compete.Cursor) string {
	if next.IsZero() {
		return ""
	}
	query, _ := url.ParseQuery(p.query) // already checked by checkQuery
	query.Set("cursor", next.String())
	return "<" + (&url.URL{Path: p.path, RawQuery: query.Encode()}).String() + `>; rel="next"`
}

// listOf is a response with one page of a list.
type listOf[T any] struct {
	Link string `header:"Link" doc:"The URL of the next page, as <…>; rel=\"next\". Absent on the last page."`
	Body []T
}

// newList converts a page; an empty one is [], never null.
func newList[From, To any](params *PageParams, page compete.Page[From], render func(*From) To) *listOf[To] {
	rows := make([]To, len(page.Items))
	for i := range page.Items {
		rows[i] = render(&page.Items[i])
	}
	return &listOf[To]{Link: params.next(page.Next), Body: rows}
}
