package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
)

func TestUsers(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("created ones come back", func(t *testing.T) { testCreateUser(t, f) })
		t.Run("an email is taken whatever its case", func(t *testing.T) { testEmailTaken(t, f) })
		t.Run("unknown ones are missing", func(t *testing.T) { testUserMissing(t, f) })
		t.Run("changes", func(t *testing.T) { testUpdateUser(t, f) })
		t.Run("enabling an organizer settles", func(t *testing.T) { testEnablingSettles(t, f) })
		t.Run("admins among each other", func(t *testing.T) { testAdminsAtOnce(t, f) })
		t.Run("two changes at once", func(t *testing.T) { testChangesAtOnce(t, f) })
		t.Run("time zones", func(t *testing.T) { testTimeZones(t, f) })
		t.Run("a new password ends other logins", func(t *testing.T) { testSetPassword(t, f) })
		t.Run("a profile is written whole", func(t *testing.T) { testProfileIsWrittenWhole(t, f) })
		t.Run("list and search", func(t *testing.T) { testListUsers(t, f) })
		t.Run("bcrypt hashes in use", func(t *testing.T) { testCostliestBcrypt(t, f) })
	})
}

func testCreateUser(t *testing.T, f *fixture) {
	u := compete.User{
		ID: newID(), Email: "grace@example.com", Name: "Grace Hopper", Role: compete.RoleOrganizer,
		DisabledAt: f.agoPointer(time.Hour), CreatedAt: f.now, UpdatedAt: f.now,
	}
	must(t, f.CreateUser(t.Context(), u, "a hash"))
	got, err := f.User(t.Context(), u.ID)
	must(t, err)
	want(t, "user", got, storedUser(u))
	if zone, _ := got.CreatedAt.Zone(); zone != "UTC" {
		t.Errorf("CreatedAt is in zone %q, want UTC", zone)
	}
	got, hash, err := f.UserByEmail(t.Context(), "grace@example.com")
	must(t, err)
	want(t, "user by email", got, storedUser(u))
	want(t, "hash by email", hash, "a hash")
	hash, err = f.PasswordHash(t.Context(), u.ID)
	must(t, err)
	want(t, "hash", hash, "a hash")
	// An external tool may have written the email in any case.
	f.exec(t, `UPDATE users SET email = 'Grace@Example.COM' WHERE id = $1`, u.ID)
	if _, _, err = f.UserByEmail(t.Context(), "grace@example.com"); err != nil {
		t.Errorf("an email in capitals isn't found: %v", err)
	}
}

func testEmailTaken(t *testing.T, f *fixture) {
	first := f.addUser(t, compete.RoleParticipant)
	second := first
	second.ID, second.Email = newID(), strings.ToUpper(first.Email)
	wantError(t, "the same email in capitals", f.CreateUser(t.Context(), second, ""), compete.ErrEmailTaken)
	second.ID, second.Email = first.ID, "another@example.com"
	err := f.CreateUser(t.Context(), second, "")
	wantError(t, "the same id", err, compete.ErrConstraint)
	if compete.AsError(err).Kind != compete.KindInternal {
		t.Errorf("the same id: %v, want an internal error", err)
	}
	second.ID, second.Role = newID(), "BOSS"
	wantError(t, "an unknown role", f.CreateUser(t.Context(), second, ""), compete.ErrConstraint)
}

func testUserMissing(t *testing.T, f *fixture) {
	for _, id := range append([]string{newID()}, notIDs...) {
		_, err := f.User(t.Context(), id)
		wantError(t, "User", err, compete.ErrUserMissing)
		_, err = f.PasswordHash(t.Context(), id)
		wantError(t, "PasswordHash", err, compete.ErrUserMissing)
		wantError(t, "UpdateProfile", f.UpdateProfile(t.Context(), id, compete.ProfileUpdate{Name: new("x")}, f.now),
			compete.ErrUserMissing)
		must(t, f.FollowTimeZone(t.Context(), id, "UTC"))
		_, err = f.UpdateUser(t.Context(), id, "", func(u *compete.User) { u.Role = compete.RoleAdmin })
		wantError(t, "UpdateUser", err, compete.ErrUserMissing)
	}
	for _, email := range []string{"nobody@example.com", "", "nul\x00@example.com", "bad\xff@example.com"} {
		_, _, err := f.UserByEmail(t.Context(), email)
		wantError(t, fmt.Sprintf("UserByEmail %q", email), err, compete.ErrUserMissing)
	}
}

func testTimeZones(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	follow := func(zone string, want compete.UserZone) {
		t.Helper()
		must(t, f.FollowTimeZone(t.Context(), u.ID, zone))
		u.Zone = want
		f.wantUser(t, u)
	}
	choose := func(zone string, want compete.UserZone) {
		t.Helper()
		must(t, f.UpdateProfile(t.Context(), u.ID, compete.ProfileUpdate{TimeZone: &zone}, f.now))
		u.Zone, u.UpdatedAt = want, compete.UTC(f.now)
		f.wantUser(t, u)
	}
	follow("Europe/Berlin", compete.UserZone{Name: "Europe/Berlin"})
	follow("Asia/Tokyo", compete.UserZone{Name: "Asia/Tokyo"})
	choose("America/New_York", compete.UserZone{Name: "America/New_York", Chosen: true})
	follow("Asia/Tokyo", compete.UserZone{Name: "America/New_York", Chosen: true})
	choose("", compete.UserZone{})
	follow("Asia/Tokyo", compete.UserZone{Name: "Asia/Tokyo"})
}

func testUpdateUser(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	session := f.addSession(t, u)
	must(t, f.UpdateProfile(t.Context(), u.ID, compete.ProfileUpdate{Name: new("Ada Lovelace")}, f.ago(-time.Minute)))
	u.Name, u.UpdatedAt = "Ada Lovelace", compete.UTC(f.ago(-time.Minute))
	f.wantUser(t, u)

	u.UpdatedAt = compete.UTC(f.ago(-2 * time.Minute))
	f.setUser(t, u)
	f.wantUser(t, u)
	f.wantLogins(t, u, []string{session.ID}, time.Time{})

	u.Role, u.Name = compete.RoleOrganizer, "Not to be written"
	f.setUser(t, u)
	u.Name, u.LoginsEndedAt = "Ada Lovelace", stored(&u.UpdatedAt)
	f.wantUser(t, u)
	f.wantLogins(t, u, nil, u.UpdatedAt)

	session = f.addSession(t, u)
	disabled := compete.UTC(f.ago(-3 * time.Minute))
	u.DisabledAt, u.UpdatedAt, u.DisabledReason = &disabled, disabled, compete.Reason{Text: "Sold seats", Shown: true}
	f.setUser(t, u)
	u.LoginsEndedAt = &disabled
	f.wantUser(t, u)
	f.wantLogins(t, u, nil, disabled)

	u.DisabledAt, u.UpdatedAt, u.DisabledReason = nil, compete.UTC(f.ago(-4*time.Minute)), compete.Reason{}
	f.setUser(t, u)
	f.wantUser(t, u)
	f.wantLogins(t, u, nil, disabled) // enabled again: ended logins stay ended, but nothing else
}

// testEnablingSettles enables an organizer again: what was paused goes on, in every competition where it can.
func testEnablingSettles(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	add := func(deadline time.Duration, start *time.Time, left, waitlisted int) compete.Job {
		return compete.SettleJob{CompetitionID: f.addCompetition(t, organizer, func(c *compete.Competition) {
			c.Status, c.RegDeadline, c.StartDate, c.EndDate = compete.StatusPublished, f.ago(-deadline), start, nil
			c.Capacity, c.SeatsLeft, c.Waitlisted = 9, left, waitlisted
		}).ID}
	}
	open := add(time.Hour, f.agoPointer(-2*time.Hour), 9, 0)
	ahead := add(-2*time.Hour, f.agoPointer(-time.Hour), 1, 1)
	add(-2*time.Hour, f.agoPointer(time.Hour), 1, 1) // it has started
	undated := add(-time.Hour, nil, 1, 1)
	add(-time.Hour, nil, 1, 0)
	add(-time.Hour, nil, 0, 1)
	organizer.DisabledAt = &f.now
	f.setUser(t, organizer)
	enqueued := f.enqueued(t)
	organizer.DisabledAt = nil
	f.setUser(t, organizer)
	got, wanted := enqueued(), inQueue(t, open, ahead, undated)
	payload := func(q queued) string { return fmt.Sprint(q.Payload) }
	want(t, "settled", slices.Sorted(slices.Values(ids(got, payload))),
		slices.Sorted(slices.Values(ids(wanted, payload))))
}

// testAdminsAtOnce has all admins end each other's rights at the same moment: one of them remains.
func testAdminsAtOnce(t *testing.T, f *fixture) {
	for name, end := range map[string]func(u *compete.User){
		"demoted":  func(u *compete.User) { u.Role = compete.RoleOrganizer },
		"disabled": func(u *compete.User) { u.DisabledAt = &f.now },
	} {
		admins := make([]compete.User, 4)
		for i := range admins {
			admins[i] = f.addUser(t, compete.RoleAdmin)
		}
		failures := make([]error, len(admins))
		check.Together(len(admins), func(i int) {
			_, failures[i] = f.UpdateUser(t.Context(), admins[(i+1)%len(admins)].ID, admins[i].ID, end)
		})
		left := 0
		for i, err := range failures {
			if err != nil {
				wantError(t, name, err, compete.ErrForbidden)
			}
			u, err := f.User(t.Context(), admins[i].ID)
			must(t, err)
			if u.Role == compete.RoleAdmin && u.DisabledAt == nil {
				left++
			}
		}
		if left == 0 {
			t.Errorf("all admins are %s", name)
		}
		for _, u := range admins {
			f.setUser(t, compete.User{ID: u.ID, Role: compete.RoleParticipant, UpdatedAt: f.now})
		}
	}
}

// testChangesAtOnce: a change of the role and one of the account's access don't undo each other.
func testChangesAtOnce(t *testing.T, f *fixture) {
	one, other, user := f.addUser(t, compete.RoleAdmin), f.addUser(t, compete.RoleAdmin),
		f.addUser(t, compete.RoleParticipant)
	check.Together(2, func(i int) {
		by, change := one.ID, func(u *compete.User) { u.Role = compete.RoleOrganizer }
		if i == 1 {
			by, change = other.ID, func(u *compete.User) { u.DisabledAt = &f.now }
		}
		if _, err := f.UpdateUser(t.Context(), user.ID, by, change); err != nil {
			t.Error(err)
		}
	})
	got, err := f.User(t.Context(), user.ID)
	must(t, err)
	if got.Role != compete.RoleOrganizer || got.DisabledAt == nil {
		t.Errorf("the account is %s, disabled at %v; want both changes", got.Role, got.DisabledAt)
	}
}

// setUser writes an account's role, disabled_at and reason.
func (f *fixture) setUser(t *testing.T, user compete.User) {
	t.Helper()
	_, err := f.UpdateUser(t.Context(), user.ID, "", func(u *compete.User) { *u = user })
	must(t, err)
}

func (f *fixture) wantUser(t *testing.T, u compete.User) {
	t.Helper()
	got, err := f.User(t.Context(), u.ID)
	must(t, err)
	want(t, "user", got, u)
}

func testSetPassword(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	kept, other := f.addSession(t, u), f.addSession(t, u)
	stranger := f.addSession(t, f.addUser(t, compete.RoleParticipant))
	notice := f.accountMessage(u, compete.MessageSecurity, "")
	password := &compete.NewPassword{Hash: "new hash", KeepSessionID: kept.ID, Notice: notice}
	must(t, f.UpdateProfile(t.Context(), u.ID, compete.ProfileUpdate{Password: password}, f.now))
	got, err := f.Message(t.Context(), u.ID, notice.ID)
	must(t, err)
	want(t, "kind of the notice", got.Kind, compete.MessageSecurity)
	hash, err := f.PasswordHash(t.Context(), u.ID)
	must(t, err)
	want(t, "hash", hash, "new hash")
	f.wantLogins(t, u, []string{kept.ID}, compete.UTC(f.now))
	if _, _, err := f.SessionByTokenHash(t.Context(), stranger.TokenHash, f.now); err != nil {
		t.Errorf("another user's session ended: %v", err)
	}
	_, _, err = f.SessionByTokenHash(t.Context(), other.TokenHash, f.now)
	wantError(t, "the other session", err, compete.ErrUnauthorized)

	newer := compete.ProfileUpdate{Password: &compete.NewPassword{Hash: "newer hash"}} // by a token without a session
	wantError(t, "a change that began before", f.UpdateProfile(t.Context(), u.ID, newer, f.now),
		compete.ErrUnauthorized)
	newer.Password.LoginsEndedAt = &f.now
	must(t, f.UpdateProfile(t.Context(), u.ID, newer, f.ago(-time.Minute)))
	f.wantLogins(t, u, nil, compete.UTC(f.ago(-time.Minute)))
}

// testProfileIsWrittenWhole makes the last part of a change fail: the earlier parts aren't written either.
func testProfileIsWrittenWhole(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	notice := f.accountMessage(u, compete.MessageSecurity, "")
	must(t, f.SaveMessage(t.Context(), notice))
	err := f.UpdateProfile(t.Context(), u.ID, compete.ProfileUpdate{
		Name: new("Ada Lovelace"), Reminders: new(false), TimeZone: new("Europe/Berlin"),
		Password: &compete.NewPassword{Hash: "new hash", Notice: notice}, // an existing ID
	}, f.now)
	wantError(t, "UpdateProfile", err, compete.ErrConstraint)
	f.wantUser(t, u)

	notice.ID = newID()
	must(t, f.UpdateProfile(t.Context(), u.ID, compete.ProfileUpdate{
		Name: new("Ada Lovelace"), Reminders: new(false), TimeZone: new("Europe/Berlin"),
		Password: &compete.NewPassword{Hash: "new hash", Notice: notice},
	}, f.now))
	u.Name, u.Zone, u.UpdatedAt = "Ada Lovelace", compete.UserZone{Name: "Europe/Berlin", Chosen: true},
		compete.UTC(f.now)
	u.RemindersOffAt, u.LoginsEndedAt = &u.UpdatedAt, &u.UpdatedAt
	f.wantUser(t, u)
}

func testListUsers(t *testing.T, f *fixture) {
	for _, u := range []struct{ email, name string }{
		{"özgür@example.com", "Özgür Ünal"},
		{"100%@example.com", "Per_cent Sign"},
		{"back@slash.example", `Back\slash`},
	} {
		must(t, f.CreateUser(t.Context(),
			compete.User{
				ID: newID(), Email: u.email, Name: u.name, Role: compete.RoleParticipant, CreatedAt: f.now,
				UpdatedAt: f.now,
			}, ""))
	}
	for i := range 30 { // three at the same time
		must(t, f.CreateUser(t.Context(), compete.User{
			ID: newID(), Email: fmt.Sprintf("w%02d@walk.example", i), Name: "Walker", Role: compete.RoleParticipant,
			CreatedAt: f.ago(time.Duration(i/3) * time.Second), UpdatedAt: f.now,
		}, ""))
	}
	for search, names := range map[string]int{
		"walker": 30, "WALK": 30, "w0": 10, "w01 walker": 1, "alker": 30, "walker nobody": 0,
		"özg": 1, "ÖZGÜR ün": 1, "100%": 1, "%": 1, "per_c": 1, "per%": 0, `back\s`: 1, `\`: 1, `'`: 0,
		`"`: 0, "nul\x00": 0,
	} {
		page, err := f.Users(t.Context(), search, compete.Cursor{}, 100)
		must(t, err)
		if len(page.Items) != names {
			t.Errorf("search %q finds %d, want %d", search, len(page.Items), names)
		}
	}
	all := walk(t, "users", func(c compete.Cursor) (compete.Page[compete.User], error) {
		return f.Users(t.Context(), "walker", c, 4)
	})
	wantOrder(t, all, 30, func(u compete.User) string { return u.ID }, func(a, b compete.User) bool {
		return a.CreatedAt.After(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID > b.ID
	})
	for _, cursor := range outOfBounds("users") {
		_, err := f.Users(t.Context(), "", cursor, 10)
		must(t, err)
	}
}

func testCostliestBcrypt(t *testing.T, f *fixture) {
	costliest := func(expected int) {
		t.Helper()
		cost, err := f.CostliestBcrypt(t.Context())
		must(t, err)
		want(t, "the highest cost", cost, expected)
	}
	costliest(0)
	const argon2, nine, eleven = "$argon2id$v=19$m=19456,t=2,p=1$x$y", "$2b$09$x", "$2a$11$x"
	hashes := map[string]compete.User{}
	for _, hash := range []string{argon2, nine, eleven, "", "$2"} {
		hashes[hash] = f.addUser(t, compete.RoleParticipant)
		f.exec(t, `UPDATE users SET password_hash = $2 WHERE id = $1`, hashes[hash].ID, hash)
	}
	costliest(11)
	must(t, f.UpgradeHash(t.Context(), hashes[eleven].ID, eleven, argon2))
	costliest(9)
	must(t, f.UpgradeHash(t.Context(), hashes[nine].ID, nine, argon2))
	costliest(0)
}
