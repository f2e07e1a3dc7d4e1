package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// closes sets the deadline to a time that no organizer could choose; an open page is updated automatically.
func (b board) closes(at time.Time) {
	b.t.Helper()
	if _, err := b.s.replicas[0].Store().Writer().ExecContext(b.t.Context(), `UPDATE competitions SET reg_deadline = $1
		WHERE id = $2`, compete.UTC(at), b.id); err != nil {
		b.t.Fatal(err)
	}
}

// testDeadline registers in the last seconds, with the deadline passing before the request or the response arrives.
// Either response is shown, and is correct.
func testDeadline(t *testing.T, s site) {
	for name, late := range map[string]bool{"too late": true, "in time": false} {
		t.Run(name, func(t *testing.T) {
			b := newBoard(t, s, nil)
			v := b.participant("Mia " + name)
			v.open(b.page())
			v.keep()
			arrived := make(chan request, 4)
			v.intercept("*/register", func(r request) { arrived <- r })
			v.click(registerButton)
			press := <-arrived
			if !late {
				press.deliver()
				press = <-arrived
			}
			b.closes(time.Now())
			v.until("the new phase", `document.querySelector("#stand").dataset.phase === "closed"`)
			v.see(registerButton, "Registering…")
			if !v.holds(kept) {
				t.Error("the card is another one under the press")
			}
			press.pass()
			if !late {
				v.see("#stand-title", "You're in")
				b.wantRegistered(1)
				return
			}
			v.see("#stand .stand-note[role=alert]", "The registration deadline has passed.")
			v.see("#stand-title", "Registration is closed")
			v.see("#stand .stand-bar button[disabled]", "Registration closed")
			b.wantRegistered(0)
		})
	}
}

// testCalendarFile follows the page's links to the calendar: it has one event, whose sequence increases with each
// change of the competition.
func testCalendarFile(t *testing.T, s site) {
	b := newBoard(t, s, map[string]any{
		"title": "Calendar Cup", "location": "Hall 4",
		"startDate": time.Now().AddDate(0, 1, 0),
	})
	guest, mine := newVisitor(t, s.first(), "Nora Guest"), b.participant("Nora Calendar")
	mine.open(b.page())
	mine.click(registerButton)
	mine.see("#stand-title", "You're in")
	read := func(v *visitor, in string) string {
		t.Helper()
		v.open(b.page())
		return eval[string](v, `fetch([...document.querySelectorAll("`+in+
			` a")].find((a) => a.innerText.includes("Add to calendar")).href)
			.then(async (r) => [r.status, r.headers.get("content-type"), r.headers.get("content-disposition"), await r.text()].join("\n"))`)
	}
	want := func(file string, lines ...string) {
		t.Helper()
		for _, line := range append(lines, "200", "text/calendar; charset=utf-8",
			`attachment; filename="competition.ics"`, "UID:"+b.id, "SUMMARY:Calendar Cup") {
			if !strings.Contains(strings.ReplaceAll(file, "\r\n", "\n")+"\n", line+"\n") {
				t.Errorf("no line %q in\n%s", line, file)
			}
		}
	}
	want(read(guest, ".dates"), "SEQUENCE:1", "LOCATION:Hall 4", "STATUS:CONFIRMED")
	want(read(mine, "#stand"), "SEQUENCE:1", "LOCATION:Hall 4", "STATUS:CONFIRMED")
	b.change(map[string]any{"location": "Hall 5"})
	want(read(mine, "#stand"), "SEQUENCE:2", "LOCATION:Hall 5", "STATUS:CONFIRMED")
	b.organizer.Do(http.MethodPost, "/api"+b.page()+"/cancel", nil).Want(t, http.StatusOK)
	want(read(guest, ".dates"), "SEQUENCE:3", "STATUS:CANCELLED")
}
