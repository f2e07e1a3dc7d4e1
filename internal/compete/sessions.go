package compete

import (
	"context"
	"time"
)

// LoginStore keeps what people see of their logins, and end.
type LoginStore interface {
	// Sessions lists a user's that have neither ended nor expired, newest first.
	Sessions(ctx context.Context, userID string, now time.Time, cursor Cursor, limit int) (Page[Session], error)
	// EndSessionOf ends one of the user's sessions; one that has ended stays so. It fails with ErrSessionMissing.
	EndSessionOf(ctx context.Context, userID, id string, now time.Time) error
	// EndOtherSessions ends all of the user's but keepSessionID. With one to keep it also voids the tokens without a
	// session that were issued before now; without, the caller's may be one of those.
	EndOtherSessions(ctx context.Context, userID, keepSessionID string, now time.Time) error
	// EndLogins ends all of the user's, and voids the tokens without a session that were issued before now.
	EndLogins(ctx context.Context, userID string, now time.Time) error
	// TokensValidAfter is that of SessionStore.
	TokensValidAfter(ctx context.Context, userID, sessionID string) (time.Time, error)
	// NoteLogin notes that a user logs in. known is true for the first time, and when the user has had a session on
	// such a device in this network, as long as sessions are kept.
	NoteLogin(ctx context.Context, userID, device, network string, now time.Time) (known bool, err error)
	// KnowsNetwork reports whether the user has had a session in the network, as long as sessions are kept.
	KnowsNetwork(ctx context.Context, userID, network string) (bool, error)
	// NoteGuessing saves a message to the user about wrong passwords, unless it saved one after the given moment.
	NoteGuessing(ctx context.Context, m Message, after time.Time) error
	// SaveMessage stores a message that is about no registration, and sends it where mails are sent.
	SaveMessage(ctx context.Context, m Message) error
}

// Sessions lists where the actor is logged in, newest login first.
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

// EndSession ends one of the actor's sessions, perhaps the one that asks. It fails with ErrSessionMissing.
func (s *Logins) EndSession(ctx context.Context, a Actor, id string) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	if !ValidID(id) {
		return ErrSessionMissing
	}
	return s.config.Store.EndSessionOf(ctx, a.UserID, id, s.config.now())
}

// EndOtherSessions ends all sessions of the actor's but the one that asks.
func (s *Logins) EndOtherSessions(ctx context.Context, a Actor) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	return s.config.Store.EndOtherSessions(ctx, a.UserID, a.SessionID, s.config.now())
}

// NoteLogin is called for each login, before its session is made: the user is told of one from a device that is new
// to the account. known says that the device has shown that it isn't. A login doesn't fail for the notice.
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
