package web

import (
	"context"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// tagsLife is how long the popular tags are not counted again: counting reads every listed competition,
// and what is popular does not change by the second.
const tagsLife = 15 * time.Second

// quickCount is how long a count may take for people to wait for it. A longer one, of very many competitions, is done
// while they get the tags of before, and not more often than the machine takes lightly.
const (
	quickCount = 50 * time.Millisecond
	countShare = 100 // of the time is spent counting, at most one part
)

// popularTags remembers the tags that are offered as filters.
type popularTags struct {
	read func(ctx context.Context, limit int) ([]compete.TagCount, error)

	mu       sync.Mutex // held while somebody has to wait for a count: who comes meanwhile waits for the same one
	until    time.Time
	tags     []compete.TagCount
	took     time.Duration // the last count
	counting bool          // while nobody waits
}

// get returns the tags as of a moment ago. A failed count is not remembered.
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
		_, _ = p.keep(tags, time.Since(start), now, err) // the next one tries again
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
