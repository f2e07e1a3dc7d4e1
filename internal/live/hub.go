// Package live sends open pages the number of seats left, following commits in this process and, through Redis, those
// of other replicas.
//
// Only competition ids are transmitted. What is sent to a page is always read from the committed state, so a lost, late
// or repeated notification never leaves a stale number. The package decides which pages get an update and when; api and
// web encode the events, and sse handles the connections.
package live

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sse"
)

// Defaults of a Config.
const (
	DefaultMaxPages = 20_000 // open pages per process
	DefaultPoll     = 5 * time.Second
)

// Config configures a Hub.
type Config struct {
	// Read returns the committed state of competitions, in any order; unknown ids are left out.
	Read     func(ctx context.Context, ids []string) ([]compete.Competition, error)
	Redis    *redis.Client // connects replicas; nil for a single process
	MaxPages int           // 0: DefaultMaxPages
	// Poll is how often all followed competitions are read without a notification, which may get lost; 0: DefaultPoll.
	Poll   time.Duration
	Clock  func() time.Time
	Logger *slog.Logger
}

// Hub keeps track of a process's open pages and sends them updates. It is a compete.SeatsNotifier. Call Start before
// the first page is opened, Close before closing the listeners, and Stop after the last commit.
type Hub struct {
	config  Config
	relay   *relay // nil without Redis
	ctx     context.Context
	cancel  context.CancelFunc
	loops   sync.WaitGroup
	changes changes
	toRead  chan struct{} // holds one signal: there is something to read
	toTell  chan struct{} // holds one signal: a page is due earlier than planned

	mu     sync.Mutex
	closed bool
	topics map[string]*topic
	fresh  map[string]bool // topics not read yet that a page waits for
	pages  map[*Page]struct{}
	queue  queue
	paid   time.Time // time until which the share of processor time for sending is used up
}

var _ compete.SeatsNotifier = (*Hub)(nil)

// New creates a hub that does nothing until Start.
func New(c Config) *Hub {
	c.MaxPages = cmp.Or(c.MaxPages, DefaultMaxPages)
	c.Poll = cmp.Or(c.Poll, DefaultPoll)
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

// Start starts reading, sending and, with Redis, listening to other replicas. It returns at once.
func (h *Hub) Start() {
	h.loops.Go(h.read)
	h.loops.Go(h.tell)
	if h.relay != nil {
		h.loops.Go(func() { h.relay.publish(h.ctx) })
		h.loops.Go(func() { h.relay.listen(h.ctx, h.mark, h.markAll) })
	}
}

// Pages returns the number of open pages.
func (h *Hub) Pages() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.pages)
}

// Close ends every stream and refuses new pages with ErrStopping. Until Stop, changes are still passed on to other
// replicas.
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

// Stop calls Close, and returns once all goroutines have ended.
func (h *Hub) Stop() {
	h.Close()
	h.cancel()
	h.loops.Wait()
}

// Changed marks competitions as changed, here and on other replicas. It never blocks.
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

// signal wakes the receiver of c, or makes its next receive return at once.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is pending; its receiver will see this change too
	}
}

// changes collects the competitions changed since the last take. It has its own lock, so that commits never wait for
// long.
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
