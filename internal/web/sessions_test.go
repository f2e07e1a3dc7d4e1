package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// cookie returns the value of a cookie; empty if the browser has none.
func (b *browser) cookie(name string) string {
	b.t.Helper()
	u, err := url.Parse(b.site.WebURL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// with returns a browser that only has the session cookie.
func (s *site) with(t *testing.T, session string) *browser {
	t.Helper()
	b := s.browser(t)
	u, err := url.Parse(s.WebURL)
	if err != nil {
		t.Fatal(err)
	}
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: session, Path: "/"}})
	return b
}

// TestANewPasswordGivesAnotherCookie uses a copy of the cookie from before the change.
func TestANewPasswordGivesAnotherCookie(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := openSite(t, databaseURL, nil)
		b, elsewhere := s.browser(t), s.browser(t)
		b.signUp("ada@example.com")
		elsewhere.want(elsewhere.post("/auth/login", "email", "ada@example.com", "password", password),
			http.StatusSeeOther)
		before := b.cookie("session")
		b.leads(b.post("/account/password", "currentPassword", password, "password", "another password"), "/account")
		after := b.cookie("session")
		if before == "" || after == "" || before == after {
			t.Errorf("the cookie was %q and is %q", before, after)
		}
		b.want(b.get("/account"), http.StatusOK, "Where you're logged in")
		for what, other := range map[string]*browser{
			"the cookie from before": s.with(t, before),
			"another browser":        elsewhere,
		} {
			if got := other.get("/account"); got.status != http.StatusSeeOther {
				t.Errorf("%s still opens the account: got %d", what, got.status)
			}
		}
		b.want(b.get("/mailbox"), http.StatusOK, "Your password was changed")
	})
}

// TestStreamsEndWithTheirLogin ends sessions in every way while each has a page open.
func TestStreamsEndWithTheirLogin(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	main := s.browser(t)
	main.signUp("ada@example.com")
	logIn := func() *browser {
		b := s.browser(t)
		b.want(b.post("/auth/login", "email", "ada@example.com", "password", password), http.StatusSeeOther)
		return b
	}
	goesOn := logIn().stream()
	for _, c := range []struct {
		what string
		end  func(b *browser)
		all  bool // but that of main
	}{
		{what: "log out", end: func(b *browser) { b.leads(b.post("/auth/logout"), "/") }},
		{what: "log out again", end: func(b *browser) { b.leads(b.post("/auth/logout"), "/") }}, // a round later
		{what: "log out everywhere else", all: true, end: func(*browser) {
			main.leads(main.post("/account/sessions/end"), "/account")
		}},
		{what: "a new password", all: true, end: func(*browser) {
			main.leads(main.post("/account/password", "currentPassword", password, "password", password+"!"),
				"/account")
			main.leads(main.post("/account/password", "currentPassword", password+"!", "password", password),
				"/account")
		}},
	} {
		b := logIn()
		ended := b.stream()
		c.end(b)
		select {
		case <-ended: //nolint:errcheck // it ends in whatever way
		case <-time.After(apptest.Patience):
			t.Errorf("%s: the stream goes on", c.what)
		}
		if c.all {
			continue
		}
		select {
		case err := <-goesOn:
			t.Fatalf("%s: the stream of another browser ended, too: %v", c.what, err)
		default:
		}
	}
}

// stream opens a page's event stream; the channel reports its end.
func (b *browser) stream() <-chan error {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	b.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.site.WebURL+"/live?c="+nobodysID, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		b.t.Fatalf("the stream: %v", err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, response.Body)
		ended <- errors.Join(err, response.Body.Close())
	}()
	return ended
}

const nobodysID = "018f6b1e-0000-7d0a-9b3e-5a1f0c2d4e6f"

// TestSessionsOnThePage ends one session, all others and the current one from the list.
func TestSessionsOnThePage(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	b, other, third := s.browser(t), s.browser(t), s.browser(t)
	b.signUp("ada@example.com")
	for _, browser := range []*browser{other, third} {
		browser.want(browser.post("/auth/login", "email", "ada@example.com", "password", password), http.StatusSeeOther)
	}
	sessionOf := func(b *browser) string {
		user, _, err := s.Store().UserByEmail(t.Context(), "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Store().Sessions(t.Context(), user.ID, time.Now(), compete.Cursor{}, 10)
		if err != nil || len(page.Items) == 0 {
			t.Fatal(err)
		}
		for i := range page.Items {
			// every session but the current one has a form on the page
			if got := b.get("/account"); !strings.Contains(got.text, "/account/sessions/"+page.Items[i].ID+"/end") {
				return page.Items[i].ID
			}
		}
		t.Fatal("the page has forms of all sessions, its own too")
		return ""
	}
	stranger := s.browser(t)
	stranger.signUp("ben@example.com")
	stranger.leads(stranger.post("/account/sessions/"+sessionOf(other)+"/end"), "/account")
	other.want(other.get("/account"), http.StatusOK)
	b.leads(b.post("/account/sessions/"+sessionOf(other)+"/end"), "/account")
	if got := other.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("the session that was ended opens the account: %d", got.status)
	}
	third.want(third.get("/account"), http.StatusOK)
	b.leads(b.post("/account/sessions/end"), "/account")
	if got := third.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("a session ended with all others opens the account: %d", got.status)
	}
	got := b.post("/account/sessions/" + sessionOf(b) + "/end")
	b.leads(got, "/")
	if got.header.Get("Clear-Site-Data") == "" || b.cookie("session") != "" {
		t.Errorf("one's own session ended from the list leaves something: %v", got.header)
	}
}

// TestThePrivacyPageFollowsTheSettings sets a different number of days for each retention period, and looks for them on
// the page.
func TestThePrivacyPageFollowsTheSettings(t *testing.T) {
	const day = 24 * time.Hour
	s := &site{App: apptest.Start(t, apptest.Options{Settings: func(c *config.Config) {
		c.MessagesAge, c.AddressesAge, c.SessionsAge, c.AuditKept = 31*day, 6*day, 3*day, 61*day
		c.UnusedAccountsAge, c.RegistrationsAge, c.FailedJobsAge = 201*day, 41*day, 9*day
	}}), t: t}
	b := s.browser(t)
	b.want(b.get("/privacy"), http.StatusOK, ">31 days<", "at most 6 days after", "and 3 days more",
		"61 days; network addresses 6 days", "hasn&#39;t been used for 201 days", "41 days after the competition ends",
		">9 days<")
}
