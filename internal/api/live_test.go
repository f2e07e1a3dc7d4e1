package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
	"github.com/minicompete/minicompete/internal/live"
)

const livePath = "/api/competitions/" + someID + "/live"

// withHub adds a hub to the API that reads the competition in state.
func withHub(t *testing.T, state *atomic.Pointer[compete.Competition]) (Config, *live.Hub) {
	t.Helper()
	config := testConfig()
	config.Live = live.New(live.Config{
		Read: func(context.Context, []string) ([]compete.Competition, error) {
			return []compete.Competition{*state.Load()}, nil
		},
		MaxPages: 1, Clock: config.Clock, Logger: config.Logger,
	})
	config.Live.Start()
	t.Cleanup(config.Live.Stop)
	return config, config.Live
}

func aState(left, waitlisted int) *compete.Competition {
	c := aCompetition()
	c.Waitlist, c.SeatsLeft, c.Waitlisted = true, left, waitlisted
	return &c
}

func readUntil(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == want {
			return
		}
	}
	t.Fatalf("the stream ended before %q: %v", want, lines.Err())
}

func TestLiveStream(t *testing.T) {
	var state atomic.Pointer[compete.Competition]
	state.Store(aState(7, 0))
	config, hub := withHub(t, &state)
	server := serveWith(t, config, time.Millisecond) // a stream outlives this
	response := open(t, server, "GET", livePath, nil)
	defer func() { _ = response.Body.Close() }()
	if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || got != mediaEvents {
		t.Fatalf("got %d %s, want a stream", response.StatusCode, got)
	}
	lines := bufio.NewScanner(response.Body)
	readUntil(t, lines, "event: seats")
	readUntil(t, lines, `data: {"seatsLeft":7,"waitlisted":0,"phase":"open"}`)
	state.Store(aState(0, 2))
	hub.Changed(someID)
	readUntil(t, lines, `data: {"seatsLeft":0,"waitlisted":2,"phase":"waitlist"}`)

	busy := send(t, server, "GET", livePath, nil)
	wantProblem(t, busy, http.StatusServiceUnavailable, "busy")
	if got := busy.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q, want 1", got)
	}

	hub.Close()
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event") {
			t.Errorf("got %q after the hub was closed", lines.Text())
		}
	}
	if lines.Err() != nil {
		t.Errorf("the stream ended with %v, want a clean end", lines.Err())
	}
}

// A stream's slot is free again once its client has left, or has only requested the header.
func TestLiveStreamsGiveTheirPlaceBack(t *testing.T) {
	var state atomic.Pointer[compete.Competition]
	state.Store(aState(7, 0))
	config, hub := withHub(t, &state)
	server := serve(t, config)
	response := open(t, server, "GET", livePath, nil)
	_ = response.Body.Close()
	for deadline := time.Now().Add(time.Minute); hub.Pages() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the client has left, and the page is still open")
		}
	}
	if response := send(t, server, "HEAD", livePath, nil); response.status != 200 {
		t.Errorf("HEAD: got %d, want 200", response.status)
	}
	if n := hub.Pages(); n != 0 {
		t.Errorf("HEAD left %d pages", n)
	}
}

func TestDraftsAreNotWatchedByOthers(t *testing.T) {
	draft := aCompetition()
	draft.Status, draft.Organizer.ID = compete.StatusDraft, "018f6b1e-0000-7d0a-9b3e-5a1f0c2d4e6f"
	config := configWith(competetest.Parts{Competitions: oneCompetition{competition: draft}})
	wantProblem(t, send(t, serve(t, config), "GET", livePath, nil), http.StatusNotFound, "competition_not_found")
}
