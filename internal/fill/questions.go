package fill

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
)

// Questions with their answers, divisions, and what people prepare.

// divisionsEach is the number of divisions of a competition that has some.
const divisionsEach = 3

var questions = compete.Questions{
	{
		ID: "q1-1", Kind: compete.QuestionOneOf, Label: "T-shirt size", Required: true,
		Options: []string{"S", "M", "L", "XL"}, Scope: compete.ScopePerson,
	},
	{
		ID: "q1-2", Kind: compete.QuestionText, Label: "Which school do you go to?", Required: true,
		Scope: compete.ScopePerson,
	},
	{ID: "q1-3", Kind: compete.QuestionYesNo, Label: "Is it your first time?", Scope: compete.ScopePerson},
	{
		ID: "q1-4", Kind: compete.QuestionManyOf, Label: "What would you like to eat?",
		Options: []string{"Bread", "Soup", "Rice", "Cake"}, Scope: compete.ScopePerson,
	},
}

var (
	questionsJSON   = encoded(questions)
	questionsDigest = questions.Digest()
)

// answers are some that people give.
var answers = func() (some []string) {
	for i := range 48 {
		answer := compete.Answers{
			"q1-1": questions[0].Options[i%4], "q1-2": places[i%len(places)] + " High School", "q1-3": i%3 == 0,
		}
		if i%5 > 0 {
			answer["q1-4"] = []any{questions[3].Options[i%2], questions[3].Options[2+i/2%2]}
		}
		text, err := answer.Encode()
		if err != nil {
			panic(err) // these can be encoded
		}
		some = append(some, text)
	}
	return some
}()

var answerColumns = []string{"registration_id", "answers"}

func (g *generator) answers(yield func([]any) bool) {
	g.forEntries(yield, func(e *entry) [][]any {
		return [][]any{{e.id, answers[pick(kindAnswer, within(e.competition, e.number), len(answers))]}}
	}, asking, divided)
}

// parts returns the number of parts of a competition: its divisions, or one.
func (g *generator) parts(i int) int {
	if g.shapeOf(i) == divided {
		return divisionsEach
	}
	return 1
}

func (g *generator) divisionID(i, d int) uuid.UUID {
	return newID(g.created(i), kindDivision, within(i, d))
}

var divisionColumns = []string{"id", "competition_id", "place", "name", "capacity", "seats_left", "waitlisted"}

func (g *generator) divisions(yield func([]any) bool) {
	g.each(func(i, n int) bool {
		if g.shapeOf(i) != divided {
			return true
		}
		for d, s := range g.seats(i, n) {
			if !yield([]any{
				g.divisionID(i, d), g.competitionID(i), d, fmt.Sprintf("Division %c", 'A'+d), s.capacity,
				s.capacity - s.taken, s.waiting,
			}) {
				return false
			}
		}
		return true
	})
}

// preparedEach is how many people get ready for a competition with questions that isn't open yet.
const preparedEach = 10

var preparationColumns = []string{
	"user_id", "competition_id", "division_id", "answers", "asked", "updated_at",
}

func (g *generator) preparations(yield func([]any) bool) {
	crowd := g.Size.Users - g.firstParticipant - 1
	for i := range g.Size.Competitions {
		of := g.shapeOf(i)
		if g.phaseOf(i) != upcoming || !slices.Contains([]shape{asking, divided}, of) {
			continue
		}
		n := min(preparedEach, crowd)
		if i == remarkablePrepared {
			n = g.Size.remarkable()
		}
		first := pick(kindFirstUser, i, crowd)
		for j := range n {
			user, division := g.firstParticipant+1+(first+j)%crowd, ""
			if j == 0 && i == remarkablePrepared {
				user = g.firstParticipant
			}
			if of == divided {
				division = g.divisionID(i, j%divisionsEach).String()
			}
			if !yield([]any{
				g.userID(user), g.competitionID(i), division, answers[pick(kindAnswer, within(i, j), len(answers))],
				questionsDigest, g.Now.Add(-time.Duration(j) * time.Second),
			}) {
				return
			}
		}
	}
}
