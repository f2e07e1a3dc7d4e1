package web

import (
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// An editor that is sent as it was shown changes nothing, whatever a question has.
func TestEditorThatIsSentAsItWasShownChangesNothing(t *testing.T) {
	qs := compete.Questions{
		{
			ID: "size", Kind: compete.QuestionOneOf, Label: "Size", Help: "Unisex.", Required: true,
			Options: []string{"S", "M = medium"}, Scope: compete.ScopePerson,
		},
		{
			ID: "age", Kind: compete.QuestionNumber, Label: "Age", Min: new(0.5), Max: new(99.0),
			Scope: compete.ScopePerson,
		},
		{
			ID: "minor", Kind: compete.QuestionYesNo, Label: "Under 18?", Scope: compete.ScopePerson, Sensitive: true,
			ShowIf: &compete.ShowIf{QuestionID: "size", AnyOf: []any{"S", "M = medium"}},
		},
		{
			ID: "late", Kind: compete.QuestionText, Label: "Why?", Scope: compete.ScopePerson,
			ShowIf: &compete.ShowIf{QuestionID: "minor", AnyOf: []any{false}},
		},
		{
			ID: "seventeen", Kind: compete.QuestionText, Label: "Seventeen?", Scope: compete.ScopePerson,
			ShowIf: &compete.ShowIf{QuestionID: "age", AnyOf: []any{17.0}}, // which the editor can't make, but keeps
		},
	}
	sent := url.Values{"questions": {"shown"}}
	for _, row := range questionRows(qs) {
		sent.Add("question", row.ID)
		set := func(part, value string) { sent.Add(pages.QuestionInput(row.ID, part), value) }
		set(pages.QuestionKind, row.Kind)
		set(pages.QuestionLabel, row.Label)
		set(pages.QuestionHelp, row.Help)
		set(pages.QuestionOptions, row.Options)
		set(pages.QuestionMin, row.Min)
		set(pages.QuestionMax, row.Max)
		if row.Required {
			set(pages.QuestionRequired, "true")
		}
		if row.Sensitive {
			set(pages.QuestionSensitive, "true")
		}
		for _, c := range row.Conditions {
			if c.On {
				set(pages.QuestionAfter, c.Value)
			}
		}
	}
	typed := typedForm{form: pages.CompetitionForm{Errors: pages.Errors{}}}
	typed.readQuestions(&http.Request{Method: http.MethodPost, PostForm: sent, Form: sent})
	if !reflect.DeepEqual(typed.values.Questions, qs) || len(typed.form.Errors) > 0 {
		t.Errorf("got %+v, %v, want %+v", typed.values.Questions, typed.form.Errors, qs)
	}
}
