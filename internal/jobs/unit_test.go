package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
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

func TestSchedulesAreFiveFieldsInUTC(t *testing.T) {
	from := time.Date(2030, 3, 31, 4, 59, 59, 0, time.FixedZone("", 5*60*60)) // 30 March, 23:59:59 UTC
	for text, want := range map[string]string{
		"0 * * * *":  "2030-03-31T00:00:00Z",
		"30 3 * * *": "2030-03-31T03:30:00Z",
		"@daily":     "2030-03-31T00:00:00Z",
	} {
		s, err := parseSchedule(text)
		if err != nil {
			t.Errorf("parseSchedule(%q): %v", text, err)
		} else if got := s.Next(from).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%q comes due at %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"", "hourly", "0 0 * * * *", "61 * * * *", "0 0 30 2 *", "TZ=Asia/Tokyo 0 0 * * *",
		"CRON_TZ=Asia/Tokyo 0 0 * * *",
	} {
		if _, err := parseSchedule(text); err == nil {
			t.Errorf("parseSchedule(%q) gave no error", text)
		}
	}
}

func TestNewNamesTheScheduleThatIsWrong(t *testing.T) {
	config := Config{Work: true, Logger: slog.New(slog.DiscardHandler), ReminderSchedule: "soon"}
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "reminder schedule") {
		t.Errorf("New with a wrong schedule of reminders gave %v", err)
	}
	config.ReminderSchedule, config.CleanUpSchedule = "", "later"
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "cleanup schedule") {
		t.Errorf("New with a wrong schedule of the clean-up gave %v", err)
	}
}

func TestConcurrencyReachesEveryQueue(t *testing.T) {
	for concurrency, maintenance := range map[int]int{1: 2, 7: 7} {
		c := &Client{config: Config{
			Work: true, Logger: slog.New(slog.DiscardHandler), Concurrency: concurrency,
			Accounts: noDomain{}, Erasure: noDomain{},
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
			case compete.QueueMail: // as many as the connections to the mail server can use
				want = concurrency * mailsInHand
			}
			if queue.MaxWorkers != want {
				t.Errorf("with a concurrency of %d, queue %s has %d workers, want %d", concurrency, name,
					queue.MaxWorkers, want)
			}
		}
	}
}

func TestErrorTextsKeepNoSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"dial postgres://app:hunter2@db:5432/x: refused": "dial postgres://…@db:5432/x: refused",
		"redis://:hunter2@cache/0 is away":               "redis://…@cache/0 is away",
		"user=app password=hunter2 host=db":              "user=app password=… host=db",
		"nul \x00 and \xff bytes":                        "nul  and  bytes",
		"see https://compete.example.com/a@b":            "see https://compete.example.com/a@b",
	} {
		if got := cleaned(text); got != want {
			t.Errorf("cleaned(%q) = %q, want %q", text, got, want)
		}
	}
	if got := len(cleaned(strings.Repeat("競", maxErrorText))); got > maxErrorText {
		t.Errorf("a long text keeps %d bytes, want at most %d", got, maxErrorText)
	}
}

func TestIsolatingFindsTheItemsThatFail(t *testing.T) {
	poison := errors.New("poison")
	var done []int
	f := func(items []int) error {
		for _, item := range items {
			switch item {
			case 3:
				return poison
			case 5:
				panic("at the disco")
			case 7:
				return fmt.Errorf("wrapped: %w", compete.ErrDatabase)
			}
		}
		done = append(done, items...)
		return nil
	}
	cases := []struct {
		items, done, failed []int
		transient           error
	}{
		{items: []int{1, 2}, done: []int{1, 2}},
		{items: []int{3}, failed: []int{3}},
		{items: []int{1, 3, 4, 5, 6}, done: []int{1, 4, 6}, failed: []int{3, 5}},
		{items: []int{1, 7}, transient: compete.ErrDatabase},
		{items: []int{1, 3, 7, 2}, done: []int{1}, failed: []int{3}, transient: compete.ErrDatabase},
	}
	for _, c := range cases {
		done = nil
		failures, err := isolateFailures(t.Context(), c.items, f)
		var failed []int
		for _, failure := range failures {
			failed = append(failed, failure.item)
		}
		if !slices.Equal(done, c.done) || !slices.Equal(failed, c.failed) || !errors.Is(err, c.transient) {
			t.Errorf("%v: did %v, failed %v, error %v; want %v, %v, %v", c.items, done, failed, err, c.done,
				c.failed, c.transient)
		}
	}
}

func TestIsolatingStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := isolateFailures(ctx, []int{1, 2, 3}, func(items []int) error {
		if calls++; len(items) == 1 {
			cancel()
		}
		return errors.New("poison")
	})
	if calls != 2 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d calls and error %v, want the batch, one on its own, and %v", calls, err, context.Canceled)
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

// busyRegistrar was busy at these moments.
type busyRegistrar struct {
	Registrar
	batch, rush time.Time
}

// LastBatch implements Registrar.
func (b *busyRegistrar) LastBatch() time.Time { return b.batch }

// LastRush implements Registrar.
func (b *busyRegistrar) LastRush() time.Time { return b.rush }

func TestDeliveriesRestWhileTheRegistrarIsBusy(t *testing.T) {
	const work = 20 * time.Millisecond
	g := make(gate, 1)
	busy := rush{&busyRegistrar{batch: time.Now().Add(time.Hour)}} // for longer than the test
	start := time.Now()
	if err := g.through(t.Context(), busy, func() error { time.Sleep(work); return nil }); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 2*work {
		t.Errorf("beside a busy registrar the gate was taken for %v, want the work of %v and as long a rest", d, work)
	}
	g <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.through(ctx, busy, func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting at a full gate with a cancelled context gave %v", err)
	}
}

func TestConfirmationsWaitForTheEndOfARushWithinBounds(t *testing.T) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	registrar := &busyRegistrar{}
	r := rush{registrar}
	if !r.idle(at) {
		t.Error("a registrar that has decided nothing isn't idle")
	}
	registrar.batch = at
	if r.idle(at.Add(rushCalm)) || !r.idle(at.Add(rushCalm+1)) {
		t.Errorf("the registrar is idle at another time than %v after its batch", rushCalm)
	}
	if wait := r.calmIn(at, at.Add(time.Hour)); wait > 0 {
		t.Errorf("confirmations wait %v though there is no rush", wait)
	}
	registrar.batch, registrar.rush = at.Add(time.Second), at
	for _, c := range []struct{ now, deadline, want time.Duration }{
		{0, time.Hour, rushCalm},
		{rushCalm / 4, time.Hour, rushCalm * 3 / 4},
		{0, time.Millisecond, time.Millisecond},
		{rushCalm, time.Hour, 0},
	} {
		if got := r.calmIn(at.Add(c.now), at.Add(c.deadline)); got != c.want {
			t.Errorf("%v after the batch, with a deadline at %v, confirmations wait %v, want %v", c.now,
				c.deadline, got, c.want)
		}
	}

	// Whoever stops doesn't wait: with a rush that lasts an hour these would.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	registrar.rush = time.Now().Add(time.Hour)
	r.pass(ended, t.Context(), time.Now().Add(time.Hour))
	r.pass(t.Context(), ended, time.Now().Add(time.Hour))
	r.pass(t.Context(), t.Context(), time.Now().Add(10*time.Millisecond))
}
