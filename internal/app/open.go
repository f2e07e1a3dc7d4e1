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
	// openTries and openPause determine how long a start waits for a database that isn't available yet, such as when
	// both are started together.
	openTries = 30
	openPause = time.Second
)

// OpenStore opens the database from the settings, without its read replica. If it is unavailable, OpenStore retries for
// half a minute; any other failure is returned immediately.
func OpenStore(ctx context.Context, c config.Config, logger *slog.Logger) (*store.Store, error) {
	return openStore(ctx, c, storeConfig(c, logger))
}

func storeConfig(c config.Config, logger *slog.Logger) store.Config {
	return store.Config{
		URL: string(c.DatabaseURL), Logger: logger, Jobs: compete.JobEncoder{MaxAttempts: c.JobMaxAttempts},
		Mailing: c.SMTPURL != "",
	}
}

func openStore(ctx context.Context, c config.Config, s store.Config) (*store.Store, error) {
	url, replica, logger := c.DatabaseURL, c.DatabaseReadURL, s.Logger
	for try := 1; ; try++ {
		opened, err := store.Open(ctx, s)
		if err == nil {
			return opened, nil
		}
		if errors.Is(err, sqldb.ErrReplicaURL) {
			return nil, fmt.Errorf("DATABASE_READ_URL (%s): %w", replica, err)
		}
		if !errors.Is(err, compete.ErrDatabase) {
			return nil, fmt.Errorf("DATABASE_URL (%s): %w", url, err)
		}
		if try == openTries { // the text of ErrDatabase is meant for users of the API
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

// NewLogger creates the process's log, configured by LOG_LEVEL and LOG_FORMAT. It writes to w or, if that is nil, to
// standard error.
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
