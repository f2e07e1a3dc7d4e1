package store

import (
	"context"
	"fmt"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.LinkStore = (*Store)(nil)

// linkRow are the columns of a link; queries use the alias l.
var (
	linkRow = sqldb.Columns[compete.Link]{
		{Name: "id", Field: func(l *compete.Link) any { return sqldb.Optional(&l.ID) }}, // NULL in an outer join
		{Name: "purpose", Field: func(l *compete.Link) any { return sqldb.Optional(&l.Purpose) }},
		{Name: "email", Field: func(l *compete.Link) any { return sqldb.Optional(&l.Email) }},
		{Name: "user_id", Field: func(l *compete.Link) any { return sqldb.Optional(&l.UserID) }},
		{Name: "token_hash", Field: func(l *compete.Link) any { return sqldb.Optional(&l.TokenHash) }},
		{Name: "created_at", Field: func(l *compete.Link) any { return sqldb.Optional(&l.CreatedAt) }},
		{Name: "expires_at", Field: func(l *compete.Link) any { return sqldb.Optional(&l.ExpiresAt) }},
	}
	linkColumns = linkRow.Select("l")
	scanLink    = linkRow.Scan
)

func insertLink(ctx context.Context, q sqldb.Querier, l compete.Link) error {
	_, err := sqldb.Change(ctx, q, linkRow.Insert("account_links"), linkRow.Values(&l)...)
	return err
}

// SaveLink implements compete.LinkStore.
func (s *Store) SaveLink(ctx context.Context, l compete.Link) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := insertLink(ctx, tx, l); err != nil {
			return err
		}
		return tx.recordLink(ctx, compete.AuditLinkMade, l, l.CreatedAt)
	})
}

// RequestLink implements compete.LinkStore. It does the same whether or not the address has an account.
func (s *Store) RequestLink(ctx context.Context, l compete.Link) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		// concurrent requests must see each other
		if err := tx.Serialize(ctx, string(l.Purpose)+" "+l.Email); err != nil {
			return err
		}
		now := compete.UTC(l.CreatedAt)
		lately, err := sqldb.List(ctx, tx, sqldb.ScanTime, `SELECT l.created_at FROM account_links l
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
		if err := tx.recordLink(ctx, compete.AuditLinkAsked, l, now); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, []compete.Job{
			compete.AccountMailJob{LinkID: l.ID, Purpose: l.Purpose, Email: l.Email, UserID: l.UserID},
		})
	})
}

// recordLink records an action on a link, without the address that it is sent to.
func (t Tx) recordLink(ctx context.Context, action compete.AuditAction, l compete.Link, now time.Time) error {
	return t.record(ctx, compete.AuditRecord{
		At: now, Action: action, UserID: l.UserID, SubjectID: l.ID, After: compete.AuditFields("purpose", l.Purpose),
	})
}

// linkWait returns how long to wait before the next request, given the last hour's requests, newest first.
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
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE account_links SET user_id = $2, token_hash = $3 WHERE id = $1
			AND token_hash IS NULL AND used_at IS NULL`,
			l.ID, optional(l.UserID), l.TokenHash)
		if err != nil || n == 0 {
			return err
		}
		if err := tx.recordLink(ctx, compete.AuditLinkSent, l, time.Time{}); err != nil {
			return err
		}
		return s.saveMessage(ctx, tx, m)
	})
}

// Link implements compete.LinkStore.
func (s *Store) Link(ctx context.Context, tokenHash string, now time.Time) (compete.Link, error) {
	return sqldb.One(ctx, s.reader, compete.ErrLinkVoid, scanLink,
		`SELECT `+linkColumns+` FROM account_links l JOIN users u ON u.id = l.user_id
		WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2
		AND u.disabled_at IS NULL`, tokenHash, compete.UTC(now))
}

// UseVerifyLink implements compete.LinkStore.
func (s *Store) UseVerifyLink(ctx context.Context, l compete.Link, now time.Time) (compete.User, error) {
	return s.useLink(ctx, l, compete.AuditAccountVerified, now, func(ctx context.Context, tx Tx, now time.Time) error {
		err := effective(sqldb.Change(ctx, tx,
			`UPDATE users SET verified_at = coalesce(verified_at, $2), updated_at = $2 WHERE id = $1
				AND lower(email) = $3`,
			l.UserID, now, l.Email))
		if err != nil {
			return err
		}
		// Other verification links would stay able to set a password for two days, a power that a reset link has for an
		// hour.
		_, err = sqldb.Change(ctx, tx, `UPDATE account_links SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL
			AND purpose = 'verify'`,
			l.UserID, now)
		return err
	})
}

// UseChangeLink implements compete.LinkStore.
func (s *Store) UseChangeLink(
	ctx context.Context, l compete.Link, m compete.Message, now time.Time,
) (compete.User, error) {
	return s.useLink(ctx, l, compete.AuditAccountEmail, now, func(ctx context.Context, tx Tx, now time.Time) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE users SET email = $3, verified_at = $2, updated_at = $2 WHERE id = $1`,
			l.UserID, now, l.Email)
		if sqldb.ViolationOf(err) == sqldb.UniqueViolation {
			return fmt.Errorf("%w: %w", compete.ErrEmailTaken, err)
		}
		if err := effective(n, err); err != nil {
			return err
		}
		if err := tx.voidLinks(ctx, l.UserID, now); err != nil {
			return err
		}
		return s.saveMessage(ctx, tx, m)
	})
}

// UseResetLink implements compete.LinkStore. Whoever uses the link has read the email, which verifies the address.
func (s *Store) UseResetLink(
	ctx context.Context, l compete.Link, passwordHash string, m compete.Message, now time.Time,
) (compete.User, error) {
	return s.useLink(ctx, l, compete.AuditAccountReset, now, func(ctx context.Context, tx Tx, now time.Time) error {
		unverified, err := sqldb.One(ctx, tx, compete.ErrLinkVoid, sqldb.ScanBool,
			`SELECT verified_at IS NULL FROM users WHERE id = $1`, l.UserID)
		if err != nil {
			return err
		}
		if unverified {
			if err := tx.forgetHolder(ctx, l.UserID, now); err != nil {
				return err
			}
		}
		if err := tx.resetPassword(ctx, l, passwordHash, now); err != nil {
			return err
		}
		return s.saveMessage(ctx, tx, m)
	})
}

// resetPassword takes the account away from its previous users: from now on, only people who can read email at the
// link's address can log in.
func (t Tx) resetPassword(ctx context.Context, l compete.Link, passwordHash string, now time.Time) error {
	err := effective(sqldb.Change(ctx, t,
		`UPDATE users SET password_hash = $3, updated_at = $2, verified_at = coalesce(verified_at, $2)
		WHERE id = $1 AND lower(email) = $4`, l.UserID, now, passwordHash, l.Email))
	if err != nil {
		return err
	}
	if err := t.voidLinks(ctx, l.UserID, now); err != nil {
		return err
	}
	return t.endLogins(ctx, l.UserID, "", now)
}

// forgetHolder removes what an unverified user may have added to an account: second factors, with which they could log
// in without the password, and the known devices and networks, from which logins cause no notice.
func (t Tx) forgetHolder(ctx context.Context, userID string, now time.Time) error {
	var deleted int64
	for _, text := range []string{
		`DELETE FROM authenticator_apps WHERE user_id = $1`,
		`DELETE FROM passkeys WHERE user_id = $1`, `DELETE FROM recovery_codes WHERE user_id = $1`,
	} {
		n, err := sqldb.Change(ctx, t, text, userID)
		if err != nil {
			return err
		}
		deleted += n
	}
	if deleted > 0 {
		if err := t.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditFactorsReset,
			UserID: userID,
		}); err != nil {
			return err
		}
	}
	if _, err := sqldb.Change(ctx, t, `UPDATE sessions SET device = '', network = '' WHERE user_id = $1`,
		userID); err != nil {
		return err
	}
	_, err := sqldb.Change(ctx, t, `UPDATE users SET logged_in_at = NULL WHERE id = $1`,
		userID) // the next login counts as the first one
	return err
}

// useLink marks a link as used, performs and records its effect, and reads its user, in one transaction.
func (s *Store) useLink(
	ctx context.Context, l compete.Link, as compete.AuditAction, now time.Time,
	use func(context.Context, Tx, time.Time) error,
) (user compete.User, err error) {
	now = compete.UTC(now)
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE account_links SET used_at = $2
			WHERE id = $1 AND user_id = $3 AND token_hash = $4 AND used_at IS NULL
			AND expires_at > $2`, l.ID, now, l.UserID, l.TokenHash)
		if err := effective(n, err); err != nil {
			return err
		}
		if err := use(ctx, tx, now); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: now, Action: as, ActorID: l.UserID,
			SubjectID: l.ID,
		}); err != nil {
			return err
		}
		user, err = sqldb.One(ctx, tx, compete.ErrLinkVoid, scanUser,
			`SELECT `+userColumns+` FROM users u WHERE u.id = $1`, l.UserID)
		return err
	})
	if err != nil {
		return compete.User{}, err
	}
	return user, nil
}

// effective returns ErrLinkVoid if a change that belongs to the use of a link affected no row.
func effective(n int64, err error) error {
	if err == nil && n == 0 {
		return compete.ErrLinkVoid
	}
	return err
}

// voidLinks voids all of a user's unused links, after a change of what they refer to.
func (t Tx) voidLinks(ctx context.Context, userID string, now time.Time) error {
	_, err := sqldb.Change(ctx, t, `UPDATE account_links SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL`,
		userID, now)
	return err
}

// SetReminders implements compete.LinkStore.
func (s *Store) SetReminders(ctx context.Context, userID string, on bool, now time.Time) error {
	if !compete.ValidID(userID) {
		return compete.ErrUserMissing
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		return tx.setReminders(ctx, userID, on, compete.UTC(now))
	})
}
