package compete

import (
	"context"
	"time"
)

// LoginStore stores logins, for their users to list and end.
type LoginStore interface {
	// Sessions lists a user's active sessions (neither ended nor expired), newest first.
	Sessions(ctx context.Context, userID string, now time.Time, cursor Cursor, limit int) (Page[Session], error)
	// EndSessionOf ends one of the user's sessions, if it hasn't ended. It fails with ErrSessionMissing.
	EndSessionOf(ctx context.Context, userID, id string, now time.Time) error
	// EndOtherSessions ends all of the user's sessions but keepSessionID. If keepSessionID is set, it also voids tokens
	// without a session issued before now; if it is empty, it doesn't, since the caller's may be one of those.
	EndOtherSessions(ctx context.Context, userID, keepSessionID string, now time.Time) error
	// EndLogins ends all of the user's sessions, and voids tokens without a session issued before now.
	EndLogins(ctx context.Context, userID string, now time.Time) error
	// TokensValidAfter is the same as SessionStore's.
	TokensValidAfter(ctx context.Context, userID, sessionID string) (time.Time, error)
	// NoteLogin records a login. known is true for the user's first login, and if the user has had a session on such a
	// device in this network, as far back as sessions are kept.
	NoteLogin(ctx context.Context, userID, device, network string, now time.Time) (known bool, err error)
	// KnowsNetwork reports whether the user has had a session in the network, as far back as sessions are kept.
	KnowsNetwork(ctx context.Context, userID, network string) (bool, error)
	// NoteGuessing saves a message to the user about wrong passwords, unless one was saved after the given time.
	NoteGuessing(ctx context.Context, m Message, after time.Time) error
	// SaveMessage stores a message that isn't about a registration, and emails it if email is set up.
	SaveMessage(ctx context.Context, m Message) error
}

// Sessions lists the actor's active sessions, newest login first.
func (s *Logins) Sessions(ctx context.Context, a Actor, cursor string, limit int) (Page[Session], error) {
	if err := require(a, RoleParticipant); err != nil {
		return Page[Session]{}, err
	}
	at, limit, err := listing(validation{}, "sessions", cursor, limit)
	if err != nil {
		return Page[Session]{}, err
	}
	return s.config.Store.Sessions(ctx, a.UserID, s.config.now(), at, limit)
}

// EndSession ends one of the actor's sessions, possibly the current one. It fails with ErrSessionMissing.
func (s *Logins) EndSession(ctx context.Context, a Actor, id string) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	if !ValidID(id) {
		return ErrSessionMissing
	}
	return s.config.Store.EndSessionOf(ctx, a.UserID, id, s.config.now())
}

// EndOtherSessions ends all of the actor's sessions but the current one.
func (s *Logins) EndOtherSessions(ctx context.Context, a Actor) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	return s.config.Store.EndOtherSessions(ctx, a.UserID, a.SessionID, s.config.now())
}

// NoteLogin is called for each login, before its session is created, and notifies the user of a login from a new
// device. known means that the device has proved an earlier login. A login never fails because of the notice.
func (s *Logins) NoteLogin(ctx context.Context, user User, known bool) {
	client := ClientOf(ctx)
	device, network := DeviceName(client.UserAgent), client.Network()
	seen, err := s.config.Store.NoteLogin(ctx, user.ID, device, network, s.config.now())
	if err == nil && !seen && !known {
		var notice Message
		if notice, err = s.config.messages().security(user,
			SecurityEvent{What: SecurityDevice, Device: device, Network: network}); err == nil {
			err = s.config.Store.SaveMessage(ctx, notice)
		}
	}
	if err != nil {
		s.config.Log.WarnContext(ctx, "could not notify a user of a login from a new device", "user",
			user.ID, "error", err)
	}
}
