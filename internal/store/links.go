package store

import (
	"context"
	"fmt"
	"time"

	"minicompete/internal/compete"
)

var _ compete.LinkStore = (*Store)(nil)

const linkColumns = `l.id, l.purpose, l.email, l.user_id, l.token_hash, l.created_at, l.expires_at`

// link is a row of account_links, which may be missing in a join.
type link struct {
	id, purpose, email, userID, tokenHash *string
	createdAt, expiresAt                  *time.Time
}

func (l *link) fields() []any {
	return []any{&l.id, &l.purpose, &l.email, &l.userID, &l.tokenHash, &l.createdAt, &l.expiresAt}
}

func (l *link) value() compete.Link {
	found := compete.Link{ID: *l.id, Purpose: compete.LinkPurpose(*l.purpose), Email: *l.email, CreatedAt: *l.createdAt, ExpiresAt: *l.expiresAt}
	if l.userID != nil {
		found.UserID = *l.userID
	}
	if l.tokenHash != nil {
		found.TokenHash = *l.tokenHash
	}
	return found
}

func scanLink(row scanner) (compete.Link, error) {
	var l link
	if err := row.Scan(l.fields()...); err != nil {
		return compete.Link{}, err
	}
	return l.value(), nil
}

// optional is how a text that may be missing is stored.
func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func insertLink(ctx context.Context, q querier, l compete.Link) error {
	_, err := change(ctx, q, `INSERT INTO account_links (id, purpose, email, user_id, token_hash, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, l.ID, string(l.Purpose), l.Email, optional(l.UserID), optional(l.TokenHash),
		compete.UTC(l.CreatedAt), compete.UTC(l.ExpiresAt))
	return err
}

// SaveLink implements compete.LinkStore.
func (s *Store) SaveLink(ctx context.Context, l compete.Link) error {
	return insertLink(ctx, s.writer, l)
}

// RequestLink implements compete.LinkStore. Nothing in it depends on whether the address has an account.
func (s *Store) RequestLink(ctx context.Context, l compete.Link) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		if serialize := s.dialect.serialize; serialize != "" { // two requests at once must see each other
			if _, err := change(ctx, tx, serialize, string(l.Purpose)+" "+l.Email); err != nil {
				return err
			}
		}
		now := compete.UTC(l.CreatedAt)
		lately, err := list(ctx, tx, scanTime, `SELECT l.created_at FROM account_links l
			WHERE l.email = $1 AND l.purpose = $2 AND l.created_at > $3 ORDER BY l.created_at DESC LIMIT $4`,
			l.Email, string(l.Purpose), now.Add(-time.Hour), compete.LinksAnHour)
		if err != nil {
			return err
		}
		if wait := linkWait(lately, now); wait > 0 {
			tooSoon := *compete.ErrLinkTooSoon
			tooSoon.RetryAfter = wait
			return &tooSoon
		}
		if err := insertLink(ctx, tx, l); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, []compete.Job{
			compete.AccountMailJob{LinkID: l.ID, Purpose: l.Purpose, Email: l.Email, UserID: l.UserID},
		})
	})
}

// linkWait is how long to wait before the next request, after those of the last hour, newest first.
func linkWait(lately []time.Time, now time.Time) time.Duration {
	if len(lately) == 0 {
		return 0
	}
	wait := lately[0].Add(compete.LinkPause).Sub(now)
	if len(lately) >= compete.LinksAnHour {
		wait = max(wait, lately[compete.LinksAnHour-1].Add(time.Hour).Sub(now))
	}
	return wait
}

// WriteLink implements compete.LinkStore.
func (s *Store) WriteLink(ctx context.Context, l compete.Link, m compete.Message) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `UPDATE account_links SET user_id = $2, token_hash = $3 WHERE id = $1 AND token_hash IS NULL AND used_at IS NULL`,
			l.ID, optional(l.UserID), l.TokenHash)
		if err != nil || n == 0 {
			return err
		}
		return s.saveMessage(ctx, tx, m)
	})
}

// SaveMessage implements compete.LoginStore.
func (s *Store) SaveMessage(ctx context.Context, m compete.Message) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error { return s.saveMessage(ctx, tx, m) })
}

// saveMessage stores a message that is about no registration; one without an ID is none.
func (s *Store) saveMessage(ctx context.Context, tx *Tx, m compete.Message) error {
	if m.ID == "" {
		return nil
	}
	_, err := change(ctx, tx, `INSERT INTO messages (id, user_id, kind, "to", subject, body, sent_at, link_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		m.ID, m.UserID, string(m.Kind), m.To, m.Subject, m.Body, compete.UTC(m.SentAt), optional(m.LinkID))
	if err != nil || m.LinkID == "" && (m.Kept || !s.Mailing) {
		return err
	}
	return s.enqueue(ctx, tx, []compete.Job{mailJob(&m)})
}

// Link implements compete.LinkStore.
func (s *Store) Link(ctx context.Context, tokenHash string, now time.Time) (compete.Link, error) {
	return one(ctx, s.reader, compete.ErrLinkVoid, scanLink, `SELECT `+linkColumns+` FROM account_links l JOIN users u ON u.id = l.user_id
		WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2 AND u.disabled_at IS NULL`, tokenHash, compete.UTC(now))
}

// UseVerifyLink implements compete.LinkStore.
func (s *Store) UseVerifyLink(ctx context.Context, l compete.Link, now time.Time) (compete.User, error) {
	return s.useLink(ctx, l, now, func(ctx context.Context, tx *Tx, now time.Time) error {
		return effective(change(ctx, tx, `UPDATE users SET verified_at = $2, updated_at = $2 WHERE id = $1 AND lower(email) = $3`, l.UserID, now, l.Email))
	})
}

// UseChangeLink implements compete.LinkStore.
func (s *Store) UseChangeLink(ctx context.Context, l compete.Link, passwordHash string, m compete.Message, now time.Time) (compete.User, error) {
	return s.useLink(ctx, l, now, func(ctx context.Context, tx *Tx, now time.Time) error {
		n, err := change(ctx, tx, `UPDATE users SET email = $3, verified_at = $2, updated_at = $2 WHERE id = $1`, l.UserID, now, l.Email)
		if violationOf(err) == uniqueViolation {
			return fmt.Errorf("%w: %w", compete.ErrEmailTaken, err)
		}
		if err := effective(n, err); err != nil {
			return err
		}
		if passwordHash == "" {
			if err := tx.voidLinks(ctx, l.UserID, now); err != nil {
				return err
			}
		} else if err := tx.resetPassword(ctx, l, passwordHash, now); err != nil {
			return err
		}
		return s.saveMessage(ctx, tx, m)
	})
}

// UseResetLink implements compete.LinkStore. The mail was read, so the address is its user's.
func (s *Store) UseResetLink(ctx context.Context, l compete.Link, passwordHash string, m compete.Message, now time.Time) (compete.User, error) {
	return s.useLink(ctx, l, now, func(ctx context.Context, tx *Tx, now time.Time) error {
		if err := tx.resetPassword(ctx, l, passwordHash, now); err != nil {
			return err
		}
		return s.saveMessage(ctx, tx, m)
	})
}

// resetPassword takes the account from whoever had it: only those who read the mails of the link's address can log in from now on.
func (t *Tx) resetPassword(ctx context.Context, l compete.Link, passwordHash string, now time.Time) error {
	err := effective(change(ctx, t, `UPDATE users SET password_hash = $3, updated_at = $2, verified_at = coalesce(verified_at, $2)
		WHERE id = $1 AND lower(email) = $4`, l.UserID, now, passwordHash, l.Email))
	if err != nil {
		return err
	}
	if err := t.voidLinks(ctx, l.UserID, now); err != nil {
		return err
	}
	return t.endLogins(ctx, l.UserID, "", now)
}

// useLink marks a link as used, does what it is for, and reads its user, in one transaction.
func (s *Store) useLink(ctx context.Context, l compete.Link, now time.Time, use func(context.Context, *Tx, time.Time) error) (user compete.User, err error) {
	now = compete.UTC(now)
	err = s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `UPDATE account_links SET used_at = $2
			WHERE id = $1 AND user_id = $3 AND token_hash = $4 AND used_at IS NULL AND expires_at > $2`, l.ID, now, l.UserID, l.TokenHash)
		if err := effective(n, err); err != nil {
			return err
		}
		if err := use(ctx, tx, now); err != nil {
			return err
		}
		user, err = one(ctx, tx, compete.ErrLinkVoid, scanUser, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, l.UserID)
		return err
	})
	if err != nil {
		return compete.User{}, err
	}
	return user, nil
}

// effective fails with ErrLinkVoid when a change that goes with the use of a link found no row.
func effective(n int64, err error) error {
	if err == nil && n == 0 {
		return compete.ErrLinkVoid
	}
	return err
}

// voidLinks makes every unused link of the user void, after a change of what they lead to.
func (t *Tx) voidLinks(ctx context.Context, userID string, now time.Time) error {
	_, err := change(ctx, t, `UPDATE account_links SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL AND purpose <> 'verify'`, userID, now)
	return err
}

// SetReminders implements compete.LinkStore.
func (s *Store) SetReminders(ctx context.Context, userID string, on bool, now time.Time) error {
	if !compete.ValidID(userID) {
		return compete.ErrUserMissing
	}
	var off any = compete.UTC(now)
	if on {
		off = nil
	}
	n, err := change(ctx, s.writer, `UPDATE users SET reminders_off_at = $2 WHERE id = $1`, userID, off)
	if err == nil && n == 0 {
		err = compete.ErrUserMissing
	}
	return err
}
