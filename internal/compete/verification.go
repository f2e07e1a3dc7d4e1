package compete

import (
	"context"
	"sync"
)

// Verification requires people to have a verified email address, if the site asks for one. A draw always does where
// addresses can be verified: one person with many of them would have as many chances.
type Verification struct {
	users    UserStore
	required bool
	mails    bool

	mu    sync.RWMutex
	known map[string]struct{} // verified users (verification is never undone), so that a rush needn't read each account
}

// maxVerifiedUsers bounds the cache, at about 100 bytes per user.
const maxVerifiedUsers = 100_000

// NewVerification creates a Verification; required says whether addresses have to be verified, and mails whether the
// site sends email, so that they can be.
func NewVerification(users UserStore, required, mails bool) *Verification {
	return &Verification{users: users, required: required, mails: mails}
}

// Required reports whether registering and publishing need a verified address.
func (v *Verification) Required() bool { return v.required }

// RequiredFor reports whether registering for a competition needs a verified address.
func (v *Verification) RequiredFor(c *Competition) bool { return v.required || v.mails && c.Drawn() }

// RequiredForDraws reports whether applying to a draw needs a verified address.
func (v *Verification) RequiredForDraws() bool { return v.required || v.mails }

// unverified reports whether an actor may have no verified address although some competitions need one. It reads
// nothing, so that a press isn't slowed down by it.
func (v *Verification) unverified(a Actor) bool { return !v.required && v.mails && !v.knows(a.UserID) }

// requireFor is require for a competition.
func (v *Verification) requireFor(ctx context.Context, a Actor, c *Competition) error {
	if !v.RequiredFor(c) {
		return nil
	}
	return v.check(ctx, a)
}

// require fails with ErrEmailUnverified if the site requires verified addresses and the actor's isn't.
func (v *Verification) require(ctx context.Context, a Actor) error {
	if !v.required {
		return nil
	}
	return v.check(ctx, a)
}

// check fails with ErrEmailUnverified if the actor's address isn't verified.
func (v *Verification) check(ctx context.Context, a Actor) error {
	if v.knows(a.UserID) {
		return nil
	}
	user, err := actorAccount(ctx, v.users, a)
	if err != nil {
		return err
	}
	return v.checkOf(user)
}

// requireOf is require for an account already read.
func (v *Verification) requireOf(user User) error {
	if !v.required {
		return nil
	}
	return v.checkOf(user)
}

func (v *Verification) checkOf(user User) error {
	if user.VerifiedAt == nil {
		return ErrEmailUnverified
	}
	v.note(user.ID)
	return nil
}

func (v *Verification) knows(userID string) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	_, ok := v.known[userID]
	return ok
}

func (v *Verification) note(userID string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil || len(v.known) >= maxVerifiedUsers {
		v.known = map[string]struct{}{}
	}
	v.known[userID] = struct{}{}
}
