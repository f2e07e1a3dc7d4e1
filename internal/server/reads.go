package server

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// readsPerCore is how many read-only requests are processed at a time, per core. It is more than the database
	// processes at once.
	readsPerCore = 32
	// readPatience is how long a request may wait for its turn.
	readPatience = 2 * time.Second
	// streamsPerCore is how many streams are opened at a time, per core. A turn lasts streamPause longer, so that no
	// more than 1,000 a second are opened on each: a flood of them takes a fifth of the machine.
	streamsPerCore = 8
	streamPause    = 8 * time.Millisecond
	// streamPatience is how long a stream may wait for its turn: as long as it takes two cores to open 20,000.
	streamPatience = 10 * time.Second
)

// turns bounds how many requests are processed at a time. The others wait in order of arrival: if thousands ran at
// once, each would wait for all of them, including registrations, logins and live pages, which have limits of their
// own.
type turns struct {
	taken    chan struct{}
	patience time.Duration
	pause    time.Duration // how much longer a turn lasts than its request
}

func newTurns(atOnce int, patience time.Duration) *turns {
	return &turns{taken: make(chan struct{}, atOnce), patience: patience}
}

func newReads() *turns { return newTurns(readsPerCore*runtime.GOMAXPROCS(0), readPatience) }

func newStreams() *turns {
	t := newTurns(streamsPerCore*runtime.GOMAXPROCS(0), streamPatience)
	t.pause = streamPause
	return t
}

// begin waits for a turn; call end afterwards. It fails with compete.ErrBusy.
func (t *turns) begin(ctx context.Context) error {
	select {
	case t.taken <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	select {
	case t.taken <- struct{}{}:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return compete.ErrBusy
}

func (t *turns) end() {
	if t.pause > 0 {
		time.AfterFunc(t.pause, t.free)
		return
	}
	t.free()
}

func (t *turns) free() { <-t.taken }

// inTurn makes a request wait for its turn, which ends with the first byte of the response, so that a slow client holds
// up nobody. busy responds if the turn doesn't come.
func (t *turns) inTurn(handler, busy http.Handler, w *recorder, r *http.Request) http.Handler {
	if t.begin(r.Context()) != nil {
		return busy
	}
	w.turn = t
	return handler
}
