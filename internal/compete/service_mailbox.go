package compete

import "context"

// Messages lists the actor's mailbox, newest first.
func (s *Service) Messages(ctx context.Context, a Actor, cursor string, limit int) (Page[Message], error) {
	if err := require(a, RoleParticipant); err != nil {
		return Page[Message]{}, err
	}
	at, limit, err := listing(validation{}, "messages", cursor, limit)
	if err != nil {
		return Page[Message]{}, err
	}
	return s.Mailbox.Messages(ctx, a.UserID, at, limit)
}

// Message reads one message of the actor's mailbox. It fails with ErrMessageMissing, also for another's.
func (s *Service) Message(ctx context.Context, a Actor, id string) (Message, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Message{}, err
	}
	if !ValidID(id) {
		return Message{}, ErrMessageMissing
	}
	return s.Mailbox.Message(ctx, a.UserID, id)
}

// ReadMessage marks one message of the actor's mailbox read. It fails with ErrMessageMissing, also for another's.
func (s *Service) ReadMessage(ctx context.Context, a Actor, id string) (Message, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Message{}, err
	}
	if !ValidID(id) {
		return Message{}, ErrMessageMissing
	}
	return s.Mailbox.ReadMessage(ctx, a.UserID, id, s.now())
}

// ReadAllMessages marks the actor's whole mailbox read.
func (s *Service) ReadAllMessages(ctx context.Context, a Actor) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	return s.Mailbox.ReadAllMessages(ctx, a.UserID, s.now())
}

// UnreadMessages counts the actor's unread messages.
func (s *Service) UnreadMessages(ctx context.Context, a Actor) (int, error) {
	if err := require(a, RoleParticipant); err != nil {
		return 0, err
	}
	return s.Mailbox.UnreadMessages(ctx, a.UserID)
}

// ListFailedJobs lists the dead letters, newest first, for admins.
func (s *Service) ListFailedJobs(ctx context.Context, a Actor, cursor string, limit int) (Page[FailedJob], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[FailedJob]{}, err
	}
	at, limit, err := listing(validation{}, "failed", cursor, limit)
	if err != nil {
		return Page[FailedJob]{}, err
	}
	return s.DeadLetters.FailedJobs(ctx, at, limit)
}

// RetryFailedJob sends a dead letter again, for admins. Errors: ErrFailedJobMissing, ErrFailedJobRetried.
func (s *Service) RetryFailedJob(ctx context.Context, a Actor, id string) (FailedJob, error) {
	if err := require(a, RoleAdmin); err != nil {
		return FailedJob{}, err
	}
	if !ValidID(id) {
		return FailedJob{}, ErrFailedJobMissing
	}
	return s.DeadLetters.RetryFailedJob(ctx, id, s.now())
}
