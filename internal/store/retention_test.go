package store_test

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const retained = 100 * 24 * time.Hour

func TestRetention(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("messages and addresses", func(t *testing.T) { testOldMessages(t, f) })
		t.Run("unused accounts", func(t *testing.T) { testUnusedAccounts(t, f) })
		t.Run("registrations become anonymous", func(t *testing.T) { testAnonymousRegistrations(t, f) })
		t.Run("teams keep a captain", func(t *testing.T) { testAnonymousTeam(t, f) })
	})
}

func testOldMessages(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	for _, at := range []time.Time{f.ago(retained), f.ago(retained - time.Second)} {
		m := f.accountMessage(user, compete.MessageSecurity, "")
		m.SentAt = at
		must(t, f.SaveMessage(t.Context(), m))
		must(t, f.CreateSession(t.Context(), compete.Session{
			ID: newID(), UserID: user.ID, Network: "203.0.113.7", CreatedAt: at, ExpiresAt: f.now.Add(time.Hour),
		}))
	}
	got, err := f.CleanUp(t.Context(), compete.CleanUpAges{
		FailedJobs: retained, Audit: 10 * retained,
		Sessions: retained,
	}, f.now, nil)
	must(t, err)
	want(t, "without ages", got, compete.CleanUpReport{})
	got, err = f.CleanUp(t.Context(), compete.CleanUpAges{
		FailedJobs: retained, Audit: 10 * retained,
		Sessions: retained, Messages: retained, Addresses: retained,
	}, f.now, nil)
	must(t, err)
	want(t, "deleted", got, compete.CleanUpReport{Messages: 1, Addresses: 1})
	left, err := f.Messages(t.Context(), user.ID, compete.Cursor{}, 10)
	must(t, err)
	sessions, err := f.Sessions(t.Context(), user.ID, f.now, compete.Cursor{}, 10)
	must(t, err)
	if len(left.Items) != 1 || len(sessions.Items) != 2 || sessions.Items[0].Network == "" ||
		sessions.Items[1].Network != "" {
		t.Errorf("left are the messages %+v and the sessions %+v", left.Items, sessions.Items)
	}
}

func testUnusedAccounts(t *testing.T, f *fixture) {
	old := func(role compete.Role) compete.User {
		u := f.addUser(t, role)
		f.exec(t, `UPDATE users SET created_at = $2, updated_at = $2 WHERE id = $1`, u.ID, compete.UTC(f.ago(retained)))
		return u
	}
	unused, loggedIn, expired, changed := old(compete.RoleParticipant), old(compete.RoleParticipant),
		old(compete.RoleOrganizer), old(compete.RoleParticipant)
	old(compete.RoleAdmin)
	f.exec(t, `UPDATE users SET updated_at = $2 WHERE id = $1`, changed.ID, f.now)
	session := func(u compete.User, used, expires time.Time) {
		must(t, f.CreateSession(t.Context(),
			compete.Session{ID: newID(), UserID: u.ID, CreatedAt: used, ExpiresAt: expires}))
	}
	session(unused, f.ago(retained), f.now.Add(time.Hour))
	session(loggedIn, f.ago(retained-time.Second), f.now.Add(time.Hour))
	// it is deleted, but still counts as use
	session(expired, f.ago(retained-time.Hour), f.ago(retained-2*time.Hour))
	registered := f.addRegistration(t, f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), nil).ID,
		compete.RegistrationConfirmed, func(r *compete.Registration) {
			r.RegisteredAt = f.ago(2 * retained)
		})
	f.exec(t, `UPDATE users SET created_at = $2, updated_at = $2 WHERE id = $1`, registered.UserID,
		compete.UTC(f.ago(retained)))
	_, err := f.CleanUp(t.Context(), compete.CleanUpAges{
		FailedJobs: retained, Audit: 10 * retained,
		Sessions: time.Hour,
	}, f.now, nil)
	must(t, err)
	got, err := f.UnusedAccounts(t.Context(), f.ago(retained), "", 10)
	must(t, err)
	want(t, "unused", got, []string{unused.ID})
}

func testAnonymousRegistrations(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	at := func(end time.Duration) compete.Competition {
		return f.addCompetition(t, organizer, func(c *compete.Competition) {
			c.RegDeadline, c.StartDate = f.ago(end+2*time.Hour), f.agoPointer(end+time.Hour)
			c.EndDate = f.agoPointer(end)
		})
	}
	over, alsoOver, later := at(retained), at(2*retained), at(retained-time.Second)
	removed := compete.Removal{Reason: "Dear Ada", Note: "Ada again", Blocked: true}
	var people []string
	for _, c := range []compete.Competition{over, over, alsoOver, later} {
		r := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
		f.exec(t, `UPDATE registrations SET removal_reason = $2, removal_note = $3, blocked = true WHERE id = $1`, r.ID,
			removed.Reason, removed.Note)
		f.wantDelivered(t, nil, []compete.Message{f.message(r, compete.MessageCancelled)}, 1)
		people = append(people, r.UserID)
	}
	ages := compete.CleanUpAges{FailedJobs: retained, Audit: 10 * retained, Sessions: retained, Registrations: retained}
	got, err := f.CleanUp(t.Context(), ages, f.now, nil)
	must(t, err)
	want(t, "changed", got.Registrations, 3)
	nobodies := map[string]bool{}
	for _, c := range []compete.Competition{over, alsoOver} {
		page, err := f.RegistrationsOfCompetition(t.Context(), c.ID, compete.RegistrationFilter{Limit: 10})
		must(t, err)
		for _, r := range page.Items {
			nobodies[r.UserID] = true
			if r.Status != compete.RegistrationConfirmed || r.Removal != (compete.Removal{}) {
				t.Errorf("the registration is %+v", r.Registration)
			}
			want(t, "participant", r.Participant,
				compete.Participant{ID: r.UserID, Name: compete.ErasedName, Disabled: true, Erased: true})
		}
	}
	want(t, "accounts of nobody", len(nobodies), 2)
	denied, err := f.Revocations(t.Context(), f.now)
	must(t, err)
	want(t, "denied accounts", len(denied.ErasedUsers)+len(denied.DisabledUsers), 0)
	for i, id := range people {
		mine, err := f.RegistrationsOfUser(t.Context(), id, compete.Cursor{}, 10)
		must(t, err)
		mail, err := f.Messages(t.Context(), id, compete.Cursor{}, 10)
		must(t, err)
		if len(mine.Items) != i/3 || len(mail.Items) != 1 || (mail.Items[0].RegistrationID == "") != (i < 3) {
			t.Errorf("person %d has the registrations %+v and messages %+v", i, mine.Items, mail.Items)
		}
	}
	got, err = f.CleanUp(t.Context(), ages, f.now, nil)
	must(t, err)
	want(t, "again", got.Registrations, 0)
}

// testAnonymousTeam makes the registrations of a team anonymous: nothing tells who led it, and it still has a captain.
// Where that person leads another team, they remain its captain.
func testAnonymousTeam(t *testing.T, f *fixture) {
	c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), func(c *compete.Competition) {
		c.RegDeadline, c.StartDate, c.EndDate = f.ago(retained+time.Hour), nil, nil
	})
	captain := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
	member := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
	team := f.addTeam(t, c.ID, captain, member)
	open := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), nil)
	another := f.addTeam(t, open.ID, f.addRegistration(t, open.ID, compete.RegistrationConfirmed,
		func(r *compete.Registration) { r.UserID = captain.UserID }))
	ages := compete.CleanUpAges{FailedJobs: retained, Audit: 10 * retained, Sessions: retained, Registrations: retained}
	got, err := f.CleanUp(t.Context(), ages, f.now, nil)
	must(t, err)
	want(t, "changed", got.Registrations, 2)
	list, err := f.Teams(t.Context(), c.ID, compete.TeamFilter{Limit: 10})
	must(t, err)
	after, err := f.ParticipantRegistration(t.Context(), captain.ID)
	must(t, err)
	if len(list.Items) != 1 || list.Items[0].ID != team || list.Items[0].CaptainID != after.UserID ||
		after.UserID == captain.UserID || list.Items[0].Size != 2 {
		t.Errorf("the teams are %+v, and the captain is %+v", list.Items, after)
	}
	elsewhere, err := f.Team(t.Context(), another)
	must(t, err)
	want(t, "the captain elsewhere", elsewhere.CaptainID, captain.UserID)
}
