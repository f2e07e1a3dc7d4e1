package web

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"minicompete/internal/compete"
)

const (
	// viewersEvery is how often the unread messages of those who have a page open are read, all in one query.
	viewersEvery = 2 * time.Second
	// viewersBatch bounds that query.
	viewersBatch = 1000
)

// viewers are the logged-in users who have a page open. Their pages are told of new mail, and end with the
// login. Messages are written by workers, perhaps of another replica; one query every two seconds for
// everybody sees them all.
type viewers struct {
	count func(ctx context.Context, userIDs []string) (map[string]int, error)
	ended func(compete.Actor) bool
	log   *slog.Logger

	mu    sync.Mutex
	pages map[string]map[*viewer]struct{} // by user
}

// livePage is the stream of an open page; *live.Page is one.
type livePage interface {
	Tell(event string)
	End()
}

// viewer is one open page of a user.
type viewer struct {
	page   livePage
	actor  compete.Actor
	unread int // what the page was told last
}

func newViewers(count func(context.Context, []string) (map[string]int, error), ended func(compete.Actor) bool, log *slog.Logger) *viewers {
	return &viewers{count: count, ended: ended, log: log, pages: make(map[string]map[*viewer]struct{})}
}

// join tells the page of its viewer's unread messages, beginning at the next round, until leave.
func (vs *viewers) join(actor compete.Actor, page livePage) (leave func()) {
	v := &viewer{page: page, actor: actor, unread: -1}
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.pages[actor.UserID] == nil {
		vs.pages[actor.UserID] = make(map[*viewer]struct{}, 1)
	}
	vs.pages[actor.UserID][v] = struct{}{}
	return func() {
		vs.mu.Lock()
		defer vs.mu.Unlock()
		delete(vs.pages[actor.UserID], v)
		if len(vs.pages[actor.UserID]) == 0 {
			delete(vs.pages, actor.UserID)
		}
	}
}

// run makes rounds until ctx ends.
func (vs *viewers) run(ctx context.Context) {
	ticker := time.NewTicker(viewersEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			vs.round(ctx)
		}
	}
}

func (vs *viewers) round(ctx context.Context) {
	for batch := range slices.Chunk(vs.present(), viewersBatch) {
		counts, err := vs.count(ctx, batch)
		if err != nil {
			if ctx.Err() == nil {
				vs.log.WarnContext(ctx, "could not count unread messages", "error", err)
			}
			return // the next round tries again
		}
		vs.tell(batch, counts)
	}
}

// present ends the pages of those who are logged in no more, and returns the ids of the other users.
func (vs *viewers) present() []string {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	users := make([]string, 0, len(vs.pages))
	for user, pages := range vs.pages {
		for v := range pages {
			if vs.ended(v.actor) {
				v.page.End()
			}
		}
		users = append(users, user)
	}
	return users
}

func (vs *viewers) tell(users []string, counts map[string]int) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for _, user := range users {
		for v := range vs.pages[user] {
			if n := counts[user]; n != v.unread {
				v.unread = n
				v.page.Tell(event("unread", strconv.Itoa(n)))
			}
		}
	}
}
