package compete

import (
	"reflect"
	"slices"

	"github.com/minicompete/minicompete/internal/normal"
)

// conditionStays reports whether the answer that the question is asked after is the one that was kept. If the question
// isn't shown all the same, then because the questions changed, not the answers.
func (q *Question) conditionStays(taken, kept Answers) bool {
	return reflect.DeepEqual(taken[q.ShowIf.QuestionID], kept[q.ShowIf.QuestionID])
}

// same reports whether a given answer is the kept one, whether or not that is still among the options and within the
// bounds.
func (q *Question) same(given, kept any) bool {
	switch kept := kept.(type) {
	case string:
		text, ok := given.(string)
		return ok && q.plain(text) == kept
	case []string:
		chosen, ok := choicesOf(given)
		return ok && len(chosen) == len(kept) && !slices.ContainsFunc(kept, func(choice string) bool {
			return !slices.ContainsFunc(chosen, func(text string) bool { return normal.Line(text) == choice })
		})
	case bool: // a box that isn't checked says nothing
		return given == kept || given == nil && !kept && q.Kind == QuestionConsent
	}
	return given == kept
}

// withKept returns the question with those kept choices that are no longer options, so that somebody who has them can
// change others.
func (q *Question) withKept(kept any) *Question {
	gone := q.Gone(kept)
	if len(gone) == 0 || q.Kind != QuestionManyOf {
		return q
	}
	with := *q
	with.Options = slices.Concat(q.Options, gone)
	return &with
}

// Gone returns the choices of a stored answer that are no longer options.
func (q *Question) Gone(stored any) (gone []string) {
	if !q.Kind.HasOptions() {
		return nil
	}
	chosen, _ := choicesOf(stored)
	if text, ok := stored.(string); ok {
		chosen = []string{text}
	}
	for _, choice := range chosen {
		if !slices.Contains(q.Options, choice) {
			gone = append(gone, choice)
		}
	}
	return gone
}

// choicesOf returns a list of choices as it is; none for nil. ok is false for anything else.
func choicesOf(value any) (chosen []string, ok bool) {
	switch list := value.(type) {
	case nil:
	case []string:
		return list, true
	case []any:
		for _, v := range list {
			text, ok := v.(string)
			if !ok {
				return nil, false
			}
			chosen = append(chosen, text)
		}
	default:
		return nil, false
	}
	return chosen, true
}
