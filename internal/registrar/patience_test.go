package registrar_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/registrar"
)

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
		r := registrar.New(registrar.Config{Ledger: ledger, Clock: time.Now, NewID: func() string { return "id" }, Logger: slog.New(slog.DiscardHandler)})
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

// Who waits behind a batch that hung hears of it with that batch, or with the next one.
func TestThoseBehindABatchThatHangsHearOfItSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registrar.New(registrar.Config{
			Ledger: &hanging{}, Clock: time.Now, NewID: func() string { return "id" }, Logger: slog.New(slog.DiscardHandler), BatchSize: 2,
		})
		r.Start()
		var everybody sync.WaitGroup
		for i := range 100 {
			everybody.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond) // some come while the first wait
				start := time.Now()
				_, err := r.Register(t.Context(), compete.RegisterCommand{})
				if took := time.Since(start); !errors.Is(err, compete.ErrDatabase) || took > 20*time.Second {
					t.Errorf("no. %d got %v after %v, want ErrDatabase within 20 s", i, err, took)
				}
			})
		}
		everybody.Wait()
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
