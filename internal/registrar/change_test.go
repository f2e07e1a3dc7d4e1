package registrar_test

import (
	"maps"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

// TestChangeAllOrNothing: answers, division and team change together, or not at all.
func TestChangeAllOrNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 4)
		r := startRegistrar(t, db.Ledger(), a.afterEachDivided(t))
		id := a.addCompetition(t, 9, false)
		a.addTeams(t, r, id, compete.TeamRules{Min: 1, Max: 2, SeatUnit: compete.SeatPerPerson})
		divisions := a.addDivisions(t, r, id, 3, 5)
		change := compete.CompetitionChange{Questions: compete.Some(compete.Questions{
			{ID: "shirt", Kind: compete.QuestionText, Label: "Shirt", Scope: compete.ScopePerson},
		})}
		_, err := r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		must(t, err)
		enter := func(person, division int, choice compete.TeamChoice) compete.Registration {
			t.Helper()
			o, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[person], CompetitionID: id, Entry: compete.Entry{
					DivisionID: divisions[division].ID, Team: choice, Answers: compete.Answers{"shirt": "M"},
				},
			})
			must(t, err)
			return o.Registration
		}
		codeOf := func(r compete.Registration) compete.TeamChange {
			one, err := db.Team(t.Context(), r.TeamID)
			must(t, err)
			return compete.TeamChange{TeamChoice: compete.TeamChoice{Code: one.Code(plainSealer{})}}
		}
		red := enter(0, 1, compete.TeamChoice{Name: "Red"})
		enter(1, 1, codeOf(red).TeamChoice)
		blue := enter(2, 1, compete.TeamChoice{Name: "Blue"})
		mine := enter(3, 0, compete.TeamChoice{})
		wantMine := func(what, shirt, division, team string) {
			t.Helper()
			one, err := db.ParticipantRegistration(t.Context(), mine.ID)
			must(t, err)
			want(t, what+": division", one.DivisionID, division)
			want(t, what+": team", one.TeamID, team)
			answers, err := db.AnswersOf(t.Context(), mine.ID)
			must(t, err)
			if !maps.Equal(answers, compete.Answers{"shirt": shirt}) {
				t.Errorf("%s: the answers are %v", what, answers)
			}
		}
		all := compete.ChangeCommand{
			Actor: a.people[3], RegistrationID: mine.ID, Answers: compete.Some(compete.Answers{"shirt": "L"}),
			DivisionID: compete.Some(divisions[1].ID), Team: compete.Some(codeOf(red)),
		}
		_, err = r.Change(t.Context(), all)
		wantError(t, "a full team", err, compete.ErrTeamFull)
		wantMine("a full team", "M", divisions[0].ID, "")
		all.Team.Value = codeOf(blue)
		all.Answers.Value = compete.Answers{"shirt": 9}
		if _, err = r.Change(t.Context(), all); compete.AsError(err).Kind != compete.KindInvalid {
			t.Errorf("a bad answer: %v", err)
		}
		wantMine("a bad answer", "M", divisions[0].ID, "")
		all.Answers.Value = compete.Answers{"shirt": "L"}
		o, err := r.Change(t.Context(), all)
		must(t, err)
		want(t, "the answer returned", o.Answers["shirt"], any("L"))
		wantMine("all of it", "L", divisions[1].ID, blue.TeamID)

		_, err = r.Change(t.Context(), compete.ChangeCommand{Actor: a.people[0], RegistrationID: mine.ID})
		wantError(t, "nothing, by a stranger", err, compete.ErrRegistrationGone)
	})
}
