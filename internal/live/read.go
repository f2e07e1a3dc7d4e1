package live

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// readInterval is the least time between two readings of what changed. It adds to the time after which a page is
	// told.
	readInterval = 50 * time.Millisecond
	// pollInterval is how often everything followed is read without an event, in case one was lost.
	pollInterval = 5 * time.Second
	// readTimeout bounds one reading; after it a new page is told that the database is away.
	readTimeout = 5 * time.Second
	// maxReading is how many competitions are read by one statement.
	maxReading = 500
)

// read keeps topics up to date until the hub stops. It is the one reader, so that an older reading never overtakes a
// newer one.
func (h *Hub) read() {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	next := time.NewTimer(pollInterval) // the end of the pause between readings, or the moment when a phase changes
	defer next.Stop()
	var readAt time.Time // the last reading of what changed
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

// takeFresh returns the competitions that were never read.
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

// takeChanged returns those followed competitions that changed since it was asked last.
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

// readPage brings topics up to date. When it fails, known ones keep what they have until the next poll, and new pages
// are refused.
func (h *Hub) readPage(ids []string) {
	ctx, cancel := context.WithTimeout(h.ctx, readTimeout)
	defer cancel()
	competitions, err := h.config.Read(ctx, ids)
	if err != nil && h.ctx.Err() == nil {
		h.config.Logger.Warn("could not read seats for open pages", "error", err)
	}
	if err == nil {
		err = compete.ErrCompetitionMissing // what those have that are not among them
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

// update makes known which states are new, also when only time has passed (registration opens, the deadline comes).
// It returns how long until the next such moment.
func (h *Hub) update() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.config.Clock()
	next := time.Hour // a poll comes sooner anyway
	for _, t := range h.topics {
		if !t.known {
			continue
		}
		if seats := t.competition.Seats(now); t.state == nil || t.state.seats != seats {
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
