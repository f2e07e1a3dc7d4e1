package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"

	"minicompete/internal/compete"
)

// WaitingPerHash is how many requests may wait for each password that is being hashed: as many to log in, and as many again to
// sign up. At cost 12 a hash takes about a quarter of a second, so the last in line waits about 25 s, which is well within the
// server's write timeout.
const WaitingPerHash = 50

// HasherConfig sets up a Hasher. The zero value of each field but Cost means its default.
type HasherConfig struct {
	Cost       int // bcrypt cost, bcrypt.MinCost to bcrypt.MaxCost
	Concurrent int // hashes computed at a time; by default half of the cores, at least one
	MaxWaiting int // requests that wait beyond those, to log in and to sign up each; by default WaitingPerHash for each
}

// Hasher makes and checks bcrypt hashes, few at a time: measured on 2 cores, two at a time leave a rush a third of its rate,
// one leaves more than half. It is a compete.PasswordHasher.
type Hasher struct {
	cost      int
	queue     *queue
	costliest atomic.Int64 // the highest cost of any hash seen, or the configured one
}

var _ compete.PasswordHasher = (*Hasher)(nil)

// NewHasher fails when the cost is out of bcrypt's range.
func NewHasher(c HasherConfig) (*Hasher, error) {
	if c.Cost < bcrypt.MinCost || c.Cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("bcrypt cost %d is not between %d and %d", c.Cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	if c.Concurrent == 0 {
		c.Concurrent = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if c.MaxWaiting == 0 {
		c.MaxWaiting = WaitingPerHash * c.Concurrent
	}
	h := &Hasher{cost: c.Cost, queue: newQueue(c.Concurrent, c.MaxWaiting)}
	h.costliest.Store(int64(c.Cost))
	return h, nil
}

// Hash makes a hash of a password of at most compete.MaxPasswordLength bytes. It fails with ErrBusy when too many are waiting,
// or when ctx ends while waiting.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.queue.enter(ctx, roomSignUp); err != nil {
		return "", err
	}
	defer h.queue.leave()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), h.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(hash), nil
}

// Check fails with ErrBadCredentials, always after the work of the costliest hash: whether the email is unknown (an empty hash),
// or its hash is an old, cheaper one, cannot be told from the time.
func (h *Hasher) Check(ctx context.Context, hash, password string) error {
	if err := h.queue.enter(ctx, roomLogIn); err != nil {
		return err
	}
	defer h.queue.leave()
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		h.burn(0, password)
		return compete.ErrBadCredentials
	}
	h.raise(int64(cost))
	err = bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		cost = 0 // a damaged hash, refused before any work
	}
	h.burn(cost, password)
	if err != nil || len(password) > compete.MaxPasswordLength { // bcrypt would ignore what comes after
		return compete.ErrBadCredentials
	}
	return nil
}

// burn tops up the work of a hash of the given cost to that of the costliest. A cost c is 2^c rounds, and
// 2^c + (2^c + 2^(c+1) + … + 2^(C-1)) = 2^C. Cost 0 means that no work was done yet.
func (h *Hasher) burn(cost int, password string) {
	costliest := int(h.costliest.Load())
	if cost == 0 {
		compareDummy(costliest, password)
		return
	}
	for c := cost; c < costliest; c++ {
		compareDummy(c, password)
	}
}

// compareDummy does the work of checking a password against a hash of the given cost that belongs to nobody.
func compareDummy(cost int, password string) {
	const saltAndHash = "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
	_ = bcrypt.CompareHashAndPassword(fmt.Appendf(nil, "$2a$%02d$%s", cost, saltAndHash), []byte(password)) // its answer means nothing
}

func (h *Hasher) raise(cost int64) {
	for {
		seen := h.costliest.Load()
		if cost <= seen || h.costliest.CompareAndSwap(seen, cost) {
			return
		}
	}
}
