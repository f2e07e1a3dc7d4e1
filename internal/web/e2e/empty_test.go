package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
)

// TestEmptySite checks a site without competitions, as seen by everyone who might create the first one or wait for it,
// and the same site when its only competition is over.
func TestEmptySite(t *testing.T) {
	a := apptest.Start(t, apptest.Options{})
	guest, organizer, participant := newVisitor(t, a.WebURL, "Ada Early"), newVisitor(t, a.WebURL, "Olga Early"),
		newVisitor(t, a.WebURL, "Ben Early")
	organizer.signUpDirectly("ORGANIZER")
	participant.signUpDirectly("PARTICIPANT")
	for _, path := range []string{"/", "/competitions"} {
		for _, look := range []struct {
			v    *visitor
			link string
		}{{guest, "/auth/signup?role=ORGANIZER"}, {organizer, "/competitions/create"}, {participant, ""}} {
			look.v.open(path)
			look.v.see("h2", "No competitions yet")
			const offered = `(() => { const card = [...document.querySelectorAll(".card")].find((e) => e.innerText.includes("No competitions yet"));
				return card.querySelector("a")?.getAttribute("href") ?? ""; })()`
			if got := eval[string](look.v, offered); got != look.link {
				t.Errorf("%s at %s is offered %q, want %q", look.v.name, path, got, look.link)
			}
		}
	}
	guest.open("/competitions?search=zzz&sort=deadline")
	guest.see("#results", "No matches")
	guest.click(`#results a[href="/competitions"]`)
	guest.until("no filter", `location.search === ""`)
	guest.see("#results", "No competitions yet")
}

// testLongTitles shows unbreakable titles and names on the narrowest screen: nothing is cut off at the side, and cards
// keep their layout.
func testLongTitles(t *testing.T, s site) {
	client := s.replicas[0].Visitor()
	word := strings.Repeat("Bartholomaios", 3)[:35]
	var login struct{ Token string }
	client.Do(http.MethodPost, "/api/auth/signup",
		map[string]any{
			"name": "Olga Long", "email": "olga.long@example.com", "password": apptest.Password,
			"role": "ORGANIZER",
		}).
		Want(t, http.StatusCreated).JSON(t, &login)
	client.Token = login.Token
	page := "/competitions/" + client.Create(map[string]any{
		"title": strings.Repeat(word+" ", 3), "location": strings.Repeat(word+" ", 5), "tags": []string{word[:32]},
		"capacity":  5,
		"startDate": time.Now().AddDate(0, 1, 0),
	})
	v := newVisitor(t, s.first(), word)
	v.signUpDirectly("PARTICIPANT")
	v.screen(320, 800)
	v.open(page)
	v.click(registerButton)
	v.see("#stand .bib", word)
	const wide = `[...document.querySelectorAll("main *")].filter((e) => !e.closest(".chips") && e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 0.5 && !e.closest(".sr-only"))
		.map((e) => e.tagName + "." + e.className).join(", ")`
	v.check("the page of a competition", v.overflow(320), eval[string](v, wide))
	v.open("/competitions?search=" + word)
	v.see("#results article", word)
	v.check("its card", v.overflow(320), eval[string](v, wide))
	lines := eval[float64](v,
		`(() => { const h = document.querySelector("#results h3"); return h.getBoundingClientRect().height / parseFloat(getComputedStyle(h).lineHeight); })()`)
	if lines > 3.2 {
		t.Errorf("a card's title takes %.1f lines, want at most 3", lines)
	}
}

// testPhoneOrder checks what a phone shows first of a competition: the site, the date, and then the button, each once.
func testPhoneOrder(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Phone")
	v.screen(390, 844)
	v.open(v.find("/competitions?phase=open&sort=deadline", "Data Science Sprint"))
	at := func(selector string) float64 {
		return eval[float64](v, fmt.Sprintf(`document.querySelector(%q).getBoundingClientRect().bottom`, selector))
	}
	back := "/auth/login?" + url.Values{"next": {eval[string](v, `location.pathname`)}}.Encode()
	if links := eval[[]string](v,
		`[...document.querySelectorAll("a, button")].filter((e) => e.checkVisibility() && e.innerText.trim() === "Log in").map((e) => e.getAttribute("href"))`); len(links) != 1 || links[0] != back {
		t.Errorf("%q lead to the log-in page, want one that leads back", links)
	}
	v.screen(320, 844)
	if cut := eval[bool](v,
		`(({scrollWidth, clientWidth, scrollHeight, clientHeight}) => scrollWidth > clientWidth || scrollHeight > clientHeight + 1)(document.querySelector(".brand span"))`); cut {
		t.Error("the name of the site is cut off")
	}
	v.screen(390, 844)
	if date, press := at(".dates time"), at("#stand .btn-primary"); date > 844-68 || press < date {
		t.Errorf("the date ends at %.0f px and the button at %.0f, on a screen of 844", date, press)
	}
}
