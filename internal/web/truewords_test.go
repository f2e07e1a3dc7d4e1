package web_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// person is somebody new, with the API and in a browser.
func (s *site) person(t *testing.T) (*apptest.Client, *browser) {
	t.Helper()
	who, b := s.As(compete.RoleParticipant), s.browser(t)
	b.leads(b.post("/auth/login", "email", who.User.Email, "password", apptest.Password), "/dashboard")
	return who, b
}

// movedClock is the real time, and some more.
type movedClock struct{ ahead atomic.Int64 }

func (c *movedClock) now() time.Time        { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *movedClock) move(by time.Duration) { c.ahead.Add(int64(by)) }

// TestDeclinedSeatGoesOn offers a seat: who gets it if it's declined is said only if somebody does.
func TestDeclinedSeatGoesOn(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer := s.As(compete.RoleOrganizer)
		id := organizer.Create(map[string]any{
			"capacity": 9, "waitlist": true, "offerHours": 24,
			"divisions": []map[string]any{{"name": "Half marathon", "capacity": 1}, {"name": "10 km", "capacity": 1}},
		})
		var c struct{ Divisions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		page := "/competitions/" + id
		register := func(division int) *browser {
			_, b := s.person(t)
			b.leads(b.post(page+"/register", "divisionId", c.Divisions[division].ID), page)
			return b
		}
		first, offered := register(0), register(0)
		register(1)
		register(1) // waits, but for a seat in the other division
		visitor := s.browser(t)
		visitor.want(visitor.get(page), http.StatusOK, "the next in line who fits has 24 hours to accept it.")
		offered.want(offered.get(page), http.StatusOK, "1st in line",
			"If a seat opens up for you, you&#39;ll get a message.")
		first.leads(first.post(page+"/withdraw"), page)
		const goesOn, free = "The seat goes to the next person in line who fits.", "The seat becomes free."
		says := func(text, not string) {
			t.Helper()
			got := offered.want(offered.get(page+"/decline"), http.StatusOK, text)
			if strings.Contains(got.text, not) {
				t.Errorf("the page says %q", not)
			}
		}
		says(free, goesOn)
		offered.want(offered.get(page), http.StatusOK, "accept it, the seat becomes free.")
		register(0)
		says(goesOn, free)
		offered.want(offered.get(page), http.StatusOK, "accept it, the seat goes to the next person in line who fits.")
		offered.leads(offered.post(page+"/decline"), page)
		offered.want(offered.get(page), http.StatusOK, "Offer declined. You gave up the seat.")
	})
}

// TestLotteryHasItsOwnWords withdraws from a draw, and changes the division that one is drawn for: no organizer
// decides.
func TestLotteryHasItsOwnWords(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	id := organizer.Create(map[string]any{
		"admission": "LOTTERY", "startDate": "2126-05-08T08:00:00Z",
		"divisions": []map[string]any{{"name": "Half marathon", "capacity": 1}, {"name": "10 km", "capacity": 1}},
	})
	var c struct{ Divisions []struct{ ID string } }
	organizer.Get("/api/competitions/"+id, &c)
	page, who := "/competitions/"+id, struct{ ID string }{}
	api, ada := s.person(t)
	api.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{"divisionId": c.Divisions[0].ID}).
		Want(t, http.StatusCreated).JSON(t, &who)
	got := ada.want(ada.get(page+"/withdraw"), http.StatusOK, "You won&#39;t be in the draw")
	if strings.Contains(got.text, "organizer won") {
		t.Error("the organizer decides")
	}
	ada.want(ada.get(page+"/division"), http.StatusOK, "be in the draw for the other division instead")
	b.want(b.get(page+"/registrations/"+who.ID), http.StatusOK,
		"They&#39;ll be in the draw for the other division")
}

// TestAfterTheStart looks at a reviewed competition that has begun: answers to sensitive questions aren't asked for any
// more, and the keys that still work are explained.
func TestAfterTheStart(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		clock := &movedClock{}
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Clock: clock.now}), t: t}
		organizer, b := s.organized()
		now := time.Now()
		after := map[string]any{"questionId": "nuts", "anyOf": []string{"Peanuts"}}
		id := organizer.Create(map[string]any{
			"admission": "REVIEW", "regDeadline": now.Add(time.Hour), "startDate": now.Add(2 * time.Hour),
			"answersUntil": now.Add(48 * time.Hour), "answersKeptDays": 0,
			"questions": []map[string]any{
				{"kind": "TEXT", "label": "Club", "required": true},
				{"id": "nuts", "kind": "TEXT", "label": "Allergies", "sensitive": true, "required": true},
				{"id": "how", "kind": "TEXT", "label": "Reaction", "showIf": after},
			},
		})
		var c struct{ Questions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		api, ada := s.person(t)
		var r struct{ ID string }
		api.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{"answers": map[string]any{
			c.Questions[0].ID: "Harriers", c.Questions[1].ID: "Hazelnuts",
		}}).Want(t, http.StatusCreated).JSON(t, &r)
		page := "/competitions/" + id
		ada.want(ada.get(page+"/answers"), http.StatusOK, "Club", "Allergies", "Hazelnuts")
		decides := []string{"Keyboard shortcuts", "<kbd", "<dt>Score</dt>", "<dt>Admit</dt>"}
		b.want(b.get(page+"/applications"), http.StatusOK, decides...)

		clock.move(3 * time.Hour)
		columns := "?column=" + c.Questions[0].ID + "&column=" + c.Questions[1].ID
		for _, got := range []viewed{
			{ada, page + "/answers"},
			{b, page + "/registrations/" + r.ID},
			{b, page + "/registrations" + columns},
			{b, page + "/registrations.csv" + columns},
			{b, page + "/registrations/answers"},
		} {
			shown := got.want(got.get(got.path), http.StatusOK, "Club")
			if strings.Contains(shown.text, "Allergies") || strings.Contains(shown.text, "Hazelnuts") {
				t.Errorf("%s asks for or shows an answer that isn't kept", got.path)
			}
		}
		for _, id := range []string{"nuts", "how"} {
			list := page + "/registrations?unanswered=" + id
			if got := b.want(b.get(list), http.StatusUnprocessableEntity); strings.Contains(got.text, "!"+id) {
				t.Errorf("people can be chosen by their missing answer to %s", id)
			}
			organizer.Do(http.MethodGet, "/api"+list, nil).Want(t, http.StatusUnprocessableEntity)
		}
		var rows []struct{ Answers map[string]any }
		organizer.Get("/api/competitions/"+id+"/registrations", &rows)
		if len(rows) != 1 || len(rows[0].Answers) != 1 {
			t.Errorf("the API has %+v, also answers that aren't kept", rows)
		}
		ada.leads(ada.post(page+"/answers", "answers", "given", "answers."+c.Questions[0].ID, "Runners"), page)
		got := b.want(b.get(page+"/applications"), http.StatusOK, decides[:3]...)
		if strings.Contains(got.text, decides[3]) {
			t.Error("a key that no longer works is explained")
		}
	})
}

type viewed struct {
	*browser
	path string
}

// TestLateRandomness draws while no relay of drand can be reached: the page says why nothing happens.
func TestLateRandomness(t *testing.T) {
	clock := &movedClock{}
	s := &site{App: apptest.Start(t, apptest.Options{Clock: clock.now, Settings: func(c *config.Config) {
		c.DrandRelays = []string{"http://127.0.0.1:1"}
	}}), t: t}
	organizer, b := s.organized()
	now := time.Now()
	id := organizer.Create(map[string]any{
		"admission": "LOTTERY", "regDeadline": now.Add(time.Hour), "startDate": now.Add(48 * time.Hour),
	})
	path, guest := "/competitions/"+id+"/draw", s.browser(t)
	_, ada := s.person(t)
	s.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).
		Want(t, http.StatusCreated)
	const late, staff = "been able to fetch it yet", "DRAND_RELAYS"
	if got := ada.want(ada.get(path), http.StatusOK); strings.Contains(got.text, late) {
		t.Error("a draw is late before its list is frozen")
	}
	clock.move(time.Hour + compete.ArrivalGrace)
	apptest.Eventually(t, apptest.Patience, "the list is frozen", func() bool {
		return strings.Contains(b.get(path).text, "with the hash")
	})
	clock.move(10 * time.Minute)
	for _, viewer := range []*browser{guest, ada} {
		if got := viewer.want(viewer.get(path), http.StatusOK, late); strings.Contains(got.text, staff) {
			t.Error("people are told what staff can do")
		}
	}
	b.want(b.get(path), http.StatusOK, late, staff)
}

// TestWhoSeesInternalNotes removes somebody with a note, which is in their download: everything that is said of notes
// mentions that.
func TestWhoSeesInternalNotes(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	id := organizer.Create(nil)
	ada := s.As(compete.RoleParticipant)
	var r struct{ ID string }
	ada.Do("POST", "/api/competitions/"+id+"/register", nil).Want(t, http.StatusCreated).JSON(t, &r)
	b.want(b.get("/competitions/"+id+"/registrations/"+r.ID+"/remove"), http.StatusOK,
		"The person only sees it if they download their data.")
	b.want(b.get("/privacy"), http.StatusOK, "Internal notes: the organizer and admins; you, in your download")
	organizer.Do("DELETE", "/api/registrations/"+r.ID, map[string]any{"note": "Was rude."}).Want(t, http.StatusOK)
	var export struct {
		Registrations []struct{ RemovalNote string }
	}
	ada.Get("/api/users/me/export", &export)
	if len(export.Registrations) != 1 || export.Registrations[0].RemovalNote != "Was rude." {
		t.Errorf("the download has %+v", export.Registrations)
	}
}
