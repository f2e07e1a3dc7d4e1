package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

const (
	phone = "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) " +
		"Chrome/126.0.0.0 Mobile Safari/537.36"
	laptop = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
)

func TestSessions(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("list and end", w.sub(testSessionsOfMine))
		t.Run("log out", w.sub(testLogOut))
		t.Run("log out a token made elsewhere", w.sub(testLogOutForeign))
		t.Run("a new device is news", w.sub(testNewDevice))
		t.Run("a new password is news", w.sub(testPasswordNews))
	})
}

func (w *world) sessions(token string) []api.Session {
	w.t.Helper()
	var sessions []api.Session
	w.into(w.call("GET", "/api/users/me/sessions", token, ""), http.StatusOK, &sessions)
	return sessions
}

// sessionOf returns the id of a token's session.
func (w *world) sessionOf(token string) string {
	w.t.Helper()
	for _, s := range w.sessions(token) {
		if s.Current {
			return s.ID
		}
	}
	w.t.Fatal("no session is the current one")
	return ""
}

func (w *world) logInOn(userAgent, email, password string) api.Login {
	w.t.Helper()
	var login api.Login
	w.into(w.call("POST", "/api/auth/login", "", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password), userAgent),
		http.StatusOK, &login)
	return login
}

func (w *world) wantToken(what, token string, status int) {
	w.t.Helper()
	if got := w.call("GET", "/api/auth/me", token, ""); got.status != status {
		w.t.Errorf("%s: got %d, want %d", what, got.status, status)
	}
}

func testSessionsOfMine(w *world) {
	first := w.signUp()
	email := first.User.Email
	onPhone, onLaptop := w.logInOn(phone, email, "password123"), w.logInOn(laptop, email, "password123")
	sessions := w.sessions(onPhone.Token)
	if len(sessions) != 3 || !sessions[1].Current || sessions[0].Current || sessions[1].Device != "Chrome on Android" ||
		sessions[0].Device != "Firefox on Linux" || sessions[1].Kind != "api" || sessions[1].Address == "" ||
		sessions[1].LastUsedAt.IsZero() {
		w.t.Fatalf("listed as %+v", sessions)
	}
	path := "/api/users/me/sessions/"
	w.wantCode(w.call("DELETE", path+unknownID, onPhone.Token, ""), http.StatusNotFound, "session_not_found")
	w.wantCode(w.call("DELETE", path+sessions[0].ID, w.signUp().Token, ""), http.StatusNotFound, "session_not_found")
	w.wantToken("after another's try", onLaptop.Token, http.StatusOK)
	for range 2 {
		if got := w.call("DELETE", path+sessions[0].ID, onPhone.Token, ""); got.status != http.StatusNoContent {
			w.t.Errorf("got %d %s, want 204", got.status, got.body)
		}
	}
	w.wantToken("ended", onLaptop.Token, http.StatusUnauthorized)
	w.wantToken("the others", first.Token, http.StatusOK)
	foreign := apptest.ForeignToken(w.t, compete.User{ID: first.User.ID, Email: email, Role: first.User.Role})
	if got := w.call("DELETE", "/api/users/me/sessions", foreign, ""); got.status != http.StatusNoContent {
		w.t.Errorf("all others, by a token without a session: got %d %s", got.status, got.body)
	}
	w.wantToken("ended with all others", onPhone.Token, http.StatusUnauthorized)
	w.wantToken("the token that asked", foreign, http.StatusOK)
	kept, other := w.logInOn(phone, email, "password123"), w.logInOn(laptop, email, "password123")
	if got := w.call("DELETE", "/api/users/me/sessions", kept.Token, ""); got.status != http.StatusNoContent {
		w.t.Errorf("all others: got %d %s", got.status, got.body)
	}
	w.wantToken("ended with all others", other.Token, http.StatusUnauthorized)
	w.wantToken("the one that asked", kept.Token, http.StatusOK)
	if left := w.sessions(kept.Token); len(left) != 1 || !left[0].Current {
		w.t.Errorf("left are %+v", left)
	}
}

func testLogOut(w *world) {
	login := w.signUp()
	other := w.logInOn(laptop, login.User.Email, "password123")
	if got := w.call("POST", "/api/auth/logout", login.Token, ""); got.status != http.StatusNoContent ||
		got.body != "" {
		w.t.Errorf("got %d %s, want 204", got.status, got.body)
	}
	w.wantToken("logged out", login.Token, http.StatusUnauthorized)
	w.wantToken("logged in elsewhere", other.Token, http.StatusOK)
	if got := w.call("POST", "/api/auth/logout", login.Token, ""); got.status != http.StatusUnauthorized {
		w.t.Errorf("again: got %d, want 401", got.status)
	}
}

func testLogOutForeign(w *world) {
	login := w.signUp()
	foreign := apptest.ForeignToken(w.t,
		compete.User{ID: login.User.ID, Email: login.User.Email, Role: login.User.Role})
	if got := w.call("POST", "/api/auth/logout", foreign, ""); got.status != http.StatusNoContent {
		w.t.Errorf("got %d %s, want 204", got.status, got.body)
	}
	w.wantToken("logged out", foreign, http.StatusUnauthorized)
	w.wantToken("a session", login.Token, http.StatusOK)
}

// notices returns the subjects of security messages, newest first.
func (w *world) notices(token string) []string {
	w.t.Helper()
	var subjects []string
	for _, m := range w.messagesOf(token) {
		if m.Kind == compete.MessageSecurity {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

func (w *world) wantNotices(what, token string, want ...string) {
	w.t.Helper()
	if got := w.notices(token); strings.Join(got, "; ") != strings.Join(want, "; ") {
		w.t.Errorf("%s: told of %q, want %q", what, got, want)
	}
}

func testNewDevice(w *world) {
	const news = "New login to your account"
	login := w.signUp()
	again := w.logInOn("User-Agent: Go-http-client/1.1", login.User.Email, "password123")
	w.wantNotices("the device of the sign-up", again.Token)
	w.logInOn(phone, login.User.Email, "password123")
	w.wantNotices("a phone", login.Token, news)
	w.logInOn(phone, login.User.Email, "password123")
	w.wantNotices("the phone again", login.Token, news)
	for _, m := range w.messagesOf(login.Token) {
		if m.Kind == compete.MessageSecurity && !strings.Contains(m.Body, "Chrome on Android") {
			w.t.Errorf("the notice names no device: %s", m.Body)
		}
	}
	w.call("POST", "/api/auth/login", "", fmt.Sprintf(`{"email":%q,"password":"wrong password"}`, login.User.Email),
		laptop)
	w.wantNotices("a failed login", login.Token, news)
}

func testPasswordNews(w *world) {
	login := w.signUp()
	w.into(w.call("PATCH", "/api/users/me", login.Token,
		`{"password":"another password","currentPassword":"password123"}`), http.StatusOK, &api.User{})
	w.wantNotices("changed", login.Token, "Your password was changed")
}

// Somebody signs up with another person's address and waits for them to confirm it.
func testConfirmTakes(w *world) {
	attacker := w.newcomer("Somebody else")
	token := w.token(w.waitMail(attacker.User.Email, verifySubject))
	confirm := func(as, password string) answer {
		body := fmt.Sprintf(`{"token":%q}`, token)
		if password != "" {
			body = fmt.Sprintf(`{"token":%q,"password":%q}`, token, password)
		}
		return w.call("POST", "/api/auth/email/confirm", as, body)
	}
	w.wantCode(confirm("", ""), http.StatusUnprocessableEntity, "validation_failed")
	w.wantCode(confirm("", "short"), http.StatusUnprocessableEntity, "validation_failed")
	w.wantCode(confirm(w.signUp().Token, ""), http.StatusForbidden, "other_account")
	w.wantCode(confirm(attacker.Token, "another password"), http.StatusUnprocessableEntity, "validation_failed")
	var user api.User
	w.into(w.call("GET", "/api/auth/me", attacker.Token, ""), http.StatusOK, &user)
	if user.EmailVerified {
		w.t.Fatal("the address is confirmed although its owner neither logged in nor set a password")
	}
	w.into(confirm("", "my own password"), http.StatusOK, &user)
	if !user.EmailVerified || user.ID != attacker.User.ID {
		w.t.Errorf("confirmed, it is %+v", user)
	}
	w.wantToken("the other's session", attacker.Token, http.StatusUnauthorized)
	w.wantCode(w.call("POST", "/api/auth/login", "", fmt.Sprintf(`{"email":%q,"password":"password123"}`, user.Email)),
		http.StatusUnauthorized, "invalid_credentials")
	mine := w.logInOn(laptop, user.Email, "my own password")
	w.wantToken("my own", mine.Token, http.StatusOK)
	w.wantCode(confirm(mine.Token, ""), http.StatusConflict, "link_void")
}
