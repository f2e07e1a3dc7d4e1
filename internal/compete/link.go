package compete

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// LinkPurpose is the purpose of a link in an email.
type LinkPurpose string

// The purposes of links.
const (
	LinkVerify LinkPurpose = "verify" // verifies an account's address
	LinkChange LinkPurpose = "change" // changes an account's address to the one the link was sent to
	LinkReset  LinkPurpose = "reset"  // sets a new password
)

// How long links are valid.
const (
	VerifyLinkLife = 48 * time.Hour
	ChangeLinkLife = 24 * time.Hour
	ResetLinkLife  = time.Hour
)

// Life returns how long a link is valid.
func (p LinkPurpose) Life() time.Duration {
	switch p {
	case LinkVerify:
		return VerifyLinkLife
	case LinkChange:
		return ChangeLinkLife
	case LinkReset:
	}
	return ResetLinkLife
}

// The maximum number of links of one purpose sent to one address, whether or not it has an account.
const (
	LinksAnHour = 5
	LinkPause   = time.Minute
)

// Link is a link sent by email: it works once, for a limited time. Its token appears only in the email.
type Link struct {
	ID        string
	Purpose   LinkPurpose
	Email     string // the recipient's address, normalized
	UserID    string // empty until the account is looked up
	TokenHash string // HashToken of the token; empty until the email is written
	CreatedAt time.Time
	ExpiresAt time.Time
}

// HashToken returns the stored form of a link's token: SHA-256 in hex. Tokens have enough entropy not to need a salt.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// LinkKeys creates tokens that only this installation can create.
type LinkKeys interface {
	// Token returns the token of the link with this id. It is always the same, so it needn't be stored between the
	// request and the email.
	Token(linkID string) string
	// TokenOf returns the token of a link written with any currently valid key; ok is false if none matches.
	TokenOf(l Link) (token string, ok bool)
	// Unsubscribe returns a token that turns off a user's reminders. It never expires.
	Unsubscribe(userID string) string
	// Unsubscriber returns the user of an Unsubscribe token; ok is false if the token is invalid.
	Unsubscriber(token string) (userID string, ok bool)
}

// LinkStore stores links and performs their effects, each in one transaction.
type LinkStore interface {
	// RequestLink stores the request and enqueues its AccountMailJob. It fails with ErrLinkTooSoon as limited by
	// LinkPause and LinksAnHour.
	RequestLink(ctx context.Context, l Link) error
	// WriteLink sets the user and TokenHash of a requested link, and stores its message. If the link already has a
	// TokenHash, the job has run before: WriteLink changes nothing and stores no message.
	WriteLink(ctx context.Context, l Link, m Message) error
	// SaveLink stores a link that isn't sent by email.
	SaveLink(ctx context.Context, l Link) error
	// Link finds a valid link. It fails with ErrLinkVoid.
	Link(ctx context.Context, tokenHash string, now time.Time) (Link, error)
	// UseVerifyLink verifies the user's address if it is still the link's, and marks the link and others like it as
	// used. Errors: ErrLinkVoid.
	UseVerifyLink(ctx context.Context, l Link, now time.Time) (User, error)
	// UseChangeLink sets the user's address to the link's, verified, voids the user's other links and stores the
	// message. Errors: ErrLinkVoid, ErrEmailTaken.
	UseChangeLink(ctx context.Context, l Link, m Message, now time.Time) (User, error)
	// UseResetLink sets the user's password, verifies the address if it is still the link's, ends all sessions, voids
	// the user's other links and stores the message. If the address wasn't verified, it also removes what earlier users
	// of the account left: second factors, and the devices and networks of earlier logins. Errors: ErrLinkVoid.
	UseResetLink(ctx context.Context, l Link, passwordHash string, m Message, now time.Time) (User, error)
	// SetReminders turns a user's reminders on or off. It fails with ErrUserMissing.
	SetReminders(ctx context.Context, userID string, on bool, now time.Time) error
}

// randomToken returns an unguessable token of 260 random bits.
func randomToken() string { return rand.Text() + rand.Text() }
