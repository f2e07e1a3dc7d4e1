// Package cover makes the pictures of competitions: drawn ones from title and tags, as SVG and as a PNG for shared
// links, and JPEGs in two sizes from an uploaded picture.
//
// It owns how a cover looks, what an upload may be, and how much memory and time reading one takes. It keeps nothing:
// where covers are stored is package store's, and who may change one is decided by package compete.
package cover

// Width and Height are the size of a cover in pixels, the one that most sites show of a shared link. A small cover is
// half as wide and half as high.
const (
	Width  = 1200
	Height = 630
)
