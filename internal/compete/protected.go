package compete

import (
	"sync"
	"time"
)

// protectedFor is how long ProtectedUsers caches that an account has a second factor. Another replica may remove the
// factor in that time.
const protectedFor = time.Minute

// ProtectedUsers caches which accounts have a second factor, so that requests by admins and organizers needn't each
// read it. Its zero value is ready to use; a nil one caches nothing.
type ProtectedUsers struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (p *ProtectedUsers) has(userID string, now time.Time) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.until[userID])
}

func (p *ProtectedUsers) add(userID string, now time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil || len(p.until) >= maxVerifiedUsers {
		p.until = map[string]time.Time{}
	}
	p.until[userID] = now.Add(protectedFor)
}

func (p *ProtectedUsers) remove(userID string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.until, userID)
}
