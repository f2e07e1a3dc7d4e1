package registrar_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// applyingTeam creates a competition with review and seats for teams, for which everybody applies in one team. The
// first one is the captain, who answers the question to the team.
func (a *fixture) applyingTeam(t *testing.T, r *registrar.Registrar) (id string, members []compete.Registration) {
	t.Helper()
	id = a.addCompetition(t, 5, true)
	question := func(id string, scope compete.QuestionScope) compete.Question {
		return compete.Question{ID: id, Kind: compete.QuestionText, Label: id, Scope: scope}
	}
	change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
		c.Admission = compete.AdmissionReview
		c.Team = &compete.TeamRules{Min: 1, Max: 5, SeatUnit: compete.SeatPerTeam}
	}}
	change.Questions.Set = true
	change.Questions.Value = compete.Questions{
		question("idea", compete.ScopeTeam), question("shirt", compete.ScopePerson),
	}
	_, err := r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
	must(t, err)
	entry := compete.Entry{
		Team: compete.TeamChoice{Name: "Red"}, Answers: compete.Answers{"idea": "Boats", "shirt": "M"},
	}
	for _, person := range a.people {
		o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: person, CompetitionID: id, Entry: entry})
		must(t, err)
		members = append(members, o.Registration)
		team, err := a.db.Team(t.Context(), o.Registration.TeamID)
		must(t, err)
		entry = compete.Entry{
			Team: compete.TeamChoice{Code: team.Code(plainSealer{})}, Answers: compete.Answers{"shirt": "S"},
		}
	}
	return id, members
}

// TestErasedCaptain: what was answered, reviewed and decided about a team stays with it, and nothing else of the
// captain whose account is deleted.
func TestErasedCaptain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 2)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id, members := a.applyingTeam(t, r)
		a.draft(t, id, func(int) compete.Decision { return compete.DecisionAdmit }, members[0])
		now := compete.UTC(time.Now())
		must(t, db.SaveReview(t.Context(), compete.Review{
			RegistrationID: members[0].ID, CompetitionID: id, Score: 4, UpdatedAt: now,
			Reviewer: compete.Participant{ID: a.organizer.UserID},
		}, a.people[0].UserID))

		must(t, db.EraseAccount(t.Context(), a.people[0].UserID, now))
		must(t, r.Erase(t.Context(), compete.EraseCommand{
			UserID: a.people[0].UserID, RegistrationIDs: []string{members[0].ID},
		}))
		must(t, db.EraseTraces(t.Context(), a.people[0].UserID))

		answers, err := db.AnswersOf(t.Context(), members[1].ID)
		must(t, err)
		if !maps.Equal(answers, compete.Answers{"idea": "Boats", "shirt": "S"}) {
			t.Errorf("the new captain's answers are %v", answers)
		}
		for _, table := range []string{"decisions", "reviews", "review_scores", "registration_answers"} {
			var kept, left int
			must(t, db.Reader().QueryRowContext(t.Context(), `SELECT
				(SELECT count(*) FROM `+table+` WHERE registration_id = $1),
				(SELECT count(*) FROM `+table+` WHERE registration_id = $2)`, members[1].ID, members[0].ID).
				Scan(&kept, &left))
			if kept != 1 || left != 0 {
				t.Errorf("%s has %d rows of the team, and %d of the deleted account", table, kept, left)
			}
		}
		a.startRelease(t, id)
		releaseAll(t, r, id)
		a.wantStatuses(t, "after the release", id, compete.RegistrationCancelled, compete.RegistrationPending)
	})
}

// TestNoticesAfterHandOver: what a release asked to say reaches a team whose captain changes before it's said.
func TestNoticesAfterHandOver(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 3)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id, members := a.applyingTeam(t, r)
		a.draft(t, id, func(int) compete.Decision { return compete.DecisionReject }, members[0])
		a.startRelease(t, id)
		releaseAll(t, r, id)
		notices := make([]compete.Notice, len(members))
		for i, m := range members {
			notices[i] = compete.Notice{
				RegistrationID: m.ID, Seq: m.Seq, Kind: compete.MessageRejected, OccasionID: "r",
			}
		}
		wantTold := func(what string, people ...int) {
			t.Helper()
			targets, err := db.Targets(t.Context(), notices)
			must(t, err)
			var told, expected []string
			for _, target := range targets {
				if target.Holds() {
					told = append(told, target.Registration.ID)
				}
				if target.Seq != target.Registration.Seq || target.OccasionID != "r" {
					t.Errorf("%s: %+v is about place %d", what, target.Notice, target.Registration.Seq)
				}
			}
			for _, i := range people {
				expected = append(expected, members[i].ID)
			}
			slices.Sort(told)
			slices.Sort(expected)
			want(t, what, told, expected)
		}
		wantTold("before", 0, 1, 2)
		_, err := r.HandOver(t.Context(), compete.MemberCommand{
			TeamCommand: compete.TeamCommand{Actor: a.people[0], CompetitionID: id, TeamID: members[0].TeamID},
			UserID:      a.people[2].UserID,
		})
		must(t, err)
		wantTold("after handing over", 0, 1, 2)
		a.remove(t, r, members[2].ID, compete.Removal{})
		wantTold("once the next captain was removed", 0, 1)
	})
}

// TestTakenOutOfATeam: who is taken out of a team isn't on the board, even where teams need two members.
func TestTakenOutOfATeam(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 2)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		for _, least := range []int{1, 2} {
			id := a.addCompetition(t, 5, true)
			a.addTeams(t, r, id, compete.TeamRules{Min: least, Max: 3, SeatUnit: compete.SeatPerPerson})
			choice, teamID := compete.TeamChoice{Name: "Red"}, ""
			for _, person := range a.people {
				o, err := r.Register(t.Context(), compete.RegisterCommand{
					Actor: person, CompetitionID: id, Entry: compete.Entry{Team: choice},
				})
				must(t, err)
				teamID = o.Registration.TeamID
				one, err := db.Team(t.Context(), teamID)
				must(t, err)
				choice = compete.TeamChoice{Code: one.Code(plainSealer{})}
			}
			_, err := r.RemoveMember(t.Context(), compete.MemberCommand{
				TeamCommand: compete.TeamCommand{Actor: a.people[0], CompetitionID: id, TeamID: teamID},
				UserID:      a.people[1].UserID,
			})
			must(t, err)
			page, err := db.Seekers(t.Context(), id, compete.Cursor{}, 10)
			must(t, err)
			want(t, "people on the board", len(page.Items), 0)
		}
	})
}

// TestJoinsOfOneBatch: what joining a team depends on is read in brief, and its members once a later command of the
// same batch needs them.
func TestJoinsOfOneBatch(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 4)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id := a.addCompetition(t, 9, false)
		a.addTeams(t, r, id, compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerPerson})
		press := func(i int, choice compete.TeamChoice) compete.RegisterCommand {
			return compete.RegisterCommand{
				Actor: a.people[i], CompetitionID: id, Entry: compete.Entry{Team: choice},
			}
		}
		var registrations [4]compete.Registration
		for i, name := range []string{"Red", "", ""} {
			o, err := r.Register(t.Context(), press(i, compete.TeamChoice{Name: name}))
			must(t, err)
			registrations[i] = o.Registration
		}
		leave := compete.CancelCommand{Actor: a.people[2], RegistrationID: registrations[2].ID}
		_, err := r.Cancel(t.Context(), leave)
		must(t, err)
		red, err := db.Team(t.Context(), registrations[0].TeamID)
		must(t, err)
		choice := compete.TeamChoice{Code: red.Code(plainSealer{})}
		joins := func(i int, want error) func(*registrar.Registrar) {
			return func(r *registrar.Registrar) {
				if _, err := r.Register(t.Context(), press(i, choice)); !errors.Is(err, want) {
					t.Errorf("person %d joins: got %v, want %v", i, err, want)
				}
			}
		}
		batched(t, db.Ledger(), joins(2, nil), func(r *registrar.Registrar) {
			if _, err := r.ChangeTeam(t.Context(), compete.ChangeTeamCommand{
				Actor: a.people[1], RegistrationID: registrations[1].ID,
				Change: compete.Some(compete.TeamChange{TeamChoice: choice}),
			}); err != nil {
				t.Error(err)
			}
		}, joins(3, compete.ErrTeamFull), func(r *registrar.Registrar) {
			if _, err := r.Cancel(t.Context(), leave); err != nil {
				t.Error(err)
			}
		}, joins(3, nil))
		for i, in := range []string{red.ID, red.ID, "", red.ID} {
			got, err := db.RegistrationOf(t.Context(), a.people[i].UserID, id)
			must(t, err)
			if got.TeamID != in {
				t.Errorf("person %d is in the team %q, want %q", i, got.TeamID, in)
			}
		}
		if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
			t.Error(err)
		}
	})
}
