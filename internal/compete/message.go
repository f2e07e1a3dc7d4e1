package compete

import (
	"encoding/json"
	"time"
)

// MessageKind says why a message was sent.
type MessageKind string

// The kinds of messages. MessagePromoted takes the place of MessageConfirmed for a registration that came from the waitlist.
const (
	MessageConfirmed            MessageKind = "confirmed"
	MessageWaitlisted           MessageKind = "waitlisted"
	MessagePromoted             MessageKind = "promoted"
	MessageCancelled            MessageKind = "cancelled"
	MessageRemoved              MessageKind = "removed" // cancelled by the organizer or an admin
	MessageCompetitionCancelled MessageKind = "competition_cancelled"
	MessageReminder             MessageKind = "reminder"
	MessageChanged              MessageKind = "changed" // its time or place was moved

	// Those about accounts. The first three carry a link, which only the mail shows: a message in the mailbox is read by who holds
	// a login, and the link is to show that who uses it reads the mails.
	MessageVerifyEmail       MessageKind = "verify_email"
	MessagePasswordReset     MessageKind = "password_reset"
	MessageChangeEmail       MessageKind = "change_email"  // to the address that the account is to have
	MessageEmailChanged      MessageKind = "email_changed" // to the one that it had
	MessageTest              MessageKind = "test_email"    // only ever an email
	MessageOrganizerApproved MessageKind = "organizer_approved"
	MessageOrganizerDeclined MessageKind = "organizer_declined"
	MessageAddressInUse      MessageKind = "address_in_use" // somebody wants the address of this account for another
)

// Message is a mail to a user. The mailbox is the table of them; SMTP delivery, where set up, comes on top.
// A message is unique by (RegistrationID, Seq, Kind), a reminder by (RegistrationID, Seq, StartDate), and one about a move by
// (RegistrationID, Seq, MoveID).
type Message struct {
	ID             string
	UserID         string
	RegistrationID string // empty when the message is about no registration
	Seq            int64
	Kind           MessageKind
	StartDate      *time.Time // of the competition, for reminders only
	MoveID         string     // of the Move, for MessageChanged only
	To             string
	Subject        string
	Body           string // plain text
	SentAt         time.Time
	ReadAt         *time.Time

	Details json.RawMessage // of its Wording; it isn't kept in the mailbox
	LinkID  string          // of the Link that its mail carries; empty for most
}
