package compete

import (
	"context"
	"errors"
	"slices"
)

// newUser prepares a new account and hashes its password. Errors: ErrEmailTaken, ErrBusy.
func newUser(
	ctx context.Context, r Runtime, users UserStore, passwords PasswordHasher, in SignUp,
) (user User, hash string, err error) {
	// Check for a taken email before computing the hash, which is far more expensive; the unique index settles races.
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

// addEmailTaken adds a taken email to the refusal of a new account, so that one answer reports every problem.
func addEmailTaken(ctx context.Context, users UserStore, email string, refusal error) error {
	if wrongEmail(refusal) {
		return refusal
	}
	if _, _, err := users.UserByEmail(ctx, email); err != nil {
		return refusal // the email is free, or the check failed and will be repeated once the rest is valid
	}
	return Invalid(append(AsError(refusal).Fields,
		FieldError{Field: "email", Message: "already belongs to an account"})...)
}

// wrongEmail reports whether a refusal already concerns the email.
func wrongEmail(refusal error) bool {
	return slices.ContainsFunc(AsError(refusal).Fields, func(f FieldError) bool { return f.Field == "email" })
}
