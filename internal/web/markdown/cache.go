package markdown

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// cached is how many descriptions a Cache keeps: of maxHTML bytes at the very most, usually of a hundredth.
const cached = 64

// Cache renders each version of a description once, and forgets those that nobody has asked for lately.
type Cache struct {
	rendered *lru.Cache[version, *rendering]
}

type version struct {
	id     string
	number int
}

// rendering is done by the first who needs it; the others wait for it.
type rendering struct{ html func() (string, error) }

// NewCache makes an empty one.
func NewCache() *Cache {
	rendered, err := lru.New[version, *rendering](cached)
	if err != nil {
		panic(err) // of a size below one
	}
	return &Cache{rendered}
}

// HTML is HTML of a version of the description that id names.
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
