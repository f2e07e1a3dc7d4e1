package compete

import (
	"context"
	"strconv"
	"time"
)

// Limit is how often something may be done: from one network, or by one organizer.
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

// Guess is an attempt at a password, as one of those that are counted together.
type Guess struct {
	Limit string // names what the limit is about
	Key   string
	Free  int // how many attempts pass before the first wait
}

// Guesses slows down whoever tries passwords. Implementations must be safe for concurrent use, and keep a bounded
// number of keys.
type Guesses interface {
	// Try counts an attempt under the keys of all guesses. If the attempts before ask for patience under any of them,
	// it counts nothing and returns the longest wait, with the guess that asks for it.
	Try(ctx context.Context, guesses ...Guess) (wait time.Duration, by Guess)
	// Right forgets the attempts under the keys.
	Right(ctx context.Context, guesses ...Guess)
	// Forget forgets the attempts under all keys that begin so.
	Forget(ctx context.Context, prefix string) error
}

// Limits are how often one network may do what costs the program much, and one organizer what reaches many people. A
// hall full of people may share one network.
type Limits struct {
	SignUps Limit
	LogIns  Limit
	Links   Limit // requests for a link by email
	Reports Limit // of competitions

	Competitions Limit // that an organizer creates or publishes
	Notices      Limit // changes by an organizer that everybody registered gets a message about

	// How many wrong passwords for one account may be tried before each further attempt has to wait. 0: without limit.
	Guesses        int // from one network, or from the devices that the account's user has logged in on
	AccountGuesses int // from all networks and devices that are new to the account, together
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
