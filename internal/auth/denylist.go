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
	// RefreshInterval is how long a login that was ended on another replica may still count.
	RefreshInterval = 2 * time.Second
	// wholeListInterval is how often the whole list is read; in between only its newest part is, so that thousands of
	// ended sessions are not read every RefreshInterval.
	wholeListInterval = time.Minute
	// clockSkew is how far the clocks of replicas may be apart, and how long an ending login may take to commit.
	clockSkew = time.Minute
	// refreshTimeout bounds one read, so that a database that hangs does not hold up who ends a login.
	refreshTimeout = 5 * time.Second
)

// denyList is whom to turn away although their token or cookie is genuine. Reading it takes no lock.
type denyList struct {
	sessions compete.SessionStore
	memory   time.Duration // how far back ended logins are kept
	clock    func() time.Time
	logger   *slog.Logger

	list atomic.Pointer[denied]

	refreshing sync.Mutex // one reader at a time, so that an older reading never replaces a newer one
	wholeAt    time.Time  // when the whole list was read last
	outage     outage.Report
}

func newDenyList(c Config, memory time.Duration) *denyList {
	return &denyList{sessions: c.Sessions, memory: memory, clock: c.Clock, logger: c.Logger, outage: outage.Report{
		Logger: c.Logger, Away: "could not read the deny-list; using the last one",
		Back: "the deny-list is up to date again",
	}}
}

// denied is one reading of the list: the whole of it, and what came after.
type denied struct{ whole, recent compete.Revocations }

// check fails with ErrAccountDisabled, or with ErrUnauthorized when the login has ended. A login without a session
// counts by when it was issued.
func (d *denyList) check(a compete.Actor, issued time.Time) error {
	list := d.list.Load()
	if list.recent.DisabledUsers[a.UserID] {
		return compete.ErrAccountDisabled
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
		d.list.Store(&denied{whole: read, recent: compete.Revocations{DisabledUsers: read.DisabledUsers}})
	} else {
		d.list.Store(&denied{whole: d.list.Load().whole, recent: read})
	}
	return nil
}

// refreshNow makes a change of this process count at once. The change is done: a reading that fails now is made up for
// by run, and the end of the request that made it must not stop it.
func (d *denyList) refreshNow(ctx context.Context) {
	if err := d.refresh(context.WithoutCancel(ctx)); err != nil {
		d.logger.WarnContext(ctx, "could not reload the deny-list after a change; trying again shortly", "error", err)
	}
}

// after makes a change that may end logins count at once, unless it failed.
func (d *denyList) after(ctx context.Context, err error) error {
	if err == nil {
		d.refreshNow(ctx)
	}
	return err
}

// admit makes a new login of the user count at once. The account was found in order just now; where the list says
// otherwise, another replica has enabled it since the last reading.
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
