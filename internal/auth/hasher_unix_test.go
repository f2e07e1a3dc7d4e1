//go:build unix

package auth_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
)

// Whatever is stored, a check does the work of the costliest hash. Each figure is the best of several runs, interleaved
// with the others, and counts only this process's processor time, to exclude other load on the machine.
func TestHasherTakesTheSameTimeForEverybody(t *testing.T) {
	h := newHasher(t, auth.HasherConfig{Cost: 6})
	if err := h.Check(t.Context(), bcryptAt(t, 7, "password123"), "password123"); err != nil {
		t.Fatal(err)
	}
	hash, err := h.Hash(t.Context(), "password123")
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]string{
		"unknown": "", "cheap": bcryptAt(t, 4, "a"), "middle": bcryptAt(t, 6, "a"),
		"argon2id": hash, "costly": bcryptAt(t, 7, "a"),
	}
	best := map[string]time.Duration{}
	for round := range 50 {
		for name, hash := range hashes {
			start := processorTime(t)
			if err := h.Check(t.Context(), hash, "wrong"); !errors.Is(err, compete.ErrBadCredentials) {
				t.Fatalf("%s: %v", name, err)
			}
			if took := processorTime(t) - start; round == 0 || took < best[name] {
				best[name] = took
			}
		}
		fastest, slowest := best["costly"], best["costly"]
		for _, took := range best {
			fastest, slowest = min(fastest, took), max(slowest, took)
		}
		if round >= 2 && slowest < fastest*3/2 { // one cost step would double it
			return
		}
	}
	t.Errorf("some take longer than others: %v", best)
}

// processorTime returns the processor time that this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
