package compete

import (
	"sync"
	"time"
)

// protectedFor is how long protectedUsers caches that an account has a second factor. Another replica may remove the
// factor in that time.
const protectedFor = time.Minute

// protectedUsers caches which accounts have a second factor, so that requests by admins and organizers needn't each
// read it. Its zero value is ready to use.
type protectedUsers struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (p *protectedUsers) has(userID string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.until[userID])
}

func (p *protectedUsers) add(userID string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil || len(p.until) >= maxVerifiedUsers {
		p.until = map[string]time.Time{}
	}
	p.until[userID] = now.Add(protectedFor)
}

func (p *protectedUsers) remove(userID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.until, userID)
}
