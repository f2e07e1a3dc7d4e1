package store

import (
	"context"
	"fmt"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/normal"
)

var _ compete.UserStore = (*Store)(nil)

// CreateUser implements compete.UserStore.
func (s *Store) CreateUser(ctx context.Context, u compete.User, passwordHash string) error {
	return insertUser(ctx, s.writer, u, passwordHash)
}

func insertUser(ctx context.Context, q querier, u compete.User, passwordHash string) error {
	_, err := change(ctx, q, `INSERT INTO users (id, email, name, password_hash, role, disabled_at, created_at, updated_at, verified_at, reminders_off_at, search_text)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		u.ID, u.Email, u.Name, passwordHash, string(u.Role), utc(u.DisabledAt), compete.UTC(u.CreatedAt), compete.UTC(u.UpdatedAt), utc(u.VerifiedAt), utc(u.RemindersOffAt),
		normal.People(u.Name, u.Email))
	if violationOf(err) == uniqueViolation { // the id is the primary key, so it is the email
		return fmt.Errorf("%w: %w", compete.ErrEmailTaken, err)
	}
	return err
}

// User implements compete.UserStore.
func (s *Store) User(ctx context.Context, id string) (compete.User, error) {
	if !compete.ValidID(id) {
		return compete.User{}, compete.ErrUserMissing
	}
	return one(ctx, s.reader, compete.ErrUserMissing, scanUser, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, id)
}

// UserByEmail implements compete.UserStore.
func (s *Store) UserByEmail(ctx context.Context, email string) (compete.User, string, error) {
	if !storable(email) {
		return compete.User{}, "", compete.ErrUserMissing
	}
	var hash string
	user, err := one(ctx, s.reader, compete.ErrUserMissing, scanWith(scanUser, &hash),
		`SELECT `+userColumns+`, u.password_hash FROM users u WHERE lower(u.email) = lower($1)`, email)
	return user, hash, err
}

// PasswordHash implements compete.UserStore.
func (s *Store) PasswordHash(ctx context.Context, id string) (string, error) {
	if !compete.ValidID(id) {
		return "", compete.ErrUserMissing
	}
	return one(ctx, s.reader, compete.ErrUserMissing, scanString, `SELECT password_hash FROM users WHERE id = $1`, id)
}

// SetName implements compete.UserStore.
func (s *Store) SetName(ctx context.Context, id, name string, now time.Time) error {
	if !compete.ValidID(id) {
		return compete.ErrUserMissing
	}
	n, err := change(ctx, s.writer, `UPDATE users SET name = $2, updated_at = $3 WHERE id = $1`, id, name, compete.UTC(now))
	if err == nil && n == 0 {
		err = compete.ErrUserMissing
	}
	return err
}

// UpdateUser implements compete.UserStore.
func (s *Store) UpdateUser(ctx context.Context, u compete.User) error {
	if !compete.ValidID(u.ID) {
		return compete.ErrUserMissing
	}
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error { return s.updateUser(ctx, tx, u) })
}

func (s *Store) updateUser(ctx context.Context, tx *Tx, u compete.User) error {
	before, err := one(ctx, tx, compete.ErrUserMissing, scanUser, `SELECT `+userColumns+` FROM users u WHERE u.id = $1 {lock u}`, u.ID)
	if err != nil {
		return err
	}
	now := compete.UTC(u.UpdatedAt)
	if _, err := change(ctx, tx, `UPDATE users SET role = $2, disabled_at = $3, updated_at = $4 WHERE id = $1`,
		u.ID, string(u.Role), utc(u.DisabledAt), now); err != nil {
		return err
	}
	if err := s.settleAfter(ctx, tx, before, u, now); err != nil {
		return err
	}
	if before.Role == u.Role && (before.DisabledAt != nil || u.DisabledAt == nil) {
		return nil
	}
	return tx.endLogins(ctx, u.ID, "", now)
}

// settleAfter enqueues a SettleJob for each published competition that the change of an account concerns: those that the user organizes,
// whose phase changes, and, once an account is enabled again, those that the user waits for, where a seat may be free.
func (s *Store) settleAfter(ctx context.Context, tx *Tx, before, after compete.User, now time.Time) error {
	organized, waits := before.MayOrganize() != after.MayOrganize(), before.DisabledAt != nil && after.DisabledAt == nil
	var jobs []compete.Job
	for _, look := range []struct {
		wanted bool
		text   string
		args   []any
	}{
		{organized, `SELECT c.id FROM competitions c WHERE c.organizer_id = $1 AND {+c.status} = 'PUBLISHED'
			AND coalesce(c.start_date, c.reg_deadline) > $2`, []any{after.ID, now}},
		{waits, `SELECT c.id FROM registrations r JOIN competitions c ON c.id = r.competition_id
			WHERE r.user_id = $1 AND {+r.status} = 'WAITLISTED' AND {+c.status} = 'PUBLISHED' AND c.seats_left > 0`, []any{after.ID}},
	} {
		if !look.wanted {
			continue
		}
		ids, err := list(ctx, tx, scanString, look.text, look.args...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			jobs = append(jobs, compete.SettleJob{CompetitionID: id})
		}
	}
	return s.enqueue(ctx, tx, jobs)
}

// SetPassword implements compete.UserStore. It fails with ErrUserMissing.
func (s *Store) SetPassword(ctx context.Context, userID, passwordHash, keepSessionID string, notice compete.Message, now time.Time) error {
	if !compete.ValidID(userID) {
		return compete.ErrUserMissing
	}
	now = compete.UTC(now)
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1`, userID, passwordHash, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrUserMissing
		}
		if err := tx.voidLinks(ctx, userID, now); err != nil {
			return err
		}
		if err := s.saveMessage(ctx, tx, notice); err != nil {
			return err
		}
		return tx.endLogins(ctx, userID, keepSessionID, now)
	})
}

// UpgradeHash implements compete.UserStore.
func (s *Store) UpgradeHash(ctx context.Context, userID, before, after string) error {
	_, err := change(ctx, s.writer, `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, userID, before, after)
	return err
}

// endLogins ends the user's sessions, save one, and voids tokens without a session that were issued before now.
func (t *Tx) endLogins(ctx context.Context, userID, keepSessionID string, now time.Time) error {
	if err := t.endSessions(ctx, userID, keepSessionID, now); err != nil {
		return err
	}
	return endTokens(ctx, t, userID, now)
}

func (t *Tx) endSessions(ctx context.Context, userID, keepSessionID string, now time.Time) error {
	if !compete.ValidID(keepSessionID) {
		keepSessionID = noID
	}
	_, err := change(ctx, t, `UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL AND id <> $3`, userID, now, keepSessionID)
	return err
}

func endTokens(ctx context.Context, q querier, userID string, before time.Time) error {
	_, err := change(ctx, q, `UPDATE users SET tokens_valid_after = $2 WHERE id = $1`, userID, before)
	return err
}

// noID is an id that nothing has.
const noID = "00000000-0000-0000-0000-000000000000"

// Users implements compete.UserStore.
func (s *Store) Users(ctx context.Context, search string, cursor compete.Cursor, limit int) (compete.Page[compete.User], error) {
	if !storable(search) {
		return compete.Page[compete.User]{}, nil
	}
	if search != "" {
		if err := s.findableUsers(ctx); err != nil {
			return compete.Page[compete.User]{}, err
		}
	}
	var st statement
	st.add(`SELECT ` + userColumns + ` FROM users u WHERE 1 = 1`)
	st.containing(`u.search_text`, search)
	if !cursor.IsZero() {
		st.add(` AND (u.created_at, u.id) < (%s, %s)`, cursorTime(cursor), cursor.ID)
	}
	st.add(` ORDER BY u.created_at DESC, u.id DESC LIMIT %s`, limit+1)
	users, err := list(ctx, unprepared{s.reader}, scanUser, st.text.String(), st.args...)
	return page(users, limit, "users", func(u compete.User) (int64, string) { return u.CreatedAt.UnixMicro(), u.ID }), err
}
