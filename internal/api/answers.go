package api

import (
	"context"
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
)

// AnswersSummary says what people answered.
type AnswersSummary struct {
	People    int               `json:"people" doc:"Who was counted: everyone registered, waiting or applying." example:"40"`
	More      bool              `json:"more" doc:"There are more people, who weren't counted: only the first are, if there are very many." example:"false"`
	Questions []QuestionSummary `json:"questions" doc:"In the competition's order."`
}

// QuestionSummary says what people answered to one question.
type QuestionSummary struct {
	QuestionID string               `json:"questionId" example:"q1-1"`
	Label      string               `json:"label" example:"T-shirt size"`
	Kind       compete.QuestionKind `json:"kind" enum:"TEXT,LONG_TEXT,NUMBER,YES_NO,ONE_OF,MANY_OF,DATE,PHONE,COUNTRY,URL,CONSENT" example:"ONE_OF"`
	Answered   int                  `json:"answered" doc:"People with an answer." example:"38"`
	Choices    []AnswerCount        `json:"choices,omitempty" doc:"For YES_NO, ONE_OF, MANY_OF, COUNTRY and CONSENT: by option, or the most frequent first."`
	Numbers    *NumbersSummary      `json:"numbers,omitempty" doc:"For NUMBER, if somebody answered."`
}

// AnswerCount is an answer, or a choice among the answers to MANY_OF, and how many people gave it.
type AnswerCount struct {
	Value any `json:"value" doc:"A string, or true or false." example:"\"M\""`
	Count int `json:"count" example:"17"`
}

// NumbersSummary describes the answers to a question of kind NUMBER.
type NumbersSummary struct {
	Least   float64 `json:"least" example:"18"`
	Average float64 `json:"average" example:"23.5"`
	Most    float64 `json:"most" example:"61"`
}

type answersSummaryAnswer struct{ Body AnswersSummary }

func (a *api) registerAnswers() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/answers", id: "summarizeAnswers", tag: tagRegistrations,
		access:  loggedIn,
		summary: "Summarize what people answered",
		description: "For the competition's organizer and admins: how many people gave which answer to its " +
			"questions. Cancelled registrations and rejected applications don't count, nor do answers that aren't " +
			"kept any more.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing},
	}, a.summarizeAnswers)
}

func (a *api) summarizeAnswers(ctx context.Context, in *CompetitionInput) (*answersSummaryAnswer, error) {
	found, err := a.Registrations.Summarize(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	body := AnswersSummary{People: found.People, More: found.More, Questions: []QuestionSummary{}}
	for i := range found.Questions {
		s := &found.Questions[i]
		q := QuestionSummary{
			QuestionID: s.Question.ID, Label: s.Question.Label, Kind: s.Question.Kind, Answered: s.Answered,
		}
		for _, c := range s.Choices {
			q.Choices = append(q.Choices, AnswerCount(c))
		}
		if q.Kind == compete.QuestionNumber && s.Answered > 0 {
			q.Numbers = &NumbersSummary{Least: s.Least, Average: s.Average, Most: s.Most}
		}
		body.Questions = append(body.Questions, q)
	}
	return &answersSummaryAnswer{body}, nil
}
