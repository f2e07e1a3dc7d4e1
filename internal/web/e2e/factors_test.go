package e2e

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
)

// guarded is a site with a domain, which passkeys require, and a clock that can be set forward.
type guarded struct {
	*apptest.App
	base  string
	ahead atomic.Int64
}

func (g *guarded) now() time.Time { return time.Now().Add(time.Duration(g.ahead.Load())) }

// code returns the authenticator app's code one minute later, since each code works once.
func (g *guarded) code(secret string) string {
	g.ahead.Add(int64(time.Minute))
	code, _ := totp.GenerateCode(secret, g.now()) // only fails for an invalid secret, and then no code is right
	return code
}

func newGuarded(t *testing.T, settings func(*config.Config)) *guarded {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	g := &guarded{base: "http://localhost:" + port}
	g.App = apptest.Start(t, apptest.Options{Clock: g.now, Settings: func(c *config.Config) {
		c.WebAddr, c.PublicURL = "127.0.0.1:"+port, g.base
		if settings != nil {
			settings(c)
		}
	}})
	return g
}

// withPasskeys adds a virtual device to the browser that stores passkeys and verifies its owner.
func (v *visitor) withPasskeys() *visitor {
	v.t.Helper()
	if _, err := chromedp.Call(v.tab, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		v.fatal("switch on virtual authenticators", err)
	}
	if _, err := chromedp.Call(v.tab, webauthn.AddVirtualAuthenticator,
		webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}}); err != nil {
		v.fatal("add a virtual authenticator", err)
	}
	return v
}

// withoutOffers makes the browser unable to offer passkeys in autofill.
func (v *visitor) withoutOffers() {
	v.t.Helper()
	params := page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `delete PublicKeyCredential.isConditionalMediationAvailable`,
	}
	if _, err := chromedp.Call(v.tab, page.AddScriptToEvaluateOnNewDocument, params); err != nil {
		v.fatal("switch off offers", err)
	}
}

// enter submits the log-in form.
func (v *visitor) enter(email, password string) {
	v.t.Helper()
	v.open("/auth/login")
	v.fill("email", email)
	v.fill("password", password)
	v.click(`main form[action="/auth/login"] button`)
}

func (v *visitor) logOut() {
	v.t.Helper()
	v.open("/auth/logout")
	v.click(`main form[action="/auth/logout"] button`)
	v.see("#flash", "logged out")
}

func TestPasskeys(t *testing.T) {
	site := newGuarded(t, nil)
	v := newVisitor(t, site.base, "Petra Passkey").withPasskeys()
	const password = "correct horse battery"
	v.signUp("PARTICIPANT")

	v.open("/account/security")
	v.fill("name", "My phone")
	v.click(`form[data-passkey="create"] button`)
	v.see("h1", "Save your recovery codes")
	code := eval[string](v, `document.querySelector("main li code").innerText`)
	v.click(`main a[href="/account/security"]`)
	v.see("#passkeys", "My phone")
	v.see("#codes", "10 codes are left")
	eval[any](v, `document.querySelector("form[data-passkey=create] [name=name]").value = "Again"`)
	v.click(`form[data-passkey="create"] button`)
	v.see("[data-said]", "already has a passkey")

	// The browser offers the passkey in the email field; the virtual device accepts each offer at once.
	v.logOut()
	v.open("/auth/login")
	v.at("/dashboard")
	v.withoutOffers()

	v.logOut()
	v.open("/auth/login")
	v.click(`form[action="/auth/login/passkey"] button`)
	v.at("/dashboard")

	v.logOut()
	v.enter(email(v.name), password)
	v.see("h1", "One more step")
	v.click(`form[data-passkey="get"] button`)
	v.at("/dashboard")

	// A sensitive action after the login is no longer recent.
	site.ahead.Add(int64(compete.FreshLogin + time.Second))
	v.open("/account/security")
	v.see("h1", "Confirm it's you")
	v.click(`form[data-passkey="get"] button`)
	v.see("#passkeys", "Last used")

	// Without the passkey, a recovery code works once.
	stranger := newVisitor(t, site.base, "Petra elsewhere").withoutScript()
	for _, works := range []bool{true, false} {
		stranger.enter(email(v.name), password)
		stranger.see("main", "Passkeys need JavaScript")
		stranger.fill("auth-code", code)
		stranger.click(`main form[action="/auth/login/second"]:not([hidden]) button`)
		if works {
			stranger.at("/dashboard")
			stranger.logOut()
		} else {
			stranger.see("main [role=alert]", "code is wrong")
		}
	}

	v.click(`form[action$="/remove"] button`)
	v.see("#flash", "Passkey removed")
	v.logOut()
	v.enter(email(v.name), password)
	v.at("/dashboard")
	v.check("at the end", v.pageErrors())
}

// TestAuthenticatorAppOnPages runs without JavaScript: an organizer who must have a second factor, and an admin whose
// login is no longer recent.
func TestAuthenticatorAppOnPages(t *testing.T) {
	site := newGuarded(t, func(c *config.Config) { c.RequireMFA = []string{"organizer"} })
	organizer := site.As(compete.RoleOrganizer)
	v := newVisitor(t, site.base, "Olga Organizer").withoutScript()
	v.enter(organizer.User.Email, apptest.Password)
	v.at("/account/security")
	v.see("main", "Your role requires a second factor")
	v.open("/competitions/create")
	v.at("/account/security")
	v.click(`form[action="/account/security/app"] button`)
	v.see("h1", "Set up authenticator app")
	secret := eval[string](v, `document.querySelector("main code").innerText.replaceAll(" ", "")`)
	v.fill("code", "no code")
	v.click(`form[action$="/confirm"] button`)
	v.see("#field-code-error", "Must be the code")
	v.fill("code", site.code(secret))
	v.click(`form[action$="/confirm"] button`)
	v.see("h1", "Save your recovery codes")
	v.open("/competitions/create")
	v.see("h1", "New competition")

	v.logOut()
	v.enter(organizer.User.Email, apptest.Password)
	v.see("h1", "One more step")
	v.fill("auth-code", "000 000")
	v.click(`main form[action="/auth/login/second"] button`)
	v.see("main [role=alert]", "code is wrong")
	v.fill("auth-code", site.code(secret))
	v.click(`main form[action="/auth/login/second"] button`)
	v.at("/dashboard")

	admin := site.As(compete.RoleAdmin)
	boss := newVisitor(t, site.base, "Ada Admin").withoutScript()
	boss.enter(admin.User.Email, apptest.Password)
	boss.at("/admin")
	boss.open("/admin/users/" + organizer.User.ID)
	site.ahead.Add(int64(compete.FreshLogin + time.Second))
	boss.pick("role", "PARTICIPANT")
	boss.click(`main form:not([action]) button`)
	boss.see("h1", "Confirm it's you")
	boss.see("main", "What you entered is kept")
	boss.fill("auth-password", "not this one")
	boss.click(`main form[action="/auth/again"] button`)
	boss.see("main [role=alert]", "Wrong password")
	boss.fill("auth-password", apptest.Password)
	boss.click(`main form[action="/auth/again"] button`)
	boss.see("#flash", "Account updated")
	boss.open("/admin/users/" + organizer.User.ID)
	if role := eval[string](boss, `document.querySelector("select[name=role]").value`); role != "PARTICIPANT" {
		t.Errorf("the role is %s", role)
	}
	boss.click(`main a[href$="/reset-factors"]`)
	boss.click(`main form button.btn-danger`)
	boss.see("#flash", "Second factors reset")

	// Without a second factor, the form's password is enough; with one, it isn't.
	boss.open("/account")
	site.ahead.Add(int64(compete.FreshLogin + time.Second))
	boss.fill("currentPassword", apptest.Password)
	boss.fill("password", "another password")
	boss.click(`form[action="/account/password"] button`)
	boss.see("#flash", "Password changed")
	boss.check("at the end", fmt.Sprint(boss.pageErrors()))
}

// securityTour visits the pages for second factors.
func securityTour(t *testing.T) tour {
	site := newGuarded(t, nil)
	v := newVisitor(t, site.base, "Paul Cautious")
	v.signUp("PARTICIPANT")
	v.open("/account/security")
	v.click(`form[action="/account/security/app"] button`)
	v.see("h1", "Set up authenticator app")
	secret := eval[string](v, `document.querySelector("main code").innerText.replaceAll(" ", "")`)
	return tour{v, []stop{
		{name: "security", path: "/account/security"},
		{name: "set-up-app", path: "/account/security/app"},
		{name: "recovery-codes", path: "/account/security/app", then: func(v *visitor) {
			v.fill("code", site.code(secret))
			v.click(`form[action$="/confirm"] button`)
			v.see("h1", "Save your recovery codes")
		}},
		{name: "security-on", path: "/account/security", then: func(v *visitor) {
			v.withPasskeys()
			v.fill("name", "The phone with the long name that nobody else has")
			v.click(`form[data-passkey="create"] button`)
			v.see("#passkeys", "The phone")
		}},
		{name: "again", path: "/auth/again", then: func(v *visitor) {
			site.ahead.Add(int64(compete.FreshLogin + time.Second))
			v.open("/auth/again")
			v.see("h1", "Confirm it's you")
		}},
		{name: "second-step", path: "/account", then: func(v *visitor) {
			v.withoutOffers()
			v.logOut()
			v.enter(email(v.name), "correct horse battery")
			v.see("h1", "One more step")
		}},
	}}
}
