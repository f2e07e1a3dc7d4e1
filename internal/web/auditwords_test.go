package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// TestAuditSaysWhatWasGivenUp applies, waits and has a seat, and gives each of them up: the audit log says which. The
// end of an offer is a time that the script shows in the reader's zone.
func TestAuditSaysWhatWasGivenUp(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	registers := func(id string) (cancels func()) {
		who := s.As(compete.RoleParticipant)
		var r struct{ ID string }
		who.Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).Want(t, http.StatusCreated).JSON(t, &r)
		return func() { who.Do(http.MethodDelete, "/api/registrations/"+r.ID, nil).Want(t, http.StatusOK) }
	}
	says := func(id string, want ...string) {
		t.Helper()
		page := b.want(b.get("/competitions/"+id+"/audit"), http.StatusOK).text
		text := strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, "")), " ")
		for _, sentence := range want {
			if !strings.Contains(text, sentence) {
				t.Errorf("the log lacks %q", sentence)
			}
		}
		if strings.Contains(text, " until ") && !regexp.MustCompile(`until\s*<time `).MatchString(page) {
			t.Error("the end of an offer is no time")
		}
	}
	reviewed := organizer.Create(map[string]any{"title": "Hack", "admission": "REVIEW"})
	registers(reviewed)()
	says(reviewed, "applied for Hack", "withdrew their application for Hack")

	offering := organizer.Create(map[string]any{"title": "Run", "capacity": 1, "waitlist": true, "offerHours": 12})
	first, _, third := registers(offering), registers(offering), registers(offering)
	third()
	first()
	says(offering, "registered for Run", "joined the waitlist of Run", "left the waitlist of Run",
		"cancelled their registration for Run", "was offered a seat for Run until ")
}
