package compete

import (
	"context"
	"sync"
)

// Verification requires people to have a verified email address, if the site asks for one.
type Verification struct {
	users    UserStore
	required bool

	mu    sync.RWMutex
	known map[string]struct{} // verified users (verification is never undone), so that a rush needn't read each account
}

// maxVerifiedUsers bounds the cache, at about 100 bytes per user.
const maxVerifiedUsers = 100_000

// NewVerification creates a Verification; required says whether addresses have to be verified.
func NewVerification(users UserStore, required bool) *Verification {
	return &Verification{users: users, required: required}
}

// Required reports whether registering and publishing need a verified address.
func (v *Verification) Required() bool { return v.required }

// require fails with ErrEmailUnverified if the site requires verified addresses and the actor's isn't.
func (v *Verification) require(ctx context.Context, a Actor) error {
	if !v.required || v.knows(a.UserID) {
		return nil
	}
	user, err := actorAccount(ctx, v.users, a)
	if err != nil {
		return err
	}
	return v.requireOf(user)
}

// requireOf is require for an account already read.
func (v *Verification) requireOf(user User) error {
	switch {
	case !v.required:
		return nil
	case user.VerifiedAt == nil:
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
