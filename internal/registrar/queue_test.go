package registrar_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// TestFullQueueAndStop: a full queue refuses at once, and a stop answers everything that was taken.
func TestFullQueueAndStop(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 4)
		id := a.addCompetition(t, 10, false)
		entered, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		gate := faultyLedger{Ledger: db.Ledger(), before: func() error {
			once.Do(func() { close(entered); <-release })
			return nil
		}}
		r := registrar.New(registrar.Config{
			Ledger: gate, Clock: time.Now, NewID: newID,
			Logger: slog.New(slog.DiscardHandler), QueueSize: 2,
		})
		r.Start()
		press := func(i int) error {
			_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
			return err
		}
		errs := make(chan error, 3)
		go func() { errs <- press(0) }()
		<-entered
		for i := 1; i <= 2; i++ {
			go func() { errs <- press(i) }()
		}
		for r.QueueDepth() < 2 {
			time.Sleep(time.Millisecond) // until both wait
		}
		if !r.Full() {
			t.Error("a full queue isn't full")
		}
		if err := press(3); !errors.Is(err, compete.ErrBusy) {
			t.Errorf("a full queue: %v, want busy", err)
		}
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(context.Background()) }()
		for !errors.Is(press(3), compete.ErrStopping) {
			time.Sleep(time.Millisecond) // until the stop has begun
		}
		close(release)
		for range 3 {
			if err := <-errs; err != nil {
				t.Errorf("taken before the stop: %v", err)
			}
		}
		if err := <-stopped; err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
}

// hanging is the ledger of a database that takes what it is sent and answers nothing, as behind a network that is cut.
type hanging struct{ attempts int }

func (h *hanging) Transact(ctx context.Context, _ string, _ func(compete.LedgerTx) error) error {
	h.attempts++
	<-ctx.Done()
	return compete.ErrDatabase
}

func (h *hanging) Committed(context.Context, string) (bool, error) { return false, compete.ErrDatabase }

func TestADatabaseThatHangsIsNotWaitedForAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &hanging{}
		r := registrar.New(registrar.Config{
			Ledger: ledger, Clock: time.Now, NewID: func() string { return "id" },
			Logger: slog.New(slog.DiscardHandler),
		})
		r.Start()
		start := time.Now()
		_, err := r.Register(t.Context(), compete.RegisterCommand{})
		// The server cuts a connection that waits for a minute: the answer has to come well before.
		if took := time.Since(start); !errors.Is(err, compete.ErrDatabase) || took > 20*time.Second {
			t.Errorf("got %v after %v, want ErrDatabase within 20 s", err, took)
		}
		if ledger.attempts != 1 {
			t.Errorf("the transaction was tried %d times, want once", ledger.attempts)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Who waits in or behind a batch that hangs is told so soon after MaxWait.
func TestThoseBehindABatchThatHangsHearOfItSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registrar.New(registrar.Config{
			Ledger: &hanging{}, Clock: time.Now, NewID: func() string { return "id" },
			Logger: slog.New(slog.DiscardHandler), BatchSize: 2,
			MaxWait: 2 * time.Second,
		})
		r.Start()
		var everybody sync.WaitGroup
		for i := range 100 {
			everybody.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond) // some come while the first wait
				start := time.Now()
				ctx, most := t.Context(), 2400*time.Millisecond
				if i%10 == 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, time.Second) // a part of its time is used up
					defer stop()
					most = time.Second
				}
				_, err := r.Register(ctx, compete.RegisterCommand{})
				took := time.Since(start)
				own := errors.Is(err, compete.ErrDatabase) && took <= most
				if !own && (!errors.Is(err, compete.ErrBusy) || took > 2200*time.Millisecond) {
					t.Errorf("no. %d got %v after %v, want ErrDatabase or ErrBusy soon after 2 s", i, err, took)
				}
			})
		}
		everybody.Wait()
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// slow is the ledger of a database that takes a tenth of a second for whatever it is given.
type slow struct{}

func (slow) Transact(context.Context, string, func(compete.LedgerTx) error) error {
	time.Sleep(100 * time.Millisecond)
	return compete.ErrUnauthorized
}

func (slow) Committed(context.Context, string) (bool, error) { return false, nil }

// 128 at a time go through in a tenth of a second. A thousand who come at once are a rush, and all get through. When
// 500 come each tenth of a second, that's an overload: before long, some are refused at once, and those let in don't
// wait long; and a little later it's over.
func TestAQueueThatStaysLongRefusesSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registrar.New(registrar.Config{
			Ledger: slow{}, Clock: time.Now, NewID: func() string { return "id" },
			Logger: slog.New(slog.DiscardHandler), BatchSize: 128,
			MaxWait: 2400 * time.Millisecond,
		})
		r.Start()
		var everybody sync.WaitGroup
		press := func(n int, check func(err error, took time.Duration)) {
			for range n {
				everybody.Go(func() {
					start := time.Now()
					_, err := r.Register(t.Context(), compete.RegisterCommand{})
					check(err, time.Since(start))
				})
			}
		}
		gotThrough := func(err error, took time.Duration) {
			if !errors.Is(err, compete.ErrUnauthorized) {
				t.Errorf("in a rush, one got %v after %v", err, took)
			}
		}
		press(1000, gotThrough)
		everybody.Wait()
		time.Sleep(5 * time.Second)

		let, refused := 0, 0
		var mu sync.Mutex
		for tick := range 100 {
			press(500, func(err error, took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case tick < 50: // it has yet to show that it's one
				case errors.Is(err, compete.ErrBusy) && took == 0:
					refused++
				case errors.Is(err, compete.ErrUnauthorized) && took < 800*time.Millisecond:
					let++
				default:
					t.Errorf("in an overload, one of tick %d got %v after %v", tick, err, took)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		everybody.Wait()
		if served := 50 * 128; let < served*9/10 || let+refused != 50*500 {
			t.Errorf("%d were let in and %d refused; %d could be served", let, refused, served)
		}
		time.Sleep(5 * time.Second)
		press(1000, gotThrough)
		everybody.Wait()
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
