package jobs

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// awayStore fails as an unavailable database does for a number of deliveries.
type awayStore struct {
	compete.WorkStore
	times atomic.Int32
}

func (s *awayStore) Deliver(
	ctx context.Context, confirm []compete.Notice, messages []compete.Message, now time.Time,
) (int, error) {
	if s.times.Add(-1) >= 0 {
		return 0, compete.ErrDatabase
	}
	return s.WorkStore.Deliver(ctx, confirm, messages, now)
}

func TestADatabaseThatIsAwayUsesUpNoAttempts(t *testing.T) {
	eachDatabase(t, func(c *Config) {
		away := &awayStore{WorkStore: c.Store}
		away.times.Store(DefaultMaxAttempts + 2)
		c.Store = away
	}, func(f *fixture) {
		snoozed := f.events(f.client, river.EventKindJobSnoozed)
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		r := f.register(f.competition(1, 0), f.participants(1)...)[0]
		for range DefaultMaxAttempts + 2 {
			if job := f.next(snoozed, "notify").Job; job.Attempt != 0 || len(job.Errors) != 0 {
				f.Errorf("attempt %d with errors %v was used up, want none", job.Attempt, job.Errors)
			}
		}
		f.next(done, "notify")
		f.wantMessages(r, compete.RegistrationConfirmed, "confirmed")
		if failedJobs := f.failedJobs(); len(failedJobs) != 0 {
			f.Errorf("there are failed jobs: %+v", failedJobs)
		}
	})
}

// refusing is a database that can't be reached.
type refusing struct{}

func (refusing) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("connection refused")
}

func (refusing) Driver() driver.Driver { return nil }

// TestAQueueThatIsAway lets a job enqueue its remainder while the database is away: that uses up no attempt.
func TestAQueueThatIsAway(t *testing.T) {
	db := sql.OpenDB(refusing{})
	defer db.Close()
	c := &Client{config: Config{DB: db}}
	err := c.inTx(t.Context(), func(*sql.Tx) error { return nil })
	if !isTransient(err) {
		t.Errorf("got %v, want a transient error", err)
	}
}

// slowRegistrar settles until it is stopped.
type slowRegistrar struct {
	Registrar
	settling chan struct{}
}

func (r slowRegistrar) Settle(ctx context.Context, _ string) (bool, error) {
	r.settling <- struct{}{}
	<-ctx.Done()
	return false, ctx.Err()
}

// lenient is a context whose deadline is only told, so that a machine that is slow just then may miss it.
type lenient struct {
	context.Context
	deadline time.Time
}

func (l lenient) Deadline() (time.Time, bool) { return l.deadline, true }

func TestStopGivesBackWhatDoesNotFinish(t *testing.T) {
	eachDatabase(t, func(c *Config) { c.Registrar = slowRegistrar{c.Registrar, make(chan struct{})} },
		func(f *fixture) {
			if err := f.client.Start(f.Context()); err != nil {
				f.Fatal(err)
			}
			f.enqueue(compete.SettleJob{CompetitionID: newID()})
			<-f.config.Registrar.(slowRegistrar).settling
			if err := f.client.Stop(lenient{f.Context(), time.Now().Add(time.Second)}); err != nil {
				f.Fatalf("Stop: %v", err)
			}
			if got := f.count(
				"SELECT count(*) FROM river_job WHERE kind = 'settle' AND state = 'available' AND attempt = 0",
			); got != 1 {
				f.Errorf("%d jobs wait with all their attempts after the stop, want the one that was given back", got)
			}
			if err := f.client.Ping(f.Context()); err == nil {
				f.Error("Ping of stopped workers gave no error")
			}
		})
}

func TestSettlingGoesOnThroughPages(t *testing.T) {
	eachDatabase(t, realPages, func(f *fixture) {
		const many = 300 // more than one page of the registrar
		competition := f.competition(many, 0)
		registrations := f.register(competition, f.participants(many)...)
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		organizer := compete.Actor{UserID: competition.Organizer.ID, Role: compete.RoleOrganizer}
		if _, err := f.registrar.CancelCompetition(f.Context(),
			compete.CancelCompetitionCommand{Actor: organizer, CompetitionID: competition.ID}); err != nil {
			f.Fatal(err)
		}
		f.next(done, "settle")
		if got := f.count("SELECT count(*) FROM registrations WHERE status = 'CANCELLED'"); got != len(registrations) {
			f.Errorf("%d registrations are cancelled, want %d", got, len(registrations))
		}
		f.eventually("everybody is told once", func() bool {
			return f.count("SELECT count(*) FROM messages WHERE kind = 'competition_cancelled'") == len(registrations)
		})
		// A deleted competition has nothing to settle.
		f.enqueue(compete.SettleJob{CompetitionID: newID()})
		f.next(done, "settle")
	})
}

// stoppedRegistrar is stopped after each page that it settles.
type stoppedRegistrar struct {
	Registrar
	settled func()
}

func (r stoppedRegistrar) Settle(ctx context.Context, competitionID string) (bool, error) {
	more, err := r.Registrar.Settle(ctx, competitionID)
	r.settled()
	return more, err
}

func TestSettlingIsGivenBackWhenTheProcessStops(t *testing.T) {
	eachDatabase(t, func(c *Config) { c.PageSize = DefaultPageSize }, func(f *fixture) {
		const many = 300 // more than one page of the registrar
		competition := f.competition(many, 0)
		registrations := f.register(competition, f.participants(many)...)
		f.dropJobs()
		f.exec("UPDATE competitions SET status = 'CANCELLED'")
		f.enqueue(compete.SettleJob{CompetitionID: competition.ID})

		var first *Client
		stopped := make(chan error, 1)
		f.config.Registrar = stoppedRegistrar{f.registrar, func() {
			go func() { stopped <- first.Stop(f.Context()) }()
			<-first.stopping.Done()
		}}
		first = f.fetchingOnce()
		if err := first.Start(f.Context()); err != nil {
			f.Fatal(err)
		}
		if err := <-stopped; err != nil {
			f.Fatal(err)
		}
		if got := f.count("SELECT count(*) FROM registrations WHERE status = 'CANCELLED'"); got == 0 || got == many {
			f.Errorf("%d of %d registrations were cancelled before the stop, want a page of them", got, many)
		}
		if got := f.count(
			"SELECT count(*) FROM river_job WHERE kind = 'settle' AND state = 'available' AND attempt = 0",
		); got != 1 {
			f.Errorf("%d jobs wait with all their attempts after the stop, want the one that was given back", got)
		}

		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		f.next(done, "settle")
		f.eventually("everybody is told", func() bool {
			return f.count("SELECT count(*) FROM river_job WHERE kind = 'notify' AND state <> 'completed'") == 0
		})
		for _, count := range []string{
			"SELECT count(*) FROM registrations WHERE status = 'CANCELLED'",
			"SELECT count(*) FROM messages WHERE kind = 'competition_cancelled'",
			"SELECT count(DISTINCT registration_id) FROM messages",
		} {
			if got := f.count(count); got != len(registrations) {
				f.Errorf("%s: got %d, want %d", count, got, len(registrations))
			}
		}
	})
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
