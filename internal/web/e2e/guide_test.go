package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// maxGuidePicture is the largest picture of the guide, in bytes.
const maxGuidePicture = 80 << 10

// testGuide shows what the pictures of docs/organize.md show. With MINICOMPETE_PICTURES, it takes them anew, into that
// directory.
func testGuide(t *testing.T, s site) {
	people := map[string]*visitor{}
	for _, who := range []string{"organizer1", "organizer2", "participant1", "participant3"} {
		people[who] = newVisitor(t, s.first(), who+" of the guide")
		people[who].logInDirectly(who+"@minicompete.com", "password123")
		people[who].wear(look{920, "light"})
	}
	participant, organizer, other := people["participant1"], people["organizer1"], people["organizer2"]

	race := participant.find("/competitions?search=marathon", "City Half Marathon")
	participant.open(race)
	participant.shoot("divisions", "main section[aria-labelledby=divisions-title]")
	jam := participant.find("/competitions?search=winter", "Winter Game Jam")
	participant.open(jam + "/prepare")
	participant.see("h1", "Get ready")
	participant.shoot("ready", "main")

	captain := people["participant3"]
	captain.open(captain.linkOn(captain.find("/dashboard", "Civic Tech Hackathon"), "/teams/"))
	captain.shoot("team", "main")

	review := organizer.find("/dashboard", "Civic Tech Hackathon")
	organizer.open(review + "/edit")
	organizer.shoot("questions", "#questions")
	organizer.open(review + "/applications")
	organizer.shoot("review", "main")
	organizer.open(race + "/registrations")
	organizer.click("#add summary")
	organizer.shoot("add", "#add")
	organizer.open("/competitions/create")
	for _, name := range []string{"admission", "offerHours", "accessCode"} {
		organizer.click(`details:has([name="` + name + `"]) > summary`)
	}
	organizer.shoot("seats", `fieldset:has([name="capacity"])`)

	lottery := other.find("/dashboard", "Lake Night Run")
	other.open(lottery + "/draw")
	other.shoot("lottery", "main")
}

// shoot takes a picture of an element, down to a height that is enough to recognize it.
func (v *visitor) shoot(name, selector string) {
	v.t.Helper()
	v.until("the picture of "+name, `document.readyState === "complete" && document.fonts.status === "loaded" &&
		document.querySelector(`+"`"+selector+"`"+`)?.getBoundingClientRect().height > 0`)
	dir := os.Getenv("MINICOMPETE_PICTURES")
	if dir == "" {
		return
	}
	box := eval[struct{ X, Y, Width, Height float64 }](v, `(() => {
		const r = document.querySelector(`+"`"+selector+"`"+`).getBoundingClientRect();
		return {X: r.x + scrollX, Y: r.y + scrollY, Width: r.width, Height: Math.min(r.height, 760)};
	})()`)
	beyond, quality := true, int64(60)
	got, err := chromedp.Call(v.tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatWebp, Quality: &quality, CaptureBeyondViewport: &beyond,
		Clip: &page.Viewport{X: box.X, Y: box.Y, Width: box.Width, Height: box.Height, Scale: 1},
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".webp"), got.Data, 0o644)
	}
	if err != nil {
		v.fatal("take a picture", err)
	}
	if len(got.Data) > maxGuidePicture {
		v.t.Errorf("the picture %s has %d bytes, want at most %d", name, len(got.Data), maxGuidePicture)
	}
}
