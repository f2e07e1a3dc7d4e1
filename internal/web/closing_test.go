package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// organized opens a browser of a new organizer, whose API client it returns, too.
func (s *site) organized() (*apptest.Client, *browser) {
	s.t.Helper()
	organizer := s.As(compete.RoleOrganizer)
	b := s.browser(s.t)
	b.leads(b.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
	return organizer, b
}

// TestClosingSaysWhatItDoes asks about what can't be undone: what follows depends on who gets a seat, and on the rules
// for teams.
func TestClosingSaysWhatItDoes(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	small := map[string]any{"min": 2, "max": 4, "dropIncomplete": true}
	for _, c := range []struct {
		fields map[string]any
		want   []string
	}{
		{map[string]any{}, []string{"To reopen registration, set a later deadline."}},
		{map[string]any{"admission": "REVIEW"}, []string{"You can still decide", "set a later deadline."}},
		{map[string]any{"admission": "LOTTERY"}, []string{"frozen within seconds", "can&#39;t be reopened"}},
		{map[string]any{"team": small}, []string{"teams with fewer than 2 members", "bring these teams back"}},
		{
			map[string]any{"admission": "LOTTERY", "team": small},
			[]string{"teams with fewer than 2 members", "frozen within seconds"},
		},
	} {
		b.want(b.get("/competitions/"+organizer.Create(c.fields)+"/close"), http.StatusOK, c.want...)
	}
}

// TestCancellingCountsApplications says who will be notified: those who only applied, too.
func TestCancellingCountsApplications(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	reviewed, plain := organizer.Create(map[string]any{"admission": "REVIEW"}), organizer.Create(nil)
	b.want(b.get("/competitions/"+reviewed+"/cancel"), http.StatusOK, "Nobody has applied yet.")
	b.want(b.get("/competitions/"+plain+"/cancel"), http.StatusOK, "Nobody has registered yet.")
	for i := range 3 {
		person := s.As(compete.RoleParticipant)
		register := func(id string) (r struct{ ID string }) {
			person.Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).Want(t, http.StatusCreated).JSON(t, &r)
			return r
		}
		register(reviewed)
		if r := register(plain); i == 0 {
			person.Do(http.MethodDelete, "/api/registrations/"+r.ID, nil).Want(t, http.StatusOK)
		}
	}
	b.want(b.get("/competitions/"+reviewed+"/cancel"), http.StatusOK, "3 people who applied will be notified.")
	b.want(b.get("/competitions/"+plain+"/cancel"), http.StatusOK, "2 people will be notified.")
	added := s.As(compete.RoleParticipant)
	organizer.Do(http.MethodPost, "/api/competitions/"+reviewed+"/registrations",
		map[string]any{"email": added.User.Email}).Want(t, http.StatusCreated)
	b.want(b.get("/competitions/"+reviewed+"/cancel"), http.StatusOK,
		"3 people who applied and 1 other person will be notified.")
}

// TestSeatThatIsGivenUp says that somebody else gets it only if it's so: those who wait may wait in another division.
func TestSeatThatIsGivenUp(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	d := s.divided(1, 5)
	first, second, third := s.browser(t), s.browser(t), s.browser(t)
	for email, of := range map[string]struct {
		b        *browser
		division string
	}{"first@example.com": {first, d.first}, "third@example.com": {third, d.next}} {
		of.b.signUp(email)
		of.b.leads(of.b.post(d.page+"/register", "divisionId", of.division), d.page)
	}
	second.signUp("second@example.com")
	second.leads(second.post(d.page+"/register", "divisionId", d.first), d.page)

	third.want(third.get(d.page+"/withdraw"), http.StatusOK, "give up your seat", "while seats are free")
	third.want(third.get(d.page+"/division"), http.StatusOK, "and give up your seat")
	first.want(first.get(d.page+"/withdraw"), http.StatusOK, "goes to the next person in line", "end of the line")
	first.want(first.get(d.page+"/division"), http.StatusOK, "goes to the next in line who fits")
	d.organizer.want(d.organizer.get("/dashboard"), http.StatusOK,
		"City Run&#34;: Half marathon is full, with 1 person waiting. Add seats?")
}

// TestDashboardOfAReview tells a waitlist beside free seats, which staff chose, from a full competition.
func TestDashboardOfAReview(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	id := organizer.Create(map[string]any{
		"title": "Chosen Few", "admission": "REVIEW", "capacity": 2, "startDate": time.Now().Add(72 * time.Hour),
	})
	b.want(b.get("/competitions/"+id+"/applications"), http.StatusOK, "People appear here as they apply.")
	waiting, rejected := s.browser(t), s.browser(t)
	var list []map[string]any
	for decision, applicant := range map[string]*browser{"WAITLIST": waiting, "REJECT": rejected} {
		client := s.As(compete.RoleParticipant)
		var r struct{ ID string }
		client.Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).Want(t, http.StatusCreated).JSON(t, &r)
		applicant.leads(applicant.post("/auth/login", "email", client.User.Email, "password", apptest.Password),
			"/dashboard")
		list = append(list, map[string]any{"registrationId": r.ID, "decision": decision})
	}
	organizer.Do(http.MethodPost, "/api/competitions/"+id+"/decisions", map[string]any{"items": list}).
		Want(t, http.StatusOK)
	b.leads(b.post("/competitions/"+id+"/applications/release"), "/competitions/"+id+"/applications")
	apptest.Eventually(t, apptest.Patience, "the application is on the waitlist", func() bool {
		var c struct{ Counts struct{ Waitlisted int } }
		organizer.Get("/api/competitions/"+id, &c)
		return c.Counts.Waitlisted == 1
	})
	b.want(b.get("/dashboard"), http.StatusOK, "Chosen Few&#34; has 2 seats left, and 1 person on the waitlist.",
		`href="/competitions/`+id+`/applications"`)
	waiting.want(waiting.get("/competitions/"+id), http.StatusOK, "The next seat that someone gives up is yours.",
		"If someone gives up a seat, or the organizer admits you, you&#39;ll get a message.")
	apptest.Eventually(t, apptest.Patience, "the other application is rejected", func() bool {
		return strings.Contains(rejected.get("/dashboard").text, `<h2 class="mb-4">Not admitted <span`)
	})
}
