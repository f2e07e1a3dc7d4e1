package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
)

// Both front ends export the same bytes, filtered and sorted or not. Only the page's file starts with a byte order
// mark, which Excel needs and other programs can't handle.
func TestBothExportsAreTheSame(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer := s.As(compete.RoleOrganizer)
	id := organizer.Create(map[string]any{"title": "Große Läufe", "capacity": 2, "waitlist": true})
	list := "/competitions/" + id + "/registrations"
	for i, name := range []string{"=1+1", "Ada; ＝1", "Zoë \"Z\"", "Ada, Countess"} {
		b := s.browser(t)
		b.want(b.post("/auth/signup", "name", name, "email", fmt.Sprintf("p%d@example.com", i), "password", password,
			"role", "PARTICIPANT"), http.StatusSeeOther)
		b.want(b.post("/competitions/"+id+"/register"), http.StatusSeeOther)
		if name == "=1+1" {
			b.want(b.post("/competitions/"+id+"/withdraw"), http.StatusSeeOther)
		}
	}
	b := s.browser(t)
	b.leads(b.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
	for query, rows := range map[string]int{
		"": 4, "?status=CANCELLED": 1, "?search=ada": 2, "?sort=name": 4,
		"?status=CONFIRMED&search=zoe&sort=newest": 1, "?search=nobody": 0,
	} {
		apptest.Eventually(t, apptest.Patience, "every registration is confirmed", func() bool {
			return !strings.Contains(b.get(list+".csv").text, "PENDING")
		})
		page := b.want(b.get(list+".csv"+query), http.StatusOK)
		api := organizer.Do(http.MethodGet, "/api"+list+query, nil, "Accept", "text/csv").Want(t, http.StatusOK)
		if want := sheet.BOM + string(api.Body); page.text != want {
			t.Errorf("%q: the page has\n%s\nthe API\n%s", query, page.text, want)
		}
		if got := strings.Count(page.text, "\r\n") - 1; got != rows {
			t.Errorf("%q: %d rows, want %d:\n%s", query, got, rows, page.text)
		}
		if got, want := page.header.Get("Content-Disposition"), api.Header.Get("Content-Disposition"); got != want ||
			!strings.Contains(got, "-registrations-20") {
			t.Errorf("%q: the files are called %s and %s", query, got, want)
		}
	}
}
