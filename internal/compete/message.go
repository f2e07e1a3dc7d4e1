package compete

import (
	"encoding/json"
	"slices"
	"time"
)

// MessageKind says why a message was sent.
type MessageKind string

// The kinds of messages. MessagePromoted takes the place of MessageConfirmed for a registration that came from the
// waitlist.
const (
	MessageConfirmed            MessageKind = "confirmed"
	MessageWaitlisted           MessageKind = "waitlisted"
	MessagePromoted             MessageKind = "promoted"
	MessageCancelled            MessageKind = "cancelled"
	MessageRemoved              MessageKind = "removed" // cancelled by the organizer or an admin
	MessageCompetitionCancelled MessageKind = "competition_cancelled"
	MessageReminder             MessageKind = "reminder"
	MessageChanged              MessageKind = "changed" // its time or place was moved
	MessageOffered              MessageKind = "offered" // a seat came free, and is to be accepted
	MessageOfferReminder        MessageKind = "offer_reminder"
	MessageOfferExpired         MessageKind = "offer_expired"
	MessageOfferDeclined        MessageKind = "offer_declined"

	// Those about accounts. The first three carry a link, which only the mail shows: a message in the mailbox is read
	// by who holds a login, and the link is to show that who uses it reads the mails.
	MessageVerifyEmail   MessageKind = "verify_email"
	MessagePasswordReset MessageKind = "password_reset"
	MessageChangeEmail   MessageKind = "change_email"   // to the address that the account is to have
	MessageAddressInUse  MessageKind = "address_in_use" // somebody wants the address of this account for another
	MessageSecurity      MessageKind = "security"       // a SecurityEvent

	MessageOrganizerApproved MessageKind = "organizer_approved"
	MessageOrganizerDeclined MessageKind = "organizer_declined"
	MessageTest              MessageKind = "test_email"      // only ever an email
	MessageAccountDeleted    MessageKind = "account_deleted" // only ever an email
)

// MessageTraits is what holds for all messages of a kind.
type MessageTraits struct {
	Priority int // of its email among others

	// Of messages about a registration.
	Holds      func(t *Target) bool // whether what it says is still so, and news; nil when the kind is about an account
	Confirms   bool                 // it goes with the step from PENDING to CONFIRMED, and needs the seat
	NeedsPlace bool                 // it's for who isn't CANCELLED
	Optional   bool                 // people can turn it off

	// Of messages about an account.
	Link      LinkPurpose // of the link that its email carries; empty for none
	Anonymous bool        // it names nobody, because it goes to an address that nobody has confirmed
	EmailOnly bool        // it's in no mailbox
}

// messageKinds is the table of all kinds, in the order in which they are listed.
var messageKinds = []struct {
	kind MessageKind
	MessageTraits
}{
	{MessageConfirmed, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationPending), Confirms: true}},
	{MessageWaitlisted, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationWaitlisted)}},
	{MessagePromoted, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationPending), Confirms: true}},
	{MessageCancelled, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageRemoved, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageCompetitionCancelled, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageReminder, MessageTraits{Priority: PriorityLater, Holds: beforeStart, Optional: true}},
	{MessageChanged, MessageTraits{
		Priority: PriorityUsual, Holds: inStatus(activeStatuses...), NeedsPlace: true,
	}},
	{MessageOffered, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationOffered)}},
	{MessageOfferReminder, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationOffered)}},
	{MessageOfferExpired, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageOfferDeclined, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},

	{MessageVerifyEmail, MessageTraits{Priority: PriorityNow, Link: LinkVerify, Anonymous: true}},
	{MessagePasswordReset, MessageTraits{Priority: PriorityNow, Link: LinkReset}},
	{MessageChangeEmail, MessageTraits{Priority: PriorityNow, Link: LinkChange, Anonymous: true}},
	{MessageAddressInUse, MessageTraits{Priority: PriorityNow}},
	{MessageSecurity, MessageTraits{Priority: PriorityNow}},

	{MessageOrganizerApproved, MessageTraits{Priority: PriorityUsual}},
	{MessageOrganizerDeclined, MessageTraits{Priority: PriorityUsual}},
	{MessageTest, MessageTraits{Priority: PriorityNow, EmailOnly: true}},
	{MessageAccountDeleted, MessageTraits{Priority: PriorityNow, EmailOnly: true}},
}

// inStatus makes a Holds for a registration that has one of the statuses. One that is CONFIRMED has its message, which
// was written in the same transaction.
func inStatus(statuses ...RegistrationStatus) func(*Target) bool {
	return func(t *Target) bool { return slices.Contains(statuses, t.Registration.Status) }
}

func beforeStart(t *Target) bool {
	return t.Registration.Status == RegistrationConfirmed && t.Competition.StartDate != nil
}

var traits = func() map[MessageKind]MessageTraits {
	byKind := make(map[MessageKind]MessageTraits, len(messageKinds))
	for _, row := range messageKinds {
		byKind[row.kind] = row.MessageTraits
	}
	return byKind
}()

// MessageKinds lists all kinds.
func MessageKinds() []MessageKind {
	kinds := make([]MessageKind, len(messageKinds))
	for i, row := range messageKinds {
		kinds[i] = row.kind
	}
	return kinds
}

// Traits is what holds for all messages of the kind; of an unknown one, such as a later version may have stored,
// nothing special does.
func (k MessageKind) Traits() MessageTraits { return traits[k] }

// AboutAccount reports whether messages of the kind are about an account rather than a registration.
func (k MessageKind) AboutAccount() bool {
	known, ok := traits[k]
	return ok && known.Holds == nil
}

// SecurityEvent is what the owner of an account should know in case it was somebody else. Its texts are the program's
// own words or addresses, nothing that a stranger could choose.
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
	SecurityGuesses  SecurityChange = "guesses"  // many wrong passwords were tried

	SecurityAppAdded       SecurityChange = "app_added" // an authenticator app
	SecurityAppRemoved     SecurityChange = "app_removed"
	SecurityPasskeyAdded   SecurityChange = "passkey_added"
	SecurityPasskeyRemoved SecurityChange = "passkey_removed"
	SecurityRecoveryCode   SecurityChange = "recovery_code" // one was used
	SecurityNewCodes       SecurityChange = "new_codes"     // the recovery codes were replaced
	SecurityFactorsReset   SecurityChange = "factors_reset" // by an admin
)

// Message is a mail to a user. The mailbox is the table of them; SMTP delivery, where set up, comes on top.
// A message is unique by (RegistrationID, Seq, Kind), a reminder by (RegistrationID, Seq, StartDate), and one about a
// move by (RegistrationID, Seq, MoveID).
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
