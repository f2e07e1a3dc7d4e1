package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

const keptDays = 30

// answered adds a registration with answers.
func (f *fixture) answered(t *testing.T, competitionID, answers string) compete.Registration {
	t.Helper()
	r := f.addRegistration(t, competitionID, compete.RegistrationConfirmed, nil)
	f.exec(t, `INSERT INTO registration_answers (registration_id, answers) VALUES ($1, $2)`, r.ID, answers)
	return r
}

// Answers to sensitive questions, and to questions that were removed, go when a competition has been over for the days
// that it keeps them; all others stay.
func TestSensitiveAnswers(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		days := keptDays
		over := func(ago time.Duration) compete.Competition {
			return f.addCompetition(t, organizer, func(c *compete.Competition) {
				c.RegDeadline = f.ago(ago + 2*time.Hour)
				c.StartDate, c.EndDate = f.agoPointer(ago+time.Hour), f.agoPointer(ago)
				c.AnswersKeptDays = &days
				c.Questions = compete.Questions{
					{ID: "size", Kind: compete.QuestionText, Label: "Size", Scope: compete.ScopePerson},
					{
						ID: "diet", Kind: compete.QuestionText, Label: "Diet", Scope: compete.ScopePerson,
						Sensitive: true,
					},
				}
			})
		}
		const day = 24 * time.Hour
		gone := over(keptDays*day + compete.SensitiveMargin)
		kept := over(keptDays*day + compete.SensitiveMargin - time.Minute)
		const answers = `{"diet":"none","removed":"secret","size":"M"}`
		first, second := f.answered(t, gone.ID, answers), f.answered(t, gone.ID, answers)
		other := f.answered(t, kept.ID, answers)
		ages := compete.CleanUpAges{FailedJobs: retained, Audit: 10 * retained, Sessions: retained}
		report, err := f.CleanUp(t.Context(), ages, f.now, nil)
		must(t, err)
		want(t, "registrations with deleted answers", report.Answers, 2)
		for id, want := range map[string]compete.Answers{
			first.ID: {"size": "M"}, second.ID: {"size": "M"},
			other.ID: {"diet": "none", "removed": "secret", "size": "M"},
		} {
			got, err := f.AnswersOf(t.Context(), id)
			must(t, err)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		report, err = f.CleanUp(t.Context(), ages, f.now, nil)
		must(t, err)
		want(t, "again", report.Answers, 0)
	})
}

// An edit that is under way when sensitive answers are deleted isn't lost.
func TestSensitiveAnswersBesideAnEdit(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		f := newFixture(openAt(t, url), nil)
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), func(c *compete.Competition) {
			c.RegDeadline, c.StartDate, c.EndDate = f.ago(2*keptDays*24*time.Hour), nil, nil
			c.AnswersKeptDays = new(keptDays)
			c.Questions = compete.Questions{
				{ID: "size", Kind: compete.QuestionText, Label: "Size", Scope: compete.ScopePerson},
			}
		})
		r := f.answered(t, c.ID, `{"removed":"secret","size":"M"}`)
		edit, err := f.Writer().BeginTx(t.Context(), nil)
		must(t, err)
		defer func() { _ = edit.Rollback() }()
		_, err = edit.ExecContext(t.Context(),
			`UPDATE registration_answers SET answers = '{"removed":"secret","size":"L"}' WHERE registration_id = $1`, r.ID)
		must(t, err)
		done := make(chan error, 1)
		go func() {
			_, err := f.CleanUp(t.Context(), compete.CleanUpAges{
				FailedJobs: retained, Audit: 10 * retained, Sessions: retained,
			}, f.now, nil)
			done <- err
		}()
		for waiting := 0; waiting == 0; {
			must(t, f.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting))
		}
		must(t, edit.Commit())
		must(t, <-done)
		got, err := f.AnswersOf(t.Context(), r.ID)
		must(t, err)
		if !reflect.DeepEqual(got, compete.Answers{"size": "L"}) {
			t.Errorf("got %v, want what was edited, without what is deleted", got)
		}
	})
}

// When names go from past competitions, so do answers.
func TestAnswersOfNobody(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), func(c *compete.Competition) {
			c.RegDeadline, c.StartDate, c.EndDate = f.ago(retained), nil, nil
		})
		r := f.answered(t, c.ID, `{"school":"No. 5"}`)
		_, err := f.CleanUp(t.Context(), compete.CleanUpAges{
			FailedJobs: retained, Audit: 10 * retained, Sessions: retained, Registrations: retained,
		}, f.now, nil)
		must(t, err)
		got, err := f.AnswersOf(t.Context(), r.ID)
		must(t, err)
		if got != nil {
			t.Errorf("got %v, want none", got)
		}
	})
}

func TestPreparations(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer, user := f.addUser(t, compete.RoleOrganizer), f.addUser(t, compete.RoleParticipant)
		open := f.addCompetition(t, organizer, func(c *compete.Competition) { c.RegDeadline = f.ago(-time.Hour) })
		closed := f.addCompetition(t, organizer, func(c *compete.Competition) { c.RegDeadline = f.ago(time.Hour) })
		answers := compete.Answers{"n": 0.0, "no": false, "many": []string{"a", "b"}, "t": "é<"}
		text, err := answers.Encode()
		must(t, err)
		entry := compete.PreparedEntry{
			DivisionID: "some", Answers: text, Asked: "these", SavedAt: compete.UTC(f.now),
		}
		for _, c := range []compete.Competition{open, closed} {
			place := compete.Place{UserID: user.ID, CompetitionID: c.ID}
			must(t, f.SavePreparation(t.Context(), place, compete.PreparedEntry{SavedAt: f.ago(time.Minute)}))
			must(t, f.SavePreparation(t.Context(), place, entry))
			got, err := f.Preparation(t.Context(), place)
			must(t, err)
			if !reflect.DeepEqual(got, entry) {
				t.Errorf("got %v, want %v", got, entry)
			}
		}
		report, err := f.CleanUp(t.Context(), compete.CleanUpAges{
			FailedJobs: retained, Audit: 10 * retained, Sessions: retained,
		}, f.now, nil)
		must(t, err)
		want(t, "deleted", report.Preparations, 1)
		left, err := f.PreparationsOf(t.Context(), user.ID)
		must(t, err)
		if len(left) != 1 || left[0].CompetitionID != open.ID || !reflect.DeepEqual(left[0].Entry.Answers, answers) {
			t.Errorf("left are %+v", left)
		}
		for range 2 { // again is fine
			must(t, f.DeletePreparation(t.Context(), compete.Place{UserID: user.ID, CompetitionID: open.ID}, f.now))
		}
		_, err = f.Preparation(t.Context(), compete.Place{UserID: user.ID, CompetitionID: open.ID})
		wantError(t, "after it was deleted", err, compete.ErrPreparationMissing)
	})
}

// The clean-up looks at all pages of what was filled in ahead, and keeps what still counts.
func TestManyPreparations(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		open := f.addCompetition(t, organizer, func(c *compete.Competition) { c.RegDeadline = f.ago(-time.Hour) })
		closed := f.addCompetition(t, organizer, func(c *compete.Competition) { c.RegDeadline = f.ago(time.Hour) })
		const people = 600 // more than a page
		_, registrations := f.addQueue(t, organizer, people)
		f.exec(t, `UPDATE registrations SET registered_at = $1`, compete.UTC(f.ago(time.Minute)))
		for i, r := range registrations {
			savedAt := f.ago(time.Minute) // so the press used it
			id := r.CompetitionID
			switch i % 4 {
			case 0:
				savedAt = f.ago(time.Minute - time.Microsecond)
			case 1:
				id = open.ID
			case 2:
				id = closed.ID
			}
			f.exec(t, `INSERT INTO preparations (user_id, competition_id, division_id, answers, asked, updated_at)
				VALUES ($1, $2, '', '{}', '', $3)`, r.UserID, id, compete.UTC(savedAt))
		}
		for _, n := range []int{people / 2, 0} {
			report, err := f.CleanUp(t.Context(), compete.CleanUpAges{
				FailedJobs: retained, Audit: 10 * retained, Sessions: retained,
			}, f.now, nil)
			must(t, err)
			want(t, "deleted", report.Preparations, n)
		}
	})
}
