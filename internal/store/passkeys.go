package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// passkeyRow are the columns of a passkey; queries use the alias p.
var passkeyRow = sqldb.Columns[compete.Passkey]{
	{Name: "id", Field: func(p *compete.Passkey) any { return &p.ID }},
	{Name: "user_id", Field: func(p *compete.Passkey) any { return &p.UserID }},
	{Name: "credential_id", Field: func(p *compete.Passkey) any { return &p.CredentialID }},
	{Name: "record", Field: func(p *compete.Passkey) any { return &p.Record }},
	{Name: "name", Field: func(p *compete.Passkey) any { return &p.Name }},
	{Name: "created_at", Field: func(p *compete.Passkey) any { return &p.CreatedAt }},
	{Name: "last_used_at", Field: func(p *compete.Passkey) any { return &p.LastUsedAt }},
}

// AddPasskey implements compete.FactorStore.
func (s *Store) AddPasskey(
	ctx context.Context, p compete.Passkey, c compete.SpentChallenge, f compete.NewFactor,
) (withCodes bool, err error) {
	err = s.changeFactors(ctx, p.UserID, func(ctx context.Context, tx Tx) error {
		if err := tx.spend(ctx, c, f.Now); err != nil {
			return err
		}
		n, err := sqldb.One(ctx, tx, nil, sqldb.ScanInt, `SELECT count(*) FROM passkeys WHERE user_id = $1`, p.UserID)
		if err != nil {
			return err
		}
		if n >= compete.MaxPasskeys {
			return compete.ErrTooManyPasskeys
		}
		added, err := sqldb.Change(ctx, tx, passkeyRow.Insert("passkeys")+` ON CONFLICT (credential_id) DO NOTHING`,
			passkeyRow.Values(&p)...)
		if err := touched(added, err, compete.ErrPasskeyRefused); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: f.Now, Action: compete.AuditPasskeyAdded, UserID: p.UserID, SubjectID: p.ID,
		}); err != nil {
			return err
		}
		withCodes, err = s.factorAdded(ctx, tx, p.UserID, f)
		return err
	})
	return withCodes && err == nil, err
}

// spend marks a challenge as answered, and deletes expired ones. It fails with ErrPasskeyRefused if the challenge was
// already answered.
func (t Tx) spend(ctx context.Context, c compete.SpentChallenge, now time.Time) error {
	if _, err := sqldb.Change(ctx, t, `DELETE FROM used_challenges WHERE expires_at <= $1`,
		compete.UTC(now)); err != nil {
		return err
	}
	n, err := sqldb.Change(ctx, t, `INSERT INTO used_challenges (hash, expires_at) VALUES ($1, $2)
		ON CONFLICT (hash) DO NOTHING`,
		c.Hash, compete.UTC(c.Expires))
	return touched(n, err, compete.ErrPasskeyRefused)
}

// RenamePasskey implements compete.FactorStore.
func (s *Store) RenamePasskey(ctx context.Context, userID, id, name string) error {
	if !compete.ValidID(userID) || !compete.ValidID(id) {
		return compete.ErrFactorMissing
	}
	n, err := s.changeRecorded(ctx, compete.AuditRecord{
		Action: compete.AuditPasskeyRenamed, UserID: userID, SubjectID: id,
	},
		`UPDATE passkeys SET name = $3 WHERE id = $2 AND user_id = $1`, userID, id, name)
	return touched(n, err, compete.ErrFactorMissing)
}

// RemovePasskey implements compete.FactorStore.
func (s *Store) RemovePasskey(ctx context.Context, userID, id string, notice compete.Message) error {
	if !compete.ValidID(id) {
		return compete.ErrFactorMissing
	}
	return s.changeFactors(ctx, userID, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `DELETE FROM passkeys WHERE id = $2 AND user_id = $1`, userID, id)
		if err := touched(n, err, compete.ErrFactorMissing); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			Action: compete.AuditPasskeyRemoved, UserID: userID, SubjectID: id,
		}); err != nil {
			return err
		}
		return s.factorRemoved(ctx, tx, userID, notice)
	})
}

// UsePasskey implements compete.FactorStore.
func (s *Store) UsePasskey(ctx context.Context, p compete.Passkey, c compete.SpentChallenge, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.spend(ctx, c, now); err != nil {
			return err
		}
		n, err := sqldb.Change(ctx, tx, `UPDATE passkeys SET record = $3, last_used_at = $4 WHERE id = $1
			AND user_id = $2`,
			p.ID, p.UserID, p.Record, compete.UTC(now))
		return touched(n, err, compete.ErrPasskeyRefused)
	})
}
