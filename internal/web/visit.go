package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/static"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// visit is a request's context for pages: the actor, and the cookies for the response.
type visit struct {
	app    *app
	w      http.ResponseWriter
	r      *http.Request
	actor  compete.Actor
	now    time.Time
	unread int
	open   int // reports waiting for an admin
	flash  *ui.Notice

	secretPage bool // the browser must not store it
}

// open reads the session and the message left by the previous action.
func (a *app) open(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v := &visit{app: a, w: w, r: r, now: a.Clock()}
	if cookie, err := v.cookie(sessionCookie); err == nil {
		actor, err := a.Sessions.Cookie(r.Context(), cookie.Value)
		switch {
		case err == nil:
			v.actor = actor
		case errors.Is(err, compete.ErrUnauthorized), errors.Is(err, compete.ErrAccountDisabled):
			v.clearCookie(sessionCookie)
		default:
			return v, err
		}
	}
	compete.Enter(r.Context(), compete.ViaPage, v.actor)
	if !beforeFactor[r.Pattern] {
		if err := a.SecondFactors.Check(r.Context(), v.actor); err != nil {
			return v, err
		}
	}
	if r.Method != http.MethodGet || v.partial() {
		return v, nil
	}
	v.takeFlash()
	if !v.actor.LoggedIn() {
		return v, nil
	}
	v.followZone(v.actor)
	var err error
	v.unread, err = a.Mailbox.Unread(r.Context(), v.actor)
	if err == nil && v.actor.Role.AtLeast(compete.RoleAdmin) {
		v.open, err = a.Reports.CountOpen(r.Context(), v.actor, ui.MostCounted+1)
	}
	return v, err
}

// partial reports whether htmx requests a part of a page. When htmx restores a page, it requests the full page.
func (v *visit) partial() bool {
	return v.r.Header.Get("HX-Request") == "true" && v.r.Header.Get("HX-History-Restore-Request") != "true"
}

// page returns the frame for a page of this visit.
func (v *visit) page(title, section string) ui.Page {
	p := ui.Page{
		Site: siteView(v.app.Site()), Title: title, Section: section, Theme: v.theme(), Now: v.now,
		Flash: v.flash, Back: v.r.URL.RequestURI(),
	}
	if v.r.Method != http.MethodGet {
		p.Back = v.r.URL.Path
		if up, ok := v.app.up[v.r.Pattern]; ok {
			p.Address = ancestor(v.r.URL.EscapedPath(), up)
			p.Back = p.Address
		}
	}
	if v.actor.LoggedIn() {
		p.Viewer = &ui.Viewer{Admin: v.actor.Role.AtLeast(compete.RoleAdmin), Unread: v.unread, Reports: v.open}
	}
	return p
}

// shared adds the preview that other sites show of a link to the page.
func (v *visit) shared(p ui.Page, path, description string) ui.Page {
	p.URL = v.app.PublicURL.JoinPath(path).String()
	p.Description = description
	p.Image = v.app.PublicURL.JoinPath(static.Path("share.png")).String()
	return p
}

// requireLogin sends visitors to the log-in page and back.
func (v *visit) requireLogin() error {
	if v.actor.LoggedIn() {
		return nil
	}
	return compete.ErrUnauthorized
}

// requireRole refuses accounts below the given role.
func (v *visit) requireRole(role compete.Role) error {
	err := v.requireLogin()
	if err == nil && !v.actor.Role.AtLeast(role) {
		err = compete.ErrForbidden
	}
	return err
}

// localPath returns the path and query of s if it is on this site, otherwise fallback.
func localPath(s, fallback string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsAny(s, "\\\r\n\t") {
		return fallback
	}
	return u.RequestURI()
}

// loginPath returns the log-in page that leads back to the requested page.
func (v *visit) loginPath() string {
	next := v.r.URL.RequestURI()
	if v.r.Method != http.MethodGet || v.partial() {
		next = localPath(refererPath(v.r), "/")
	}
	return "/auth/login?" + url.Values{"next": {next}}.Encode()
}

func refererPath(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return ""
	}
	return u.RequestURI()
}

// zone returns the viewer's time zone: the browser's or, if its script didn't send it, the account's. It is nil if
// neither is known.
func (v *visit) zone() *time.Location {
	if zone := v.browserZone(); zone != nil {
		return zone
	}
	zone, _ := compete.ZoneNamed(v.actor.Zone.Name)
	return zone
}

// browserZone returns the time zone sent by the script; nil if it sent none.
func (v *visit) browserZone() *time.Location {
	cookie, err := v.cookie(zoneCookie)
	if err != nil {
		return nil
	}
	name, err := url.PathUnescape(cookie.Value) // "Europe%2FBerlin", "Etc%2FGMT%2B5"
	if err != nil {
		return nil
	}
	zone, _ := compete.ZoneNamed(name)
	return zone
}

// followZone makes messages show times in the browser's time zone, too. If that can't be stored, the page is shown
// anyway.
func (v *visit) followZone(a compete.Actor) {
	zone := v.browserZone()
	if zone == nil {
		return
	}
	if err := v.app.Accounts.FollowTimeZone(v.r.Context(), a, zone.String()); err != nil {
		v.app.Log.WarnContext(v.r.Context(), "could not note the time zone of a browser", "user",
			a.UserID, "error", err)
	}
}
