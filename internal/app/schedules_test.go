package app_test

import (
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Each configured schedule runs its job again, after the run at startup.
func TestSchedulesComeDue(t *testing.T) {
	t.Parallel()
	const soon, never = "@every 1s", "0 0 29 2 *"
	for _, test := range []struct{ reminders, cleanUp, comesDue, rests string }{
		{soon, never, "find_reminders", "clean_up"},
		{never, soon, "clean_up", "find_reminders"},
	} {
		t.Run(test.comesDue, func(t *testing.T) {
			t.Parallel()
			testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
				t.Parallel()
				a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
					c.ReminderSchedule, c.CleanUpSchedule = test.reminders, test.cleanUp
				}})
				jobs := func(kind string) (n int) {
					const query = "SELECT count(*) FROM river_job WHERE kind = $1 AND state = 'completed'"
					if err := a.Store().Reader().QueryRowContext(t.Context(), query, kind).Scan(&n); err != nil {
						t.Fatal(err)
					}
					return n
				}
				apptest.Eventually(t, apptest.Patience, "both jobs ran at the start, and the one that is due ran again",
					func() bool {
						return jobs(test.comesDue) > 1 && jobs(test.rests) > 0
					})
				if got := jobs(test.rests); got != 1 {
					t.Errorf("the job that was not due ran %d times, want at the start alone", got)
				}
			})
		})
	}
}
