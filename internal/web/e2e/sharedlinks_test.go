package e2e

import (
	"strings"
	"testing"
)

// testSharedLinks checks the preview that other sites show of a link.
func testSharedLinks(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Sharer")
	page := v.find("/competitions?search=hackathon", "Green Code Hackathon")
	for path, want := range map[string]string{"/": "seat", "/competitions": "seat", page: "Registration closes"} {
		v.open(path)
		meta := func(name string) string {
			return eval[string](v, `document.querySelector('meta[property="og:`+name+`"]')?.content ?? ""`)
		}
		if meta("title") == "" || !strings.Contains(meta("description"), want) ||
			!strings.HasSuffix(meta("url"), path) || !strings.HasPrefix(meta("url"), "http") {
			t.Errorf("%s is shared as %q, %q, %q", path, meta("title"), meta("description"), meta("url"))
		}
		picture := eval[string](v, `fetch(new URL(`+"`"+meta("image")+"`"+
			`).pathname).then((r) => r.status + " " + r.headers.get("content-type"))`)
		if picture != "200 image/png" {
			t.Errorf("the picture of %s answers %s", path, picture)
		}
	}
	v.open("/auth/login")
	if eval[bool](v,
		`document.querySelector('meta[property^="og:"]') !== null || document.querySelector('meta[name=robots][content=noindex]') === null`) {
		t.Error("the log-in page is offered to be shared")
	}
}
