// Package arch holds the repository to its own rules: who may import whom, that every package says what it is, and
// that the files speak of the project alone. It has tests only. docs/adr gives the reasons.
package arch
