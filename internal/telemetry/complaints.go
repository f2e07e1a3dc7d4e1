package telemetry

import (
	"log/slog"
	"sync"
	"time"
)

// complainEvery is the minimum time between two log messages about an unreachable receiver.
const complainEvery = time.Minute

// complaints logs failures to send traces: the first one, and then one every complainEvery.
type complaints struct {
	log *slog.Logger
	mu  sync.Mutex
	at  time.Time
}

// Handle implements otel.ErrorHandler.
func (c *complaints) Handle(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.at) > complainEvery {
		c.at = now
		c.log.Warn("could not send traces", "error", err)
	}
}
