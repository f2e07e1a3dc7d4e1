// Package normal converts text to the forms in which it is stored, compared and searched, the same for every database.
//
// It refuses nothing: package compete decides what a field may contain.
package normal
