package compete

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// TeamStore reads teams. They are only changed through the Registrar.
type TeamStore interface {
	// Team fails with ErrTeamGone.
	Team(ctx context.Context, id string) (Team, error)
	// TeamNumbered fails with ErrTeamMissing.
	TeamNumbered(ctx context.Context, n TeamNumber) (Team, error)
	// TeamNamed fails with ErrTeamMissing.
	TeamNamed(ctx context.Context, n TeamName) (Team, error)
	// Members lists the registrations of teams that aren't cancelled, with users and answers, in order of Seq.
	Members(ctx context.Context, teamIDs ...string) ([]ParticipantRegistration, error)
	// Teams lists the teams of a competition in the order in which they were created, with the numbers of their
	// members.
	Teams(ctx context.Context, competitionID string, f TeamFilter) (Page[TeamSummary], error)
	// Seekers lists the registrations for a competition of people who look for a team, without answers, in order of
	// Seq.
	Seekers(ctx context.Context, competitionID string, cursor Cursor, limit int) (Page[ParticipantRegistration], error)
	// Invited returns which of the registrations have a message with this OccasionID at their present place in line.
	Invited(ctx context.Context, moveID string, registrationIDs []string) ([]string, error)
	// Invite saves a message to somebody who looks for a team, unless they have one with the same OccasionID already.
	Invite(ctx context.Context, m Message, r AuditRecord) error

	// TeamsToWarn lists up to limit published competitions with teams of at least two whose deadline is in (from, to]
	// and hasn't been warned of, in order of DueTeams, after a given one.
	TeamsToWarn(ctx context.Context, from, to time.Time, after DueTeams, limit int) ([]Competition, error)
	// TeamsToDrop lists up to limit published competitions that drop incomplete teams and whose deadline was at or
	// before the given time and hasn't been recorded by TeamsDropped, in order of DueTeams, after a given one.
	TeamsToDrop(ctx context.Context, at time.Time, after DueTeams, limit int) ([]Competition, error)
	// WarnTeams asks for a message to the captain of each team of the competition with fewer than its least number of
	// members, and to everybody without a team, and records that this was done for its deadline. It does nothing if
	// it was done before; a call that was interrupted is repeated, and nobody gets the message twice.
	WarnTeams(ctx context.Context, c *Competition) error
	// TeamsDropped records that incomplete teams were dropped at this deadline, and has seats that others gave up in
	// the meantime pass on.
	TeamsDropped(ctx context.Context, competitionID string, deadline time.Time) error
}

// DueTeams is a place in the order of competitions by deadline and id. The zero value is before all.
type DueTeams struct {
	Deadline time.Time
	ID       string
}

// TeamSummary is a row of the list of teams.
type TeamSummary struct {
	Team
	Captain Participant
	Size    int // members
	// what the captain's registration tells of the team
	Status     RegistrationStatus
	DivisionID string
}

// TeamFilter filters a list of teams.
type TeamFilter struct {
	Below  int    // only with fewer members; 0 means all
	Search string // the name begins with it, whatever the case
	Cursor Cursor
	Limit  int
}

// TeamsConfig lists the dependencies of NewTeams.
type TeamsConfig struct {
	Runtime
	Store         TeamStore
	Registrations RegistrationStore
	Users         UserStore
	Registrar     Registrar
	Competitions  *Competitions
	Throttle      *Throttle
	Sealer        Sealer // computes the codes
	Wording       AccountWording
}

// Teams handles what people do in and with teams. Creating and joining one is part of Registrations.Register.
type Teams struct{ config TeamsConfig }

// NewTeams creates the service. It panics if a dependency is missing.
func NewTeams(c TeamsConfig) *Teams {
	mustBeComplete(c)
	return &Teams{c}
}

// TeamView is a team as its members and staff see it.
type TeamView struct {
	Team
	Competition Competition
	Code        TeamCode
	Members     []TeamMember // the captain first, then in order of arrival
}

// Size returns the number of members.
func (v *TeamView) Size() int { return len(v.Members) }

// Complete reports whether there are enough members.
func (v *TeamView) Complete() bool {
	return v.Competition.Team == nil || v.Hopeful() >= v.Competition.Team.Min
}

// Hopeful counts the members without those whose application was rejected: the others are who Complete counts.
func (v *TeamView) Hopeful() (n int) {
	for i := range v.Members {
		if v.Members[i].Status.Hopeful() {
			n++
		}
	}
	return n
}

// Alone reports whether the team has no other members than the user, apart from those whose application was rejected.
func (v *TeamView) Alone(userID string) bool {
	return !slices.ContainsFunc(v.Members, func(m TeamMember) bool { return m.UserID != userID && m.Status.Hopeful() })
}

// TeamMember is a member with what is missing for them.
type TeamMember struct {
	ParticipantRegistration
	Captain bool
	// Missing are the labels of required questions that the member hasn't answered; those to the team count for its
	// captain. Those that tell of sensitive answers are left out.
	Missing []string
}

// Get returns a team for its members and staff. It fails with ErrTeamGone for everyone else.
func (s *Teams) Get(ctx context.Context, a Actor, id string) (TeamView, error) {
	if err := require(a, RoleParticipant); err != nil {
		return TeamView{}, err
	}
	if !ValidID(id) {
		return TeamView{}, ErrTeamGone
	}
	t, err := s.config.Store.Team(ctx, id)
	if err != nil {
		return TeamView{}, err
	}
	c, err := s.config.Competitions.config.Store.Competition(ctx, t.CompetitionID)
	if err != nil {
		return TeamView{}, err
	}
	rows, err := s.config.Store.Members(ctx, id)
	if err != nil {
		return TeamView{}, err
	}
	view := teamView(t, c, t.Code(s.config.Sealer), rows)
	allowed := c.ManagedBy(a)
	for i := range rows {
		allowed = allowed || rows[i].UserID == a.UserID
	}
	if !allowed || len(rows) == 0 { // a cancelled competition leaves teams in which nobody is
		return TeamView{}, ErrTeamGone
	}
	return view, nil
}

func teamView(t Team, c Competition, code TeamCode, rows []ParticipantRegistration) TeamView {
	view := TeamView{Team: t, Competition: c, Code: code}
	for i := range rows {
		m := TeamMember{ParticipantRegistration: rows[i], Captain: rows[i].UserID == t.CaptainID}
		m.Missing = c.QuestionsFor(m.Captain).missing(m.Answers)
		if m.Captain {
			view.Members = append([]TeamMember{m}, view.Members...)
		} else {
			view.Members = append(view.Members, m)
		}
	}
	return view
}

// missing returns the labels of Unanswered, for everyone in a team: without what tells of sensitive answers.
func (qs Questions) missing(answers Answers) []string {
	var labels []string
	for _, q := range qs.Unanswered(answers) {
		if !q.Sensitive && !qs.AfterSensitive(&q) {
			labels = append(labels, q.Label)
		}
	}
	return labels
}

// ByCode returns the team that the actor could join with a code, for a page that says which one it is. Errors:
// ErrCompetitionMissing, ErrTeamMissing, ErrTooManyGuesses.
func (s *Teams) ByCode(ctx context.Context, a Actor, competitionID string, code TeamCode) (Team, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Team{}, err
	}
	c, err := s.config.Competitions.Get(ctx, a, competitionID)
	if err != nil {
		return Team{}, err
	}
	return s.byCode(ctx, a, c.ID, code)
}

// byCode counts the attempt if the code is wrong.
func (s *Teams) byCode(ctx context.Context, a Actor, competitionID string, code TeamCode) (Team, error) {
	judge, err := s.config.Throttle.guessAccess(ctx, a, competitionID)
	if err != nil {
		return Team{}, err
	}
	t, err := s.config.Store.TeamNumbered(ctx, TeamNumber{competitionID, code.Number()})
	if right := t.Is(code, s.config.Sealer); err == nil && !right {
		err = ErrTeamMissing
	}
	judge(err)
	if err != nil {
		return Team{}, err
	}
	return t, nil
}

// List lists the teams of a competition, for its staff.
func (s *Teams) List(ctx context.Context, a Actor, competitionID, cursor string, f TeamFilter) (
	Page[TeamSummary], error,
) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return Page[TeamSummary]{}, err
	}
	var v validation
	v.length("search", f.Search, 0, MaxSearchLength)
	at, limit, err := listing(v, "teams", cursor, f.Limit)
	if err != nil {
		return Page[TeamSummary]{}, err
	}
	f.Cursor, f.Limit = at, limit
	return s.config.Store.Teams(ctx, c.ID, f)
}

// Named returns the team with a name, whatever its case, for the competition's staff. It fails with ErrTeamMissing.
func (s *Teams) Named(ctx context.Context, a Actor, competitionID, name string) (Team, error) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return Team{}, err
	}
	if len(name) > normal.MaxLine || !clean(name) { // no team has such a name
		return Team{}, ErrTeamMissing
	}
	return s.config.Store.TeamNamed(ctx, TeamName{c.ID, TeamKey(name)})
}

// RenewCode gives a team another code. Errors: those of Registrar.RenewCode, ErrReauthenticate.
func (s *Teams) RenewCode(ctx context.Context, a Actor, id string) (TeamView, error) {
	return s.change(ctx, a, id, func(_ *TeamView, c TeamCommand) error {
		_, err := s.config.Registrar.RenewCode(ctx, c)
		return err
	})
}

// HandOver makes another member the captain. Errors: Invalid, ErrPersonDisabled, those of Registrar.HandOver,
// ErrReauthenticate.
func (s *Teams) HandOver(ctx context.Context, a Actor, id, userID string) (TeamView, error) {
	return s.change(ctx, a, id, func(before *TeamView, c TeamCommand) error {
		if userID == "" {
			return Invalid(FieldError{Field: "userId", Message: "is required"})
		}
		if slices.ContainsFunc(before.Members, func(m TeamMember) bool {
			return m.UserID == userID && m.Participant.Disabled
		}) {
			return ErrPersonDisabled
		}
		_, err := s.config.Registrar.HandOver(ctx, MemberCommand{c, userID})
		return err
	})
}

// Remove takes a member out of a team. Errors: those of Registrar.RemoveMember, ErrReauthenticate. It returns the zero
// value if nobody is left.
func (s *Teams) Remove(ctx context.Context, a Actor, id, userID string) (TeamView, error) {
	view, err := s.change(ctx, a, id, func(_ *TeamView, c TeamCommand) error {
		_, err := s.config.Registrar.RemoveMember(ctx, MemberCommand{c, userID})
		return err
	})
	if ErrTeamGone.Is(err) && view.ID != "" {
		return TeamView{}, nil
	}
	return view, err
}

// change has the registrar change a team that the actor may see, and returns it as it is then. If reading it again
// fails, it returns it as it was, with the error.
func (s *Teams) change(
	ctx context.Context, a Actor, id string, f func(before *TeamView, c TeamCommand) error,
) (TeamView, error) {
	before, err := s.Get(ctx, a, id)
	if err != nil {
		return TeamView{}, err
	}
	if before.CaptainID != a.UserID {
		if err := s.requireFresh(ctx, a, &before); err != nil {
			return TeamView{}, err
		}
	}
	if err := f(&before, TeamCommand{a, before.CompetitionID, id}); err != nil {
		return TeamView{}, err
	}
	after, err := s.Get(ctx, a, id)
	if err != nil {
		return before, err
	}
	return after, nil
}

// requireFresh requires a recent login of admins for teams of competitions that aren't theirs.
func (s *Teams) requireFresh(ctx context.Context, a Actor, v *TeamView) error {
	if !v.Competition.ManagedBy(a) {
		return nil
	}
	_, err := s.config.Competitions.changeable(ctx, a, v.CompetitionID)
	return err
}

// ChangeTeam takes a registration out of its team, or into another: for its owner, with a code or a new name, and for
// staff. Errors: those of Registrar.ChangeTeam, ErrTooManyGuesses, ErrReauthenticate.
func (s *Registrations) ChangeTeam(
	ctx context.Context, a Actor, id string, change Optional[TeamChange], looking Optional[bool],
) (RegistrationOutcome, error) {
	if err := s.may(ctx, a, RoleParticipant, id); err != nil {
		return RegistrationOutcome{}, err
	}
	if err := change.Value.check(); err != nil {
		return RegistrationOutcome{}, err
	}
	command := ChangeTeamCommand{Actor: a, RegistrationID: id, Change: change, Looking: looking}
	judge, err := s.guessTeam(ctx, a, id, change.Value.Code)
	if err != nil {
		return RegistrationOutcome{}, err
	}
	o, err := s.config.Registrar.ChangeTeam(ctx, command)
	judge(err)
	return o, err
}

// guessTeam counts the attempt of somebody who sends the code of a team to change a registration.
func (s *Registrations) guessTeam(
	ctx context.Context, a Actor, registrationID string, code TeamCode,
) (judge func(error), err error) {
	if code == "" {
		return func(error) {}, nil
	}
	r, err := s.config.Store.ParticipantRegistration(ctx, registrationID)
	if err != nil {
		return nil, err
	}
	return s.config.Throttle.guessAccess(ctx, a, r.CompetitionID)
}

func (t *TeamChange) check() error {
	var v validation
	n := 0
	for _, field := range []string{t.Name, string(t.Code), t.ID} {
		if field != "" {
			n++
		}
	}
	if n > 1 {
		v.add("team", "must have only one of name, code and id")
	}
	if t.Name != "" {
		v.length("team.name", normal.Line(t.Name), 1, MaxTeamName)
	}
	return v.err()
}

// teamWarning is how long before the deadline people in teams with too few members are told, and those without one.
const teamWarning = 48 * time.Hour

// WarnsOfTeam returns in how long somebody is told that they are in no team, or in one with too few members, if that is
// so from now on. It isn't ok more than 48 hours before the deadline, when all of them are told at once, nor after it.
func (c *Competition) WarnsOfTeam(now time.Time) (wait time.Duration, ok bool) {
	if c.Team == nil || c.Team.Min < 2 || !now.Before(c.RegDeadline) {
		return 0, false
	}
	left := c.RegDeadline.Sub(now)
	return left / 2, left <= teamWarning
}

// teamWarningPeriod is how often somebody is warned before one deadline, however often their team changes.
const teamWarningPeriod = 12 * time.Hour

// TeamWarningID tells apart the warnings that somebody gets before several deadlines, and those before one: at most one
// in each 12 hours until the deadline, apart from the one that all get, whose time is zero.
func (c *Competition) TeamWarningID(at time.Time) string {
	if !at.IsZero() {
		at = c.RegDeadline.Add(-(c.RegDeadline.Sub(at) - 1).Truncate(teamWarningPeriod))
	}
	return uuidOf(string(MessageTeamTooSmall) + " " + c.ID + " " + at.UTC().Format(time.RFC3339) + " " +
		c.RegDeadline.UTC().Format(time.RFC3339Nano))
}

// dueTeamsPage is how many competitions with something due are read at a time.
const dueTeamsPage = 50

// Deadlines warns people whose team has too few members 48 hours before the deadline, and those without one. It drops
// them ArrivalGrace after the deadline, where that is the rule. Both happen once for each deadline, and continue where
// an earlier run ended.
func (s *Teams) Deadlines(ctx context.Context) error {
	now := s.config.now()
	return errors.Join(
		eachDue(func(after DueTeams) ([]Competition, error) {
			return s.config.Store.TeamsToWarn(ctx, now, now.Add(teamWarning), after, dueTeamsPage)
		}, func(c *Competition) error { return s.config.Store.WarnTeams(ctx, c) }),
		eachDue(func(after DueTeams) ([]Competition, error) {
			return s.config.Store.TeamsToDrop(ctx, now.Add(-ArrivalGrace), after, dueTeamsPage)
		}, func(c *Competition) error { return s.dropIncomplete(ctx, c, now) }),
	)
}

// eachDue does something for all competitions, page by page. One that fails doesn't keep it from the others.
func eachDue(read func(after DueTeams) ([]Competition, error), do func(*Competition) error) error {
	var failures []error
	for after, n := (DueTeams{}), dueTeamsPage; n == dueTeamsPage; {
		page, err := read(after)
		if err != nil {
			return errors.Join(append(failures, err)...)
		}
		n = len(page)
		for i := range page {
			c := &page[i]
			after = DueTeams{c.RegDeadline, c.ID}
			if err := do(c); err != nil {
				failures = append(failures, fmt.Errorf("teams of competition %s: %w", c.ID, err))
			}
		}
	}
	return errors.Join(failures...)
}

func (s *Teams) dropIncomplete(ctx context.Context, c *Competition, now time.Time) error {
	if c.DropsIncomplete(now) {
		if err := s.config.Registrar.DropIncomplete(ctx, c.ID); err != nil {
			return err
		}
	}
	return s.config.Store.TeamsDropped(ctx, c.ID, c.RegDeadline)
}
