package compete

import (
	"fmt"
)

// AccountWording writes the text of messages about accounts.
type AccountWording interface {
	// Account writes a message of the given kind to user, about address.
	Account(kind MessageKind, user User, address string) (Wording, error)
	// Undecided tells a competition's organizer how many applications were undecided at its start.
	Undecided(organizer User, c *Competition, undecided int) (Wording, error)
	// ValueDue tells a competition's organizer that the list for its draw is frozen, and that the value of the source
	// with the name is to be entered.
	ValueDue(organizer User, c *Competition, source string) (Wording, error)
	// Invited tells somebody who looks for a team that a captain invites them.
	Invited(user User, i TeamInvitation) (Wording, error)
	// Security writes a message of kind MessageSecurity.
	Security(user User, event SecurityEvent) (Wording, error)
}

// accountMessages creates messages about accounts.
type accountMessages struct {
	Runtime
	wording AccountWording
}

// account returns a message to the address. Unconfirmed addresses only receive messages with a link.
func (m accountMessages) account(kind MessageKind, user User, address string) (Message, error) {
	w, err := m.wording.Account(kind, user, address)
	return m.worded(kind, user, address, w, err)
}

// security returns a message of kind MessageSecurity to the user's address, which may be the one just replaced.
func (m accountMessages) security(user User, event SecurityEvent) (Message, error) {
	w, err := m.wording.Security(user, event)
	return m.worded(MessageSecurity, user, user.Email, w, err)
}

func (m accountMessages) worded(kind MessageKind, user User, to string, w Wording, err error) (Message, error) {
	if err != nil {
		return Message{}, fmt.Errorf("word a message %s: %w", kind, err)
	}
	return Message{
		ID: m.NewID(), UserID: user.ID, Kind: kind, To: to, Subject: w.Subject, Body: w.Body,
		Details: w.Details, SentAt: m.now(),
		Kept: user.VerifiedAt == nil,
	}, nil
}
