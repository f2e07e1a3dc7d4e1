package server

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// readsPerCore is how many requests that only read are worked on at a time, per core. It's more than the database
	// takes at once.
	readsPerCore = 32
	// readPatience is how long one may wait for its turn.
	readPatience = 2 * time.Second
)

// turns bounds how many requests are worked on at a time. The others wait in order of arrival: thousands at once would
// have everybody wait for all of them, also those who register, log in or follow a page, which have bounds of their
// own.
type turns struct {
	taken    chan struct{}
	patience time.Duration
}

func newTurns(atOnce int, patience time.Duration) *turns {
	return &turns{make(chan struct{}, atOnce), patience}
}

func newReads() *turns { return newTurns(readsPerCore*runtime.GOMAXPROCS(0), readPatience) }

// begin waits for a turn; end has to follow. It fails with compete.ErrBusy.
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

// inTurn has a request wait for its turn, which ends with the first byte of the answer: a client that takes its answer
// slowly holds up nobody. Busy is what answers when the turn doesn't come.
func (t *turns) inTurn(handler, busy http.Handler, w *recorder, r *http.Request) http.Handler {
	if t.begin(r.Context()) != nil {
		return busy
	}
	w.turn = t
	return handler
}
