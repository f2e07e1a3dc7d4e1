package e2e

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/minicompete/minicompete/internal/compete"
)

// slowLogin proxies the site, and counts and holds up each log-in until the test lets it through.
func slowLogin(t *testing.T, s site) (road string, held chan chan struct{}) {
	t.Helper()
	target, err := url.Parse(s.first())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // requests are aborted on purpose here
	held = make(chan chan struct{}, 9)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/auth/login" {
			pass := make(chan struct{})
			held <- pass
			select {
			case <-pass:
			case <-r.Context().Done():
				return
			}
		}
		r.Header["X-Forwarded-For"] = nil // passed on unchanged: demo accounts only log in on this machine
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.CloseClientConnections)
	return server.URL, held
}

// logInSlowly fills in the log-in form. The returned function clicks the button without waiting for the next page:
// until then, the browser doesn't report the old page's state.
func logInSlowly(t *testing.T, road, address string) (v *visitor, press func()) {
	t.Helper()
	v = newVisitor(t, road, address)
	v.hurry(0) // so that time passing doesn't make the form usable again
	v.open("/auth/login")
	v.fill("email", address)
	v.fill("password", "password123")
	v.until("the first paint",
		`document.readyState === "complete" && performance.getEntriesByName("first-contentful-paint").length > 0`)
	x, y := v.middle(`main form[action="/auth/login"] button`)
	return v, func() {
		v.mouse(input.DispatchMouseEventTypeMousePressed, x, y)
		v.mouse(input.DispatchMouseEventTypeMouseReleased, x, y)
	}
}

// testStoppedForm submits a form, stops loading, and submits it again: it is sent again at once.
func testStoppedForm(t *testing.T, s site) {
	road, held := slowLogin(t, s)
	v, press := logInSlowly(t, road, "participant3@minicompete.com")
	press()
	<-held
	if _, err := chromedp.Call(v.tab, page.StopLoading, cdp.Empty{}); err != nil {
		v.fatal("stop", err)
	}
	v.until("the form to be usable again",
		`document.querySelector('main form[action="/auth/login"]').ariaBusy === null`)
	press()
	close(<-held)
	v.until("being logged in", `document.querySelector('a[href="/account"]') !== null`)
}

// testFormPressedTwice submits a form repeatedly while the response is pending: it is sent once.
func testFormPressedTwice(t *testing.T, s site) {
	road, held := slowLogin(t, s)
	v, press := logInSlowly(t, road, "participant4@minicompete.com")
	press()
	first := <-held
	for range 3 {
		press()
	}
	close(first)
	v.until("being logged in", `document.querySelector('a[href="/account"]') !== null`)
	if len(held) > 0 {
		t.Errorf("the form was sent %d times more", len(held))
	}
}

// testBusyLogIn makes the server too busy to check a password, with and without JavaScript: the form says so, keeps the
// address, and can be submitted again.
func testBusyLogIn(t *testing.T, s site) {
	target, err := url.Parse(s.first())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode != http.StatusUnprocessableEntity { // the status for a wrong password, on the same page
			return nil
		}
		page, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		page = bytes.Replace(page, []byte(compete.ErrBadCredentials.Detail), []byte(compete.ErrBusy.Detail), 1)
		r.StatusCode, r.Body = http.StatusServiceUnavailable, io.NopCloser(bytes.NewReader(page))
		r.Header.Set("Content-Length", strconv.Itoa(len(page)))
		r.Header.Set("Retry-After", "1")
		return nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		r.Header["X-Forwarded-For"] = nil // see slowLogin
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.CloseClientConnections)
	const address, button = "participant5@minicompete.com", `main form[action="/auth/login"] button`
	for _, script := range []bool{true, false} {
		v := newVisitor(t, server.URL, fmt.Sprintf("%s, script %v", address, script))
		if !script {
			v.withoutScript()
		}
		v.open("/auth/login")
		v.fill("email", address)
		v.fill("password", "wrong password")
		v.click(button)
		v.see("[data-errors]", compete.ErrBusy.Detail)
		v.until("the address as it was typed, in a form that can be used",
			fmt.Sprintf(
				`document.querySelector("[name=email]").value === %q && document.querySelector('main form[action="/auth/login"]').ariaBusy === null`, address,
			))
		v.fill("password", "password123")
		v.click(button)
		v.until("being logged in", `document.querySelector('a[href="/account"]') !== null`)
	}
}
