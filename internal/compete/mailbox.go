package compete

import (
	"context"
)

// MailboxConfig names what NewMailbox needs.
type MailboxConfig struct {
	Runtime
	Store      MailboxStore
	Statistics StatisticsStore
}

// Mailbox is what people read of their messages.
type Mailbox struct{ config MailboxConfig }

// NewMailbox panics when something is missing.
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

// Get reads one message of the actor's mailbox. It fails with ErrMessageMissing, also for another's.
func (s *Mailbox) Get(ctx context.Context, a Actor, id string) (Message, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Message{}, err
	}
	if !ValidID(id) {
		return Message{}, ErrMessageMissing
	}
	return s.config.Store.Message(ctx, a.UserID, id)
}

// Read marks one message of the actor's mailbox read. It fails with ErrMessageMissing, also for another's.
func (s *Mailbox) Read(ctx context.Context, a Actor, id string) (Message, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Message{}, err
	}
	if !ValidID(id) {
		return Message{}, ErrMessageMissing
	}
	return s.config.Store.ReadMessage(ctx, a.UserID, id, s.config.now())
}

// ReadAll marks the actor's whole mailbox read.
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

// News is for the live streams of many users at once. It belongs to the pages' own loop: no route reaches it.
func (s *Mailbox) News(ctx context.Context, userIDs []string) (map[string]News, error) {
	return s.config.Statistics.NewsOf(ctx, userIDs, UTC(s.config.Clock()).Add(-newsLately))
}
