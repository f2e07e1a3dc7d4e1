package web

import (
	"context"
	"sync"
	"time"

	"minicompete/internal/compete"
)

// tagsLife is how long the popular tags are not counted again: counting reads every listed competition,
// and what is popular does not change by the second.
const tagsLife = 15 * time.Second

// popularTags remembers the tags that are offered as filters.
type popularTags struct {
	read func(ctx context.Context, limit int) ([]compete.TagCount, error)

	mu    sync.Mutex // held while counting: who comes meanwhile waits for the same count
	until time.Time
	tags  []compete.TagCount
}

// get returns the tags as of at most tagsLife ago. A failed count is not remembered.
func (p *popularTags) get(ctx context.Context, now time.Time) ([]compete.TagCount, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until) {
		return p.tags, nil
	}
	tags, err := p.read(ctx, tagChips)
	if err != nil {
		return nil, err
	}
	p.tags, p.until = tags, now.Add(tagsLife)
	return tags, nil
}
