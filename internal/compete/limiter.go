package compete

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"
)

// Limit is how often something may be done from one network.
type Limit struct {
	Name   string
	Times  int // within Window, all at once if one likes; 0: without limit
	Window time.Duration
}

// Limiter counts what is done. Implementations must be safe for concurrent use, keep a bounded number of keys, and let
// everything pass when they can't count.
type Limiter interface {
	// Take counts one more under the key. At the limit it counts nothing and says when to come again.
	Take(ctx context.Context, l Limit, key string) (wait time.Duration)
}

// Guesses slows down whoever tries passwords. Implementations must be safe for concurrent use, and keep a bounded number of keys.
type Guesses interface {
	// Try counts an attempt under the key. It says how long to wait instead if the attempts before ask for it; those that
	// had to wait aren't counted.
	Try(ctx context.Context, key string) (wait time.Duration)
	// Right forgets the attempts under the key.
	Right(ctx context.Context, key string)
}

// Limits are how often one network may do what costs the program much. A hall full of people is one network.
type Limits struct {
	SignUps Limit
	LogIns  Limit
	Links   Limit // requests for a link by email
}

// limited fails with ErrTooManyRequests when the client's network did this too often. Who has no network isn't counted.
func (s *Service) limited(ctx context.Context, l Limit) error {
	network := ClientOf(ctx).Network()
	if s.Limiter == nil || l.Times == 0 || network == "" {
		return nil
	}
	wait := s.Limiter.Take(ctx, l, l.Name+":"+network)
	if wait == 0 {
		return nil
	}
	refusal := *ErrTooManyRequests
	refusal.RetryAfter, refusal.Quota = wait, l.Times
	refusal.Detail = "Too many requests from your network. Try again in " + inWords(wait) + "."
	return &refusal
}

// guess fails with ErrTooManyGuesses while earlier wrong passwords for the email, from the same network, ask for patience: so nobody
// can lock out the owner, who is elsewhere. Whether the account exists makes no difference. right is to be called when the password
// was right.
func (s *Service) guess(ctx context.Context, email string) (right func(), err error) {
	if s.Guesses == nil {
		return func() {}, nil
	}
	sum := sha256.Sum256([]byte(NormalizeEmail(email))) // no address lies about in Redis
	key := base64.RawURLEncoding.EncodeToString(sum[:16]) + ":" + ClientOf(ctx).Network()
	if wait := s.Guesses.Try(ctx, key); wait > 0 {
		refusal := *ErrTooManyGuesses
		refusal.RetryAfter = wait
		refusal.Detail = "Too many wrong passwords. Try again in " + inWords(wait) + ", or reset your password."
		return nil, &refusal
	}
	return func() { s.Guesses.Right(ctx, key) }, nil
}

// inWords rounds a wait up to seconds, or from a minute on to minutes.
func inWords(wait time.Duration) string {
	n, unit := int((wait+time.Second-1)/time.Second), "second"
	if n > 59 {
		n, unit = int((wait+time.Minute-1)/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}
