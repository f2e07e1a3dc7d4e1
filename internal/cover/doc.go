// Package cover creates the pictures of competitions: drawn ones from title and tags, as SVG and as a PNG for shared
// links, and JPEGs in two sizes from an uploaded picture.
//
// It defines how covers look, which uploads are accepted, and how much memory and time processing one may take. It
// stores nothing: package store does, and package compete decides who may change a cover.
package cover

// Width and Height are the size of a cover in pixels, the one that most sites show of a shared link. A small cover is
// half as wide and half as high.
const (
	Width  = 1200
	Height = 630
)
