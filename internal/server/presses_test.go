package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pressing returns a server that processes atOnce registrations at a time, and refuses others without delay.
func pressing(atOnce int, patience time.Duration, handler http.HandlerFunc) (*Server, http.Handler) {
	s := New(Config{
		Logger: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }, PressPatience: patience,
	})
	s.presses, s.refusals = newLine(atOnce, patience), &pacer{}
	return s, s.wrap(Endpoint{
		Handler: handler, Presses: func(r *http.Request) bool { return r.Method == http.MethodPost },
		Busy: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
	})
}

func register(t *testing.T, handler http.Handler, body io.Reader) int {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body))
	return w.Code
}

// 128 at a time are processed in a tenth of a second. A thousand arriving at once are a rush, and all get through. 500
// arriving every tenth of a second are an overload: soon some are refused at once, and those admitted don't wait long;
// a little later it is over.
func TestALineThatStaysLongRefusesSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, handler := pressing(128, 2500*time.Millisecond, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(100 * time.Millisecond)
			w.WriteHeader(http.StatusCreated)
		})
		var everybody sync.WaitGroup
		come := func(n int, check func(status int, took time.Duration)) {
			for range n {
				everybody.Go(func() {
					start := time.Now()
					check(register(t, handler, http.NoBody), time.Since(start))
				})
			}
		}
		gotThrough := func(status int, took time.Duration) {
			if status != http.StatusCreated {
				t.Errorf("in a rush, one got %d after %v", status, took)
			}
		}
		come(1000, gotThrough)
		everybody.Wait()
		time.Sleep(5 * time.Second)

		let, refused := 0, 0
		var mu sync.Mutex
		for tick := range 100 {
			come(500, func(status int, took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case tick < 50: // not detected as an overload yet
				case status == http.StatusServiceUnavailable && took == 0:
					refused++
				case status == http.StatusCreated && took <= 500*time.Millisecond:
					let++
				default:
					t.Errorf("in an overload, one of tick %d got %d after %v", tick, status, took)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		everybody.Wait()
		if served := 50 * 128; let < served*9/10 || let+refused != 50*500 {
			t.Errorf("%d were let in and %d refused; %d could be served", let, refused, served)
		}
		time.Sleep(5 * time.Second)
		come(1000, gotThrough)
		everybody.Wait()
		if s.presses.inside != 0 || len(s.presses.turns.taken) != 0 || s.PressesWaiting() != 0 {
			t.Errorf("%d are still in line, and %d have a turn", s.presses.inside, len(s.presses.turns.taken))
		}
	})
}

// 128 at a time are processed in a tenth of a second. While 200 come in that time, for nearly a second, it is a rush
// that all get through. Those who come on top find a line that stands: they are refused at once, or don't wait long.
func TestWhoeverComesOnTopOfARushIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tenth = 100 * time.Millisecond
		_, handler := pressing(128, 2500*time.Millisecond, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(tenth)
			w.WriteHeader(http.StatusCreated)
		})
		var everybody sync.WaitGroup
		var mu sync.Mutex
		refused := map[bool]int{} // by whether they came on top
		come := func(n int, onTop bool) {
			for range n {
				everybody.Go(func() {
					start := time.Now()
					status := register(t, handler, http.NoBody)
					took := time.Since(start)
					mu.Lock()
					defer mu.Unlock()
					if status != http.StatusCreated {
						refused[onTop]++
					}
					if onTop && took > 4*tenth {
						t.Errorf("one on top of the rush got %d after %v", status, took)
					}
				})
			}
			time.Sleep(tenth / 10)
		}
		for range 90 {
			come(20, false)
		}
		time.Sleep(2 * tenth)
		for range 100 {
			come(5, true)
		}
		everybody.Wait()
		if refused[false] != 0 {
			t.Errorf("%d of the rush were refused", refused[false])
		}
		if n := refused[true]; n < 50 || n > 250 {
			t.Errorf("%d of 500 on top of the rush were refused", n)
		}
	})
}

func TestNobodyWaitsInLineForLongerThanTheirPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 2 * time.Second
		s, handler := pressing(1, patience, func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) })
		var first sync.WaitGroup
		first.Go(func() { register(t, handler, http.NoBody) })
		synctest.Wait()
		start := time.Now()
		status := register(t, handler, http.NoBody)
		if took := time.Since(start); status != http.StatusServiceUnavailable || took != patience {
			t.Errorf("got %d after %v, want %d after %v", status, took, http.StatusServiceUnavailable, patience)
		}
		first.Wait()
		if s.presses.inside != 0 {
			t.Errorf("%d are still in line", s.presses.inside)
		}
	})
}

// A registration takes its turn once it has arrived completely; a large one takes none.
func TestAPressThatIsSentSlowlyHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies sync.Map
		s, handler := pressing(1, time.Second, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			bodies.Store(string(body), true)
			w.WriteHeader(http.StatusCreated)
		})
		slow, sender := io.Pipe()
		large, largeSender := io.Pipe()
		var others sync.WaitGroup
		for _, body := range []io.Reader{slow, large} {
			others.Go(func() {
				if status := register(t, handler, body); status != http.StatusCreated {
					t.Errorf("sent slowly: status %d", status)
				}
			})
		}
		send := func(to *io.PipeWriter, text string) {
			if _, err := io.WriteString(to, text); err != nil {
				t.Error(err)
			}
		}
		beginning := strings.Repeat("a", largestPress+1)
		send(sender, "{")
		send(largeSender, beginning)
		synctest.Wait()
		if s.presses.inside != 0 {
			t.Errorf("%d stand in line", s.presses.inside)
		}
		for _, body := range []io.Reader{http.NoBody, strings.NewReader("whole")} {
			if status := register(t, handler, body); status != http.StatusCreated {
				t.Errorf("meanwhile: status %d", status)
			}
		}
		send(sender, "}")
		send(largeSender, "b")
		_, _ = sender.Close(), largeSender.Close() // closing a pipe never fails
		others.Wait()
		for _, want := range []string{"", "whole", "{}", beginning + "b"} {
			if _, read := bodies.Load(want); !read {
				t.Errorf("the handler didn't get a body of %d bytes as it was sent", len(want))
			}
		}
	})
}

// What a registration does has to end in time, counted from when it had arrived completely.
func TestAPressEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = time.Second
		s, handler := pressing(1, limit, func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			if !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
				t.Errorf("it ended by %v", r.Context().Err())
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		s.config.PressLimit = limit
		slow, sender := io.Pipe()
		for _, sent := range []struct {
			body io.Reader
			took time.Duration
		}{{http.NoBody, limit}, {slow, 2*limit + limit}} {
			start := time.Now()
			if sent.body == slow {
				time.AfterFunc(2*limit, func() { _ = sender.Close() }) // closing a pipe never fails
			}
			status := register(t, handler, sent.body)
			if took := time.Since(start); status != http.StatusServiceUnavailable || took != sent.took {
				t.Errorf("got %d after %v, want it after %v", status, took, sent.took)
			}
		}
	})
}
