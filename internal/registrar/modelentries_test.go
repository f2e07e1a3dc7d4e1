package registrar_test

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
)

// What the model knows of what people fill in, with the press or ahead, and of changing several parts of it at once.

// modelEntry is what somebody fills in.
type modelEntry struct {
	division string
	founds   string // team, in lower case; empty for none
	joins    string // likewise
	code     modelTeam
	looking  bool
	answers  map[string]string
}

// entry is what somebody fills in who makes the call now.
func (m *model) entry(c call) modelEntry {
	e := modelEntry{division: c.division(m.listedBefore), answers: m.typed(c)}
	name := strings.ToLower(c.teamName())
	switch {
	case m.rules == nil:
	case c.foundsTeam():
		e.founds = name
	case c.joinsTeam():
		e.joins, e.code = name, m.known[name]
	default:
		e.looking = c.n%2 == 0
	}
	return e
}

// fillIn is a press, or what comes before one.
func (m *model) fillIn(c call, p *person) string {
	switch c.what {
	case "prepare":
		m.prepare(c, p)
		return ""
	case "discard":
		delete(m.prepared, c.who)
		return ""
	case "press":
		return m.register(c.who, p, m.ahead(c.who))
	}
	e := m.entry(c)
	if e.isEmpty() {
		e = m.ahead(c.who)
	}
	return m.register(c.who, p, e)
}

func (e *modelEntry) isEmpty() bool {
	return e.division+e.founds+e.joins == "" && !e.looking && e.answers == nil
}

// prepare saves what somebody fills in ahead, if it is good. Only the press finds out whether a team is full, or its
// name taken.
func (m *model) prepare(c call, p *person) {
	e := m.entry(c.preparing())
	alone := e.joins == "" && e.founds == ""
	switch {
	case p != nil && p.status != cancelled, m.badDivision(e), m.badAnswers(e, false):
	case m.rules != nil && e.joins != "" && m.withCode(e) == "":
	case alone && m.badTeam(e, false) != "":
	default:
		e.answers, _ = m.take(e.answers, nil, e.founds != "")
		m.prepared[c.who] = e
	}
}

// preparing returns the call whose entry is prepared: with every kind of team.
func (c call) preparing() call {
	c.what = []string{"register", "register with new team", "register into team"}[c.n/3]
	return c
}

// ahead returns what somebody filled in ahead, without answers to questions that aren't asked any more; nothing if they
// didn't.
func (m *model) ahead(name string) modelEntry {
	e, prepared := m.prepared[name]
	if !prepared || !m.asksAnything() {
		return modelEntry{}
	}
	e.answers = maps.Clone(e.answers)
	maps.DeleteFunc(e.answers, func(id, _ string) bool { return !asksFor(m.asked, id) })
	return e
}

// asksAnything reports whether there is anything to fill in.
func (m *model) asksAnything() bool { return len(m.asked)+len(m.divisions) > 0 || m.rules != nil }

// bad says what is wrong with what somebody filled in; empty for nothing.
func (m *model) bad(e modelEntry, byStaff bool) string {
	if m.badDivision(e) || m.badAnswers(e, byStaff) {
		return "validation_failed"
	}
	return m.badTeam(e, byStaff)
}

// badDivision reports a division that doesn't exist, or a missing one. Whoever joins a team needs none.
func (m *model) badDivision(e modelEntry) bool {
	return e.joins == "" && !m.has(e.division) && (e.division != "" || len(m.divisions) > 0)
}

// divisionOf returns the division that somebody gets into.
func (m *model) divisionOf(e modelEntry) string {
	if m.rules != nil && e.joins != "" {
		return m.captain(m.withCode(e)).division
	}
	return e.division
}

// after is later than all that a model's clock shows. What was prepared ends because the ledger forgets it: the clock
// stands still between many registrations.
var after = morning.AddDate(100, 0, 0)

// prepare saves an entry as the service does.
func (c call) prepare(s *scenario) {
	place := compete.Place{UserID: c.who, CompetitionID: cup}
	if c.what == "discard" {
		delete(s.ledger.prepared, place)
		return
	}
	competition, e := s.ledger.competitions[cup], c.preparing().entry(s)
	r, found := s.ledger.registrations[c.who+"'s"]
	missing := c.preparing().joinsTeam() && competition.Team != nil && s.teamCalled(c.teamName()) == nil
	if found && r.Status != cancelled || missing || competition.CheckEntry(e) != nil {
		return
	}
	p := compete.PreparedEntry{
		DivisionID: e.DivisionID, TeamName: e.Team.Name, Looking: e.LookingForTeam,
		Asked: competition.Questions.Digest(), SavedAt: after,
	}
	if e.Team.Code != "" {
		p.TeamCode = compete.SealTeamCode(e.Team.Code, plainSealer{})
	}
	_, p.Answers, _ = competition.TakeAnswers(e.Team.Name != "", e.Answers, nil)
	s.ledger.prepared[place] = p
}

// parts says which parts of a registration a combined change changes. If it is none, it edits no answer.
func (c call) parts() (answers, division, team, looking bool) {
	division, team = c.n%3 > 0, c.joinsTeam() || c.foundsTeam()
	looking = !team && c.n/2%2 > 0
	return c.answers > 0 || !division && !team && !looking, division, team, looking
}

// change changes several parts of a registration, or none if one of them is refused.
func (m *model) change(c call) string {
	answers, division, team, looking := c.parts()
	to := c.otherDivision(m.listedBefore)
	var parts []func(*model, *person) string
	if answers {
		parts = append(parts, func(m *model, p *person) string { return m.edit(c.actor(), c, p) })
	}
	if division {
		parts = append(parts, func(m *model, p *person) string { return m.move(c.actor(), p, to, false) })
	}
	if looking {
		c.what = "look"
	}
	if team || looking {
		parts = append(parts, func(m *model, p *person) string { return m.changeTeam(c.actor(), c, p) })
	}
	for i, part := range parts {
		trial := m.copy()
		p := trial.people[c.who]
		if i > 0 && i == len(parts)-1 && team && division {
			p.division = to
		}
		if refusal := refusalOf(part(trial, p)); refusal != "" {
			return refusal
		}
	}
	for _, part := range parts {
		part(m, m.people[c.who])
	}
	return ""
}

// copy returns a model that can be changed without changing this one.
func (m *model) copy() *model {
	c := *m
	c.people, c.teams = map[string]*person{}, map[string]*modelTeam{}
	for name, p := range m.people {
		one := *p
		one.answers = maps.Clone(p.answers)
		c.people[name] = &one
	}
	for name, t := range m.teams {
		c.teams[name] = new(*t)
	}
	c.divisions, c.drafts, c.drawn = maps.Clone(m.divisions), maps.Clone(m.drafts), slices.Clone(m.drawn)
	return &c
}

// changeStep is the combined change.
func (c call) changeStep() step {
	return silent(step{do: func(ctx context.Context, s *scenario) (string, error) {
		command := compete.ChangeCommand{Actor: actor(c.actor()), RegistrationID: c.who + "'s"}
		answers, division, team, looking := c.parts()
		if answers {
			command.Answers = compete.Some(c.says(s))
		}
		if division {
			command.DivisionID = compete.Some(c.otherDivision(s.divisions()))
		}
		if team {
			choice, _ := c.teamChoice(s)
			command.Team = compete.Some(compete.TeamChange{TeamChoice: choice})
		}
		if looking {
			command.Looking = compete.Some(c.n%2 == 0)
		}
		_, err := s.Change(ctx, command)
		return "", err
	}})
}
