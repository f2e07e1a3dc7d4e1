package jobs

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestPeriodicJobsRunAtStartOnceInACluster(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		at := compete.UTC(f.clock())
		failed := compete.FailedJob{
			ID: newID(), JobID: 1, Queue: "q", Kind: "k", Payload: []byte("{}"),
			FailedAt: at.Add(-2 * DefaultFailedJobsAge),
		}
		if err := f.store.SaveFailedJob(f.Context(), failed); err != nil {
			f.Fatal(err)
		}
		f.register(f.competition(1, 0), f.participants(1)...)
		f.exec("UPDATE competitions SET title = 'Cafe\u0301 Cup'") // as an external tool would
		f.start(f.client)
		f.start(f.newClient())
		f.eventually("the periodic jobs are done", func() bool {
			return f.count("SELECT count(*) FROM river_job WHERE state = 'completed' AND kind IN ('find_reminders', "+
				"'clean_up', 'refresh_filling')") == 3
		})
		if got := f.count(
			"SELECT count(*) FROM river_job WHERE kind IN ('find_reminders', 'clean_up', 'refresh_filling')",
		); got != 3 {
			f.Errorf("two replicas enqueued %d periodic jobs, want one of each kind", got)
		}
		if got := f.count("SELECT filling FROM competitions"); got != 1 {
			f.Errorf("the sort \"filling\" counts %d seats taken, want 1", got)
		}
		if got := f.count("SELECT count(*) FROM competitions WHERE title = 'Caf\u00e9 Cup'"); got != 1 {
			f.Error("a title that a tool outside wrote is not brought into form")
		}
		if failedJobs := f.failedJobs(); len(failedJobs) != 0 {
			f.Errorf("an old failed job is still there: %+v", failedJobs)
		}
	})
}

func TestSchedulesAreFiveFieldsInUTC(t *testing.T) {
	from := time.Date(2030, 3, 31, 4, 59, 59, 0, time.FixedZone("", 5*60*60)) // 30 March, 23:59:59 UTC
	for text, want := range map[string]string{
		"0 * * * *":  "2030-03-31T00:00:00Z",
		"30 3 * * *": "2030-03-31T03:30:00Z",
		"@daily":     "2030-03-31T00:00:00Z",
	} {
		s, err := parseSchedule(text)
		if err != nil {
			t.Errorf("parseSchedule(%q): %v", text, err)
		} else if got := s.Next(from).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%q comes due at %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"", "hourly", "0 0 * * * *", "61 * * * *", "0 0 30 2 *", "TZ=Asia/Tokyo 0 0 * * *",
		"CRON_TZ=Asia/Tokyo 0 0 * * *",
	} {
		if _, err := parseSchedule(text); err == nil {
			t.Errorf("parseSchedule(%q) gave no error", text)
		}
	}
}

func TestNewNamesTheScheduleThatIsWrong(t *testing.T) {
	config := Config{Work: true, Logger: slog.New(slog.DiscardHandler), ReminderSchedule: "soon"}
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "reminder schedule") {
		t.Errorf("New with a wrong schedule of reminders gave %v", err)
	}
	config.ReminderSchedule, config.CleanUpSchedule = "", "later"
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "cleanup schedule") {
		t.Errorf("New with a wrong schedule of the clean-up gave %v", err)
	}
}
