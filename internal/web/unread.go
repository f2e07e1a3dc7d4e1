package web

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// unreadEvery is how often the open pages' counts of unread messages are read, all in one query.
	unreadEvery = 2 * time.Second
	// unreadBatch bounds that query.
	unreadBatch = 1000
)

// unreadHub tells open pages of new mail. Messages are written by workers, perhaps of another replica;
// one query every two seconds for everybody who has a page open sees them all.
type unreadHub struct {
	count func(ctx context.Context, userIDs []string) (map[string]int, error)
	log   *slog.Logger

	mu    sync.Mutex
	pages map[string]map[*unreadPage]struct{} // by user
}

// unreadPage is one open page. Its channel holds the newest count that it has not taken yet.
type unreadPage struct {
	counts chan int
	last   int
}

func newUnreadHub(count func(context.Context, []string) (map[string]int, error), log *slog.Logger) *unreadHub {
	return &unreadHub{count: count, log: log, pages: make(map[string]map[*unreadPage]struct{})}
}

// join follows a user's count, beginning with the present one. The caller must call leave.
func (h *unreadHub) join(userID string) (counts <-chan int, leave func()) {
	page := &unreadPage{counts: make(chan int, 1), last: -1}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages[userID] == nil {
		h.pages[userID] = make(map[*unreadPage]struct{}, 1)
	}
	h.pages[userID][page] = struct{}{}
	return page.counts, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.pages[userID], page)
		if len(h.pages[userID]) == 0 {
			delete(h.pages, userID)
		}
	}
}

// run reads the counts until ctx ends.
func (h *unreadHub) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.refresh(ctx)
		}
	}
}

func (h *unreadHub) refresh(ctx context.Context) {
	for batch := range slices.Chunk(h.users(), unreadBatch) {
		counts, err := h.count(ctx, batch)
		if err != nil {
			if ctx.Err() == nil {
				h.log.WarnContext(ctx, "unread messages cannot be counted", "error", err)
			}
			return // the next round tries again
		}
		h.deliver(batch, counts)
	}
}

func (h *unreadHub) users() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	users := make([]string, 0, len(h.pages))
	for id := range h.pages {
		users = append(users, id)
	}
	return users
}

func (h *unreadHub) deliver(users []string, counts map[string]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, user := range users {
		for page := range h.pages[user] {
			if n := counts[user]; n != page.last {
				page.last = n
				select {
				case <-page.counts: // an older one that was not taken yet
				default:
				}
				page.counts <- n
			}
		}
	}
}
