// Package check has the three comparisons that tests of several packages make.
//
// It owns their messages: what was compared, what came, and what was wanted.
package check

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// NoError ends the test at an error.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Equal reports how got differs from want.
func Equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ErrorIs reports an error that isn't want; nil is wanted where there must be none.
func ErrorIs(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}
