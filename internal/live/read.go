package live

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// readInterval is the minimum time between two reads of changed competitions. It adds to the delay of updates.
	readInterval = 50 * time.Millisecond
	// readTimeout bounds one read; after it, new pages get an error that the database is unavailable.
	readTimeout = 5 * time.Second
	// maxReading is the maximum number of competitions read in one statement.
	maxReading = 500
)

// read keeps topics up to date until the hub stops. It is the only reader, so an older result never replaces a newer
// one.
func (h *Hub) read() {
	poll := time.NewTicker(h.config.Poll)
	defer poll.Stop()
	next := time.NewTimer(h.config.Poll) // fires at the end of the pause between reads, or when a phase changes
	defer next.Stop()
	var readAt time.Time // when changed competitions were last read
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-poll.C:
			h.changes.addAll()
		case <-h.toRead:
		case <-next.C:
		}
		pause := readInterval - time.Since(readAt)
		ids := h.takeFresh()
		if pause <= 0 {
			if changed := h.takeChanged(); len(changed) > 0 {
				ids = append(ids, changed...)
				readAt, pause = time.Now(), readInterval
			}
		}
		for len(ids) > 0 {
			page := ids[:min(len(ids), maxReading)]
			ids = ids[len(page):]
			h.readPage(page)
		}
		wait := h.update()
		if h.changes.pending() {
			wait = min(wait, pause)
		}
		next.Reset(max(wait, time.Millisecond))
	}
}

// takeFresh returns the competitions that haven't been read yet.
func (h *Hub) takeFresh() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	for id := range h.fresh {
		ids = append(ids, id)
	}
	clear(h.fresh)
	return ids
}

// takeChanged returns the followed competitions that have changed since the last call.
func (h *Hub) takeChanged() []string {
	changed, all := h.changes.take()
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	if all {
		for id := range h.topics {
			ids = append(ids, id)
		}
		return ids
	}
	for id := range changed {
		if h.topics[id] != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// readPage updates topics. If it fails, known ones keep their state until the next poll, and new pages are refused.
func (h *Hub) readPage(ids []string) {
	ctx, cancel := context.WithTimeout(h.ctx, readTimeout)
	defer cancel()
	competitions, err := h.config.Read(ctx, ids)
	if err != nil && h.ctx.Err() == nil {
		h.config.Logger.Warn("could not read seats for open pages", "error", err)
	}
	if err == nil {
		err = compete.ErrCompetitionMissing // for ids that weren't found
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range competitions {
		if t := h.topics[competitions[i].ID]; t != nil {
			t.competition, t.known = competitions[i].Summary(), true
		}
	}
	for _, id := range ids {
		if t := h.topics[id]; t != nil && !t.known {
			h.drop(t, err)
		}
	}
}

// update computes which states are new, including changes caused by time (registration opens, the deadline passes). It
// returns the time until the next such moment.
func (h *Hub) update() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.config.Clock()
	next := time.Hour // a poll comes sooner anyway
	for _, t := range h.topics {
		if !t.known {
			continue
		}
		if seats := t.competition.Seats(now); t.state == nil || !t.state.seats.Equal(seats) {
			h.renew(t, seats)
		}
		for _, moment := range []*time.Time{t.competition.RegOpensAt, &t.competition.RegDeadline} {
			if moment != nil && moment.After(now) {
				next = min(next, moment.Sub(now))
			}
		}
	}
	return next
}
