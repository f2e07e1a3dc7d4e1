package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.SiteStore = (*Store)(nil)

// SiteSettings implements compete.SiteStore.
func (s *Store) SiteSettings(ctx context.Context) (map[string]string, error) {
	return siteSettings(ctx, s.reader)
}

func siteSettings(ctx context.Context, q sqldb.Querier) (map[string]string, error) {
	return sqldb.Map(ctx, q, `SELECT name, value FROM site_settings`)
}

// SetSiteSettings implements compete.SiteStore.
func (s *Store) SetSiteSettings(ctx context.Context, values map[string]string, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error { return tx.setSiteSettings(ctx, values, now) })
}

func (t Tx) setSiteSettings(ctx context.Context, values map[string]string, now time.Time) error {
	before, err := siteSettings(ctx, t)
	if err != nil {
		return err
	}
	if err := t.recordSite(ctx, before, values, now); err != nil {
		return err
	}
	// in a fixed order, so that concurrent changes don't deadlock
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var err error
		if value := values[name]; value == "" {
			_, err = sqldb.Change(ctx, t, `DELETE FROM site_settings WHERE name = $1`, name)
		} else {
			_, err = sqldb.Change(ctx, t, `INSERT INTO site_settings (name, value, updated_at) VALUES ($1, $2, $3)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value,
				updated_at = excluded.updated_at`, name, value, compete.UTC(now))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recordSite records which settings have changed. It omits the value of the contact, which may be a personal address.
func (t Tx) recordSite(ctx context.Context, before, values map[string]string, now time.Time) error {
	var old, changed []any
	for _, name := range slices.Sorted(maps.Keys(values)) {
		from, to := before[name], values[name]
		if from == to {
			continue
		}
		if name == compete.SettingContact {
			from, to = "…", "…"
		}
		old, changed = append(old, name, from), append(changed, name, to)
	}
	if changed == nil {
		return nil
	}
	return t.record(ctx, compete.AuditRecord{
		At: now, Action: compete.AuditSiteChanged, Before: compete.AuditFields(old...),
		After: compete.AuditFields(changed...),
	})
}

// EverPublished implements compete.SiteStore.
func (s *Store) EverPublished(ctx context.Context) (bool, error) {
	some, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT c.id FROM competitions c
		WHERE c.status = 'PUBLISHED' OR c.unpublished OR c.status = 'CANCELLED' AND NOT c.discarded LIMIT 1`)
	return len(some) > 0, err
}

// keptSetupLinks is how many setup links, one per start without an admin, stay valid: more than there are replicas.
const keptSetupLinks = 50

// AddSetupLink implements compete.SiteStore.
func (s *Store) AddSetupLink(ctx context.Context, tokenHash string, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.refuseAdmin(ctx); err != nil {
			return err
		}
		if _, err := sqldb.Change(ctx, tx, `DELETE FROM setup_links WHERE created_at < (
			SELECT l.created_at FROM setup_links l
			ORDER BY l.created_at DESC LIMIT 1 OFFSET $1)`, keptSetupLinks-2); err != nil {
			return err
		}
		if _, err := sqldb.Change(ctx, tx,
			`INSERT INTO setup_links (token_hash, created_at) VALUES ($1, $2)`, tokenHash,
			compete.UTC(now)); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{At: now, Action: compete.AuditSetupLink})
	})
}

// CheckSetupLink implements compete.SiteStore.
func (s *Store) CheckSetupLink(ctx context.Context, tokenHash string) error {
	_, err := sqldb.One(ctx, s.reader, compete.ErrSetupOver, sqldb.ScanString,
		`SELECT l.token_hash FROM setup_links l WHERE l.token_hash = $1
		AND NOT EXISTS (SELECT 1 FROM users u WHERE u.role = 'ADMIN' AND u.disabled_at IS NULL)`, tokenHash)
	return err
}

// SetUp implements compete.SiteStore.
func (s *Store) SetUp(
	ctx context.Context, tokenHash string, admin compete.User, passwordHash string, settings map[string]string,
) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		// links used concurrently must see each other
		if err := tx.Serialize(ctx, "setup"); err != nil {
			return err
		}
		if err := tx.refuseAdmin(ctx); err != nil {
			return err
		}
		n, err := sqldb.Change(ctx, tx, `DELETE FROM setup_links WHERE token_hash = $1`, tokenHash)
		if err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrSetupOver
		}
		if _, err := sqldb.Change(ctx, tx, `DELETE FROM setup_links WHERE token_hash > ''`); err != nil {
			return err
		}
		if err := tx.insertUser(ctx, admin, passwordHash); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: admin.CreatedAt, Action: compete.AuditSiteSetUp, ActorID: admin.ID,
		}); err != nil {
			return err
		}
		return tx.setSiteSettings(ctx, settings, admin.CreatedAt)
	})
}

// refuseAdmin fails with ErrSetupOver if there is an admin who can log in.
func (t Tx) refuseAdmin(ctx context.Context) error {
	admins, err := sqldb.List(ctx, t, sqldb.ScanString,
		`SELECT u.id FROM users u WHERE u.role = 'ADMIN' AND u.disabled_at IS NULL LIMIT 1`)
	if err == nil && len(admins) > 0 {
		err = compete.ErrSetupOver
	}
	return err
}

// CreateApplicant implements compete.SiteStore.
func (s *Store) CreateApplicant(ctx context.Context, u compete.User, passwordHash, requestID string) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.insertUser(ctx, u, passwordHash); err != nil {
			return err
		}
		_, err := sqldb.Change(ctx, tx, `INSERT INTO organizer_requests (id, user_id, requested_at)
			VALUES ($1, $2, $3)`,
			requestID, u.ID, compete.UTC(u.CreatedAt))
		if err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: u.CreatedAt, Action: compete.AuditOrganizerAsk, ActorID: u.ID, SubjectID: requestID,
		})
	})
}

func scanRequest(row sqldb.Row) (r compete.OrganizerRequest, err error) {
	r.User, err = sqldb.ScanWith(scanUser, &r.ID, &r.RequestedAt)(row)
	return r, err
}

// OrganizerRequests implements compete.SiteStore.
func (s *Store) OrganizerRequests(
	ctx context.Context, cursor compete.Cursor, limit int,
) (compete.Page[compete.OrganizerRequest], error) {
	var st statement
	st.Add(`SELECT ` + userColumns + `, o.id, o.requested_at FROM organizer_requests o JOIN users u ON u.id = o.user_id
		WHERE u.disabled_at IS NULL`)
	if !cursor.IsZero() {
		st.Add(` AND (o.requested_at, o.id) > (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY o.requested_at, o.id LIMIT %s`, limit+1)
	requests, err := sqldb.List(ctx, s.reader, scanRequest, st.Text(), st.Args()...)
	return page(requests, limit, "organizer-requests",
		func(r compete.OrganizerRequest) (int64, string) { return r.RequestedAt.UnixMicro(), r.ID }), err
}

// OrganizerRequest implements compete.SiteStore.
func (s *Store) OrganizerRequest(ctx context.Context, id string) (compete.OrganizerRequest, error) {
	return sqldb.One(ctx, s.reader, compete.ErrRequestMissing, scanRequest,
		`SELECT `+userColumns+`, o.id, o.requested_at FROM organizer_requests o JOIN users u ON u.id = o.user_id
			WHERE o.id = $1`,
		id)
}

// AnswerOrganizerRequest implements compete.SiteStore.
func (s *Store) AnswerOrganizerRequest(
	ctx context.Context, r compete.OrganizerRequest, approve bool, m compete.Message, now time.Time,
) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `DELETE FROM organizer_requests WHERE id = $1`, r.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrRequestMissing
		}
		action := compete.AuditOrganizerNo
		if approve {
			action = compete.AuditOrganizerYes
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: now, Action: action, UserID: r.User.ID, SubjectID: r.ID,
		}); err != nil {
			return err
		}
		if approve {
			before, err := tx.lockUser(ctx, r.User.ID, "")
			if err != nil {
				return err
			}
			if before.Role == compete.RoleParticipant {
				user := before
				user.Role, user.UpdatedAt = compete.RoleOrganizer, now
				if err := s.updateUser(ctx, tx, before, user); err != nil {
					return err
				}
			}
		}
		return s.saveMessage(ctx, tx, m)
	})
}
