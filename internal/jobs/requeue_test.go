package jobs

import (
	"testing"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestAFailedJobOfAnOlderVersionCanBeSentAgain(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		gone := compete.FailedJob{
			ID: f.client.config.NewID(), JobID: 4711, Queue: compete.QueueMaintenance,
			Kind:    "worked_by_an_older_version",
			Payload: []byte(`{}`), Error: "gone", Attempts: 3, FailedAt: f.clock(),
		}
		if err := f.store.SaveFailedJob(f.Context(), gone); err != nil {
			f.Fatal(err)
		}
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		if _, err := f.store.RetryFailedJob(f.Context(), gone.ID, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.next(failed, gone.Kind)
	})
}
