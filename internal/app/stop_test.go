package app_test

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Stopping during a rush: every answer is true, and nobody has a seat without an answer.
func TestStopInARush(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 10_000})
		crowd := a.Crowd(600)
		var next, accepted, refused atomic.Int64
		var rush sync.WaitGroup
		for range 32 {
			rush.Go(func() {
				for n := next.Add(1); n <= int64(len(crowd)); n = next.Add(1) {
					answer, err := crowd[n-1].Try(http.MethodPost, "/api/competitions/"+competition+"/register", nil)
					switch {
					case errors.Is(err, syscall.ECONNREFUSED):
						refused.Add(1)
						return
					case err != nil:
						t.Errorf("cut off: %v", err)
						return
					case answer.Status != http.StatusCreated:
						t.Errorf("got %d %s", answer.Status, answer.Body)
						return
					}
					accepted.Add(1)
				}
			})
		}
		apptest.Eventually(t, apptest.Patience, "the rush is under way", func() bool { return accepted.Load() > 50 })
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
		rush.Wait()
		if refused.Load() == 0 {
			t.Fatal("the rush was over before the stop")
		}

		a = apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		wantConfirmedOnce(t, a, competition, int(accepted.Load()))
	})
}
