package e2e

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// testDroppedStream cuts the stream of an open page, and refuses it for a while: the page reconnects automatically, and
// shows what it missed.
func testDroppedStream(t *testing.T, s site) {
	target, err := url.Parse(s.first())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1                                                 // passes streams on at once
	proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // streams are cut on purpose here
	var streams, refused atomic.Int32
	var away atomic.Bool
	road := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/live" {
			if away.Load() {
				refused.Add(1)
				http.Error(w, "away", http.StatusServiceUnavailable)
				return
			}
			streams.Add(1)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(road.Close)
	competition := s.replicas[0].As(compete.RoleOrganizer).Create(nil)
	register := func() {
		s.replicas[0].As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+competition+"/register",
			nil).Want(t, http.StatusCreated)
	}
	wait := func(what string, n *atomic.Int32, atLeast int32) {
		t.Helper()
		apptest.Eventually(t, patience, what, func() bool { return n.Load() >= atLeast })
	}

	v := newVisitor(t, road.URL, "Ada on a train")
	v.open("/competitions/" + competition)
	v.see("#stand .seats", "10 of 10 seats left")
	wait("the stream", &streams, 1)
	road.CloseClientConnections()
	register()
	v.see("#stand .seats", "9 of 10 seats left")

	away.Store(true)
	road.CloseClientConnections()
	wait("a refusal", &refused, 1)
	register()
	away.Store(false)
	v.see("#stand .seats", "8 of 10 seats left")
}

// testLateClock sends an outdated server time down a delayed stream: the countdown keeps the time from the page.
func testLateClock(t *testing.T, s site) {
	target, err := url.Parse(s.first())
	if err != nil {
		t.Fatal(err)
	}
	competition := s.replicas[0].As(compete.RoleOrganizer).Create(map[string]any{
		"regOpensAt": time.Now().Add(55 * time.Minute), "regDeadline": time.Now().Add(2 * time.Hour),
	})
	proxy := httputil.NewSingleHostReverseProxy(target)
	road := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/live" {
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "event: clock\ndata: %d\n\nevent: seats\ndata: {\"id\": %q, \"phase\": "+
			"\"upcoming\", \"bar\": \"late\"}\n\n",
			time.Now().Add(-10*time.Minute).UnixMilli(), competition)
	}))
	t.Cleanup(road.Close)
	v := newVisitor(t, road.URL, "Ada far away")
	v.open("/competitions/" + competition)
	v.until("the stream", `document.querySelector("#stand [data-part=bar]").textContent === "late"`)
	eval[any](v, `new Promise((done) => setTimeout(done, 1100))`) // the countdown is updated every second
	if shown := eval[string](v, `document.querySelector("[data-clock]").innerText`); strings.HasPrefix(shown, "1:") {
		t.Errorf("less than an hour before the opening the countdown shows %s", shown)
	}
}
