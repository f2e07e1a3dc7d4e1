package compete

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// LinkPurpose says what a link in a mail is for.
type LinkPurpose string

// The purposes of links.
const (
	LinkVerify LinkPurpose = "verify" // shows that the address of an account is its user's
	LinkChange LinkPurpose = "change" // gives an account another address, which the link was sent to
	LinkReset  LinkPurpose = "reset"  // sets a new password
)

// How long links can be used.
const (
	VerifyLinkLife = 48 * time.Hour
	ChangeLinkLife = 24 * time.Hour
	ResetLinkLife  = time.Hour
)

// Life is how long a link can be used.
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

// At most so many links of one purpose are sent to one address, whether or not it has an account.
const (
	LinksAnHour = 5
	LinkPause   = time.Minute
)

// Link is a link that a mail carries: it can be used once, for a while. Its token is known to the mail alone.
type Link struct {
	ID        string
	Purpose   LinkPurpose
	Email     string // that it is sent to, normalized
	UserID    string // empty until it is known whose it is
	TokenHash string // of HashToken; empty until it is written
	CreatedAt time.Time
	ExpiresAt time.Time
}

// HashToken is the form in which a link's token is kept: SHA-256 in hex. A token is as good as random, so no salt is
// needed.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// LinkKeys makes what only this installation can make.
type LinkKeys interface {
	// Token is that of the link with this id, always the same one, so that it need not be kept between the request and
	// the mail.
	Token(linkID string) string
	// TokenOf is the token of a link that was written with any of the keys that are valid now; ok is false when it was
	// none of them.
	TokenOf(l Link) (token string, ok bool)
	// Unsubscribe is a token that ends the reminders of a user, for ever.
	Unsubscribe(userID string) string
	// Unsubscriber is whose token it is; ok is false for one that Unsubscribe didn't make.
	Unsubscriber(token string) (userID string, ok bool)
}

// LinkStore keeps links and does, each in one transaction, what they are for.
type LinkStore interface {
	// RequestLink keeps the request and enqueues its AccountMailJob. It fails with ErrLinkTooSoon when LinkPause or
	// LinksAnHour says so.
	RequestLink(ctx context.Context, l Link) error
	// WriteLink gives a requested link its user and TokenHash, and stores the message that goes with it. A link that
	// has a TokenHash already stays as it is, and the message is left out: the job was done before.
	WriteLink(ctx context.Context, l Link, m Message) error
	// SaveLink keeps a link that no mail carries.
	SaveLink(ctx context.Context, l Link) error
	// Link finds one that can be used now. It fails with ErrLinkVoid.
	Link(ctx context.Context, tokenHash string, now time.Time) (Link, error)
	// UseVerifyLink marks the address of the link's user as verified, if it still is the link's, and the link and
	// others like it as used. Errors: ErrLinkVoid.
	UseVerifyLink(ctx context.Context, l Link, now time.Time) (User, error)
	// UseChangeLink gives the link's user the link's address, verified, makes the user's other links void and stores
	// the message. With a passwordHash it also sets the password, ends all logins and forgets who had the account.
	// Errors: ErrLinkVoid, ErrEmailTaken.
	UseChangeLink(ctx context.Context, l Link, passwordHash string, m Message, now time.Time) (User, error)
	// UseResetLink sets the password of the link's user, whose address it verifies, if it still is the link's, ends all
	// logins, makes the user's other links void and stores the message. If the address wasn't verified, whoever had the
	// account is forgotten: second factors, and the devices and networks of earlier logins. Errors: ErrLinkVoid.
	UseResetLink(ctx context.Context, l Link, passwordHash string, m Message, now time.Time) (User, error)
	// SetReminders turns a user's reminders on or off. It fails with ErrUserMissing.
	SetReminders(ctx context.Context, userID string, on bool, now time.Time) error
}

// randomToken is a token that nobody can guess: 260 random bits.
func randomToken() string { return rand.Text() + rand.Text() }
