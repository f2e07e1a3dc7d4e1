package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/config"
)

// upload selects a file in the cover's field.
func (v *visitor) upload(name, content string) {
	v.t.Helper()
	v.choose("#cover-file", name, content)
}

// choose selects a file in a field.
func (v *visitor) choose(field, name, content string) {
	v.t.Helper()
	path := filepath.Join(v.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		v.t.Fatal(err)
	}
	v.attach(field, path)
}

// photo returns a picture similar to a photograph: not square, and with many colors.
func photo(t *testing.T) string {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 900, 700))
	for y := range 700 {
		for x := range 900 {
			p.SetRGBA(x, y, color.RGBA{uint8(x / 4), uint8(y / 3), 90, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// whatAnswers returns the final path after following redirects from a path.
func (s site) whatAnswers(t *testing.T, path string) string {
	t.Helper()
	answer, err := http.Get(s.first() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.Request.URL.Path
}

const coverShown = `(() => { const i = document.querySelector(".cover img"); return i.complete && i.naturalWidth > 0 ? new URL(i.src).pathname : ""; })()`

// testCovers adds a cover to a competition, checks it everywhere it is shown, and removes it, with and without
// JavaScript.
func testCovers(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Olga Cover")
	v.signUpDirectly("ORGANIZER")
	page := v.publish("Cover Cup", 5)
	p := newVisitor(t, s.first(), "Ada Cover")
	p.signUpDirectly("PARTICIPANT")
	p.open(page)
	p.click(registerButton)
	p.see("#stand-title", "You're in")
	v.inZone("Asia/Tokyo") // different from the competition's
	for _, script := range []bool{true, false} {
		v.open(page + "/edit")
		if !script {
			v.withoutScript()
			v.open(page + "/edit")
		}
		send := func() {
			if !script {
				v.click(`#cover form button`)
			}
		}
		v.see("#cover", "Upload")
		if script {
			v.fill("title", "Not saved yet")
		}
		const deadline = `document.querySelector("main [name=regDeadline]").value`
		generated, closes := eval[string](v, coverShown), eval[string](v, deadline)
		if !strings.HasPrefix(generated, "/covers/") {
			t.Errorf("the first cover is %s", generated)
		}
		v.upload("notes.png", "no picture")
		send()
		v.see("#cover-error", "picture")
		v.until("the form below", `document.readyState === "complete"`)
		if now := eval[string](v, deadline); now != closes {
			t.Errorf("script %v: a refused picture moved the deadline from %s to %s", script, closes, now)
		}
		v.upload("photo.png", photo(t))
		send()
		v.see("#cover button", "Remove cover")
		v.until("the picture", fmt.Sprintf(`%s.startsWith(%q)`, coverShown, page+"/cover/"))
		if script {
			if typed := eval[string](v, `document.querySelector("main [name=title]").value`); typed != "Not saved yet" {
				t.Errorf("the upload lost what was typed: %q", typed)
			}
			v.check("the cover", v.accessibility())
		}
		uploaded := eval[string](v, coverShown)
		v.open(page)
		v.until("the cover on the page", fmt.Sprintf(`%s === %q`, coverShown, uploaded))
		if shared := eval[string](v, `document.querySelector('meta[property="og:image"]').content`); !strings.HasSuffix(
			shared, uploaded,
		) {
			t.Errorf("shared with %s, want %s", shared, uploaded)
		}
		if script {
			v.check("the page with a cover", v.weigh())
		}
		v.open("/competitions?search=cover+cup")
		v.until("the cover on its card", coverShown+`.endsWith("-small.jpg")`)
		for _, who := range []*visitor{v, p} {
			who.open("/dashboard")
			who.until("the cover on the dashboard", coverShown+`.endsWith("-small.jpg")`)
		}
		v.open(page + "/edit")
		v.click(`#cover form[action$="/remove"] button`)
		v.until("the generated cover",
			fmt.Sprintf(`%s === %q && document.querySelector("#cover form[action$='/remove']") === null`,
				coverShown, generated))
		if now := s.whatAnswers(t, uploaded); now != generated {
			t.Errorf("the picture that is gone leads to %s, want %s", now, generated)
		}
	}
}

// TestBrandedSite checks a site with the operator's branding, in a color that wouldn't be readable unmodified.
func TestBrandedSite(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(logo,
		[]byte(
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>document.title = "x"</script><circle r="9"/></svg>`,
		), 0o600); err != nil {
		t.Fatal(err)
	}
	const name = `Kubb & Cornhole "Union" of the <North>`
	a := apptest.Start(t, apptest.Options{Settings: func(c *config.Config) {
		c.SiteName, c.SiteLogo, c.SiteAccent = name, logo, "#ffe100"
		c.Contact, c.ImprintURL, c.PrivacyURL, c.TermsURL = "help@example.org", "https://example.org/imprint",
			"https://example.org/privacy", "https://example.org/terms"
	}})
	v := newVisitor(t, a.WebURL, "Ada Brand")
	for _, l := range append(looks, look{320, "light"}) {
		v.open("/auth/login")
		v.wear(l)
		v.until("the fonts", `document.readyState === "complete" && document.fonts.status === "loaded"`)
		v.check(fmt.Sprintf("%d px, %s", l.width, l.theme), v.accessibility(), v.overflow(l.width),
			v.pageErrors(), v.strangers())
	}
	if title := eval[string](v, `document.title`); !strings.HasSuffix(title, " · "+name) {
		t.Errorf("the title is %q", title)
	}
	v.until("the logo", `document.querySelector(".brand img").naturalWidth > 0`)
	links := eval[string](v,
		`[...document.querySelectorAll("footer a")].map((a) => a.innerText + " " + a.getAttribute("href")).join("\n")`)
	for _, want := range []string{
		"Contact mailto:help@example.org", "Imprint https://example.org/imprint",
		"Privacy https://example.org/privacy", "Terms https://example.org/terms",
	} {
		if !strings.Contains(links, want) {
			t.Errorf("the footer has\n%s\nwant %q", links, want)
		}
	}
	var document struct {
		Info struct {
			Title, TermsOfService string
			Contact               struct{ Email string }
		}
	}
	a.Visitor().Get("/api/openapi.json", &document)
	if i := document.Info; i.Title != name || i.Contact.Email != "help@example.org" ||
		i.TermsOfService != "https://example.org/terms" {
		t.Errorf("the API document says %+v", i)
	}
	policy := eval[string](v,
		`fetch(document.querySelector(".brand img").src).then((r) => r.headers.get("content-security-policy"))`)
	if !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script-src") {
		t.Errorf("the logo is served with the policy %q", policy)
	}
}
