package e2e

import (
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web"
)

// noPage are the routes at which there is no page to look at.
var noPage = map[string]string{
	"GET /account/export":                          "a file",
	"GET /live":                                    "a stream of events",
	"GET /competitions/{id}/stand":                 "a part of a page",
	"GET /competitions/{id}/applications/progress": "a part of a page",
	"GET /competitions/{id}/draw.json":             "a file",
	"GET /competitions/{id}/draw/tickets.csv":      "a file",
	"GET /competitions/{id}/registrations.csv":     "a file",
	"GET /competitions/{id}/audit.csv":             "a file",
	"GET /admin/audit.csv":                         "a file",
	"GET /dev/mails/{mail}/html":                   "a mail, which brings its own styles",
}

// demoRoutes are the routes of a demo, which has every page.
func demoRoutes() []string {
	return web.Routes(web.Config{Demo: true, Mails: struct{ web.Mails }{}})
}

// everyTour is one group of tours after the other, those that change what the demo shows last. It fails the test in the
// end when there is a page that none has stopped at.
func everyTour(t *testing.T, s site) iter.Seq[[]tour] {
	return func(yield func([]tour) bool) {
		var paths []string
		for _, tours := range []func(*testing.T, site) []tour{
			newTours, teamTours, offerTours, applicationTours, drawTours, circleTours, newcomerTours,
			extremeTours,
		} {
			group := tours(t, s)
			for _, tour := range group {
				for _, stop := range tour.stops {
					paths = append(paths, stop.path)
				}
			}
			if !yield(group) {
				return
			}
		}
		if missed := unvisited(demoRoutes(), paths); len(missed) > 0 {
			t.Errorf("no tour stops at %s", strings.Join(missed, ", "))
		}
	}
}

// unvisited are the pages among the routes that none of the paths leads to.
func unvisited(routes, paths []string) []string {
	mux := http.NewServeMux()
	var missed []string
	for _, pattern := range routes {
		mux.HandleFunc(pattern, http.NotFound)
		if _, ok := noPage[pattern]; !ok && strings.HasPrefix(pattern, "GET ") {
			missed = append(missed, pattern)
		}
	}
	for _, path := range paths {
		_, pattern := mux.Handler(httptest.NewRequest(http.MethodGet, path, nil))
		missed = slices.DeleteFunc(missed, func(m string) bool { return m == pattern })
	}
	return missed
}

func TestUnvisitedPagesAreNoticed(t *testing.T) {
	routes := demoRoutes()
	for path, pattern := range map[string]string{
		"/":                      "GET /{$}",
		"/auth/verify?next=%2F":  "GET /auth/verify",
		"/competitions/create":   "GET /competitions/create",
		"/competitions/1":        "GET /competitions/{id}",
		"/dev/mails/reminder":    "GET /dev/mails/{mail}",
		"/mailbox/1":             "GET /mailbox/{message}",
		"/competitions/1/cancel": "GET /competitions/{id}/cancel",
	} {
		without, with := unvisited(routes, nil), unvisited(routes, []string{path})
		if !slices.Contains(without, pattern) || slices.Contains(with, pattern) || len(with) != len(without)-1 {
			t.Errorf("a visit to %s leaves %v, want %s alone to be done", path, with, pattern)
		}
	}
	for pattern := range noPage {
		if !slices.Contains(routes, pattern) {
			t.Errorf("there is no route %s any more", pattern)
		}
	}
}

// newcomerTours lead those who have nothing yet, and those who come from a mail, to their pages.
func newcomerTours(t *testing.T, s site) []tour {
	t.Helper()
	newcomer, organizer := newVisitor(t, s.first(), "newcomer"), newVisitor(t, s.first(), "new organizer")
	newcomer.signUpDirectly("PARTICIPANT")
	organizer.signUpDirectly("ORGANIZER")
	newcomer.open("/auth/verify")
	newcomer.click(`main form button`)
	newcomer.see("#flash", "link is ready")
	guest := newVisitor(t, s.first(), "reader of mails")
	guest.open("/auth/forgot")
	guest.fill("email", "participant5@minicompete.com")
	guest.click(`main form button`)
	guest.see("h1", "Check /dev/mails")
	keys, err := auth.NewLinkKeys([]byte(apptest.Secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	unsubscribe := "/unsubscribe?token=" + keys.Unsubscribe(s.replicas[0].As(compete.RoleParticipant).User.ID)
	return []tour{
		{newcomer, []stop{
			{name: "dashboard-participant-empty", path: "/dashboard"},
			{name: "mailbox-empty", path: "/mailbox"},
			{name: "verify", path: "/auth/verify"},
			{name: "confirm-email", path: newcomer.mailed(email(newcomer.name), "/auth/confirm?token=")},
			{name: "link-void", path: "/auth/confirm?token=expired"},
		}},
		{organizer, []stop{{name: "dashboard-organizer-empty", path: "/dashboard"}}},
		{guest, []stop{
			{name: "forgot-sent", path: "/auth/forgot", then: func(v *visitor) {
				v.fill("email", "participant5@minicompete.com")
				v.click(`main form button`)
				v.see("h1", "Check /dev/mails")
			}},
			{name: "reset", path: guest.mailed("participant5@minicompete.com", "/auth/reset?token=")},
			{name: "mail", path: "/dev/mails/reminder"},
			{name: "unsubscribe", path: unsubscribe},
			{name: "unsubscribed", path: unsubscribe, then: func(v *visitor) {
				v.click(`main form button`)
				v.see("h1", "Reminders are off")
			}},
		}},
	}
}

// mailed returns where the last mail to an address leads, among the mails that a demo shows.
func (v *visitor) mailed(to, link string) string {
	v.t.Helper()
	v.seeIn("/dev/mails", "main li", to)
	return v.linkOn(v.find("/dev/mails", to), link)
}
