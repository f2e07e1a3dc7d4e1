package compete

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Mail is an email to be sent.
type Mail struct {
	MessageID   string // id of the Message, also used as the email's Message-ID: the same for each attempt
	Kind        MessageKind
	To          string
	ToName      string // empty if omitted
	Subject     string
	Text        string
	HTML        string
	SentAt      time.Time
	Unsubscribe string // URL for one-click unsubscription by POST (RFC 8058); empty for essential emails
}

// Mailer sends emails. Implementations must be safe for concurrent use.
type Mailer interface {
	// Send returns nil once a server has accepted the email. Errors: ErrMailServer if the server can't be used for any
	// email; ErrMailRefused if it will never accept this one; ErrBusy if too many are being sent; any other error if
	// another attempt may succeed, or the email was already accepted.
	Send(ctx context.Context, m Mail) error
}

// The specific errors of a Mailer.
var (
	ErrMailServer  = errors.New("the mail server is unavailable")
	ErrMailRefused = errors.New("the mail server rejected this email for good")
)

// Wording is the text of a message.
type Wording struct {
	Subject string
	Body    string          // plain text
	Details json.RawMessage // data for the HTML part; empty if no email is sent
}

// Outgoing is a stored message with the additional data needed to send it.
type Outgoing struct {
	Message
	Name         string // of the user
	Verified     bool   // To was verified when the message was written, and still is
	DeliveredAt  *time.Time
	RemindersOff bool  // the user has turned reminders off
	Disabled     bool  // the user's account is disabled
	Link         *Link // the link in the email, while valid; nil for most
}

// OutgoingStore keeps track of sent messages.
type OutgoingStore interface {
	// Outgoing reads a message to be sent. It fails with ErrMessageMissing.
	Outgoing(ctx context.Context, messageID string) (Outgoing, error)
	// EarlierMessages counts the user's messages written before m and no earlier than since, up to most. Messages with
	// a link aren't counted; for a security message, only others of that kind are.
	EarlierMessages(ctx context.Context, m Message, since time.Time, most int) (int, error)
	// MailsTaken records that a server has accepted the emails of these messages; only the first time counts.
	MailsTaken(ctx context.Context, messageIDs []string, at time.Time) error
}
