package compete

import (
	"context"
	"sync"
)

// Verification holds people to an email address that is verified, where the installation asks for one.
type Verification struct {
	users    UserStore
	required bool

	mu    sync.RWMutex
	known map[string]struct{} // who was verified, which nobody ceases to be: a rush doesn't read each account
}

// maxVerifiedUsers bounds the memory, at about 100 bytes each.
const maxVerifiedUsers = 100_000

// NewVerification makes one that asks for verified addresses, or doesn't.
func NewVerification(users UserStore, required bool) *Verification {
	return &Verification{users: users, required: required}
}

// Required reports whether registering and publishing take a verified address.
func (v *Verification) Required() bool { return v.required }

// require fails with ErrEmailUnverified where the installation asks for verified addresses and the actor's isn't.
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

// requireOf is require for an account that was read.
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
