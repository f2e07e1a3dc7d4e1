// Package arch checks the repository against its own rules: which packages may import which, that every package has a
// package comment, and that files mention nothing outside the project. It only contains tests. docs/adr gives the
// reasons.
package arch
