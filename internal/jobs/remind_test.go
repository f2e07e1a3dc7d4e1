package jobs

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"minicompete/internal/compete"
	"minicompete/internal/testservices"
)

// confirmed registers so many participants and confirms them.
func (f *fixture) confirmed(c compete.Competition, n int) []compete.Registration {
	f.Helper()
	registrations := f.register(c, f.participants(n)...)
	f.exec("UPDATE registrations SET status = 'CONFIRMED' WHERE competition_id = $1", c.ID)
	f.dropJobs()
	return registrations
}

// reminders works everything a look for reminders leads to in one life of a process, and returns how many were written.
func (f *fixture) reminders() int {
	f.Helper()
	before := f.count("SELECT count(*) FROM messages")
	c := f.newClient()
	done := f.events(c, river.EventKindJobCompleted)
	if err := c.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.next(done, "find_reminders")
	f.eventually("every reminder job is done", func() bool {
		return f.count("SELECT count(*) FROM river_job WHERE kind IN ('remind', 'find_reminders') AND state <> 'completed'") == 0
	})
	f.stop(c)
	// A leader that was stopped has resigned, so the next one looks at once; its jobs must not be taken for this one's.
	f.dropJobs()
	return f.count("SELECT count(*) FROM messages") - before
}

func TestEveryConfirmedRegistrationIsRemindedOnce(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		soon := f.competition(10, 20*time.Hour)
		later := f.competition(10, 25*time.Hour)
		off := f.competition(10, 20*time.Hour)
		registrations := f.confirmed(soon, 3)
		f.exec("UPDATE registrations SET status = 'CANCELLED' WHERE id = $1", registrations[2].ID)
		f.confirmed(later, 2)
		f.confirmed(off, 2)
		f.exec("UPDATE competitions SET status = 'CANCELLED' WHERE id = $1", off.ID)

		if got := f.reminders(); got != 2 {
			f.Errorf("the first look wrote %d reminders, want 2", got)
		}
		f.wantMessages(registrations[0], compete.RegistrationConfirmed, "reminder")
		f.config.ReminderSchedule = "*/5 * * * *"
		if got := f.reminders(); got != 0 {
			f.Errorf("after a restart with another schedule %d reminders were written again", got)
		}
		late := f.confirmed(soon, 1)
		if got := f.reminders(); got != 1 {
			f.Errorf("a registration confirmed after the first look led to %d reminders, want 1", got)
		}
		f.wantMessages(late[0], compete.RegistrationConfirmed, "reminder")

		f.move(soon, 2*time.Hour)
		if got := f.reminders(); got != 3 {
			f.Errorf("a new start date led to %d reminders, want 3", got)
		}
		f.wantMessages(registrations[0], compete.RegistrationConfirmed, "reminder reminder")
		f.advance(3 * time.Hour) // later now starts in 22 hours
		if got := f.reminders(); got != 2 {
			f.Errorf("a competition that came within a day led to %d reminders, want 2", got)
		}
	})
}

// move changes the start date of a competition by its organizer.
func (f *fixture) move(c compete.Competition, by time.Duration) {
	f.Helper()
	moved := c.StartDate.Add(by)
	_, err := f.registrar.Update(f.Context(), compete.UpdateCommand{
		Actor:         compete.Actor{UserID: c.Organizer.ID, Role: compete.RoleOrganizer},
		CompetitionID: c.ID, Change: compete.CompetitionChange{StartDate: compete.Some(&moved)},
	})
	if err != nil {
		f.Fatal(err)
	}
}

func TestARemindJobForAnOldStartDateRemindsNobody(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c := f.competition(2, 20*time.Hour)
		f.confirmed(c, 2)
		f.move(c, 24*time.Hour) // starts in 44 hours: nothing but the old job would remind
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		f.enqueue(compete.RemindJob{CompetitionID: c.ID, StartDate: *c.StartDate})
		f.next(done, "remind")
		if got := f.count("SELECT count(*) FROM messages"); got != 0 {
			f.Errorf("%d reminders of a start that was moved", got)
		}
	})
}

func TestAPoisonedReminderHoldsUpNobody(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c := f.competition(3, 20*time.Hour)
		registrations := f.confirmed(c, 3)
		f.poison(registrations[1].UserID+"@example.com", true)
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		for range DefaultMaxAttempts {
			f.next(failed, "notify")
		}
		if got := f.count("SELECT count(*) FROM messages"); got != 2 {
			f.Errorf("%d reminders, want those of the other 2", got)
		}
		letters := f.deadLetters()
		if len(letters) != 1 || names(f, letters[0]) != registrations[1].ID {
			f.Fatalf("dead letters are %+v, want one that names registration %s", letters, registrations[1].ID)
		}
		// The next look finds it unreminded still, and doesn't make a second dead letter of it.
		done := f.events(f.client, river.EventKindJobCompleted)
		f.enqueue(compete.RemindJob{CompetitionID: c.ID, StartDate: *c.StartDate})
		f.next(done, "remind")
		if got := f.count("SELECT count(*) FROM river_job WHERE kind = 'notify'"); got != 1 {
			f.Errorf("%d jobs for the reminder that can't be written, want the one that is a dead letter", got)
		}
		f.poison(registrations[1].UserID+"@example.com", false)
		if _, err := f.store.RetryFailedJob(f.Context(), letters[0].ID, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.next(done, "notify")
		f.wantMessages(registrations[1], compete.RegistrationConfirmed, "reminder")
	})
}

func TestRemindersAreHandedOnWhenTheProcessStops(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c := f.competition(pageSize+3, 20*time.Hour)
		f.crowd(c, pageSize+3)
		first := f.newClient()
		stopped := make(chan error, 1)
		var once bool
		f.composed = func(compete.Target) {
			if !once {
				once = true
				go func() { stopped <- first.Stop(f.Context()) }()
				<-first.stopping.Done()
			}
		}
		if err := first.Start(f.Context()); err != nil {
			f.Fatal(err)
		}
		if err := <-stopped; err != nil {
			f.Fatal(err)
		}
		if got := f.count("SELECT count(*) FROM messages"); got != pageSize {
			f.Errorf("%d reminders before the stop, want the page of %d", got, pageSize)
		}
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		if job := f.next(done, "remind").Job; !strings.Contains(string(job.EncodedArgs), fmt.Sprintf(`"afterSeq":%d`, pageSize)) &&
			!strings.Contains(string(job.EncodedArgs), fmt.Sprintf(`"afterSeq": %d`, pageSize)) {
			f.Errorf("the job that goes on is %s, want one after seq %d", job.EncodedArgs, pageSize)
		}
		f.eventually("everybody is reminded", func() bool { return f.count("SELECT count(*) FROM messages") == pageSize+3 })
	})
}

// crowd writes so many confirmed registrations straight into the database.
func (f *fixture) crowd(c compete.Competition, n int) {
	f.Helper()
	const rows = 500
	at := compete.UTC(f.clock())
	for start := 1; start <= n; start += rows {
		var users, registrations []string
		var userArgs, registrationArgs []any
		for seq := start; seq < start+rows && seq <= n; seq++ {
			id := newID()
			k := len(userArgs)
			users = append(users, fmt.Sprintf("($%d, $%d, 'Ada', '-', 'PARTICIPANT', $%d, $%d)", k+1, k+2, k+3, k+3))
			userArgs = append(userArgs, id, id+"@example.com", at)
			k = len(registrationArgs)
			registrations = append(registrations, fmt.Sprintf("($%d, $%d, $%d, 'CONFIRMED', $%d, $%d, $%d)", k+1, k+2, k+3, k+4, k+5, k+5))
			registrationArgs = append(registrationArgs, newID(), id, c.ID, seq, at)
		}
		f.exec("INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at) VALUES "+strings.Join(users, ","), userArgs...)
		f.exec("INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at) VALUES "+strings.Join(registrations, ","), registrationArgs...)
	}
}

// remindCrowd reminds so many and returns how much the live heap grew at most while it did, in bytes.
func (f *fixture) remindCrowd(n int) (growth uint64) {
	f.Helper()
	c := f.competition(n, 20*time.Hour)
	f.crowd(c, n)
	base, most, composed := liveHeap(), uint64(0), 0
	f.composed = func(compete.Target) {
		if composed++; composed%(n/20) == 0 {
			most = max(most, liveHeap())
		}
	}
	if got := f.reminders(); got != n {
		f.Fatalf("%d reminders, want %d", got, n)
	}
	return most - min(base, most)
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestRemindersNeedAPageOfMemory(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		// All 10,000 at once would be more than 10 MB in messages alone.
		const many, most = 10_000, 5 << 20
		if growth := f.remindCrowd(many); growth > most {
			f.Errorf("reminding %d took %d KB, want at most %d", many, growth>>10, most>>10)
		}
	})
}

// BenchmarkReminders reports what reminding 100,000 participants of one competition takes, in time and in live heap.
func BenchmarkReminders(b *testing.B) {
	for _, kind := range testservices.Databases(b) {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				f := newFixture(b, testservices.DatabaseURL(b, kind), nil)
				b.ReportMetric(float64(f.remindCrowd(100_000))/(1<<20), "MB-heap")
			}
		})
	}
}
