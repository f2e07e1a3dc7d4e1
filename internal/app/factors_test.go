package app_test

import (
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
	"github.com/minicompete/minicompete/internal/web"
)

// code returns the authenticator app's current code.
func (c *movedClock) code(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, c.now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (c *movedClock) start(t *testing.T, databaseURL string, settings func(*config.Config)) *apptest.App {
	t.Helper()
	return apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Clock: c.now, Settings: settings})
}

// withApp sets up an authenticator app for the client, and returns its secret and the recovery codes.
func (c *movedClock) withApp(t *testing.T, who *apptest.Client) (secret string, recovery []string) {
	t.Helper()
	var started struct{ Secret, URI string }
	who.Do(http.MethodPost, "/api/users/me/factors/app", nil).Want(t, http.StatusOK).JSON(t, &started)
	if !strings.Contains(started.URI, "secret="+started.Secret) {
		t.Errorf("the URI %s has another secret than %s", started.URI, started.Secret)
	}
	var confirmed struct{ RecoveryCodes []string }
	body := map[string]any{"code": c.code(t, started.Secret)}
	who.Do(http.MethodPost, "/api/users/me/factors/app/confirm", body).Want(t, http.StatusOK).JSON(t, &confirmed)
	c.move(time.Minute) // so that the next code differs from the used one
	return started.Secret, confirmed.RecoveryCodes
}

func logIn(t *testing.T, a *apptest.App, email, code string) *apptest.Answer {
	t.Helper()
	body := map[string]any{"email": email, "password": apptest.Password}
	if code != "" {
		body["code"] = code
	}
	return a.Visitor().Do(http.MethodPost, "/api/auth/login", body)
}

// notices returns the subjects of security messages in a mailbox.
func notices(who *apptest.Client) string {
	var messages []struct{ Kind, Subject string }
	who.Get("/api/users/me/mailbox", &messages)
	var subjects []string
	for _, m := range messages {
		if m.Kind == string(compete.MessageSecurity) {
			subjects = append(subjects, m.Subject)
		}
	}
	return strings.Join(subjects, ", ")
}

func TestAuthenticatorApp(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		var clock movedClock
		a := clock.start(t, databaseURL, nil)
		who := a.As(compete.RoleParticipant)
		logIn(t, a, who.User.Email, "").Want(t, http.StatusOK)

		who.Do(http.MethodPost, "/api/users/me/factors/app", nil).Want(t, http.StatusOK)
		who.Do(http.MethodPost, "/api/users/me/factors/app/confirm", map[string]any{"code": "nonsense"}).WantCode(t,
			http.StatusUnprocessableEntity, "validation_failed")
		logIn(t, a, who.User.Email, "").Want(t, http.StatusOK) // an unconfirmed app has no effect

		secret, recovery := clock.withApp(t, who)
		if len(recovery) != compete.RecoveryCodeCount || len(recovery[0]) != len("abcdef-ghijkl-mnopqr-stuvwx") {
			t.Fatalf("the recovery codes are %v", recovery)
		}
		who.Do(http.MethodPost, "/api/users/me/factors/app", nil).WantCode(t, http.StatusConflict,
			"second_factor_exists")

		logIn(t, a, who.User.Email, "").WantCode(t, http.StatusUnauthorized, "second_factor_required")
		logIn(t, a, who.User.Email, "abcdef").WantCode(t, http.StatusUnauthorized, "wrong_code")
		wrong := a.Visitor().Do(http.MethodPost, "/api/auth/login",
			map[string]any{"email": who.User.Email, "password": "not this one", "code": clock.code(t, secret)})
		wrong.WantCode(t, http.StatusUnauthorized, "invalid_credentials")

		code := clock.code(t, secret)
		logIn(t, a, who.User.Email, code[:3]+" "+code[3:]).Want(t, http.StatusOK)
		logIn(t, a, who.User.Email, code).WantCode(t, http.StatusUnauthorized, "wrong_code") // already used

		logIn(t, a, who.User.Email, strings.ToUpper(strings.ReplaceAll(recovery[0], "-", " "))).Want(t, http.StatusOK)
		logIn(t, a, who.User.Email, recovery[0]).WantCode(t, http.StatusUnauthorized, "wrong_code")

		var fresh struct{ RecoveryCodes []string }
		who.Do(http.MethodPost, "/api/users/me/factors/recovery-codes", nil).Want(t, http.StatusOK).JSON(t, &fresh)
		logIn(t, a, who.User.Email, recovery[1]).WantCode(t, http.StatusUnauthorized, "wrong_code")
		logIn(t, a, who.User.Email, fresh.RecoveryCodes[1]).Want(t, http.StatusOK)
		var factors struct {
			AuthenticatorApp bool
			RecoveryCodes    int
		}
		if who.Get("/api/users/me/factors", &factors); !factors.AuthenticatorApp ||
			factors.RecoveryCodes != compete.RecoveryCodeCount-1 {
			t.Errorf("got %+v", factors)
		}

		who.Do(http.MethodDelete, "/api/users/me/factors/app", nil).Want(t, http.StatusNoContent)
		logIn(t, a, who.User.Email, "").Want(t, http.StatusOK)
		who.Do(http.MethodPost, "/api/users/me/factors/recovery-codes", nil).WantCode(t, http.StatusNotFound,
			"second_factor_not_found")
		for _, subject := range []string{
			"Authenticator app added", "A recovery code was used",
			"You have new recovery codes", "Authenticator app turned off",
		} {
			if got := notices(who); !strings.Contains(got, subject) {
				t.Errorf("no notice %q among %s", subject, got)
			}
		}
	})
}

// Wrong codes are slowed down regardless of the network: anyone who enters them knows the password.
func TestCodesCanNotBeGuessed(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		clock := &movedClock{stands: time.Now()}
		a := clock.start(t, databaseURL, func(c *config.Config) { c.TrustedProxies = []string{"127.0.0.0/8"} })
		who := a.As(compete.RoleParticipant)
		secret, _ := clock.withApp(t, who)
		guess := func(from, code string) *apptest.Answer {
			return a.Visitor().Do(http.MethodPost, "/api/auth/login",
				map[string]any{"email": who.User.Email, "password": apptest.Password, "code": code},
				"X-Forwarded-For", from)
		}
		networks := []string{attacker, hall, owner}
		for i := range config.Default().LimitGuesses {
			guess(networks[i%len(networks)], "abcdef").WantCode(t, http.StatusUnauthorized, "wrong_code")
		}
		clock.move(time.Millisecond)
		guess(attacker, "abcdef").WantCode(t, http.StatusTooManyRequests, "too_many_guesses")
		guess(owner, clock.code(t, secret)).WantCode(t, http.StatusTooManyRequests, "too_many_guesses")
		clock.move(2 * time.Second)
		guess(owner, clock.code(t, secret)).Want(t, http.StatusOK)
	})
}

func TestSecretsOfAppsOutlastTheKey(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		var clock movedClock
		a := clock.start(t, databaseURL, nil)
		who := a.As(compete.RoleParticipant)
		secret, _ := clock.withApp(t, who)
		if err := a.Stop(); err != nil {
			t.Fatal(err)
		}
		const next, after = "another secret, long enough for a key", "a third secret, also long enough for one"
		for _, keys := range [][2]config.Secret{{next, apptest.Secret}, {after, next}, {after, ""}} {
			clock.move(time.Minute)
			a := clock.start(t, databaseURL,
				func(c *config.Config) { c.JWTSecret, c.JWTSecretPrevious = keys[0], keys[1] })
			logIn(t, a, who.User.Email, clock.code(t, secret)).Want(t, http.StatusOK)
			if err := a.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		clock.move(time.Minute)
		a = clock.start(t, databaseURL, nil) // the first key is gone
		logIn(t, a, who.User.Email, clock.code(t, secret)).WantCode(t, http.StatusUnauthorized, "wrong_code")
	})
}

func TestOldLoginsAreAskedAgain(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		clock := &movedClock{stands: time.Now()}
		a := clock.start(t, databaseURL, nil)
		admin, other := a.As(compete.RoleAdmin), a.As(compete.RoleParticipant)
		promote := func() *apptest.Answer {
			return admin.Do(http.MethodPatch, "/api/admin/users/"+other.User.ID, map[string]any{"role": "ORGANIZER"})
		}
		promote().Want(t, http.StatusOK)
		clock.move(compete.FreshLogin - 10*time.Second)
		promote().Want(t, http.StatusOK)
		clock.move(15 * time.Second)
		const stale = "reauthentication_required"
		promote().WantCode(t, http.StatusForbidden, stale)
		for _, r := range []struct {
			method, path string
			body         any
		}{
			{
				http.MethodPatch, "/api/users/me",
				map[string]any{"password": "another password", "currentPassword": apptest.Password},
			},
			{
				http.MethodPost, "/api/users/me/email",
				map[string]any{"email": "new@example.com", "currentPassword": apptest.Password},
			},
			{http.MethodPost, "/api/users/me/factors/app", nil},
			{http.MethodDelete, "/api/users/me/factors/app", nil},
			{http.MethodPost, "/api/users/me/factors/recovery-codes", nil},
			{http.MethodDelete, "/api/users/me/factors/passkeys/" + other.User.ID, nil},
		} {
			admin.Do(r.method, r.path, r.body).WantCode(t, http.StatusForbidden, stale)
		}
		admin.Do(http.MethodPatch, "/api/users/me", map[string]any{"name": "Another name"}).Want(t, http.StatusOK)
		admin.Do(http.MethodGet, "/api/admin/users", nil).Want(t, http.StatusOK)

		admin.Do(http.MethodPost, "/api/auth/confirm", map[string]any{"password": "not this one"}).WantCode(t,
			http.StatusUnprocessableEntity, "validation_failed")
		promote().WantCode(t, http.StatusForbidden, stale)
		old := *admin
		var login struct{ Token string }
		admin.Do(http.MethodPost, "/api/auth/confirm", map[string]any{"password": apptest.Password}).Want(t,
			http.StatusOK).JSON(t, &login)
		admin.Token = login.Token
		promote().Want(t, http.StatusOK)
		old.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusUnauthorized)
		secret, _ := clock.withApp(t, admin)
		clock.move(compete.FreshLogin)
		promote().WantCode(t, http.StatusForbidden, stale)
		confirm := map[string]any{"password": apptest.Password}
		admin.Do(http.MethodPost, "/api/auth/confirm", confirm).WantCode(t, http.StatusUnauthorized,
			"second_factor_required")
		confirm["code"] = "abcdef"
		admin.Do(http.MethodPost, "/api/auth/confirm", confirm).WantCode(t, http.StatusUnprocessableEntity,
			"validation_failed")
		confirm["code"] = clock.code(t, secret)
		admin.Do(http.MethodPost, "/api/auth/confirm", confirm).Want(t, http.StatusOK).JSON(t, &login)
		admin.Token = login.Token
		promote().Want(t, http.StatusOK)
	})
}

// Knowing only the password isn't enough to delete an account with a second factor from a session left open.
func TestDeletingAnAccountWithASecondFactor(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		var clock movedClock
		a := clock.start(t, databaseURL, nil)
		plain, protected := a.As(compete.RoleParticipant), a.As(compete.RoleParticipant)
		secret, _ := clock.withApp(t, protected)
		login := postForm(t, a, owner, "/auth/login",
			url.Values{"email": {plain.User.Email}, "password": {apptest.Password}})
		clock.move(compete.FreshLogin + time.Second)
		password := map[string]any{"password": apptest.Password}
		protected.Do(http.MethodDelete, "/api/users/me", password).WantCode(t, http.StatusForbidden,
			"reauthentication_required")
		if page, _ := visit(t, http.MethodGet, a.WebURL+"/account/delete", "",
			login.Cookies()); page.StatusCode != http.StatusOK {
			t.Errorf("without a second factor: got %d for the page, want 200", page.StatusCode)
		}
		plain.Do(http.MethodDelete, "/api/users/me", password).Want(t, http.StatusNoContent)

		var again struct{ Token string }
		confirm := map[string]any{"password": apptest.Password, "code": clock.code(t, secret)}
		protected.Do(http.MethodPost, "/api/auth/confirm", confirm).Want(t, http.StatusOK).JSON(t, &again)
		protected.Token = again.Token
		protected.Do(http.MethodDelete, "/api/users/me", password).Want(t, http.StatusNoContent)
	})
}

// The same on the pages, which reauthenticate before showing what the deletion does.
func TestThePageThatDeletesAnAccountWithASecondFactor(t *testing.T) {
	var clock movedClock
	a := clock.start(t, "", nil)
	who := a.As(compete.RoleParticipant)
	secret, _ := clock.withApp(t, who)
	pending := url.Values{
		"auth-login": {a.Services().Logins.PendingLogin(who.User)},
		"auth-code":  {clock.code(t, secret)},
	}
	cookies := postForm(t, a, owner, "/auth/login/second", pending).Cookies()
	form := url.Values{"password": {apptest.Password}}.Encode()
	clock.move(compete.FreshLogin + time.Second)
	for _, tc := range []struct{ method, form string }{{http.MethodGet, ""}, {http.MethodPost, form}} {
		answer, _ := visit(t, tc.method, a.WebURL+"/account/delete", tc.form, cookies)
		if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther ||
			!strings.HasPrefix(to, "/auth/again?") {
			t.Errorf("%s: got %d to %q, want to be asked for the login", tc.method, answer.StatusCode, to)
		}
	}
	who.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusOK)
}

// A login waiting for its second factor ends whenever all sessions do: with a new password, or by logging out
// everywhere.
func TestWhatEndsLoginsEndsThoseThatWaitForACode(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		var clock movedClock
		a := clock.start(t, databaseURL, nil)
		who, admin := a.As(compete.RoleParticipant), a.As(compete.RoleAdmin)
		secret, _ := clock.withApp(t, who)
		second := func(pending string) int {
			clock.move(time.Minute) // each code works once
			return postForm(t, a, attacker, "/auth/login/second",
				url.Values{"auth-login": {pending}, "auth-code": {clock.code(t, secret)}}).StatusCode
		}
		pending := a.Services().Logins.PendingLogin(who.User)
		password := map[string]any{"password": "another good one", "currentPassword": apptest.Password}
		who.Do(http.MethodPatch, "/api/users/me", password).Want(t, http.StatusOK)
		if got := second(pending); got != http.StatusUnprocessableEntity {
			t.Errorf("after a new password: got %d, want 422", got)
		}
		pending = a.Services().Logins.PendingLogin(who.User)
		admin.Do(http.MethodPost, "/api/admin/users/"+who.User.ID+"/end-sessions", nil).Want(t, http.StatusNoContent)
		if got := second(pending); got != http.StatusUnprocessableEntity {
			t.Errorf("after an admin ended all logins: got %d, want 422", got)
		}
		if got := second(a.Services().Logins.PendingLogin(who.User)); got != http.StatusSeeOther {
			t.Errorf("a login begun afterwards: got %d, want 303", got)
		}
	})
}

// forParticipants are the paths of changes to somebody else's competition that admins make as everyone else does: for
// themselves, if at all.
var forParticipants = []string{
	"/division", "/register", "/prepare", "/preparation", "/answers", "/withdraw", "/accept", "/decline", "/report",
	"/reports", "/preview", "{id}/team", "/team/looking",
}

func onOthersCompetition(path string) bool {
	return (strings.HasPrefix(path, "/competitions/{id}/") || strings.HasPrefix(path, "/api/competitions/{id}") ||
		strings.HasPrefix(path, "/api/registrations/{id}")) &&
		!slices.ContainsFunc(forParticipants, func(end string) bool { return strings.HasSuffix(path, end) })
}

// Every change by admins to the site, and to what belongs to others, needs a recent login. This covers routes added
// later.
func TestAdminsAreAskedAgainForEveryChange(t *testing.T) {
	var clock movedClock
	a := clock.start(t, "", nil)
	admin, organizer, participant := a.As(compete.RoleAdmin), a.As(compete.RoleOrganizer), a.As(compete.RoleParticipant)
	register := func(who *apptest.Client, competition string) (id string) {
		var registration struct{ ID string }
		who.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t, http.StatusCreated).JSON(t,
			&registration)
		return registration.ID
	}
	competition, own := organizer.Create(nil), admin.Create(nil)
	registration, adminsOwn, forOwn := register(participant, competition), register(admin, competition),
		register(participant, own)
	ids := strings.NewReplacer("/competitions/{id}", "/competitions/"+competition, "/registrations/{id}",
		"/registrations/"+registration, "{id}", admin.User.ID)
	var document struct{ Paths map[string]map[string]any }
	a.Visitor().Get("/api/openapi.json", &document)
	clock.move(compete.FreshLogin + time.Second)
	found := 0
	for path, methods := range document.Paths {
		for method := range methods {
			if !strings.HasPrefix(path, "/api/admin/") && !onOthersCompetition(path) || method == "get" {
				continue
			}
			found++
			var header []string
			switch {
			case method == "patch":
				header = []string{"If-Match", "*"}
			case strings.HasSuffix(path, "/cover"):
				header = []string{"Content-Type", "image/png"}
			}
			admin.Do(strings.ToUpper(method), ids.Replace(path), map[string]any{}, header...).WantCode(t,
				http.StatusForbidden, "reauthentication_required")
		}
	}
	if found < 15 {
		t.Errorf("only %d changes were tried", found)
	}
	title := map[string]any{"title": "Another title"}
	admin.Do(http.MethodPatch, "/api/competitions/"+own, title, "If-Match", "*").Want(t, http.StatusOK)
	admin.Do(http.MethodDelete, "/api/registrations/"+forOwn, nil).Want(t, http.StatusOK)
	admin.Do(http.MethodDelete, "/api/registrations/"+adminsOwn, nil).Want(t, http.StatusOK)
	organizer.Do(http.MethodPatch, "/api/competitions/"+competition, title, "If-Match", "*").Want(t, http.StatusOK)
	organizer.Do(http.MethodDelete, "/api/registrations/"+registration, nil).Want(t, http.StatusOK)
}

// The same on the pages, where the form is kept, and for the job console.
func TestAdminsAreAskedAgainOnEveryPage(t *testing.T) {
	var clock movedClock
	a := clock.start(t, "", nil)
	admin := a.As(compete.RoleAdmin)
	competition := a.As(compete.RoleOrganizer).Create(nil)
	var registration struct{ ID string }
	a.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t,
		http.StatusCreated).JSON(t, &registration)
	login := postForm(t, a, attacker, "/auth/login",
		url.Values{"email": {admin.User.Email}, "password": {apptest.Password}})
	clock.move(compete.FreshLogin + time.Second)
	ids := strings.NewReplacer("/competitions/{id}", "/competitions/"+competition, "{registration}", registration.ID)
	form := url.Values{
		"reason": {"kept & whole", "both"}, "done": {"backups"}, "answer": {"approve"}, "report": {"one"},
		"title": {"A title"}, "capacity": {"10"}, "zone": {"UTC"}, "regDeadline": {"2099-01-01T12:00"},
		"version": {"1"}, "email": {"kept@example.com"},
	}.Encode()
	found := 0
	for _, pattern := range web.Routes(web.Config{}) {
		path, post := strings.CutPrefix(pattern, "POST ")
		if !post || !strings.HasPrefix(path, "/admin/") && !onOthersCompetition(path) ||
			strings.HasSuffix(path, "/cover") {
			continue
		}
		found++
		path = regexp.MustCompile(`\{\w+\}`).ReplaceAllString(ids.Replace(path), admin.User.ID)
		answer, page := visit(t, http.MethodPost, a.WebURL+path, form, login.Cookies())
		if answer.StatusCode != http.StatusForbidden || !strings.Contains(page, "Confirm it's you") ||
			!strings.Contains(page, `value="kept & whole"`) || !strings.Contains(page, `value="both"`) ||
			!strings.Contains(page, `value="kept@example.com"`) {
			t.Errorf("%s: got %d %.200s", pattern, answer.StatusCode, page[max(0, strings.Index(page, "<h1")):])
		}
	}
	if found < 18 {
		t.Errorf("only %d forms were sent", found)
	}
	console, _ := visit(t, http.MethodGet, a.WebURL+web.JobsPath+"/", "", login.Cookies())
	if to := console.Header.Get("Location"); console.StatusCode != http.StatusSeeOther ||
		!strings.HasPrefix(to, "/auth/again?") {
		t.Errorf("the job console: got %d to %s", console.StatusCode, to)
	}
	// A picture can't be carried along.
	upload, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.WebURL+"/competitions/"+competition+
		"/cover", strings.NewReader(pictureForm))
	if err != nil {
		t.Fatal(err)
	}
	upload.Header.Set("Content-Type", "multipart/form-data; boundary=here")
	upload.Header.Set("Referer", a.WebURL+"/competitions/"+competition+"/edit")
	for _, cookie := range login.Cookies() {
		upload.AddCookie(cookie)
	}
	answer, err := http.DefaultTransport.RoundTrip(upload)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	want := "/auth/again?" + url.Values{"auth-next": {"/competitions/" + competition + "/edit"}}.Encode()
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || to != want {
		t.Errorf("a cover: got %d to %s, want %s", answer.StatusCode, to, want)
	}
}

// The form goes on with the password beside it, which is no part of the request: nobody can guess it by what is kept of
// that, and the form can be sent again without it.
func TestThePasswordIsNoPartOfTheFormThatGoesOn(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		organizer, person := a.As(compete.RoleOrganizer), a.As(compete.RoleParticipant)
		path := "/competitions/" + organizer.Create(nil) + "/registrations"
		login := postForm(t, a, owner, "/auth/login",
			url.Values{"email": {organizer.User.Email}, "password": {apptest.Password}})
		form := url.Values{"key": {"one-addition"}, "email": {person.User.Email}}
		for _, password := range []string{apptest.Password, ""} {
			form.Set("auth-password", password)
			answer := postForm(t, a, owner, path, form, login.Cookies()...)
			if answer.StatusCode != http.StatusSeeOther {
				t.Errorf("with the password %q: got %d, want the same addition", password, answer.StatusCode)
			}
		}
	})
}

// pictureForm is a form with a file that isn't a picture.
const pictureForm = "--here\r\nContent-Disposition: form-data; name=\"cover\"; filename=\"a.png\"\r\nContent-Type: " +
	"image/png\r\n\r\nnone\r\n--here--\r\n"

// visit sends a form and returns the resulting page.
func visit(t *testing.T, method, address, form string, cookies []*http.Cookie) (answer *http.Response, page string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	answer, err = http.DefaultTransport.RoundTrip(request) // doesn't follow redirects
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer, html.UnescapeString(string(body))
}

func TestRolesThatNeedASecondFactor(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		var clock movedClock
		a := clock.start(t, databaseURL, func(c *config.Config) { c.RequireMFA = []string{"organizer"} })
		admin, participant, organizer := a.As(compete.RoleAdmin), a.As(compete.RoleParticipant),
			a.As(compete.RoleOrganizer)
		for _, free := range []*apptest.Client{admin, participant} {
			free.Do(http.MethodGet, "/api/competitions", nil).Want(t, http.StatusOK)
		}
		const setUp = "second_factor_setup_required"
		organizer.Do(http.MethodGet, "/api/competitions", nil).WantCode(t, http.StatusForbidden, setUp)
		organizer.Do(http.MethodPatch, "/api/users/me", map[string]any{"name": "X"}).WantCode(t,
			http.StatusForbidden, setUp)
		organizer.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusOK)
		clock.withApp(t, organizer)
		id := organizer.Create(nil)
		organizer.Do(http.MethodDelete, "/api/users/me/factors/app", nil).WantCode(t, http.StatusConflict,
			"second_factor_needed")

		// An admin resets a lost factor, and it has to be set up again.
		reset := "/api/admin/users/" + organizer.User.ID + "/factors"
		admin.Do(http.MethodDelete, reset, nil).Want(t, http.StatusNoContent)
		admin.Do(http.MethodDelete, reset, nil).WantCode(t, http.StatusNotFound, "second_factor_not_found")
		organizer.Do(http.MethodGet, "/api/competitions/"+id, nil).WantCode(t, http.StatusForbidden, setUp)
		clock.withApp(t, organizer)
		if got := notices(organizer); !strings.Contains(got, "Your second factors were removed") {
			t.Errorf("no notice of the reset among %s", got)
		}
	})
}
