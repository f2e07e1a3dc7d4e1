package registrar_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
)

// What the model knows of questions and answers. All answers are text, so that none fits a question for a number.

// modelQuestion is a question of a competition.
type modelQuestion struct {
	id               string
	number, required bool
	team             bool // for the captain
}

// questionnaires are what a competition may ask. The last needs teams.
var questionnaires = [][]modelQuestion{
	nil,
	{{id: "shirt"}},
	{{id: "shirt", required: true}},
	{{id: "shirt", number: true}},
	{{id: "shirt"}, {id: "idea", team: true}},
}

// questionnaire returns which of them a call is about.
func (c call) questionnaire() int { return []int{0, 1, 1, 2, 2, 3, 4, 4, 4}[c.n] }

func questionsOf(asked []modelQuestion) (qs compete.Questions) {
	for _, q := range asked {
		one := compete.Question{
			ID: q.id, Label: q.id, Kind: compete.QuestionText, Required: q.required, Scope: compete.ScopePerson,
		}
		if q.number {
			one.Kind = compete.QuestionNumber
		}
		if q.team {
			one.Scope = compete.ScopeTeam
		}
		qs = append(qs, one)
	}
	return qs
}

// given are the answers that a call brings to what was asked before its batch; nil for none.
func (c call) given(asked func(id string) bool) (answers map[string]string) {
	for id, text := range []map[string]string{nil, {"shirt": "M"}, {"shirt": "L", "idea": "Boats"}}[c.answers] {
		if asked(id) {
			if answers == nil {
				answers = map[string]string{}
			}
			answers[id] = text
		}
	}
	return answers
}

// says are the answers as a command has them.
func (c call) says(s *scenario) (answers compete.Answers) {
	questions := s.ledger.competitions[cup].Questions
	for id, text := range c.given(func(id string) bool { return questions.Find(id) != nil }) {
		if answers == nil {
			answers = compete.Answers{}
		}
		answers[id] = text
	}
	return answers
}

// typed are the answers of a call in the model.
func (m *model) typed(c call) map[string]string {
	return c.given(func(id string) bool { return asksFor(m.askedBefore, id) })
}

func asksFor(asked []modelQuestion, id string) bool {
	return slices.ContainsFunc(asked, func(q modelQuestion) bool { return q.id == id })
}

// take returns somebody's answers after they gave some; kept are those from before. ok is false if some are bad, or
// missing.
func (m *model) take(given, kept map[string]string, captain bool) (taken map[string]string, ok bool) {
	taken = map[string]string{}
	for id := range given {
		i := slices.IndexFunc(m.asked, func(q modelQuestion) bool { return q.id == id })
		if i < 0 || m.asked[i].team && !captain || m.asked[i].number {
			return nil, false
		}
	}
	for _, q := range m.asked {
		if q.team && !captain {
			continue
		}
		if text, ok := given[q.id]; ok {
			taken[q.id] = text
		} else if text, ok := kept[q.id]; ok {
			taken[q.id] = text
		} else if q.required {
			return nil, false
		}
	}
	return taken, true
}

// badAnswers reports whether somebody who registers brings bad answers, or too few.
func (m *model) badAnswers(e modelEntry, byStaff bool) bool {
	if byStaff && e.answers == nil {
		return false
	}
	_, ok := m.take(e.answers, nil, m.rules != nil && e.founds != "")
	return !ok
}

// edit changes answers, as far as any are given.
func (m *model) edit(by string, c call, p *person) string {
	switch {
	case p == nil || by != p.name && !m.manages(by):
		return "registration_not_found"
	case m.status == compete.StatusCancelled:
		return "competition_cancelled"
	case p.status == cancelled:
		return "registration_cancelled"
	case !m.manages(by) && !m.now.Before(m.deadline):
		return "answers_closed"
	}
	given := m.typed(c)
	if given == nil {
		return ""
	}
	taken, ok := m.take(given, p.answers, p.captain)
	if !ok {
		return "validation_failed"
	}
	for _, q := range m.asked {
		if taken[q.id] != p.answers[q.id] { // else nothing is written
			p.answers = taken
			break
		}
	}
	return ""
}

// ask changes the questions. One that is new, or of another kind, must not have answers from before.
func (m *model) ask(asked []modelQuestion) string {
	for _, q := range asked {
		if q.team && m.rules == nil {
			return "validation_failed"
		}
		same := slices.ContainsFunc(m.asked, func(o modelQuestion) bool { return o.id == q.id && o.number == q.number })
		for _, p := range m.people {
			if _, answered := p.answers[q.id]; answered && !same {
				return "validation_failed"
			}
		}
	}
	m.asked = asked
	return ""
}

// handAnswers moves the answers for the team to its new captain.
func (m *model) handAnswers(from, to *person) {
	for _, q := range m.asked {
		if text, ok := from.answers[q.id]; ok && q.team {
			delete(from.answers, q.id)
			if to.answers == nil {
				to.answers = map[string]string{}
			}
			to.answers[q.id] = text
		}
	}
}

// forget removes the answers for a team of somebody who isn't its captain any more.
func (m *model) forget(p *person) {
	if p.captain {
		return
	}
	for _, q := range m.asked {
		if q.team {
			delete(p.answers, q.id)
		}
	}
}

// anybody reports whether anybody is registered.
func (m *model) anybody() bool {
	for _, p := range m.people {
		if p.status != cancelled {
			return true
		}
	}
	return false
}

// setRules changes the rules for teams.
func (m *model) setRules(rules *compete.TeamRules) string {
	fixed := (rules == nil) != (m.rules == nil) ||
		rules != nil && (rules.SeatUnit != m.rules.SeatUnit || rules.Max < m.rules.Max)
	switch {
	case rules == nil && slices.ContainsFunc(m.asked, func(q modelQuestion) bool { return q.team }):
		return "validation_failed"
	case fixed && m.anybody():
		return "teams_fixed"
	}
	m.rules = rules
	return ""
}

func (m *model) setAdmission(a compete.Admission) string {
	switch {
	case a == m.admission:
	case m.frozen:
		return "list_frozen"
	case m.anybody():
		return "admission_fixed"
	}
	m.admission = a
	return ""
}

// questionStep is a command about questions, answers, or rules that are fixed while anybody is registered.
func (c call) questionStep() step {
	change := compete.CompetitionChange{Edit: func(*compete.CompetitionContent) {}}
	switch c.what {
	case "edit":
		return step{do: func(ctx context.Context, s *scenario) (string, error) {
			_, err := s.Edit(ctx, compete.EditCommand{
				Actor: actor(c.actor()), RegistrationID: c.who + "'s", Answers: c.says(s),
			})
			return "", err
		}}
	case "questions":
		change.Questions = compete.Some(questionsOf(questionnaires[c.questionnaire()]))
	case "team rules":
		change.Edit = func(content *compete.CompetitionContent) { content.Team = teamRules(c.n - 1) }
	case "admission":
		change.Edit = func(content *compete.CompetitionContent) { content.Admission = admissions[c.n%3] }
	}
	return silent(update("olga", 0, change))
}

func answersText(answers map[string]string) string {
	var texts []string
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		texts = append(texts, fmt.Sprint(" ", id, "=", answers[id]))
	}
	return strings.Join(texts, "")
}

func (s *scenario) answersText(registrationID string) string {
	answers, err := compete.DecodeAnswers(s.ledger.answers[registrationID])
	if err != nil {
		return err.Error()
	}
	texts := map[string]string{}
	for id, value := range answers {
		texts[id] = fmt.Sprint(value)
	}
	return answersText(texts)
}
