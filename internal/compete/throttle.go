package compete

import (
	"context"
	"errors"
)

// Throttle limits how often people can do things. Its zero value allows everything.
type Throttle struct {
	Limits   Limits
	Limiter  Limiter  // nil means no limits
	Guesses  Guesses  // nil means passwords can be guessed as fast as they are checked
	Observer Observer // nil means refusals aren't reported
}

// limited fails with ErrTooManyRequests if the client's network did this too often. Clients without a network aren't
// counted.
func (t *Throttle) limited(ctx context.Context, l Limit) error {
	network := ClientOf(ctx).Network()
	if network == "" {
		return nil
	}
	return t.take(ctx, l, network, ErrTooManyRequests, "Too many requests from your network.")
}

// quota fails with ErrQuotaUsed if the actor did this too often. Admins aren't counted.
func (t *Throttle) quota(ctx context.Context, a Actor, l Limit) error {
	if a.Role.AtLeast(RoleAdmin) {
		return nil
	}
	return t.take(ctx, l, a.UserID, ErrQuotaUsed, "You've done this too often within an hour.")
}

// take counts one more time for whom, and fails with the refusal, in these words, if that is too often.
func (t *Throttle) take(ctx context.Context, l Limit, whom string, refusal *Error, words string) error {
	if t.Limiter == nil || l.Times == 0 {
		return nil
	}
	wait := t.Limiter.Take(ctx, l, l.Name+":"+whom)
	if wait == 0 {
		return nil
	}
	t.observeLimit(l.Name)
	refused := *refusal
	refused.RetryAfter, refused.Quota = wait, l.Times
	refused.Detail = words + " Try again in " + inWords(wait) + "."
	return &refused
}

// guessCode is guess for second factor codes. Anyone guessing those already knows the password, so guesses are counted
// only by account, regardless of network.
func (t *Throttle) guessCode(ctx context.Context, userID string) (right func(), err error) {
	right, err = t.try(ctx, Guess{LimitGuesses, "code:" + userID, t.Limits.Guesses})
	return right, tooManyCodes(err)
}

// tooManyCodes returns a refusal by try in words about codes.
func tooManyCodes(err error) error {
	if err == nil {
		return nil
	}
	refusal := *AsError(err)
	refusal.Detail = "Too many wrong codes. Try again in " + inWords(refusal.RetryAfter) + "."
	return &refusal
}

// guessAccess counts an attempt to register with an access code or the code of a team, by account and competition. It
// fails with ErrTooManyGuesses while earlier wrong codes still impose a wait. Wrong codes are also counted by network.
// A network with many of them is never locked out, since a hall full of people may share it: each account there still
// has one attempt before it has to wait. Pass what became of the attempt to judge, which takes it back unless the code
// was wrong.
func (t *Throttle) guessAccess(ctx context.Context, a Actor, competitionID string) (judge func(error), err error) {
	if t.Guesses == nil {
		return func(error) {}, nil
	}
	of := "access:" + competitionID + ":"
	account, network := Guess{LimitAccessCodes, of + a.UserID, t.Limits.Guesses}, ""
	if !a.LoggedIn() { // visitors share the attempts of their network
		account.Key = of + "visitors:" + ClientOf(ctx).Network()
	}
	if client := ClientOf(ctx).Network(); client != "" && t.Limits.AccessCodes > 0 {
		network = of + client
		if t.Guesses.Add(ctx, network, 0) >= t.Limits.AccessCodes {
			account.Free = 1
		}
	}
	if _, err := t.try(ctx, account); err != nil {
		return nil, tooManyCodes(err)
	}
	return func(err error) {
		ctx := context.WithoutCancel(ctx)
		// Whoever hangs up before the answer doesn't get an attempt for free.
		wrong := errors.Is(err, ErrAccessCodeWrong) || errors.Is(err, ErrTeamMissing) ||
			errors.Is(err, context.Canceled)
		switch {
		case !wrong:
			t.Guesses.Add(ctx, account.Key, -1)
		case network != "":
			t.Guesses.Add(ctx, network, 1)
		}
	}, nil
}

func (t *Throttle) try(ctx context.Context, guesses ...Guess) (right func(), err error) {
	if t.Guesses == nil {
		return func() {}, nil
	}
	limited := guesses[:0]
	for _, g := range guesses {
		if g.Free > 0 {
			limited = append(limited, g)
		}
	}
	if wait, by := t.Guesses.Try(ctx, limited...); wait > 0 {
		t.observeLimit(by.Limit)
		refusal := *ErrTooManyGuesses
		refusal.RetryAfter, refusal.Quota = wait, by.Free
		refusal.Detail = "Too many wrong passwords. Try again in " + inWords(wait) + ", or reset your password."
		return nil, &refusal
	}
	return func() { t.Guesses.Right(ctx, limited...) }, nil
}

func (t *Throttle) observeLimit(name string) {
	if t.Observer != nil {
		t.Observer.Limited(name)
	}
}

func (t *Throttle) observeLogIn(failure LogInFailure) {
	if t.Observer != nil {
		t.Observer.LogInFailed(failure)
	}
}
