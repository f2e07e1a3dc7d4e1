// Package live tells open pages how many seats are left: from the commits of this process, and over Redis from those of
// other replicas.
//
// Only ids of competitions travel. What is sent to a page is always read from the committed state, so a lost, late or
// repeated event never leaves a stale number. The package owns who follows what and when a page is told; in which words
// belongs to api and web, and the connection to sse.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sse"
)

// DefaultMaxPages bounds the open pages of one process.
const DefaultMaxPages = 20_000

// Config sets up a Hub.
type Config struct {
	// Read reads the committed state of competitions, in any order; unknown ids are left out.
	Read     func(ctx context.Context, ids []string) ([]compete.Competition, error)
	Redis    *redis.Client // between replicas; nil for one process alone
	MaxPages int           // 0: DefaultMaxPages
	Clock    func() time.Time
	Logger   *slog.Logger
}

// Hub knows the open pages of a process and tells them. It is a compete.SeatsNotifier. Start it before the first page,
// Close it before the listeners and Stop it after the last commit.
type Hub struct {
	config  Config
	relay   *relay // nil without Redis
	ctx     context.Context
	cancel  context.CancelFunc
	loops   sync.WaitGroup
	changes changes
	toRead  chan struct{} // holds one signal: there is something to read
	toTell  chan struct{} // holds one signal: a page is due before the others

	mu     sync.Mutex
	closed bool
	topics map[string]*topic
	fresh  map[string]bool // topics never read, which a page waits for
	pages  map[*Page]struct{}
	queue  queue
	paid   time.Time // the moment up to which turns of telling have used their share of the machine
}

var _ compete.SeatsNotifier = (*Hub)(nil)

// New makes a hub that does nothing until Start.
func New(c Config) *Hub {
	if c.MaxPages == 0 {
		c.MaxPages = DefaultMaxPages
	}
	h := &Hub{
		config: c, toRead: make(chan struct{}, 1), toTell: make(chan struct{}, 1),
		changes: changes{ids: map[string]bool{}},
		topics:  map[string]*topic{}, fresh: map[string]bool{}, pages: map[*Page]struct{}{},
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if c.Redis != nil {
		h.relay = newRelay(c.Redis, c.Logger)
	}
	return h
}

// Start begins to read, to tell and, with Redis, to listen to other replicas. It returns at once.
func (h *Hub) Start() {
	h.loops.Go(h.read)
	h.loops.Go(h.tell)
	if h.relay != nil {
		h.loops.Go(func() { h.relay.publish(h.ctx) })
		h.loops.Go(func() { h.relay.listen(h.ctx, h.mark, h.markAll) })
	}
}

// Pages is how many pages are open.
func (h *Hub) Pages() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.pages)
}

// Close ends every stream and refuses new pages with ErrStopping. Changes are still passed on to other replicas, until
// Stop.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	var open []sse.Stream
	for p := range h.pages {
		if p.stream != nil {
			open = append(open, p.stream)
		}
	}
	for _, t := range h.topics {
		if t.state == nil {
			h.drop(t, compete.ErrStopping)
		}
	}
	h.mu.Unlock()
	for _, stream := range open {
		stream.End()
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
	h.changes.add(ids)
	signal(h.toRead)
}

func (h *Hub) markAll() {
	h.changes.addAll()
	signal(h.toRead)
}

// signal wakes who waits for c, now or when next it looks.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is pending, and what it leads to will see this change too
	}
}

// changes are competitions that changed since they were taken last. It has a lock of its own: a commit waits for
// nothing longer.
type changes struct {
	mu  sync.Mutex
	ids map[string]bool
	all bool
}

func (c *changes) add(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.ids[id] = true
	}
}

func (c *changes) addAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = true
}

func (c *changes) take() (ids map[string]bool, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids, all = c.ids, c.all
	c.ids, c.all = map[string]bool{}, false
	return ids, all
}

func (c *changes) pending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all || len(c.ids) > 0
}
