package mail

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

var (
	tags     = regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>`)
	aboutIt  = regexp.MustCompile(` (for|in|of) "Spring Olympiad"`) // the HTML has the title beside the text
	sentence = regexp.MustCompile(`\S.*?[.!?](\s|$)`)
)

// wantSameWords fails unless the HTML says every sentence in which the text says what happened, up to its first link.
func wantSameWords(t *testing.T, name string, of compete.Target) {
	t.Helper()
	m := mailOf(t, of)
	markup := strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(m.HTML, ""))), " ")
	_, text, _ := strings.Cut(m.Text, ",\n\n")
	text, _, _ = strings.Cut(text, "http")
	said := sentence.FindAllString(aboutIt.ReplaceAllString(text, ""), -1)
	if len(said) == 0 {
		t.Errorf("%s: the text says nothing:\n%s", name, m.Text)
	}
	for _, s := range said {
		if !strings.Contains(markup, strings.TrimSpace(s)) {
			t.Errorf("%s: the HTML lacks %q:\n%s", name, s, markup)
		}
	}
}

// The two parts of a mail about a place say the same, however the place came about.
func TestBothPartsSayTheSameAboutAPlace(t *testing.T) {
	hours, frozen := 24, time.Date(2030, 5, 2, 6, 30, 0, 0, time.UTC)
	for name, change := range map[string]func(*compete.Competition){
		"plain":   func(*compete.Competition) {},
		"offers":  func(c *compete.Competition) { c.OfferHours = &hours },
		"decided": func(c *compete.Competition) { c.Admission = compete.AdmissionReview },
		"decided, offers": func(c *compete.Competition) {
			c.Admission, c.OfferHours = compete.AdmissionReview, &hours
		},
		"drawn": func(c *compete.Competition) { c.Admission, c.FrozenAt = compete.AdmissionLottery, &frozen },
		"drawn, offers": func(c *compete.Competition) {
			c.Admission, c.FrozenAt, c.OfferHours = compete.AdmissionLottery, &frozen, &hours
		},
	} {
		for _, kind := range []compete.MessageKind{
			compete.MessageConfirmed, compete.MessageWaitlisted, compete.MessagePromoted, compete.MessageTeamLeft,
		} {
			of := target(kind)
			change(&of.Competition)
			wantSameWords(t, string(kind)+", "+name, of)
			of.Competition.Team = &compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerTeam}
			wantSameWords(t, string(kind)+", "+name+", captain", of)
			if kind != compete.MessageTeamLeft {
				of.Registration.TeamID, of.Registration.Follows = "red", true
			}
			wantSameWords(t, string(kind)+", "+name+", member", of)
		}
	}
}
