package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestAccounts(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("sign up, log in, me", w.sub(testSignUpLogInMe))
		t.Run("profile", w.sub(testProfile))
		t.Run("a new password ends other sessions", w.sub(testNewPassword))
		t.Run("administration", w.sub(testAdministration))
		t.Run("failed jobs", w.sub(testFailedJobs))
	})
}

func testSignUpLogInMe(w *world) {
	var signedUp, loggedIn api.Login
	body := `{"name":" Ada Lovelace ","email":"Ada@Example.com","password":"correct horse","role":"ORGANIZER"}`
	w.into(w.call("POST", "/api/auth/signup", "", body), http.StatusCreated, &signedUp)
	if u := signedUp.User; u.Name != "Ada Lovelace" || u.Email != "ada@example.com" ||
		u.Role != compete.RoleOrganizer || u.Disabled || u.ID == "" {
		w.t.Errorf("signed up as %+v", u)
	}
	w.into(w.call("POST", "/api/auth/login", "", `{"email":"ADA@example.com ","password":"correct horse"}`),
		http.StatusOK, &loggedIn)
	var me api.User
	for _, token := range []string{signedUp.Token, loggedIn.Token} {
		w.into(w.call("GET", "/api/auth/me", token, ""), http.StatusOK, &me)
		if me != signedUp.User {
			w.t.Errorf("me is %+v, want %+v", me, signedUp.User)
		}
	}
	unknown := w.call("POST", "/api/auth/login", "", `{"email":"nobody@example.com","password":"correct horse"}`)
	wrong := w.call("POST", "/api/auth/login", "", `{"email":"ada@example.com","password":"wrong horse"}`)
	if unknown.status != http.StatusUnauthorized || unknown.body != wrong.body || wrong.status != unknown.status {
		w.t.Errorf("unknown email: %d %s, wrong password: %d %s, want the same 401", unknown.status, unknown.body,
			wrong.status, wrong.body)
	}
}

func testProfile(w *world) {
	login := w.signUp()
	var user api.User
	w.into(w.call("PATCH", "/api/users/me", login.Token, `{"name":"Renamed"}`), http.StatusOK, &user)
	w.into(w.call("PATCH", "/api/users/me", login.Token, `{}`), http.StatusOK, &user)
	if user.Name != "Renamed" || user.ID != login.User.ID {
		w.t.Errorf("got %+v, want the same user, renamed", user)
	}
	for body, field := range map[string]string{
		`{"name":""}`: "name", `{"name":null}`: "name", `{"password":"another password"}`: "currentPassword",
		`{"password":"another password","currentPassword":"not this one"}`: "currentPassword",
		`{"email":"other@example.com"}`:                                    "email",
	} {
		w.refusedField(w.call("PATCH", "/api/users/me", login.Token, body), field)
	}
}

func testNewPassword(w *world) {
	first := w.signUp()
	var second api.Login
	credentials := `{"email":"` + first.User.Email + `","password":"%s"}`
	w.into(w.call("POST", "/api/auth/login", "", fmt.Sprintf(credentials, "password123")), http.StatusOK, &second)
	change := `{"password":"another password","currentPassword":"password123"}`
	w.into(w.call("PATCH", "/api/users/me", second.Token, change), http.StatusOK, &api.User{})
	for token, want := range map[string]int{first.Token: http.StatusUnauthorized, second.Token: http.StatusOK} {
		if got := w.call("GET", "/api/auth/me", token, ""); got.status != want {
			w.t.Errorf("the session that changed it: %t: got %d, want %d", token == second.Token, got.status, want)
		}
	}
	for password, want := range map[string]int{
		"password123":      http.StatusUnauthorized,
		"another password": http.StatusOK,
	} {
		if got := w.call("POST", "/api/auth/login", "", fmt.Sprintf(credentials, password)); got.status != want {
			w.t.Errorf("log in with %q: got %d, want %d", password, got.status, want)
		}
	}
}

func testAdministration(w *world) {
	login := w.newcomer("Somebody")
	var found []api.User
	w.into(w.call("GET", "/api/admin/users?search="+login.User.Email, w.tokens[admin], ""), http.StatusOK, &found)
	if len(found) != 1 || found[0] != login.User {
		w.t.Fatalf("search by email found %+v, want %+v", found, login.User)
	}
	path := "/api/admin/users/" + login.User.ID
	var user api.User
	w.into(w.call("PATCH", path, w.tokens[admin], `{"disabled":true}`), http.StatusOK, &user)
	if !user.Disabled {
		w.t.Errorf("got %+v, want it disabled", user)
	}
	if got := w.call("GET", "/api/auth/me", login.Token, ""); got.status != http.StatusUnauthorized {
		w.t.Errorf("a disabled account's token: got %d, want 401", got.status)
	}
	again := w.call("POST", "/api/auth/login", "", `{"email":"`+login.User.Email+`","password":"password123"}`)
	if p := w.wantProblem(again); again.status != http.StatusUnauthorized || p.Code != "account_disabled" {
		w.t.Errorf("a disabled account logs in: got %d %s, want account_disabled", again.status, p.Code)
	}
	w.into(w.call("PATCH", path, w.tokens[admin], `{"disabled":false,"role":"ORGANIZER"}`), http.StatusOK, &user)
	if user.Disabled || user.Role != compete.RoleOrganizer {
		w.t.Errorf("got %+v, want an organizer that is not disabled", user)
	}
	var me api.User
	w.into(w.call("GET", "/api/auth/me", w.tokens[admin], ""), http.StatusOK, &me)
	own := w.call("PATCH", "/api/admin/users/"+me.ID, w.tokens[admin], `{"role":"PARTICIPANT"}`)
	if p := w.wantProblem(own); own.status != http.StatusConflict || p.Code != "own_account" {
		w.t.Errorf("the own account: got %d %s, want 409 own_account", own.status, p.Code)
	}
	bad := w.call("PATCH", path, w.tokens[admin], `{"role":"KING","disabled":null}`)
	if p := w.wantProblem(bad); bad.status != http.StatusUnprocessableEntity || len(p.Errors) == 0 {
		w.t.Errorf("bad values: got %d %s", bad.status, bad.body)
	}
}

func testFailedJobs(w *world) {
	w.into(w.call("GET", "/api/admin/failed-jobs", w.tokens[admin], ""), http.StatusOK, &[]api.FailedJob{})
	r := w.registration(w.competition(1).ID, participant)
	failed := compete.FailedJob{
		ID: unknownID, JobID: 4711, Queue: compete.QueueRegistration, Kind: compete.NotifyJob{}.Kind(),
		Error:    "the mail server is away",
		Payload:  json.RawMessage(`{"notices":[{"registrationId":"` + r.ID + `","seq":1,"kind":"reminder"}]}`),
		Attempts: 3, FailedAt: time.Now(),
	}
	if err := w.Store().SaveFailedJob(w.t.Context(), failed); err != nil {
		w.t.Fatal(err)
	}
	var failedJobs []api.FailedJob
	w.into(w.call("GET", "/api/admin/failed-jobs", w.tokens[admin], ""), http.StatusOK, &failedJobs)
	if len(failedJobs) != 1 || failedJobs[0].JobID != 4711 || failedJobs[0].RetriedAt != nil ||
		failedJobs[0].Error != failed.Error || failedJobs[0].Attempts != 3 {
		w.t.Fatalf("the failed jobs are %+v", failedJobs)
	}
	path := "/api/admin/failed-jobs/" + unknownID + "/retry"
	var retried api.FailedJob
	w.into(w.call("POST", path, w.tokens[admin], ""), http.StatusOK, &retried)
	if retried.RetriedAt == nil {
		w.t.Errorf("sent again, it is %+v", retried)
	}
	if got := w.call("POST", path, w.tokens[admin], ""); got.status != http.StatusConflict ||
		w.wantProblem(got).Code != "already_retried" {
		w.t.Errorf("sent again twice: got %d %s, want 409 already_retried", got.status, got.body)
	}
}
