package compete

import (
	"context"
	"errors"
	"slices"
)

// newUser is an account to be created, with the hash of its password. Errors: ErrEmailTaken, ErrBusy.
func newUser(
	ctx context.Context, r Runtime, users UserStore, passwords PasswordHasher, in SignUp,
) (user User, hash string, err error) {
	// A taken email is found before the hash is computed, which is by far the dearer part; the unique index decides
	// races.
	if _, _, err := users.UserByEmail(ctx, in.Email); err == nil {
		return User{}, "", ErrEmailTaken
	} else if !errors.Is(err, ErrUserMissing) {
		return User{}, "", err
	}
	if hash, err = passwords.Hash(ctx, in.Password); err != nil {
		return User{}, "", err
	}
	now := r.now()
	return User{ID: r.NewID(), Email: in.Email, Name: in.Name, Role: in.Role, CreatedAt: now, UpdatedAt: now}, hash, nil
}

// addEmailTaken adds to what is wrong with a new account that its email is taken, so that one answer names everything.
func addEmailTaken(ctx context.Context, users UserStore, email string, refusal error) error {
	if wrongEmail(refusal) {
		return refusal
	}
	if _, _, err := users.UserByEmail(ctx, email); err != nil {
		return refusal // it is free; or that can't be told now, and will be when the rest is right
	}
	return Invalid(append(AsError(refusal).Fields,
		FieldError{Field: "email", Message: "already belongs to an account"})...)
}

// wrongEmail reports whether a refusal is about the email already.
func wrongEmail(refusal error) bool {
	return slices.ContainsFunc(AsError(refusal).Fields, func(f FieldError) bool { return f.Field == "email" })
}
