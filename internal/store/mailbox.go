package store

import (
	"context"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.MailboxStore = (*Store)(nil)

// messageRow are the columns of a message shown in the mailbox; queries use the alias m.
var (
	messageRow = sqldb.Columns[compete.Message]{
		{Name: "id", Type: "uuid", Field: func(m *compete.Message) any { return &m.ID }},
		{Name: "user_id", Type: "uuid", Field: func(m *compete.Message) any { return &m.UserID }},
		{
			Name: "registration_id", Type: "uuid",
			Field: func(m *compete.Message) any { return sqldb.Optional(&m.RegistrationID) },
		},
		{Name: "seq", Type: "bigint", Field: func(m *compete.Message) any { return sqldb.Optional(&m.Seq) }},
		{Name: "kind", Type: "text", Field: func(m *compete.Message) any { return &m.Kind }},
		{Name: "start_date", Type: "time", Field: func(m *compete.Message) any { return &m.StartDate }},
		{Name: "to", Type: "text", Field: func(m *compete.Message) any { return &m.To }},
		{Name: "subject", Type: "text", Field: func(m *compete.Message) any { return &m.Subject }},
		{Name: "body", Type: "text", Field: func(m *compete.Message) any { return &m.Body }},
		{Name: "sent_at", Type: "time", Field: func(m *compete.Message) any { return &m.SentAt }},
		{Name: "read_at", Type: "time", Field: func(m *compete.Message) any { return &m.ReadAt }},
	}
	messageColumns = messageRow.Select("m")
	scanMessage    = messageRow.Scan

	// messageOrigin is what caused a message. It is only written.
	messageOrigin = sqldb.Columns[compete.Message]{
		// The column is named for the first kind of occasion.
		{Name: "move_id", Type: "uuid", Field: func(m *compete.Message) any { return sqldb.Optional(&m.OccasionID) }},
		{Name: "link_id", Type: "uuid", Field: func(m *compete.Message) any { return sqldb.Optional(&m.LinkID) }},
	}
	newMessageRow = slices.Concat(messageRow, messageOrigin)
)

// Messages implements compete.MailboxStore.
func (s *Store) Messages(
	ctx context.Context, userID string, cursor compete.Cursor, limit int,
) (compete.Page[compete.Message], error) {
	if !compete.ValidID(userID) {
		return compete.Page[compete.Message]{}, nil
	}
	var st statement
	st.Add(`SELECT `+messageColumns+` FROM messages m WHERE m.user_id = %s`, userID)
	if !cursor.IsZero() {
		st.Add(` AND (m.sent_at, m.id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY m.sent_at DESC, m.id DESC LIMIT %s`, limit+1)
	messages, err := sqldb.List(ctx, s.reader, scanMessage, st.Text(), st.Args()...)
	return page(messages, limit, "messages",
		func(m compete.Message) (int64, string) { return m.SentAt.UnixMicro(), m.ID }), err
}

// Message implements compete.MailboxStore.
func (s *Store) Message(ctx context.Context, userID, id string) (compete.Message, error) {
	return message(ctx, s.reader, userID, id)
}

func message(ctx context.Context, q sqldb.Querier, userID, id string) (compete.Message, error) {
	if !compete.ValidID(userID) || !compete.ValidID(id) {
		return compete.Message{}, compete.ErrMessageMissing
	}
	return sqldb.One(ctx, q, compete.ErrMessageMissing, scanMessage,
		`SELECT `+messageColumns+` FROM messages m WHERE m.id = $1 AND m.user_id = $2`, id, userID)
}

// ReadMessage implements compete.MailboxStore.
func (s *Store) ReadMessage(ctx context.Context, userID, id string, now time.Time) (compete.Message, error) {
	m, err := message(ctx, s.reader, userID, id)
	if err != nil || m.ReadAt != nil {
		return m, err
	}
	read := compete.AuditRecord{At: now, Action: compete.AuditMessagesRead, UserID: userID, SubjectID: id}
	if _, err := s.changeRecorded(ctx, read,
		`UPDATE messages SET read_at = $2 WHERE id = $1 AND read_at IS NULL`, id, compete.UTC(now)); err != nil {
		return compete.Message{}, err
	}
	return message(ctx, s.reader, userID, id) // another request may have been the first
}

// ReadAllMessages implements compete.MailboxStore.
func (s *Store) ReadAllMessages(ctx context.Context, userID string, now time.Time) error {
	if !compete.ValidID(userID) {
		return nil
	}
	_, err := s.changeRecorded(ctx, compete.AuditRecord{At: now, Action: compete.AuditMessagesRead, UserID: userID},
		`UPDATE messages SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL`, userID, compete.UTC(now))
	return err
}

// UnreadMessages implements compete.MailboxStore.
func (s *Store) UnreadMessages(ctx context.Context, userID string) (int, error) {
	if !compete.ValidID(userID) {
		return 0, nil
	}
	return sqldb.One(ctx, s.reader, nil, sqldb.ScanInt,
		`SELECT count(*) FROM messages WHERE user_id = $1 AND read_at IS NULL`, userID)
}

// SaveMessage implements compete.LoginStore.
func (s *Store) SaveMessage(ctx context.Context, m compete.Message) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error { return s.saveMessage(ctx, tx, m) })
}

// saveMessage stores a message that isn't about a registration; it ignores one without an ID.
func (s *Store) saveMessage(ctx context.Context, tx Tx, m compete.Message) error {
	if m.ID == "" {
		return nil
	}
	_, err := sqldb.Change(ctx, tx, newMessageRow.Insert("messages"), newMessageRow.Values(&m)...)
	if err != nil || m.LinkID == "" && (m.Kept || !s.mailing) {
		return err
	}
	return s.enqueue(ctx, tx, []compete.Job{mailJob(&m)})
}
