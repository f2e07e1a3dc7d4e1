package registrar_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

var (
	sizeQuestion = compete.Question{
		ID: "size", Kind: compete.QuestionText, Label: "Size", Required: true, Scope: compete.ScopePerson,
	}
	dietQuestion = compete.Question{
		ID: "diet", Kind: compete.QuestionText, Label: "Diet", Required: true, Sensitive: true,
		Scope: compete.ScopePerson,
	}
)

// ask gives a competition other questions, as if it had them all along.
func (a *fixture) ask(t *testing.T, id string, questions ...compete.Question) {
	t.Helper()
	text, err := json.Marshal(questions)
	must(t, err)
	a.exec(t, `UPDATE competitions SET questions = $2, answers_kept_days = 30 WHERE id = $1`, id, string(text))
}

func (a *fixture) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	_, err := a.db.Writer().ExecContext(t.Context(), text, args...)
	must(t, err)
}

func (a *fixture) count(t *testing.T, text string, args ...any) (n int) {
	t.Helper()
	must(t, a.db.Reader().QueryRowContext(t.Context(), text, args...).Scan(&n))
	return n
}

// answering registers the first person with answers.
func (a *fixture) answering(
	t *testing.T, r *registrar.Registrar, competitionID string, answers compete.Answers,
) (registrationID string) {
	t.Helper()
	o, err := r.Register(t.Context(), compete.RegisterCommand{
		Actor: a.people[0], CompetitionID: competitionID, Entry: compete.Entry{Answers: answers},
	})
	must(t, err)
	return o.Registration.ID
}

func (a *fixture) wantAnswers(t *testing.T, registrationID string, want compete.Answers) {
	t.Helper()
	got, err := a.db.AnswersOf(t.Context(), registrationID)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("stored are %v, want %v", got, want)
	}
}

// A required question that was added later doesn't get in the way of an edit without answers, and an edit that changes
// nothing isn't written.
func TestEditWithoutEffect(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		id := a.addCompetition(t, 1, false)
		a.ask(t, id, sizeQuestion)
		registration := a.answering(t, r, id, compete.Answers{"size": "M"})
		batches := func() int { return a.count(t, `SELECT count(*) FROM batches`) }
		before := batches()
		edit := func(answers compete.Answers) (compete.EditOutcome, error) {
			return r.Edit(t.Context(), compete.EditCommand{
				Actor: a.people[0], RegistrationID: registration, Answers: answers,
			})
		}
		for _, answers := range []compete.Answers{nil, {}, {"size": "M"}} {
			o, err := edit(answers)
			must(t, err)
			if !reflect.DeepEqual(o.Answers, compete.Answers{"size": "M"}) {
				t.Errorf("after %v: %v", answers, o.Answers)
			}
		}
		want(t, "transactions that wrote", batches()-before, 0)
		a.ask(t, id, sizeQuestion, compete.Question{
			ID: "new", Kind: compete.QuestionText, Label: "New", Required: true, Scope: compete.ScopePerson,
		})
		_, err := edit(nil)
		must(t, err)
		_, err = edit(compete.Answers{"size": "L"})
		if refusal := compete.AsError(err); len(refusal.Fields) != 1 || refusal.Fields[0].Field != "answers.new" {
			t.Errorf("got %v, want the missing answer to be named", err)
		}
		_, err = edit(compete.Answers{"size": "L", "new": "x"})
		must(t, err)
		a.wantAnswers(t, registration, compete.Answers{"size": "L", "new": "x"})
	})
}

// Once answers to sensitive questions have been kept for long enough, none are stored: nobody would delete them.
func TestSensitiveAnswersLater(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		id := a.addCompetition(t, 2, false)
		a.ask(t, id, sizeQuestion, dietQuestion)
		registration := a.answering(t, r, id, compete.Answers{"size": "M", "diet": "none"})
		a.exec(t, `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, id,
			compete.UTC(time.Now().AddDate(0, 0, -30).Add(-time.Minute)))
		edit := func(answers compete.Answers) error {
			_, err := r.Edit(t.Context(), compete.EditCommand{
				Actor: a.organizer, RegistrationID: registration, Answers: answers,
			})
			return err
		}
		refusal := compete.AsError(edit(compete.Answers{"diet": "vegan"}))
		if len(refusal.Fields) != 1 || refusal.Fields[0].Field != "answers.diet" {
			t.Errorf("got %v, want a refusal of the sensitive answer", refusal)
		}
		must(t, edit(compete.Answers{"size": "L", "diet": ""})) // as a form sends it
		a.wantAnswers(t, registration, compete.Answers{"size": "L"})
		o, err := r.Add(t.Context(), compete.AddCommand{
			Actor: a.organizer, CompetitionID: id, Person: a.people[1],
			Entry: compete.Entry{Answers: compete.Answers{"size": "S", "diet": "vegan"}},
		})
		must(t, err)
		a.wantAnswers(t, o.Registration.ID, compete.Answers{"size": "S"})
	})
}

// What was filled in ahead ends with the press, also where that brought something else.
func TestPreparationEnds(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		id := a.addCompetition(t, 9, false)
		a.addTeams(t, r, id, compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerPerson})
		press := func(i int, name string) compete.RegisterCommand {
			return compete.RegisterCommand{
				Actor: a.people[i], CompetitionID: id, Entry: compete.Entry{Team: compete.TeamChoice{Name: name}},
			}
		}
		for i, name := range []string{"", "Blue", ""} {
			place := compete.Place{UserID: a.people[i].UserID, CompetitionID: id}
			prepared := compete.PreparedEntry{
				TeamName: "Prepared " + string(rune('A'+i)), Answers: "{}", SavedAt: compete.UTC(time.Now()),
			}
			must(t, a.db.SavePreparation(t.Context(), place, prepared))
			first, err := r.Register(t.Context(), press(i, name))
			must(t, err)
			if first.Registration.TeamID == "" {
				t.Errorf("press %d joined no team", i)
			}
			if _, err = a.db.Preparation(t.Context(), place); !errors.Is(err, compete.ErrPreparationMissing) {
				t.Errorf("what was prepared, after press %d: got %v, want %v", i, err, compete.ErrPreparationMissing)
			}
			_, err = r.Cancel(t.Context(),
				compete.CancelCommand{Actor: a.people[i], RegistrationID: first.Registration.ID})
			must(t, err)
			again, err := r.Register(t.Context(), press(i, ""))
			must(t, err)
			want(t, "team of an empty press after that", again.Registration.TeamID, "")
		}
		report, err := a.db.CleanUp(t.Context(), compete.CleanUpAges{
			FailedJobs: time.Hour, Audit: time.Hour, Sessions: time.Hour,
		}, time.Now(), nil)
		must(t, err)
		want(t, "deleted in the end", report.Preparations, 3)
	})
}

// What was filled in ahead counts for one press, also if another one of the same person comes in the same batch.
func TestPreparedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(divided(1, 3))
		s.start(t, registrar.Config{})
		s.ledger.prepared[compete.Place{UserID: "ada", CompetitionID: cup}] = compete.PreparedEntry{
			DivisionID: "long", Answers: "{}",
		}
		again := register("ada")
		again.do = func(ctx context.Context, s *scenario) (string, error) {
			_, err := s.Register(ctx, compete.RegisterCommand{Actor: actor("ada"), CompetitionID: cup})
			return compete.AsError(err).Code, nil
		}
		s.together(t, []step{register("ada").gets("PENDING"), cancel("ada"), again.gets("validation_failed")})
		want(t, "what is left of it", len(s.ledger.prepared), 0)
	})
}

// A press that brings something isn't about what was filled in ahead, which another one in the same batch asks for.
func TestPreparedForEmptyPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(divided(1, 3))
		s.start(t, registrar.Config{})
		s.ledger.prepared[compete.Place{UserID: "ada", CompetitionID: cup}] = compete.PreparedEntry{
			DivisionID: "long", Answers: "{}",
		}
		s.together(t, []step{registerIn("ada", "short"), register("ada").fails(compete.ErrAlreadyRegistered)})
		want(t, "her division", s.ledger.registrations["ada's"].DivisionID, "short")
	})
	withTeams(t, nil, func(t *testing.T, s *scenario) {
		registerAs("bob", inTeam(compete.TeamChoice{Name: "Red"})).run(t, s)
		s.ledger.prepared[compete.Place{UserID: "ada", CompetitionID: cup}] = compete.PreparedEntry{
			TeamName: "Blue", Answers: "{}",
		}
		s.together(t, []step{
			registerAs("ada", inTeam(s.codeOf("red"))),
			register("ada").fails(compete.ErrAlreadyRegistered),
		})
		want(t, "her team", s.ledger.registrations["ada's"].TeamID, s.ledger.registrations["bob's"].TeamID)
	})
}

// Questions that have answers keep their kind, and so do the ids of removed ones.
func TestKeptKinds(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		id := a.addCompetition(t, 3, false)
		question := func(id string, kind compete.QuestionKind) compete.Question {
			return compete.Question{ID: id, Kind: kind, Label: id, Scope: compete.ScopePerson}
		}
		text := compete.QuestionText
		a.ask(t, id, question("a", text), question("a_b", text), question("axb", text), question("gone", text))
		a.answering(t, r, id, compete.Answers{"a_b": `"axb":`, "gone": "x"})
		update := func(questions ...compete.Question) []string {
			_, err := r.Update(t.Context(), compete.UpdateCommand{
				Actor: a.organizer, CompetitionID: id,
				Change: compete.CompetitionChange{Questions: compete.Some(compete.Questions(questions))},
			})
			var fields []string
			if err != nil {
				for _, f := range compete.AsError(err).Fields {
					fields = append(fields, f.Field)
				}
			}
			return fields
		}
		number := compete.QuestionNumber
		want(t, "with answers", update(question("a", number), question("a_b", number), question("axb", number),
			question("gone", text)), []string{"questions[1].kind"})
		want(t, "without", len(update(question("a", number), question("a_b", text), question("axb", number))), 0)
		want(t, "used again", update(question("new", text), question("gone", text)), []string{"questions[1].id"})
	})
}

// Among very many answers, the registrar doesn't look for those to a question: what was read ahead says that there are
// none to a new one, as long as the questions stay the same.
func TestQuestionsAmongManyAnswers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		const people = 1001
		a := newFixture(t, db, people)
		r := startRegistrar(t, db.Ledger(), nil)
		id := a.addCompetition(t, people, false)
		question := func(id string, kind compete.QuestionKind) compete.Question {
			return compete.Question{ID: id, Kind: kind, Label: id, Scope: compete.ScopePerson}
		}
		version := 1
		update := func(unanswered compete.Unanswered, questions ...compete.Question) error {
			changed, err := r.Update(t.Context(), compete.UpdateCommand{
				Actor: a.organizer, CompetitionID: id, Unanswered: unanswered,
				Change: compete.CompetitionChange{Questions: compete.Some(compete.Questions(questions))},
			})
			if err == nil {
				version = changed.Version
			}
			return err
		}
		text, number := compete.QuestionText, compete.QuestionNumber
		first, never := question("first", text), question("never", text)
		must(t, update(compete.Unanswered{}, first, never, question("last", text)))
		register := func(person int, answered string) {
			_, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[person], CompetitionID: id,
				Entry: compete.Entry{Answers: compete.Answers{answered: "x"}},
			})
			if err != nil {
				t.Error(err)
			}
		}
		check.Together(people-1, func(i int) { register(i, "first") })
		register(people-1, "last")
		must(t, update(compete.Unanswered{}, first, never)) // the last one is removed

		fresh := question("fresh", text)
		if err := update(compete.Unanswered{}, first, never, fresh); !errors.Is(err, compete.ErrBusy) {
			t.Errorf("nobody looked for answers: error %v", err)
		}
		known := compete.Unanswered{Version: version - 1, IDs: []string{"fresh"}}
		if err := update(known, first, never, fresh); !errors.Is(err, compete.ErrBusy) {
			t.Errorf("somebody looked too early: error %v", err)
		}
		known.Version = version
		must(t, update(known, first, never, fresh))
		err := compete.AsError(update(compete.Unanswered{}, first, question("never", number), fresh))
		if len(err.Fields) != 1 || err.Fields[0].Field != "questions[1].kind" {
			t.Errorf("another kind among very many answers: %v", err)
		}
		answered, readErr := db.Answered(t.Context(), id, []string{"never", "last", "fresh", "first"})
		must(t, readErr)
		slices.Sort(answered)
		want(t, "answered questions", answered, []string{"first", "last"})
	})
}
