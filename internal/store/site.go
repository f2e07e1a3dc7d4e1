package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"minicompete/internal/compete"
)

var _ compete.SiteStore = (*Store)(nil)

// SiteSettings implements compete.SiteStore.
func (s *Store) SiteSettings(ctx context.Context) (map[string]string, error) {
	type setting struct{ name, value string }
	rows, err := list(ctx, s.reader, func(row scanner) (r setting, err error) {
		err = row.Scan(&r.name, &r.value)
		return r, err
	}, `SELECT name, value FROM site_settings`)
	settings := make(map[string]string, len(rows))
	for _, r := range rows {
		settings[r.name] = r.value
	}
	return settings, err
}

// SetSiteSettings implements compete.SiteStore.
func (s *Store) SetSiteSettings(ctx context.Context, values map[string]string, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error { return tx.setSiteSettings(ctx, values, now) })
}

func (t *Tx) setSiteSettings(ctx context.Context, values map[string]string, now time.Time) error {
	for _, name := range slices.Sorted(maps.Keys(values)) { // in one order, so that two at once don't wait for each other
		var err error
		if value := values[name]; value == "" {
			_, err = change(ctx, t, `DELETE FROM site_settings WHERE name = $1`, name)
		} else {
			_, err = change(ctx, t, `INSERT INTO site_settings (name, value, updated_at) VALUES ($1, $2, $3)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, name, value, compete.UTC(now))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keptSetupLinks is how many links of starts without an admin stay good: more than there are replicas.
const keptSetupLinks = 50

// AddSetupLink implements compete.SiteStore.
func (s *Store) AddSetupLink(ctx context.Context, tokenHash string, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		if err := tx.refuseAdmin(ctx); err != nil {
			return err
		}
		if _, err := change(ctx, tx, `DELETE FROM setup_links WHERE created_at < (
			SELECT l.created_at FROM setup_links l ORDER BY l.created_at DESC LIMIT 1 OFFSET $1)`, keptSetupLinks-2); err != nil {
			return err
		}
		_, err := change(ctx, tx, `INSERT INTO setup_links (token_hash, created_at) VALUES ($1, $2)`, tokenHash, compete.UTC(now))
		return err
	})
}

// CheckSetupLink implements compete.SiteStore.
func (s *Store) CheckSetupLink(ctx context.Context, tokenHash string) error {
	_, err := one(ctx, s.reader, compete.ErrSetupOver, scanString, `SELECT l.token_hash FROM setup_links l WHERE l.token_hash = $1
		AND NOT EXISTS (SELECT 1 FROM users u WHERE u.role = 'ADMIN' AND u.disabled_at IS NULL)`, tokenHash)
	return err
}

// SetUp implements compete.SiteStore.
func (s *Store) SetUp(ctx context.Context, tokenHash string, admin compete.User, passwordHash string, settings map[string]string) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		if serialize := s.dialect.serialize; serialize != "" { // two links used at once must see each other
			if _, err := change(ctx, tx, serialize, "setup"); err != nil {
				return err
			}
		}
		if err := tx.refuseAdmin(ctx); err != nil {
			return err
		}
		n, err := change(ctx, tx, `DELETE FROM setup_links WHERE token_hash = $1`, tokenHash)
		if err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrSetupOver
		}
		if _, err := change(ctx, tx, `DELETE FROM setup_links WHERE token_hash > ''`); err != nil {
			return err
		}
		if err := insertUser(ctx, tx, admin, passwordHash); err != nil {
			return err
		}
		return tx.setSiteSettings(ctx, settings, admin.CreatedAt)
	})
}

// refuseAdmin fails with ErrSetupOver when there is an admin who can log in.
func (t *Tx) refuseAdmin(ctx context.Context) error {
	admins, err := list(ctx, t, scanString, `SELECT u.id FROM users u WHERE u.role = 'ADMIN' AND u.disabled_at IS NULL LIMIT 1`)
	if err == nil && len(admins) > 0 {
		err = compete.ErrSetupOver
	}
	return err
}

// CreateApplicant implements compete.SiteStore.
func (s *Store) CreateApplicant(ctx context.Context, u compete.User, passwordHash, requestID string) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		if err := insertUser(ctx, tx, u, passwordHash); err != nil {
			return err
		}
		_, err := change(ctx, tx, `INSERT INTO organizer_requests (id, user_id, requested_at) VALUES ($1, $2, $3)`, requestID, u.ID, compete.UTC(u.CreatedAt))
		return err
	})
}

func scanRequest(row scanner) (r compete.OrganizerRequest, err error) {
	r.User, err = scanWith(scanUser, &r.ID, &r.RequestedAt)(row)
	return r, err
}

// OrganizerRequests implements compete.SiteStore.
func (s *Store) OrganizerRequests(ctx context.Context, cursor compete.Cursor, limit int) (compete.Page[compete.OrganizerRequest], error) {
	var st statement
	st.add(`SELECT ` + userColumns + `, o.id, o.requested_at FROM organizer_requests o JOIN users u ON u.id = o.user_id WHERE u.disabled_at IS NULL`)
	if !cursor.IsZero() {
		st.add(` AND (o.requested_at, o.id) > (%s, %s)`, cursorTime(cursor), cursor.ID)
	}
	st.add(` ORDER BY o.requested_at, o.id LIMIT %s`, limit+1)
	requests, err := list(ctx, s.reader, scanRequest, st.text.String(), st.args...)
	return page(requests, limit, "organizer-requests", func(r compete.OrganizerRequest) (int64, string) { return r.RequestedAt.UnixMicro(), r.ID }), err
}

// OrganizerRequest implements compete.SiteStore.
func (s *Store) OrganizerRequest(ctx context.Context, id string) (compete.OrganizerRequest, error) {
	return one(ctx, s.reader, compete.ErrRequestMissing, scanRequest,
		`SELECT `+userColumns+`, o.id, o.requested_at FROM organizer_requests o JOIN users u ON u.id = o.user_id WHERE o.id = $1`, id)
}

// AnswerOrganizerRequest implements compete.SiteStore.
func (s *Store) AnswerOrganizerRequest(ctx context.Context, r compete.OrganizerRequest, approve bool, m compete.Message, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `DELETE FROM organizer_requests WHERE id = $1`, r.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrRequestMissing
		}
		if approve {
			user, err := one(ctx, tx, compete.ErrUserMissing, scanUser, `SELECT `+userColumns+` FROM users u WHERE u.id = $1 {lock u}`, r.User.ID)
			if err != nil {
				return err
			}
			if user.Role == compete.RoleParticipant {
				user.Role, user.UpdatedAt = compete.RoleOrganizer, now
				if err := s.updateUser(ctx, tx, user); err != nil {
					return err
				}
			}
		}
		return s.saveMessage(ctx, tx, m)
	})
}
