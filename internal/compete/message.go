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
	MessageVerifyEmail   MessageKind = "verify_email"
	MessagePasswordReset MessageKind = "password_reset"
	MessageChangeEmail   MessageKind = "change_email"   // to the address that the account is to have
	MessageAddressInUse  MessageKind = "address_in_use" // somebody wants the address of this account for another
	MessageSecurity      MessageKind = "security"       // a SecurityEvent

	MessageOrganizerApproved MessageKind = "organizer_approved"
	MessageOrganizerDeclined MessageKind = "organizer_declined"
	MessageTest              MessageKind = "test_email" // only ever an email
)

// SecurityEvent is what the owner of an account should know in case it was somebody else. Its texts are the program's own words
// or addresses, nothing that a stranger could choose.
type SecurityEvent struct {
	What    SecurityChange
	Address string // that the account has now, for SecurityEmail
	Device  string // as DeviceName has it, for SecurityDevice
	Network string // as Client.Network has it, for SecurityDevice; empty when unknown
}

// SecurityChange is the kind of a SecurityEvent.
type SecurityChange string

// The kinds of security events.
const (
	SecurityPassword SecurityChange = "password" // a new password was set
	SecurityEmail    SecurityChange = "email"    // the account has another address; its message goes to the one before
	SecurityDevice   SecurityChange = "device"   // a login from a device that it was not used on before
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
	Kept    bool            // it stays in the mailbox alone: nobody has shown yet that the address is the user's
}
