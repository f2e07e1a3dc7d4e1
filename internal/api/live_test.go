package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"minicompete/internal/compete"
)

// feed is a SeatsFeed of one channel.
type feed struct {
	seats chan compete.Seats
	left  chan struct{} // closed when the watcher's context ends
	err   error
}

func newFeed() *feed { return &feed{seats: make(chan compete.Seats), left: make(chan struct{})} }

func (f *feed) Watch(ctx context.Context, _ string) (<-chan compete.Seats, error) {
	if f.err != nil {
		return nil, f.err
	}
	context.AfterFunc(ctx, func() { close(f.left) })
	return f.seats, nil
}

const livePath = "/api/competitions/" + someID + "/live"

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
	config, seats := testConfig(), newFeed()
	config.Seats, config.Heartbeat = seats, 10*time.Millisecond
	server := serveWith(t, config, time.Millisecond) // which the stream outlives
	response := open(t, server, "GET", livePath, nil)
	defer func() { _ = response.Body.Close() }()
	if got := response.Header.Get("Content-Type"); response.StatusCode != 200 || got != mediaEvents {
		t.Fatalf("got %d %s, want a stream", response.StatusCode, got)
	}
	lines := bufio.NewScanner(response.Body)
	seats.seats <- compete.Seats{SeatsLeft: 7, Waitlisted: 0, Phase: compete.PhaseOpen}
	readUntil(t, lines, "event: seats")
	readUntil(t, lines, `data: {"seatsLeft":7,"waitlisted":0,"phase":"open"}`)
	readUntil(t, lines, ": still here")
	seats.seats <- compete.Seats{SeatsLeft: 0, Waitlisted: 2, Phase: compete.PhaseWaitlist}
	readUntil(t, lines, `data: {"seatsLeft":0,"waitlisted":2,"phase":"waitlist"}`)
	close(seats.seats) // as when the server stops
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event") {
			t.Errorf("got %q after the feed had ended", lines.Text())
		}
	}
	if lines.Err() != nil {
		t.Errorf("the stream ended with %v, want a clean end", lines.Err())
	}
}

func TestLiveStreamLeavesTheFeedWithItsClient(t *testing.T) {
	config, seats := testConfig(), newFeed()
	config.Seats = seats
	response := open(t, serve(t, config), "GET", livePath, nil)
	_ = response.Body.Close()
	<-seats.left
}

func TestLiveRefusals(t *testing.T) {
	config, seats := testConfig(), newFeed()
	config.Seats, seats.err = seats, compete.ErrBusy
	response := send(t, serve(t, config), "GET", livePath, nil)
	wantProblem(t, response, http.StatusServiceUnavailable, "busy")
	if response.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q, want 1", response.header.Get("Retry-After"))
	}
	draft := aCompetition()
	draft.Status, draft.Organizer.ID = compete.StatusDraft, "018f6b1e-0000-7d0a-9b3e-5a1f0c2d4e6f"
	config.Service.Competitions = oneCompetition{competition: draft}
	wantProblem(t, send(t, serve(t, config), "GET", livePath, nil), http.StatusNotFound, "competition_not_found")
}

func TestLiveHeadIsNoStream(t *testing.T) {
	config, seats := testConfig(), newFeed()
	config.Seats = seats
	if response := send(t, serve(t, config), "HEAD", livePath, nil); response.status != 200 {
		t.Errorf("got %d, want 200", response.status)
	}
	<-seats.left
}
