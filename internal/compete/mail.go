package compete

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Mail is a message on its way out of the program.
type Mail struct {
	MessageID   string // id of the Message, which names the mail to its receivers too: the same at each attempt
	Kind        MessageKind
	To          string
	ToName      string // empty when it is left out
	Subject     string
	Text        string
	HTML        string
	SentAt      time.Time
	Unsubscribe string // address that ends such mails by one POST (RFC 8058); empty for mails that one can't do without
}

// Mailer sends mails. Whoever takes part in it may be called from many goroutines.
type Mailer interface {
	// Send returns nil once a server has taken the mail. Errors: ErrMailServer when the server can't be used, whatever
	// the mail; ErrMailRefused when it will never take this one; ErrBusy when too many are being sent; any other when
	// it may take it at another attempt, or already has.
	Send(ctx context.Context, m Mail) error
}

// The failures of a Mailer that say more than that it failed.
var (
	ErrMailServer  = errors.New("the mail server is unavailable")
	ErrMailRefused = errors.New("the mail server rejected this email for good")
)

// Wording is the text of a message.
type Wording struct {
	Subject string
	Body    string          // plain text
	Details json.RawMessage // what its HTML part is made from; empty when no mail is sent
}

// Outgoing is a stored message and what sending it needs to know beside.
type Outgoing struct {
	Message
	Name         string // of the user
	Verified     bool   // To was the user's own when the message was written, and is
	DeliveredAt  *time.Time
	RemindersOff bool  // the user wants none
	Disabled     bool  // the user's account is
	Link         *Link // that the mail carries, while it can be used; nil for most mails
}

// OutgoingStore keeps track of what was sent.
type OutgoingStore interface {
	// Outgoing reads a message to be sent. It fails with ErrMessageMissing.
	Outgoing(ctx context.Context, messageID string) (Outgoing, error)
	// EarlierMessages counts the messages to the same user that were written before m, at since or later, up to most.
	// Those that carry a link don't count; for one about security, others of that kind alone do.
	EarlierMessages(ctx context.Context, m Message, since time.Time, most int) (int, error)
	// MailsTaken notes that a server has taken the mails of these messages; the first time counts.
	MailsTaken(ctx context.Context, messageIDs []string, at time.Time) error
}
