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
	// streamsPerCore is how many streams are opened at a time, per core.
	streamsPerCore = 8
	// readPatience is how long such a request may wait for its turn.
	readPatience = 2 * time.Second
)

// turns bounds how many requests are processed at a time. The others wait in order of arrival: if thousands ran at
// once, each would wait for all of them, including registrations, logins and live pages, which have limits of their
// own.
type turns struct {
	taken    chan struct{}
	patience time.Duration
}

func newTurns(atOnce int, patience time.Duration) *turns {
	return &turns{make(chan struct{}, atOnce), patience}
}

func newReads() *turns { return newTurns(readsPerCore*runtime.GOMAXPROCS(0), readPatience) }

func newStreams() *turns { return newTurns(streamsPerCore*runtime.GOMAXPROCS(0), readPatience) }

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

func (t *turns) end() { <-t.taken }

// inTurn makes a request wait for its turn, which ends with the first byte of the response, so that a slow client holds
// up nobody. busy responds if the turn doesn't come.
func (t *turns) inTurn(handler, busy http.Handler, w *recorder, r *http.Request) http.Handler {
	if t.begin(r.Context()) != nil {
		return busy
	}
	w.turn = t
	return handler
}
