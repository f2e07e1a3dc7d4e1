package jobs

import (
	"testing"

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
		f.exec("UPDATE competitions SET title = 'Cafe\u0301 Cup'") // as a tool outside would
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
