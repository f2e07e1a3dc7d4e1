package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/testservices"
)

// The genuine signatures of rounds 1000 and 1001 of quicknet.
const (
	genuineRound = 1000
	signature    = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
	another      = "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41"
)

// relay serves rounds of quicknet to whoever asks, in one way.
type relay struct {
	asked  atomic.Int64
	answer func(w http.ResponseWriter)
}

func (r *relay) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.asked.Add(1)
		if want := fmt.Sprintf("/%s/public/%d", draw.QuicknetHash, genuineRound); path.Clean(request.URL.Path) != want {
			t.Errorf("a relay was asked for %s, want %s", request.URL.Path, want)
		}
		r.answer(w)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func signed(signature string) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		_, _ = fmt.Fprintf(w, `{"round":%d,"signature":%q}`, genuineRound, signature)
	}
}

// TestDrawByQuicknet is a whole lottery at the time of a round that the network has really signed: the list is frozen
// shortly after the deadline, nobody knows the round before its time, a forged one is refused, and the genuine one
// decides.
func TestDrawByQuicknet(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		deadline := draw.RoundTime(genuineRound).Add(-compete.DrawNotice - time.Second - compete.ArrivalGrace)
		clock := &movedClock{stands: deadline.Add(-time.Hour)}
		var early atomic.Bool
		early.Store(true)
		forging, honest := &relay{answer: signed(another)}, &relay{}
		honest.answer = func(w http.ResponseWriter) {
			if early.Load() {
				w.WriteHeader(http.StatusTooEarly)
				return
			}
			signed(signature)(w)
		}
		a := apptest.Start(t, apptest.Options{DatabaseURL: url, Clock: clock.now, Settings: func(c *config.Config) {
			c.DrandRelays = []string{forging.start(t), honest.start(t)}
		}})
		id := a.As(compete.RoleOrganizer).Create(map[string]any{
			"admission": "LOTTERY", "capacity": 2, "waitlist": true,
			"regDeadline": deadline, "startDate": deadline.Add(24 * time.Hour),
		})
		people := make([]*apptest.Client, 5)
		for i := range people {
			people[i] = a.As(compete.RoleParticipant)
			people[i].Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).Want(t, http.StatusCreated)
		}
		state := func() drawState { return stateOf(a.Visitor(), id) }
		file := func() draw.File {
			t.Helper()
			got := a.Visitor().Do(http.MethodGet, "/api/competitions/"+id+"/draw/file", nil).Want(t, http.StatusOK)
			f, err := draw.Read(bytes.NewReader(got.Body))
			if err != nil {
				t.Fatal(err)
			}
			return f
		}

		clock.move(time.Hour + compete.ArrivalGrace)
		apptest.Eventually(t, apptest.Patience, "the list is frozen", func() bool {
			return state().FrozenAt != nil
		})
		frozen := file()
		if frozen.Source.Round != genuineRound || len(frozen.List) != len(people) || frozen.Randomness != nil {
			t.Fatalf("the frozen list is %+v", frozen)
		}
		if asked := forging.asked.Load() + honest.asked.Load(); asked > 0 {
			t.Errorf("relays were asked %d times before the round", asked)
		}

		clock.move(compete.DrawNotice + time.Second) // the time of the round
		apptest.Eventually(t, apptest.Patience, "a relay was asked twice for the round that isn't there yet",
			func() bool {
				return honest.asked.Load() > 1
			})
		if d := state(); d.DrawnAt != nil {
			t.Fatalf("by a forged round, the draw is %+v", d)
		}
		early.Store(false)
		apptest.Eventually(t, apptest.Patience, "everybody is told", func() bool {
			return state().FinishedAt != nil
		})
		drawn := file()
		if err := drawn.Verify(); err != nil || drawn.ListHash != frozen.ListHash ||
			drawn.Randomness.Signature != signature {
			t.Errorf("the file says %+v: %v", drawn, err)
		}
		for _, p := range people {
			wantPlace(t, p, id, drawn.Order)
		}
	})
}

// drawState is what the API says about a draw.
type drawState struct {
	FrozenAt, DrawnAt, FinishedAt *time.Time
	Seated, Waitlisted            int
	Mine                          struct {
		Ref   string
		Place int
	}
}

func stateOf(by *apptest.Client, competitionID string) (d drawState) {
	by.Get("/api/competitions/"+competitionID+"/draw", &d)
	return d
}

// wantPlace checks that a person has a seat if and only if they were drawn among the first two.
func wantPlace(t *testing.T, p *apptest.Client, competitionID string, order []string) {
	t.Helper()
	mine := stateOf(p, competitionID).Mine
	if mine.Place < 1 || order[mine.Place-1] != mine.Ref {
		t.Fatalf("the entry is %+v, the order %v", mine, order)
	}
	var registrations []struct{ Status compete.RegistrationStatus }
	p.Get("/api/users/me/registrations", &registrations)
	if seated := registrations[0].Status.HoldsSeat(); seated != (mine.Place <= 2) {
		t.Errorf("place %d is %s", mine.Place, registrations[0].Status)
	}
}
