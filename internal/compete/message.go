package compete

import (
	"encoding/json"
	"slices"
	"time"
)

// MessageKind says why a message was sent.
type MessageKind string

// The kinds of messages. A registration promoted from the waitlist gets MessagePromoted instead of MessageConfirmed.
const (
	MessageConfirmed            MessageKind = "confirmed"
	MessageWaitlisted           MessageKind = "waitlisted"
	MessagePromoted             MessageKind = "promoted"
	MessageCancelled            MessageKind = "cancelled"     // a seat was given up
	MessageWithdrawn            MessageKind = "withdrawn"     // an application
	MessageLeftWaitlist         MessageKind = "left_waitlist" // a place in line was given up
	MessageRemoved              MessageKind = "removed"       // cancelled by staff, or by the team's captain
	MessageCompetitionCancelled MessageKind = "competition_cancelled"
	MessageReminder             MessageKind = "reminder"
	MessageChanged              MessageKind = "changed" // its time or place was moved
	MessageOffered              MessageKind = "offered" // a seat came free, and is to be accepted
	MessageOfferReminder        MessageKind = "offer_reminder"
	MessageOfferExpired         MessageKind = "offer_expired"
	MessageOfferDeclined        MessageKind = "offer_declined"
	MessageApplied              MessageKind = "applied"
	MessageRejected             MessageKind = "rejected"
	// to the captain of a team with too few members, and to people without a team, some time before the deadline
	MessageTeamTooSmall   MessageKind = "team_too_small"
	MessageIncompleteTeam MessageKind = "incomplete_team" // cancelled with a team that had too few members
	MessageTeamInvited    MessageKind = "team_invited"    // to somebody who looks for a team
	MessageTeamCaptain    MessageKind = "team_captain"    // to the new captain
	MessageTeamLeft       MessageKind = "team_left"       // to who was taken out of it, and keeps their place

	// Messages about accounts. The first four carry a link, which only appears in the email: anyone logged in can read
	// the mailbox, but using the link must prove access to the emails.
	MessageVerifyEmail   MessageKind = "verify_email"
	MessageInvited       MessageKind = "invited" // to an account that staff made, which has no password yet
	MessagePasswordReset MessageKind = "password_reset"
	MessageChangeEmail   MessageKind = "change_email"   // to the address that the account is to have
	MessageAddressInUse  MessageKind = "address_in_use" // somebody wants the address of this account for another
	MessageSecurity      MessageKind = "security"       // a SecurityEvent

	MessageOrganizerApproved MessageKind = "organizer_approved"
	MessageOrganizerDeclined MessageKind = "organizer_declined"
	MessageUndecided         MessageKind = "undecided"       // to an organizer: applications at the start
	MessageValueDue          MessageKind = "value_due"       // to an organizer: the draw waits for a value
	MessageTest              MessageKind = "test_email"      // only ever an email
	MessageAccountDeleted    MessageKind = "account_deleted" // only ever an email
)

// GaveUp returns the kind of the message to somebody who gave up a registration with that status.
func GaveUp(before RegistrationStatus) MessageKind {
	switch before {
	case RegistrationApplied, RegistrationRejected:
		return MessageWithdrawn
	case RegistrationWaitlisted:
		return MessageLeftWaitlist
	default:
		return MessageCancelled
	}
}

// MessageTraits describes all messages of a kind.
type MessageTraits struct {
	Priority int // of its email, relative to others

	// For messages about a registration.
	Holds      func(t *Target) bool // whether the message is still true and news; nil for kinds about an account
	Confirms   bool                 // sent with the step from PENDING to CONFIRMED, and requires a seat
	NeedsPlace bool                 // not for CANCELLED or REJECTED registrations
	Optional   bool                 // people can turn it off

	// For messages about an account.
	Link      LinkPurpose // of the link in its email; empty if there is none
	Anonymous bool        // contains no name, because it goes to an unconfirmed address
	EmailOnly bool        // doesn't appear in the mailbox
}

// messageKinds lists all kinds, in display order.
var messageKinds = []struct {
	kind MessageKind
	MessageTraits
}{
	{MessageConfirmed, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationPending), Confirms: true}},
	{MessageWaitlisted, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationWaitlisted)}},
	{MessagePromoted, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationPending), Confirms: true}},
	{MessageCancelled, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageWithdrawn, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageLeftWaitlist, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageRemoved, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageCompetitionCancelled, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageReminder, MessageTraits{Priority: PriorityLater, Holds: confirmedWithStart, Optional: true}},
	{MessageChanged, MessageTraits{
		Priority: PriorityUsual, Holds: inStatus(hopefulStatuses...), NeedsPlace: true,
	}},
	{MessageOffered, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationOffered)}},
	{MessageOfferReminder, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationOffered)}},
	{MessageOfferExpired, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageOfferDeclined, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},
	{MessageApplied, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationApplied)}},
	{MessageRejected, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationRejected)}},
	{MessageTeamTooSmall, MessageTraits{
		Priority: PriorityUsual, Holds: withoutTeam, NeedsPlace: true,
	}},
	{MessageTeamCaptain, MessageTraits{Priority: PriorityUsual, Holds: asCaptain, NeedsPlace: true}},
	{MessageTeamLeft, MessageTraits{Priority: PriorityUsual, Holds: outOfTeam, NeedsPlace: true}},
	{MessageIncompleteTeam, MessageTraits{Priority: PriorityUsual, Holds: inStatus(RegistrationCancelled)}},

	{MessageVerifyEmail, MessageTraits{Priority: PriorityNow, Link: LinkVerify, Anonymous: true}},
	{MessageInvited, MessageTraits{Priority: PriorityNow, Link: LinkVerify, Anonymous: true}},
	{MessagePasswordReset, MessageTraits{Priority: PriorityNow, Link: LinkReset}},
	{MessageChangeEmail, MessageTraits{Priority: PriorityNow, Link: LinkChange, Anonymous: true}},
	{MessageAddressInUse, MessageTraits{Priority: PriorityNow}},
	{MessageSecurity, MessageTraits{Priority: PriorityNow}},

	{MessageOrganizerApproved, MessageTraits{Priority: PriorityUsual}},
	{MessageOrganizerDeclined, MessageTraits{Priority: PriorityUsual}},
	{MessageTeamInvited, MessageTraits{Priority: PriorityUsual}},
	{MessageUndecided, MessageTraits{Priority: PriorityUsual}},
	{MessageValueDue, MessageTraits{Priority: PriorityUsual}},
	{MessageTest, MessageTraits{Priority: PriorityNow, EmailOnly: true}},
	{MessageAccountDeleted, MessageTraits{Priority: PriorityNow, EmailOnly: true}},
}

// inStatus returns a Holds function for registrations with one of the statuses. A CONFIRMED registration already
// has its confirmation, which was written in the same transaction.
func inStatus(statuses ...RegistrationStatus) func(*Target) bool {
	return func(t *Target) bool { return slices.Contains(statuses, t.Registration.Status) }
}

func confirmedWithStart(t *Target) bool {
	return t.Registration.Status == RegistrationConfirmed && t.Competition.StartDate != nil
}

// withoutTeam holds for people in a team with too few members, and for those in none.
func withoutTeam(t *Target) bool {
	rules := t.Competition.Team
	return t.Registration.Status.Hopeful() && rules != nil && t.Team.Size < rules.Min
}

func asCaptain(t *Target) bool {
	return t.Registration.Status.Hopeful() && t.Team.CaptainID == t.Registration.UserID
}

func outOfTeam(t *Target) bool { return t.Registration.Status.Hopeful() && t.Registration.TeamID == "" }

var traits = func() map[MessageKind]MessageTraits {
	byKind := make(map[MessageKind]MessageTraits, len(messageKinds))
	for _, row := range messageKinds {
		byKind[row.kind] = row.MessageTraits
	}
	return byKind
}()

// MessageKinds returns all kinds.
func MessageKinds() []MessageKind {
	kinds := make([]MessageKind, len(messageKinds))
	for i, row := range messageKinds {
		kinds[i] = row.kind
	}
	return kinds
}

// Traits returns what applies to all messages of the kind. An unknown kind, such as one stored by a later version, has
// zero traits.
func (k MessageKind) Traits() MessageTraits { return traits[k] }

// AboutAccount reports whether messages of the kind are about an account rather than a registration.
func (k MessageKind) AboutAccount() bool {
	known, ok := traits[k]
	return ok && known.Holds == nil
}

// SecurityEvent is something the owner of an account should know about, in case somebody else did it. Its texts are the
// program's own words or addresses, never text that a stranger could choose.
type SecurityEvent struct {
	What    SecurityChange
	Address string // the account's new address, for SecurityEmail
	Device  string // from DeviceName, for SecurityDevice
	Network string // from Client.Network, for SecurityDevice; empty if unknown
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

// Message is a message to a user. The mailbox is the table of messages; they are also sent by SMTP if that is set up. A
// message is unique by (RegistrationID, Seq, Kind), a reminder by (RegistrationID, Seq, StartDate), and one that has an
// OccasionID by (RegistrationID, Seq, OccasionID).
type Message struct {
	ID             string
	UserID         string
	RegistrationID string // empty for messages that aren't about a registration
	Seq            int64
	Kind           MessageKind
	StartDate      *time.Time // of the competition, only for reminders
	// OccasionID tells apart messages of one kind at one place in line: the ID of a Move, of a Release, of an
	// invitation to a team, of a warning before a deadline, or of what happened to a team (Team.EventID). It is empty
	// if there can only be one.
	OccasionID string
	To         string
	Subject    string
	Body       string // plain text
	SentAt     time.Time
	ReadAt     *time.Time

	Details json.RawMessage // of its Wording; not kept in the mailbox
	LinkID  string          // of the Link in its email; empty for most messages
	Kept    bool            // only kept in the mailbox, not emailed: the user hasn't yet confirmed the address
}
