package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/minicompete/minicompete/internal/apptest"
)

// patience is how long a test waits for the expected content of a page. A passing test never waits that long.
const patience = apptest.Patience

// reloadPause leaves the machine to others between two looks at a page that is reloaded until it has changed.
const reloadPause = 100 * time.Millisecond

// needless lists features, besides those chromedp disables, that would start another process per tab for an invisible
// address bar.
const needless = "Translate,BlinkGenPropertyTrees,InitialWebUI,WebUIReloadButton,WebUIToolbar,WebUIOmniboxPopup," +
	"WebUIOmniboxFullPopup,WebUIOmniboxAimPopup"

// chrome is the browser that all tests share; each visitor has separate cookies in it.
var chrome context.Context

func TestMain(m *testing.M) {
	os.Exit(withBrowser(m.Run))
}

func withBrowser(run func() int) int {
	program := chromium()
	if program == "" {
		fmt.Fprintln(os.Stderr, "These tests need Chromium: apt-get install chromium-headless-shell, or chromium")
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // tests run as root in containers
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-features", needless),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	defer stopAllocator()
	browser, stopBrowser := chromedp.NewContext(allocator)
	defer stopBrowser()
	if err := chromedp.Do(browser); err != nil {
		fmt.Fprintln(os.Stderr, "Chromium does not start:", err)
		return 1
	}
	chrome = browser
	return run()
}

// chromium returns the path of a browser on this machine, or "". It prefers a headless build, which does the same with
// three quarters of the work.
func chromium() string {
	for _, name := range []string{
		"chromium-headless-shell", "headless-shell", "headless_shell",
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// visitor is a person with a browser: cookies and one tab.
type visitor struct {
	t    *testing.T
	tab  context.Context
	base string
	name string // shown in failures
	view *view
	// plain is true without JavaScript, where a click leads to another page or only changes the form.
	plain bool
}

// view is what the browser emulates, so that it isn't told again: each time, it lays out and paints the page anew.
type view struct {
	width, height int64
	media         emulation.SetEmulatedMediaParams
}

// newVisitor opens a browser on a site. It is closed when the test ends.
func newVisitor(t *testing.T, base, name string) *visitor {
	t.Helper()
	tab, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	v := &visitor{t: t, tab: tab, base: base, name: name, view: &view{}}
	// The tab lives as long as the context of its first action, so that has to be the tab's own.
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("%s: open a tab: %v", name, err)
	}
	// Elements are found by their selector in the page. Numbers of nodes, which chromedp asks for, are made anew while
	// a page loads, and the browser has to tell of each change to keep them.
	if _, err := chromedp.Call(tab, dom.Disable, cdp.Empty{}); err != nil {
		v.fatal("stop following the nodes", err)
	}
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: witness}
	if _, err := chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument, params); err != nil {
		v.fatal("watch the pages", err)
	}
	v.screen(1280, 900)
	return v
}

// witness makes each page record its errors.
const witness = `
	window.pageErrors = [];
	addEventListener("securitypolicyviolation", (e) => pageErrors.push("against the policy: " + e.violatedDirective + " " + e.blockedURI));
	addEventListener("error", (e) => pageErrors.push("error: " + (e.message ?? e.target.src ?? e.target.href)), true);
	addEventListener("unhandledrejection", (e) => pageErrors.push("rejected: " + e.reason));
	for (const level of ["error", "warn"]) {
		console[level] = (...words) => pageErrors.push(level + ": " + words.join(" "));
	}`

// withoutScript disables JavaScript.
func (v *visitor) withoutScript() *visitor {
	v.t.Helper()
	params := emulation.SetScriptExecutionDisabledParams{Value: true}
	if _, err := chromedp.Call(v.tab, emulation.SetScriptExecutionDisabled, params); err != nil {
		v.fatal("switch JavaScript off", err)
	}
	v.plain = true
	return v
}

// inZone sets the browser's time zone.
func (v *visitor) inZone(zone string) {
	v.t.Helper()
	if _, err := chromedp.Call(v.tab, emulation.SetTimezoneOverride,
		emulation.SetTimezoneOverrideParams{TimezoneID: zone}); err != nil {
		v.fatal("set the time zone", err)
	}
}

// shiftClock makes the browser's clock wrong.
func (v *visitor) shiftClock(by time.Duration) {
	v.t.Helper()
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: fmt.Sprintf(`{
		const now = Date.now, origin = performance.timeOrigin;
		Date.now = () => now() + %[1]d;
		Object.defineProperty(performance, "timeOrigin", {value: origin + %[1]d});
	}`, by.Milliseconds())}
	if _, err := chromedp.Call(v.tab, page.AddScriptToEvaluateOnNewDocument, params); err != nil {
		v.fatal("set the clock", err)
	}
}

// back presses the browser's back button.
func (v *visitor) back() {
	v.t.Helper()
	v.do(chromedp.NavigateBack())
}

func (v *visitor) fatal(what string, err error) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Location()) // omitted if it can't be determined
	text, _ := chromedp.Run(ctx,
		chromedp.Evaluate[string](`(document.querySelector("main") ?? document.body).innerText.slice(0, 1500)`))
	v.t.Fatalf("%s, at %s: %s: %v\nThe page says:\n%s", v.name, where, what, err, text)
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.fatal("a step failed", err)
	}
}

// open loads a page of the site.
func (v *visitor) open(path string) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.base + path))
}

// ask clicks a link that opens a confirmation dialog. It waits until nothing is being replaced, since a new link leads
// to the confirmation's own page until the script has noticed it.
func (v *visitor) ask(link, question string) {
	v.t.Helper()
	v.until("a page at rest", `document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added") === null`)
	v.click(link)
	v.see("dialog", question)
}

// askToWithdraw is ask about a registration, which changes its card by itself until it is confirmed.
func (v *visitor) askToWithdraw() {
	v.t.Helper()
	v.see(".stand-status", "Confirmed")
	v.ask(`#stand a[href$="/withdraw"]`, "Cancel your registration?")
}

// holds reports whether an expression is currently true. It is false while the page is being left.
func (v *visitor) holds(expression string) bool {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
	return err == nil && ok
}

// set sets the value of a field that isn't plain text, such as a date.
func (v *visitor) set(name, value string) {
	v.t.Helper()
	eval[chromedp.Void](v, fmt.Sprintf(`document.querySelector("main [name=%s]").value = %q`, name, value))
}

// eval evaluates an expression in the page, and awaits a promise.
func eval[T any](v *visitor, expression string) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		v.fatal(expression, err)
	}
	return value
}

// until waits for an expression to become true. It is false while the page is being left.
func (v *visitor) until(what, expression string) {
	v.t.Helper()
	v.await(what, func(ctx context.Context) (bool, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
	})
}

// await waits until holds returns true. An error, such as that of a page that is being left, counts as false.
func (v *visitor) await(what string, holds func(context.Context) (bool, error)) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	for {
		ok, err := holds(ctx)
		if err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			v.fatal("waited in vain for "+what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// see waits until a selected element contains the text.
func (v *visitor) see(selector, text string) {
	v.t.Helper()
	v.until(fmt.Sprintf("%s with %q", selector, text), shows(selector, text))
}

func shows(selector, text string) string {
	return fmt.Sprintf(
		`[...document.querySelectorAll(%q)].some(e => e.checkVisibility() && e.innerText.replace(/\s+/g, " ").includes(%q))`, selector, text)
}

// seeIn opens a page as soon as it contains the text, for pages that don't update without JavaScript.
func (v *visitor) seeIn(path, selector, text string) {
	v.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(reloadPause) {
		if strings.Contains(dense(v.read(path)), spaces.Replace(text)) {
			if v.open(path); eval[bool](v, shows(selector, text)) {
				return
			}
		}
		if time.Now().After(deadline) {
			v.open(path)
			v.fatal("look into "+path, fmt.Errorf("%s does not show %q", selector, text))
		}
	}
}

// at waits until the tab's path starts with prefix, and returns it.
func (v *visitor) at(prefix string) (path string) {
	v.t.Helper()
	v.await("the page "+prefix, func(ctx context.Context) (bool, error) {
		var err error
		path, err = chromedp.Run(ctx, chromedp.Evaluate[string](`document.readyState === "complete" ? location.pathname : ""`))
		return strings.HasPrefix(path, prefix), err
	})
	return path
}

// signUpDirectly creates an account with the role and logs the visitor in, without the pages for that: each page takes
// a browser longer than most tests that need an account.
func (v *visitor) signUpDirectly(role string) {
	v.t.Helper()
	v.openSession("/auth/signup", url.Values{
		"name": {v.name}, "email": {email(v.name)}, "password": {"correct horse battery"}, "role": {role},
	})
}

// logInDirectly logs the visitor in without the page for that.
func (v *visitor) logInDirectly(email, password string) {
	v.t.Helper()
	v.openSession("/auth/login", url.Values{"email": {email}, "password": {password}})
}

// openSession submits a form that starts a session, and gives that to the browser.
func (v *visitor) openSession(path string, form url.Values) {
	v.t.Helper()
	// Without following the redirect to a page that nobody looks at.
	request, err := http.NewRequestWithContext(v.tab, http.MethodPost, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	for _, cookie := range response.Cookies() {
		if cookie.Name != "session" {
			continue
		}
		params := network.SetCookieParams{
			Name: cookie.Name, Value: cookie.Value, URL: v.base, HTTPOnly: &cookie.HttpOnly,
		}
		if _, err := chromedp.Call(v.tab, network.SetCookie, params); err != nil {
			v.fatal("keep the session", err)
		}
		return
	}
	v.t.Fatalf("%s: %s answers %s without a session", v.name, path, response.Status)
}

// signUp creates an account with the role on the page for that, and leaves the visitor logged in.
func (v *visitor) signUp(role string) {
	v.t.Helper()
	v.open("/auth/signup")
	v.fill("name", v.name)
	v.fill("email", email(v.name))
	v.fill("password", "correct horse battery")
	v.click(fmt.Sprintf(`input[value=%q]`, role))
	v.click(`main form[action="/auth/signup"] button`)
	v.at("/dashboard")
	v.see("#flash", "Welcome")
}

func email(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com"
}
