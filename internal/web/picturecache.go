package web

import "sync"

// pictureCache keeps the most recently used pictures by URL: a URL always has the same picture, and everyone who comes
// for an opening needs the same few.
type pictureCache struct {
	mu      sync.Mutex
	kept    map[string][]byte
	drawing sync.Mutex // serializes drawing and fetching
}

// keptPictures bounds the cache, at 60 KB per picture.
const keptPictures = 32

func (c *pictureCache) get(path string, draw func() ([]byte, error)) ([]byte, error) {
	if picture, ok := c.look(path); ok {
		return picture, nil
	}
	c.drawing.Lock()
	defer c.drawing.Unlock()
	if picture, ok := c.look(path); ok { // made while waiting for the lock
		return picture, nil
	}
	picture, err := draw()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= keptPictures || c.kept == nil {
		c.kept = map[string][]byte{}
	}
	c.kept[path] = picture
	return picture, nil
}

func (c *pictureCache) look(path string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	picture, ok := c.kept[path]
	return picture, ok
}
