package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestMails(t *testing.T) {
	t.Parallel() // parallel to the other test that mostly waits
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		for name, test := range map[string]func(*world){ // in parallel, because each mostly waits for an email
			"every message is a mail": testMessagesAreMails, "confirm an address": testConfirmAddress,
			"confirm another's account":                  testConfirmTakes,
			"forgotten password":                         testForgottenPassword,
			"the answer tells nobody who has an account": testForgottenTellsNothing,
			"change of address":                          testChangeAddress,
			"change to an address in use":                testChangeToTaken,
			"links are void":                             testVoidLinks, "reminders": testReminders,
			"the database holds no token":      testTokensAreHashed,
			"an address that nobody confirmed": testUnconfirmed,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w.sub(test)(t)
			})
		}
	})
}

// waitMail waits for the newest email to an address whose subject has the given prefix.
func (w *world) waitMail(to, subject string) (found mailtest.Mail) {
	w.t.Helper()
	apptest.Eventually(w.t, apptest.Patience, fmt.Sprintf("a mail %q to %s arrives", subject, to), func() bool {
		for _, m := range slices.Backward(w.mail.To(to)) {
			if strings.HasPrefix(m.Header.Get("Subject"), subject) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

var tokenInLink = regexp.MustCompile(`\?token=([\w-]+)`)

func (w *world) token(m mailtest.Mail) string {
	w.t.Helper()
	found := tokenInLink.FindStringSubmatch(m.Text)
	if found == nil {
		w.t.Fatalf("no link in %s", m.Text)
	}
	return found[1]
}

const (
	verifySubject = "Confirm your email address"
	resetSubject  = "Set a new password"
	changeSubject = "Confirm your new email address"
)

func (w *world) verifyToken() string {
	w.t.Helper()
	return w.token(w.waitMail(w.signUp().User.Email, verifySubject))
}

func (w *world) resetToken() string {
	w.t.Helper()
	email := w.signUp().User.Email
	w.forgot(email)
	return w.token(w.waitMail(email, resetSubject))
}

func (w *world) forgot(email string) {
	w.t.Helper()
	if got := w.call("POST", "/api/auth/password/forgot", "",
		`{"email":"`+email+`"}`); got.status != http.StatusAccepted || got.body != "" {
		w.t.Fatalf("forgot: got %d %s, want 202", got.status, got.body)
	}
}

func testMessagesAreMails(w *world) {
	login := w.signUpAs("Ada")
	c := w.competition(5)
	var r api.Registration
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", login.Token, ""), http.StatusCreated, &r)
	m := w.waitMail(login.User.Email, "You're in: "+c.Title)
	var messages []api.Message
	w.into(w.call("GET", "/api/users/me/mailbox", login.Token, ""), http.StatusOK, &messages)
	i := slices.IndexFunc(messages, func(m api.Message) bool { return m.Kind == compete.MessageConfirmed })
	if i < 0 || m.Text != messages[i].Body || !strings.Contains(m.MessageID, messages[i].ID) {
		w.t.Errorf("the mail %s %q is not the message in %+v", m.MessageID, m.Text, messages)
	}
	if !strings.Contains(m.HTML, c.Title) {
		w.t.Errorf("the HTML part lacks the title: %s", m.HTML)
	}
}

func testConfirmAddress(w *world) {
	login := w.newcomer("Ada")
	if login.User.EmailVerified {
		w.t.Error("a new account's address counts as verified")
	}
	if got := w.call("POST", "/api/users/me/email/verify", login.Token, ""); got.status != http.StatusTooManyRequests ||
		w.wantProblem(got).Code != "mail_too_soon" || got.header.Get("Retry-After") == "" {
		w.t.Errorf("a second mail at once: got %d %s, want 429 mail_too_soon", got.status, got.body)
	}
	m := w.waitMail(login.User.Email, verifySubject)
	token := w.token(m)
	for _, message := range w.messagesOf(login.Token) {
		if strings.Contains(message.Body, token) {
			w.t.Errorf("the mailbox shows the link: %s", message.Body)
		}
	}
	var user api.User
	w.into(w.call("POST", "/api/auth/email/confirm", login.Token, `{"token":"`+token+`"}`), http.StatusOK, &user)
	if !user.EmailVerified || user.ID != login.User.ID {
		w.t.Errorf("confirmed, it is %+v", user)
	}
	w.wantCode(w.call("POST", "/api/auth/email/confirm", "", `{"token":"`+token+`"}`), http.StatusConflict, "link_void")
	w.wantCode(w.call("POST", "/api/users/me/email/verify", login.Token, ""), http.StatusConflict, "already_verified")
}

func (w *world) messagesOf(token string) []api.Message {
	w.t.Helper()
	var messages []api.Message
	w.into(w.call("GET", "/api/users/me/mailbox?limit=100", token, ""), http.StatusOK, &messages)
	return messages
}

func (w *world) wantCode(got answer, status int, code string) {
	w.t.Helper()
	if p := w.wantProblem(got); got.status != status || p.Code != code {
		w.t.Errorf("%s: got %d %s, want %d %s", got.request, got.status, p.Code, status, code)
	}
}

func testForgottenPassword(w *world) {
	login := w.newcomer("Ada")
	w.forgot(strings.ToUpper(login.User.Email))
	m := w.waitMail(login.User.Email, resetSubject)
	token := w.token(m)
	w.forgot(login.User.Email) // too soon: the answer is the same, but no other email is sent
	for _, message := range w.messagesOf(login.Token) {
		if strings.Contains(message.Body, token) || message.Kind == compete.MessagePasswordReset &&
			strings.Contains(message.Body, "?token=") {
			w.t.Errorf("who holds the login reads the link in the mailbox: %s", message.Body)
		}
	}
	body := `{"token":"` + token + `","password":"%s"}`
	if got := w.call("POST", "/api/auth/password/reset", "",
		fmt.Sprintf(body, "short")); got.status != http.StatusUnprocessableEntity ||
		w.wantProblem(got).Errors[0].Field != "password" {
		w.t.Errorf("a short password: got %d %s, want 422", got.status, got.body)
	}
	if got := w.call("POST", "/api/auth/password/reset", "",
		fmt.Sprintf(body, "another password")); got.status != http.StatusNoContent {
		w.t.Fatalf("reset: got %d %s, want 204", got.status, got.body)
	}
	w.wantCode(w.call("POST", "/api/auth/password/reset", "", fmt.Sprintf(body, "a third password")),
		http.StatusConflict, "link_void")
	if got := w.call("GET", "/api/auth/me", login.Token, ""); got.status != http.StatusUnauthorized {
		w.t.Errorf("the login from before: got %d, want 401", got.status)
	}
	var again api.Login
	w.into(w.call("POST", "/api/auth/login", "", `{"email":"`+login.User.Email+`","password":"another password"}`),
		http.StatusOK, &again)
	if !again.User.EmailVerified {
		w.t.Error("who read the mail has not confirmed the address")
	}
	w.waitMail(login.User.Email, "Your password was changed")
	if n := len(w.mail.To(login.User.Email)); n != 3 {
		w.t.Errorf("%d mails to the address, want those that confirm it, reset the password and tell of it", n)
	}
}

func testForgottenTellsNothing(w *world) {
	known := w.call("POST", "/api/auth/password/forgot", "", `{"email":"`+w.signUp().User.Email+`"}`)
	unknown := w.call("POST", "/api/auth/password/forgot", "",
		fmt.Sprintf(`{"email":"nobody%d@example.com"}`, w.next()))
	disabledOne := w.call("POST", "/api/auth/password/forgot", "", `{"email":"disabled@example.com"}`)
	for _, header := range []http.Header{known.header, unknown.header, disabledOne.header} {
		header.Del("Date")
		header.Del("X-Request-Id")
	}
	if known.status != unknown.status || known.body != unknown.body ||
		fmt.Sprint(known.header) != fmt.Sprint(unknown.header) ||
		fmt.Sprint(known.header) != fmt.Sprint(disabledOne.header) {
		w.t.Errorf("known: %d %v, unknown: %d %v, disabled: %v; want the same", known.status, known.header,
			unknown.status, unknown.header, disabledOne.header)
	}
	if got := w.call("POST", "/api/auth/password/forgot", "",
		`{"email":"no address"}`); got.status != http.StatusUnprocessableEntity {
		w.t.Errorf("no address: got %d, want 422", got.status)
	}
}

func testChangeAddress(w *world) {
	login := w.signUp()
	to := fmt.Sprintf("elsewhere%d@example.com", w.next())
	change := `{"email":"` + to + `","currentPassword":"%s"}`
	if got := w.call("POST", "/api/users/me/email", login.Token,
		fmt.Sprintf(change, "wrong password")); got.status != http.StatusUnprocessableEntity ||
		w.wantProblem(got).Errors[0].Field != "currentPassword" {
		w.t.Errorf("a wrong password: got %d %s, want 422", got.status, got.body)
	}
	if got := w.call("POST", "/api/users/me/email", login.Token,
		fmt.Sprintf(change, "password123")); got.status != http.StatusAccepted {
		w.t.Fatalf("got %d %s, want 202", got.status, got.body)
	}
	token := w.token(w.waitMail(to, changeSubject))
	var user api.User
	w.into(w.call("GET", "/api/auth/me", login.Token, ""), http.StatusOK, &user)
	if user.Email != login.User.Email {
		w.t.Errorf("the address is %s before the link is used", user.Email)
	}
	w.into(w.call("POST", "/api/auth/email/confirm", login.Token, `{"token":"`+token+`"}`), http.StatusOK, &user)
	if user.Email != to || !user.EmailVerified {
		w.t.Errorf("confirmed, it is %+v", user)
	}
	w.waitMail(login.User.Email, "Your account has a new email address") // the notice goes to the previous address
	w.into(w.call("POST", "/api/auth/login", "", `{"email":"`+to+`","password":"password123"}`),
		http.StatusOK, &api.Login{})
}

func testChangeToTaken(w *world) {
	owner, other := w.signUp(), w.signUp()
	change := `{"email":"` + owner.User.Email + `","currentPassword":"password123"}`
	if got := w.call("POST", "/api/users/me/email", other.Token, change); got.status != http.StatusAccepted ||
		got.body != "" {
		w.t.Fatalf("got %d %s, want 202 as for any address", got.status, got.body)
	}
	m := w.waitMail(owner.User.Email, "Someone tried to use your email address")
	if strings.Contains(m.Text, "token=") {
		w.t.Errorf("the owner of the address gets a link: %s", m.Text)
	}
}

// Signing up with somebody else's address sends nothing there but links, without text chosen by the user.
func testUnconfirmed(w *world) {
	const bait = "You won. Open evil.example"
	body := fmt.Sprintf(`{"name":%q,"email":"victim%d@example.com","password":"password123","role":"ORGANIZER"}`, bait,
		w.next())
	var login api.Login
	w.into(w.call("POST", "/api/auth/signup", "", body), http.StatusCreated, &login)
	w.refused(w.call("POST", "/api/competitions", login.Token, competitionBody(bait, 5)), http.StatusForbidden,
		"email_not_verified")
	var draft api.Competition
	w.into(w.call("POST", "/api/competitions", login.Token,
		strings.Replace(competitionBody(bait, 5), "{", `{"status":"DRAFT",`, 1)), http.StatusCreated, &draft)
	publish := func() answer {
		return w.call("PATCH", "/api/competitions/"+draft.ID, login.Token, `{"status":"PUBLISHED"}`, "If-Match: *")
	}
	w.refused(publish(), http.StatusForbidden, "email_not_verified")
	w.refused(w.call("POST", "/api/competitions/"+w.competition(5).ID+"/register", login.Token, ""),
		http.StatusForbidden, "email_not_verified")
	change := `{"email":"` + login.User.Email + `","currentPassword":"password123"}`
	if got := w.call("POST", "/api/users/me/email", w.signUp().Token, change); got.status != http.StatusAccepted {
		w.t.Fatalf("got %d %s, want 202", got.status, got.body)
	}
	w.eventually("the mailbox tells of it", func() bool {
		return slices.ContainsFunc(w.messagesOf(login.Token),
			func(m api.Message) bool { return m.Kind == compete.MessageAddressInUse })
	})
	w.forgot(login.User.Email)
	w.waitMail(login.User.Email, resetSubject)
	verify := w.waitMail(login.User.Email, verifySubject)
	for _, m := range w.mail.To(login.User.Email) {
		if subject := m.Header.Get("Subject"); subject != verifySubject && subject != resetSubject ||
			strings.Contains(fmt.Sprint(m), "evil") {
			w.t.Errorf("the address gets %q: %s", subject, m.Text)
		}
	}
	w.into(w.call("POST", "/api/auth/email/confirm", login.Token, `{"token":"`+w.token(verify)+`"}`),
		http.StatusOK, &api.User{})
	w.into(publish(), http.StatusOK, &draft)
	if n := len(w.mail.To(login.User.Email)); n != 2 {
		w.t.Errorf("confirmed, it has got %d mails, want the two with links", n)
	}
}

func testVoidLinks(w *world) {
	reset := w.resetToken()
	// the link has another purpose
	w.wantCode(w.call("POST", "/api/auth/email/confirm", "", `{"token":"`+reset+`"}`), http.StatusConflict, "link_void")
	verify := w.verifyToken()
	w.wantCode(w.call("POST", "/api/auth/password/reset", "", `{"token":"`+verify+`","password":"password123"}`),
		http.StatusConflict, "link_void")
	for _, token := range []string{"", "x", strings.Repeat("a", 1000), `\u0000`} {
		w.wantCode(w.call("POST", "/api/auth/email/confirm", "", fmt.Sprintf(`{"token":"%s"}`, token)),
			http.StatusConflict, "link_void")
	}
	// A new password voids a link requested before.
	login := w.signUp()
	w.forgot(login.User.Email)
	token := w.token(w.waitMail(login.User.Email, resetSubject))
	w.into(w.call("PATCH", "/api/users/me", login.Token,
		`{"password":"another password","currentPassword":"password123"}`), http.StatusOK, &api.User{})
	w.wantCode(w.call("POST", "/api/auth/password/reset", "", `{"token":"`+token+`","password":"password123"}`),
		http.StatusConflict, "link_void")
}

func testReminders(w *world) {
	login := w.signUp()
	var user api.User
	for _, on := range []bool{false, true, true} {
		w.into(w.call("PATCH", "/api/users/me", login.Token, fmt.Sprintf(`{"reminders":%t}`, on)), http.StatusOK, &user)
		if user.Reminders != on {
			w.t.Errorf("set to %t, reminders are %t", on, user.Reminders)
		}
		w.into(w.call("GET", "/api/auth/me", login.Token, ""), http.StatusOK, &user)
		if user.Reminders != on {
			w.t.Errorf("set to %t, reminders are %t when read again", on, user.Reminders)
		}
	}
}

// A copy of the database doesn't reveal usable links.
func testTokensAreHashed(w *world) {
	token := w.resetToken()
	count := func(statement, arg string) (n int) {
		w.t.Helper()
		if err := w.Store().Reader().QueryRowContext(w.t.Context(), statement, arg).Scan(&n); err != nil {
			w.t.Fatal(err)
		}
		return n
	}
	if n := count(`SELECT count(*) FROM account_links WHERE token_hash = $1`, compete.HashToken(token)); n != 1 {
		w.t.Errorf("the hash of the token is there %d times, want once", n)
	}
	for _, place := range []string{
		"account_links WHERE token_hash LIKE $1", "messages WHERE body LIKE $1",
		"river_job WHERE CAST(args AS text) LIKE $1", "failed_jobs WHERE CAST(payload AS text) LIKE $1",
	} {
		if n := count("SELECT count(*) FROM "+place, "%"+token+"%"); n != 0 {
			w.t.Errorf("the token itself is in %s", place)
		}
	}
}
