package registrar_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// What the model knows of teams. A person says which team they are in and whether they are its captain; where seats are
// for teams, those who aren't follow their captain.

// teamNames are the names that people give teams. Two of them are the same, whatever the case.
var teamNames = []string{"Red", "blue", "RED"}

// plainSealer stands for one that nobody can see through.
type plainSealer struct{}

func (plainSealer) Seal(_ string, plain []byte) string { return string(plain) }

func (plainSealer) Open(_, sealed string) ([]byte, error) { return []byte(sealed), nil }

func (plainSealer) Digest(purpose, data string) string { return purpose + data }

// joinsTeam and foundsTeam say what a call chooses.
func (c call) joinsTeam() bool { return strings.HasSuffix(c.what, "into team") }

func (c call) foundsTeam() bool { return strings.HasSuffix(c.what, "new team") }

func (c call) teamName() string { return teamNames[c.n%len(teamNames)] }

// teamChoice is what somebody fills in who makes the call now.
func (c call) teamChoice(s *scenario) (choice compete.TeamChoice, looking bool) {
	switch {
	case s.ledger.competitions[cup].Team == nil:
	case c.foundsTeam():
		choice.Name = c.teamName()
	case c.joinsTeam():
		choice.Code = "12345678-ABCDEFGH"
		if t := s.teamCalled(c.teamName()); t != nil {
			choice.Code = t.Code(plainSealer{})
		}
	default:
		looking = c.n%2 == 0
	}
	return choice, looking
}

// teamCalled returns the team with a name, as it is committed.
func (s *scenario) teamCalled(name string) *compete.Team {
	for _, t := range s.ledger.teams {
		if compete.TeamKey(t.Name) == compete.TeamKey(name) {
			return &t
		}
	}
	return nil
}

// modelTeam is a team that somebody may know the code of.
type modelTeam struct {
	id   int64 // tells apart teams of one name
	code int
}

// learn notes which teams there are before a batch: their codes are known then.
func (m *model) learn() {
	m.askedBefore, m.listedBefore = m.asked, m.current()
	if !m.asksAnything() { // so what was filled in ahead is of no use
		clear(m.prepared)
	}
	m.known = map[string]modelTeam{}
	for name, t := range m.teams {
		m.known[name] = *t
	}
}

// withCode returns the name of the team that the entry's code is for; empty for none.
func (m *model) withCode(e modelEntry) string {
	if t := m.teams[e.joins]; t != nil && *t == e.code {
		return e.joins
	}
	return ""
}

// members returns who is in a team, in line.
func (m *model) members(team string) []*person {
	return slices.DeleteFunc(m.inLine(), func(p *person) bool {
		return team == "" || p.team != team || p.status == cancelled
	})
}

// size counts those members who weren't rejected.
func (m *model) size(team string) int {
	return len(slices.DeleteFunc(m.members(team), func(p *person) bool { return p.status == rejected }))
}

func (m *model) captain(team string) *person {
	for _, p := range m.members(team) {
		if p.captain {
			return p
		}
	}
	return nil
}

func (m *model) perTeam() bool { return m.rules != nil && m.rules.SeatUnit == compete.SeatPerTeam }

// noJoin says why nobody can join a team, or be put into it by staff; empty if they can.
func (m *model) noJoin(team string, byStaff bool) string {
	captain := m.captain(team)
	switch {
	case m.size(team) >= m.rules.Max:
		return "team_full"
	case captain.status == rejected:
		return "team_closed"
	case !byStaff && m.perTeam() &&
		(m.admission != compete.AdmissionFirstCome && captain.status != applied || captain.status == offered):
		return "team_closed"
	}
	return ""
}

// badTeam says what is wrong with the team that somebody chooses.
func (m *model) badTeam(e modelEntry, byStaff bool) string {
	switch {
	case m.rules == nil && (e.joins != "" || e.founds != "" || e.looking):
		return "validation_failed"
	case m.rules == nil:
	case e.joins != "" && m.withCode(e) == "":
		return "team_not_found"
	case e.joins != "":
		return m.noJoin(m.withCode(e), byStaff)
	case e.founds != "" && m.teams[e.founds] != nil:
		return "team_name_taken"
	case e.founds != "":
	case m.perTeam(), m.rules.Min > 1 && !e.looking && !byStaff:
		return "validation_failed"
	}
	return ""
}

// into puts somebody who is about to enter into the team that they chose.
func (m *model) into(e modelEntry, p *person) {
	switch {
	case m.rules == nil:
	case e.joins != "":
		p.team, p.follows = m.withCode(e), m.perTeam()
		if p.follows {
			p.confirmBy = m.offeredAlong(p.team)
		}
	case e.founds != "":
		m.found(e.founds, p)
	default:
		p.looking = e.looking
	}
}

func (m *model) found(name string, p *person) {
	m.ids++
	m.teams[name] = &modelTeam{id: m.ids}
	p.team, p.captain, p.follows = name, true, false
}

// offeredAlong returns until when the team's offer can be accepted.
func (m *model) offeredAlong(team string) (until time.Time) {
	if captain := m.captain(team); captain != nil && captain.status == offered {
		until = captain.confirmBy
	}
	return until
}

func along(s compete.RegistrationStatus) compete.RegistrationStatus {
	if s == compete.RegistrationConfirmed {
		return pending
	}
	return s
}

// lastly returns people in another order: those who are so come last.
func lastly(people []*person, so func(*person) bool) []*person {
	return slices.Concat(slices.DeleteFunc(slices.Clone(people), so),
		slices.DeleteFunc(slices.Clone(people), func(p *person) bool { return !so(p) }))
}

// successor returns who becomes captain when somebody leaves: the first of the others, who weren't rejected if
// possible.
func (m *model) successor(p *person) *person {
	others := slices.DeleteFunc(m.members(p.team), func(other *person) bool { return other == p })
	return append(lastly(others, func(p *person) bool { return p.status == rejected }), nil)[0]
}

// quit takes somebody out of their team.
func (m *model) quit(p *person) {
	if p.team == "" || p.status == cancelled {
		return
	}
	if next := m.successor(p); p.captain && next != nil {
		m.handOver(p, next)
	}
	if len(m.members(p.team)) == 1 {
		delete(m.teams, p.team)
	}
	p.team, p.captain = "", false
}

// putOut takes somebody out of their team. Others who do so change its code.
func (m *model) putOut(by string, p *person) {
	name := p.team
	m.quit(p)
	if t := m.teams[name]; t != nil && by != p.name {
		t.code++
	}
}

func (m *model) handOver(from, to *person) {
	from.captain, to.captain = false, true
	m.handAnswers(from, to)
	if !m.perTeam() {
		return
	}
	from.seq, to.seq = to.seq, from.seq
	from.follows, to.follows = true, false
	delete(m.drafts, to.name)
	if d, ok := m.drafts[from.name]; ok {
		m.drafts[to.name] = d
		delete(m.drafts, from.name)
	}
	if i := slices.Index(m.drawn, from.name); i >= 0 && !slices.Contains(m.drawn, to.name) {
		m.drawn[i] = to.name
	}
}

// lead makes somebody captain who wasn't rejected, if there is anybody, where people are decided about singly.
func (m *model) lead(team string) {
	if captain := m.captain(team); captain != nil && captain.status == rejected && !m.perTeam() {
		if next := m.successor(captain); next != nil && next.status != rejected {
			m.handOver(captain, next)
		}
	}
}

// followers returns who goes along with somebody.
func (m *model) followers(p *person) []*person {
	if !m.perTeam() || p.follows {
		return nil
	}
	return slices.DeleteFunc(m.members(p.team), func(other *person) bool { return other == p })
}

// goes ends somebody's registration; with seats for teams, a captain's ends those of the team.
func (m *model) goes(p *person, reason compete.CancelReason) {
	for _, other := range m.followers(p) {
		m.quit(other)
		other.status, other.reason, other.looking = cancelled, reason, false
	}
	m.quit(p)
	p.status, p.reason, p.looking = cancelled, reason, false
}

// mustStay reports whether somebody has to hand over before they leave.
func (m *model) mustStay(by string, p *person) bool {
	if by != p.name || !p.captain || p.status == cancelled {
		return false
	}
	next := m.successor(p)
	return next != nil && next.status != rejected
}

func (m *model) changeTeam(by string, c call, p *person) string {
	switch {
	case p == nil || by != p.name && !m.manages(by):
		return "registration_not_found"
	case m.rules == nil:
		return "no_teams"
	case m.status == compete.StatusCancelled:
		return "competition_cancelled"
	case p.status == cancelled:
		return "registration_cancelled"
	case p.status == rejected:
		return "application_rejected"
	case m.manages(by) && m.started():
		return "competition_started"
	case !m.manages(by) && m.hidden:
		return "competition_not_found"
	case !m.manages(by) && (m.frozen || !m.now.Before(m.deadline)):
		return "team_closed"
	}
	to := ""
	switch {
	case c.what == "look":
		p.looking = c.n%2 == 0 && p.team == ""
		return string(p.status)
	case c.joinsTeam():
		if to = m.withCode(m.entry(c)); to == "" {
			return "team_not_found"
		}
	case c.foundsTeam() && m.teams[strings.ToLower(c.teamName())] != nil:
		return "team_name_taken"
	}
	switch {
	case to != "" && to == p.team, p.team == "" && to == "" && !c.foundsTeam():
		return string(p.status)
	case m.mustStay(by, p):
		return "captain_must_hand_over"
	case to == "" && m.perTeam():
		return "team_required"
	case to != "" && !m.perTeam() && m.captain(to).division != p.division:
		return "team_division"
	}
	if to != "" {
		if no := m.noJoin(to, m.manages(by)); no != "" {
			return no
		}
	}
	m.putOut(by, p)
	switch {
	case c.foundsTeam():
		m.seqs++ // a number for the team
		m.found(strings.ToLower(c.teamName()), p)
		p.looking = false
	case to == "":
	case m.perTeam():
		captain, led, held := m.captain(to), !p.follows, p.holds()
		m.seqs++
		delete(m.drafts, p.name)
		*p = person{
			name: p.name, status: along(captain.status), seq: m.seqs, division: captain.division, team: to,
			follows: true,
			blocked: p.blocked, confirmBy: m.offeredAlong(to), answers: p.answers,
		}
		if led {
			m.pass(held)
		}
	default:
		p.team, p.looking = to, false
	}
	m.forget(p)
	return string(p.status)
}

// forTeam is a command about the team that the person is in.
func (m *model) forTeam(by string, c call, p *person) string {
	name := strings.ToLower(c.teamName())
	if known, ok := m.known[name]; !ok || m.teams[name] == nil || m.teams[name].id != known.id {
		return "team_not_found"
	}
	actor := m.people[by]
	member := actor != nil && actor.team == name && actor.status != cancelled
	if c.what == "kick" && actor == p && member {
		return m.leaveTeam(by, p)
	}
	switch {
	case m.manages(by):
	case !member:
		return "team_not_found"
	case !actor.captain:
		return "captain_only"
	}
	if m.status == compete.StatusCancelled {
		if m.manages(by) {
			return "competition_cancelled"
		}
		return "team_not_found"
	}
	if c.what == "renew code" {
		m.teams[name].code++
		return ""
	}
	in := p != nil && p.team == name && p.status != cancelled
	if c.what == "hand over" {
		switch {
		case !in, p.status == rejected && !m.perTeam():
			return "team_member_not_found"
		case !p.captain:
			m.handOver(m.captain(name), p)
		}
		return ""
	}
	switch {
	case !in:
		return "team_member_not_found"
	case !m.manages(by) && m.started():
		return "competition_started"
	case m.perTeam():
		m.putOut(by, p)
		p.blocked = p.status == rejected
		m.leave(p, compete.CancelledByOrganizer)
	default:
		m.putOut(by, p)
		m.forget(p)
	}
	return ""
}

// takeOut takes somebody out of a team who keeps their place.
func (m *model) takeOut(p *person) {
	m.quit(p)
	m.forget(p)
}

// leaveTeam is the removal of oneself.
func (m *model) leaveTeam(by string, p *person) string {
	if m.perTeam() {
		return refusalOf(m.cancel(by, p, false))
	}
	return refusalOf(m.changeTeam(by, call{what: "leave team", who: p.name, by: by}, p))
}

// refusalOf returns an answer that is a code of an error; empty for a status, maybe with a place in line.
func refusalOf(answer string) string {
	if answer == strings.ToLower(answer) {
		return answer
	}
	return ""
}

// drop cancels everybody who isn't in a team with enough members. It ends once there is nobody to cancel any more: then
// the seats pass on.
func (m *model) drop() {
	if m.rules == nil || !m.rules.DropIncomplete || m.rules.Min < 2 || m.status != compete.StatusPublished ||
		m.hidden ||
		m.now.Before(m.deadline.Add(grace)) || m.started() {
		return
	}
	var gone []*person
	freed := 0
	for _, p := range m.inLine() {
		if p.status != cancelled && p.status != rejected && m.size(p.team) < m.rules.Min {
			gone = append(gone, p)
			if p.holds() {
				freed++
			}
		}
	}
	for _, p := range lastly(gone, func(p *person) bool { return p.captain }) {
		m.quit(p)
		p.status, p.reason, p.looking = cancelled, compete.CancelledIncomplete, false
	}
	if m.freed += freed; len(gone) > 0 {
		m.dropping = true
		return
	}
	m.promote(m.freed)
	m.freed = 0
}

// dropRest ends a drop, after the other commands of its batch.
func (m *model) dropRest() {
	for m.dropping {
		m.dropping = false
		m.drop()
	}
}

// teamStep is a command about teams.
func (c call) teamStep() step {
	return step{do: func(ctx context.Context, s *scenario) (string, error) {
		id := ""
		if t := s.teamCalled(c.teamName()); t != nil {
			id = t.ID
		}
		command := compete.MemberCommand{
			TeamCommand: compete.TeamCommand{Actor: actor(c.actor()), CompetitionID: cup, TeamID: id}, UserID: c.who,
		}
		var err error
		switch c.what {
		case "renew code":
			_, err = s.RenewCode(ctx, command.TeamCommand)
		case "hand over":
			_, err = s.HandOver(ctx, command)
		case "kick":
			_, err = s.RemoveMember(ctx, command)
		case "drop":
			err = s.DropIncomplete(ctx, cup)
		default:
			return c.changeTeam(ctx, s)
		}
		return "", err
	}}
}

func (c call) changeTeam(ctx context.Context, s *scenario) (string, error) {
	command := compete.ChangeTeamCommand{Actor: actor(c.actor()), RegistrationID: c.who + "'s"}
	choice, _ := c.teamChoice(s)
	if c.what == "look" {
		command.Looking = compete.Some(c.n%2 == 0)
	} else {
		command.Change = compete.Some(compete.TeamChange{TeamChoice: choice})
	}
	o, err := s.ChangeTeam(ctx, command)
	return string(o.Registration.Status), err
}

// inTeamText says what team somebody is in.
func inTeamText(team string, captain, follows, looking bool) string {
	text := ""
	if team != "" {
		text = " in " + team
	}
	if captain {
		text += " as captain"
	}
	if follows {
		text += " following"
	}
	if looking {
		text += " looking"
	}
	return text
}

func (p *person) teamText() string {
	if p.status == cancelled {
		return ""
	}
	return inTeamText(p.team, p.captain, p.follows, p.looking)
}

func (s *scenario) teamText(r *compete.Registration) string {
	if r.Status == cancelled {
		return ""
	}
	t := s.ledger.teams[r.TeamID]
	return inTeamText(strings.ToLower(t.Name), t.CaptainID == r.UserID, r.Follows, r.Looking)
}

// teamRules are the rules that a sequence begins with.
func teamRules(n int) *compete.TeamRules {
	if n < 0 {
		return nil
	}
	rules := &compete.TeamRules{Min: 1 + n%2, Max: 2 + n/2%2, SeatUnit: compete.SeatPerPerson, DropIncomplete: n%3 > 0}
	if n >= 4 {
		rules.SeatUnit = compete.SeatPerTeam
	}
	return rules
}
