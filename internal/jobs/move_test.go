package jobs

import (
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
)

func (f *fixture) update(c compete.Competition, change compete.CompetitionChange) {
	f.Helper()
	_, err := f.registrar.Update(f.Context(), compete.UpdateCommand{
		Actor: compete.Actor{UserID: c.Organizer.ID, Role: compete.RoleOrganizer}, CompetitionID: c.ID, Change: change,
	})
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) relocate(c compete.Competition, place string) {
	f.Helper()
	f.update(c, compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Location = place }})
}

// afterWindow works the jobs of moves as they are once their time has come, in one life of a process. It wants each to
// have been scheduled at the end of its window.
func (f *fixture) afterWindow() {
	f.Helper()
	f.work("what is due before it is done",
		"SELECT count(*) FROM river_job WHERE kind = 'notify' AND state <> 'completed'")
	scheduled, err := f.client.river.JobList(f.Context(),
		river.NewJobListParams().Kinds("move").States(rivertype.JobStateScheduled))
	if err != nil {
		f.Fatal(err)
	}
	for _, job := range scheduled.Jobs {
		if wait := job.ScheduledAt.Sub(job.CreatedAt).Round(time.Second); wait != compete.MoveWindow {
			f.Errorf("a move is told after %v, want %v", wait, compete.MoveWindow)
		}
	}
	f.exec("UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE kind = " +
		"'move' AND state = 'scheduled'")
	f.work("every move is told",
		"SELECT count(*) FROM river_job WHERE kind IN ('move', 'tell_move', 'notify') AND state <> 'completed'")
}

// work runs a worker until the query counts nothing.
func (f *fixture) work(what, left string) {
	f.Helper()
	c := f.newClient()
	f.start(c)
	f.eventually(what, func() bool { return f.count(left) == 0 })
	f.stop(c)
}

// newest is the text of the newest message in a user's mailbox.
func (f *fixture) newest(userID string) string {
	f.Helper()
	page, err := f.store.Messages(f.Context(), userID, compete.Cursor{}, 1)
	if err != nil || len(page.Items) == 0 {
		f.Fatalf("%d messages, %v", len(page.Items), err)
	}
	return page.Items[0].Body
}

func TestAMoveIsToldOnceToEverybodyItConcerns(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c := f.competition(2, 48*time.Hour)
		f.relocate(c, "Hall 1") // nobody is registered yet
		seated := f.confirmed(c, 2)
		waiting := f.register(c, f.participants(2)...)
		f.cancel(waiting[1])
		f.dropJobs()

		f.relocate(c, "Hall 2")
		late := f.register(c, f.participants(1)...) // who knows of Hall 2, but not of what comes
		f.move(c, time.Hour)
		f.relocate(c, "Hall 3")
		latest := f.register(c, f.participants(1)...) // who knows of all
		f.afterWindow()
		f.wantMessages(seated[0], compete.RegistrationConfirmed, "changed")
		f.wantMessages(seated[1], compete.RegistrationConfirmed, "changed")
		f.wantMessages(waiting[0], compete.RegistrationWaitlisted, "changed")
		f.wantMessages(waiting[1], compete.RegistrationCancelled, "")
		f.wantMessages(late[0], compete.RegistrationWaitlisted, "waitlisted changed")
		f.wantMessages(latest[0], compete.RegistrationWaitlisted, "waitlisted")
		body := f.newest(seated[0].UserID)
		for _, want := range []string{"Location: Hall 1 → Hall 3\n", "Start: ", " → "} {
			if !strings.Contains(body, want) {
				f.Errorf("the message lacks %q:\n%s", want, body)
			}
		}

		f.relocate(c, "Hall 4")
		f.relocate(c, "Hall 3") // there and back
		f.afterWindow()
		f.wantMessages(seated[0], compete.RegistrationConfirmed, "changed")

		f.relocate(c, "Hall 5")
		f.afterWindow()
		f.wantMessages(seated[0], compete.RegistrationConfirmed, "changed changed")
		if body := f.newest(seated[0].UserID); !strings.Contains(body, "Location: Hall 3 → Hall 5\n") ||
			strings.Contains(body, "Start: ") {
			f.Errorf("the second move reads\n%s", body)
		}
		if got := f.count("SELECT count(*) FROM competition_moves"); got != 0 {
			f.Errorf("%d moves are under way still", got)
		}
	})
}

func TestWhatMovesNobodyTellsNobody(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c := f.competition(2, 48*time.Hour)
		f.confirmed(c, 1)
		f.update(c, compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
			c.Title = "Another name"
			c.TimeZone = "Asia/Tokyo"
			c.Capacity = 3
		}})
		if got := f.count("SELECT count(*) FROM river_job WHERE kind = 'move'"); got != 0 {
			f.Errorf("%d jobs for a change that moves nothing", got)
		}
		f.relocate(c, "Elsewhere")
		_, err := f.registrar.CancelCompetition(f.Context(), compete.CancelCompetitionCommand{
			Actor: compete.Actor{UserID: c.Organizer.ID, Role: compete.RoleOrganizer}, CompetitionID: c.ID,
		})
		if err != nil {
			f.Fatal(err)
		}
		f.afterWindow()
		if got := f.count("SELECT count(*) FROM messages WHERE kind = 'changed'"); got != 0 {
			f.Errorf("%d are told that a cancelled competition was moved", got)
		}
	})
}

// A worker that dies leaves its job behind, at any point: what was told isn't told again, and what wasn't is.
func TestAMoveIsToldInPagesAndNeverTwice(t *testing.T) {
	const many = 3*pageSize + 1
	eachDatabase(t, nil, func(f *fixture) {
		c := f.competition(many, 48*time.Hour)
		registrations := f.confirmed(c, many)
		f.poison(registrations[1].UserID+"@example.com", true)
		f.exec("UPDATE users SET disabled_at = created_at WHERE id = $1", registrations[2].UserID)
		move := compete.Move{
			ID: newID(), Before: compete.Schedule{Location: "Here"},
			After: compete.Schedule{Location: "There"},
		}
		job := compete.TellMoveJob{CompetitionID: c.ID, Move: move, BeforeSeq: many + 1}
		half := job
		half.AfterSeq = pageSize
		failed := f.events(f.client, river.EventKindJobFailed)
		f.start(f.client)
		f.enqueue(job, half, job)
		for range DefaultMaxAttempts {
			f.next(failed, "notify")
		}
		f.eventually("the jobs are done", func() bool {
			return f.count("SELECT count(*) FROM river_job WHERE kind = 'tell_move' AND state <> 'completed'") == 0
		})
		if got := f.count("SELECT count(*) FROM messages WHERE kind = 'changed'"); got != many-2 {
			f.Errorf("%d were told, want all %d but the one whose message fails and the one whose account is disabled",
				got, many)
		}
		failedJobs := f.failedJobs()
		if len(failedJobs) == 0 || names(f, failedJobs[0]) != registrations[1].ID {
			f.Fatalf("failed jobs are %+v, want one that names registration %s", failedJobs, registrations[1].ID)
		}
		f.poison(registrations[1].UserID+"@example.com", false)
		if _, err := f.store.RetryFailedJob(f.Context(), failedJobs[0].ID, f.clock()); err != nil {
			f.Fatal(err)
		}
		f.eventually("the last is told",
			func() bool { return strings.HasSuffix(f.messages(registrations[1].UserID), "changed") })
		if body, want := f.newest(registrations[1].UserID), "Location: Here → There\n"; !strings.Contains(body, want) {
			f.Errorf("the message lacks %q:\n%s", want, body)
		}
	})
}
