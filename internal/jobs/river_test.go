package jobs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

func TestBackoffDoubles(t *testing.T) {
	for attempt, want := range map[int]time.Duration{
		1: 2 * time.Second, 2: 4 * time.Second,
		3: 8 * time.Second, 25: maxBackoff,
	} {
		if got := backoff(2 * time.Second).after(attempt); got != want {
			t.Errorf("wait after attempt %d is %v, want %v", attempt, got, want)
		}
	}
}

func TestConcurrencyReachesEveryQueue(t *testing.T) {
	for concurrency, maintenance := range map[int]int{1: 2, 7: 7} {
		c := &Client{config: Config{
			Work: true, Logger: slog.New(slog.DiscardHandler), Concurrency: concurrency,
			Accounts: noDomain{}, Erasure: noDomain{}, Applications: noDomain{},
		}.withDefaults()}
		config, err := c.riverConfig()
		if err != nil {
			t.Fatal(err)
		}
		for name, queue := range config.Queues {
			want := concurrency
			switch name {
			case compete.QueueMaintenance:
				want = maintenance
			case compete.QueueMail: // as many as the mail server's connections can use
				want = concurrency * mailsInHand
			}
			if queue.MaxWorkers != want {
				t.Errorf("with a concurrency of %d, queue %s has %d workers, want %d", concurrency, name,
					queue.MaxWorkers, want)
			}
		}
	}
}

func TestRiverIsQuiet(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(quiet{slog.NewTextHandler(&out, nil)}).With("a", 1).WithGroup("g")
	logger.Info("chatter")
	logger.Warn("trouble")
	if got := out.String(); strings.Contains(got, "chatter") || !strings.Contains(got, "trouble") {
		t.Errorf("at the level info River's log is %q, want its warnings alone", got)
	}
	out.Reset()
	logger = slog.New(quiet{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})})
	logger.Info("chatter")
	if got := out.String(); !strings.Contains(got, "level=DEBUG msg=chatter") {
		t.Errorf("at the level debug River's log is %q, want its chatter as debug", got)
	}
}

// A queue that finds SQLite's file locked by another process warns.
func TestALockedFileIsNoErrorOfTheQueue(t *testing.T) {
	var out check.Buffer
	logged := func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&out, nil)) }
	eachDatabase(t, logged, func(f *fixture) {
		if !f.config.OneWriter {
			return // PostgreSQL's rows are locked one by one
		}
		f.start(f.client)
		other, err := store.Open(f.Context(), store.Config{URL: f.url})
		if err != nil {
			f.Fatal(err)
		}
		defer other.Close()
		execute := func(s *store.Store, statement string) {
			if _, err := s.Writer().ExecContext(f.Context(), statement); err != nil {
				f.Fatal(err)
			}
		}
		execute(f.store, "PRAGMA busy_timeout = 20") // milliseconds; the default is several seconds
		execute(other, "BEGIN IMMEDIATE")
		check.Eventually(f, "a fetch finds the file locked", func() bool {
			return strings.Contains(out.String(), "Error fetching jobs")
		})
		execute(other, "ROLLBACK")
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, "Error fetching jobs") && !strings.Contains(line, "level=WARN") {
				f.Errorf("got %s, want a warning", line)
			}
		}
	})
}
