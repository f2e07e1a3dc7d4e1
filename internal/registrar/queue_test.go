package registrar_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// TestFullQueueAndStop: a full queue refuses commands immediately, and Stop answers all accepted ones.
func TestFullQueueAndStop(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 4)
		id := a.addCompetition(t, 10, false)
		entered, held := make(chan struct{}), make(chan struct{})
		release := sync.OnceFunc(func() { close(held) })
		defer release()
		var once sync.Once
		gate := faultyLedger{Ledger: db.Ledger(), before: func() error {
			once.Do(func() { close(entered); <-held })
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
		awaitDepth(t, r, 2)
		if err := press(3); !errors.Is(err, compete.ErrBusy) {
			t.Errorf("a full queue: %v, want busy", err)
		}
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(context.Background()) }()
		check.Eventually(t, "the stop has begun", func() bool { return errors.Is(press(3), compete.ErrStopping) })
		release()
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

// hanging is the ledger of a database that accepts what it is sent and never answers, as behind a broken network.
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
		// The server cuts a connection that has waited for a minute, so the answer has to come well before.
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

// Commands that wait in or behind a hanging batch are refused soon after MaxWait.
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
				time.Sleep(time.Duration(i) * 100 * time.Millisecond) // some arrive while the first ones wait
				start := time.Now()
				ctx, most := t.Context(), 2250*time.Millisecond
				if i%10 == 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, time.Second) // part of its time has passed
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
