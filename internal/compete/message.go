package compete

import "time"

// MessageKind says why a message was sent.
type MessageKind string

// The kinds of messages. MessagePromoted takes the place of MessageConfirmed for a registration that came from the waitlist.
const (
	MessageConfirmed            MessageKind = "confirmed"
	MessageWaitlisted           MessageKind = "waitlisted"
	MessagePromoted             MessageKind = "promoted"
	MessageCancelled            MessageKind = "cancelled"
	MessageCompetitionCancelled MessageKind = "competition_cancelled"
	MessageReminder             MessageKind = "reminder"
)

// Message is a mail to a user. The mailbox is the table of them; SMTP delivery, where set up, comes on top.
// A message is unique by (RegistrationID, Seq, Kind), a reminder by (RegistrationID, Seq, StartDate).
type Message struct {
	ID             string
	UserID         string
	RegistrationID string // empty when the message is about no registration
	Seq            int64
	Kind           MessageKind
	StartDate      *time.Time // of the competition, for reminders only
	To             string
	Subject        string
	Body           string // plain text
	SentAt         time.Time
	ReadAt         *time.Time
}
