package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
)

func newHasher(t testing.TB, c auth.HasherConfig) *auth.Hasher {
	t.Helper()
	h, err := auth.NewHasher(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHasherChecksWhatItHashed(t *testing.T) {
	h := newHasher(t, auth.HasherConfig{Cost: bcrypt.MinCost})
	longest := strings.Repeat("x", compete.MaxPasswordLength)
	hash, err := h.Hash(t.Context(), longest)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, hash, password string
		want                 error
	}{
		{"right", hash, longest, nil},
		{"wrong", hash, "something else", compete.ErrBadCredentials},
		{"right but longer", hash, longest + "y", compete.ErrBadCredentials},
		{"empty password", hash, "", compete.ErrBadCredentials},
		{"no hash", "", longest, compete.ErrBadCredentials},
		{"no hash at all", "plain text", "plain text", compete.ErrBadCredentials},
		{"damaged hash", hash[:20] + "!" + hash[21:], longest, compete.ErrBadCredentials},
		{
			"a hash that asks for gigabytes", strings.Replace(hash, "m=", "m=9", 1) + "", longest,
			compete.ErrBadCredentials,
		},
		{"bcrypt", bcryptAt(t, 4, longest[:72]), longest[:72], nil},
		{"bcrypt, longer than it reads", bcryptAt(t, 4, longest[:72]), longest[:73], compete.ErrBadCredentials},
		{"another cost", "$2b$05" + bcryptAt(t, 5, "password123")[6:], "password123", nil},
	} {
		if err := h.Check(t.Context(), tc.hash, tc.password); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := auth.NewHasher(auth.HasherConfig{Cost: 3}); err == nil {
		t.Error("cost 3 is accepted")
	}
}

// Checks do the work of bcrypt only while the database contains such hashes.
func TestHasherDoesTheWorkOfBcryptWhileItIsInUse(t *testing.T) {
	inUse, failure := 8, error(nil)
	h := newHasher(t, auth.HasherConfig{
		Cost:      bcrypt.MinCost,
		Costliest: func(context.Context) (int, error) { return inUse, failure },
	})
	check := func(want int) {
		t.Helper()
		if err := h.Check(t.Context(), "", "password123"); !errors.Is(err, compete.ErrBadCredentials) {
			t.Fatal(err)
		}
		if got := auth.Costliest(h); got != want {
			t.Errorf("does the work of cost %d, want %d", got, want)
		}
	}
	reread := func() {
		t.Helper()
		if err := h.Reread(t.Context()); !errors.Is(err, failure) {
			t.Fatal(err)
		}
	}
	check(0)
	reread()
	check(8)
	// written by an external tool since then
	if err := h.Check(t.Context(), bcryptAt(t, 9, "password123"), "password123"); err != nil {
		t.Fatal(err)
	}
	check(9)
	inUse, failure = 0, compete.ErrDatabase
	reread()
	check(9)
	failure = nil
	reread()
	check(0)
	inUse = 31 // would take hours
	reread()
	if got := auth.Costliest(h); got != 14 {
		t.Errorf("does the work of cost %d, want 14", got)
	}
}

// During a rush, each hash is delayed briefly.
func TestHasherGivesWayToARush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rush := false
		h := newHasher(t, auth.HasherConfig{Cost: bcrypt.MinCost, Rush: func() bool { return rush }})
		for _, tc := range []struct {
			rush bool
			want time.Duration
		}{{false, 0}, {true, 2 * 100 * time.Millisecond}, {false, 2 * 100 * time.Millisecond}} {
			rush = tc.rush
			auth.Took(h, 50*time.Millisecond)
			start := time.Now()
			hash, err := h.Hash(t.Context(), "password123")
			auth.Took(h, 50*time.Millisecond)
			if err == nil {
				err = h.Check(t.Context(), hash, "password123")
			}
			if got := time.Since(start); err != nil || got != tc.want {
				t.Errorf("rush %v: paused for %v, %v; want %v", tc.rush, got, err, tc.want)
			}
		}
		time.Sleep(time.Second)
		start := time.Now()
		if _, err := h.Hash(t.Context(), "password123"); err != nil || time.Since(start) != 0 {
			t.Errorf("a second after the rush: paused for %v, %v", time.Since(start), err)
		}
	})
}

func TestHasherRereadsNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		h := newHasher(t, auth.HasherConfig{
			Cost: bcrypt.MinCost, Logger: slog.New(slog.DiscardHandler),
			Costliest: func(context.Context) (int, error) { reads++; return 0, compete.ErrDatabase },
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { h.Run(ctx); close(ended) }()
		time.Sleep(2*auth.RereadInterval + time.Minute)
		stop()
		<-ended
		if reads != 2 {
			t.Errorf("read %d times, want 2", reads)
		}
	})
}

func TestHasherKeepsABoundedLine(t *testing.T) {
	h := newHasher(t, auth.HasherConfig{Cost: 12, Concurrent: 1, MaxWaiting: 2})
	var (
		line sync.WaitGroup
		mu   sync.Mutex
		got  = map[string]int{}
	)
	for range 20 {
		line.Go(func() {
			_, err := h.Hash(t.Context(), "password123")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				got["done"]++
			case errors.Is(err, compete.ErrBusy):
				got["busy"]++
			default:
				t.Error(err)
			}
		})
	}
	line.Wait()
	if got["done"] < 3 || got["busy"] == 0 || got["done"]+got["busy"] != 20 {
		t.Errorf("20 at once, one at a time and two waiting: got %v", got)
	}
}

func TestHasherLeavesHalfOfTheCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for cores, want := range map[int]int{1: 1, 2: 1, 3: 1, 8: 4} {
		runtime.GOMAXPROCS(cores)
		concurrent, waiting := auth.Room(newHasher(t, auth.HasherConfig{Cost: bcrypt.MinCost}))
		if concurrent != want || waiting != auth.WaitingPerHash*want {
			t.Errorf("%d cores: %d at a time and %d waiting, want %d and %d", cores, concurrent, waiting, want,
				auth.WaitingPerHash*want)
		}
	}
}

func TestHasherStopsWaitingWithTheRequest(t *testing.T) {
	h := newHasher(t, auth.HasherConfig{Cost: bcrypt.MinCost, Concurrent: 1, MaxWaiting: 1})
	held := auth.Occupy(h)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.Check(ctx, "", "password123") }()
	cancel()
	if err := <-ended; !errors.Is(err, compete.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want ErrBusy because the request was cancelled", err)
	}
	held()
	if err := h.Check(t.Context(), "", "password123"); !errors.Is(err, compete.ErrBadCredentials) {
		t.Errorf("after it: got %v", err)
	}
}

// A hash takes 19 MiB at the default cost, and however many are computed, at most as much again is garbage.
func TestHasherMemory(t *testing.T) {
	h := newHasher(t, auth.HasherConfig{Cost: 12})
	const most = 64 << 20
	for range 6 {
		if err := h.Check(t.Context(), "", "password123"); !errors.Is(err, compete.ErrBadCredentials) {
			t.Fatal(err)
		}
		var m runtime.MemStats
		if runtime.ReadMemStats(&m); m.HeapAlloc > most {
			t.Errorf("the heap has %d bytes, want at most %d", m.HeapAlloc, most)
		}
	}
}

func TestOutdatedHashes(t *testing.T) {
	h, cheaper := newHasher(t, auth.HasherConfig{Cost: 5}), newHasher(t, auth.HasherConfig{Cost: 4})
	of := func(h *auth.Hasher) string {
		hash, err := h.Hash(t.Context(), "password123")
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	for name, tc := range map[string]struct {
		hash string
		want bool
	}{
		"today's": {of(h), false}, "of another cost": {of(cheaper), true},
		"bcrypt": {bcryptAt(t, 5, "password123"), true}, "none": {"", true},
	} {
		if got := h.Outdated(tc.hash); got != tc.want {
			t.Errorf("%s: outdated %t, want %t", name, got, tc.want)
		}
	}
}

func bcryptAt(t testing.TB, cost int, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}
