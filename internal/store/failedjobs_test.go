package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

var lastJobID atomic.Int64

// failedJob returns a job that ran out of attempts, not stored yet.
func (f *fixture) failedJob(t *testing.T, job compete.Job) compete.FailedJob {
	t.Helper()
	payload, err := json.Marshal(job)
	must(t, err)
	return compete.FailedJob{
		ID: newID(), JobID: lastJobID.Add(1), Queue: compete.QueueRegistration, Kind: job.Kind(),
		Payload: payload, Error: "it broke", Attempts: 3, FailedAt: f.now,
	}
}

func TestFailedJobs(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		var expected []compete.FailedJob
		for i := range 9 {
			job := f.failedJob(t, compete.SettleJob{CompetitionID: newID()})
			job.FailedAt = f.ago(-time.Duration(i/3) * time.Second) // three at the same time
			must(t, f.SaveFailedJob(t.Context(), job))
			job.FailedAt = compete.UTC(job.FailedAt)
			expected = append(expected, job)
			job.ID, job.Error = newID(), "found by the sweep again"
			must(t, f.SaveFailedJob(t.Context(), job)) // the first one is kept
		}
		slices.Reverse(expected) // ids ascend with time
		list := func(c compete.Cursor) (compete.Page[compete.FailedJob], error) {
			return f.FailedJobs(t.Context(), c, 4)
		}
		want(t, "failed jobs", walk(t, "failed", list), expected)
		for _, cursor := range outOfBounds("failed") {
			_, err := list(cursor)
			must(t, err)
		}
		for most, expected := range map[int]int{100: 9, 4: 4} {
			n, err := f.OpenFailedJobs(t.Context(), most)
			must(t, err)
			want(t, "open ones", n, expected)
		}
		t.Run("what is in them", func(t *testing.T) { testFailedJobContent(t, f) })

		retried := expected[4]
		jobs := f.enqueued(t)
		got, err := f.RetryFailedJob(t.Context(), retried.ID, f.now)
		must(t, err)
		retried.RetriedAt = stored(f.agoPointer(0))
		want(t, "the retried one", got, retried)
		open, err := f.OpenFailedJobs(t.Context(), 100)
		must(t, err)
		want(t, "open ones after a retry", open, 8)
		again := inQueue(t, compete.SettleJob{})
		must(t, json.Unmarshal(retried.Payload, &again[0].Payload))
		again[0].Queue = retried.Queue
		want(t, "sent again", jobs(), again)
		_, err = f.RetryFailedJob(t.Context(), retried.ID, f.now)
		wantError(t, "again", err, compete.ErrFailedJobRetried)
		for _, id := range append([]string{newID()}, notIDs...) {
			_, err = f.RetryFailedJob(t.Context(), id, f.now)
			wantError(t, fmt.Sprintf("%q", id), err, compete.ErrFailedJobMissing)
		}
		want(t, "sent again in all", jobs(), again)

		// A job that the queue refuses stays unchanged.
		f.exec(t, `UPDATE failed_jobs SET payload = '{' WHERE id = $1`, expected[0].ID)
		if _, err = f.RetryFailedJob(t.Context(), expected[0].ID, f.now); err == nil {
			t.Error("a payload that can't be read was sent again")
		}
		f.exec(t, `UPDATE failed_jobs SET payload = '{}' WHERE id = $1`, expected[0].ID)
		_, err = f.RetryFailedJob(t.Context(), expected[0].ID, f.now)
		must(t, err)
	})
}

// testFailedJobContent stores unusual contents of failed jobs.
func testFailedJobContent(t *testing.T, f *fixture) {
	job := f.failedJob(t, compete.NotifyJob{})
	job.FailedAt = f.ago(-time.Hour)
	job.Payload, job.Error = json.RawMessage(`{"notices": "NUL \u0000 where a list should be"}`),
		"NUL \x00, bad \xff UTF-8, "+strings.Repeat("long ", 10_000)
	must(t, f.SaveFailedJob(t.Context(), job))
	page, err := f.FailedJobs(t.Context(), compete.Cursor{}, 1)
	must(t, err)
	got := page.Items[0]
	want(t, "payload", string(got.Payload), string(job.Payload))
	if !strings.HasPrefix(got.Error, "NUL , bad  UTF-8, long long") || len(got.Error) > 10_000 {
		t.Errorf("error of %d bytes: %.40q", len(got.Error), got.Error)
	}
	f.exec(t, `DELETE FROM failed_jobs WHERE id = $1`, job.ID)
}
