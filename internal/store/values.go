package store

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// optional is how a text that may be missing is stored.
func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// optionalID is how an id that may be missing, or none, is stored.
func optionalID(id string) any {
	if !compete.ValidID(id) {
		return nil
	}
	return id
}

// utc is how a time that may be missing is stored.
func utc(t *time.Time) any {
	if t == nil {
		return nil
	}
	return compete.UTC(*t)
}
