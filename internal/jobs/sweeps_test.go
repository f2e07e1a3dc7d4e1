package jobs

import (
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

func (f *fixture) sweepPending() {
	f.Helper()
	if err := f.client.sweepPending(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func TestRegistrationsLeftPendingAreConfirmed(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		registrations := f.register(f.competition(pageSize+5, 0), f.participants(pageSize+5)...)
		f.dropJobs()
		f.advance(pendingAge - time.Second)
		f.sweepPending()
		if got := f.count("SELECT count(*) FROM messages"); got != 0 {
			f.Errorf("the sweep confirmed %d registrations that are younger than %v", got, pendingAge)
		}
		f.advance(2 * time.Second)
		f.sweepPending()
		f.sweepPending()
		for _, r := range registrations {
			f.wantMessages(r, compete.RegistrationConfirmed, "confirmed")
		}
	})
}

func TestRegistrationsLeftPendingAreConfirmedAtStart(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		competition := f.competition(1, 0)
		first := f.register(competition, f.participants(1)...)[0]
		promoted := f.register(competition, f.participants(1)...)[0]
		f.cancel(first)
		f.dropJobs()
		f.advance(2 * pendingAge)
		f.start(f.client)
		f.eventually("the registration is confirmed",
			func() bool { return f.status(promoted) == compete.RegistrationConfirmed })
		f.wantMessages(promoted, compete.RegistrationConfirmed, "promoted")
	})
}

// offer creates a registration that was offered a competition's only seat for two hours, while another one is waiting.
func (f *fixture) offer() (offered, waiting compete.Registration) {
	f.Helper()
	competition := f.competition(1, 0)
	f.exec(`UPDATE competitions SET offer_hours = 2 WHERE id = $1`, competition.ID)
	seat := f.register(competition, f.participants(1)...)[0]
	offered = f.register(competition, f.participants(1)...)[0]
	waiting = f.register(competition, f.participants(1)...)[0]
	f.cancel(seat)
	return offered, waiting
}

func (f *fixture) sweepOffers() {
	f.Helper()
	if err := f.client.sweepOffers(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func TestOffersThatNobodyAnsweredPassOn(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		first, second := f.offer()
		f.advance(2*time.Hour + compete.ArrivalGrace - time.Second)
		f.sweepOffers()
		if got := f.status(first); got != compete.RegistrationOffered {
			f.Errorf("the offer is %s before its time is over", got)
		}
		f.advance(2 * time.Second)
		f.sweepOffers()
		f.sweepOffers()
		if got, next := f.status(first), f.status(second); got != compete.RegistrationCancelled ||
			next != compete.RegistrationOffered {
			f.Errorf("the offer is %s, and the next in line is %s", got, next)
		}
		if got := f.count("SELECT count(*) FROM registrations WHERE cancel_reason = 'EXPIRED'"); got != 1 {
			f.Errorf("%d offers expired, want 1", got)
		}
	})
}

// Offers that ended while no process was running are expired at the start, in as many pages as needed; those accepted
// in time are kept.
func TestOffersExpireAtStart(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		const offers = pageSize + 3
		competition := f.competition(offers, 0)
		f.exec(`UPDATE competitions SET offer_hours = 2 WHERE id = $1`, competition.ID)
		seats := f.register(competition, f.participants(offers)...)
		waiting := f.register(competition, f.participants(offers)...)
		for _, r := range seats {
			f.cancel(r)
		}
		_, err := f.registrar.AnswerOffer(f.Context(), compete.AnswerOfferCommand{
			Actor:          compete.Actor{UserID: waiting[0].UserID, Role: compete.RoleParticipant},
			RegistrationID: waiting[0].ID, Accept: true,
		})
		if err != nil {
			f.Fatal(err)
		}
		f.advance(3 * time.Hour)
		f.start(f.client)
		f.eventually("the offers have expired", func() bool {
			return f.count("SELECT count(*) FROM registrations WHERE cancel_reason = 'EXPIRED'") == offers-1
		})
		f.eventually("what was accepted is confirmed",
			func() bool { return f.status(waiting[0]) == compete.RegistrationConfirmed })
	})
}

// An offer's reminder is a job that is due after half of the offer's time. It sends nothing to people who have
// answered.
func TestOffersAreRemindedOf(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		first, second := f.offer()
		_, err := f.registrar.AnswerOffer(f.Context(), compete.AnswerOfferCommand{
			Actor: compete.Actor{UserID: first.UserID, Role: compete.RoleParticipant}, RegistrationID: first.ID,
		})
		if err != nil {
			f.Fatal(err)
		}
		f.exec("DELETE FROM river_job WHERE state <> 'scheduled'")
		if got := f.count("SELECT count(*) FROM river_job WHERE kind = 'notify' AND state = 'scheduled'"); got != 2 {
			f.Fatalf("%d reminders are scheduled, want 2", got)
		}
		f.exec("UPDATE river_job SET state = 'available', scheduled_at = created_at")
		f.start(f.client)
		f.eventually("the reminder is there", func() bool { return f.messages(second.UserID) == "offer_reminder" })
		f.wantMessages(first, compete.RegistrationCancelled, "")
	})
}

func TestTheSweepMakesAFailedJobOfWhatCannotBeConfirmedAndThenLeavesItAlone(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		users := f.participants(2)
		f.poison(users[0].Email, true)
		registrations := f.register(f.competition(2, 0), users...)
		f.dropJobs()
		f.advance(2 * pendingAge)
		f.sweepPending()
		f.sweepPending()
		f.wantMessages(registrations[1], compete.RegistrationConfirmed, "confirmed")
		if got := f.count("SELECT count(*) FROM river_job"); got != 1 {
			f.Errorf("two sweeps enqueued %d jobs for the registration that can't be confirmed, want 1", got)
		}
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		for range DefaultMaxAttempts {
			f.next(failed, "notify")
		}
		failedJobs := f.failedJobs()
		if len(failedJobs) != 1 || names(f, failedJobs[0]) != registrations[0].ID {
			f.Fatalf("failed jobs are %+v, want one that names registration %s", failedJobs, registrations[0].ID)
		}
		f.poison(users[0].Email, false)
		f.sweepPending()
		f.wantMessages(registrations[0], compete.RegistrationPending, "")

		// Once retried, it no longer counts: if that job was killed too, the sweep would make up for it.
		if _, err := f.store.RetryFailedJob(f.Context(), failedJobs[0].ID, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.sweepPending()
		f.wantMessages(registrations[0], compete.RegistrationConfirmed, "confirmed")
	})
}

func TestAJobDiscardedByARescueIsAFailedJobToo(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		registrations := f.register(f.competition(2, 0), f.participants(2)...)
		f.dropJobs()
		f.enqueue(compete.NotifyJob{Runs: []compete.NoticeRun{run(registrations)}})
		// the process got this far
		f.exec("UPDATE registrations SET status = 'CONFIRMED' WHERE id = $1", registrations[1].ID)
		r := registrations[0]
		// River's rescue leaves this of a job whose process was killed during the last attempt.
		at := time.Now().UTC().Add(-time.Hour)
		f.exec(`UPDATE river_job SET state = 'discarded', attempt = 3, finalized_at = $1`, f.riverTime(at))
		sweep := discardedSweep{client: f.client}
		for range 2 {
			if err := sweep.run(f.Context()); err != nil {
				f.Fatal(err)
			}
		}
		failedJobs := f.failedJobs()
		if len(failedJobs) != 1 || names(f, failedJobs[0]) != r.ID || failedJobs[0].Attempts != 3 ||
			failedJobs[0].Error == "" {
			f.Fatalf("failed jobs are %+v, want one that names registration %s", failedJobs, r.ID)
		}
		if got := failedJobs[0].FailedAt; got.Sub(at).Abs() > time.Second {
			f.Errorf("the failed job is from %v, want when the job was discarded, %v", got, at)
		}
		if time.Since(sweep.until) > sweepOverlap+patience {
			f.Errorf("the next sweep goes back to %v, want about %v", sweep.until, sweepOverlap)
		}
		// A new process examines all of them, and adds none twice.
		if err := (&discardedSweep{client: f.client}).run(f.Context()); err != nil || len(f.failedJobs()) != 1 {
			f.Errorf("a sweep from the start gave %v and %d failed jobs, want 1", err, len(f.failedJobs()))
		}
	})
}

// riverTime returns a time in River's storage format.
func (f *fixture) riverTime(at time.Time) any {
	if f.config.OneWriter {
		return at.Format("2006-01-02 15:04:05.000")
	}
	return at
}

func TestManyDiscardedJobsAreKeptInPages(t *testing.T) {
	eachDatabase(t, func(c *Config) { c.Work = true }, func(f *fixture) {
		const many = 2*pageSize + 1
		jobs := make([]compete.Job, many)
		for i := range jobs {
			jobs[i] = compete.SettleJob{CompetitionID: newID()}
		}
		f.enqueue(jobs...)
		f.exec(`UPDATE river_job SET state = 'discarded', attempt = 3, finalized_at = $1`,
			f.riverTime(time.Now().UTC()))
		if err := (&discardedSweep{client: f.client}).run(f.Context()); err != nil {
			f.Fatal(err)
		}
		if got := f.count("SELECT count(*) FROM failed_jobs"); got != many {
			f.Errorf("%d failed jobs, want %d", got, many)
		}
	})
}
