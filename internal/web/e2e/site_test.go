package e2e

import (
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// site is the whole program, on one replica or more.
type site struct {
	replicas []*apptest.App
}

// first is where the pages of the first replica are.
func (s site) first() string { return s.replicas[0].WebURL }

// last is another replica than the first, where there are two.
func (s site) last() *apptest.App { return s.replicas[len(s.replicas)-1] }

// TestDemo runs what one replica on SQLite shows, all against the same one, with the demo's accounts and competitions.
func TestDemo(t *testing.T) {
	a := apptest.Start(t, apptest.Options{Demo: true})
	s := site{[]*apptest.App{a}}
	apptest.Eventually(t, apptest.Patience, "the demo's people have their messages", func() bool {
		var left int
		err := a.Store().Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'notify'
			AND state NOT IN ('completed', 'scheduled')`).Scan(&left)
		if err != nil {
			t.Fatal(err)
		}
		return left == 0
	})
	t.Run("every page", func(t *testing.T) { testEveryPage(t, s) }) // first, while the demo is as it was made
	t.Run("guide", func(t *testing.T) { testGuide(t, s) })
	t.Run("search", func(t *testing.T) { testSearch(t, s) }) // while a page of the list has room
	runStories(t, s, []story{
		{"hackathon", tell(1, hackathon)}, // the long ones first
		{"race", tell(2, race)},
		{"olympiad", tell(3, olympiad)},
		{"teams", testTeams},
		{"divisions", testDivisions},
		{"asking a circle", testAskingCircle},
		{"asking", testAsking},
		{"first come", tell(0, firstCome)},
		{"checks can fail", testChecksCanFail},
		{"without script", testWithoutScript},
		{"press twice", testPressTwice},
		{"opening", testOpening},
		{"opening of divisions", testOpeningOfDivisions},
		{"session end", testSessionEnd},
		{"typed is kept", testTypedIsKept},
		{"session list", testSessionList},
		{"wait to log in", testWaitToLogIn},
		{"dropped stream", testDroppedStream},
		{"late clock", testLateClock},
		{"edit meanwhile", testEditMeanwhile},
		{"zone of the organizer", testZoneOfTheOrganizer},
		{"zone is asked for", testZoneIsAskedFor},
		{"form sent twice", testFormSentTwice},
		{"managing", testManaging},
		{"registrations", testRegistrations},
		{"removing", testRemoving},
		{"removing without script", testRemovingPlainly},
		{"an organizer takes part", testOrganizerTakesPart},
		{"promoted organizer", testPromotedOrganizer},
		{"failed job", testFailedJob},
		{"job console", testJobConsole},
		{"reporting", testReporting},
		{"accounts", testAdminOfAccounts},
		{"theme", testTheme},
		{"times", testTimes},
		{"keyboard", testKeyboard},
		{"motion and paper", testMotionAndPaper},
		{"shared links", testSharedLinks},
		{"covers", testCovers},
		{"long titles", testLongTitles},
		{"refused forms", testRefusedForms},
		{"drafts of forms", testDraftsOfForms},
		{"newcomer", testNewcomersWay},
		{"preview", testPreviewIsThePage},
		{"phone order", testPhoneOrder},
		{"large text", testLargeText},
		{"own times on their line", testOwnTimesOnTheirLine},
		{"API docs", testAPIDocs},
		{"offers", testOffers},
		{"ready", testReady},
		{"closed circle", testClosedCircle},
		{"team seats", testTeamSeats},
		{"team ready", testTeamReady},
		{"stopped release", testStoppedRelease},
	})
}

// story is a test with people and a competition of its own, so that others can run beside it.
type story struct {
	name string
	run  func(t *testing.T, s site)
}

// runStories runs stories beside each other, once the test that calls it has done everything else.
func runStories(t *testing.T, s site, stories []story) {
	t.Helper()
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			story.run(t, s)
		})
	}
}

// TestReplicas runs what must hold from any replica: on one with SQLite, for which TestDemo runs most of it, and on two
// with PostgreSQL and Redis.
func TestReplicas(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, database string) {
		o, replicas := apptest.Options{DatabaseURL: database}, 1
		if !strings.HasPrefix(database, "sqlite:") {
			o.RedisURL, replicas = testservices.Redis(t), 2
		}
		var s site
		for range replicas {
			s.replicas = append(s.replicas, apptest.Start(t, o))
		}
		t.Run("main flow", func(t *testing.T) { testMainFlow(t, s) })
		t.Run("disabled", func(t *testing.T) { testDisabled(t, s) })
		t.Run("disabled organizer", func(t *testing.T) { testDisabledOrganizer(t, s) })
		if replicas == 1 {
			return
		}
		t.Run("main flow without script", func(t *testing.T) { testWithoutScript(t, s) })
		t.Run("job console", func(t *testing.T) { testJobConsole(t, s) })
		runStories(t, s, []story{
			{"offers", testOffers},
			{"closed circle", testClosedCircle},
			{"divisions", func(t *testing.T, s site) { raceStory{settings[0]}.run(t, s) }},
		})
	})
}
