package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.OutgoingStore = (*Store)(nil)

// enqueueMails adds a MailJob for each newly written message in rows, if messages are sent by email.
func (s *Store) enqueueMails(ctx context.Context, tx Tx, messages []compete.Message, rows [][]any, written int) error {
	if !s.mailing || written == 0 {
		return nil
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row[0].(string)
	}
	if written < len(rows) { // some existed already, under other ids
		var err error
		if ids, err = sqldb.List(ctx, tx, sqldb.ScanString,
			`SELECT id FROM messages WHERE id {any $1 uuid}`, s.db.Array(ids)); err != nil {
			return err
		}
	}
	there := make(map[string]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	jobs := make([]compete.Job, 0, len(ids))
	for i := range messages {
		if m := &messages[i]; there[m.ID] {
			there[m.ID] = false
			jobs = append(jobs, mailJob(m))
		}
	}
	return s.enqueue(ctx, tx, jobs)
}

func mailJob(m *compete.Message) compete.MailJob {
	return compete.MailJob{MessageID: m.ID, UserID: m.UserID, About: m.Kind, Details: m.Details}
}

// Outgoing implements compete.OutgoingStore. The link is only included while it is valid.
func (s *Store) Outgoing(ctx context.Context, messageID string) (compete.Outgoing, error) {
	if !compete.ValidID(messageID) {
		return compete.Outgoing{}, compete.ErrMessageMissing
	}
	var o compete.Outgoing
	var email string
	var verified, remindersOff, disabled *time.Time
	var link compete.Link
	message, err := sqldb.One(ctx, s.reader, compete.ErrMessageMissing,
		sqldb.ScanWith(scanMessage, append([]any{&o.DeliveredAt, &o.Name, &email, &verified, &remindersOff, &disabled},
			linkRow.Fields(&link)...)...),
		`SELECT `+messageColumns+
			`, m.delivered_at, u.name, u.email, u.verified_at, u.reminders_off_at, u.disabled_at, `+linkColumns+`
		FROM messages m JOIN users u ON u.id = m.user_id
		LEFT JOIN account_links l ON l.id = m.link_id AND l.used_at IS NULL AND l.token_hash IS NOT NULL
		WHERE m.id = $1`, messageID)
	if err != nil {
		return compete.Outgoing{}, err
	}
	o.Message, o.RemindersOff = message, remindersOff != nil
	o.Disabled = disabled != nil
	o.Verified = verified != nil && !verified.After(message.SentAt) &&
		compete.NormalizeEmail(email) == compete.NormalizeEmail(message.To)
	if link.ID != "" {
		o.Link, o.LinkID = &link, link.ID
	}
	return o, nil
}

// EarlierMessages implements compete.OutgoingStore.
func (s *Store) EarlierMessages(ctx context.Context, m compete.Message, since time.Time, most int) (int, error) {
	var st statement
	st.Add(`SELECT m.id FROM messages m WHERE m.user_id = %s AND m.sent_at >= %s AND (m.sent_at, m.id) < (%s, %s)
		AND m.link_id IS NULL`,
		m.UserID, compete.UTC(since), compete.UTC(m.SentAt), m.ID)
	if m.Kind == compete.MessageSecurity {
		st.Add(` AND m.kind = %s`, string(m.Kind))
	}
	st.Add(` LIMIT %s`, most)
	earlier, err := sqldb.List(ctx, s.reader, sqldb.ScanString, st.Text(), st.Args()...)
	return len(earlier), err
}

var markDelivered = sqldb.NewBulk("id uuid, at time",
	`UPDATE messages SET delivered_at = v.at {from} WHERE messages.id = v.id AND messages.delivered_at IS NULL`)

// MailsTaken implements compete.OutgoingStore.
func (s *Store) MailsTaken(ctx context.Context, messageIDs []string, at time.Time) error {
	ids := validIDs(messageIDs)
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{id, compete.UTC(at)}
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Bulk(ctx, markDelivered, rows)
		return err
	})
}
