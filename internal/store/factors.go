package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.FactorStore = (*Store)(nil)

func scanApp(row sqldb.Row) (a compete.AuthenticatorApp, err error) {
	err = row.Scan(&a.Secret, &a.ConfirmedAt)
	return a, err
}

// Factors implements compete.FactorStore.
func (s *Store) Factors(ctx context.Context, userID string) (f compete.Factors, err error) {
	if !compete.ValidID(userID) {
		return f, nil
	}
	apps, err := sqldb.List(ctx, s.reader, scanApp,
		`SELECT secret, confirmed_at FROM authenticator_apps WHERE user_id = $1 AND confirmed_at IS NOT NULL`, userID)
	if err != nil {
		return f, err
	}
	if len(apps) > 0 {
		f.App = &apps[0]
	}
	f.Passkeys, err = sqldb.List(ctx, s.reader, passkeyRow.Scan,
		`SELECT `+passkeyRow.Select("p")+` FROM passkeys p WHERE p.user_id = $1 ORDER BY p.created_at, p.id`, userID)
	if err != nil {
		return f, err
	}
	f.RecoveryCodes, err = sqldb.One(ctx, s.reader, nil, sqldb.ScanInt,
		`SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL`, userID)
	return f, err
}

const countFactors = `SELECT (SELECT count(*) FROM authenticator_apps a WHERE a.user_id = $1
	AND a.confirmed_at IS NOT NULL)
	+ (SELECT count(*) FROM passkeys p WHERE p.user_id = $1)`

// HasFactor implements compete.FactorStore.
func (s *Store) HasFactor(ctx context.Context, userID string) (bool, error) {
	if !compete.ValidID(userID) {
		return false, nil
	}
	n, err := sqldb.One(ctx, s.reader, nil, sqldb.ScanInt, countFactors, userID)
	return n > 0, err
}

// changeFactors runs f while nobody else can change the user's factors. It fails with ErrUserMissing, and with
// ErrUnauthorized if the requesting login has ended: for factors, even the few seconds until every process learns of
// that are too long.
func (s *Store) changeFactors(ctx context.Context, userID string, f func(context.Context, Tx) error) error {
	if !compete.ValidID(userID) {
		return compete.ErrUserMissing
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := sqldb.One(ctx, tx, compete.ErrUserMissing, sqldb.ScanString,
			`SELECT u.id FROM users u WHERE u.id = $1 {lock u}`, userID); err != nil {
			return err
		}
		if login := compete.OriginOf(ctx).Actor.SessionID; compete.ValidID(login) {
			if _, err := sqldb.One(ctx, tx, compete.ErrUnauthorized, sqldb.ScanString,
				`SELECT id FROM sessions WHERE id = $1 AND ended_at IS NULL`, login); err != nil {
				return err
			}
		}
		return f(ctx, tx)
	})
}

// touched returns otherwise if a change affected no row.
func touched(n int64, err, otherwise error) error {
	if err == nil && n == 0 {
		return otherwise
	}
	return err
}

// StartApp implements compete.FactorStore.
func (s *Store) StartApp(ctx context.Context, userID, secret string, now time.Time) error {
	return s.changeFactors(ctx, userID, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `INSERT INTO authenticator_apps (user_id, secret, created_at)
			VALUES ($1, $2, $3)
			ON CONFLICT (user_id) DO UPDATE SET secret = $2, created_at = $3
			WHERE authenticator_apps.confirmed_at IS NULL`,
			userID, secret, compete.UTC(now))
		if err := touched(n, err, compete.ErrFactorExists); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{At: now, Action: compete.AuditAppStarted, UserID: userID})
	})
}

// StartedApp implements compete.FactorStore.
func (s *Store) StartedApp(ctx context.Context, userID string) (string, error) {
	if !compete.ValidID(userID) {
		return "", compete.ErrFactorMissing
	}
	return sqldb.One(ctx, s.reader, compete.ErrFactorMissing, sqldb.ScanString,
		`SELECT secret FROM authenticator_apps WHERE user_id = $1 AND confirmed_at IS NULL`, userID)
}

// ConfirmApp implements compete.FactorStore.
func (s *Store) ConfirmApp(
	ctx context.Context, userID, secret string, step int64, f compete.NewFactor,
) (withCodes bool, err error) {
	err = s.changeFactors(ctx, userID, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE authenticator_apps SET confirmed_at = $3, last_step = $4
			WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL`, userID, secret, compete.UTC(f.Now), step)
		if err := touched(n, err, compete.ErrFactorMissing); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: f.Now, Action: compete.AuditAppAdded,
			UserID: userID,
		}); err != nil {
			return err
		}
		withCodes, err = s.factorAdded(ctx, tx, userID, f)
		return err
	})
	return withCodes && err == nil, err
}

// factorAdded stores an account's first recovery codes, and notifies its owner of the new factor.
func (s *Store) factorAdded(
	ctx context.Context, tx Tx, userID string, f compete.NewFactor,
) (withCodes bool, err error) {
	n, err := sqldb.One(ctx, tx, nil, sqldb.ScanInt, `SELECT count(*) FROM recovery_codes WHERE user_id = $1`, userID)
	if err != nil {
		return false, err
	}
	if n == 0 {
		if err := tx.insertCodes(ctx, userID, f.CodeHashes); err != nil {
			return false, err
		}
	}
	return n == 0, s.saveMessage(ctx, tx, f.Notice)
}

func (t Tx) insertCodes(ctx context.Context, userID string, hashes []string) error {
	for _, hash := range hashes {
		if _, err := sqldb.Change(ctx, t, `INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)`,
			userID, hash); err != nil {
			return err
		}
	}
	return nil
}

// factorRemoved deletes the recovery codes of an account without factors, and notifies its owner.
func (s *Store) factorRemoved(ctx context.Context, tx Tx, userID string, notice compete.Message) error {
	left, err := sqldb.One(ctx, tx, nil, sqldb.ScanInt, countFactors, userID)
	if err != nil {
		return err
	}
	if left == 0 {
		if _, err := sqldb.Change(ctx, tx, `DELETE FROM recovery_codes WHERE user_id = $1`, userID); err != nil {
			return err
		}
	}
	return s.saveMessage(ctx, tx, notice)
}

// RemoveApp implements compete.FactorStore.
func (s *Store) RemoveApp(ctx context.Context, userID string, notice compete.Message) error {
	return s.changeFactors(ctx, userID, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `DELETE FROM authenticator_apps WHERE user_id = $1
			AND confirmed_at IS NOT NULL`,
			userID)
		if err := touched(n, err, compete.ErrFactorMissing); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{Action: compete.AuditAppRemoved, UserID: userID}); err != nil {
			return err
		}
		return s.factorRemoved(ctx, tx, userID, notice)
	})
}

// UseStep implements compete.FactorStore.
func (s *Store) UseStep(ctx context.Context, userID string, step int64) error {
	n, err := sqldb.Change(ctx, s.writer, `UPDATE authenticator_apps SET last_step = $2
		WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2`, userID, step)
	return touched(n, err, compete.ErrWrongCode)
}

// Apps implements compete.FactorStore.
func (s *Store) Apps(ctx context.Context) (map[string]string, error) {
	return sqldb.Map(ctx, s.reader, `SELECT user_id, secret FROM authenticator_apps`)
}

// SealApp implements compete.FactorStore.
func (s *Store) SealApp(ctx context.Context, userID, before, after string) error {
	_, err := sqldb.Change(ctx, s.writer,
		`UPDATE authenticator_apps SET secret = $3 WHERE user_id = $1 AND secret = $2`, userID, before, after)
	return err
}

// UseRecoveryCode implements compete.FactorStore.
func (s *Store) UseRecoveryCode(ctx context.Context, userID, hash string, notice compete.Message, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2
			AND used_at IS NULL`,
			userID, hash, compete.UTC(now))
		if err := touched(n, err, compete.ErrWrongCode); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditCodeUsed,
			ActorID: userID,
		}); err != nil {
			return err
		}
		return s.saveMessage(ctx, tx, notice)
	})
}

// SetRecoveryCodes implements compete.FactorStore.
func (s *Store) SetRecoveryCodes(ctx context.Context, userID string, hashes []string, notice compete.Message) error {
	return s.changeFactors(ctx, userID, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.One(ctx, tx, nil, sqldb.ScanInt, countFactors, userID)
		if err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrFactorMissing
		}
		if _, err := sqldb.Change(ctx, tx, `DELETE FROM recovery_codes WHERE user_id = $1`, userID); err != nil {
			return err
		}
		if err := tx.insertCodes(ctx, userID, hashes); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{Action: compete.AuditCodesRenewed, UserID: userID}); err != nil {
			return err
		}
		return s.saveMessage(ctx, tx, notice)
	})
}

// ResetFactors implements compete.FactorStore.
func (s *Store) ResetFactors(ctx context.Context, userID string, notice compete.Message) error {
	return s.changeFactors(ctx, userID, func(ctx context.Context, tx Tx) error {
		var deleted int64
		for _, text := range []string{
			`DELETE FROM authenticator_apps WHERE user_id = $1`,
			`DELETE FROM passkeys WHERE user_id = $1`,
		} {
			n, err := sqldb.Change(ctx, tx, text, userID)
			if err != nil {
				return err
			}
			deleted += n
		}
		if deleted == 0 {
			return compete.ErrFactorMissing
		}
		if err := tx.record(ctx, compete.AuditRecord{Action: compete.AuditFactorsReset, UserID: userID}); err != nil {
			return err
		}
		return s.factorRemoved(ctx, tx, userID, notice)
	})
}
