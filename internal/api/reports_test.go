package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestModeration(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("reports", w.sub(testReports))
		t.Run("reports that are refused", w.sub(testBadReports))
		t.Run("ending somebody's sessions", w.sub(testEndUserSessions))
		t.Run("disabling with a reason", w.sub(testDisabledReason))
	})
}

// report adds a visitor's report of a competition, bypassing the limit.
func (w *world) report(competitionID string) string {
	w.t.Helper()
	r := compete.Report{
		ID: uuid.Must(uuid.NewV7()).String(), Competition: compete.Competition{ID: competitionID},
		Reason: compete.ReportSpam, CreatedAt: time.Now(), Status: compete.ReportOpen,
	}
	if err := w.Store().AddReport(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
	return r.ID
}

func (w *world) reports(query string) []api.Report {
	w.t.Helper()
	var reports []api.Report
	w.into(w.call("GET", "/api/admin/reports"+query, w.tokens[admin], ""), http.StatusOK, &reports)
	return reports
}

// testReports reports a competition as a visitor and as a user, and answers as an admin.
func testReports(w *world) {
	c := w.competition(5)
	path, of := "/api/competitions/"+c.ID+"/reports", "?competition="+c.ID
	const details = `<script>alert(1)</script> & it's a shop`
	for _, token := range []string{"", w.tokens[participant]} {
		if got := w.call("POST", path, token,
			fmt.Sprintf(`{"reason":"OTHER","details":%q}`, details)); got.status != http.StatusAccepted ||
			got.body != "" {
			w.t.Fatalf("got %d %s, want 202", got.status, got.body)
		}
	}
	w.wantCode(w.call("POST", path, w.tokens[participant], `{"reason":"SPAM"}`), http.StatusConflict,
		"already_reported")
	open := w.reports(of)
	if len(open) != 2 || open[1].Reporter != nil || open[0].Reporter == nil ||
		open[0].Reporter.Email != "participant@example.com" ||
		open[1].Details != details || open[1].Reason != compete.ReportOther || open[1].Status != compete.ReportOpen ||
		open[1].AnsweredAt != nil ||
		open[0].Competition.ID != c.ID || open[0].Competition.Title != c.Title ||
		open[0].Competition.Organizer.ID != c.Organizer.ID {
		w.t.Fatalf("got %+v", open)
	}
	var answered api.Report
	w.into(w.call("PATCH", "/api/admin/reports/"+open[0].ID, w.tokens[admin],
		`{"status":"RESOLVED","note":"Unpublished."}`), http.StatusOK, &answered)
	if answered.Status != compete.ReportResolved || answered.Note != "Unpublished." || answered.AnsweredAt == nil ||
		answered.AnsweredBy.Email != "admin@example.com" {
		w.t.Errorf("answered: %+v", answered)
	}
	w.into(w.call("PATCH", "/api/admin/reports/"+open[0].ID, w.tokens[admin], `{"status":"DISMISSED"}`),
		http.StatusOK, &answered)
	if answered.Status != compete.ReportDismissed || answered.Note != "Unpublished." {
		w.t.Errorf("answered again: %+v", answered)
	}
	if open, dismissed := w.reports(of), w.reports(of+"&status=DISMISSED"); len(open) != 1 || len(dismissed) != 1 {
		w.t.Errorf("%d are open and %d dismissed, want one each", len(open), len(dismissed))
	}
	// An unpublished competition keeps its reports, and can't be reported again.
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/unpublish", w.tokens[admin], ""), http.StatusOK, &c)
	w.wantCode(w.call("POST", path, w.tokens[organizer], `{"reason":"SPAM"}`), http.StatusNotFound,
		"competition_not_found")
	if open := w.reports(of); len(open) != 1 || open[0].Competition.Status != compete.StatusDraft {
		w.t.Errorf("after unpublishing: %+v", open)
	}
}

func testBadReports(w *world) {
	path := "/api/competitions/" + w.competition(5).ID + "/reports"
	for body, field := range map[string]string{
		`{}`:                                  "reason",
		`{"reason":"BORING"}`:                 "reason",
		`{"reason":"OTHER"}`:                  "details",
		`{"reason":"OTHER","details":" \n "}`: "details",
		`{"reason":"SPAM","details":"` + strings.Repeat("ä", compete.MaxReportDetails+1) + `"}`: "details",
		`{"reason":"SPAM","details":"bell \u0007"}`:                                             "details",
	} {
		w.refusedField(w.call("POST", path, "", body), field)
	}
	w.wantCode(w.call("POST", "/api/competitions/"+unknownID+"/reports", "", `{"reason":"SPAM"}`), http.StatusNotFound,
		"competition_not_found")
	id := w.report(w.competition(5).ID)
	for _, body := range []string{`{"status":"OPEN"}`, `{"status":"RESOLVED","note":"` +
		strings.Repeat("x", compete.MaxReportNote+1) + `"}`} {
		if got := w.call("PATCH", "/api/admin/reports/"+id, w.tokens[admin],
			body); got.status != http.StatusUnprocessableEntity {
			w.t.Errorf("%.60s: got %d %s, want 422", body, got.status, got.body)
		}
	}
	w.wantCode(w.call("PATCH", "/api/admin/reports/"+unknownID, w.tokens[admin], `{"status":"RESOLVED"}`),
		http.StatusNotFound, "report_not_found")
}

func testEndUserSessions(w *world) {
	login := w.signUp()
	other := w.logInOn(phone, login.User.Email, "password123")
	foreign := apptest.ForeignToken(w.t,
		compete.User{ID: login.User.ID, Email: login.User.Email, Role: login.User.Role})
	w.wantToken("a token made elsewhere", foreign, http.StatusOK)
	path := "/api/admin/users/" + login.User.ID + "/end-sessions"
	if got := w.call("POST", path, w.tokens[admin], ""); got.status != http.StatusNoContent {
		w.t.Fatalf("got %d %s, want 204", got.status, got.body)
	}
	for name, token := range map[string]string{
		"the first": login.Token, "another": other.Token,
		"one made elsewhere": foreign,
	} {
		w.wantToken(name, token, http.StatusUnauthorized)
	}
	w.wantToken("logged in again", w.logInOn(phone, login.User.Email, "password123").Token, http.StatusOK)
	w.wantCode(w.call("POST", "/api/admin/users/"+unknownID+"/end-sessions", w.tokens[admin], ""),
		http.StatusNotFound, "user_not_found")
}

// testDisabledReason: only admins see the reason, unless it is to be shown; then the person sees it too, but only with
// the right password.
func testDisabledReason(w *world) {
	login := w.signUp()
	path := "/api/admin/users/" + login.User.ID
	logIn := func(password string) answer {
		return w.call("POST", "/api/auth/login", "",
			fmt.Sprintf(`{"email":%q,"password":%q}`, login.User.Email, password))
	}
	disable := func(body string) api.User {
		var user api.User
		w.into(w.call("PATCH", path, w.tokens[admin], body), http.StatusOK, &user)
		return user
	}
	user := disable(`{"disabled":true,"disabledReason":" Sold\nseats. "}`)
	if !user.Disabled || user.DisabledReason == nil || *user.DisabledReason != "Sold seats." || *user.ReasonShown {
		w.t.Errorf("disabled: %+v", user)
	}
	if got := logIn("password123"); got.status != http.StatusUnauthorized || strings.Contains(got.body, "Sold") ||
		!strings.Contains(got.body, "account_disabled") {
		w.t.Errorf("a hidden reason: got %d %s", got.status, got.body)
	}
	disable(`{"disabledReasonShown":true}`)
	if got := logIn("password123"); !strings.Contains(got.body, `\"Sold seats.\"`) ||
		w.wantProblem(got).Code != "account_disabled" {
		w.t.Errorf("a shown reason: got %d %s", got.status, got.body)
	}
	if got := logIn("wrong password"); strings.Contains(got.body, "Sold") ||
		w.wantProblem(got).Code != "invalid_credentials" {
		w.t.Errorf("with a wrong password: got %d %s", got.status, got.body)
	}
	if got := w.call("GET", "/api/admin/users?search="+login.User.Email, w.tokens[admin],
		""); !strings.Contains(got.body, `"disabledReason":"Sold seats."`) {
		w.t.Errorf("the list is %s", got.body)
	}
	if user := disable(`{"disabled":false}`); user.DisabledReason != nil {
		w.t.Errorf("enabled: %+v", user)
	}
	if user := disable(`{"disabled":true}`); *user.DisabledReason != "" || *user.ReasonShown {
		w.t.Errorf("disabled again: %+v", user)
	}
	if got := w.call("PATCH", path, w.tokens[admin],
		`{"disabledReason":"`+strings.Repeat("x", compete.MaxDisabledReason+1)+
			`"}`); got.status != http.StatusUnprocessableEntity {
		w.t.Errorf("a long reason: got %d %s, want 422", got.status, got.body)
	}
}

// TestQuotas: organizers can create, publish, move and cancel a limited number per hour; admins, drafts and changes
// that reach nobody don't count.
func TestQuotas(t *testing.T) {
	a := apptest.Start(t,
		apptest.Options{Settings: func(c *config.Config) {
			c.LimitCompetitions, c.LimitNotices, c.LimitReports = 3, 2,
				2
		}})
	organizer, other, admin := a.As(compete.RoleOrganizer), a.As(compete.RoleOrganizer), a.As(compete.RoleAdmin)
	refused := func(what string, got *apptest.Answer, limit string) {
		t.Helper()
		got.WantCode(t, http.StatusTooManyRequests, "quota_used")
		if h := got.Header; h.Get("Retry-After") == "" || h.Get("Retry-After") == "0" ||
			h.Get("RateLimit-Limit") != limit || h.Get("RateLimit-Remaining") != "0" || h.Get("RateLimit-Reset") == "" {
			t.Errorf("%s: the headers are %v", what, h)
		}
	}
	draft := organizer.Create(map[string]any{"status": "DRAFT"})
	key := []string{"Idempotency-Key", "the-same-request"}
	body := map[string]any{"title": "Twice the same", "capacity": 1, "regDeadline": "2126-05-01T12:00:00Z"}
	first := organizer.Do(http.MethodPost, "/api/competitions", body, key...).Want(t, http.StatusCreated)
	third := organizer.Create(nil)
	refused("a fourth",
		organizer.Do(http.MethodPost, "/api/competitions",
			map[string]any{"title": "One more", "capacity": 1, "regDeadline": "2126-05-01T12:00:00Z"}), "3")
	if again := organizer.Do(http.MethodPost, "/api/competitions", body, key...).Want(t,
		http.StatusCreated); string(again.Body) != string(first.Body) {
		t.Errorf("a repeated request gets %s, want %s", again.Body, first.Body)
	}
	publish := map[string]any{"status": "PUBLISHED"}
	refused("publishing", organizer.Do(http.MethodPatch, "/api/competitions/"+draft, publish, "If-Match", "*"), "3")
	other.Create(nil)
	for range 5 {
		admin.Create(nil)
	}
	admin.Do(http.MethodPatch, "/api/competitions/"+draft, publish, "If-Match", "*").Want(t, http.StatusOK)

	move := func(c *apptest.Client, location string) *apptest.Answer {
		return c.Do(http.MethodPatch, "/api/competitions/"+third, map[string]any{"location": location}, "If-Match", "*")
	}
	for i := range 3 { // nobody is registered
		move(organizer, fmt.Sprint("Hall ", i)).Want(t, http.StatusOK)
	}
	for _, id := range []string{third, draft} {
		a.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).Want(t,
			http.StatusCreated)
	}
	for i := range 2 {
		move(organizer, fmt.Sprint("Room ", i)).Want(t, http.StatusOK)
	}
	refused("a third move", move(organizer, "Room 3"), "2")
	organizer.Do(http.MethodPatch, "/api/competitions/"+third, map[string]any{"title": "Another title"}, "If-Match",
		"*").Want(t, http.StatusOK)
	refused("cancelling", organizer.Do(http.MethodPost, "/api/competitions/"+draft+"/cancel", nil), "2")
	move(admin, "Room 4").Want(t, http.StatusOK)
	admin.Do(http.MethodPost, "/api/competitions/"+draft+"/cancel", nil).Want(t, http.StatusOK)

	report := func() *apptest.Answer {
		return a.Visitor().Do(http.MethodPost, "/api/competitions/"+third+"/reports", map[string]any{"reason": "SPAM"})
	}
	for range 2 {
		report().Want(t, http.StatusAccepted)
	}
	report().WantCode(t, http.StatusTooManyRequests, "too_many_requests")
}
