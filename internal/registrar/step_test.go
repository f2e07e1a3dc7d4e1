package registrar

import (
	"testing"
	"time"
)

// Pages of decisions grow while they are quick, and shrink at once when they keep others waiting.
func TestStep(t *testing.T) {
	for _, tc := range []struct {
		last int
		took time.Duration
		want int
	}{
		{8, time.Millisecond, 16},
		{32, 15 * time.Millisecond, 64},
		{64, time.Millisecond, 128},
		{256, time.Millisecond, 256},
		{64, 30 * time.Millisecond, 64},
		{64, 60 * time.Millisecond, 32},
		{64, time.Minute, 8},
		{8, 0, 16},
	} {
		if got := step(tc.last, tc.took); got != tc.want {
			t.Errorf("after %d in %v: %d, want %d", tc.last, tc.took, got, tc.want)
		}
	}
}
