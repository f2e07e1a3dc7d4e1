package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
	"github.com/minicompete/minicompete/internal/web"
)

// TestRegisteringLeadsThroughAnAccount registers without an account, and while logged out of one: the seat is assigned
// without clicking again.
func TestRegisteringLeadsThroughAnAccount(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		page := "/competitions/" + s.As(compete.RoleOrganizer).Create(map[string]any{"waitlist": true})
		next := url.Values{"next": {page}}.Encode()

		b := s.browser(t)
		b.leads(b.post(page+"/register", "key", "one-press-1", "account", "new"), "/auth/signup?"+next)
		b.want(b.get("/auth/signup?"+next), http.StatusOK, "Create account and register")
		b.want(b.post("/auth/signup", "name", "Ada", "email", "ada@example.com", "password", "short", "role",
			"PARTICIPANT", "next", page),
			http.StatusUnprocessableEntity, "Create account and register")
		b.leads(b.post("/auth/signup", "name", "Ada", "email", "ada@example.com", "password", password, "role",
			"PARTICIPANT", "next", page), page)
		b.want(b.get(page), http.StatusOK, `class="bib"`, "confirmation is on its way")
		b.leads(b.post(page+"/register", "key", "one-press-1"), page) // repeated: the same registration

		b.leads(b.post("/auth/logout"), "/")
		other := "/competitions/" + s.As(compete.RoleOrganizer).Create(map[string]any{"title": "Another one"})
		b.leads(b.post(other+"/register", "account", "mine"), "/auth/login?"+url.Values{"next": {other}}.Encode())
		b.want(b.post("/auth/login", "email", "ada@example.com", "password", "wrong password", "next", other),
			http.StatusUnprocessableEntity, "finish registering")
		b.leads(b.post("/auth/login", "email", "ada@example.com", "password", password, "next", other), other)
		b.want(b.get(other), http.StatusOK, `class="bib"`)
	})
}

// TestAPressRepeatedLaterIsToldWhatIsSoNow repeats registrations, without JavaScript, after they were cancelled or
// moved up.
func TestAPressRepeatedLaterIsToldWhatIsSoNow(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	page := "/competitions/" + s.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 1, "waitlist": true})
	first, second := s.browser(t), s.browser(t)
	first.signUp("first@example.com")
	second.signUp("second@example.com")
	const in, waiting = "You&#39;re in!", "You&#39;re on the waitlist."
	press := func(b *browser, says, not string) {
		t.Helper()
		b.leads(b.post(page+"/register", "key", "one-press-1"), page)
		got := b.want(b.get(page), http.StatusOK, says)
		if strings.Contains(got.text, not) {
			t.Errorf("the page says %q", not)
		}
	}
	press(first, in, waiting)
	press(second, waiting, in)
	first.leads(first.post(page+"/withdraw"), page)
	first.get(page) // dismiss the message about the cancellation
	press(first, "Join the waitlist", in)
	press(second, in, waiting)
}

// TestALeaveOfTheWaitlistGivesUpNoSeat confirms leaving the waitlist after a seat was assigned: it asks again.
func TestALeaveOfTheWaitlistGivesUpNoSeat(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	page := "/competitions/" + s.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 1, "waitlist": true})
	first, second := s.browser(t), s.browser(t)
	first.signUp("first@example.com")
	second.signUp("second@example.com")
	first.leads(first.post(page+"/register"), page)
	second.leads(second.post(page+"/register"), page)
	second.want(second.get(page+"/withdraw"), http.StatusOK, "Leave the waitlist?",
		`action="`+page+`/withdraw?from=waitlist"`)
	first.leads(first.post(page+"/withdraw"), page)
	second.leads(second.post(page+"/withdraw?from=waitlist"), page+"/withdraw")
	second.want(second.get(page+"/withdraw"), http.StatusOK, "Cancel your registration?", `action="`+page+`/withdraw"`)
	second.want(second.get(page), http.StatusOK, "You&#39;re in!")
}

// TestNobodyIsRegisteredByALink logs in by every route that didn't start with a click on Register.
func TestNobodyIsRegisteredByALink(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	page := "/competitions/" + s.As(compete.RoleOrganizer).Create(nil)
	free := func(b *browser) {
		t.Helper()
		if got := b.want(b.get(page), http.StatusOK); strings.Contains(got.text, `class="bib"`) {
			t.Error("somebody is registered who didn't press")
		}
	}
	logIn := func(b *browser, next string) {
		t.Helper()
		b.want(b.post("/auth/login", "email", "ada@example.com", "password", password, "next", next),
			http.StatusSeeOther)
	}
	b := s.browser(t)
	b.signUp("ada@example.com")
	b.post("/auth/logout")
	b.want(b.get("/auth/login?"+url.Values{"next": {page}}.Encode()), http.StatusOK)
	logIn(b, page) // a similar link
	free(b)
	b.post("/auth/logout")
	b.leads(b.get(page+"/register"), page) // opening the URL of the post
	logIn(b, page)
	free(b)
	b.post("/auth/logout")
	b.origin = "https://evil.example"
	b.want(b.post(page+"/register"), http.StatusForbidden) // a form on another site
	b.origin = ""
	logIn(b, page)
	free(b)
	b.post("/auth/logout")
	b.want(b.post(page+"/register"), http.StatusSeeOther)
	logIn(b, "/dashboard") // clicked, but since gone elsewhere
	free(b)
	b.post("/auth/logout")
	logIn(b, page) // logging out cancels the intent
	free(b)
}

// TestWhatIsWantedMayNotBe returns to a competition that has no seat to give, which says why.
func TestWhatIsWantedMayNotBe(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer := s.As(compete.RoleOrganizer)
	opens := time.Now().Add(time.Hour)
	later := "/competitions/" +
		organizer.Create(map[string]any{
			"regOpensAt": opens, "regDeadline": opens.Add(time.Hour),
			"startDate": opens.Add(2 * time.Hour),
		})
	full := "/competitions/" + organizer.Create(map[string]any{"capacity": 1})
	first := s.browser(t)
	first.signUp("first@example.com")
	first.leads(first.post(full+"/register"), full)
	for page, says := range map[string]string{later: "once registration opens", full: "didn&#39;t go through"} {
		b := s.browser(t)
		b.want(b.post(page+"/register", "account", "new"), http.StatusSeeOther)
		b.leads(b.post("/auth/signup", "name", "Ada", "email", "ada"+page[14:22]+page[40:]+"@example.com", "password",
			password, "role", "PARTICIPANT", "next", page), page)
		b.want(b.get(page), http.StatusOK, says)
	}
	b := s.browser(t)
	b.want(b.post(later+"/register", "account", "mine"), http.StatusSeeOther)
	b.leads(b.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password, "next", later), later)
	b.want(b.get(later), http.StatusOK, `id="flash"`)
	guest := s.browser(t)
	b.want(guest.post("/competitions/00000000-0000-7000-8000-000000000001/register"), http.StatusNotFound)
}

// TestRegisteringLeadsThroughTheEmail registers without an account on a site that requires confirmed addresses.
func TestRegisteringLeadsThroughTheEmail(t *testing.T) {
	s := openSite(t, "", nil)
	page := "/competitions/" + s.As(compete.RoleOrganizer).Create(nil)
	verify := "/auth/verify?" + url.Values{"next": {page}}.Encode()
	b, email := s.browser(t), "new@example.com"
	b.want(b.post(page+"/register", "key", "one-press-1", "account", "new"), http.StatusSeeOther)
	b.leads(b.post("/auth/signup", "name", "Ada", "email", email, "password", password, "role", "PARTICIPANT",
		"next", page), verify)
	b.want(b.get(verify), http.StatusOK, "Then you can finish registering.")
	_, token := b.link(b.newest(email, "Confirm your email address"))
	phone := s.browser(t)
	phone.leads(phone.post("/auth/login", "email", email, "password", password), "/dashboard")
	// opened elsewhere: the first browser continues with a click
	phone.leads(phone.post("/auth/confirm", "token", token), "/account")
	b.want(b.get(verify), http.StatusOK, "Finish registering", `value="one-press-1"`)
	b.leads(b.post(page+"/register", "key", "one-press-1"), page)
	b.want(b.get(page), http.StatusOK, `class="bib"`)
}

// TestRegisteringLeadsThroughANewPassword registers while logged out, with a forgotten password.
func TestRegisteringLeadsThroughANewPassword(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := openSite(t, databaseURL, nil)
		organizer, email := s.As(compete.RoleOrganizer), "forgetful@example.com"
		page := "/competitions/" + organizer.Create(nil)
		login := "/auth/login?" + url.Values{"next": {page}}.Encode()
		b := s.browser(t)
		b.signUp(email)
		b.leads(b.post("/auth/logout"), "/")
		b.leads(b.post(page+"/register", "key", "one-press-1", "account", "mine"), login)
		b.want(b.post("/auth/forgot", "email", email), http.StatusOK)
		_, token := b.link(b.newest(email, "Set a new password"))
		b.leads(b.post("/auth/reset", "token", token, "password", "another password"), login)
		b.want(b.get(login), http.StatusOK, "Password set.", "Log in to finish registering.")
		b.leads(b.post("/auth/login", "email", email, "password", "another password", "next", page), page)
		b.want(b.get(page), http.StatusOK, `class="bib"`, "You&#39;re in!")
		b.leads(b.post(page+"/register", "key", "one-press-1"), page) // repeated: the same registration
		var rows []struct{}
		if organizer.Get("/api"+page+"/registrations", &rows); len(rows) != 1 {
			t.Errorf("%d registrations, want one", len(rows))
		}
	})
}

// TestRegisteringLeadsThroughAMailedLink ends the session before the address is confirmed by the emailed link, in the
// browser that registered.
func TestRegisteringLeadsThroughAMailedLink(t *testing.T) {
	s := openSite(t, "", nil)
	page := "/competitions/" + s.As(compete.RoleOrganizer).Create(nil)
	login := "/auth/login?" + url.Values{"next": {page}}.Encode()
	for name, confirm := range map[string]func(b *browser, email, link, token string) (password string){
		"by logging in": func(b *browser, email, link, token string) string {
			b.leads(b.post("/auth/login", "email", email, "password", password, "next", link), link)
			b.leads(b.post("/auth/confirm", "token", token), page)
			return ""
		},
		"by a new password": func(b *browser, _, _, token string) string {
			b.leads(b.post("/auth/confirm", "token", token, "password", "another password"), login)
			b.want(b.get(login), http.StatusOK, "Email confirmed and password set.", "Log in to finish registering.")
			return "another password"
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, email := s.browser(t), strings.ReplaceAll(name, " ", ".")+"@example.com"
			b.want(b.post(page+"/register", "key", "one-press-1", "account", "new"), http.StatusSeeOther)
			b.want(b.post("/auth/signup", "name", "Ada", "email", email, "password", password, "role", "PARTICIPANT",
				"next", page), http.StatusSeeOther)
			home, err := url.Parse(s.WebURL)
			if err != nil {
				t.Fatal(err)
			}
			b.Jar.SetCookies(home, []*http.Cookie{{Name: "session", Path: "/", MaxAge: -1}})
			link, token := b.link(b.newest(email, "Confirm your email address"))
			if now := confirm(b, email, link, token); now != "" {
				b.leads(b.post("/auth/login", "email", email, "password", now, "next", page), page)
			}
			b.want(b.get(page), http.StatusOK, `class="bib"`)
			b.leads(b.post(page+"/register", "key", "one-press-1"), page)
		})
	}
}

// TestAddressesOfPosts opens the URL of every route that only accepts posts: it leads to a page.
func TestAddressesOfPosts(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{Demo: true}), t: t}
	b := s.browser(t)
	b.want(b.post("/auth/login", "email", "admin@minicompete.com", "password", apptest.Password), http.StatusSeeOther)
	organizer := s.As(compete.RoleOrganizer)
	competition := organizer.Create(map[string]any{"team": map[string]any{"max": 3}})
	var r struct{ ID, TeamID string }
	s.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+competition+"/register",
		map[string]any{"team": map[string]any{"name": "Red"}}).Want(t, http.StatusCreated).JSON(t, &r)
	gets, posts := map[string]bool{}, []string{}
	for _, pattern := range web.Routes(web.Config{Demo: true, Mails: struct{ web.Mails }{}}) {
		method, path, _ := strings.Cut(pattern, " ")
		if method == http.MethodPost {
			posts = append(posts, path)
		} else {
			gets[path] = true
		}
	}
	if len(posts) < 20 {
		t.Fatalf("only %d routes take posts: %v", len(posts), posts)
	}
	for _, path := range posts {
		if gets[path] || strings.HasPrefix(path, "/setup") { // a configured site has no such page
			continue
		}
		address := strings.NewReplacer("{id}", competition, "{letter}", "1", "{user}", organizer.User.ID,
			"{registration}", r.ID, "{team}", r.TeamID).Replace(path)
		got := b.get(address)
		if got.status != http.StatusSeeOther || !strings.HasPrefix(address, strings.TrimSuffix(got.to, "/")) {
			t.Errorf("%s: %d to %q, want a redirect to a page above", address, got.status, got.to)
			continue
		}
		if page := b.get(got.to); page.status != http.StatusOK && page.status != http.StatusForbidden &&
			page.status != http.StatusSeeOther {
			t.Errorf("%s leads to %s, which answers %d", address, got.to, page.status)
		}
	}
}
