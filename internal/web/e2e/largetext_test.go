package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// largeText sets the browser's text to twice the usual size, in px.
func (v *visitor) largeText() {
	v.t.Helper()
	params := page.SetFontSizesParams{FontSizes: &page.FontSizes{Standard: 32, Fixed: 26}}
	if _, err := chromedp.Call(v.tab, page.SetFontSizes, params); err != nil {
		v.fatal("set the size of text", err)
	}
}

// testLargeText opens pages on a phone whose text is twice the usual size: none is wider than the screen, and all tabs
// of the navigation are in sight.
func testLargeText(t *testing.T, s site) {
	const width = 390
	const hidden = `[...document.querySelectorAll(".nav-tabs .nav-link")]
		.filter((a) => a.querySelector("span").getBoundingClientRect().right > 390)
		.map((a) => "not in sight: " + a.innerText).join(", ")`
	for _, tt := range []struct {
		email string
		paths []string
		find  []string // competitions
	}{
		{"", []string{"/", "/competitions"}, nil},
		{"participant1@minicompete.com", []string{"/", "/dashboard", "/mailbox"}, []string{"Data Science Sprint"}},
		{
			"organizer1@minicompete.com",
			[]string{"/dashboard", "/competitions/create"},
			[]string{"Civic Tech Hackathon"},
		},
		{"admin@minicompete.com", []string{"/admin", "/admin/audit"}, nil},
	} {
		v := newVisitor(t, s.first(), "large text of "+tt.email)
		v.screen(width, 844)
		v.largeText()
		if tt.email != "" {
			v.logInDirectly(tt.email, "password123")
		}
		paths := tt.paths
		for _, title := range tt.find {
			competition := v.find("/dashboard", title)
			paths = append(paths, competition)
			if tt.email == "organizer1@minicompete.com" {
				paths = append(paths, competition+"/edit", competition+"/applications")
			}
		}
		for _, path := range paths {
			v.open(path)
			v.check(path+" for "+tt.email, v.overflow(width), eval[string](v, hidden))
		}
	}
}

// testOwnTimesOnTheirLine looks at times of a venue on a phone far from it: the viewer's own time, where it goes to the
// next line, begins where that line does.
func testOwnTimesOnTheirLine(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "phone far away")
	v.inZone("America/New_York")
	v.screen(390, 844)
	v.logInDirectly("participant1@minicompete.com", "password123")
	v.open("/dashboard")
	const wrapped = `[...document.querySelectorAll("main time + .own-time:not(:empty)")].map((own) => {
		const [at] = own.previousElementSibling.getClientRects(), mine = own.getBoundingClientRect();
		return {below: mine.top > at.top + at.height / 2, indent: mine.left - at.left};
	}).filter(({below}) => below)`
	v.until("an own time goes to the next line", wrapped+".length > 0")
	if most := eval[float64](v, `Math.max(...`+wrapped+`.map(({indent}) => indent))`); most > 0.5 {
		t.Errorf("an own time is indented by %.1f px", most)
	}
}
