package jobs

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestRegistrationsAreConfirmedWithOneMessageEach(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		f.start(f.client)
		done := f.events(f.client, river.EventKindJobCompleted)
		competition := f.competition(1, 0)
		first := f.register(competition, f.participants(1)...)[0]
		f.next(done, "notify")
		f.wantMessages(first, compete.RegistrationConfirmed, "confirmed")
		waiting := f.register(competition, f.participants(1)...)[0]
		f.next(done, "notify")
		f.wantMessages(waiting, compete.RegistrationWaitlisted, "waitlisted")

		f.cancel(first)
		f.next(done, "notify")
		f.wantMessages(first, compete.RegistrationCancelled, "confirmed cancelled")
		f.wantMessages(waiting, compete.RegistrationConfirmed, "waitlisted promoted")
	})
}

func TestAJobThatComesLateSaysNothingUntrue(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		competition := f.competition(1, 0)
		gone := f.register(competition, f.participants(1)...)[0]
		promoted := f.register(competition, f.participants(1)...)[0]
		f.cancel(gone)
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		for range 3 {
			f.next(done, "notify")
		}
		f.wantMessages(gone, compete.RegistrationCancelled, "cancelled")
		f.wantMessages(promoted, compete.RegistrationConfirmed, "promoted")
	})
}

func TestAJobMayRunTwice(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		r := f.register(f.competition(1, 0), f.participants(1)...)[0]
		job := f.next(done, "notify").Job
		// A process killed after the delivery leaves the job in state running; River gives it to another one.
		f.exec("UPDATE river_job SET state = 'available', finalized_at = NULL WHERE id = $1", job.ID)
		if again := f.next(done, "notify").Job; again.ID != job.ID || again.Attempt != 2 {
			f.Errorf("job %d ran in attempt %d, want job %d again", again.ID, again.Attempt, job.ID)
		}
		f.enqueue(compete.NotifyJob{Notices: []compete.Notice{notice(r), notice(r)}})
		f.next(done, "notify")
		f.wantMessages(r, compete.RegistrationConfirmed, "confirmed")
	})
}

func TestAttemptsBackOffAndEndAsAFailedJobThatCanBeSentAgain(t *testing.T) {
	const wait = 1500 * time.Millisecond
	eachDatabase(t, func(c *Config) { c.Backoff = wait }, func(f *fixture) {
		failed := f.events(f.client, river.EventKindJobFailed)
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		u := f.participants(1)[0]
		f.poison(u.Email, true)
		r := f.register(f.competition(1, 0), u)[0]

		for attempt := 1; attempt < DefaultMaxAttempts; attempt++ {
			job := f.next(failed, "notify").Job
			tried := job.Errors[len(job.Errors)-1].At
			want := wait << (attempt - 1)
			// the attempt is recorded a moment later
			if got := job.ScheduledAt.Sub(tried); job.Attempt != attempt || got < want-100*time.Millisecond {
				f.Errorf("attempt %d is followed by a wait of %v, want attempt %d and %v at least", job.Attempt,
					got, attempt, want)
			}
			if failedJobs := f.failedJobs(); len(failedJobs) != 0 {
				f.Fatalf("after attempt %d there is a failed job: %+v", attempt, failedJobs)
			}
		}
		job := f.next(failed, "notify").Job
		failedJobs := f.failedJobs()
		if len(failedJobs) != 1 {
			f.Fatalf("%d failed jobs after the last attempt, want 1", len(failedJobs))
		}
		saved := failedJobs[0]
		if saved.JobID != job.ID || saved.Queue != compete.QueueRegistration || saved.Kind != "notify" ||
			saved.Attempts != 3 || !compete.ValidID(saved.ID) {
			f.Errorf("failed job %+v doesn't describe job %d", saved, job.ID)
		}
		if !strings.Contains(saved.Error, "poisoned") || strings.Contains(saved.Error, "hunter2") {
			f.Errorf("failed job says %q, want the error without its password", saved.Error)
		}
		if got := names(f, saved); got != r.ID {
			f.Errorf("failed job names %q, want %q", got, r.ID)
		}
		f.wantMessages(r, compete.RegistrationPending, "")

		f.poison(u.Email, false)
		if _, err := f.store.RetryFailedJob(f.Context(), saved.ID, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.next(done, "notify")
		f.wantMessages(r, compete.RegistrationConfirmed, "confirmed")
		if _, err := f.store.RetryFailedJob(f.Context(), saved.ID, f.clock()); !errors.Is(err,
			compete.ErrFailedJobRetried) {
			f.Errorf("sending it again twice gave %v, want %v", err, compete.ErrFailedJobRetried)
		}
	})
}

// names lists the registrations named by a failed NotifyJob.
func names(t testing.TB, failed compete.FailedJob) string {
	t.Helper()
	var job compete.NotifyJob
	if err := json.Unmarshal(failed.Payload, &job); err != nil {
		t.Fatalf("payload %s: %v", failed.Payload, err)
	}
	ids := make([]string, 0, len(job.Notices))
	for _, n := range job.Notices {
		ids = append(ids, n.RegistrationID)
	}
	return strings.Join(ids, " ")
}

func TestOnlyThePoisonedOfABatchEndsDead(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		users := f.participants(6)
		f.poison(users[2].Email, true)
		registrations := f.register(f.competition(6, 0), users...)
		f.dropJobs()
		f.enqueue(compete.NotifyJob{Runs: []compete.NoticeRun{run(registrations)}})
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		for range DefaultMaxAttempts {
			f.next(failed, "notify")
		}
		for i, r := range registrations {
			if i == 2 {
				f.wantMessages(r, compete.RegistrationPending, "")
			} else {
				f.wantMessages(r, compete.RegistrationConfirmed, "confirmed")
			}
		}
		if failedJobs := f.failedJobs(); len(failedJobs) != 1 || names(f, failedJobs[0]) != registrations[2].ID {
			f.Errorf("failed jobs are %+v, want one that names registration %s alone", failedJobs, registrations[2].ID)
		}
	})
}

// run requests the confirmation of all registrations of a competition.
func run(registrations []compete.Registration) compete.NoticeRun {
	return compete.NoticeRun{
		CompetitionID: registrations[0].CompetitionID, First: 1, Last: int64(len(registrations)),
		Kind: compete.MessageConfirmed,
	}
}

func TestAFailedJobOfARunNamesWhomItLeft(t *testing.T) {
	eachDatabase(t, func(c *Config) { c.MaxAttempts = 1 }, func(f *fixture) {
		users := f.participants(2)
		registrations := f.register(f.competition(2, 0), users...)
		f.dropJobs()
		f.poison(users[0].Email, true)
		f.poison(users[1].Email, true)
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		f.enqueue(compete.NotifyJob{Runs: []compete.NoticeRun{run(registrations)}})
		f.next(failed, "notify")
		failedJobs := f.failedJobs()
		if len(failedJobs) != 1 || !strings.Contains(names(f, failedJobs[0]), registrations[0].ID) ||
			!strings.Contains(names(f, failedJobs[0]), registrations[1].ID) {
			f.Errorf("failed jobs are %+v, want one that names both registrations", failedJobs)
		}
	})
}

func TestAPanicStrikesOneRegistrationOnly(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		users := f.participants(3)
		f.composed = func(target compete.Target) {
			if target.Participant.Email == users[0].Email {
				panic("template")
			}
		}
		registrations := f.register(f.competition(3, 0), users...)
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		for range DefaultMaxAttempts {
			f.next(failed, "notify")
		}
		f.eventually("the panic is the one failed job", func() bool {
			failedJobs := f.failedJobs()
			return len(failedJobs) == 1 && strings.Contains(failedJobs[0].Error, "panic: template")
		})
		f.eventually("the others are confirmed", func() bool {
			return f.status(registrations[1]) == compete.RegistrationConfirmed &&
				f.status(registrations[2]) == compete.RegistrationConfirmed
		})
	})
}

// dropJobs deletes waiting jobs, as if a killed process had taken them.
func (f *fixture) dropJobs() {
	f.Helper()
	f.exec("DELETE FROM river_job")
}

func TestALongBatchIsDeliveredInPages(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		users := f.participants(3*pageSize + 1)
		f.poison(users[0].Email, true)
		registrations := f.register(f.competition(len(users), 0), users...)
		f.dropJobs()
		var batch compete.NotifyJob
		for _, r := range registrations {
			batch.Notices = append(batch.Notices, notice(r))
		}
		f.enqueue(batch)
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		f.next(done, "notify")
		if got := f.count("SELECT count(*) FROM messages WHERE kind = 'confirmed'"); got != len(users)-1 {
			f.Errorf("%d messages, want %d", got, len(users)-1)
		}
	})
}

func TestJobsCommitAndRollBackWithTheirTransaction(t *testing.T) {
	eachDatabase(t, func(c *Config) { c.Work = false }, func(f *fixture) {
		regret := errors.New("regret")
		err := f.client.inTx(f.Context(), func(tx *sql.Tx) error {
			if err := f.client.EnqueueTx(f.Context(), tx,
				[]compete.Job{compete.SettleJob{CompetitionID: newID()}}); err != nil {
				return err
			}
			return regret
		})
		if !errors.Is(err, regret) || f.count("SELECT count(*) FROM river_job") != 0 {
			f.Errorf("after a rollback (%v) there are %d jobs, want none", err,
				f.count("SELECT count(*) FROM river_job"))
		}
		// A process without workers can enqueue too; an empty list is fine.
		f.enqueue()
		f.enqueue(compete.SettleJob{CompetitionID: newID()}, compete.NotifyJob{}, compete.RemindJob{})
		for queue, want := range map[string]int{
			compete.QueueMaintenance: 1, compete.QueueRegistration: 1,
			compete.QueueReminder: 1,
		} {
			if got := f.count("SELECT count(*) FROM river_job WHERE queue = $1 AND max_attempts = 3",
				queue); got != want {
				f.Errorf("%d jobs in queue %s, want %d", got, queue, want)
			}
		}
		if err := f.client.Start(f.Context()); err != nil {
			f.Errorf("Start without the worker role: %v", err)
		}
		if err := f.client.Ping(f.Context()); err != nil {
			f.Errorf("Ping: %v", err)
		}
		f.stop(f.client)
	})
}

// BenchmarkConfirmation measures how long a single participant waits for confirmation.
func BenchmarkConfirmation(b *testing.B) {
	for _, kind := range testservices.Databases(b) {
		b.Run(kind, func(b *testing.B) {
			f := newFixture(b, testservices.DatabaseURL(b, kind), realPages)
			f.start(f.client)
			competition := f.competition(compete.MaxCapacity, 0)
			for b.Loop() {
				r := f.register(competition, f.participants(1)...)[0]
				f.eventually("the registration is confirmed",
					func() bool { return f.status(r) == compete.RegistrationConfirmed })
			}
		})
	}
}

// BenchmarkBacklog measures how fast the confirmations of a rush are written afterwards: 10,000 in batches of 100.
func BenchmarkBacklog(b *testing.B) {
	for _, kind := range testservices.Databases(b) {
		b.Run(kind, func(b *testing.B) {
			f := newFixture(b, testservices.DatabaseURL(b, kind), realPages)
			f.start(f.client)
			for b.Loop() {
				b.StopTimer()
				const rush, batch = 10_000, 100
				c := f.competition(rush, 0)
				f.crowd(c, rush)
				f.exec("UPDATE registrations SET status = 'PENDING' WHERE competition_id = $1", c.ID)
				notices, err := f.store.StalePending(b.Context(), f.clock().Add(time.Hour), rush)
				if err != nil {
					b.Fatal(err)
				}
				var jobs []compete.Job
				for some := range slices.Chunk(notices, batch) {
					jobs = append(jobs, compete.NotifyJob{Notices: some})
				}
				b.StartTimer()
				f.enqueue(jobs...)
				f.eventually("the rush is confirmed", func() bool {
					return f.count(
						"SELECT count(*) FROM registrations WHERE competition_id = $1 AND status = 'PENDING'", c.ID,
					) == 0
				})
			}
		})
	}
}
