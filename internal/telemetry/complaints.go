package telemetry

import (
	"log/slog"
	"sync"
	"time"
)

// complainEvery is how often a receiver that cannot be reached is told of.
const complainEvery = time.Minute

// complaints logs what goes wrong with sending traces, the first time and then now and again.
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
