package live_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/live"
)

func TestPagesHearEachChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		feed := h.Feed(words)
		a, b := open(t, feed, race), open(t, feed, race, run, race)
		a.wants(t, "hello;race 1000 open;")
		b.wants(t, "hello;race 1000 open;run 1000 open;")
		time.Sleep(3 * time.Second)
		l.set(race, seatsLeft(999))
		since := time.Now()
		h.Changed(race, "another")
		wantLate(t, "a change when all was quiet", a.wants(t, "race 999 open;").Sub(since), 0, 0)
		b.wants(t, "race 999 open;")
		h.Changed(race)
		time.Sleep(time.Second)
		a.wantsNothing(t)
		if l.readings != 4 { // two new topics, two changes
			t.Errorf("%d readings, want 4", l.readings)
		}
	})
}

// Nobody hears of a competition that is hidden from them, or while it is: only its staff.
func TestHiddenCompetitionsAreNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		feed := h.Feed(words)
		change := func(change func(c *compete.Competition)) {
			time.Sleep(time.Second)
			l.set(race, change)
			h.Changed(race)
			time.Sleep(time.Second)
		}
		become := func(status compete.CompetitionStatus) func(c *compete.Competition) {
			return func(c *compete.Competition) { c.Status, c.Organizer.ID = status, "olga" }
		}
		change(become(compete.StatusDraft))
		olga := compete.Actor{UserID: "olga", Role: compete.RoleOrganizer}
		visitor, staff := open(t, feed, race, run), openFor(t, olga, feed, race)
		visitor.wants(t, "hello;run 1000 open;")
		staff.wants(t, "hello;race 1000 draft;")
		change(seatsLeft(999))
		staff.wants(t, "race 999 draft;")
		visitor.wantsNothing(t)
		change(become(compete.StatusPublished))
		staff.wants(t, "race 999 open;")
		visitor.wants(t, "race 999 open;")
		change(become(compete.StatusDraft)) // an admin unpublishes it
		staff.wants(t, "race 999 draft;")
		change(func(c *compete.Competition) { c.SeatsLeft, c.Organizer.ID = 998, "oscar" })
		staff.wantsNothing(t)
		change(become(compete.StatusPublished))
		visitor.wants(t, "race 998 open;")
		staff.wants(t, "race 998 open;")
	})
}

func TestEachFeedEncodesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		worded := 0
		one := h.Feed(func(s compete.Seats) (string, error) {
			worded++
			return words(s)
		})
		failing := h.Feed(func(s compete.Seats) (string, error) {
			if s.CompetitionID == run {
				panic("no words")
			}
			return "ok;", errors.New("half a word")
		})
		for range 3 {
			open(t, one, race).wants(t, "hello;race 1000 open;")
		}
		if worded != 1 {
			t.Errorf("one state was put into words %d times", worded)
		}
		open(t, failing, race, run).wants(t, "hello;ok;")
	})
}

func TestARushIsTold4TimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		r := open(t, h.Feed(words), race)
		last := r.wants(t, "hello;race 1000 open;")
		for left := 999; left >= 0; left-- {
			l.set(race, seatsLeft(left))
			h.Changed(race)
			time.Sleep(2 * time.Millisecond)
		}
		end := time.Now()
		time.Sleep(time.Second)
		heard := 0
		for more := true; more; {
			select {
			case got := <-r.told:
				heard++
				wantLate(t, "the next event", got.at.Sub(last), 250*time.Millisecond, 355*time.Millisecond)
				last = got.at
				if more = got.events != "race 0 full;"; !more {
					wantLate(t, "the last state", got.at.Sub(end), 0, 350*time.Millisecond)
				}
			default:
				t.Fatal("the page was not told the last state")
			}
		}
		if heard < 7 {
			t.Errorf("1,000 changes in two seconds were told %d times", heard)
		}
		r.wantsNothing(t)
	})
}

// Regardless of the number of pages, each gets an update within a second of each commit, at most four times a second,
// and only a few pages are updated at a time.
func TestARushBefore5000Pages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		feed := h.Feed(words)
		readers := make([]*reader, 5000)
		for i := range readers {
			readers[i] = open(t, feed, race)
			readers[i].wants(t, "hello;race 1000 open;")
		}
		time.Sleep(3 * time.Second)
		commits := map[string]time.Time{}
		at := time.Time{}
		for left := 999; left >= 700; left-- {
			l.set(race, seatsLeft(left))
			event, _ := words(compete.Seats{CompetitionID: race, SeatsLeft: left, Phase: compete.PhaseOpen})
			at = time.Now()
			commits[event] = at
			h.Changed(race)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		atOnce := map[time.Time]int{}
		for _, r := range readers {
			var last told
			for len(r.told) > 0 {
				got := <-r.told
				atOnce[got.at]++
				if got.events != "race 700 open;" {
					wantLate(t, "a state that was not the last", got.at.Sub(commits[got.events]), 0,
						120*time.Millisecond)
				}
				if last.events != "" {
					wantLate(t, "since the last event", got.at.Sub(last.at), 850*time.Millisecond, 950*time.Millisecond)
				}
				last = got
			}
			if last.events != "race 700 open;" {
				t.Fatalf("a page was told %q last", last.events)
			}
			wantLate(t, "the last state", last.at.Sub(at), 0, time.Second)
		}
		for at, n := range atOnce {
			if n > 512 {
				t.Errorf("at %v %d pages were told", at, n)
			}
		}
	})
}

func TestPhasesChangeByTimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		opens := time.Now().Add(15 * time.Second)
		closes := opens.Add(15 * time.Second)
		l.set(race, func(c *compete.Competition) { c.RegOpensAt, c.RegDeadline = &opens, closes })
		r := open(t, start(t, l, nil).Feed(words), race)
		r.wants(t, "hello;race 1000 upcoming;")
		wantLate(t, "the opening", r.wants(t, "race 1000 open;").Sub(opens), 0, 2*time.Millisecond)
		wantLate(t, "the deadline", r.wants(t, "race 1000 closed;").Sub(closes), 0, 2*time.Millisecond)
	})
}

func TestALostEventIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		r := open(t, start(t, l, nil).Feed(words), race)
		since := r.wants(t, "hello;race 1000 open;")
		l.goAway(true)
		time.Sleep(6 * time.Second)
		l.goAway(false)
		l.set(race, seatsLeft(7))
		wantLate(t, "the next poll", r.wants(t, "race 7 open;").Sub(since), 6*time.Second, 11*time.Second)
	})
}

func TestAPageHasEventsOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		r := open(t, h.Feed(words), race)
		since := r.wants(t, "hello;race 1000 open;")
		r.page.Tell("one;")
		r.page.Tell("two;")
		l.set(race, seatsLeft(1))
		h.Changed(race)
		wantLate(t, "events of its own", r.wants(t, "two;race 1 open;").Sub(since), 250*time.Millisecond,
			251*time.Millisecond)
		quiet := open(t, h.Feed(words))
		quiet.wants(t, "hello;")
	})
}

func TestQuietStreamsGiveASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, newLedger(), nil)
		r := open(t, h.Feed(words), race)
		since := r.wants(t, "hello;race 1000 open;")
		for range 3 {
			at := r.wants(t, ": still here\n\n")
			wantLate(t, "a sign of life", at.Sub(since), 20*time.Second, 20*time.Second+time.Millisecond)
			since = at
		}
	})
}

func TestASlowReaderMissesStatesButNotTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		slow, fast := open(t, h.Feed(words), race, run), open(t, h.Feed(words), race)
		slow.wants(t, "hello;race 1000 open;run 1000 open;")
		fast.wants(t, "hello;race 1000 open;")
		slow.sleep(true)
		slow.page.Tell("own;")
		for left := 999; left >= 995; left-- {
			l.set(race, seatsLeft(left))
			h.Changed(race)
			time.Sleep(time.Second)
		}
		for left := 999; left >= 995; left-- {
			fast.wants(t, fmt.Sprintf("race %d open;", left))
		}
		slow.wantsNothing(t)
		slow.sleep(false)
		slow.wants(t, "own;race 995 open;")
		slow.wantsNothing(t)

		slow.sleep(true)
		since := time.Now()
		l.set(race, seatsLeft(1))
		h.Changed(race)
		if _, more := <-slow.told; more {
			t.Error("a page was told something while it took nothing")
		}
		wantLate(t, "the end of a reader that takes nothing", time.Since(since), 10*time.Second, 11*time.Second)
		synctest.Wait()
		if n := h.Pages(); n != 1 {
			t.Errorf("%d pages are left, want one", n)
		}
	})
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, func(c *live.Config) { c.MaxPages = 2 })
		feed := h.Feed(words)
		missing := open(t, feed, "missing", race)
		missing.wants(t, "hello;race 1000 open;")
		missing.page.Leave()
		missing.page.Leave()
		l.away = true
		if _, err := feed.Open(t.Context(), compete.Actor{}, race); !errors.Is(err, compete.ErrDatabase) {
			t.Errorf("without a database: got %v", err)
		}
		l.away = false
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := feed.Open(gone, compete.Actor{}, race); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("a request that has ended: got %v", err)
		} else if err == nil {
			t.Error("a request that has ended was given a page")
		}
		open(t, feed, race)
		last := open(t, feed, race)
		if _, err := feed.Open(t.Context(), compete.Actor{}, race); !errors.Is(err, compete.ErrBusy) {
			t.Errorf("one too many: got %v", err)
		}
		last.End()
		synctest.Wait()
		open(t, feed, race)
	})
}

func TestStreamsEndWithTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		feed := h.Feed(words)
		r := open(t, feed, race)
		r.wants(t, "hello;race 1000 open;")
		late, err := feed.Open(t.Context(), compete.Actor{}, race)
		if err != nil {
			t.Fatal(err)
		}
		h.Close()
		h.Changed(race)
		if got, more := <-r.told; more {
			t.Errorf("told %q after the hub was closed", got.events)
		}
		if _, err := feed.Open(t.Context(), compete.Actor{}, race); !errors.Is(err, compete.ErrStopping) {
			t.Errorf("after Close: got %v", err)
		}
		r = &reader{page: late, told: make(chan told, 1)}
		late.Start(r, "hello;")
		if got, more := <-r.told; more {
			t.Errorf("a page that starts late was told %q", got.events)
		}
		synctest.Wait()
		if n := h.Pages(); n != 0 {
			t.Errorf("%d pages are left", n)
		}
	})
}
