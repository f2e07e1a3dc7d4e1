package compete

import (
	"fmt"
)

// AccountWording words the messages about accounts.
type AccountWording interface {
	// Account words a message of the given kind: for User, about Address.
	Account(kind MessageKind, user User, address string) (Wording, error)
	// Security words a message of kind MessageSecurity.
	Security(user User, event SecurityEvent) (Wording, error)
}

// accountMessages makes the messages about accounts.
type accountMessages struct {
	Runtime
	wording AccountWording
}

// account is a message to the address. Only one with a link goes to an address that nobody has confirmed.
func (m accountMessages) account(kind MessageKind, user User, address string) (Message, error) {
	w, err := m.wording.Account(kind, user, address)
	return m.worded(kind, user, address, w, err)
}

// security is a message of kind MessageSecurity to the address that the user has, or had until now.
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
