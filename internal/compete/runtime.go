package compete

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"
)

// Runtime is what every service needs of the process.
type Runtime struct {
	Clock func() time.Time // the present moment
	NewID func() string    // a new id, ordered by time (UUID v7)
	Log   *slog.Logger     // of what goes wrong beside an answer
}

func (r *Runtime) now() time.Time { return UTC(r.Clock()) }

func (r *Runtime) fresh(a Actor) bool { return r.now().Sub(a.LoggedInAt) <= FreshLogin }

// requireFresh is require for what a session left open must not be used for: it fails with ErrReauthenticate when the
// actor's login is older than FreshLogin.
func (r *Runtime) requireFresh(a Actor, role Role) error {
	if err := require(a, role); err != nil {
		return err
	}
	if !r.fresh(a) {
		return ErrReauthenticate
	}
	return nil
}

// require fails with ErrUnauthorized for a visitor, and with ErrForbidden for an actor whose role isn't at least the
// given one.
func require(a Actor, role Role) error {
	switch {
	case !a.LoggedIn():
		return ErrUnauthorized
	case !a.Role.AtLeast(role):
		return ErrForbidden
	}
	return nil
}

// actorAccount is the actor's account. It fails with ErrUnauthorized when there is none (any more).
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

// listing reads the cursor and the page size that every list takes. wrong is what else is bad in the request.
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

// mustBeComplete panics when a config lacks something that the service made of it would miss only later, in the
// middle of a request: an interface, a function or a pointer that is nil, also inside an interface. A field that may
// be nil says in its tag "optional" what then holds. It panics because a missing part is a mistake in the wiring,
// which no caller can do anything about.
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
