package registrar

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
)

// changeTeam moves a registration between teams.
type changeTeam struct {
	compete.ChangeTeamCommand
	id string // of the team that it creates
}

func (c *changeTeam) name() string { return "change team" }

func (c *changeTeam) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *changeTeam) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil {
		return result{}, compete.ErrRegistrationGone, nil
	}
	competition := b.competitions[r.CompetitionID]
	planned, refusal, err := c.plan(b, competition, r, r.DivisionID, now)
	if refusal == nil && err == nil {
		err = c.apply(b, competition, r, planned, now)
	}
	return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, refusal,
		err
}

// plannedTeam is what a change of the team would do.
type plannedTeam struct {
	changes bool
	to      *team // nil for none, and for a new one
}

// plan returns what the command would do to a registration that is in the division by then, and changes nothing yet.
func (c *changeTeam) plan(
	b *batch, competition *competition, r *compete.Registration, divisionID string, now time.Time,
) (planned plannedTeam, refusal, err error) {
	if refusal := r.CheckTeamChange(c.Actor, &competition.Competition, now); refusal != nil {
		return planned, refusal, nil
	}
	if !c.Change.Set {
		return planned, nil, nil
	}
	return c.change(b, competition, r, divisionID)
}

func (c *changeTeam) apply(
	b *batch, competition *competition, r *compete.Registration, planned plannedTeam, now time.Time,
) error {
	if planned.changes {
		if err := c.applyChange(b, competition, r, planned.to, now); err != nil {
			return err
		}
	}
	if looking := c.Looking.Value && r.TeamID == ""; c.Looking.Set && r.Looking != looking {
		r.Looking, competition.dirty = looking, true
		b.markChanged(r, now)
		b.recordChange(compete.AuditTeamLooking, "", r, "", compete.AuditFields("looking", r.Looking), now)
	}
	return nil
}

func (c *changeTeam) change(
	b *batch, competition *competition, r *compete.Registration, divisionID string,
) (planned plannedTeam, refusal, err error) {
	var q compete.TeamQuery
	addChoice(&q, competition.ID, c.Change.Value.TeamChoice)
	addID(&q, c.Change.Value.ID)
	if err := b.fetchTeams(q); err != nil {
		return planned, nil, err
	}
	to, refusal := c.target(b, competition)
	if refusal != nil {
		return planned, refusal, nil
	}
	own, err := b.teamOf(r)
	switch {
	case err != nil:
		return planned, nil, err
	case own != nil && own == to, own == nil && to == nil && c.Change.Value.Name == "":
		return planned, nil, nil
	case own != nil && own.needs(r) && r.UserID == c.Actor.UserID:
		return planned, compete.ErrCaptainMustHandOver, nil
	case to == nil && competition.SeatsPerTeam():
		return planned, compete.ErrTeamRequired, nil
	case to != nil && !competition.SeatsPerTeam() && to.captain().DivisionID != divisionID:
		return planned, compete.ErrTeamDivision, nil
	}
	if to != nil {
		check := competition.CheckJoin
		if competition.ManagedBy(c.Actor) {
			check = competition.CheckPlace
		}
		if refusal := check(to.size(), to.captain()); refusal != nil {
			return planned, refusal, nil
		}
	}
	return plannedTeam{changes: true, to: to}, nil, nil
}

// target returns the team to join; nil for none, and for a new one.
func (c *changeTeam) target(b *batch, competition *competition) (*team, error) {
	change := c.Change.Value
	switch {
	case change.ID != "":
		if !competition.ManagedBy(c.Actor) {
			return nil, compete.ErrForbidden
		}
		if one := b.teams.byID[change.ID]; one != nil && one.CompetitionID == competition.ID {
			return one, nil
		}
		return nil, compete.ErrTeamGone
	case change.Code != "":
		if one := b.chosen(competition, change.Code); one != nil {
			return one, nil
		}
		return nil, compete.ErrTeamMissing
	case change.Name != "" && b.nameTaken(competition, change.Name):
		return nil, compete.ErrTeamNameTaken
	}
	return nil, nil
}

func (c *changeTeam) applyChange(
	b *batch, competition *competition, r *compete.Registration, to *team, now time.Time,
) error {
	own, err := b.teamOf(r)
	if err != nil {
		return err
	}
	was := compete.AuditFields("team", nameIf(own))
	if err := b.quit(competition, r, now); err != nil {
		return err
	}
	b.shutOut(competition, own, r, c.Actor, now)
	competition.dirty = true
	b.markChanged(r, now)
	left, seats := false, 0
	switch {
	case to == nil && c.Change.Value.Name == "":
		b.warn(competition, r, now)
	case to == nil:
		// The registration may have created another team before, so its own Seq can't be the number.
		b.create(competition, r, c.Change.Value.Name, c.id, competition.NextSeq, now)
		competition.NextSeq++
	case competition.SeatsPerTeam():
		left, seats = !r.Follows, r.Seats()
		b.moveAlong(competition, to, r, now)
	default:
		b.join(competition, to, r)
	}
	if own, err = b.teamOf(r); err != nil {
		return err
	}
	if own == nil || own.CaptainID != r.UserID {
		if err := b.dropTeamAnswers(competition, r); err != nil {
			return err
		}
	}
	b.recordAudit(compete.AuditRecord{
		At: now, Action: compete.AuditTeamChanged, UserID: r.UserID, CompetitionID: r.CompetitionID, SubjectID: r.ID,
		Before: was, After: compete.AuditFields("team", nameIf(own), "status", r.Status, "seq", r.Seq),
	})
	if left {
		return b.passSeat(competition, seats, now)
	}
	return nil
}

// moveAlong gives a registration that has left its team the status of another team, as if it joined that one now.
func (b *batch) moveAlong(competition *competition, to *team, r *compete.Registration, now time.Time) {
	captain := to.captain()
	competition.leave(r)
	r.Take(compete.EventJoin, captain.Status.Along())
	r.Follows = true
	b.place(competition, r, captain.DivisionID, now)
	offeredAlong(r, captain)
	b.join(competition, to, r)
}

// offeredAlong gives somebody who follows a captain the time until which the team's offer can be accepted.
func offeredAlong(r, captain *compete.Registration) {
	if r.Status == compete.RegistrationOffered {
		r.ConfirmBy = captain.ConfirmBy
	}
}

func nameIf(one *team) string {
	if one == nil {
		return ""
	}
	return one.Name
}

// inTeam is what commands about a team have in common.
type inTeam struct{ compete.TeamCommand }

func (c *inTeam) needs(n *needs) { n.competitionIDs.add(c.CompetitionID) }

func (c *inTeam) teamID() string { return c.TeamID }

// team returns the team, if the actor may decide for it.
func (c *inTeam) team(b *batch) (*competition, *team, error) {
	competition, one := b.withTeams(c.CompetitionID), b.teams.byID[c.TeamID]
	if competition == nil || one == nil || one.CompetitionID != competition.ID {
		return nil, nil, compete.ErrTeamGone
	}
	return competition, one, one.CheckCaptain(c.Actor, &competition.Competition, one.member(c.Actor.UserID) != nil)
}

type renewCode struct{ inTeam }

func (c *renewCode) name() string { return "renew code" }

func (c *renewCode) decide(b *batch, now time.Time) (result, error, error) {
	competition, one, refusal := c.team(b)
	if refusal != nil {
		return result{}, refusal, nil
	}
	b.renewCode(competition, one, now)
	return result{team: &one.Team}, nil, nil
}

// renewCode gives a team another code. The earlier ones stop working.
func (b *batch) renewCode(c *competition, one *team, now time.Time) {
	one.CodeVersion++
	b.teams.markChanged(one)
	c.dirty = true
	b.recordAudit(compete.AuditRecord{
		At: now, Action: compete.AuditTeamCode, CompetitionID: c.ID, SubjectID: one.ID,
	})
}

// shutOut renews the code of a team that somebody has just left, nil for none, unless they left it themselves or it has
// ended: they know the code.
func (b *batch) shutOut(c *competition, one *team, r *compete.Registration, a compete.Actor, now time.Time) {
	if one != nil && len(one.members) > 0 && r.UserID != a.UserID {
		b.renewCode(c, one, now)
	}
}

type renameTeam struct {
	inTeam
	to string
}

func (c *renameTeam) name() string { return "rename team" }

func (c *renameTeam) decide(b *batch, now time.Time) (result, error, error) {
	competition, one, refusal := c.team(b)
	if refusal == nil {
		refusal = one.CheckRename(c.Actor, &competition.Competition, true, now)
	}
	if refusal != nil {
		return result{}, refusal, nil
	}
	name := normal.Line(c.to)
	if one.Name == name {
		return result{team: &one.Team}, nil, nil
	}
	key := nameOfTeam(competition.ID, name)
	if err := b.fetchTeams(compete.TeamQuery{Names: []compete.TeamName{key}}); err != nil {
		return result{}, nil, err
	}
	if other := b.teams.byName[key]; other != nil && other != one {
		return result{}, compete.ErrTeamNameTaken, nil
	}
	competition.dirty = true
	b.recordAudit(compete.AuditRecord{
		At: now, Action: compete.AuditTeamRenamed, CompetitionID: competition.ID, SubjectID: one.ID,
		Before: compete.AuditFields("name", one.Name), After: compete.AuditFields("name", name),
	})
	b.teams.rename(one, name)
	return result{team: &one.Team}, nil, nil
}

type handOver struct {
	inTeam
	userID string
}

func (c *handOver) name() string { return "hand over" }

func (c *handOver) decide(b *batch, now time.Time) (result, error, error) {
	competition, one, refusal := c.team(b)
	if refusal != nil {
		return result{}, refusal, nil
	}
	to := one.member(c.userID)
	switch {
	case to == nil || to.Status == compete.RegistrationRejected && !competition.SeatsPerTeam():
		return result{}, compete.ErrTeamMemberMissing, nil
	case one.CaptainID == c.userID:
		return result{team: &one.Team}, nil, nil
	}
	err := b.handOver(competition, one, to, "", now)
	return result{team: &one.Team}, nil, err
}

type removeMember struct {
	inTeam
	userID string
}

func (c *removeMember) name() string { return "remove member" }

func (c *removeMember) decide(b *batch, now time.Time) (result, error, error) {
	if competition, r := c.own(b); r != nil {
		return c.leave(b, competition, r, now)
	}
	competition, one, refusal := c.team(b)
	if refusal != nil {
		return result{}, refusal, nil
	}
	r := one.member(c.userID)
	switch {
	case r == nil:
		return result{}, compete.ErrTeamMemberMissing, nil
	case !competition.ManagedBy(c.Actor) && competition.Started(now):
		return result{}, compete.ErrCompetitionStarted, nil
	}
	if competition.SeatsPerTeam() {
		if err := b.quit(competition, r, now); err != nil {
			return result{}, nil, err
		}
		before, seats := r.Status, r.Seats()
		b.cancel(competition, r, compete.EventRemove, now)
		r.Removal.Blocked = before == compete.RegistrationRejected
		b.notify(r, compete.MessageRemoved)
		b.recordChange(compete.AuditRemoved, "", r, before,
			compete.AuditFields("status", r.Status, "team", one.Name), now)
		if err := b.passSeat(competition, seats, now); err != nil {
			return result{}, nil, err
		}
	} else if err := b.takeOut(competition, one, r, now); err != nil {
		return result{}, nil, err
	}
	b.shutOut(competition, one, r, c.Actor, now)
	return result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}, nil, nil
}

// own returns the registration of the actor who removes themselves; nil if this is about somebody else, or they aren't
// in the team.
func (c *removeMember) own(b *batch) (*competition, *compete.Registration) {
	competition, one := b.withTeams(c.CompetitionID), b.teams.byID[c.TeamID]
	if c.userID != c.Actor.UserID || competition == nil || one == nil || one.CompetitionID != competition.ID {
		return nil, nil
	}
	return competition, one.member(c.userID)
}

// leave is the removal of oneself. Where a seat is for a team, it cancels the registration.
func (c *removeMember) leave(
	b *batch, competition *competition, r *compete.Registration, now time.Time,
) (result, error, error) {
	if competition.SeatsPerTeam() {
		return (&cancel{compete.CancelCommand{Actor: c.Actor, RegistrationID: r.ID}}).decide(b, now)
	}
	return (&changeTeam{ChangeTeamCommand: compete.ChangeTeamCommand{
		Actor: c.Actor, RegistrationID: r.ID, Change: compete.Optional[compete.TeamChange]{Set: true},
	}}).decide(b, now)
}

// takeOut takes a member out of a team, where seats are for people. They keep their place. Captains find them only once
// they look for a team.
func (b *batch) takeOut(c *competition, one *team, r *compete.Registration, now time.Time) error {
	if err := b.quit(c, r, now); err != nil {
		return err
	}
	if err := b.dropTeamAnswers(c, r); err != nil {
		return err
	}
	c.dirty = true
	b.markChanged(r, now)
	b.tell(one, r, compete.MessageTeamLeft, now)
	b.warn(c, r, now)
	b.recordAudit(compete.AuditRecord{
		At: now, Action: compete.AuditTeamChanged, UserID: r.UserID, CompetitionID: r.CompetitionID,
		SubjectID: r.ID, Before: compete.AuditFields("team", one.Name), After: compete.AuditFields("team", ""),
	})
	return nil
}
