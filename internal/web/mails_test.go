package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// site is the program with a mail server.
type site struct {
	*apptest.App
	t    *testing.T
	mail *mailtest.Server
}

func openSite(t *testing.T, databaseURL string, settings func(*config.Config)) *site {
	t.Helper()
	return openSiteWith(t, apptest.Options{DatabaseURL: databaseURL, Settings: settings})
}

func openSiteWith(t *testing.T, o apptest.Options) *site {
	t.Helper()
	server := mailtest.Start(t, mailtest.Options{})
	settings := o.Settings
	o.Settings = func(c *config.Config) {
		c.SMTPURL = config.URL(server.URL)
		if settings != nil {
			settings(c)
		}
	}
	return &site{App: apptest.Start(t, o), t: t, mail: server}
}

// browser is a browser without JavaScript that doesn't follow redirects.
type browser struct {
	*http.Client
	site    *site
	t       *testing.T
	origin  string // origin of its posts; empty for none
	partial bool   // whether it asks for parts of pages, as htmx does
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{
		t: t, site: s,
		Client: &http.Client{
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// page is a response.
type page struct {
	status int
	to     string // target of a redirect
	text   string
	header http.Header
}

func (b *browser) do(method, path string, form url.Values) page {
	b.t.Helper()
	return b.send(method, path, "application/x-www-form-urlencoded", form.Encode())
}

// send makes a request with a body, which only a POST has.
func (b *browser) send(method, path, contentType, body string) page {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.site.WebURL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", contentType)
	}
	if b.partial {
		request.Header.Set("HX-Request", "true")
	}
	if b.origin != "" {
		request.Header.Set("Origin", b.origin)
		request.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	response, err := b.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{response.StatusCode, response.Header.Get("Location"), string(text), response.Header}
}

func (b *browser) get(path string) page { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

// post submits a form of alternating names and values.
func (b *browser) post(path string, fields ...string) page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

// want fails the test unless the page has the status and all texts. It returns the page.
func (b *browser) want(got page, status int, texts ...string) page {
	b.t.Helper()
	if got.status != status {
		b.t.Fatalf("got %d %s, want %d", got.status, got.to, status)
	}
	for _, text := range texts {
		if !strings.Contains(got.text, text) {
			b.t.Errorf("no word of %q on the page", text)
		}
	}
	return got
}

// leads checks for a redirect to a path.
func (b *browser) leads(got page, to string) {
	b.t.Helper()
	if got.status != http.StatusSeeOther || got.to != to {
		b.t.Fatalf("got %d to %q, want one to %q", got.status, got.to, to)
	}
}

const password = "correct horse battery"

// signUp creates a participant's account, stays logged in to it, and returns the redirect's target.
func (b *browser) signUp(email string) (to string) {
	b.t.Helper()
	return b.want(b.post("/auth/signup", "name", "Ada", "email", email, "password", password, "role", "PARTICIPANT"),
		http.StatusSeeOther).to
}

// newest waits for the newest email to an address whose subject has the given prefix.
func (b *browser) newest(to, subject string) (found mailtest.Mail) {
	b.t.Helper()
	apptest.Eventually(b.t, apptest.Patience, fmt.Sprintf("a mail %q to %s arrives", subject, to), func() bool {
		for _, m := range slices.Backward(b.site.mail.To(to)) {
			if strings.HasPrefix(m.Header.Get("Subject"), subject) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// verify confirms the address of a new account.
func (b *browser) verify(email string) {
	b.t.Helper()
	_, token := b.link(b.newest(email, "Confirm your email address"))
	b.want(b.post("/auth/confirm", "token", token), http.StatusSeeOther)
}

var linkWithToken = regexp.MustCompile(`http://[^\s/]+(/[a-z/]+\?token=([\w-]+))`)

// serverTime matches the part that differs between two loads of a page.
var serverTime = regexp.MustCompile(`<meta name="server-time"[^>]*>`)

// link returns the path of the link in an email, and its token.
func (b *browser) link(m mailtest.Mail) (path, token string) {
	b.t.Helper()
	found := linkWithToken.FindStringSubmatch(m.Text)
	if found == nil {
		b.t.Fatalf("no link in %s", m.Text)
	}
	return found[1], found[2]
}

// wantSecret checks that a page whose URL contains a token doesn't leak it.
func (b *browser) wantSecret(got page) {
	b.t.Helper()
	if policy := got.header.Get("Referrer-Policy"); policy != "no-referrer" {
		b.t.Errorf("the page hands its address on: Referrer-Policy %q", policy)
	}
}

func TestPagesOfMails(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := openSite(t, databaseURL, nil)
		for name, test := range map[string]func(*testing.T, *site){
			"confirm an address": confirmsAnAddress, "confirm another's account": confirmsAndTakes,
			"confirm by logging in": confirmsByLoggingIn,
			"forgotten password":    setsANewPassword, "change of address": changesTheAddress,
			"no more reminders": endsReminders,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, s)
			})
		}
	})
}

func confirmsAnAddress(t *testing.T, s *site) {
	b, email := s.browser(t), "confirm@example.com"
	b.signUp(email)
	b.want(b.get("/auth/verify?next=/dashboard"), http.StatusOK, email)
	b.want(b.post("/auth/verify", "next", "/dashboard"), http.StatusTooManyRequests, email) // one was sent too recently
	path, token := b.link(b.newest(email, "Confirm your email address"))
	for range 2 { // email scanners also open links: that has no effect
		b.wantSecret(b.want(b.get(path), http.StatusOK, email, token))
	}
	b.want(b.get("/account"), http.StatusOK, "Not confirmed yet")
	b.leads(b.post("/auth/confirm", "token", token), "/dashboard")
	b.want(b.get("/dashboard"), http.StatusOK, "Email confirmed")
	b.wantSecret(b.want(b.get(path), http.StatusConflict, "already used"))
	b.want(b.post("/auth/confirm", "token", token), http.StatusConflict, "already used")
	// that page says that it is done
	b.leads(b.post("/auth/verify", "next", "/dashboard"), "/auth/verify?next=%2Fdashboard")
}

// Somebody signs up with another person's address. When the owner opens the link, neither a click nor another login
// gives anyone the account.
func confirmsAndTakes(t *testing.T, s *site) {
	attacker, owner, email := s.browser(t), s.browser(t), "victim@example.com"
	attacker.signUp(email)
	path, token := attacker.link(attacker.newest(email, "Confirm your email address"))
	owner.want(owner.get("/auth/confirm?token=guessed"), http.StatusConflict, "incomplete")
	owner.wantSecret(owner.want(owner.get(path), http.StatusOK, email, token, "Set a new password",
		"Log in to confirm"))
	owner.want(owner.post("/auth/confirm", "token", token), http.StatusUnprocessableEntity, "is required")
	owner.want(owner.post("/auth/confirm", "token", token, "password", "short"), http.StatusUnprocessableEntity,
		"at least 8 characters", token)
	other := s.browser(t)
	other.signUp("bystander@example.com")
	other.want(other.get(path), http.StatusOK, "a different account")
	other.want(other.post("/auth/confirm", "token", token, "password", "my own password"),
		http.StatusForbidden, "another account")
	attacker.want(attacker.get("/account"), http.StatusOK, "Not confirmed yet")
	owner.leads(owner.post("/auth/confirm", "token", token, "password", "my own password"), "/auth/login")
	attacker.want(attacker.get("/account"), http.StatusSeeOther) // logged out
	attacker.want(attacker.post("/auth/login", "email", email, "password", password), http.StatusUnprocessableEntity)
	owner.leads(owner.post("/auth/login", "email", email, "password", "my own password"), "/dashboard")
	owner.want(owner.get("/account"), http.StatusOK, "Confirmed")
}

// On another device, the user logs in on the way, and returns to the link.
func confirmsByLoggingIn(t *testing.T, s *site) {
	b, phone, email := s.browser(t), s.browser(t), "phone@example.com"
	b.signUp(email)
	path, token := b.link(b.newest(email, "Confirm your email address"))
	next := "/auth/confirm?token=" + token
	phone.want(phone.get(path), http.StatusOK, "/auth/login?next="+url.QueryEscape(next))
	phone.leads(phone.post("/auth/login", "email", email, "password", password, "next", next), next)
	phone.leads(phone.post("/auth/confirm", "token", token), "/account")
	b.want(b.get("/account"), http.StatusOK, "Confirmed") // the session continues
}

func setsANewPassword(t *testing.T, s *site) {
	b, email := s.browser(t), "forgot@example.com"
	b.signUp(email)
	stranger := s.browser(t)
	b.want(stranger.get("/auth/forgot"), http.StatusOK, "/auth/forgot")
	b.want(stranger.post("/auth/forgot", "email", "no address"), http.StatusUnprocessableEntity, "no address")
	known := b.want(stranger.post("/auth/forgot", "email", email), http.StatusOK, email)
	unknown := b.want(stranger.post("/auth/forgot", "email", "nobody@example.com"), http.StatusOK)
	again := b.want(stranger.post("/auth/forgot", "email", email), http.StatusOK) // too soon
	same := func(p page) string {
		return serverTime.ReplaceAllString(strings.ReplaceAll(p.text, "nobody@example.com", email), "")
	}
	if same(known) != same(again) || same(known) != same(unknown) {
		t.Error("the page tells whether there is such an account")
	}
	path, token := b.link(b.newest(email, "Set a new password"))
	b.wantSecret(b.want(stranger.get(path), http.StatusOK, token))
	b.want(stranger.post("/auth/reset", "token", token, "password", "short"), http.StatusUnprocessableEntity, token,
		"at least 8 characters")
	b.want(stranger.get("/auth/confirm?token="+token), http.StatusConflict) // the link has another purpose
	b.leads(stranger.post("/auth/reset", "token", token, "password", "another password"), "/auth/login")
	b.want(stranger.post("/auth/reset", "token", token, "password", "a third password"), http.StatusConflict,
		"already used", "/auth/forgot")
	b.want(stranger.get(path), http.StatusConflict, "already used")
	if got := b.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("the login from before still opens the account: %d", got.status)
	}
	b.want(stranger.post("/auth/login", "email", email, "password", password), http.StatusUnprocessableEntity)
	b.leads(stranger.post("/auth/login", "email", email, "password", "another password"), "/dashboard")
	b.want(stranger.get("/account"), http.StatusOK, "Confirmed") // reading the email proved the address
}

func changesTheAddress(t *testing.T, s *site) {
	b, before, after := s.browser(t), "before@example.com", "after@example.com"
	b.signUp(before)
	b.verify(before)
	b.want(b.post("/account/email", "email", after, "currentPassword", "wrong password"),
		http.StatusUnprocessableEntity, after)
	b.leads(b.post("/account/email", "email", after, "currentPassword", password), "/account")
	path, token := b.link(b.newest(after, "Confirm your new email address"))
	b.want(b.get(path), http.StatusOK, after)
	b.want(b.get("/account"), http.StatusOK, before)

	// The address may be mistyped, and its owner somebody else: they don't get the account.
	stranger := s.browser(t)
	if got := stranger.want(stranger.get(path), http.StatusOK, "Log in first"); strings.Contains(got.text, "password") {
		t.Error("who reads the email can set a password")
	}
	stranger.want(stranger.post("/auth/confirm", "token", token, "password", "a stranger's password"),
		http.StatusSeeOther)
	stranger.want(stranger.post("/auth/login", "email", after, "password", "a stranger's password"),
		http.StatusUnprocessableEntity)

	b.leads(b.post("/auth/confirm", "token", token), "/account")
	if got := b.want(b.get("/account"), http.StatusOK, after); strings.Contains(got.text, before) {
		t.Error("the account still shows its old address")
	}
	b.newest(before, "Your account has a new email address")

	// The answer is the same for an address in use; its owner is notified.
	other, owner := s.browser(t), "owner@example.com"
	owners := s.browser(t)
	owners.signUp(owner)
	owners.verify(owner)
	other.signUp("other@example.com")
	b.leads(other.post("/account/email", "email", owner, "currentPassword", password), "/account")
	b.newest(owner, "Someone tried to use your email address")
}

func endsReminders(t *testing.T, s *site) {
	b, email := s.browser(t), "reminded@example.com"
	b.signUp(email)
	on := `name="reminders" value="true" checked`
	b.want(b.get("/account"), http.StatusOK, "Remind me", on)
	b.leads(b.post("/account/reminders"), "/account")
	if got := b.get("/account"); strings.Contains(got.text, on) {
		t.Error("reminders are still on")
	}
	b.leads(b.post("/account/reminders", "reminders", "true"), "/account")
	b.want(b.get("/account"), http.StatusOK, on)
	b.want(b.get("/unsubscribe?token=guessed"), http.StatusConflict)
	b.want(b.post("/unsubscribe?token=guessed"), http.StatusConflict)
}

// One-click unsubscription (RFC 8058), from the header of a reminder to a start without a reminder.
func TestOneClickEndsReminders(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const email = "click@example.com"
		life := func(do func(b *browser, organizer *apptest.Client)) { // a starting process looks for due reminders
			s := openSite(t, databaseURL, nil)
			do(s.browser(t), s.As(compete.RoleOrganizer))
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		register := func(b *browser, organizer *apptest.Client, title string) {
			t.Helper()
			starts := time.Now().Add(20 * time.Hour)
			competition := organizer.Create(map[string]any{
				"title": title, "startDate": starts,
				"regDeadline": starts.Add(-time.Hour),
			})
			b.want(b.post("/competitions/"+competition+"/register"), http.StatusSeeOther)
			b.newest(email, "You're in: "+title)
		}
		life(func(b *browser, organizer *apptest.Client) {
			b.signUp(email)
			b.verify(email)
			register(b, organizer, "First Run")
		})
		life(func(b *browser, organizer *apptest.Client) {
			m := b.newest(email, "Starting soon: First Run")
			link := strings.Trim(m.Header.Get("List-Unsubscribe"), "<>")
			_, path, found := strings.Cut(link, "/unsubscribe")
			if !found || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
				t.Fatalf("the headers are %v", m.Header)
			}
			b.wantSecret(b.want(b.get("/unsubscribe"+path), http.StatusOK, "Turn off reminders?")) // asks first
			b.post("/auth/login", "email", email, "password", password)
			b.want(b.get("/account"), http.StatusOK, `value="true" checked`)
			program := b.site.browser(t) // as an email client that isn't logged in
			for _, program.origin = range []string{"", "https://mail.example"} {
				program.want(program.post("/unsubscribe"+path, "List-Unsubscribe", "One-Click"), http.StatusOK,
					"Reminders are off")
			}
			if got := b.get("/account"); strings.Contains(got.text, `value="true" checked`) {
				t.Error("reminders are still on")
			}
			register(b, organizer, "Second Run")
		})
		life(func(b *browser, _ *apptest.Client) {
			apptest.Eventually(t, apptest.Patience, "reminders were looked for", func() bool {
				return count(t, b.site, `SELECT count(*) FROM river_job
					WHERE kind IN ('find_reminders', 'remind_jointly') AND state <> 'completed'`) == 0 &&
					// at both starts, the first of them in the previous process
					count(t, b.site, `SELECT count(*) FROM river_job WHERE kind = 'remind_jointly'`) >= 2
			})
			if n := count(t, b.site, `SELECT count(*) FROM messages WHERE kind = 'reminder'`); n != 1 {
				t.Errorf("%d reminders, want the one before the click", n)
			}
		})
	})
}

func count(t *testing.T, s *site, statement string) (n int) {
	t.Helper()
	if err := s.Store().Reader().QueryRowContext(context.WithoutCancel(t.Context()), statement).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRegisteringWaitsForTheAddress(t *testing.T) {
	s := openSite(t, "", nil)
	competition := s.As(compete.RoleOrganizer).Create(nil)
	b, email := s.browser(t), "unverified@example.com"
	if to := b.signUp(email); to != "/auth/verify?next=%2Fdashboard" {
		t.Errorf("signing up leads to %s, want the page about the address", to)
	}
	verify := "/auth/verify?next=" + url.QueryEscape("/competitions/"+competition)
	b.leads(b.post("/competitions/"+competition+"/register"), verify)
	b.want(b.get(verify), http.StatusOK, email)
	_, token := b.link(b.newest(email, "Confirm your email address"))
	// and assigns the requested seat
	b.leads(b.post("/auth/confirm", "token", token), "/competitions/"+competition)
	b.want(b.get("/competitions/"+competition), http.StatusOK, `class="bib"`)
	b.newest(email, "You're in")
}

// An organizer whose address isn't confirmed can't publish. The page says what to do, and the link in the email leads
// back to the draft.
func TestPublishingWaitsForTheAddress(t *testing.T) {
	s := openSite(t, "", nil)
	b, email := s.browser(t), "olga@example.com"
	b.want(b.post("/auth/signup", "name", "Olga", "email", email, "password", password, "role", "ORGANIZER"),
		http.StatusSeeOther)
	form := []string{"title", "Spring Cup", "capacity", "5", "regDeadline", "2126-05-01T12:00", "zone", "UTC"}
	b.want(b.post("/competitions/create", append(form, "key", "one-press-1", "status", "PUBLISHED")...),
		http.StatusForbidden, "Confirm your email")
	draft := b.want(b.post("/competitions/create", append(form, "key", "one-press-2", "status", "DRAFT")...),
		http.StatusSeeOther).to
	b.want(b.post(draft+"/publish"), http.StatusForbidden, "Confirm your email address before you publish.", email,
		"link")
	b.want(b.get(draft), http.StatusOK, "Publish")
	_, token := b.link(b.newest(email, "Confirm your email address"))
	b.leads(b.post("/auth/confirm", "token", token), draft)
	b.leads(b.post(draft+"/publish"), draft)
	s.browser(t).want(s.browser(t).get(draft), http.StatusOK, "Spring Cup")
}

func TestWithoutMailThePagesSaySo(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	b := s.browser(t)
	b.want(b.get("/auth/forgot"), http.StatusOK, "send email")
	if got := b.post("/auth/forgot", "email", "ada@example.com"); got.status != http.StatusConflict {
		t.Errorf("asked for a link: got %d, want 409", got.status)
	}
	b.post("/auth/signup", "name", "Ada", "email", "ada@example.com", "password", password, "role", "PARTICIPANT")
	b.want(b.get("/account"), http.StatusOK, "send email")
}

// TestMessagesShowBothTimes reads a message in another time zone than the competition's.
func TestMessagesShowBothTimes(t *testing.T) {
	s := openSite(t, "", nil)
	start := time.Date(time.Now().Year()+1, time.July, 3, 14, 0, 0, 0, time.UTC)
	page := "/competitions/" +
		s.As(compete.RoleOrganizer).Create(map[string]any{"startDate": start, "timeZone": "Europe/Berlin"})
	b, email := s.browser(t), "traveller@example.com"
	b.signUp(email)
	b.verify(email)
	b.want(b.post(page+"/register"), http.StatusSeeOther)
	if m := b.newest(email, "You're in"); strings.Contains(m.Text+m.HTML, "for you") {
		t.Errorf("the email knows a zone that nobody told:\n%s", m.Text)
	}
	home, err := url.Parse(s.WebURL)
	if err != nil {
		t.Fatal(err)
	}
	message := regexp.MustCompile(`/mailbox/[0-9a-f-]{36}`).FindString(b.want(b.get("/mailbox"), http.StatusOK).text)
	read := func(message, zone, own string) {
		t.Helper()
		b.Jar.SetCookies(home, []*http.Cookie{{Name: "zone", Value: zone, Path: "/"}})
		got := b.want(b.get(message), http.StatusOK, " at 16:00 CEST (Europe/Berlin)",
			`data-own="`+start.Format(time.RFC3339)+`"`, own)
		if own == "" && strings.Contains(got.text, "your time") || strings.Contains(got.text, "for you") {
			t.Errorf("in %q, the time stands twice", zone)
		}
	}
	const tokyo = "Asia%2FTokyo"
	read(message, "", "")
	read(message, "Europe%2FParis", "")
	read(message, tokyo, "(23:00 your time)")
	b.logInAgain(email)
	read(message, "", "(23:00 your time)") // from the account
	read(message, "Nowhere", "(23:00 your time)")

	// New messages contain both times.
	b.leads(b.post(page+"/withdraw"), page)
	b.want(b.post(page+"/register"), http.StatusSeeOther)
	both := "at 16:00 CEST (Europe/Berlin), which is 23:00 JST for you"
	var second mailtest.Mail
	apptest.Eventually(t, apptest.Patience, "the second confirmation", func() bool {
		second = b.newest(email, "You're in")
		return strings.Contains(second.Text, both) && strings.Contains(second.HTML, both)
	})
	message = regexp.MustCompile(`/mailbox/[0-9a-f-]{36}`).FindString(b.want(b.get("/mailbox"), http.StatusOK).text)
	read(message, tokyo, "(23:00 your time)")
	read(message, "America%2FNew_York", "(10:00 your time)") // the current zone, not the one at writing

	// A chosen zone stays, whatever the browser reports, and so does the message.
	b.want(b.post("/account/time-zone", "timeZone", "Europe/Atlantis"), http.StatusUnprocessableEntity,
		"Must be a time zone such as Europe/Berlin or UTC.", "Europe/Atlantis")
	b.leads(b.post("/account/time-zone", "timeZone", " Asia/Tokyo "), "/account")
	b.want(b.get("/account"), http.StatusOK, `value="Asia/Tokyo"`)
	b.want(b.get("/account/export"), http.StatusOK, `"timeZone":"Asia/Tokyo"`, `"timeZoneChosen":true`)
	b.want(b.get(message), http.StatusOK, both)
	b.leads(b.post("/account/time-zone", "timeZone", ""), "/account")
	b.want(b.get("/account"), http.StatusOK, "your browser&#39;s time zone, America/New_York.")
	read(message, "America%2FNew_York", "(10:00 your time)")
}

// logInAgain starts a new session.
func (b *browser) logInAgain(email string) {
	b.t.Helper()
	b.leads(b.post("/auth/logout"), "/")
	b.leads(b.post("/auth/login", "email", email, "password", password), "/dashboard")
}
