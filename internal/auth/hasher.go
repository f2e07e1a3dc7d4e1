package auth

import (
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

// WaitingPerHash is how many requests may wait for each password that is being hashed: as many to log in, and as many
// again to sign up. At cost 12 a hash takes about a twentieth of a second, and a quarter where those of bcrypt are in
// use, so the last in line waits 25 s at most, which is well within the server's write timeout.
const WaitingPerHash = 50

// HasherConfig sets up a Hasher. The zero value of each field but Cost means its default.
type HasherConfig struct {
	Cost int // as bcrypt's, 4 to 31: see argon2Of
	// hashes computed at a time; by default half of the cores, at least one, and no more than fit into maxHashMemory
	Concurrent int
	MaxWaiting int // requests that wait beyond those, to log in and to sign up each; by default WaitingPerHash for each

	// Costliest reads the highest cost of any bcrypt hash that an account has; 0 when none has one. By default none is
	// known of until it is checked.
	Costliest func(ctx context.Context) (int, error)
	Logger    *slog.Logger // needed with Costliest

	// Rush reports whether others need the processor more than logins do: each hash then begins a moment later. By
	// default nobody does.
	Rush func() bool
}

// Hasher makes argon2id hashes and checks them, and those of bcrypt that older versions made, few at a time: measured
// on 2 cores, two at a time leave a rush a third of its rate, one leaves more than half. It is a
// compete.PasswordHasher.
type Hasher struct {
	argon2    argon2Params
	queue     *queue
	costliest atomic.Int64  // the highest cost of any bcrypt hash in use; 0: none is
	garbage   atomic.Uint64 // KiB that hashes have left since the last collection
	read      func(ctx context.Context) (int, error)
	rush      func() bool
	rushed    atomic.Int64 // when there was a rush last, in Unix nanoseconds
	took      atomic.Int64 // nanoseconds, by the last hash
	logger    *slog.Logger
}

var _ compete.PasswordHasher = (*Hasher)(nil)

// NewHasher fails when the cost is out of range.
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
	h.queue = newQueue(c.Concurrent, c.MaxWaiting)
	return h, nil
}

// In a rush, a hash begins later by twice what the last one took, which leaves the rush on two cores five sixths of
// them; and no later than this.
const maxRushPause = 500 * time.Millisecond

// begin waits for a turn; end has to follow, with what begin returned. It fails as queue.enter does.
func (h *Hasher) begin(ctx context.Context, in int) (start time.Time, err error) {
	if err := h.queue.enter(ctx, in); err != nil {
		return start, err
	}
	if h.inRush(time.Now()) {
		time.Sleep(min(2*time.Duration(h.took.Load()), maxRushPause))
	}
	return time.Now(), nil
}

// rushLasts is how long a rush counts after it was seen: between two batches it may look as if it was over.
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

// RereadInterval is how long checks may still do the work of bcrypt hashes when none is in use any more.
const RereadInterval = time.Hour

// rereadTimeout bounds one reading.
const rereadTimeout = 5 * time.Second

// Reread finds out which bcrypt hashes are in use. It fails with ErrDatabase; what was known stays then.
func (h *Hasher) Reread(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rereadTimeout)
	defer cancel()
	cost, err := h.read(ctx)
	if err == nil {
		h.costliest.Store(int64(min(cost, maxToppedUp)))
	}
	return err
}

// Run rereads every RereadInterval, until ctx ends.
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

// Hash makes a hash of a password. It fails with ErrBusy when too many are waiting, or when ctx ends while waiting.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	start, err := h.begin(ctx, roomSignUp)
	if err != nil {
		return "", err
	}
	defer h.end(start)
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails, it says
	return h.argon2.encode(salt[:], h.derive(h.argon2, password, salt[:])), nil
}

// Outdated reports whether the password should be hashed anew: by bcrypt, or at another cost than today's.
func (h *Hasher) Outdated(hash string) bool {
	params, _, _, ok := decodeArgon2(hash)
	return !ok || params != h.argon2
}

// Check fails with ErrBadCredentials, always after the work of today's hash and, where bcrypt hashes are in use, of the
// costliest of those: whether the email is unknown (an empty hash), or its hash is an old one, cannot be told from the
// time.
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
	h.derive(h.argon2, password, make([]byte, saltSize)) // its result means nothing
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		h.topUp(0, password)
		return compete.ErrBadCredentials
	}
	h.raiseCost(int64(min(cost, maxToppedUp)))
	err = bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		cost = 0 // a damaged hash, refused before any work
	}
	h.topUp(cost, password)
	return passwordError(err == nil && len(password) <= maxBcrypt)
}

// maxBcrypt is how far bcrypt reads, in bytes; it would ignore what comes after.
const maxBcrypt = 72

func passwordError(right bool) error {
	if !right {
		return compete.ErrBadCredentials
	}
	return nil
}

// topUp tops up the work of a bcrypt hash of the given cost to that of the costliest. A cost c is 2^c rounds, and
// 2^c + (2^c + 2^(c+1) + … + 2^(C-1)) = 2^C. Cost 0 means that no work was done yet.
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

// compareDummy does the work of checking a password against a hash of the given cost that belongs to nobody.
func compareDummy(cost int, password string) {
	const saltAndHash = "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
	// its answer means nothing
	_ = bcrypt.CompareHashAndPassword(fmt.Appendf(nil, "$2a$%02d$%s", cost, saltAndHash), []byte(password))
}

// maxToppedUp is the highest cost whose work others share: one hash that takes minutes is not to make everybody's login
// take as long.
const maxToppedUp = 14

func (h *Hasher) raiseCost(cost int64) {
	for {
		seen := h.costliest.Load()
		if cost <= seen || h.costliest.CompareAndSwap(seen, cost) {
			return
		}
	}
}
