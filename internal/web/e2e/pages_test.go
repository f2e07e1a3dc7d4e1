package e2e

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// look is a width and a theme.
type look struct {
	width int64
	theme string
}

var looks = []look{{1280, "light"}, {390, "dark"}, {1280, "dark"}, {390, "light"}}

// opposites are two looks with nothing in common, the wide one first, and for the next n the other two.
func opposites(n int) []look { return looks[n%2*2:][:2] }

// courses are the looks at the pages of the nth tour, from a wide screen to a narrow one and back. They pass two more
// widths at which nothing may be cut off: the minimum of WCAG 1.4.10, and the one at which tabs become a menu. Pages
// take one course and the other in turn, since a browser takes long to lay out a page anew.
func courses(n int) (narrower, wider []look) {
	both := opposites(n)
	narrower = []look{both[0], {768, both[0].theme}, both[1], {320, both[1].theme}}
	wider = slices.Clone(narrower)
	slices.Reverse(wider)
	return narrower, wider
}

// testEveryPage visits every page at both widths and in both themes: what a page doesn't show in one combination, the
// next one does. axe reports nothing, nothing is cut off at the side, there are no console errors or violations of the
// content security policy, and no page is too heavy.
func testEveryPage(t *testing.T, s site) {
	// As many at once as there are cores, since a tour leaves one idle while the browser and the server take turns.
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for group := range everyTour(t, s) {
		var tours sync.WaitGroup
		for n, tour := range group {
			tours.Go(func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				t.Run(tour.visitor.name, func(t *testing.T) { tour.take(t, n) })
			})
		}
		tours.Wait()
	}
}

// take visits the pages of the nth tour, and takes pictures of them if asked to.
func (tour tour) take(t *testing.T, n int) {
	shots := os.Getenv("MINICOMPETE_SCREENSHOTS")
	v := tour.visitor
	v.t = t
	narrower, wider := courses(n)
	for _, stop := range tour.stops {
		course := wider
		if stop.then != nil || v.view.width == narrower[0].width {
			course = narrower // what is done to a page needs room
		}
		v.wear(course[0])
		v.open(stop.path)
		if stop.then != nil {
			stop.then(v)
		}
		v.until("the fonts", `document.readyState === "complete" && document.fonts.status === "loaded"`)
		v.check(stop.name, v.weigh(), v.promises())
		looked := false
		for _, l := range course {
			v.wear(l)
			where := fmt.Sprintf("%s at %d px, %s", stop.name, l.width, l.theme)
			v.check(where, v.overflow(l.width))
			switch {
			case !slices.Contains(looks, l):
			case looked: // the elements are the same
				v.check(where, v.contrast())
			default:
				v.check(where, v.accessibility())
				looked = true
			}
		}
		if shots != "" {
			for _, l := range append(slices.Clone(looks), look{320, "light"}) {
				v.wear(l)
				v.picture(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", stop.name, l.width, l.theme)), l)
			}
		}
		v.check(stop.name, v.pageErrors(), v.strangers())
	}
}

// check reports the findings of checks; an empty text means none.
func (v *visitor) check(where string, found ...string) {
	v.t.Helper()
	for _, f := range found {
		if f != "" {
			v.t.Errorf("%s: %s", where, f)
		}
	}
}

// testChecksCanFail breaks a page in every way that the checks should detect.
func testChecksCanFail(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Vandal")
	v.open("/auth/login")
	v.wear(look{390, "light"})
	v.until("the script", `document.readyState === "complete"`)
	for name, found := range map[string]string{
		"axe": v.accessibility(), "width": v.overflow(390),
		"page errors": v.pageErrors(), "strangers": v.strangers(), "weight": v.weigh(),
	} {
		if found != "" {
			t.Fatalf("%s finds something before anything is spoiled: %s", name, found)
		}
	}
	eval[any](v, `(() => {
		document.querySelector("label").remove();
		document.querySelector("h1").style.color = "#ddd";
		document.querySelector("main").append(Object.assign(document.createElement("div"), {id: "wide"}));
		document.querySelector("#wide").style.width = "500px";
		document.querySelector("#wide").insertAdjacentHTML("beforeend", "<img alt='' src='http://127.0.0.1:9/x.png'><p style='color: red'>x</p>");
	})()`)
	v.until("the policy to refuse what was put in", `pageErrors.length >= 2`)
	for name, found := range map[string]struct{ got, want string }{
		"labels":     {v.accessibility(), "label:"},
		"looks":      {v.contrast(), "color-contrast:"},
		"contrast":   {v.accessibility(), "color-contrast:"},
		"width":      {v.overflowAfter(390, 0), "wide"},
		"policy":     {v.pageErrors(), "style-src"},
		"outsiders":  {v.pageErrors(), "http://127.0.0.1:9"},
		"no scripts": {heavy(weight{All: 1, Fonts: 1}), "script"},
		"too heavy":  {heavy(weight{All: maxFirstView + 1, Script: 1, Fonts: 1}), "in all"},
		"too big":    {heavy(weight{All: 1, Script: 1, Fonts: 1, Cover: maxCover + 1}), "cover"},
		"too clever": {heavy(weight{All: 1, Script: maxScript + 1, Fonts: 1}), "script"},
	} {
		if !strings.Contains(found.got, found.want) {
			t.Errorf("%s: found %q, want %q in it", name, found.got, found.want)
		}
	}
}

// wear sets the width of the screen and the system's preferred theme, and disables motion for screenshots.
func (v *visitor) wear(l look) {
	v.t.Helper()
	v.screen(l.width, 900)
	v.media("", &emulation.MediaFeature{Name: "prefers-color-scheme", Value: l.theme},
		&emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
}

// screen sets the screen's size; a narrow one is a phone's, whose scroll bars take no space.
func (v *visitor) screen(width, height int64) {
	v.t.Helper()
	if v.view.width == width && v.view.height == height {
		return
	}
	v.view.width, v.view.height = width, height
	var options []chromedp.EmulateViewportOption
	if width < 600 {
		options = append(options, chromedp.EmulateMobile)
	}
	v.do(chromedp.EmulateViewport(width, height, options...))
}

// media sets the medium, "" for a screen, and the viewer's preferences.
func (v *visitor) media(medium string, preferred ...*emulation.MediaFeature) {
	v.t.Helper()
	params := emulation.SetEmulatedMediaParams{Media: medium, Features: preferred}
	if reflect.DeepEqual(v.view.media, params) {
		return
	}
	v.view.media = params
	if _, err := chromedp.Call(v.tab, emulation.SetEmulatedMedia, params); err != nil {
		v.fatal("set the medium", err)
	}
}

//go:embed testdata/axe.min.js
var axe string

// rules are those for WCAG 2.2 AA and axe's best practices.
const rules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`

// visualRules are the rules about how a page looks, rather than what it consists of.
const visualRules = `{type: "rule", values: ["color-contrast", "target-size", "scrollable-region-focusable"]}`

// accessibility returns violations of all rules.
func (v *visitor) accessibility() string {
	v.t.Helper()
	return v.axe(rules)
}

// contrast returns violations of the visual rules, for a page to which accessibility found nothing in another look.
func (v *visitor) contrast() string {
	v.t.Helper()
	return v.axe(visualRules)
}

// axe returns violations of these rules as text, once what fades or moves has come to rest. From then on, nothing
// on this page does so again: a button that changes meanwhile would be seen half faded in.
func (v *visitor) axe(rules string) string {
	v.t.Helper()
	if !eval[bool](v, `"axe" in window`) {
		eval[any](v, axe+"; 0")
	}
	v.until("a page at rest", `document.getAnimations().every((a) =>
		a.playState !== "running" || a.effect.getComputedTiming().endTime === Infinity)`)
	eval[any](v, `(() => {
		const still = new CSSStyleSheet()
		still.replaceSync("*, ::before, ::after { animation: none !important; transition: none !important }")
		document.adoptedStyleSheets = [still]
	})()`)
	return strings.TrimSpace(eval[string](v, `axe.run(document, {resultTypes: ["violations"], runOnly: `+rules+`})
		.then(r => r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => "    " + n.target.join(" ") + "\n      " + n.failureSummary.replaceAll("\n", "\n      ")).join("\n")).join("\n"))`))
}

// overflow returns a description if the page is permanently wider than the screen: charts adapt a moment later.
func (v *visitor) overflow(width int64) string {
	v.t.Helper()
	return v.overflowAfter(width, patience)
}

// overflowAfter is overflow for a page that is expected to stay wide.
func (v *visitor) overflowAfter(width int64, wait time.Duration) string {
	v.t.Helper()
	for deadline := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		wide := eval[int64](v, "document.documentElement.scrollWidth")
		if wide <= width {
			return ""
		}
		if time.Now().After(deadline) {
			return fmt.Sprintf("it is %d px wide", wide)
		}
	}
}

// promises returns text in which a page promises email, which a site without a mail server must not do. A demo shows
// samples below /dev.
func (v *visitor) promises() string {
	v.t.Helper()
	return eval[string](v, `location.pathname.startsWith("/dev/") ? "" :
		(document.querySelector("main").innerText.match(/\b(by e?mail|we('(ll|ve))? (already )?email|(check|look into) your (e?mail|inbox)|spam|sends? you an? e?mail)/gi) ?? []).join(", ")`)
}

// pageErrors returns the errors in the page since it was opened.
func (v *visitor) pageErrors() string {
	v.t.Helper()
	return eval[string](v, `pageErrors.join("\n")`)
}

// strangers returns the external URLs that the page has loaded from.
func (v *visitor) strangers() string {
	v.t.Helper()
	return eval[string](v,
		`performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith(location.origin + "/")).join(" ")`)
}

// The limits of a first view, in bytes as transferred.
const (
	maxScript      = 35 << 10
	maxScriptChart = 50 << 10
	maxFirstView   = 120 << 10 // excluding covers
	maxCover       = 60_000    // each
)

// weight is the size of a page in bytes as transferred, from the network or the cache.
type weight struct {
	All, Script, Fonts int
	Cover              int // size of the largest
	Chart              bool
}

func (v *visitor) weigh() string {
	v.t.Helper()
	w := eval[weight](v, `(() => {
		const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
		const sum = (list) => list.reduce((n, e) => n + e.encodedBodySize, 0);
		const cover = (e) => e.name.startsWith(location.origin + "/covers/") || e.name.includes("/cover/");
		const covers = all.filter(cover).map((e) => e.encodedBodySize);
		const ending = (end) => all.filter((e) => e.name.endsWith(end));
		return {All: sum(all.filter((e) => !cover(e))), Cover: Math.max(0, ...covers), Script: sum(ending(".js")), Fonts: ending(".woff2").length, Chart: document.querySelector("[data-chart]") !== null};
	})()`)
	v.t.Logf("%s weighs %d bytes, %d of them script", eval[string](v, "location.pathname"), w.All, w.Script)
	return heavy(w)
}

// heavy says why a page is too heavy, or so light that it can't have been measured.
func heavy(w weight) string {
	most := maxScript
	if w.Chart {
		most = maxScriptChart
	}
	var err error
	if w.Script == 0 || w.Script > most {
		err = fmt.Errorf("%d bytes of script, want at most %d", w.Script, most)
	}
	if w.Fonts == 0 || w.All > maxFirstView {
		err = errors.Join(err, fmt.Errorf("%d bytes in all with %d fonts, want at most %d", w.All,
			w.Fonts, maxFirstView))
	}
	if w.Cover > maxCover {
		err = errors.Join(err, fmt.Errorf("a cover of %d bytes, want at most %d", w.Cover, maxCover))
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// picture takes a screenshot of the whole page, on a screen as high as the page, so that fixed elements stay in place.
func (v *visitor) picture(file string, l look) {
	v.t.Helper()
	v.screen(l.width, eval[int64](v, "document.documentElement.scrollHeight"))
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
