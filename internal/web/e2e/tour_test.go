package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/web"
)

// tour is what one visitor looks at.
type tour struct {
	visitor *visitor
	stops   []stop
}

// stop is a page, perhaps after something was done on it.
type stop struct {
	name string
	path string
	then func(v *visitor)
	like bool // another stop is the same page in another state: two opposite looks are enough for this one
}

func (s stop) looks() []look {
	if s.like {
		return []look{looks[0], looks[len(looks)-1]}
	}
	return looks
}

// newTours leads everybody to every page, as the demo's accounts see it.
func newTours(t *testing.T, s site) []tour {
	t.Helper()
	return []tour{guestTour(t, s), participantTour(t, s), organizerTour(t, s), draftTour(t, s), adminTour(t, s), troubledTour(t), setupTour(t)}
}

func guestTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "guest")
	return tour{v, []stop{
		{name: "home", path: "/"},
		{name: "login", path: "/auth/login"},
		{name: "login-refused", like: true, path: "/auth/login", then: func(v *visitor) {
			v.fill("email", "nobody@example.com")
			v.fill("password", "wrong password")
			v.click(`main form button`)
			v.see("main [role=alert]", "password")
		}},
		{name: "signup", path: "/auth/signup"},
		{name: "signup-refused", like: true, path: "/auth/signup", then: func(v *visitor) {
			v.fill("name", "Ada")
			v.fill("email", "participant1@minicompete.com")
			v.fill("password", "short")
			v.click(`main form button`)
			v.see("#field-password-error", "8")
		}},
		{name: "forgot", path: "/auth/forgot"},
		{name: "mails", path: "/dev/mails"},
		{name: "competitions", path: "/competitions"},
		{name: "competitions-chosen", like: true, path: "/competitions?search=pro&tags=programming&phase=open&sort=filling"},
		{name: "nothing-found", path: "/competitions?search=zzzzzz"},
		{name: "competition-open", path: v.find("/competitions?phase=open", "Data Science Sprint")},
		{name: "competition-full", like: true, path: v.find("/competitions?phase=full", "Robotics Sumo Cup")},
		{name: "competition-waitlist", like: true, path: v.find("/competitions?phase=waitlist", "Regional Mathematics Olympiad")},
		{name: "competition-closed", like: true, path: v.find("/competitions?phase=closed", "Open Source Day")},
		{name: "components", path: "/dev/components"},
		{name: "error-404", path: "/no/such/page"},
	}}
}

func participantTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "participant")
	v.logIn("participant1@minicompete.com", "password123")
	registered := v.find("/dashboard", "City Half Marathon")
	return tour{v, []stop{
		{name: "dashboard-participant", path: "/dashboard"},
		{name: "competition-in", path: registered},
		{name: "competition-waitlisted", like: true, path: v.find("/dashboard", "Regional Mathematics Olympiad")},
		{name: "competition-upcoming", path: v.find("/competitions?phase=upcoming", "Winter Game Jam")},
		{name: "competition-register", like: true, path: v.find("/competitions?phase=open", "University Chess Blitz")},
		{name: "competition-cancelled", like: true, path: v.find("/competitions?phase=cancelled", "Photo Marathon")},
		{name: "withdraw", like: true, path: registered + "/withdraw"},
		{name: "withdraw-dialog", path: registered, then: func(v *visitor) {
			v.ask(`#stand a[href$="/withdraw"]`, "Cancel your registration?")
		}},
		{name: "mailbox", path: "/mailbox"},
		{name: "message", path: v.find("/mailbox", "City Half Marathon")},
		{name: "account", path: "/account"},
		{name: "account-refused", like: true, path: "/account", then: func(v *visitor) {
			v.fill("currentPassword", "not my password")
			v.fill("password", "short")
			v.click(`main form[action="/account/password"] button`)
			v.see("main .error", "8")
		}},
		{name: "logout", like: true, path: "/auth/logout"},
		{name: "error-403", path: "/competitions/create"},
	}}
}

func organizerTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "organizer")
	v.logIn("organizer1@minicompete.com", "password123")
	open, full := v.find("/dashboard", "Green Code Hackathon"), v.find("/dashboard", "Regional Mathematics Olympiad")
	return tour{v, []stop{
		{name: "dashboard-organizer", path: "/dashboard"},
		{name: "create", path: "/competitions/create"},
		{name: "create-refused", like: true, path: "/competitions/create", then: func(v *visitor) {
			eval[any](v, `document.querySelectorAll("main [required]").forEach((e) => e.required = false)`)
			v.fill("zone", "Europe/Atlantis")
			v.set("regDeadline", "")
			v.click(`button[value="PUBLISHED"]`)
			v.see("#field-zone-error", "zone")
		}},
		{name: "edit", path: open + "/edit"},
		{name: "preview", path: open + "/edit", then: func(v *visitor) {
			v.click(`button[name="preview"]`)
			v.see("#preview", "This is how it will look")
		}},
		{name: "competition-organizer", path: full},
		{name: "registrations", path: full + "/registrations"},
		{name: "registrations-print", path: full + "/registrations/print"},
		{name: "registrations-none", like: true, path: full + "/registrations?search=zzzzzz"},
		{name: "remove", path: full + "/registrations", then: func(v *visitor) {
			v.ask(`#rows a[href*="/remove"]`, "Remove ")
		}},
		{name: "remove-page", like: true, path: v.linkOn(full+"/registrations", "/remove")},
		{name: "close", path: open + "/close"},
		{name: "cancel", like: true, path: open + "/cancel"},
	}}
}

func draftTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "organizer with a draft")
	v.logIn("organizer2@minicompete.com", "password123")
	draft := v.find("/dashboard", "Algorithm Cup: Finals")
	return tour{v, []stop{
		{name: "competition-draft", path: draft},
		{name: "delete", like: true, path: draft + "/delete"},
		{name: "edit-draft", like: true, path: draft + "/edit"},
		{name: "registrations-empty", like: true, path: draft + "/registrations"},
	}}
}

func adminTour(t *testing.T, s site) tour {
	letter := compete.FailedJob{
		ID: "01990000-0000-7000-8000-000000000001", JobID: 1 << 40, Queue: compete.QueueMaintenance, Kind: "clean_up", Attempts: 3,
		Error: "the database is away", Payload: json.RawMessage(`{"before": "2026-01-01T00:00:00Z"}`), FailedAt: time.Now(),
	}
	if err := s.replicas[0].Store().SaveFailedJob(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, s.first(), "admin")
	v.logIn("admin@minicompete.com", "password123")
	competition := v.find("/competitions?phase=open", "University Chess Blitz")
	v.open("/admin?search=participant1")
	return tour{v, []stop{
		{name: "admin", path: "/admin"},
		{name: "admin-nobody", like: true, path: "/admin?search=zzzzzz"},
		{name: "admin-user", path: eval[string](v, `document.querySelector("tbody a").getAttribute("href")`)},
		{name: "competition-admin", path: competition},
		{name: "transfer", path: competition + "/transfer"},
		{name: "unpublish", like: true, path: competition + "/unpublish"},
		{name: "admin-site", path: "/admin/site"},
		{name: "dead-letters", path: "/admin/dead-letters"},
		{name: "dead-letters-open", like: true, path: "/admin/dead-letters", then: func(v *visitor) { v.click("details summary") }},
	}}
}

// troubledTour is a site whose database gives nothing but errors.
func troubledTour(t *testing.T) tour {
	const away, broken = "/competitions/00000000-0000-7000-8000-000000000001", "/competitions/00000000-0000-7000-8000-000000000002"
	site := httptest.NewUnstartedServer(nil)
	public := &url.URL{Scheme: "http", Host: site.Listener.Addr().String()}
	site.Config.Handler = web.New(t.Context(), web.Config{
		Service:  &compete.Service{Competitions: troubled{}, Clock: time.Now},
		Sessions: nobody{}, Log: slog.New(slog.DiscardHandler), PublicURL: public,
	})
	site.Start()
	t.Cleanup(site.Close)
	heading := func(text string) func(*visitor) { return func(v *visitor) { v.see("h1", text) } }
	return tour{newVisitor(t, public.String(), "visitor in trouble"), []stop{
		{name: "error-503", path: away, then: heading("One moment")},
		{name: "error-500", path: broken, then: heading("Something went wrong")},
	}}
}

// troubled is a database that is away, or answers what nobody expects.
type troubled struct{ compete.CompetitionStore }

func (troubled) Competition(_ context.Context, id string) (compete.Competition, error) {
	if strings.HasSuffix(id, "1") {
		return compete.Competition{}, compete.ErrDatabase
	}
	return compete.Competition{}, errors.New("something unheard of")
}

// nobody is logged in.
type nobody struct{ web.Sessions }

func (nobody) Cookie(context.Context, string) (compete.Actor, error) {
	return compete.Actor{}, compete.ErrUnauthorized
}

// find returns where the link with the text leads.
func (v *visitor) find(path, text string) string {
	v.t.Helper()
	v.open(path)
	const link = `[...document.querySelectorAll("main a[href]")].find((a) => a.innerText.includes(%q))?.getAttribute("href") ?? ""`
	href := eval[string](v, fmt.Sprintf(link, text))
	if href == "" {
		v.fatal("look for a link", fmt.Errorf("none says %q", text))
	}
	return href
}
