package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// divided is a competition with divisions, as its organizer sees them.
type divided struct {
	page        string
	first, next string // the ids of its divisions
	organizer   *browser
}

func (s *site) divided(capacities ...int) divided {
	organizer := s.As(compete.RoleOrganizer)
	id := organizer.Create(map[string]any{
		"title": "City Run", "waitlist": true,
		"divisions": []map[string]any{
			{"name": "Half marathon", "capacity": capacities[0]}, {"name": "10 km", "capacity": capacities[1]},
		},
	})
	var c struct{ Divisions []struct{ ID string } }
	organizer.Get("/api/competitions/"+id, &c)
	b := s.browser(s.t)
	b.leads(b.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
	return divided{"/competitions/" + id, c.Divisions[0].ID, c.Divisions[1].ID, b}
}

// TestDivisionsOnPages registers in divisions, changes them, and filters the organizer's list, all without JavaScript.
func TestDivisionsOnPages(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		d := s.divided(1, 5)
		first, second := s.browser(t), s.browser(t)
		first.signUp("first@example.com")
		second.signUp("second@example.com")

		first.want(first.get(d.page), http.StatusOK, "Half marathon", "10 km", `id="division-`+d.first+`"`,
			`data-division="`+d.next+`"`)
		first.want(first.post(d.page+"/register"), http.StatusUnprocessableEntity, "Choose a division first.")
		first.leads(first.post(d.page+"/register", "divisionId", d.first), d.page)
		first.want(first.get(d.page), http.StatusOK, `class="bib"`, "(yours)", "Change division")
		second.leads(second.post(d.page+"/register", "divisionId", d.first), d.page)
		second.want(second.get(d.page), http.StatusOK, "1st in line")
		second.want(second.get("/dashboard"), http.StatusOK, "Half marathon")

		second.want(second.get(d.page+"/division"), http.StatusOK, "Change division", "lose your place in line")
		second.leads(second.post(d.page+"/division", "divisionId", d.next), d.page)
		second.want(second.get(d.page), http.StatusOK, `class="bib"`, "Division changed.")
		second.want(second.post(d.page+"/division", "divisionId", d.first), http.StatusConflict,
			"You keep the one you have.")

		preview := d.organizer.want(d.organizer.post("/competitions/create/preview", "title", "Both", "capacity", "2",
			"division-name-0", "5 km", "division-capacity-0", "1",
			"division-name-1", "10 km", "division-capacity-1", "1",
		), http.StatusOK, "5 km")
		if strings.Contains(preview.text, "(yours)") {
			t.Error("in a preview, every new division is the organizer's own")
		}

		guest := s.browser(t)
		guest.want(guest.post(d.page+"/register", "account", "new"), http.StatusUnprocessableEntity,
			"Choose a division first.")
		guest.leads(guest.post(d.page+"/register", "account", "new", "divisionId", d.next), "/auth/signup?next="+
			strings.ReplaceAll(d.page, "/", "%2F"))
		guest.leads(guest.post("/auth/signup", "name", "Ada", "email", "ada@example.com", "password", password, "role",
			"PARTICIPANT", "next", d.page), d.page)
		guest.want(guest.get(d.page), http.StatusOK, `class="bib"`, "(yours)")

		organizer := d.organizer
		list := d.page + "/registrations"
		organizer.want(organizer.get(list), http.StatusOK, "All divisions", "first@example.com", "ada@example.com")
		got := organizer.want(organizer.get(list+"?division="+d.next), http.StatusOK, "ada@example.com",
			"second@example.com")
		if strings.Contains(got.text, "first@example.com") {
			t.Error("the list of a division has somebody of another")
		}
		organizer.want(organizer.get(list+".csv?division="+d.first), http.StatusOK, "first@example.com",
			"Half marathon")
		organizer.want(organizer.get(list+"/print?division="+d.first), http.StatusOK, "Half marathon")
		organizer.want(organizer.get("/dashboard"), http.StatusOK, "2 divisions")
	})
}

// TestDivisionsWithApplications removes a division of a competition with review: not while somebody has applied there,
// and the form says so.
func TestDivisionsWithApplications(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		id := organizer.Create(map[string]any{
			"title": "Chosen Few", "admission": "REVIEW", "startDate": time.Now().Add(96 * time.Hour),
			"divisions": []map[string]any{{"name": "Robots", "capacity": 2}, {"name": "Boats", "capacity": 2}},
		})
		var c struct{ Divisions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		page := "/competitions/" + id
		robots, boats := c.Divisions[0].ID, c.Divisions[1].ID
		for range 2 {
			_, applicant := s.person(t)
			applicant.leads(applicant.post(page+"/register", "divisionId", robots), page)
		}
		edit := page + "/edit"
		noCover := "--here\r\nContent-Disposition: form-data; name=\"cover\"; filename=\"\"\r\n\r\n\r\n--here--\r\n"
		refused := b.send(http.MethodPost, page+"/cover", "multipart/form-data; boundary=here", noCover)
		got := b.want(b.get(edit), http.StatusOK, "2 applications", `value="remove 1"`)
		b.want(refused, http.StatusUnprocessableEntity, "choose a file first", "2 applications", `value="remove 1"`)
		if strings.Contains(got.text+refused.text, `value="remove 0"`) {
			t.Error("a division in which people have applied can be removed")
		}
		fields := []string{
			"title", "Chosen Few", "capacity", "10", "zone", "UTC", "version", "1", "admission", "REVIEW",
			"regDeadline", time.Now().UTC().Add(48 * time.Hour).Format("2006-01-02T15:04"),
			"division-id-0", boats, "division-name-0", "Boats", "division-capacity-0", "2",
		}
		with := append([]string{
			"division-id-1", robots, "division-name-1", "Robots", "division-capacity-1", "2", "divisions", "remove 1",
		}, fields...)
		b.want(b.post(edit, with...), http.StatusOK, `value="Robots"`, "2 applications")
		b.want(b.post(edit, fields...), http.StatusConflict, "Division &#34;Robots&#34; has applications, so it")
	})
}

// TestDivisionsInTheForm adds, renames, moves and removes divisions with the form's buttons.
func TestDivisionsInTheForm(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	d := s.divided(2, 5)
	b := d.organizer
	runner := s.browser(t)
	runner.signUp("runner@example.com")
	runner.leads(runner.post(d.page+"/register", "divisionId", d.first), d.page)

	edit := d.page + "/edit"
	b.want(b.get(edit), http.StatusOK, `value="Half marathon"`, `value="10 km"`, "1 registration")
	fields := []string{
		"title", "City Run", "capacity", "10", "waitlist", "true", "zone", "UTC",
		"regDeadline", time.Now().UTC().Add(48 * time.Hour).Format("2006-01-02T15:04"), "version", "1",
		"division-id-0", d.first, "division-name-0", "Half marathon", "division-capacity-0", "2",
		"division-id-1", d.next, "division-name-1", "10 km", "division-capacity-1", "5",
	}
	with := func(more ...string) []string { return append(append([]string{}, fields...), more...) }
	b.want(b.post(edit, with("divisions", "add 0")...), http.StatusOK, `name="division-name-2"`)
	b.want(b.post(edit, with("divisions", "up 1")...), http.StatusOK,
		`name="division-id-0" value="`+d.next+`"`, `name="division-id-1" value="`+d.first+`"`)
	got := b.want(b.post(edit, with("divisions", "remove 1")...), http.StatusOK, `value="Half marathon"`)
	if strings.Contains(got.text, `value="10 km"`) {
		t.Error("the removed division is still there")
	}
	b.want(b.post(edit, with("divisions", "remove 0")...), http.StatusOK, `value="Half marathon"`) // somebody is in it
	b.want(b.post(edit, with("division-id-2", "", "division-name-2", "10 KM", "division-capacity-2", "x")...),
		http.StatusUnprocessableEntity, "Must be a whole number.", "Must differ from the other divisions.")
	tooFew := with()
	tooFew[17] = "0"
	b.want(b.post(edit, tooFew...), http.StatusUnprocessableEntity, "Must be between 1 and 1000000.")
	without := append(append([]string{}, fields[:12]...), "division-id-0", d.next, "division-name-0", "10 km",
		"division-capacity-0", "5")
	b.want(b.post(edit, without...), http.StatusConflict, "has registrations")
	changed := append(append([]string{}, fields[:12]...), "division-id-0", d.next, "division-name-0", "10 kilometres",
		"division-capacity-0", "5", "division-id-1", d.first, "division-name-1", "Half marathon", "division-capacity-1",
		"3", "division-id-2", "", "division-name-2", "", "division-capacity-2", "")
	b.leads(b.post(edit, changed...), d.page)
	b.want(b.get(edit), http.StatusOK, `name="division-name-0"`, `value="10 kilometres"`)

	create := []string{
		"title", "Night Run", "capacity", "10", "zone", "UTC", "status", "PUBLISHED", "key", "one-form-1",
		"regDeadline", time.Now().UTC().Add(48 * time.Hour).Format("2006-01-02T15:04"),
		"division-id-0", "", "division-name-0", "5 km", "division-capacity-0", "3",
	}
	created := b.post("/competitions/create", create...)
	if created.status != http.StatusSeeOther {
		t.Fatalf("got %d %s", created.status, created.text)
	}
	b.want(b.get(created.to), http.StatusOK, "5 km")
}
