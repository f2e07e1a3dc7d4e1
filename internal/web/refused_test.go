package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// problemLinks matches the links in a form's error summary, with the field's id and the text.
var problemLinks = regexp.MustCompile(`<a class="link" href="#([\w-]+)">([^<]+)</a>`)

// TestEverythingWrongIsSaidAtOnce submits forms whose errors are found in different places: the response lists all of
// them, and the browser may store it, so that "back" shows it again.
func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{Demo: true}), t: t}
	refused := func(b *browser, got page, texts ...string) {
		t.Helper()
		b.want(got, http.StatusUnprocessableEntity, append(texts, "data-errors", "autofocus")...)
		for _, link := range problemLinks.FindAllStringSubmatch(got.text, -1) {
			label := regexp.MustCompile(`<label for="` + link[1] + `">\s*([^<]*[^<\s])`).FindStringSubmatch(got.text)
			if label != nil && !strings.HasPrefix(link[2], label[1]) {
				t.Errorf("the summary says %q of the field %q", link[2], label[1])
			}
		}
		if kept := got.header.Get("Cache-Control"); kept != "private, no-cache" {
			t.Errorf("Cache-Control is %q", kept)
		}
	}
	b := s.browser(t)
	refused(b, b.post("/auth/signup", "name", "Ada", "email", "ada@example.com", "password", password),
		`<a class="link" href="#field-role-PARTICIPANT">Role must be PARTICIPANT or ORGANIZER.</a>`)
	refused(b, b.post("/auth/signup", "name", "", "email", "participant1@minicompete.com", "password", "short",
		"role", "PARTICIPANT"),
		"Name is required.", "Email already belongs to an account.", "Password must be at least 8 characters long.")
	refused(b, b.post("/auth/login", "email", "nobody@example.com", "password", "wrong password"),
		"Wrong email or password.")
	b.want(b.post("/auth/signup", "name", "Olga", "email", "olga@example.com", "password", password, "role",
		"ORGANIZER"), http.StatusSeeOther)
	refused(b, b.post("/account/password", "currentPassword", "wrong password", "password", "short"),
		"Current password is incorrect.", "New password must be at least 8 characters long.", `data-address="/account"`)
	refused(b, b.post("/account/email", "currentPassword", "wrong password", "email", "no address"),
		"Current password is incorrect.", "New email must be an email address")
	refused(b, b.post("/account/time-zone", "timeZone", "Europe/Atlantis"),
		"Time zone in messages must be a time zone such as Europe/Berlin or UTC.")
	refused(b, b.post("/competitions/create", "title", "ab", "capacity", "many", "zone", "Europe/Atlantis",
		"regDeadline", "2020-01-01T10:00",
		"location", strings.Repeat("x", 201), "regOpensAt", "soon", "startDate", "soon", "endDate", "soon"),
		"Title must be at least 3", "Number of seats must be a whole number",
		"Registration closes: Must be in the future.", `href="#field-zone"`)

	b = s.browser(t)
	b.want(b.post("/auth/login", "email", "organizer1@minicompete.com", "password", apptest.Password),
		http.StatusSeeOther)
	list, err := s.Services().Competitions.List(t.Context(), compete.CompetitionFilter{Search: "Green Code"}, "")
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("the demo has %d of the competition: %v", len(list.Items), err)
	}
	c := list.Items[0]
	later := c.RegDeadline.UTC().Format("2006-01-02T15:04")
	for _, zone := range []string{"UTC", "Europe/Atlantis"} { // refused by the domain, and before it
		refused(b, b.post("/competitions/"+c.ID+"/edit", "title", "ab", "capacity", "1", "zone", zone, "regDeadline",
			later, "startDate", c.StartDate.Format("2006-01-02T15:04"), "version", "0"),
			"Title must be at least 3", "capacity can&#39;t go below that.")
	}
	for _, zone := range [][]string{nil, {"zone", ""}, {"zone", " "}} { // never silently replaced by UTC
		refused(b, b.post("/competitions/"+c.ID+"/edit",
			append(zone, "title", c.Title, "capacity", "120", "regDeadline", later, "version", "0")...),
			"Time zone: Choose a time zone", `href="#field-zone"`)
	}
}

// TestAListThatCannotBeReadIsNotEmpty requests lists in an unknown order: they report that instead of showing an empty
// list.
func TestAListThatCannotBeReadIsNotEmpty(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{Demo: true}), t: t}
	b := s.browser(t)
	b.want(b.post("/auth/login", "email", "admin@minicompete.com", "password", apptest.Password), http.StatusSeeOther)
	own := "/competitions/" + s.As(compete.RoleOrganizer).Create(nil)
	for _, path := range []string{
		"/competitions?sort=bad", "/competitions?phase=bad", own + "/registrations?sort=bad",
		own + "/registrations?division=bad", own + "/registrations?answer=yes",
		"/admin?search=" + strings.Repeat("x", 201),
	} {
		got := b.want(b.get(path), http.StatusUnprocessableEntity, "This search didn&#39;t work: ")
		for _, untrue := range []string{"No competitions", "No matches", "No matching", "No registrations"} {
			if strings.Contains(got.text, untrue) {
				t.Errorf("%s says %q", path, untrue)
			}
		}
	}
}
