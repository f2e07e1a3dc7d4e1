package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestSite(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("settings", func(t *testing.T) { testSiteSettings(t, f) })
		t.Run("links of several starts", func(t *testing.T) { testSetupLinks(t, f) })
		t.Run("ever published", func(t *testing.T) { testEverPublished(t, f) })
		t.Run("set up once", func(t *testing.T) { testSetUpOnce(t, f) })
	})
}

func testSiteSettings(t *testing.T, f *fixture) {
	must(t, f.SetSiteSettings(t.Context(), map[string]string{"B": "2", "A": "1", "C": "3"}, f.now))
	must(t, f.SetSiteSettings(t.Context(), map[string]string{"A": "changed", "B": "", "unknown": ""},
		f.now.Add(time.Second)))
	got, err := f.SiteSettings(t.Context())
	must(t, err)
	want(t, "the settings", got, map[string]string{"A": "changed", "C": "3"})
}

// testSetupLinks: the links of all replicas are valid, and of very many the oldest expire.
func testSetupLinks(t *testing.T, f *fixture) {
	for i := range 60 {
		must(t, f.AddSetupLink(t.Context(), fmt.Sprintf("start %02d", i), f.now.Add(time.Duration(i)*time.Second)))
	}
	for hash, good := range map[string]bool{
		"start 59": true, "start 10": true, "start 09": false,
		"": false, "other": false,
	} {
		var over error
		if !good {
			over = compete.ErrSetupOver
		}
		wantError(t, "the link "+hash, f.CheckSetupLink(t.Context(), hash), over)
	}
}

// testEverPublished: a draft doesn't count, even if it's cancelled, but an unlisted competition does.
func testEverPublished(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	add := func(status compete.CompetitionStatus) string {
		return f.addCompetition(t, organizer, func(c *compete.Competition) {
			c.Status, c.Visibility, c.Discarded, c.Unpublished = status, compete.VisibilityUnlisted, false, false
		}).ID
	}
	published := func(what string, wanted bool) {
		t.Helper()
		got, err := f.EverPublished(t.Context())
		must(t, err)
		want(t, what, got, wanted)
	}
	id := add(compete.StatusDraft)
	published("a draft", false)
	f.exec(t, `UPDATE competitions SET status = 'CANCELLED', discarded = true WHERE id = $1`, id)
	published("a discarded one", false)
	f.exec(t, `UPDATE competitions SET discarded = false WHERE id = $1`, id)
	published("a cancelled one", true)
	f.exec(t, `UPDATE competitions SET status = 'DRAFT' WHERE id = $1`, id)
	published("a draft again", false)
	f.exec(t, `UPDATE competitions SET unpublished = true WHERE id = $1`, id)
	published("an unpublished one", true)
	f.exec(t, `UPDATE competitions SET status = 'PUBLISHED', unpublished = false WHERE id = $1`, id)
	published("one", true)
}

// testSetUpOnce uses all links at once: one admin is created.
func testSetUpOnce(t *testing.T, f *fixture) {
	admin := func() compete.User {
		id := newID()
		return compete.User{
			ID: id, Email: id + "@example.com", Name: "Ada", Role: compete.RoleAdmin, CreatedAt: f.now,
			UpdatedAt: f.now, VerifiedAt: &f.now,
		}
	}
	taken := f.addUser(t, compete.RoleParticipant)
	second := admin()
	second.Email = taken.Email
	wantError(t, "a taken address", f.SetUp(t.Context(), "start 59", second, "hash", nil), compete.ErrEmailTaken)
	wantError(t, "no link", f.SetUp(t.Context(), "other", admin(), "hash", nil), compete.ErrSetupOver)
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() {
			results[i] = f.SetUp(t.Context(), fmt.Sprintf("start %02d", 50+i), admin(), "hash",
				map[string]string{"SITE_NAME": "Kubb"})
		})
	}
	wg.Wait()
	made := 0
	for _, err := range results {
		if err == nil {
			made++
		} else if !errors.Is(err, compete.ErrSetupOver) {
			t.Errorf("got %v", err)
		}
	}
	settings, err := f.SiteSettings(t.Context())
	must(t, err)
	if made != 1 || settings["SITE_NAME"] != "Kubb" {
		t.Errorf("%d admins were made, want 1; the settings are %v", made, settings)
	}
	wantError(t, "a link that is left", f.CheckSetupLink(t.Context(), "start 58"), compete.ErrSetupOver)
	wantError(t, "a link of a later start", f.AddSetupLink(t.Context(), "later", f.now), compete.ErrSetupOver)
	users, err := f.Users(t.Context(), "", compete.Cursor{}, 100)
	must(t, err)
	for _, u := range users.Items { // an admin who can't log in doesn't count
		if u.Role == compete.RoleAdmin {
			u.DisabledAt = &f.now
			f.setUser(t, u)
		}
	}
	must(t, f.AddSetupLink(t.Context(), "later", f.now))
	must(t, f.CheckSetupLink(t.Context(), "later"))
	f.addUser(t, compete.RoleAdmin) // as the command line does
	wantError(t, "a link beside an admin", f.CheckSetupLink(t.Context(), "later"), compete.ErrSetupOver)
	wantError(t, "its use", f.SetUp(t.Context(), "later", admin(), "hash", nil), compete.ErrSetupOver)
}

func TestOrganizerRequests(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		var asked []compete.OrganizerRequest
		for i := range 3 {
			id := newID()
			u := compete.User{
				ID: id, Email: id + "@example.com", Name: "Ada", Role: compete.RoleParticipant,
				CreatedAt: f.ago(-time.Duration(i) * time.Minute), UpdatedAt: f.now,
			}
			request := compete.OrganizerRequest{ID: newID(), User: storedUser(u), RequestedAt: compete.UTC(u.CreatedAt)}
			must(t, f.CreateApplicant(t.Context(), u, "hash", request.ID))
			asked = append(asked, request)
		}
		again := asked[0].User
		again.ID = newID()
		wantError(t, "a taken address", f.CreateApplicant(t.Context(), again, "hash", newID()), compete.ErrEmailTaken)
		listed := func() []compete.OrganizerRequest {
			return walk(t, "organizer-requests",
				func(c compete.Cursor) (compete.Page[compete.OrganizerRequest], error) {
					return f.OrganizerRequests(t.Context(), c, 2)
				})
		}
		want(t, "the requests", listed(), asked)
		got, err := f.OrganizerRequest(t.Context(), asked[1].ID)
		must(t, err)
		want(t, "one", got, asked[1])
		_, err = f.OrganizerRequest(t.Context(), newID())
		wantError(t, "none", err, compete.ErrRequestMissing)

		later := f.now.Add(time.Hour)
		for i, role := range map[int]compete.Role{0: compete.RoleOrganizer, 1: compete.RoleParticipant} {
			m := f.accountMessage(asked[i].User, compete.MessageOrganizerApproved, "")
			must(t, f.AnswerOrganizerRequest(t.Context(), asked[i], role == compete.RoleOrganizer, m, later))
			wantError(t, "a second answer",
				f.AnswerOrganizerRequest(t.Context(), asked[i], true, f.accountMessage(asked[i].User, "x", ""), later),
				compete.ErrRequestMissing)
			user, err := f.User(t.Context(), asked[i].User.ID)
			must(t, err)
			want(t, "the role", user.Role, role)
			messages, err := f.Messages(t.Context(), user.ID, compete.Cursor{}, 10)
			must(t, err)
			if len(messages.Items) != 1 || messages.Items[0].ID != m.ID {
				t.Errorf("got %v, want the one message", messages.Items)
			}
		}
		want(t, "what is left", listed(), asked[2:])
		disabled := asked[2].User
		disabled.DisabledAt = &f.now
		f.setUser(t, disabled)
		want(t, "without the disabled", len(listed()), 0)
	})
}
