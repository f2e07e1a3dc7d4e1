package compete

import (
	"context"
)

// MailboxConfig lists the dependencies of NewMailbox.
type MailboxConfig struct {
	Runtime
	Store      MailboxStore
	Statistics StatisticsStore
}

// Mailbox lets people read their messages.
type Mailbox struct{ config MailboxConfig }

// NewMailbox creates the service. It panics if a dependency is missing.
func NewMailbox(c MailboxConfig) *Mailbox {
	mustBeComplete(c)
	return &Mailbox{c}
}

// List lists the actor's mailbox, newest first.
func (s *Mailbox) List(ctx context.Context, a Actor, cursor string, limit int) (Page[Message], error) {
	if err := require(a, RoleParticipant); err != nil {
		return Page[Message]{}, err
	}
	at, limit, err := listing(validation{}, "messages", cursor, limit)
	if err != nil {
		return Page[Message]{}, err
	}
	return s.config.Store.Messages(ctx, a.UserID, at, limit)
}

// Get reads one of the actor's messages. It fails with ErrMessageMissing, also for another user's message.
func (s *Mailbox) Get(ctx context.Context, a Actor, id string) (Message, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Message{}, err
	}
	if !ValidID(id) {
		return Message{}, ErrMessageMissing
	}
	return s.config.Store.Message(ctx, a.UserID, id)
}

// Read marks one of the actor's messages as read. It fails with ErrMessageMissing, also for another user's message.
func (s *Mailbox) Read(ctx context.Context, a Actor, id string) (Message, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Message{}, err
	}
	if !ValidID(id) {
		return Message{}, ErrMessageMissing
	}
	return s.config.Store.ReadMessage(ctx, a.UserID, id, s.config.now())
}

// ReadAll marks all of the actor's messages as read.
func (s *Mailbox) ReadAll(ctx context.Context, a Actor) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	return s.config.Store.ReadAllMessages(ctx, a.UserID, s.config.now())
}

// Unread counts the actor's unread messages.
func (s *Mailbox) Unread(ctx context.Context, a Actor) (int, error) {
	if err := require(a, RoleParticipant); err != nil {
		return 0, err
	}
	return s.config.Store.UnreadMessages(ctx, a.UserID)
}

// News serves the live streams of many users at once. The pages' own loop calls it; no route does.
func (s *Mailbox) News(ctx context.Context, userIDs []string) (map[string]News, error) {
	return s.config.Statistics.NewsOf(ctx, userIDs, s.config.now().Add(-newsLately))
}
