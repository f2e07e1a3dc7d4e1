package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.UserStore = (*Store)(nil)

// userRow are the columns of a user that are shown; in texts, u stands for the table.
var (
	userRow = sqldb.Columns[compete.User]{
		{Name: "id", Field: func(u *compete.User) any { return &u.ID }},
		{Name: "email", Field: func(u *compete.User) any { return &u.Email }},
		{Name: "name", Field: func(u *compete.User) any { return &u.Name }},
		{Name: "role", Field: func(u *compete.User) any { return &u.Role }},
		{Name: "disabled_at", Field: func(u *compete.User) any { return &u.DisabledAt }},
		{Name: "created_at", Field: func(u *compete.User) any { return &u.CreatedAt }},
		{Name: "updated_at", Field: func(u *compete.User) any { return &u.UpdatedAt }},
		{Name: "verified_at", Field: func(u *compete.User) any { return &u.VerifiedAt }},
		{Name: "reminders_off_at", Field: func(u *compete.User) any { return &u.RemindersOffAt }},
		{Name: "disabled_reason", Field: func(u *compete.User) any { return &u.DisabledReason.Text }},
		{Name: "disabled_reason_shown", Field: func(u *compete.User) any { return &u.DisabledReason.Shown }},
		{Name: "time_zone", Field: func(u *compete.User) any { return &u.Zone.Name }},
		{Name: "time_zone_chosen", Field: func(u *compete.User) any { return &u.Zone.Chosen }},
		{Name: "tokens_valid_after", Field: func(u *compete.User) any { return &u.LoginsEndedAt }},
	}
	userColumns = userRow.Select("u")
	scanUser    = userRow.Scan
)

var (
	insertUser  = userRow.Insert("users", "password_hash", "search_text")
	addUser     = insertUser + ` ON CONFLICT DO NOTHING`
	userByID    = `SELECT ` + userColumns + ` FROM users u WHERE u.id = $1 AND u.erased_at IS NULL`
	userByEmail = `SELECT ` + userColumns + `, u.password_hash FROM users u WHERE lower(u.email) = lower($1)
		AND u.erased_at IS NULL`
)

// CreateUser implements compete.UserStore.
func (s *Store) CreateUser(ctx context.Context, u compete.User, passwordHash string) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error { return tx.insertUser(ctx, u, passwordHash) })
}

func (t Tx) insertUser(ctx context.Context, u compete.User, passwordHash string) error {
	_, err := sqldb.Change(ctx, t, insertUser,
		append(userRow.Values(&u), passwordHash, normal.People(u.Name, u.Email))...)
	if sqldb.ViolationOf(err) == sqldb.UniqueViolation { // the id is the primary key, so it is the email
		return fmt.Errorf("%w: %w", compete.ErrEmailTaken, err)
	}
	if err != nil {
		return err
	}
	record := compete.AuditRecord{
		At: u.CreatedAt, Action: compete.AuditAccountCreated, UserID: u.ID, After: compete.AuditFields("role", u.Role),
	}
	if from := compete.OriginOf(ctx); from.Via == compete.ViaPage || from.Via == compete.ViaAPI {
		record.ActorID = u.ID // who signs up makes it
	}
	return t.record(ctx, record)
}

// AddUser implements compete.LedgerTx.
func (t *ledgerTx) AddUser(ctx context.Context, u compete.User) (taken bool, err error) {
	const noPassword = ""
	n, err := sqldb.Change(ctx, t, addUser,
		append(userRow.Values(&u), noPassword, normal.People(u.Name, u.Email))...)
	return n == 0, err
}

// User implements compete.UserStore.
func (s *Store) User(ctx context.Context, id string) (compete.User, error) {
	if !compete.ValidID(id) {
		return compete.User{}, compete.ErrUserMissing
	}
	return sqldb.One(ctx, s.reader, compete.ErrUserMissing, scanUser, userByID, id)
}

// UserByEmail implements compete.UserStore.
func (s *Store) UserByEmail(ctx context.Context, email string) (compete.User, string, error) {
	if !storable(email) {
		return compete.User{}, "", compete.ErrUserMissing
	}
	var hash string
	user, err := sqldb.One(ctx, s.reader, compete.ErrUserMissing, sqldb.ScanWith(scanUser, &hash), userByEmail, email)
	return user, hash, err
}

// PasswordHash implements compete.UserStore.
func (s *Store) PasswordHash(ctx context.Context, id string) (string, error) {
	if !compete.ValidID(id) {
		return "", compete.ErrUserMissing
	}
	return sqldb.One(ctx, s.reader, compete.ErrUserMissing, sqldb.ScanString,
		`SELECT password_hash FROM users WHERE id = $1 AND erased_at IS NULL`, id)
}

// CostliestBcrypt is the highest cost of any bcrypt hash of a password, which older versions and tools outside made; 0
// when there is none.
func (s *Store) CostliestBcrypt(ctx context.Context) (int, error) {
	costs, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT substr(password_hash, 5, 2) FROM users
		WHERE substr(password_hash, 2, 1) = '2' ORDER BY substr(password_hash, 5, 2) DESC LIMIT 1`)
	if err != nil || len(costs) == 0 {
		return 0, err
	}
	cost, _ := strconv.Atoi(costs[0]) // what is no number is no hash
	return cost, nil
}

// FollowTimeZone implements compete.UserStore. It's no change that somebody makes, so no record is kept.
func (s *Store) FollowTimeZone(ctx context.Context, id, zone string) error {
	if !compete.ValidID(id) {
		return nil
	}
	_, err := sqldb.Change(ctx, s.writer,
		`UPDATE users SET time_zone = $2 WHERE id = $1 AND time_zone <> $2 AND NOT time_zone_chosen
			AND erased_at IS NULL`,
		id, zone)
	return err
}

// UpdateUser implements compete.UserStore.
func (s *Store) UpdateUser(
	ctx context.Context, id, by string, change func(u *compete.User),
) (u compete.User, err error) {
	if !compete.ValidID(id) {
		return u, compete.ErrUserMissing
	}
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		before, err := tx.lockUser(ctx, id, by)
		if err != nil {
			return err
		}
		u = before
		change(&u)
		return s.updateUser(ctx, tx, before, u)
	})
	return u, err
}

// lockUser locks an account, and on behalf of an admin also those of all admins, who could otherwise end each other's
// rights at the same time, so that none is left. It fails with ErrUserMissing, and with ErrForbidden if by, unless it
// is empty, isn't the id of an admin who can log in.
func (t Tx) lockUser(ctx context.Context, id, by string) (compete.User, error) {
	if by == "" {
		return sqldb.One(ctx, t, compete.ErrUserMissing, scanUser, userByID+` {lock u}`, id)
	}
	user, admins, err := t.lockAmongAdmins(ctx, id)
	if err == nil && !slices.Contains(admins, by) {
		err = compete.ErrForbidden
	}
	return user, err
}

// lockAmongAdmins locks an account and those of all admins who can log in, in order of id, and returns the account and
// the ids of these admins. It fails with ErrUserMissing.
func (t Tx) lockAmongAdmins(ctx context.Context, id string) (user compete.User, admins []string, err error) {
	locked, err := sqldb.List(ctx, t, scanUser, `SELECT `+userColumns+` FROM users u
		WHERE u.id = $1 AND u.erased_at IS NULL
			OR u.role = 'ADMIN' AND u.disabled_at IS NULL ORDER BY u.id {lock u}`, id)
	if err != nil {
		return user, nil, err
	}
	for i := range locked {
		u := &locked[i]
		if u.Role == compete.RoleAdmin && u.DisabledAt == nil {
			admins = append(admins, u.ID)
		}
		if u.ID == id {
			user = *u
		}
	}
	if user.ID == "" {
		err = compete.ErrUserMissing
	}
	return user, admins, err
}

// updateUser writes what has changed about an account that is locked.
func (s *Store) updateUser(ctx context.Context, tx Tx, before, u compete.User) error {
	now := compete.UTC(u.UpdatedAt)
	if _, err := sqldb.Change(ctx, tx, `UPDATE users
		SET role = $2, disabled_at = $3, updated_at = $4, disabled_reason = $5, disabled_reason_shown = $6
		WHERE id = $1`, u.ID, string(u.Role), utc(u.DisabledAt), now, u.DisabledReason.Text,
		u.DisabledReason.Shown); err != nil {
		return err
	}
	if err := tx.recordUser(ctx, before, u, now); err != nil {
		return err
	}
	if err := s.enqueueSettling(ctx, tx, before, u, now); err != nil {
		return err
	}
	if before.Role == u.Role && (before.DisabledAt != nil || u.DisabledAt == nil) {
		return nil
	}
	return tx.endLogins(ctx, u.ID, "", now)
}

// recordUser records what changed about an account.
func (t Tx) recordUser(ctx context.Context, before, after compete.User, now time.Time) error {
	if before.Role != after.Role {
		if err := t.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditAccountRole, UserID: after.ID,
			Before: compete.AuditFields("role", before.Role), After: compete.AuditFields("role", after.Role),
		}); err != nil {
			return err
		}
	}
	switch {
	case before.DisabledAt == nil && after.DisabledAt != nil:
		return t.record(ctx, compete.AuditRecord{At: now, Action: compete.AuditAccountDisabled, UserID: after.ID})
	case before.DisabledAt != nil && after.DisabledAt == nil:
		return t.record(ctx, compete.AuditRecord{At: now, Action: compete.AuditAccountEnabled, UserID: after.ID})
	}
	return nil
}

// enqueueSettling enqueues a SettleJob for each published competition that the change of an account concerns: those
// that the user organizes, whose phase changes, or where free seats can be passed on (after the deadline too, as long
// as it hasn't started: see Competition.Promotes). Once an account is enabled again, also those that the user waits
// for, where a seat may be free. Once it is disabled, somebody else becomes captain of the user's teams.
func (s *Store) enqueueSettling(ctx context.Context, tx Tx, before, after compete.User, now time.Time) error {
	organized, waits := before.MayOrganize() != after.MayOrganize(), before.DisabledAt != nil && after.DisabledAt == nil
	leads := before.DisabledAt == nil && after.DisabledAt != nil
	var jobs []compete.Job
	for _, look := range []struct {
		wanted bool
		text   string
		args   []any
	}{
		{organized, `SELECT c.id FROM competitions c WHERE c.organizer_id = $1 AND {+c.status} = 'PUBLISHED'
			AND (coalesce(c.start_date, c.reg_deadline) > $2
				OR c.start_date IS NULL AND c.waitlisted > 0 AND c.seats_left > 0)`, []any{after.ID, now}},
		{waits, `SELECT c.id FROM registrations r JOIN competitions c ON c.id = r.competition_id
			WHERE r.user_id = $1 AND {+r.status} = 'WAITLISTED' AND {+c.status} = 'PUBLISHED'
			AND c.seats_left > 0`, []any{after.ID}},
		{leads, `SELECT c.id FROM teams t JOIN competitions c ON c.id = t.competition_id
			WHERE t.captain_id = $1 AND {+c.status} = 'PUBLISHED'`, []any{after.ID}},
	} {
		if !look.wanted {
			continue
		}
		ids, err := sqldb.List(ctx, tx, sqldb.ScanString, look.text, look.args...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			jobs = append(jobs, compete.SettleJob{CompetitionID: id})
		}
	}
	return s.enqueue(ctx, tx, jobs)
}

// UpgradeHash implements compete.UserStore.
func (s *Store) UpgradeHash(ctx context.Context, userID, before, after string) error {
	_, err := sqldb.Change(ctx, s.writer,
		`UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, userID, before, after)
	return err
}

// endLogins ends the user's sessions, save one, and voids tokens without a session that were issued before now. It
// begins with the account, for which CreateSession waits: the sessions include those made until then.
func (t Tx) endLogins(ctx context.Context, userID, keepSessionID string, now time.Time) error {
	if err := t.endTokens(ctx, userID, now); err != nil {
		return err
	}
	return t.endSessions(ctx, userID, keepSessionID, now)
}

func (t Tx) endSessions(ctx context.Context, userID, keepSessionID string, now time.Time) error {
	if !compete.ValidID(keepSessionID) {
		keepSessionID = noID
	}
	_, err := sqldb.Change(ctx, t, `UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL
		AND id <> $3`,
		userID, now, keepSessionID)
	return err
}

func (t Tx) endTokens(ctx context.Context, userID string, before time.Time) error {
	_, err := sqldb.Change(ctx, t, `UPDATE users SET tokens_valid_after = $2 WHERE id = $1`, userID, before)
	return err
}

// noID is an id that nothing has.
const noID = "00000000-0000-0000-0000-000000000000"

// Users implements compete.UserStore.
func (s *Store) Users(
	ctx context.Context, search string, cursor compete.Cursor, limit int,
) (compete.Page[compete.User], error) {
	if !storable(search) {
		return compete.Page[compete.User]{}, nil
	}
	part := sqldb.Part{
		Columns: `, u.created_at, u.erased_at`, Where: ` AND f.erased_at IS NULL`,
		Order: `f.created_at DESC, f.id DESC`, Limit: limit + 1,
	}
	if !cursor.IsZero() {
		part.Where += ` AND (f.created_at, f.id) < (%s, %s)`
		part.Values = []any{cursor.Time(), cursor.ID}
	}
	among, err := s.someCandidates(ctx, search, part)
	if err != nil {
		return compete.Page[compete.User]{}, err
	}
	if search == "" || !among.all {
		users, err := s.listUsers(ctx, search, among, cursor, compete.Cursor{}, limit)
		return pageOfUsers(users, limit), err
	}
	return s.alongUsers(ctx, search, cursor, limit)
}

func pageOfUsers(users []compete.User, limit int) compete.Page[compete.User] {
	return page(users, limit, "users", func(u compete.User) (int64, string) { return u.CreatedAt.UnixMicro(), u.ID })
}

// alongUsers looks at one window of the list after the other for words that many have.
func (s *Store) alongUsers(
	ctx context.Context, search string, cursor compete.Cursor, limit int,
) (list compete.Page[compete.User], err error) {
	var found []compete.User
	for looked := 0; ; {
		end, err := s.endOfUsers(ctx, cursor, window)
		if err != nil {
			return list, err
		}
		some, err := s.listUsers(ctx, search, candidates{all: true}, cursor, end, limit-len(found))
		if err != nil {
			return list, err
		}
		if found = append(found, some...); len(found) > limit || end.IsZero() {
			return pageOfUsers(found, limit), nil
		}
		if looked += window; enough(looked, len(found)) {
			return compete.Page[compete.User]{Items: found, Next: end}, nil
		}
		cursor = end
	}
}

// endOfUsers is the place of the last of so many users; zero when there are fewer.
func (s *Store) endOfUsers(ctx context.Context, cursor compete.Cursor, window int) (end compete.Cursor, err error) {
	var st statement
	st.Add(`SELECT u.created_at, u.id FROM users u WHERE 1 = 1`)
	st.afterUser(cursor)
	st.Add(` ORDER BY u.created_at DESC, u.id DESC LIMIT 1 OFFSET %s`, window-1)
	ends, err := sqldb.List(ctx, s.replicated, func(row sqldb.Row) (u compete.User, err error) {
		err = row.Scan(&u.CreatedAt, &u.ID)
		return u, err
	}, st.Text(), st.Args()...)
	if err != nil || len(ends) == 0 {
		return end, err
	}
	return compete.Cursor{List: "users", Key: ends[0].CreatedAt.UnixMicro(), ID: ends[0].ID}, nil
}

func (s *statement) afterUser(cursor compete.Cursor) {
	if !cursor.IsZero() {
		s.Add(` AND (u.created_at, u.id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
}

// listUsers reads one user more than limit says, newest first, from after a cursor to the end, if that is given.
func (s *Store) listUsers(
	ctx context.Context, search string, among candidates, cursor, end compete.Cursor, limit int,
) ([]compete.User, error) {
	var st statement
	st.Add(`SELECT ` + userColumns + ` FROM `)
	st.among(s.db, among)
	st.Add(`users u WHERE u.erased_at IS NULL`)
	st.is(`u.id`, among)
	st.containing(search)
	st.afterUser(cursor)
	if !end.IsZero() {
		st.Add(` AND (u.created_at, u.id) >= (%s, %s)`, end.Time(), end.ID)
	}
	st.Add(` ORDER BY u.created_at DESC, u.id DESC LIMIT %s`, limit+1)
	return sqldb.List(ctx, s.replicated.Unprepared(), scanUser, st.Text(), st.Args()...)
}
