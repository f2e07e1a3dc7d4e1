// Package live tells open pages how many seats are left: from the commits of this process, and over Redis from those of other replicas.
//
// Only ids of competitions travel. What is sent to a page is always read from the committed state, so a lost, late or repeated
// event never leaves a stale number. The package owns who watches what; how a page is told (server-sent events) belongs to api and web.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"minicompete/internal/compete"
)

const (
	// DefaultMaxWatchers bounds the open streams of one process.
	DefaultMaxWatchers = 20_000
	// readInterval is the least time between two readings for changes: each competition is read, and told, at most 4 times a second.
	readInterval = 250 * time.Millisecond
	// pollInterval is how often everything watched is read without an event, in case one was lost.
	pollInterval = 5 * time.Second
	// readTimeout bounds one reading; after it a new page is told that the database is away.
	readTimeout = 5 * time.Second
	// maxReading is how many competitions are read by one statement.
	maxReading = 500
)

// Config sets up a Hub.
type Config struct {
	// Read reads the committed state of competitions, in any order; unknown ids are left out.
	Read        func(ctx context.Context, ids []string) ([]compete.Competition, error)
	Redis       *redis.Client // between replicas; nil for one process alone
	MaxWatchers int           // 0: DefaultMaxWatchers
	Clock       func() time.Time
	Logger      *slog.Logger
}

// Hub is a compete.SeatsFeed and a compete.SeatsNotifier. Start it before the first watcher, Close it before the listeners and
// Stop it after the last commit.
type Hub struct {
	config Config
	relay  *relay // nil without Redis
	ctx    context.Context
	cancel context.CancelFunc
	loops  sync.WaitGroup
	wake   chan struct{} // holds one signal: changed or fresh has something

	mu       sync.Mutex
	closed   bool
	topics   map[string]*topic
	watchers int
	changed  map[string]bool // watched competitions to read at the next turn
	fresh    map[string]bool // those never read, which a page waits for: read at once
}

var (
	_ compete.SeatsFeed     = (*Hub)(nil)
	_ compete.SeatsNotifier = (*Hub)(nil)
)

// New makes a hub that does nothing until Start.
func New(c Config) *Hub {
	if c.MaxWatchers == 0 {
		c.MaxWatchers = DefaultMaxWatchers
	}
	h := &Hub{config: c, wake: make(chan struct{}, 1), topics: map[string]*topic{}, changed: map[string]bool{}, fresh: map[string]bool{}}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if c.Redis != nil {
		h.relay = newRelay(c.Redis, c.Logger)
	}
	return h
}

// Start begins to read and, with Redis, to listen to other replicas. It returns at once.
func (h *Hub) Start() {
	h.loops.Go(h.run)
	if h.relay != nil {
		h.loops.Go(func() { h.relay.publish(h.ctx) })
		h.loops.Go(func() { h.relay.listen(h.ctx, h.mark, h.markAll) })
	}
}

// Close closes every watcher's channel and refuses new ones with ErrStopping. Changes are still passed on to other replicas, until Stop.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for id, t := range h.topics {
		h.drop(id, t, compete.ErrStopping)
	}
}

// Stop is Close, and returns when nothing runs any more.
func (h *Hub) Stop() {
	h.Close()
	h.cancel()
	h.loops.Wait()
}

// Changed marks competitions as changed, here and on the other replicas. It never blocks.
func (h *Hub) Changed(competitionIDs ...string) {
	h.mark(competitionIDs...)
	if h.relay != nil {
		h.relay.changed(competitionIDs)
	}
}

func (h *Hub) mark(ids ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		if h.topics[id] != nil {
			h.changed[id] = true
		}
	}
	if len(h.changed) > 0 {
		h.signal()
	}
}

func (h *Hub) markAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range h.topics {
		h.changed[id] = true
	}
	if len(h.changed) > 0 {
		h.signal()
	}
}

func (h *Hub) signal() {
	select {
	case h.wake <- struct{}{}:
	default: // one is pending, and it will see this change too
	}
}

// run is the one reader, so that an older reading never overtakes a newer one.
func (h *Hub) run() {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	next := time.NewTimer(pollInterval) // the end of the pause between readings, or the moment when a phase changes
	defer next.Stop()
	var readAt time.Time // the last reading for changes
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-poll.C:
			h.markAll()
		case <-h.wake:
		case <-next.C:
		}
		pause := readInterval - time.Since(readAt)
		ids := h.take(pause <= 0)
		if pause <= 0 && len(ids) > 0 {
			readAt, pause = time.Now(), readInterval
		}
		h.read(ids)
		wait := h.tell()
		if h.pending() {
			wait = min(wait, pause)
		}
		next.Reset(max(wait, time.Millisecond))
	}
}

// take returns what to read now: competitions never read, and with changed those that changed.
func (h *Hub) take(changed bool) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]string, 0, len(h.fresh)+len(h.changed))
	for id := range h.fresh {
		ids = append(ids, id)
		delete(h.changed, id)
	}
	clear(h.fresh)
	if changed {
		for id := range h.changed {
			ids = append(ids, id)
		}
		clear(h.changed)
	}
	return ids
}

func (h *Hub) pending() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.changed) > 0
}

// read brings topics up to date. When it fails, watched ones keep what they have until the next poll, and new pages are refused.
func (h *Hub) read(ids []string) {
	for len(ids) > 0 {
		page := ids[:min(len(ids), maxReading)]
		ids = ids[len(page):]
		ctx, cancel := context.WithTimeout(h.ctx, readTimeout)
		competitions, err := h.config.Read(ctx, page)
		cancel()
		if err != nil && h.ctx.Err() == nil {
			h.config.Logger.Warn("seats for open pages could not be read", "error", err)
		}
		h.store(page, competitions, err)
	}
}

func (h *Hub) store(ids []string, competitions []compete.Competition, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range competitions {
		if t := h.topics[competitions[i].ID]; t != nil {
			t.competition, t.known = competitions[i].Summary(), true
		}
	}
	if err == nil {
		err = compete.ErrCompetitionMissing
	}
	for _, id := range ids {
		if t := h.topics[id]; t != nil && !t.known {
			h.drop(id, t, err)
		}
	}
}
