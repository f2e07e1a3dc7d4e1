package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// testOpening registers before the opening and is refused; then the button is enabled automatically, by the server's
// clock, however wrong the browser's is.
func testOpening(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Opening")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Early Cup", 5)
	organizer.open(page + "/edit")
	organizer.set("regOpensAt", local(time.Now().Add(time.Hour)))
	organizer.click("main form button.btn-primary")
	organizer.see("#flash", "Saved")

	plain := newVisitor(t, s.first(), "Ben Early").withoutScript()
	plain.signUpDirectly("PARTICIPANT")
	plain.open(page)
	plain.click(registerButton)
	plain.see("#stand [role=alert]", "Registration opens")

	for name, wrong := range map[string]time.Duration{"slow": -7 * time.Minute, "fast": 7 * time.Minute} {
		t.Run("a clock too "+name, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, s.first(), "Ada with a clock too "+name)
			v.shiftClock(wrong)
			v.signUpDirectly("PARTICIPANT")
			v.open(page)
			v.see("#stand-title", "opens soon")
			v.until("a button that waits", `document.querySelector("button[data-opens]").disabled`)
			v.see("[data-clock]", ":")
			// The same page, as if registration opened ten seconds from when it is told so, however late that is. It
			// records what it shows, because that is too brief to be polled.
			opens, err := time.Parse(time.RFC3339, eval[string](v, fmt.Sprintf(`(() => {
				const clock = document.querySelector("[data-clock]");
				window.shown = [];
				new MutationObserver(() => shown.push(clock.textContent)).observe(clock, {subtree: true, childList: true, characterData: true});
				return document.querySelector("[data-countdown]").dataset.countdown = new Date(Date.now() - %d + 10000).toISOString();
			})()`, wrong.Milliseconds())))
			if err != nil {
				t.Fatal(err)
			}
			v.until("a button that can be pressed", `!document.querySelector("button[data-opens]").disabled`)
			if early := time.Until(opens); early > 0 {
				t.Errorf("the button is ready %v too early", early)
			}
			if shown := eval[[]string](v, "shown"); len(shown) == 0 || !strings.HasPrefix(shown[len(shown)-1], "00:0") {
				t.Errorf("the countdown went through %q, want the last seconds", shown)
			}
			v.click(registerButton)
			v.see("#stand [role=alert]", "Registration opens") // the server decides
		})
	}
}

// testOpeningOfDivisions has a page open while registration begins: whoever prepared nothing chooses a division then.
func testOpeningOfDivisions(t *testing.T, s site) {
	organizer := s.replicas[0].As(compete.RoleOrganizer)
	id := organizer.Create(map[string]any{
		"title": "Early Run", "regOpensAt": time.Now().Add(time.Hour), "divisions": []map[string]any{
			{"name": "Half marathon", "capacity": 5}, {"name": "10 km", "capacity": 5},
		},
	})
	v := newVisitor(t, s.first(), "Ada Early")
	v.signUpDirectly("PARTICIPANT")
	v.open("/competitions/" + id)
	v.see("#register", "Get ready")
	const choice = `document.querySelector("#divisions input").checkVisibility()`
	v.until("nothing to choose yet", "!"+choice)
	organizer.Do(http.MethodPatch, "/api/competitions/"+id, map[string]any{"regOpensAt": nil}, "If-Match", "*").
		Want(t, http.StatusOK)
	v.until("divisions to choose from", choice)
	v.click("#divisions li:last-child label")
	v.click(registerButton)
	v.see("#stand-title", "You're in!")
	v.see("#stand .bib", "10 km")
}
