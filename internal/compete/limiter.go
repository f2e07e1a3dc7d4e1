package compete

import (
	"context"
	"strconv"
	"time"
)

// Limit is how often one network or one organizer may do something.
type Limit struct {
	Name   string
	Times  int // within Window, possibly all at once; 0 means no limit
	Window time.Duration
}

// Limiter counts actions. Implementations must be safe for concurrent use, keep a bounded number of keys, and allow
// everything if they can't count.
type Limiter interface {
	// Take counts one action under the key. At the limit, it counts nothing and returns how long to wait.
	Take(ctx context.Context, l Limit, key string) (wait time.Duration)
}

// Guess is a password attempt, counted together with others under a key.
type Guess struct {
	Limit string // name of the limit
	Key   string
	Free  int // attempts before the first wait
}

// Guesses slows down password guessing. Implementations must be safe for concurrent use and keep a bounded number of
// keys.
type Guesses interface {
	// Try counts an attempt under the keys of all guesses. If earlier attempts impose a wait under any of them, it
	// counts nothing and returns the longest wait and its guess.
	Try(ctx context.Context, guesses ...Guess) (wait time.Duration, by Guess)
	// Add changes the number of attempts under a key by n, not below zero, and returns it. Taking some back, or none,
	// doesn't change when the last one was.
	Add(ctx context.Context, key string, n int) (count int)
	// Right clears the attempts under the keys.
	Right(ctx context.Context, guesses ...Guess)
	// Forget clears the attempts under all keys with this prefix.
	Forget(ctx context.Context, prefix string) error
}

// Limits are how often one network may make expensive requests, and one person may do things that reach many people.
// A hall full of people may share one network.
type Limits struct {
	SignUps Limit
	LogIns  Limit
	Links   Limit // requests for a link by email
	Reports Limit // of competitions

	Competitions Limit // created or published by an organizer
	Additions    Limit // of people by an organizer
	Notices      Limit // changes by an organizer that notify everyone registered
	Invitations  Limit // to teams, by a captain or an organizer

	// How many wrong passwords for one account may be tried before each further attempt has to wait. 0: without limit.
	Guesses int // from one network, or from devices the user has logged in on
	// How many wrong access codes for a competition one network may send before each account there has but one attempt
	// before it has to wait. 0: no limit.
	AccessCodes    int
	AccountGuesses int // total from all networks and devices that are new to the account
}

// inWords rounds a wait up to seconds, or to minutes from one minute on.
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
