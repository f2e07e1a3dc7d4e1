package auth

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// UseInterval is how often session use is saved, and how much later than Config.Idle a token may end.
	UseInterval = 5 * time.Minute
	// MinIdle is the minimum of Config.Idle, so that a session whose use isn't saved yet doesn't count as unused.
	MinIdle = 3 * UseInterval
	// maxUses bounds the sessions that one process tracks per UseInterval, at about 100 bytes each. Any beyond are
	// tracked in the next interval.
	maxUses = 200_000
	// usesTimeout bounds one save.
	usesTimeout = 10 * time.Second
)

// uses tracks the sessions used since the last save. Requests only update this map: they never write to the database.
type uses struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (u *uses) mark(sessionID string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil {
		u.at = map[string]time.Time{}
	}
	if _, marked := u.at[sessionID]; marked || len(u.at) < maxUses {
		u.at[sessionID] = now
	}
}

func (u *uses) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.at
	u.at = nil
	return taken
}

// NoteUses saves which sessions were used, and ends those unused for too long.
func (a *Authenticator) NoteUses(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, usesTimeout)
	defer cancel()
	if taken := a.uses.take(); len(taken) > 0 {
		if err := a.sessions.SessionsUsed(ctx, taken); err != nil {
			a.uses.restore(taken)
			return err
		}
	}
	if a.idle == 0 {
		return nil
	}
	now := compete.UTC(a.clock())
	return a.sessions.EndIdleSessions(ctx, now.Add(-a.idle), now)
}

// restore puts back uses that couldn't be saved, unless there are later ones.
func (u *uses) restore(taken map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.Copy(taken, u.at)
	u.at = taken
}

// noteUses calls NoteUses every UseInterval, and once more when ctx ends.
func (a *Authenticator) noteUses(ctx context.Context) {
	ticker := time.NewTicker(UseInterval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
		if err := a.NoteUses(context.WithoutCancel(ctx)); err != nil {
			a.logger.WarnContext(ctx, "could not record which sessions were used; trying again later", "error", err)
		}
	}
}

// isIdle reports whether a session last used at lastUse has ended.
func (a *Authenticator) isIdle(lastUse, now time.Time) bool {
	return a.idle > 0 && now.Sub(lastUse) >= a.idle
}
