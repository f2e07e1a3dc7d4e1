// Package normal brings text into the forms in which it is stored, compared and searched, the same for every database.
//
// It knows no limits and refuses nothing: what a field may hold is package compete's business.
package normal
