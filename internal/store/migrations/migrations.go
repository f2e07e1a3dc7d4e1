// Package migrations contains the database's schema as numbered SQL files, each with an up and a down part in goose's
// format.
//
// The files are templates: one text serves both databases, and package store fills in the differences (the names of
// types). The package doesn't know how or when they are applied.
package migrations

import "embed"

// Files are the migrations, by name in the order in which they apply.
//
//go:embed *.sql
var Files embed.FS
