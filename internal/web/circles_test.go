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
)

func TestUnlistedCompetitionIsFoundByItsLinkAlone(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer := s.As(compete.RoleOrganizer)
		create := func(title, visibility string) string {
			return "/competitions/" + organizer.Create(map[string]any{
				"title": title, "visibility": visibility, "tags": []string{strings.ToLower(title)},
				"startDate": "2126-05-08T08:00:00Z",
			})
		}
		page, plain := create("Numbat", "UNLISTED"), create("Quokka", "PUBLIC")
		b := s.browser(t)
		for _, path := range []string{
			"/", "/competitions", "/competitions?search=numbat",
			"/competitions?tags=numbat", "/competitions?sort=filling",
		} {
			if got := b.want(b.get(path), http.StatusOK); strings.Contains(got.text, page) ||
				strings.Contains(got.text, "Numbat") {
				t.Errorf("%s shows an unlisted competition", path)
			}
		}
		b.want(b.get("/competitions"), http.StatusOK, "Quokka")
		b.want(b.get(page), http.StatusOK, "Unlisted", `<meta name="robots" content="noindex">`, "og:title")
		if got := b.get(plain); strings.Contains(got.text, "noindex") || strings.Contains(got.text, "Unlisted") {
			t.Error("a plain competition is kept from search engines")
		}
		for _, path := range []string{page, page + ".ics", s.sharedPicture(t, page)} {
			if got := b.want(b.get(path), http.StatusOK).header.Get("X-Robots-Tag"); got != "noindex" {
				t.Errorf("%s: X-Robots-Tag %q", path, got)
			}
		}

		own := s.browser(t)
		own.leads(own.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
		dashboard := own.want(own.get("/dashboard"), http.StatusOK, "Numbat")
		if strings.Count(dashboard.text, "is-unlisted") != 1 {
			t.Error("the dashboard doesn't mark the unlisted competition alone")
		}
		own.want(own.get(page+"/edit"), http.StatusOK, `name="unlisted" value="true" checked`)
	})
}

func TestAccessCodeOnThePage(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer := s.As(compete.RoleOrganizer)
		page := "/competitions/" + organizer.Create(map[string]any{"accessCode": "Maple-2026"})
		next := url.Values{"next": {page}}.Encode()
		b := s.browser(t)
		b.want(b.get(page), http.StatusOK, `name="accessCode"`, `form="press"`)
		if got := b.get("/competitions/" + organizer.Create(nil)); strings.Contains(got.text, "accessCode") {
			t.Error("a plain competition asks for a code")
		}

		// A visitor's code outlasts signing up, and is asked for again if it is wrong.
		b.leads(b.post(page+"/register", "key", "one-press-1", "account", "new", "accessCode", "birch"),
			"/auth/signup?"+next)
		b.leads(b.post("/auth/signup", "name", "Ada", "email", "ada@example.com", "password", password, "role",
			"PARTICIPANT", "next", page), page)
		marked := []string{`aria-invalid="true"`, `id="field-accessCode-error"`, "autofocus"}
		b.want(b.get(page), http.StatusOK, append(marked, "Enter the access code to register")...)
		b.want(b.post(page+"/register", "key", "one-press-2"), http.StatusForbidden, "needs an access code")
		b.want(b.post(page+"/register", "key", "one-press-2", "accessCode", "birch wood"), http.StatusForbidden,
			append(marked, "That access code is wrong", `value="birch wood"`)...)
		b.partial = true
		b.want(b.post(page+"/register", "key", "one-press-2", "accessCode", "birch wood"), http.StatusForbidden,
			append(marked, `hx-swap-oob="innerHTML:#needed"`, `value="birch wood"`)...)
		b.partial = false
		b.leads(b.post("/auth/logout"), "/")
		b.leads(b.post(page+"/register", "key", "one-press-3", "account", "mine", "accessCode", "maple 2026"),
			"/auth/login?"+next)
		b.leads(b.post("/auth/login", "email", "ada@example.com", "password", password, "next", page), page)
		if got := b.want(b.get(page), http.StatusOK, `class="bib"`); strings.Contains(got.text, "accessCode") {
			t.Error("who is registered is asked for a code")
		}
		b.leads(b.post(page+"/register", "key", "one-press-3", "accessCode", "maple 2026"), page) // repeated

		b.partial = true
		b.want(b.post(page+"/register", "key", "one-press-4", "accessCode", "maple 2026"), http.StatusOK,
			`class="bib"`, `hx-swap-oob="innerHTML:#flash"`) // what it said before no longer holds
		b.partial = false

		own := s.browser(t)
		own.leads(own.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
		got := own.want(own.get(page), http.StatusOK, "Maple-2026")
		if strings.Contains(got.text, `name="accessCode"`) {
			t.Error("the organizer is asked for a code")
		}
		own.want(own.get(page+"/edit"), http.StatusOK, `name="accessCode"`, `value="Maple-2026"`)
		own.want(own.get("/competitions/create?key=another-key-1&from="+strings.TrimPrefix(page, "/competitions/")),
			http.StatusOK, `value="Maple-2026"`)
		if got := b.get(page); strings.Contains(got.text, "Maple") {
			t.Error("participants see the code")
		}
	})
}

// TestAccessCodeIsTypedAhead so that the press brings nothing.
func TestAccessCodeIsTypedAhead(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		page := "/competitions/" + s.As(compete.RoleOrganizer).Create(map[string]any{
			"accessCode": "Maple-2026", "regOpensAt": time.Now().Add(time.Hour),
			"regDeadline": time.Now().Add(2 * time.Hour),
			"questions":   []any{map[string]any{"kind": "TEXT", "label": "School"}},
		})
		b := s.browser(t)
		b.signUp("ada@example.com")
		b.want(b.get(page+"/prepare"), http.StatusOK, `name="accessCode"`)
		b.want(b.post(page+"/prepare", "answers", "given", "accessCode", "birch"), http.StatusForbidden,
			"That access code is wrong", `value="birch"`)
		b.leads(b.post(page+"/prepare", "answers", "given", "accessCode", "maple 2026"), page)
		for _, path := range []string{page, page + "/prepare"} {
			if got := b.want(b.get(path), http.StatusOK); strings.Contains(got.text, `name="accessCode"`) {
				t.Errorf("%s asks for the code again", path)
			}
		}
	})
}

func TestPersonIsAddedOnThePage(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, ada, bob := s.As(compete.RoleOrganizer), s.As(compete.RoleParticipant), s.As(compete.RoleParticipant)
		page := "/competitions/" + organizer.Create(map[string]any{"capacity": 1}) + "/registrations"
		b := s.browser(t)
		b.leads(b.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
		b.want(b.get(page), http.StatusOK, "Add person")
		b.want(b.post(page, "key", "one-press-1", "email", "nobody"), http.StatusUnprocessableEntity, `value="nobody"`,
			"<details id=\"add\" class=\"card no-print mb-8\" open>")
		b.leads(b.post(page, "key", "one-press-1", "email", ada.User.Email), page)
		b.leads(b.post(page, "key", "one-press-1", "email", ada.User.Email), page) // pressed twice
		b.want(b.get(page), http.StatusOK, "Person added", ada.User.Email)
		b.want(b.post(page, "key", "one-press-2", "email", ada.User.Email), http.StatusConflict,
			"This person is already registered")
		b.want(b.post(page, "key", "one-press-2", "email", bob.User.Email), http.StatusConflict, "All seats are taken")
		b.want(b.post(page, "key", "one-press-2", "email", organizer.User.Email, "overCapacity", "true"),
			http.StatusForbidden, "can&#39;t enter their own competition", "checked")
		b.want(b.get(page), http.StatusOK, "this site sends no email", `name="name"`)
		b.leads(b.post(page, "key", "one-press-2", "email", bob.User.Email, "overCapacity", "true"), page)
		got := b.want(b.get(page), http.StatusOK, "Capacity increased by 1.", bob.User.Email, "of 2 seats")
		if strings.Contains(got.text, "divisionId") {
			t.Error("a competition without divisions asks for one")
		}

		var c struct{ Divisions []struct{ ID string } }
		run := organizer.Create(map[string]any{"divisions": []map[string]any{{"name": "10 km", "capacity": 1}}})
		organizer.Get("/api/competitions/"+run, &c)
		page = "/competitions/" + run + "/registrations"
		b.want(b.get(page), http.StatusOK, `name="divisionId"`)
		b.want(b.post(page, "key", "one-press-3", "email", ada.User.Email), http.StatusUnprocessableEntity,
			"choose a division")
		b.leads(b.post(page, "key", "one-press-3", "email", ada.User.Email, "divisionId", c.Divisions[0].ID), page)
		b.want(b.get(page), http.StatusOK, ada.User.Email)
	})
}
