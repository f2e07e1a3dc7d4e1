// Package check contains what the tests of several packages use: three comparisons with uniform messages (what was
// compared, and the actual and expected values), waiting for what nothing signals, doing things at once, and reading
// what is still being written.
package check

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience is how long Eventually waits. It is long, for machines under load; a passing test never waits that long.
const patience = 5 * time.Minute

// NoError ends the test if err isn't nil.
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

// ErrorIs reports an error that doesn't match want; nil means that no error is expected.
func ErrorIs(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

// Eventually polls a condition every millisecond until it holds, and ends the test if that takes too long.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// Together calls f(0) … f(n-1) at the same moment and waits for all of them.
func Together(n int, f func(i int)) {
	var calls sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		calls.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	calls.Wait()
}

// Buffer is a bytes.Buffer that may be written and read at the same time.
type Buffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String returns all that was written until now.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
