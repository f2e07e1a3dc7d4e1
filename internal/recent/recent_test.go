package recent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/recent"
)

var noon = time.Date(2030, 5, 4, 12, 0, 0, 0, time.UTC)

func TestAnEntryIsRememberedUntilItsMoment(t *testing.T) {
	c := recent.NewCache[string, int](2)
	c.Add("a", 1, noon)
	if got, ok := c.Get("a", noon.Add(-1)); !ok || got != 1 {
		t.Errorf("before its moment it is %d, %v", got, ok)
	}
	if got, ok := c.Get("a", noon); ok || got != 0 {
		t.Errorf("at its moment it is %d, %v", got, ok)
	}
	c.Add("a", 2, noon.Add(time.Hour))
	if got, ok := c.Get("a", noon); !ok || got != 2 {
		t.Errorf("added again it is %d, %v", got, ok)
	}
	c.Add("b", 3, noon.Add(time.Hour))
	c.Get("a", noon)
	c.Add("c", 4, noon.Add(time.Hour))
	if _, ok := c.Get("b", noon); ok {
		t.Error("the one used longest ago is there beyond the size")
	}
	c.Remove("c")
	c.RemoveIf(func(key string) bool { return strings.HasPrefix(key, "a") })
	for _, key := range []string{"a", "c"} {
		if _, ok := c.Get(key, noon); ok {
			t.Errorf("%s is there, though it was removed", key)
		}
	}
}

func TestAValueIsReadOnceInItsLife(t *testing.T) {
	var v recent.Value[int]
	reads := 0
	read := func() int {
		reads++
		return reads
	}
	if a, b := v.Get(time.Hour, read), v.Get(time.Hour, read); a != 1 || b != 1 {
		t.Errorf("within its life it was %d and then %d", a, b)
	}
	var old recent.Value[int]
	if a, b := old.Get(0, read), old.Get(0, read); a != 2 || b != 3 {
		t.Errorf("past its life it was %d and then %d", a, b)
	}
}
