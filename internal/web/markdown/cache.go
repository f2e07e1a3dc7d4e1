package markdown

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// cached is how many descriptions a Cache keeps, of at most maxHTML bytes, usually a hundredth of that.
const cached = 64

// Cache renders each version of a description once, and evicts those least recently used.
type Cache struct {
	rendered *lru.Cache[version, *rendering]
}

type version struct {
	id     string
	number int
}

// rendering is computed by its first user; concurrent ones wait for it.
type rendering struct{ html func() (string, error) }

// NewCache creates an empty cache.
func NewCache() *Cache {
	rendered, err := lru.New[version, *rendering](cached)
	if err != nil {
		panic(err) // only fails for a size below one
	}
	return &Cache{rendered}
}

// HTML returns the HTML of one version (number) of the description identified by id.
func (c *Cache) HTML(id string, number int, source string) (string, error) {
	key := version{id, number}
	if found, ok := c.rendered.Get(key); ok {
		return found.html()
	}
	mine := &rendering{sync.OnceValues(func() (string, error) { return HTML(source) })}
	if theirs, found, _ := c.rendered.PeekOrAdd(key, mine); found {
		mine = theirs
	}
	return mine.html()
}
