package web

import (
	"context"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// tagsLife is how long popular tags are cached: counting reads every listed competition, and popularity changes slowly.
const tagsLife = 15 * time.Second

// quickCount is how long a count may take for requests to wait for it. A longer one, with very many competitions, runs
// in the background while requests get the previous tags, and seldom enough not to burden the machine.
const (
	quickCount = 50 * time.Millisecond
	countShare = 100 // at most this fraction (1/100) of the time is spent counting
)

// popularTags caches the tags that are offered as filters.
type popularTags struct {
	read func(ctx context.Context, limit int) ([]compete.TagCount, error)

	mu       sync.Mutex // held while requests have to wait for a count, so that they share it
	until    time.Time
	tags     []compete.TagCount
	took     time.Duration // duration of the last count
	counting bool          // a background count is running
}

// get returns recent tags. A failed count is not cached.
func (p *popularTags) get(ctx context.Context, now time.Time) ([]compete.TagCount, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until) || p.counting {
		return p.tags, nil
	}
	if p.took <= quickCount {
		start := time.Now()
		tags, err := p.read(ctx, tagChips)
		return p.keep(tags, time.Since(start), now, err)
	}
	p.counting = true
	go func() {
		start := time.Now()
		tags, err := p.read(context.WithoutCancel(ctx), tagChips)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.counting = false
		_, _ = p.keep(tags, time.Since(start), now, err) // the next request tries again
	}()
	return p.tags, nil
}

func (p *popularTags) keep(
	tags []compete.TagCount, took time.Duration, now time.Time, err error,
) ([]compete.TagCount, error) {
	if err != nil {
		return nil, err
	}
	p.tags, p.took, p.until = tags, took, now.Add(max(tagsLife, countShare*took))
	return tags, nil
}
