package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/server"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
)

const (
	// openTries and openPause are how long a start waits for a database that is not there yet, as when both start
	// together.
	openTries = 30
	openPause = time.Second
)

// OpenStore opens the database of the settings, without its read replica. One that is away is tried again for half a
// minute; any other failure ends it at once.
func OpenStore(ctx context.Context, c config.Config, logger *slog.Logger) (*store.Store, error) {
	return openStore(ctx, c, "", logger)
}

func openStore(ctx context.Context, c config.Config, replica config.URL, logger *slog.Logger) (*store.Store, error) {
	url := c.DatabaseURL
	for try := 1; ; try++ {
		opened, err := store.Open(ctx, store.Config{
			URL: string(url), ReplicaURL: string(replica), MaxLag: c.DatabaseReadMaxLag,
			Logger: logger, Jobs: compete.JobEncoder{MaxAttempts: c.JobMaxAttempts},
			Mailing: c.SMTPURL != "",
		})
		if err == nil {
			return opened, nil
		}
		if errors.Is(err, sqldb.ErrReplicaURL) {
			return nil, fmt.Errorf("DATABASE_READ_URL (%s): %w", replica, err)
		}
		if !errors.Is(err, compete.ErrDatabase) {
			return nil, fmt.Errorf("DATABASE_URL (%s): %w", url, err)
		}
		if try == openTries { // what ErrDatabase says is for who uses the API
			return nil, fmt.Errorf("DATABASE_URL (%s): the database is unreachable; see the log lines above", url)
		}
		logger.Warn("waiting for the database", "database", url, "try", try, "of", openTries, "error", err)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("DATABASE_URL (%s): %w", url, err)
		case <-time.After(openPause):
		}
	}
}

// NewLogger makes the log of a process as LOG_LEVEL and LOG_FORMAT say, to w or, when that is nil, to the standard
// error.
func NewLogger(c config.Config, w io.Writer) *slog.Logger {
	if w == nil {
		w = os.Stderr
	}
	options := &slog.HandlerOptions{Level: c.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if c.LogFormat == "json" {
		handler = slog.NewJSONHandler(w, options)
	}
	return slog.New(server.LogRequestIDs(handler))
}
