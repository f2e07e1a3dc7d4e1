package jobs

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// confirmed registers so many participants and confirms them.
func (f *fixture) confirmed(c compete.Competition, n int) []compete.Registration {
	f.Helper()
	registrations := f.register(c, f.participants(n)...)
	f.exec("UPDATE registrations SET status = 'CONFIRMED' WHERE competition_id = $1 AND status = 'PENDING'", c.ID)
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
		return f.count("SELECT count(*) FROM river_job WHERE kind IN ('remind', "+
			"'remind_jointly', 'find_reminders') AND state <> 'completed'") == 0
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
		CompetitionID: c.ID,
		Change:        compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.StartDate = &moved }},
	})
	if err != nil {
		f.Fatal(err)
	}
}

func TestARemindJobForAnOldStartDateRemindsNobody(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c, cancelled := f.competition(2, 20*time.Hour), f.competition(2, 20*time.Hour)
		stays := f.competition(2, 20*time.Hour)
		for _, c := range []compete.Competition{c, cancelled, stays} {
			f.confirmed(c, 2)
		}
		f.move(c, 24*time.Hour) // starts in 44 hours: nothing but the old jobs would remind
		f.exec("UPDATE competitions SET status = 'CANCELLED' WHERE id = $1", cancelled.ID)
		done := f.events(f.client, river.EventKindJobCompleted)
		f.start(f.client)
		f.enqueue(compete.RemindJob{CompetitionID: c.ID, StartDate: *c.StartDate})
		f.next(done, "remind")
		if got := f.count("SELECT count(*) FROM messages"); got != 0 {
			f.Errorf("%d reminders of a start that was moved", got)
		}
		f.enqueue(jointly(c, cancelled, stays))
		f.next(done, "remind_jointly")
		if got := f.count("SELECT count(*) FROM messages"); got != 2 {
			f.Errorf("%d reminders, want those of the one competition that starts as it was to", got)
		}
	})
}

func jointly(competitions ...compete.Competition) compete.RemindJointlyJob {
	starts := map[string]time.Time{}
	for _, c := range competitions {
		starts[c.ID] = *c.StartDate
	}
	return compete.RemindJointlyJob{Starts: starts}
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
		failedJobs := f.failedJobs()
		if len(failedJobs) != 1 || names(f, failedJobs[0]) != registrations[1].ID {
			f.Fatalf("failed jobs are %+v, want one that names registration %s", failedJobs, registrations[1].ID)
		}
		// The next look finds it unreminded still, and doesn't make a second failed job of it.
		done := f.events(f.client, river.EventKindJobCompleted)
		f.enqueue(compete.RemindJob{CompetitionID: c.ID, StartDate: *c.StartDate})
		f.next(done, "remind")
		if got := f.count("SELECT count(*) FROM river_job WHERE kind = 'notify'"); got != 1 {
			f.Errorf("%d jobs for the reminder that can't be written, want the one that is a failed job", got)
		}
		f.poison(registrations[1].UserID+"@example.com", false)
		if _, err := f.store.RetryFailedJob(f.Context(), failedJobs[0].ID, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.next(done, "notify")
		f.wantMessages(registrations[1], compete.RegistrationConfirmed, "reminder")
	})
}

func TestRemindersAreHandedOnWhenTheProcessStops(t *testing.T) {
	const one, another = pageSize - 1, 3
	for name, handOn := range map[string]func(f *fixture, first, second compete.Competition){
		"of one competition": func(f *fixture, first, second compete.Competition) {
			f.crowd(first, one+another)
			left := handedOn(f, compete.RemindJob{CompetitionID: first.ID, StartDate: *first.StartDate})
			if left.AfterSeq != pageSize {
				f.Errorf("the job that goes on is %+v, want one after seq %d", left, pageSize)
			}
		},
		"of several": func(f *fixture, first, second compete.Competition) {
			f.crowd(first, one)
			f.crowd(second, another)
			left := handedOn(f, jointly(first, second))
			if want := (compete.ReminderPlace{CompetitionID: second.ID, Seq: 1}); left.After != want {
				f.Errorf("the job that goes on is %+v, want one after %+v", left, want)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, nil, func(f *fixture) {
				handOn(f, f.competition(one+another, 20*time.Hour), f.competition(another, 20*time.Hour))
				f.start(f.client)
				f.eventually("everybody is reminded",
					func() bool { return f.count("SELECT count(*) FROM messages") == one+another })
			})
		})
	}
}

// handedOn stops a process in the first page of a job of reminders, and returns the job that goes on.
func handedOn[T compete.Job](f *fixture, job T) (left T) {
	f.Helper()
	f.enqueue(job)
	first := f.fetchingOnce()
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
	waiting, err := first.river.JobList(f.Context(),
		river.NewJobListParams().Kinds(job.Kind()).States(rivertype.JobStateAvailable))
	if err != nil || len(waiting.Jobs) != 1 {
		f.Fatalf("after the stop %+v wait, %v; want one job that goes on", waiting, err)
	}
	if err := json.Unmarshal(waiting.Jobs[0].EncodedArgs, &left); err != nil {
		f.Fatal(err)
	}
	return left
}

// crowd writes so many confirmed registrations straight into the database.
func (f *fixture) crowd(c compete.Competition, n int) {
	f.Helper()
	at, seq := compete.UTC(f.clock()), 0
	for some := range slices.Chunk(f.participants(n), 500) {
		insert := bulkInsert{
			into: "registrations (id, user_id, competition_id, status, seq, registered_at, updated_at)",
		}
		for _, u := range some {
			seq++
			insert.add(newID(), u.ID, c.ID, string(compete.RegistrationConfirmed), seq, at, at)
		}
		f.exec(insert.statement(), insert.args...)
	}
	f.exec("UPDATE competitions SET seats_left = seats_left - $2 WHERE id = $1", c.ID, n)
}

// pageStore counts the pages that are read and written, and keeps how many held the most.
type pageStore struct {
	compete.WorkStore
	competitions, targets, joint, messages pages
}

// pages are those of one kind.
type pages struct {
	mu              sync.Mutex
	number, largest int
}

func (p *pages) add(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	p.largest = max(p.largest, size)
}

func (p *pages) want(t testing.TB, of string, number, largest int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.number != number || p.largest != largest {
		t.Errorf("%s came in %d pages of at most %d, want %d of %d", of, p.number, p.largest, number, largest)
	}
}

func (s *pageStore) StartingBetween(
	ctx context.Context, from, to time.Time, afterID string, n int,
) ([]compete.Competition, error) {
	page, err := s.WorkStore.StartingBetween(ctx, from, to, afterID, n)
	s.competitions.add(len(page))
	return page, err
}

func (s *pageStore) ReminderTargets(
	ctx context.Context, competitionID string, afterSeq int64, n int,
) ([]compete.Target, int64, error) {
	page, next, err := s.WorkStore.ReminderTargets(ctx, competitionID, afterSeq, n)
	s.targets.add(len(page))
	return page, next, err
}

func (s *pageStore) JointReminderTargets(
	ctx context.Context, competitionIDs []string, after compete.ReminderPlace, n int,
) ([]compete.Target, compete.ReminderPlace, error) {
	page, next, err := s.WorkStore.JointReminderTargets(ctx, competitionIDs, after, n)
	s.joint.add(len(page))
	return page, next, err
}

func (s *pageStore) Deliver(
	ctx context.Context, confirm []compete.Notice, messages []compete.Message, now time.Time,
) (int, error) {
	s.messages.add(len(messages))
	return s.WorkStore.Deliver(ctx, confirm, messages, now)
}

// withPages counts pages, and looks for reminders at the start alone.
func withPages(c *Config) {
	c.Store, c.ReminderSchedule = &pageStore{WorkStore: c.Store}, "0 0 29 2 *"
}

func TestRemindersAreFoundAndWrittenInPages(t *testing.T) {
	const many, more = 3*pageSize + 1, 2*pageSize + 1
	eachDatabase(t, withPages, func(f *fixture) {
		f.crowd(f.competition(many, 20*time.Hour), many)
		for range more {
			f.crowd(f.competition(1, 20*time.Hour), 1)
		}
		if got := f.reminders(); got != many+more {
			f.Errorf("%d reminders, want %d", got, many+more)
		}
		counted := f.config.Store.(*pageStore)
		counted.competitions.want(f, "competitions", 3, pageSize)
		counted.targets.want(f, "those to remind in the large competition", 4, pageSize)
		counted.joint.want(f, "those to remind in the small ones", 3, pageSize)
		counted.messages.want(f, "messages", 4+3, pageSize)
	})
}

// crowdStore has so many to remind without keeping them: with the race detector SQLite takes a millisecond to make
// each, and one more to remind it. With names of a kilobyte, a few thousand weigh what tens of thousands would.
type crowdStore struct {
	compete.WorkStore
	competition    compete.Competition
	many, reminded int
	first, last    uint64 // the live heap at the first page, and the largest among the last ones
}

func (s *crowdStore) ReminderTargets(
	_ context.Context, _ string, afterSeq int64, n int,
) (page []compete.Target, next int64, err error) {
	last := min(afterSeq+int64(n), int64(s.many))
	for seq := afterSeq + 1; seq <= last; seq++ {
		r := compete.Registration{
			RegistrationState: compete.RegistrationState{
				ID: newID(), CompetitionID: s.competition.ID, Status: compete.RegistrationConfirmed, Seq: seq,
			},
			UserID: newID(),
		}
		page = append(page, compete.Target{
			Notice:       compete.Notice{RegistrationID: r.ID, Seq: seq, Kind: compete.MessageReminder},
			Registration: r, Participant: compete.Participant{
				Name:  strings.Repeat("Ada ", 250),
				Email: r.UserID + "@example.com",
			}, Competition: s.competition,
		})
	}
	if last < int64(s.many) {
		next = last
	}
	return page, next, nil
}

func (s *crowdStore) Deliver(
	_ context.Context, _ []compete.Notice, messages []compete.Message, _ time.Time,
) (int, error) {
	if s.reminded == 0 {
		s.first = liveHeap()
	}
	if s.reminded += len(messages); s.reminded > s.many*9/10 {
		s.last = max(s.last, liveHeap())
	}
	return len(messages), nil
}

// The heap is that of the whole process, so this test runs beside no other.
func TestRemindingManyTakesFlatMemory(t *testing.T) {
	const most = 2 << 20
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		crowd := &crowdStore{many: 5000}
		f := newFixture(t, url, func(c *Config) {
			crowd.WorkStore, c.Store, c.PageSize = c.Store,
				crowd, DefaultPageSize
		})
		crowd.competition = f.competition(crowd.many, 20*time.Hour)
		job := compete.RemindJob{CompetitionID: crowd.competition.ID, StartDate: *crowd.competition.StartDate}
		if err := f.client.remind(t.Context(),
			&river.Job[compete.RemindJob]{JobRow: &rivertype.JobRow{}, Args: job}); err != nil {
			t.Fatal(err)
		}
		if crowd.reminded != crowd.many {
			t.Errorf("%d reminders, want %d", crowd.reminded, crowd.many)
		}
		grown := crowd.last - min(crowd.first, crowd.last)
		if grown > most {
			t.Errorf("from the first page to the last the heap grew by %d KB, want at most %d", grown>>10, most>>10)
		}
	})
}

// BenchmarkReminders reports what it takes to remind 100,000 participants, of one competition or of 10,000: time, and
// by how much the live heap grows at most.
func BenchmarkReminders(b *testing.B) {
	const many = 100_000
	for name, of := range map[string]int{"of one competition": 1, "of 10,000 competitions": 10_000} {
		b.Run(name, func(b *testing.B) {
			for _, kind := range testservices.Databases(b) {
				b.Run(kind, func(b *testing.B) {
					benchmarkReminders(b, testservices.DatabaseURL(b, kind), of, many/of)
				})
			}
		})
	}
}

func benchmarkReminders(b *testing.B, url string, competitions, each int) {
	f := newFixture(b, url, realPages)
	f.startTogether(competitions, each)
	base, most, composed := liveHeap(), uint64(0), 0
	f.composed = func(compete.Target) {
		if composed++; composed%5000 == 0 {
			most = max(most, liveHeap())
		}
	}
	for b.Loop() {
		if got := f.reminders(); got != competitions*each {
			b.Fatalf("%d reminders, want %d", got, competitions*each)
		}
		b.StopTimer()
		f.exec("DELETE FROM messages") // so that everybody is reminded again
		b.StartTimer()
	}
	b.ReportMetric(float64(most-min(base, most))/(1<<20), "MB-heap")
}

// startTogether makes competitions that start at the same time, each with so many of the same confirmed participants.
func (f *fixture) startTogether(competitions, each int) {
	f.Helper()
	const most = 500 // rows of a statement
	at, organizer, participants := compete.UTC(f.clock()), f.organizer(), f.participants(each)
	var rows, registered [][]any
	for range competitions {
		id := newID()
		rows = append(rows, []any{
			id, "Cup", "", "", each, 0, at.Add(time.Hour), at.Add(20 * time.Hour), "PUBLISHED", organizer.ID, each + 1,
			at, at,
		})
		for i, u := range participants {
			registered = append(registered, []any{newID(), u.ID, id, "CONFIRMED", i + 1, at, at})
		}
	}
	for _, table := range []struct {
		into string
		rows [][]any
	}{
		{"competitions (id, title, description, location, capacity, seats_left, reg_deadline, start_date, status, " +
			"organizer_id, next_seq, created_at, updated_at)", rows},
		{"registrations (id, user_id, competition_id, status, seq, registered_at, updated_at)", registered},
	} {
		for some := range slices.Chunk(table.rows, most) {
			insert := bulkInsert{into: table.into}
			for _, row := range some {
				insert.add(row...)
			}
			f.exec(insert.statement(), insert.args...)
		}
	}
}

// liveHeap is what is in use after a garbage collection, in bytes.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // what pools hold goes with the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
