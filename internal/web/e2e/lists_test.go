package e2e

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
)

// The participants of the long list: the first half has seats, followed by the waitlist and the cancelled ones.
const (
	crowd          = 10_000
	crowdConfirmed = 5_000
	crowdWaiting   = 4_000
)

// oddNames are unusual real names, and names that test how a spreadsheet handles them.
var oddNames = []string{
	"Ada Lovelace", "Zoë Ångström", "מרים (ירושלים)", "李小龍", "José 🏃‍♀️ Ñandú", strings.Repeat("Bartholomaios", 7),
	"O'Brien, \"Bo\"; Jr.",
	"=HYPERLINK(\"https://example.org\")", "x;=1+1", "＝1+1", "-1", "@SUM(A1)", "<b>bold</b>", "a",
	strings.Repeat("W ", 49) + "W",
}

// addCrowd registers a crowd directly in the database, as an import would: 9,500 within a second, the others over the
// following week.
func addCrowd(t *testing.T, a *apptest.App, competition string) {
	t.Helper()
	tx, err := a.Store().Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := tx.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatal(err)
		}
	}
	opened := compete.UTC(time.Now().Add(-8 * 24 * time.Hour).Truncate(time.Hour))
	for i := range crowd {
		user, at, status := uuid.Must(uuid.NewV7()).String(), opened.Add(time.Duration(i)*100*time.Microsecond),
			compete.RegistrationConfirmed
		if i >= 9_500 {
			at = opened.Add(time.Duration(i-9_499) * 20 * time.Minute)
		}
		if i >= crowdConfirmed {
			status = compete.RegistrationWaitlisted
		}
		if i >= crowdConfirmed+crowdWaiting {
			status = compete.RegistrationCancelled
		}
		exec(`INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at)
			VALUES ($1, $2, $3, '', 'PARTICIPANT', $4, $4)`,
			user, fmt.Sprintf("number%d@example.com", i+1), oddNames[i%len(oddNames)], at)
		exec(`INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6)`,
			uuid.Must(uuid.NewV7()).String(), user, competition, status, i+1, at)
	}
	exec(`UPDATE competitions SET seats_left = 0, waitlisted = $2, next_seq = $3 WHERE id = $1`, competition,
		crowdWaiting, crowd+1)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Store().Recount(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// TestLongList views a list of ten thousand as its organizer: on screen, in print and in a spreadsheet.
func TestLongList(t *testing.T) {
	a := apptest.Start(t, apptest.Options{})
	organizer := a.As(compete.RoleOrganizer)
	list := "/competitions/" +
		organizer.Create(map[string]any{
			"title":    "Große " + strings.Repeat("Donaudampfschiff", 6),
			"capacity": crowdConfirmed, "waitlist": true,
		})
	addCrowd(t, a, strings.TrimPrefix(list, "/competitions/"))
	list += "/registrations"
	v := newVisitor(t, a.WebURL, "Olga Crowd")
	v.logInDirectly(organizer.User.Email, apptest.Password)
	t.Run("screen", func(t *testing.T) { v.t = t; testLongListOnScreen(v, list) })
	t.Run("looks", func(t *testing.T) { v.t = t; testLongListLooks(v, list) })
	t.Run("paper", func(t *testing.T) { v.t = t; testLongListOnPaper(v, list) })
	t.Run("file", func(t *testing.T) { v.t = t; testLongListAsFile(v, list) })
	t.Run("without script", func(t *testing.T) {
		plain := newVisitor(t, a.WebURL, "Olga Plain")
		plain.logInDirectly(organizer.User.Email, apptest.Password)
		testLongListWithoutScript(plain.withoutScript(), list)
	})
}

const tableRows = `document.querySelectorAll("#rows tbody tr:not([data-more])").length`

func (v *visitor) wantRows(n int) {
	v.t.Helper()
	v.until(fmt.Sprintf("%d rows", n), fmt.Sprintf("%s === %d", tableRows, n))
}

func testLongListOnScreen(v *visitor, list string) {
	v.open(list)
	v.see("[aria-current=true]", "All 10,000")
	for _, tab := range []string{"Confirmed 5,000", "Waitlisted 4,000", "Cancelled 1,000"} {
		v.see("nav.chips a", tab)
	}
	v.wantRows(50)
	v.see("[data-more]", "50 of 10,000 shown")
	v.click("[data-more] a")
	v.wantRows(100)
	v.see("[data-more]", "100 of 10,000 shown")
	v.until("the heading at the top of the screen",
		`(document.querySelector("#rows tbody tr:nth-child(80)").scrollIntoView(),
		Math.round(document.querySelector("#rows thead th").getBoundingClientRect().top) === 0)`)

	// Where the table has no room for addresses, they appear below the names, on one line or broken before the @.
	v.screen(768, 900)
	v.until("the addresses below the names", `[...document.querySelectorAll("#rows .stack-title")].every((e) =>
		e.querySelector(".help").checkVisibility() && !e.nextElementSibling.checkVisibility() && e.querySelector(".help").getClientRects()[0].height < 60)`)
	v.screen(1280, 900)

	v.click("#tab-Waitlisted")
	v.see("[aria-current=true]", "Waitlisted 4,000")
	v.see("#rows tbody tr:nth-child(1)", "1st in line")
	v.until("the tab in the address, and the focus still on it",
		`location.search === "?status=WAITLISTED" && document.activeElement.id === "tab-Waitlisted"`)
	v.see("[data-more]", "50 of 4,000 shown")
	eval[any](v,
		`(() => { const sort = document.querySelector("#sort"); sort.value = "newest"; sort.dispatchEvent(new Event("change", {bubbles: true})); })()`)
	v.see("#rows tbody tr:nth-child(1)", "4,000th in line")
	v.typeIn("search", "number5001@")
	v.see("[aria-current=true]", "Waitlisted 1")
	v.wantRows(1)
	v.see("#rows tbody tr:nth-child(1)", "1st in line")
	v.until("all that in the address", `location.search === "?search=number5001%40&sort=newest&status=WAITLISTED"`)
	v.click("#tab-Cancelled")
	v.see("#rows", "No matches")
	v.open(list + "?sort=name")
	names := eval[[]string](v, `[...document.querySelectorAll("#rows .stack-title bdi")].map((e) => e.textContent)`)
	if !slices.IsSortedFunc(names, byFolded) || len(names) != 50 {
		v.t.Errorf("by name the list begins with %q", names)
	}
	v.open(list + "?sort=status&status=nonsense")
	v.see("#rows [role=alert]", "Status must be")
}

// byFolded compares names in the list's order.
func byFolded(a, b string) int { return cmp.Compare(normal.Fold(a), normal.Fold(b)) }

func testLongListLooks(v *visitor, list string) {
	v.open(list)
	v.until("both charts", `document.querySelectorAll("[data-chart] canvas").length === 2`)
	v.see("figcaption", "Busiest")
	v.see("figcaption", "of 10,000 registrations") // accurate to one block of registrations counted together
	// A hundred of the thousand rows, which all look alike.
	const paper = "/print?status=CANCELLED&search=number95"
	for n, path := range []string{list, "/dashboard", list + paper} {
		v.open(path)
		if path == list+paper {
			v.see("header", "100 registrations")
		}
		for _, l := range append(slices.Clone(looks), look{320, "dark"}) {
			v.wear(l)
			// axe takes long with many rows
			if l == looks[0] || path != list+paper && slices.Contains(opposites(n), l) {
				v.check(fmt.Sprintf("%s at %d px, %s", path, l.width, l.theme), v.accessibility())
			}
			v.check(fmt.Sprintf("%s at %d px, %s", path, l.width, l.theme), v.overflow(l.width))
			if shots := os.Getenv("MINICOMPETE_SCREENSHOTS"); shots != "" && !strings.Contains(path, "print") {
				v.picture(filepath.Join(shots, fmt.Sprintf("long%s-%d-%s.png", filepath.Base(path), l.width, l.theme)),
					l)
			}
		}
		v.check(path, v.pageErrors(), v.strangers())
		v.wear(looks[0])
	}
}

// testLongListOnPaper checks the print view: every row of the tab, a title, and no controls.
func testLongListOnPaper(v *visitor, list string) {
	v.open(list + "?status=WAITLISTED&sort=name")
	v.click(`#rows a[href*="/print"]`)
	v.see("h1", "Donaudampfschiff")
	v.see("header", "4,000 registrations · Waitlisted")
	v.see("thead", "Signature")
	v.until("the whole list", `document.readyState === "complete"`)
	rows := eval[[]string](v, `[...document.querySelectorAll("tbody tr")].map((e) => e.cells[1].textContent)`)
	if len(rows) != crowdWaiting || !slices.IsSortedFunc(rows, byFolded) {
		v.t.Errorf("%d rows, want %d, sorted by name; they begin with %q", len(rows), crowdWaiting, rows[:20])
	}
	v.media("print")
	if left := eval[string](v,
		`[...document.querySelectorAll("a, button, nav, form, input")].filter((e) => e.checkVisibility()).map((e) => e.outerHTML).join(", ")`); left != "" {
		v.t.Errorf("on paper there are %s", left)
	}
	printed, err := chromedp.Call(v.tab, page.PrintToPDF, page.PrintToPDFParams{PageRanges: "1-2"})
	if err != nil {
		v.fatal("print", err)
	}
	if len(printed.Data) < 10_000 {
		v.t.Errorf("the PDF has %d bytes", len(printed.Data))
	}
	if shots := os.Getenv("MINICOMPETE_SCREENSHOTS"); shots != "" {
		if err := os.WriteFile(filepath.Join(shots, "long-print.pdf"), printed.Data, 0o644); err != nil {
			v.t.Fatal(err)
		}
	}
	v.media("")
}

// testLongListAsFile downloads a filtered list and reads the file that Excel gets.
func testLongListAsFile(v *visitor, list string) {
	v.open(list + "?status=CANCELLED&search=ada&sort=newest")
	total := strings.TrimPrefix(eval[string](v,
		`document.querySelector("[aria-current=true]").innerText.replace(/\s+/g, " ")`), "Cancelled ")
	got := eval[[]string](v,
		`fetch(document.querySelector("a[download]").href).then(async (r) => [r.headers.get("content-disposition"), new TextDecoder("utf-8", {ignoreBOM: true}).decode(await r.arrayBuffer())])`)
	name := "registrations-" + time.Now().UTC().Format(time.DateOnly) + ".csv"
	if !strings.Contains(got[0], `filename="grosse-donaudampfschiff`) ||
		!strings.Contains(got[0], "filename*=UTF-8''gro%C3%9Fe-donau") || !strings.HasSuffix(got[0], name) {
		v.t.Errorf("the file is called %s", got[0])
	}
	text, marked := strings.CutPrefix(got[1], "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || strings.Count(text, "\r\n") != len(rows) {
		v.t.Fatalf("%d rows, mark %v, error %v", len(rows), marked, err)
	}
	counted, beyond := strings.CutSuffix(total, "+") // the page may have counted no further than what it shows
	if n, err := strconv.Atoi(counted); err != nil || n == 0 || len(rows)-1 < n || !beyond && len(rows)-1 != n {
		v.t.Fatalf("%d rows, but the page counts %s", len(rows)-1, total)
	}
	last := crowd // the last Ada
	for oddNames[(last-1)%len(oddNames)] != oddNames[0] {
		last--
	}
	want := []string{fmt.Sprint(last), "CANCELLED", "", oddNames[0], fmt.Sprintf("number%d@example.com", last)}
	if !slices.Equal(rows[1][:5], want) {
		v.t.Errorf("the first row is %q, want %q", rows[1], want)
	}
	for _, row := range rows[1:] {
		if row[1] != "CANCELLED" || strings.HasPrefix(row[3], "=") || strings.Contains(row[3], ";=") {
			v.t.Fatalf("there is a row %q", row)
		}
	}
}

func testLongListWithoutScript(v *visitor, list string) {
	v.open(list)
	v.click("#tab-Waitlisted")
	v.see("[aria-current=true]", "Waitlisted 4,000")
	v.click("[data-more] a")
	v.see("#rows", "Rows 51–100 of 4,000")
	v.see("#rows tbody tr:nth-child(1)", "51st in line")
	v.see("[data-more]", "100 of 4,000 shown")
	v.fill("search", "number5001@")
	v.click(`main form[role="search"] button`)
	v.see("[aria-current=true]", "Waitlisted 1")
	v.wantRows(1)
}

// TestPanicsOnPages triggers a panic in the whole program: the page, a partial page for htmx, and the API each report
// it in their own way.
func TestPanicsOnPages(t *testing.T) {
	a := apptest.Start(t, apptest.Options{Wrap: app.Wrap{
		Competitions: func(store compete.CompetitionStore) compete.CompetitionStore { return defective{store} },
	}})
	v := newVisitor(t, a.WebURL, "Ada Unlucky")
	v.open("/competitions/" + uuid.NewString())
	v.see("h1", "Something went wrong")
	v.see("main", "contact support with this ID")
	v.check("the page of a defect", v.accessibility(), v.overflow(1280))
	id := eval[string](v,
		`fetch(location.href).then((r) => r.status + " " + r.headers.get("content-type") + " " + r.headers.get("x-request-id"))`)
	if !strings.HasPrefix(id, "500 text/html; charset=utf-8 ") {
		t.Errorf("the page answers %s", id)
	}
	part := eval[string](v,
		`fetch(location.href, {headers: {"HX-Request": "true"}}).then(async (r) => r.headers.get("hx-reswap") + await r.text())`)
	if !strings.HasPrefix(part, "none") || !strings.Contains(part, "our fault") {
		t.Errorf("a part of a page is %s", part)
	}
	a.Visitor().Do(http.MethodGet, "/api/competitions/"+uuid.NewString(), nil).WantCode(t,
		http.StatusInternalServerError, "internal_error")
}

// defective is a store with a bug.
type defective struct{ compete.CompetitionStore }

func (defective) Competition(context.Context, string) (compete.Competition, error) {
	panic("a mistake")
}

// testSearch types, filters and pages on; the URL always reflects what is shown.
func testSearch(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Search")
	organizer.signUpDirectly("ORGANIZER")
	organizer.publish("Velodrome Sprint", 3)
	organizer.publish("Chess by Candlelight", 3)

	v := newVisitor(t, s.first(), "Ada Search")
	v.open("/competitions")
	v.see("#results", "Velodrome Sprint")
	v.typeIn("search", "candle")
	v.until("one result", `document.querySelectorAll("#results article").length === 1`)
	v.see("#results", "Chess by Candlelight")
	v.until("the number of them, for those who don't see it",
		`document.querySelector("#found[role=status]").innerText === "1 competition found"`)
	v.until("the search in the address", `location.search === "?search=candle"`)
	v.do(reload())
	v.see("#results", "Chess by Candlelight")
	v.click(`label.chip:has(input[value="full"])`)
	v.see("#results", "No matches")
	v.until("the filter in the address", `location.search.includes("phase=full")`)
}
