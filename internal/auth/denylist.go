package auth

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/outage"
)

const (
	// RefreshInterval is how long a login ended on another replica may still be accepted.
	RefreshInterval = 2 * time.Second
	// wholeListInterval is how often the whole list is read; in between, only its newest part is, so that thousands of
	// ended sessions aren't read every RefreshInterval.
	wholeListInterval = time.Minute
	// clockSkew is the maximum difference between replicas' clocks, plus the time a change that ends a login may take
	// to commit.
	clockSkew = time.Minute
	// refreshTimeout bounds one read, so that a hanging database doesn't block people who end a login.
	refreshTimeout = 5 * time.Second
)

// denyList lists the logins to refuse although their token or cookie is genuine. Reads take no lock.
type denyList struct {
	sessions compete.SessionStore
	memory   time.Duration // how far back ended logins are kept
	clock    func() time.Time
	logger   *slog.Logger

	list atomic.Pointer[denied]

	refreshing sync.Mutex // serializes reads, so that an older result never replaces a newer one
	wholeAt    time.Time  // when the whole list was last read
	outage     outage.Report
}

func newDenyList(c Config, memory time.Duration) *denyList {
	return &denyList{sessions: c.Sessions, memory: memory, clock: c.Clock, logger: c.Logger, outage: outage.Report{
		Logger: c.Logger, Away: "could not read the deny-list; using the last one",
		Back: "the deny-list is up to date again",
	}}
}

// denied is one version of the list: a full read, and what was added since.
type denied struct{ whole, recent compete.Revocations }

// check fails with ErrAccountDisabled, or with ErrUnauthorized if the login has ended or the account was deleted. A
// login without a session is judged by its time of issue.
func (d *denyList) check(a compete.Actor, issued time.Time) error {
	list := d.list.Load()
	if list.recent.DisabledUsers[a.UserID] {
		return compete.ErrAccountDisabled
	}
	if list.recent.ErasedUsers[a.UserID] {
		return compete.ErrUnauthorized
	}
	if a.SessionID != "" {
		if list.whole.EndedSessions[a.SessionID] || list.recent.EndedSessions[a.SessionID] {
			return compete.ErrUnauthorized
		}
		return nil
	}
	if revokes(list.whole.TokensBefore[a.UserID], issued) || revokes(list.recent.TokensBefore[a.UserID], issued) {
		return compete.ErrUnauthorized
	}
	return nil
}

func (d *denyList) refresh(ctx context.Context) error {
	d.refreshing.Lock()
	defer d.refreshing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	now := compete.UTC(d.clock())
	whole := d.list.Load() == nil || now.Sub(d.wholeAt) >= wholeListInterval
	since := d.wholeAt.Add(-clockSkew)
	if whole {
		since = now.Add(-d.memory - clockSkew)
	}
	read, err := d.sessions.Revocations(ctx, since)
	if err != nil {
		return err
	}
	if whole {
		d.wholeAt = now
		d.list.Store(&denied{whole: read, recent: compete.Revocations{
			DisabledUsers: read.DisabledUsers, ErasedUsers: read.ErasedUsers,
		}})
	} else {
		d.list.Store(&denied{whole: d.list.Load().whole, recent: read})
	}
	return nil
}

// refreshNow applies a change made by this process at once. The change is already committed: if this read fails, run
// makes up for it, and it must continue even if the request ends.
func (d *denyList) refreshNow(ctx context.Context) {
	if err := d.refresh(context.WithoutCancel(ctx)); err != nil {
		d.logger.WarnContext(ctx, "could not reload the deny-list after a change; trying again shortly", "error", err)
	}
}

// after applies a change that may end logins at once, unless the change failed.
func (d *denyList) after(ctx context.Context, err error) error {
	if err == nil {
		d.refreshNow(ctx)
	}
	return err
}

// admit makes a new login of the user valid at once. The account was just found to be in order; if the list says
// otherwise, another replica has enabled it since the last read.
func (d *denyList) admit(ctx context.Context, userID string) {
	if d.list.Load().recent.DisabledUsers[userID] {
		d.refreshNow(ctx)
	}
}

func (d *denyList) run(ctx context.Context) {
	ticker := time.NewTicker(RefreshInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := d.refresh(ctx)
		if ctx.Err() != nil {
			return
		}
		d.outage.Note(err)
	}
}
