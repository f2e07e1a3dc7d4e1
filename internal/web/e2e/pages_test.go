package e2e

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// axeRun asks for what WCAG 2.2 AA asks for, and axe's best practices, and returns what was found as text.
const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(r => r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => "    " + n.target.join(" ") + "\n      " + n.failureSummary.replaceAll("\n", "\n      ")).join("\n")).join("\n"))`

// look is a width and a theme.
type look struct {
	width int64
	theme string
}

var looks = []look{{1280, "light"}, {1280, "dark"}, {390, "light"}, {390, "dark"}}

// TestEveryPage visits every page in every look. axe finds nothing, nothing is cut off at the side, nothing
// breaks the content security policy or fails in the console.
func TestEveryPage(t *testing.T) {
	s := startSite(t)
	tour := newTour(t, s.replicas[0])
	shots := os.Getenv("MINICOMPETE_SCREENSHOTS")
	for _, stop := range tour {
		t.Run(stop.name, func(t *testing.T) {
			v := stop.visitor
			v.t = t
			for _, l := range looks {
				v.wear(l)
				v.open(stop.path)
				v.until("the script", `document.readyState === "complete"`)
				if found := v.accessibility(); found != "" {
					t.Errorf("%s at %d px, %s:\n%s", stop.path, l.width, l.theme, found)
				}
				if wide := eval[int64](v, "document.documentElement.scrollWidth"); wide > l.width {
					t.Errorf("%s at %d px is %d px wide", stop.path, l.width, wide)
				}
				if shots != "" {
					v.picture(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", stop.name, l.width, l.theme)))
				}
			}
		})
	}
}

// wear sets the width of the screen and the theme that the system prefers, and keeps motion out of the pictures.
func (v *visitor) wear(l look) {
	v.t.Helper()
	v.do(chromedp.EmulateViewport(l.width, 900))
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: l.theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if _, err := chromedp.Call(v.tab, emulation.SetEmulatedMedia, params); err != nil {
		v.fatal("set the theme", err)
	}
}

func (v *visitor) accessibility() string {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axe)); err != nil {
		v.fatal("load axe", err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		v.fatal("run axe", err)
	}
	return strings.TrimSpace(found)
}

func (v *visitor) picture(file string) {
	v.t.Helper()
	png, err := chromedp.Run(v.tab, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		v.fatal("take a picture", err)
	}
}

// stop is a page of the tour.
type stop struct {
	name    string
	visitor *visitor
	path    string
}

// newTour prepares one competition of each kind and somebody of each role, and returns every page worth a look.
func newTour(t *testing.T, base string) []stop {
	t.Helper()
	guest := newVisitor(t, base, "Guest")
	organizer := newVisitor(t, base, "Olga Organizer")
	participant := newVisitor(t, base, "Ada Participant")
	other := newVisitor(t, base, "Ben Participant")
	admin := newVisitor(t, base, "Admin")

	organizer.signUp("ORGANIZER")
	participant.signUp("PARTICIPANT")
	other.signUp("PARTICIPANT")
	admin.logIn("admin@minicompete.com", "password123")

	open := organizer.publish("Harbour Lights Night Run", 120)
	small := organizer.publish("Compilers in a Day", 1)
	cancelled := organizer.publish("Winter Chess Open", 16)
	organizer.open(cancelled + "/cancel")
	organizer.click("main form button")
	organizer.see("#stand-title", "cancelled")
	other.open(small)
	other.click(registerButton)
	other.see("#stand-title", "You are in")
	participant.open(open)
	participant.click(registerButton)
	participant.see("#stand-title", "You are in")
	participant.open(small)
	participant.click(registerButton)
	participant.see("#stand-title", "in line")
	participant.until("the confirmation", `Number(document.querySelector("[data-unread]").dataset.unread) > 1`)
	participant.open("/mailbox")
	mail := eval[string](participant, `document.querySelector(".mail-list a").getAttribute("href")`)
	participant.open("/competitions")
	admin.open("/admin?search=olga.organizer")
	account := eval[string](admin, `document.querySelector("tbody a").getAttribute("href")`)

	return []stop{
		{"home", guest, "/"},
		{"login", guest, "/auth/login"},
		{"signup", guest, "/auth/signup"},
		{"competitions", guest, "/competitions"},
		{"nothing-found", guest, "/competitions?search=zzzzzz"},
		{"competition-visitor", guest, open},
		{"not-found", guest, "/no/such/page"},
		{"components", guest, "/dev/components"},
		{"competition-in", participant, open},
		{"competition-waitlisted", participant, small},
		{"competition-cancelled", participant, cancelled},
		{"withdraw", participant, open + "/withdraw"},
		{"dashboard-participant", participant, "/dashboard"},
		{"mailbox", participant, "/mailbox"},
		{"message", participant, mail},
		{"account", participant, "/account"},
		{"forbidden", participant, "/competitions/create"},
		{"dashboard-organizer", organizer, "/dashboard"},
		{"create", organizer, "/competitions/create"},
		{"edit", organizer, open + "/edit"},
		{"competition-organizer", organizer, open},
		{"registrations", organizer, open + "/registrations"},
		{"cancel", organizer, open + "/cancel"},
		{"admin", admin, "/admin"},
		{"admin-user", admin, account},
		{"dead-letters", admin, "/admin/dead-letters"},
	}
}
