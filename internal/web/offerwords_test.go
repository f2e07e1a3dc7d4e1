package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// TestASeatToAcceptIsNotPromisedAsGiven waits for a seat that has to be accepted: the message after the press promises
// no seat without that. The offer's message ends its sentence right after the reader's own time.
func TestASeatToAcceptIsNotPromisedAsGiven(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	page := "/competitions/" + s.As(compete.RoleOrganizer).Create(map[string]any{
		"capacity": 1, "waitlist": true, "offerHours": 24, "timeZone": "Europe/Berlin",
	})
	first, second := s.browser(t), s.browser(t)
	first.signUp("first@example.com")
	second.signUp("second@example.com")
	first.leads(first.post(page+"/register"), page)
	second.leads(second.post(page+"/register"), page)
	got := second.want(second.get(page), http.StatusOK, "If a seat opens up for you, you&#39;ll get a message.")
	if strings.Contains(got.text, "automatically") {
		t.Error("the page promises a seat that has to be accepted as given automatically")
	}
	first.leads(first.post(page+"/withdraw"), page)
	var message string
	apptest.Eventually(t, apptest.Patience, "the offer is in the mailbox", func() bool {
		list := second.get("/mailbox").text
		message = regexp.MustCompile(`/mailbox/[0-9a-f-]{36}`).FindString(list) // the newest
		return strings.Contains(list, "A seat for you")
	})
	text := second.want(second.get(message), http.StatusOK, "(Europe/Berlin)").text
	next := regexp.MustCompile(`\(Europe/Berlin\)</span><span class="own-time"[^>]*></span>\. If you don`)
	if !next.MatchString(text) {
		t.Errorf("something stands between the time and the end of its sentence:\n%s", text)
	}
}
