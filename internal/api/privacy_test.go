package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/takeout"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestPrivacy(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("download", w.sub(testDownload))
		t.Run("deletion is refused", w.sub(testDeletionRefused))
		t.Run("deletion by an admin", w.sub(testDeletionByAdmin))
	})
}

func testDownload(w *world) {
	competition := w.competition(5)
	w.registration(competition.ID, participant)
	got := w.call("GET", "/api/users/me/export", w.tokens[participant], "")
	var file takeout.PersonalData
	w.into(got, http.StatusOK, &file)
	if file.Account.Email != "participant@example.com" || len(file.Sessions) == 0 || len(file.Registrations) == 0 ||
		file.Registrations[0].CompetitionTitle != competition.Title {
		w.t.Errorf("the participant's file says %s", got.body)
	}
	w.wantOwnRecords(competition.ID)
	if name := got.header.Get("Content-Disposition"); !strings.HasPrefix(name, `attachment; filename="my-data-20`) {
		w.t.Errorf("the file is sent as %s", name)
	}
	file = takeout.PersonalData{}
	w.into(w.call("GET", "/api/users/me/export", w.tokens[organizer], ""), http.StatusOK, &file)
	if len(file.OrganizedCompetitions) == 0 || file.OrganizedCompetitions[0].ID != competition.ID ||
		len(file.Registrations) > 0 {
		w.t.Errorf("the organizer's file has the competitions %+v and %d registrations", file.OrganizedCompetitions,
			len(file.Registrations))
	}
}

// wantOwnRecords checks that the participant's export contains their actions, actions on them, only their own network
// address, and their reports.
func (w *world) wantOwnRecords(competition string) {
	w.t.Helper()
	report := w.call("POST", "/api/competitions/"+competition+"/reports", w.tokens[participant],
		`{"reason":"SPAM","details":"Sells shoes"}`)
	if report.status != http.StatusAccepted {
		w.t.Fatalf("the report is answered with %d %s", report.status, report.body)
	}
	id := w.idOf(participant)
	for _, r := range []compete.AuditRecord{
		{Action: compete.AuditAccountVerified, ActorID: id, Address: "203.0.113.5", Via: compete.ViaPage},
		{Action: compete.AuditLoginFailed, UserID: id, Address: "203.0.113.6", Via: compete.ViaPage},
		{
			Action: compete.AuditAccountRole, ActorID: w.idOf(admin), UserID: id, Address: "203.0.113.7",
			Via: compete.ViaPage,
		},
		{
			Action: compete.AuditAccountRole, ActorID: w.idOf(admin), UserID: w.idOf(organizer), Address: "203.0.113.8",
			Via: compete.ViaPage,
		},
	} {
		if err := w.Store().Record(w.t.Context(), r); err != nil {
			w.t.Fatal(err)
		}
	}
	var file takeout.PersonalData
	w.into(w.call("GET", "/api/users/me/export", w.tokens[participant], ""), http.StatusOK, &file)
	var got []string
	for _, r := range file.AuditLog {
		if strings.HasPrefix(r.Address, "203.") || r.Action == "session.refused" || r.Action == "account.role" {
			got = append(got, r.Action+" "+r.Address)
		}
	}
	if want := []string{"account.role ", "session.refused ", "account.verified 203.0.113.5"}; !slices.Equal(got, want) {
		w.t.Errorf("the records in the file are %q, want %q", got, want)
	}
	if len(file.Reports) != 1 || file.Reports[0].CompetitionID != competition ||
		file.Reports[0].Details != "Sells shoes" {
		w.t.Errorf("the reports in the file are %+v", file.Reports)
	}
}

func testDeletionRefused(w *world) {
	w.competition(5) // the organizer's
	for _, c := range []struct {
		token, body string
		status      int
		want        string
	}{
		{w.tokens[participant], `{"password":"not it at all"}`, 422, `"field":"password","message":"is incorrect"`},
		{w.tokens[participant], `{}`, 422, `"field":"password","message":"is required`},
		{w.tokens[participant], ``, 400, `malformed_json`},
		{w.tokens[organizer], `{"password":"password123"}`, 409, `organizes_competitions`},
		{w.tokens[admin], `{"password":"password123"}`, 409, `last_admin`},
	} {
		if got := w.call("DELETE", "/api/users/me", c.token, c.body); got.status != c.status ||
			!strings.Contains(got.body, c.want) {
			w.t.Errorf("%s: got %d %s, want %d %s", c.body, got.status, got.body, c.status, c.want)
		}
	}
	own := "/api/admin/users/" + w.idOf(admin)
	if got := w.call("DELETE", own, w.tokens[admin], ""); got.status != 409 ||
		!strings.Contains(got.body, "own_account") {
		w.t.Errorf("an admin's own account: got %d %s, want 409 own_account", got.status, got.body)
	}
	for _, r := range loggedIn {
		if got := w.call("GET", "/api/auth/me", w.tokens[r], ""); got.status != 200 {
			w.t.Errorf("%s: after a refusal the account answers %d", r, got.status)
		}
	}
}

func testDeletionByAdmin(w *world) {
	gone := w.signUp()
	path := "/api/admin/users/" + gone.User.ID
	for _, want := range []int{204, 404} {
		if got := w.call("DELETE", path, w.tokens[admin], ""); got.status != want {
			w.t.Errorf("got %d %s, want %d", got.status, got.body, want)
		}
	}
	w.refused(w.call("GET", "/api/auth/me", gone.Token, ""), 401, "unauthorized") // there's no account to enable again
	if got := w.call("PATCH", path, w.tokens[admin], `{"disabled":false}`); got.status != 404 {
		w.t.Errorf("enabling the account again is answered with %d, want 404", got.status)
	}
	if got := w.call("GET", "/api/admin/users?search=deleted", w.tokens[admin],
		""); strings.TrimSpace(got.body) != "[]" {
		w.t.Errorf("the list of accounts has %s", got.body)
	}
	// The address can be used again.
	w.into(w.call("POST", "/api/auth/signup", "", `{"name":"Again","email":"`+gone.User.Email+
		`","password":"password123","role":"PARTICIPANT"}`), 201, &gone)
}

// idOf returns the account of a role.
func (w *world) idOf(r role) string {
	w.t.Helper()
	var me api.User
	w.into(w.call("GET", "/api/auth/me", w.tokens[r], ""), http.StatusOK, &me)
	return me.ID
}
