package store

import (
	"context"
	"time"

	"minicompete/internal/compete"
)

var _ compete.MailboxStore = (*Store)(nil)

// Messages implements compete.MailboxStore.
func (s *Store) Messages(ctx context.Context, userID string, cursor compete.Cursor, limit int) (compete.Page[compete.Message], error) {
	if !compete.ValidID(userID) {
		return compete.Page[compete.Message]{}, nil
	}
	var st statement
	st.add(`SELECT `+messageColumns+` FROM messages m WHERE m.user_id = %s`, userID)
	if !cursor.IsZero() {
		st.add(` AND (m.sent_at, m.id) < (%s, %s)`, cursorTime(cursor), cursor.ID)
	}
	st.add(` ORDER BY m.sent_at DESC, m.id DESC LIMIT %s`, limit+1)
	messages, err := list(ctx, s.reader, scanMessage, st.text.String(), st.args...)
	return page(messages, limit, "messages", func(m compete.Message) (int64, string) { return m.SentAt.UnixMicro(), m.ID }), err
}

// Message implements compete.MailboxStore.
func (s *Store) Message(ctx context.Context, userID, id string) (compete.Message, error) {
	return message(ctx, s.reader, userID, id)
}

func message(ctx context.Context, q querier, userID, id string) (compete.Message, error) {
	if !compete.ValidID(userID) || !compete.ValidID(id) {
		return compete.Message{}, compete.ErrMessageMissing
	}
	return one(ctx, q, compete.ErrMessageMissing, scanMessage,
		`SELECT `+messageColumns+` FROM messages m WHERE m.id = $1 AND m.user_id = $2`, id, userID)
}

// ReadMessage implements compete.MailboxStore.
func (s *Store) ReadMessage(ctx context.Context, userID, id string, now time.Time) (compete.Message, error) {
	m, err := message(ctx, s.reader, userID, id)
	if err != nil || m.ReadAt != nil {
		return m, err
	}
	if _, err := change(ctx, s.writer, `UPDATE messages SET read_at = $2 WHERE id = $1 AND read_at IS NULL`, id, compete.UTC(now)); err != nil {
		return compete.Message{}, err
	}
	return message(ctx, s.reader, userID, id) // another press may have been the first
}

// ReadAllMessages implements compete.MailboxStore.
func (s *Store) ReadAllMessages(ctx context.Context, userID string, now time.Time) error {
	if !compete.ValidID(userID) {
		return nil
	}
	_, err := change(ctx, s.writer, `UPDATE messages SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL`, userID, compete.UTC(now))
	return err
}

// UnreadMessages implements compete.MailboxStore.
func (s *Store) UnreadMessages(ctx context.Context, userID string) (int, error) {
	if !compete.ValidID(userID) {
		return 0, nil
	}
	return one(ctx, s.reader, nil, scanInt, `SELECT count(*) FROM messages WHERE user_id = $1 AND read_at IS NULL`, userID)
}

func scanInt(row scanner) (n int, err error) { err = row.Scan(&n); return n, err }
