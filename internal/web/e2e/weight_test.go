package e2e

import "testing"

// The limits of what a first view costs, in bytes as they travel.
const (
	maxScript      = 35 << 10
	maxScriptChart = 50 << 10
	maxFirstView   = 120 << 10
)

// weights adds up what the browser received: all of it, and scripts alone.
const weights = `(() => {
	const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
	const sum = (list) => list.reduce((n, e) => n + e.encodedBodySize, 0);
	return {all: sum(all), script: sum(all.filter(e => e.name.endsWith(".js"))), fonts: all.filter(e => e.name.endsWith(".woff2")).length};
})()`

type weight struct{ All, Script, Fonts int }

// TestWeight measures first views: nothing is in the browser's cache.
func TestWeight(t *testing.T) {
	s := startSite(t)
	for _, page := range []struct {
		path      string
		who       string
		maxScript int
	}{
		{"/", "", maxScript},
		{"/competitions", "", maxScript},
		{"/auth/signup", "", maxScript},
		{"/dashboard", "participant1@minicompete.com", maxScript},
		{"/dashboard", "organizer1@minicompete.com", maxScriptChart},
	} {
		v := newVisitor(t, s.replicas[0], "Weigher")
		if page.who != "" {
			v.logIn(page.who, "password123")
			v.forgetCache()
		}
		v.open(page.path)
		v.until("all of the page", `document.readyState === "complete" && document.fonts.status === "loaded"`)
		w := eval[weight](v, weights)
		t.Logf("%s %s: %d bytes in all, %d of script", page.path, page.who, w.All, w.Script)
		if w.Script == 0 || w.Fonts == 0 || w.Script > page.maxScript || w.All > maxFirstView {
			t.Errorf("%s %s: %+v, want at most %d of script and %d in all, fonts included", page.path, page.who, w, page.maxScript, maxFirstView)
		}
	}
}
