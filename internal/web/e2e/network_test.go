package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// request is a request that the browser holds back until the test decides what happens to it.
type request struct {
	*fetch.EventRequestPaused
	v *visitor
}

// intercept passes every request whose URL matches ("*" for any) to meet, each in its own goroutine, until the test
// ends.
func (v *visitor) intercept(pattern string, meet func(r request)) {
	v.t.Helper()
	ctx, stop := context.WithCancel(v.tab)
	v.t.Cleanup(stop)
	events := chromedp.Events(ctx, fetch.RequestPaused)
	params := fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: pattern}}}
	if _, err := chromedp.Call(v.tab, fetch.Enable, params); err != nil {
		v.fatal("intercept requests", err)
	}
	go func() {
		for event, err := range events {
			if err != nil {
				return // the test is over
			}
			go meet(request{&event, v})
		}
	}()
}

// answered reports whether the server has already responded and only the response is held back.
func (r request) answered() bool { return r.ResponseStatusCode != 0 }

// body returns the request's body.
func (r request) body() string {
	var b strings.Builder
	for _, part := range r.Request.PostDataEntries {
		b.Write(part.Bytes)
	}
	return b.String()
}

// pass lets the request through. It ignores errors of a closed tab or one that navigated away, since the test checks
// the result.
func (r request) pass() {
	_, _ = chromedp.Call(r.v.tab, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: r.RequestID})
}

// deliver lets the request through to the server, and intercepts the response.
func (r request) deliver() {
	back := true
	_, _ = chromedp.Call(r.v.tab, fetch.ContinueRequest,
		fetch.ContinueRequestParams{RequestID: r.RequestID, InterceptResponse: &back})
}

func (r request) fail(reason network.ErrorReason) {
	_, _ = chromedp.Call(r.v.tab, fetch.FailRequest,
		fetch.FailRequestParams{RequestID: r.RequestID, ErrorReason: reason})
}

// answer responds in the server's place.
func (r request) answer(status int64, body string, header ...*fetch.HeaderEntry) {
	header = append(header, field("Content-Type", "text/html"))
	_, _ = chromedp.Call(r.v.tab, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID: r.RequestID, ResponseCode: status, ResponseHeaders: header, Body: []byte(body),
	})
}

// faults are network failures of a request or its response.
var faults = map[string]func(r request){
	"reset":   func(r request) { r.fail(network.ErrorReasonConnectionReset) },
	"offline": func(r request) { r.fail(network.ErrorReasonInternetDisconnected) },
	"a proxy's 502": func(r request) {
		r.answer(502, "<html><body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>")
	},
	"a proxy's 504": func(r request) { r.answer(504, "<h1>504 Gateway Time-out</h1>") },
	"an empty 503":  func(r request) { r.answer(503, "") },
	"a Wi-Fi's log-in page": func(r request) {
		r.answer(200, "<section id='stand'>Welcome to our Wi-Fi</section>")
	},
	"a redirect without a goal": func(r request) { r.answer(204, "", field("HX-Redirect", "/wifi")) },
	"the answer lost":           lost,
}

// lost has the server process the request, and drops the response.
func lost(r request) {
	if r.answered() {
		r.fail(network.ErrorReasonConnectionReset)
	} else {
		r.deliver()
	}
}

// hurry speeds up the clock of pages opened from now on by a factor, so that delayed actions come sooner. With 0 it
// stands still, and they never come.
func (v *visitor) hurry(times int) {
	v.t.Helper()
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: fmt.Sprintf(`{
		const later = setTimeout;
		window.setTimeout = (f, ms, ...rest) => %[1]d && later(f, ms / %[1]d, ...rest);
	}`, times)}
	if _, err := chromedp.Call(v.tab, page.AddScriptToEvaluateOnNewDocument, params); err != nil {
		v.fatal("hurry", err)
	}
}

// counter counts events from several goroutines.
type counter struct{ atomic.Int32 }

func (c *counter) next() int { return int(c.Add(1)) }

// keys are the idempotency keys of the registrations that the browser sent.
type keys struct {
	mu   sync.Mutex
	seen []string
}

func (k *keys) add(r request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !r.answered() {
		k.seen = append(k.seen, r.body())
	}
}

func (k *keys) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.seen)
}

// wantOne fails the test unless there were several requests, all with the same key.
func (k *keys) wantOne(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.seen) < 2 || len(slices.Compact(slices.Clone(k.seen))) != 1 {
		t.Errorf("pressed with %q, want one key several times", k.seen)
	}
}

func field(name, value string) *fetch.HeaderEntry {
	return &fetch.HeaderEntry{Name: name, Value: value}
}

// throttle slows the network down: latency in milliseconds per response, rate in bytes per second in each direction.
func (v *visitor) throttle(latency, rate float64) {
	v.t.Helper()
	params := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
		{Latency: latency, DownloadThroughput: rate, UploadThroughput: rate},
	}}
	if _, err := chromedp.Call(v.tab, network.EmulateNetworkConditionsByRule, params); err != nil {
		v.fatal("throttle", err)
	}
}
