package main

import "testing"

// The goal follows the memory in use, and rises at once for a crowd.
func TestMemoryGoalRisesAtOnceForACrowd(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct{ used, want int64 }{
		{20, 72},
		{50, 90},
		{96, 136},
		{97, 248},
		{180, 248},
		{240, 320},
	} {
		if got := raised(72*mb, c.used*mb); got != c.want*mb {
			t.Errorf("with %d MB in use, the goal is %d MB, want %d", c.used, got/mb, c.want)
		}
	}
}
