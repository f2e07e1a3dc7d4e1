package web

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// viewersEvery is how often the news for all viewers are read, in one query.
	viewersEvery = 2 * time.Second
	// viewersBatch bounds the users in that query.
	viewersBatch = 1000
)

// viewers tracks logged-in users with open pages. Their pages are notified of new messages and of registrations removed
// by an organizer, possibly without a message, and are closed when the session ends. Both changes may be made on
// another replica; one query every two seconds finds them for everyone.
type viewers struct {
	news  func(ctx context.Context, userIDs []string) (map[string]compete.News, error)
	ended func(compete.Actor) bool
	log   *slog.Logger

	mu    sync.Mutex
	pages map[string]map[*viewer]struct{} // by user
}

// livePage is the stream of an open page, such as *live.Page.
type livePage interface {
	Tell(event string)
	End()
}

// viewer is one open page of a user.
type viewer struct {
	page  livePage
	actor compete.Actor
	told  compete.News // last news sent; unset while asked is false
	asked bool
}

func newViewers(
	news func(context.Context, []string) (map[string]compete.News, error), ended func(compete.Actor) bool,
	log *slog.Logger,
) *viewers {
	return &viewers{news: news, ended: ended, log: log, pages: make(map[string]map[*viewer]struct{})}
}

// join notifies the page of its viewer's unread messages, starting with the next round, until leave is called.
func (vs *viewers) join(actor compete.Actor, page livePage) (leave func()) {
	v := &viewer{page: page, actor: actor}
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
		news, err := vs.news(ctx, batch)
		if err != nil {
			if ctx.Err() == nil {
				vs.log.WarnContext(ctx, "could not read what open pages are told", "error", err)
			}
			return // the next round tries again
		}
		vs.tell(batch, news)
	}
}

// present closes the pages of users who are no longer logged in, and returns the ids of the others.
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

func (vs *viewers) tell(users []string, news map[string]compete.News) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for _, user := range users {
		for v := range vs.pages[user] {
			n := news[user]
			if !v.asked || n.Unread != v.told.Unread {
				v.page.Tell(event("unread", strconv.Itoa(n.Unread)))
			}
			if v.asked && n.Removed != v.told.Removed || !v.asked && n.Lately > 0 {
				v.page.Tell(event("mine", "changed"))
			}
			v.told, v.asked = n, true
		}
	}
}
