package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// UpdateProfile implements compete.UserStore.
func (s *Store) UpdateProfile(ctx context.Context, id string, u compete.ProfileUpdate, now time.Time) error {
	if !compete.ValidID(id) {
		return compete.ErrUserMissing
	}
	now = compete.UTC(now)
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		before, err := sqldb.One(ctx, tx, compete.ErrUserMissing, scanUser, userByID+` {lock u}`, id)
		if err == nil && u.Password != nil && !sameTime(before.LoginsEndedAt, u.Password.LoginsEndedAt) {
			err = compete.ErrUnauthorized
		}
		if err == nil && u.Name != nil {
			err = tx.setName(ctx, id, *u.Name, before.Email, now)
		}
		if err == nil && u.Reminders != nil {
			err = tx.setReminders(ctx, id, *u.Reminders, now)
		}
		if err == nil && u.TimeZone != nil {
			err = tx.chooseTimeZone(ctx, id, *u.TimeZone, now)
		}
		if err == nil && u.Password != nil {
			err = s.setPassword(ctx, tx, id, *u.Password, now)
		}
		return err
	})
}

func (t Tx) setName(ctx context.Context, id, name, email string, now time.Time) error {
	_, err := sqldb.Change(ctx, t, `UPDATE users SET name = $2, search_text = $3, updated_at = $4 WHERE id = $1`,
		id, name, normal.People(name, email), now)
	if err != nil {
		return err
	}
	return t.record(ctx, compete.AuditRecord{At: now, Action: compete.AuditAccountRenamed, UserID: id})
}

func (t Tx) chooseTimeZone(ctx context.Context, id, zone string, now time.Time) error {
	_, err := sqldb.Change(ctx, t, `UPDATE users SET time_zone = $2, time_zone_chosen = $3, updated_at = $4
		WHERE id = $1`,
		id, zone, zone != "", now)
	if err != nil {
		return err
	}
	return t.record(ctx, compete.AuditRecord{At: now, Action: compete.AuditAccountTimeZone, UserID: id})
}

// setReminders turns reminders on or off. It fails with ErrUserMissing.
func (t Tx) setReminders(ctx context.Context, id string, on bool, now time.Time) error {
	var off any = now
	if on {
		off = nil
	}
	n, err := sqldb.Change(ctx, t, `UPDATE users SET reminders_off_at = $2 WHERE id = $1 AND erased_at IS NULL`, id,
		off)
	switch {
	case err != nil:
		return err
	case n == 0:
		return compete.ErrUserMissing
	}
	return t.record(ctx, compete.AuditRecord{
		At: now, Action: compete.AuditAccountReminders, ActorID: id, After: compete.AuditFields("on", on),
	})
}

func (s *Store) setPassword(ctx context.Context, tx Tx, id string, p compete.NewPassword, now time.Time) error {
	if _, err := sqldb.Change(ctx, tx, `UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1`, id,
		p.Hash, now); err != nil {
		return err
	}
	if err := tx.voidLinks(ctx, id, now); err != nil {
		return err
	}
	if err := s.saveMessage(ctx, tx, p.Notice); err != nil {
		return err
	}
	if err := tx.record(ctx, compete.AuditRecord{
		At: now, Action: compete.AuditAccountPassword,
		UserID: id,
	}); err != nil {
		return err
	}
	return tx.endLogins(ctx, id, p.KeepSessionID, now)
}
