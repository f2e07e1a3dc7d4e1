package markdown

import (
	"fmt"
	"sync"
	"testing"
)

func TestCache(t *testing.T) {
	c := NewCache()
	html := func(id string, number int, source string) string {
		html, err := c.HTML(id, number, source)
		if err != nil {
			t.Error(err)
		}
		return html
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := html("a", 1, "one"); got != "<p>one</p>\n" {
				t.Errorf("got %q", got)
			}
		})
	}
	wait.Wait()
	// A version is rendered once: the first source is the one shown.
	for _, tc := range []struct {
		id     string
		number int
		want   string
	}{{"a", 1, "one"}, {"a", 2, "new"}, {"b", 1, "new"}} {
		if got, want := html(tc.id, tc.number, "new"), "<p>"+tc.want+"</p>\n"; got != want {
			t.Errorf("version %d of %s: got %q, want %q", tc.number, tc.id, got, want)
		}
	}
	for i := range 2 * cached {
		html("many", i, fmt.Sprint(i))
	}
	if n := c.rendered.Len(); n != cached {
		t.Errorf("%d are kept, want %d", n, cached)
	}
}
