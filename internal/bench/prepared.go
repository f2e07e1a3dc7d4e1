package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/factor"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
)

// The size of a prepared rush. A quarter of the people found a team, and the others join one each of as many that were
// founded before, which are full then.
const (
	questionsAsked    = 10
	preparedDivisions = 4
	preparedTeamSize  = 4
)

// ahead fills a competition for a prepared rush.
type ahead struct {
	db          *store.Store
	competition uuid.UUID
	sealer      compete.Sealer
	now         time.Time
	divisions   []uuid.UUID
	teams       []compete.Team // whose captains have registered
}

// prepareAll gives a competition divisions and questions, and everybody has chosen a division and answered ahead. With
// captains, it also has teams, and seats for this unit: the captains have registered, and everybody else has named a
// new team, or entered the code of one of theirs.
func prepareAll(
	ctx context.Context, db *store.Store, people, captains []person, competitionID string, unit compete.SeatUnit,
) error {
	sealer, err := factor.NewSealer([]byte(jwtSecret), nil)
	if err != nil {
		return err
	}
	a := &ahead{
		db: db, competition: uuid.MustParse(competitionID), sealer: sealer, now: compete.UTC(time.Now()),
	}
	questions, answers := askedAhead()
	if err := a.addContent(ctx, questions, len(people), len(captains)); err != nil {
		return err
	}
	if len(captains) > 0 {
		if err := a.addTeams(ctx, captains, len(people)+len(captains), unit); err != nil {
			return err
		}
	}
	return a.prepare(ctx, people, questions, answers)
}

// captainsFor returns how many people have registered before a prepared rush.
func captainsFor(people int) int { return (people + preparedTeamSize - 1) / preparedTeamSize }

func askedAhead() (questions compete.Questions, answers compete.Answers) {
	answers = compete.Answers{}
	for i := range questionsAsked {
		q := compete.Question{
			ID: fmt.Sprintf("q1-%d", i+1), Kind: compete.QuestionText, Label: "Which school do you go to?",
			Required: true,
			Scope:    compete.ScopePerson,
		}
		answers[q.ID] = "Marie Curie School"
		if i%2 == 0 {
			q.Kind, q.Options, answers[q.ID] = compete.QuestionOneOf, []string{"S", "M", "L"}, "M"
		}
		questions = append(questions, q)
	}
	return questions, answers
}

// addContent adds questions and divisions, with room for everybody, beside those who have registered.
func (a *ahead) addContent(ctx context.Context, questions compete.Questions, people, registered int) error {
	asked, err := json.Marshal(questions)
	if err != nil {
		return err
	}
	if _, err := a.db.Writer().ExecContext(ctx, "UPDATE competitions SET questions = $2, divisions = $3 WHERE id = $1",
		a.competition.String(), string(asked), preparedDivisions); err != nil {
		return err
	}
	var rows [][]any
	for i := range preparedDivisions {
		a.divisions = append(a.divisions, uuid.Must(uuid.NewV7()))
		taken := (registered + preparedDivisions - 1 - i) / preparedDivisions
		rows = append(rows, []any{
			a.divisions[i], a.competition, i, fmt.Sprintf("Division %d", i), people + taken, people, 0,
		})
	}
	return a.load(ctx, "divisions", []string{
		"id", "competition_id", "place", "name", "capacity", "seats_left", "waitlisted",
	}, rows)
}

// addTeams registers the captains, each with a team.
func (a *ahead) addTeams(ctx context.Context, captains []person, capacity int, unit compete.SeatUnit) error {
	rules, err := json.Marshal(compete.TeamRules{Min: 1, Max: preparedTeamSize, SeatUnit: unit})
	if err != nil {
		return err
	}
	if _, err := a.db.Writer().ExecContext(ctx, `UPDATE competitions SET team = $2, capacity = $3, seats_left = $4,
		next_seq = $5 WHERE id = $1`, a.competition.String(), string(rules), capacity, capacity-len(captains),
		len(captains)+1); err != nil {
		return err
	}
	var teams, registrations [][]any
	for i, captain := range captains {
		id := uuid.Must(uuid.NewV7())
		one := compete.Team{ID: id.String(), Number: int64(i + 1), Name: fmt.Sprintf("Early team %d", i)}
		a.teams = append(a.teams, one)
		user := uuid.MustParse(captain.id)
		teams = append(teams, []any{
			id, a.competition, one.Number, one.Name, compete.TeamKey(one.Name), user, 0, a.now,
		})
		registrations = append(registrations, []any{
			uuid.Must(uuid.NewV7()), user, a.competition, string(compete.RegistrationConfirmed), one.Number, a.now,
			a.now, a.divisions[i%len(a.divisions)], id,
		})
	}
	if err := a.load(ctx, "teams", []string{
		"id", "competition_id", "number", "name", "name_key", "captain_id", "code_version", "created_at",
	}, teams); err != nil {
		return err
	}
	if err := a.load(ctx, "registrations", []string{
		"id", "user_id", "competition_id", "status", "seq", "registered_at", "updated_at", "division_id", "team_id",
	}, registrations); err != nil {
		return err
	}
	_, err = a.db.Recount(ctx, func() {})
	return err
}

// prepare fills in everything for everybody. Members of a team are far apart in the list.
func (a *ahead) prepare(
	ctx context.Context, people []person, questions compete.Questions, answers compete.Answers,
) error {
	filled, err := answers.Encode()
	if err != nil {
		return err
	}
	asked := questions.Digest()
	rows := make([][]any, len(people))
	joining := 0
	for i, p := range people {
		name, code := "", ""
		switch {
		case len(a.teams) == 0:
		case i%preparedTeamSize == 0:
			name = fmt.Sprintf("Team %d", i)
		default:
			code = compete.SealTeamCode(a.teams[joining%len(a.teams)].Code(a.sealer), a.sealer)
			joining++
		}
		rows[i] = []any{
			uuid.MustParse(p.id), a.competition, a.divisions[i%len(a.divisions)].String(), name, code, filled, asked,
			a.now,
		}
	}
	return a.load(ctx, "preparations", []string{
		"user_id", "competition_id", "division_id", "team_name", "team_code", "answers", "asked", "updated_at",
	}, rows)
}

func (a *ahead) load(ctx context.Context, table string, columns []string, rows [][]any) error {
	return a.db.DB().Load(ctx, nil, func(load sqldb.Loader) error {
		return load.Add(ctx, table, columns, slices.Values(rows))
	})
}
