package e2e

import (
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

const drawnCoverChosen = `document.querySelector("fieldset .cover img").getAttribute("src")`

// TestCoverWhileCreating selects a cover in the form for a new competition, with and without JavaScript. A refused form
// keeps the other input.
func TestCoverWhileCreating(t *testing.T) {
	a := apptest.Start(t, apptest.Options{})
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			v := newVisitor(t, a.WebURL, "Olga Cover")
			v.logInDirectly(a.As(compete.RoleOrganizer).User.Email, apptest.Password)
			if !script {
				v.withoutScript()
			}
			v.open("/competitions/create")
			v.fill("title", "Covered Cup "+name)
			v.fill("zone", "UTC")
			if script {
				testChosenCover(v)
			}
			for _, refused := range []struct{ content, says string }{
				{"no picture", "PNG, JPEG or WebP"}, {strings.Repeat("x", 6<<20), "at most 5 MB"},
			} {
				v.choose("#cover", "cover.png", refused.content)
				v.click(`button[value="PUBLISHED"]`)
				v.see("#cover-error", refused.says)
				v.see("#cover-help", "Choose your cover again")
				if title := eval[string](v,
					`document.querySelector("main [name=title]").value`); title != "Covered Cup "+name {
					t.Errorf("the refused form has the title %q", title)
				}
			}
			if script {
				v.check("the refused form", v.accessibility(), v.pageErrors())
			}
			v.choose("#cover", "photo.png", photo(t))
			v.click(`button[value="PUBLISHED"]`)
			v.see("h1", "Covered Cup")
			v.until("the cover on the page", coverShown+`.startsWith(location.pathname + "/cover/")`)
			v.back()
			v.see("legend", "Cover")
		})
	}
}

// testChosenCover checks that the selected picture appears beside the field and in the preview, and removes it again.
func testChosenCover(v *visitor) {
	v.t.Helper()
	drawn := eval[string](v, drawnCoverChosen)
	v.choose("#cover", "photo.png", photo(v.t))
	v.until("the chosen cover", drawnCoverChosen+
		`.startsWith("blob:") && document.querySelector("fieldset .cover img").naturalWidth === 900`)
	v.click(`button[name="preview"]`)
	v.until("the chosen cover in the preview", `document.querySelector("#preview .cover img")?.naturalWidth === 900`)
	v.click("[data-cover-clear]")
	previewed := eval[string](v, `document.querySelector("#preview .cover img").src`)
	if now := eval[string](v, drawnCoverChosen); now != previewed || strings.HasSuffix(now, drawn) {
		v.t.Errorf("without the chosen cover the form shows %s, want that of the preview, %s", now, previewed)
	}
	v.until("a field without a file, and nothing to remove",
		`document.querySelector("#cover").files.length === 0 && document.querySelector("[data-cover-clear]").hidden`)
}
