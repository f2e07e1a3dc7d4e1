package store

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// optional returns the stored form of a text, NULL if empty.
func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// optionalID returns the stored form of an id, NULL if empty or invalid.
func optionalID(id string) any {
	if !compete.ValidID(id) {
		return nil
	}
	return id
}

// utc returns the stored form of an optional time.
func utc(t *time.Time) any {
	if t == nil {
		return nil
	}
	return compete.UTC(*t)
}
