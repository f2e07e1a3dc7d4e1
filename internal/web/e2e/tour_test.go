package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
	"github.com/minicompete/minicompete/internal/web"
)

// tour is the list of pages that one visitor views.
type tour struct {
	visitor *visitor
	stops   []stop
}

// stop is a page, possibly after an action on it.
type stop struct {
	name string
	path string
	then func(v *visitor)
}

// newTours visits every page with every kind of user, as in the demo.
func newTours(t *testing.T, s site) []tour {
	t.Helper()
	return []tour{
		guestTour(t, s), participantTour(t, s), organizerTour(t, s), draftTour(t, s), adminTour(t, s),
		brokenStoreTour(t), setupTour(t), securityTour(t),
	}
}

func guestTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "guest")
	return tour{v, []stop{
		{name: "home", path: "/"},
		{name: "login", path: "/auth/login"},
		{name: "login-refused", path: "/auth/login", then: func(v *visitor) {
			v.fill("email", "nobody@example.com")
			v.fill("password", "wrong password")
			v.click(`main form button`)
			v.see("main [role=alert]", "password")
		}},
		{name: "signup", path: "/auth/signup"},
		{name: "signup-refused", path: "/auth/signup", then: func(v *visitor) {
			v.fill("name", "Ada")
			v.fill("email", "participant1@minicompete.com")
			v.fill("password", "short")
			v.click(`main form button`)
			v.see("#field-password-error", "8")
		}},
		{name: "forgot", path: "/auth/forgot"},
		{name: "privacy", path: "/privacy"},
		{name: "mails", path: "/dev/mails"},
		{name: "competitions", path: "/competitions"},
		{
			name: "competitions-chosen",
			path: "/competitions?search=pro&tags=programming&phase=open&sort=filling",
		},
		{name: "nothing-found", path: "/competitions?search=zzzzzz"},
		{name: "competition-open", path: v.find("/competitions?phase=open", "Data Science Sprint")},
		{name: "competition-choose", path: v.find("/competitions?phase=open", "City Half Marathon")},
		{name: "competition-full", path: v.find("/competitions?phase=full", "Robotics Sumo Cup")},
		{
			name: "competition-waitlist",
			path: v.find("/competitions?phase=waitlist", "Regional Mathematics Olympiad"),
		},
		{name: "competition-closed", path: v.find("/competitions?phase=closed", "Open Source Day")},
		{name: "report", path: v.find("/competitions?phase=open", "Data Science Sprint") + "/report"},
		{name: "components", path: "/dev/components"},
		{name: "error-404", path: "/no/such/page"},
	}}
}

func participantTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "participant")
	v.logInDirectly("participant1@minicompete.com", "password123")
	registered := v.find("/dashboard", "City Half Marathon")
	return tour{v, []stop{
		{name: "dashboard-participant", path: "/dashboard"},
		{name: "competition-in", path: registered},
		{name: "competition-waitlisted", path: v.find("/dashboard", "Regional Mathematics Olympiad")},
		{name: "competition-upcoming", path: v.find("/competitions?phase=upcoming", "Winter Game Jam")},
		{name: "competition-register", path: v.find("/competitions?phase=open", "University Chess Blitz")},
		{name: "competition-cancelled", path: v.find("/competitions?phase=cancelled", "Photo Marathon")},
		{name: "prepare", path: v.find("/competitions?phase=upcoming", "Winter Game Jam") + "/prepare"},
		{name: "answers", path: v.find("/dashboard", "Regional Mathematics Olympiad") + "/answers"},
		{name: "move", path: registered + "/division"},
		{name: "withdraw", path: registered + "/withdraw"},
		{name: "withdraw-dialog", path: registered, then: func(v *visitor) {
			v.askToWithdraw()
		}},
		{name: "mailbox", path: "/mailbox"},
		{name: "message", path: v.find("/mailbox", "City Half Marathon")},
		{name: "account", path: "/account"},
		{name: "account-refused", path: "/account", then: func(v *visitor) {
			v.fill("currentPassword", "not my password")
			v.fill("password", "short")
			v.click(`main form[action="/account/password"] button`)
			v.see("main .error", "8")
		}},
		{name: "account-delete", path: "/account/delete"},
		{name: "account-delete-refused", path: "/account/delete", then: func(v *visitor) {
			v.fill("password", "not my password")
			v.click(`main form[action="/account/delete"] button`)
			v.see("#field-password-error", "incorrect")
		}},
		{name: "logout", path: "/auth/logout"},
		{name: "error-403", path: "/competitions/create"},
	}}
}

func organizerTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "organizer")
	v.logInDirectly("organizer1@minicompete.com", "password123")
	open, full := v.find("/dashboard", "Green Code Hackathon"), v.find("/dashboard", "Regional Mathematics Olympiad")
	divided := v.find("/dashboard", "City Half Marathon")
	reviewed := v.find("/dashboard", "Civic Tech Hackathon")
	return tour{v, []stop{
		{name: "competition-divisions", path: divided},
		{name: "edit-divisions", path: divided + "/edit"},
		{name: "registrations-divisions", path: divided + "/registrations"},
		{name: "dashboard-organizer", path: "/dashboard"},
		{name: "create", path: "/competitions/create"},
		{name: "create-refused", path: "/competitions/create", then: func(v *visitor) {
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
		{name: "registrations-answers", path: full + "/registrations/answers"},
		{name: "registrations-columns", path: full + "/registrations?column=year&column=school"},
		{name: "edit-questions", path: full + "/edit"},
		{name: "applications", path: reviewed + "/applications"},
		{name: "applications-none", path: reviewed + "/applications?search=zzzzzz"},
		{name: "release", path: reviewed + "/applications/release"},
		{name: "registrations-print", path: full + "/registrations/print"},
		{name: "registrations-none", path: full + "/registrations?search=zzzzzz"},
		{name: "remove", path: full + "/registrations", then: func(v *visitor) {
			v.ask(`#rows a[href*="/remove"]`, "Remove ")
		}},
		{name: "remove-page", path: v.linkOn(full+"/registrations", "/remove")},
		{name: "competition-audit", path: full + "/audit"},
		{name: "close", path: open + "/close"},
		{name: "cancel", path: open + "/cancel"},
	}}
}

func draftTour(t *testing.T, s site) tour {
	v := newVisitor(t, s.first(), "organizer with a draft")
	v.logInDirectly("organizer2@minicompete.com", "password123")
	draft := v.find("/dashboard", "Algorithm Cup: Finals")
	return tour{v, []stop{
		{name: "competition-draft", path: draft},
		{name: "delete", path: draft + "/delete"},
		{name: "edit-draft", path: draft + "/edit"},
		{name: "registrations-empty", path: draft + "/registrations"},
	}}
}

func adminTour(t *testing.T, s site) tour {
	failed := compete.FailedJob{
		ID: "01990000-0000-7000-8000-000000000001", JobID: 1 << 40, Queue: compete.QueueMaintenance,
		Kind: "clean_up", Attempts: 3,
		Error: "the database is away", Payload: json.RawMessage(`{"before": "2026-01-01T00:00:00Z"}`),
		FailedAt: time.Now(),
	}
	if err := s.replicas[0].Store().SaveFailedJob(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, s.first(), "admin")
	v.logInDirectly("admin@minicompete.com", "password123")
	competition := v.find("/competitions?phase=open", "University Chess Blitz")
	reports := addReports(t, s, strings.TrimPrefix(competition, "/competitions/"))
	asking := v.find("/competitions?phase=waitlist", "Regional Mathematics Olympiad")
	v.open("/admin?search=participant1")
	user := eval[string](v, `document.querySelector("tbody a").getAttribute("href")`)
	return tour{v, []stop{
		{name: "admin", path: "/admin"},
		{name: "admin-nobody", path: "/admin?search=zzzzzz"},
		{name: "admin-user", path: user},
		{name: "admin-user-delete", path: user + "/delete"},
		{name: "reset-factors", path: user + "/reset-factors"},
		{name: "competition-admin", path: competition},
		{name: "register-questions", path: asking + "/register"},
		{name: "register-questions-refused", path: asking + "/register", then: func(v *visitor) {
			eval[any](v, `document.querySelectorAll("main [required]").forEach((e) => e.required = false)`)
			v.click(`main form[data-questions] button.btn-primary`)
			v.see("[data-errors]", "School")
		}},
		{name: "transfer", path: competition + "/transfer"},
		{name: "unpublish", path: competition + "/unpublish"},
		{name: "admin-audit", path: "/admin/audit?action=account.role"},
		{name: "admin-audit-all", path: "/admin/audit", then: func(v *visitor) {
			v.click("main ol summary")
			v.see("main ol details[open]", "Record ID")
		}},
		{
			name: "admin-audit-chosen",
			path: "/admin/audit?person=participant1%40minicompete.com&action=session.started&from=2020-01-01T00%3A00",
		},
		{name: "admin-audit-which", path: "/admin/audit?person=minicompete"},
		{name: "admin-audit-none", path: "/admin/audit?action=audit.shortened"},
		{name: "admin-audit-refused", path: "/admin/audit?from=soon"},
		{name: "admin-site", path: "/admin/site"},
		{name: "admin-reports", path: reports},
		{
			name: "admin-reports-none",
			path: strings.Replace(v.find("/competitions?phase=open", "Data Science Sprint"), "competitions",
				"admin/reports", 1),
		},
		{name: "dead-letters", path: "/admin/dead-letters"},
		{
			name: "dead-letters-open", path: "/admin/dead-letters",
			then: func(v *visitor) { v.click("details summary") },
		},
	}}
}

// addReports adds open and answered reports of a competition, and returns the page that shows them.
func addReports(t *testing.T, s site, competitionID string) string {
	t.Helper()
	db := s.replicas[0].Store()
	admin, _, err := db.UserByEmail(t.Context(), "admin@minicompete.com")
	if err != nil {
		t.Fatal(err)
	}
	note := "Checked the organizer's site: it's a real event."
	for i, details := range []string{
		"It says that entry is free, but the organizer asks for a fee later.\n\nSee https://example.com/" +
			strings.Repeat("long", 40), "",
	} {
		for n := range 2 {
			r := compete.Report{
				ID: uuid.Must(uuid.NewV7()).String(), Competition: compete.Competition{ID: competitionID},
				Reason: compete.ReportReasons[2*i+n], Details: details, CreatedAt: time.Now(),
				Status: compete.ReportOpen,
			}
			err = db.AddReport(t.Context(), r)
			if err == nil && i == 1 {
				err = db.AnswerReports(t.Context(), []string{r.ID},
					compete.ReportAnswer{Status: compete.ReportDismissed, Note: &note}, admin.ID, time.Now())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return "/admin/reports/" + competitionID
}

// brokenStoreTour is a site whose database only returns errors.
func brokenStoreTour(t *testing.T) tour {
	const away, broken = "/competitions/00000000-0000-7000-8000-000000000001",
		"/competitions/00000000-0000-7000-8000-000000000002"
	site := httptest.NewUnstartedServer(nil)
	public := &url.URL{Scheme: "http", Host: site.Listener.Addr().String()}
	site.Config.Handler = web.New(t.Context(), web.Config{
		Services: competetest.Services(competetest.Parts{Competitions: brokenStore{}}), Clock: time.Now,
		Sessions: nobody{}, Log: slog.New(slog.DiscardHandler), PublicURL: public,
	})
	site.Start()
	t.Cleanup(site.Close)
	heading := func(text string) func(*visitor) { return func(v *visitor) { v.see("h1", text) } }
	return tour{newVisitor(t, public.String(), "visitor of a broken site"), []stop{
		{name: "error-503", path: away, then: heading("One moment")},
		{name: "error-500", path: broken, then: heading("Something went wrong")},
	}}
}

// brokenStore is a database that is unavailable, or returns unexpected errors.
type brokenStore struct{ compete.CompetitionStore }

func (brokenStore) Competition(_ context.Context, id string) (compete.Competition, error) {
	if strings.HasSuffix(id, "1") {
		return compete.Competition{}, compete.ErrDatabase
	}
	return compete.Competition{}, errors.New("something unheard of")
}

// nobody treats everyone as logged out.
type nobody struct{ web.Sessions }

func (nobody) Cookie(context.Context, string) (compete.Actor, error) {
	return compete.Actor{}, compete.ErrUnauthorized
}
