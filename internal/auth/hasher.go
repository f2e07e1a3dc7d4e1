package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/minicompete/minicompete/internal/compete"
)

// WaitingPerHash is how many requests may wait for each password being hashed: this many logins, and this many
// sign-ups. At cost 12 a hash takes about a fortieth of a second, so that the last in line waits for 2.5 s; it would
// be longer during a rush, and while bcrypt hashes are in use, but for HasherConfig.Patience.
const WaitingPerHash = 50

// DefaultPatience is the default of HasherConfig.Patience: within 3 s, it leaves half a second for the rest.
const DefaultPatience = 2500 * time.Millisecond

// HasherConfig configures a Hasher. The zero value of each field but Cost means its default.
type HasherConfig struct {
	Cost int // on bcrypt's scale, 4 to 31: see argon2Of
	// hashes computed at a time; by default half the cores, at least one, and no more than fit into maxHashMemory
	Concurrent int
	MaxWaiting int           // further requests that may wait, to log in and to sign up each; by default WaitingPerHash
	Patience   time.Duration // how long a request may wait; by default DefaultPatience

	// Costliest returns the highest cost of all stored bcrypt hashes; 0 if there are none. By default, a cost becomes
	// known when such a hash is checked.
	Costliest func(ctx context.Context) (int, error)
	Logger    *slog.Logger // required with Costliest

	// Rush reports whether others need the processor more than logins do: hashes then start with a short delay. By
	// default there is no rush.
	Rush func() bool
}

// Hasher creates and checks argon2id hashes, and checks bcrypt hashes from older versions, a few at a time: measured on
// 2 cores, hashing two at a time leaves a rush a third of its throughput, one more than half. It is a
// compete.PasswordHasher.
type Hasher struct {
	argon2    argon2Params
	queue     *queue
	costliest atomic.Int64  // highest cost of all bcrypt hashes in use; 0 if none
	garbage   atomic.Uint64 // KiB of garbage from hashes since the last collection
	read      func(ctx context.Context) (int, error)
	rush      func() bool
	rushed    atomic.Int64 // when a rush was last seen, in Unix nanoseconds
	took      atomic.Int64 // duration of the last hash, in nanoseconds
	logger    *slog.Logger
}

var _ compete.PasswordHasher = (*Hasher)(nil)

// NewHasher creates a Hasher. It fails if the cost is out of range.
func NewHasher(c HasherConfig) (*Hasher, error) {
	if c.Cost < bcrypt.MinCost || c.Cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("cost %d is not between %d and %d", c.Cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	h := &Hasher{argon2: argon2Of(c.Cost), read: c.Costliest, rush: c.Rush, logger: c.Logger}
	if c.Concurrent == 0 {
		c.Concurrent = max(1, min(runtime.GOMAXPROCS(0)/2, maxHashMemory/int(h.argon2.memory)))
	}
	if c.MaxWaiting == 0 {
		c.MaxWaiting = WaitingPerHash * c.Concurrent
	}
	h.queue = newQueue(c.Concurrent, c.MaxWaiting, cmp.Or(c.Patience, DefaultPatience))
	return h, nil
}

// During a rush, a hash is delayed by twice the duration of the last one, which leaves the rush five sixths of two
// cores. This is the maximum delay.
const maxRushPause = 500 * time.Millisecond

// begin waits for a turn and returns its start, to be passed to end. It fails as queue.enter does.
func (h *Hasher) begin(ctx context.Context, in int) (start time.Time, err error) {
	if err := h.queue.enter(ctx, in); err != nil {
		return start, err
	}
	if h.inRush(time.Now()) {
		time.Sleep(min(2*time.Duration(h.took.Load()), maxRushPause))
	}
	return time.Now(), nil
}

// rushLasts is how long a rush is assumed to continue after it was seen: between two batches it may seem to be over.
const rushLasts = time.Second

func (h *Hasher) inRush(now time.Time) bool {
	if h.rush == nil {
		return false
	}
	if h.rush() {
		h.rushed.Store(now.UnixNano())
	}
	return now.UnixNano()-h.rushed.Load() < int64(rushLasts)
}

func (h *Hasher) end(start time.Time) {
	h.took.Store(int64(time.Since(start)))
	h.queue.leave()
}

// RereadInterval is how long checks may continue to do the work of bcrypt hashes after the last one is gone.
const RereadInterval = time.Hour

// rereadTimeout bounds one read.
const rereadTimeout = 5 * time.Second

// Reread finds out which bcrypt hashes are in use. If it fails with ErrDatabase, the previous knowledge is kept.
func (h *Hasher) Reread(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rereadTimeout)
	defer cancel()
	cost, err := h.read(ctx)
	if err == nil {
		h.costliest.Store(int64(min(cost, maxToppedUp)))
	}
	return err
}

// Run calls Reread every RereadInterval, until ctx ends.
func (h *Hasher) Run(ctx context.Context) {
	ticker := time.NewTicker(RereadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := h.Reread(ctx); err != nil && ctx.Err() == nil {
			h.logger.WarnContext(ctx, "could not find out which old password hashes are in use; trying again later",
				"error", err)
		}
	}
}

// Hash hashes a password. It fails with ErrBusy if too many requests are waiting, or if ctx ends while waiting.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	start, err := h.begin(ctx, roomSignUp)
	if err != nil {
		return "", err
	}
	defer h.end(start)
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // documented never to fail
	return h.argon2.encode(salt[:], h.derive(h.argon2, password, salt[:])), nil
}

// Outdated reports whether the password should be rehashed, because it uses bcrypt or a different cost.
func (h *Hasher) Outdated(hash string) bool {
	params, _, _, ok := decodeArgon2(hash)
	return !ok || params != h.argon2
}

// Check compares a password with a hash. It fails with ErrBadCredentials, always after the work of a current hash and,
// if bcrypt hashes are in use, of the costliest one: timing doesn't reveal whether the email is unknown (an empty hash)
// or its hash is an old one.
func (h *Hasher) Check(ctx context.Context, hash, password string) error {
	start, err := h.begin(ctx, roomLogIn)
	if err != nil {
		return err
	}
	defer h.end(start)
	if params, salt, key, ok := decodeArgon2(hash); ok {
		right := subtle.ConstantTimeCompare(h.derive(params, password, salt), key) == 1
		h.topUp(0, password)
		return passwordError(right)
	}
	h.derive(h.argon2, password, make([]byte, saltSize)) // only for its work; the result is ignored
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		h.topUp(0, password)
		return compete.ErrBadCredentials
	}
	h.raiseCost(int64(min(cost, maxToppedUp)))
	err = bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		cost = 0 // a damaged hash is refused before any work
	}
	h.topUp(cost, password)
	return passwordError(err == nil && len(password) <= maxBcrypt)
}

// maxBcrypt is how many bytes bcrypt reads; it would ignore the rest.
const maxBcrypt = 72

func passwordError(right bool) error {
	if !right {
		return compete.ErrBadCredentials
	}
	return nil
}

// topUp adds work to a bcrypt check of the given cost until it equals that of the costliest hash. A cost c is 2^c
// rounds, and 2^c + (2^c + 2^(c+1) + … + 2^(C-1)) = 2^C. Cost 0 means that no work was done yet.
func (h *Hasher) topUp(cost int, password string) {
	costliest := int(h.costliest.Load())
	if cost == 0 {
		if costliest > 0 {
			compareDummy(costliest, password)
		}
		return
	}
	for c := cost; c < costliest; c++ {
		compareDummy(c, password)
	}
}

// compareDummy does the work of checking a password against a hash of the given cost, using a hash that belongs to
// nobody.
func compareDummy(cost int, password string) {
	const saltAndHash = "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
	// only for its work; the result is ignored
	_ = bcrypt.CompareHashAndPassword(fmt.Appendf(nil, "$2a$%02d$%s", cost, saltAndHash), []byte(password))
}

// maxToppedUp is the highest cost that other checks are topped up to: one hash that takes minutes must not slow down
// everyone's login.
const maxToppedUp = 14

func (h *Hasher) raiseCost(cost int64) {
	for {
		seen := h.costliest.Load()
		if cost <= seen || h.costliest.CompareAndSwap(seen, cost) {
			return
		}
	}
}
