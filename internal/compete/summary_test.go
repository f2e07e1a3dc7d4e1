package compete

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/minicompete/minicompete/internal/check"
)

// summaryQuestions are one of each kind that is counted in a way of its own, and answers to choose from.
var summaryQuestions = []struct {
	Question
	answers []any
}{
	{Question{ID: "size", Kind: QuestionOneOf, Options: []string{`S "small"`, `M\`, "L, <é>"}}, []any{
		`S "small"`, `M\`, "L, <é>", "]once an option",
	}},
	{Question{ID: "food", Kind: QuestionManyOf, Options: []string{`a"],b`, `c\`}}, []any{
		[]string{`a"],b`}, []string{`c\`}, []string{`a"],b`, `c\`, "d"},
	}},
	{Question{ID: "yes", Kind: QuestionYesNo}, []any{true, false}},
	{Question{ID: "age", Kind: QuestionNumber}, []any{0.0, -1.5, 2e15}},
	{Question{ID: "text", Kind: QuestionText}, []any{`{"size":"x"}`, "\n\\", "é"}},
	{Question{ID: "country", Kind: QuestionCountry}, []any{"CH", "FR"}},
}

// The tally of stored text is that of the answers it stands for.
func TestTally(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var questions Questions
	for _, q := range summaryQuestions {
		questions = append(questions, q.Question)
	}
	got, want := newTally(questions), make([]AnswerSummary, len(questions))
	counts := make([]map[any]int, len(questions))
	for i := range want {
		want[i].Question, counts[i] = questions[i], map[any]int{}
	}
	for range 500 {
		answers := Answers{"removed": []string{"a"}}
		for i, q := range summaryQuestions {
			if random.IntN(3) == 0 {
				continue
			}
			answer := q.answers[random.IntN(len(q.answers))]
			answers[q.ID] = answer
			want[i].Answered++
			list, isList := answer.([]string)
			for _, choice := range list {
				counts[i][choice]++
			}
			if number, ok := answer.(float64); ok {
				want[i].Average += (number - want[i].Average) / float64(want[i].Answered)
			}
			if !isList && q.Kind != QuestionText && q.Kind != QuestionNumber {
				counts[i][answer]++
			}
		}
		text, err := answers.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{text, "", noAnswers} {
			if err := got.add(text); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
	}
	for i := range want {
		want[i].finish(counts[i])
	}
	want[3].Least, want[3].Most = -1.5, 2e15
	summaries, err := got.summaries()
	if err != nil || !reflect.DeepEqual(summaries, want) {
		t.Errorf("got %+v %v, want %+v", summaries, err, want)
	}
	check.Equal(t, "choices", len(summaries[0].Choices), 4)
}

func TestTallyOfSomethingElse(t *testing.T) {
	got := newTally(Questions{{ID: "a", Kind: QuestionManyOf}})
	for _, text := range []string{`{"a`, `{"a":`, `{"a":"`, `{"a":"b\\`, `null`, `{"a":}`} {
		if err := got.add(text); err == nil {
			t.Errorf("%s was counted", text)
		}
	}
}

func BenchmarkTally(b *testing.B) {
	var questions Questions
	answers := Answers{}
	for i := range 10 {
		q := Question{ID: fmt.Sprint("q1-", i), Kind: QuestionText}
		answers[q.ID] = "Marie Curie School"
		if i%2 == 0 {
			q.Kind, q.Options, answers[q.ID] = QuestionOneOf, []string{"S", "M", "L"}, "M"
		}
		questions = append(questions, q)
	}
	text, err := answers.Encode()
	if err != nil {
		b.Fatal(err)
	}
	t := newTally(questions)
	for b.Loop() {
		if err := t.add(text); err != nil {
			b.Fatal(err)
		}
	}
}
