package compete

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"
)

// Runtime holds what every service needs from the process.
type Runtime struct {
	Clock func() time.Time // returns the current time
	NewID func() string    // returns a new id, ordered by time (UUID v7)
	Log   *slog.Logger     // for failures that don't affect the answer
}

func (r *Runtime) now() time.Time { return UTC(r.Clock()) }

func (r *Runtime) fresh(a Actor) bool { return r.now().Sub(a.LoggedInAt) <= FreshLogin }

// requireFresh is require for actions that a session left open must not allow: it also fails with ErrReauthenticate if
// the actor's login is older than FreshLogin.
func (r *Runtime) requireFresh(a Actor, role Role) error {
	if err := require(a, role); err != nil {
		return err
	}
	if !r.fresh(a) {
		return ErrReauthenticate
	}
	return nil
}

// require fails with ErrUnauthorized for a visitor, and with ErrForbidden for an actor below the given role.
func require(a Actor, role Role) error {
	switch {
	case !a.LoggedIn():
		return ErrUnauthorized
	case !a.Role.AtLeast(role):
		return ErrForbidden
	}
	return nil
}

// actorAccount returns the actor's account. It fails with ErrUnauthorized if the account doesn't exist (any more).
func actorAccount(ctx context.Context, users UserStore, a Actor) (User, error) {
	if err := require(a, RoleParticipant); err != nil {
		return User{}, err
	}
	user, err := users.User(ctx, a.UserID)
	if errors.Is(err, ErrUserMissing) {
		return User{}, ErrUnauthorized
	}
	return user, err
}

// listing parses the cursor and page size that every list takes. wrong holds other errors in the request.
func listing(wrong validation, list, cursor string, limit int) (Cursor, int, error) {
	at, badCursor := ParseCursor(list, cursor)
	limit, badLimit := PageSize(limit)
	for _, err := range []error{badCursor, badLimit} {
		if err != nil {
			wrong.fields = append(wrong.fields, AsError(err).Fields...)
		}
	}
	return at, limit, wrong.err()
}

// mustBeComplete panics if a config lacks a dependency that would otherwise be missed only later, in the middle of a
// request: a nil interface, function or pointer, also inside an interface. The "optional" tag of a field that may be
// nil says what happens then. It panics because a missing dependency is a programming error that no caller can handle.
func mustBeComplete(config any) {
	if missing := missingIn(reflect.ValueOf(config)); missing != "" {
		panic(fmt.Sprintf("compete: %T lacks %s", config, missing))
	}
}

func missingIn(config reflect.Value) string {
	for i := range config.NumField() {
		field, value := config.Type().Field(i), config.Field(i)
		missing := field.Name
		switch {
		case value.Kind() == reflect.Struct:
			if missing = missingIn(value); missing != "" {
				return missing
			}
			continue
		case !isNil(value):
			continue
		case value.Kind() == reflect.Interface && !value.IsNil():
			return missing + ": it's an interface around nil"
		case field.Tag.Get("optional") == "":
			return missing
		}
	}
	return ""
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return v.IsNil() || isNil(v.Elem())
	case reflect.Pointer, reflect.Func:
		return v.IsNil()
	default:
		return false
	}
}
