package registrar

import (
	"cmp"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
)

// team is a team as this batch has changed it.
type team struct {
	compete.Team
	members []*compete.Registration // that aren't cancelled, in order of Seq
	brief   *compete.TeamBrief      // of those that are missing from members; nil if none are
	isDirty bool
	isNew   bool
}

// captain returns the registration of the captain, who is always a member.
func (t *team) captain() *compete.Registration {
	if t.brief != nil {
		return &t.brief.Captain
	}
	return t.member(t.CaptainID)
}

// member returns the registration of a member; nil if the user isn't one.
func (t *team) member(userID string) *compete.Registration {
	for _, m := range t.members {
		if m.UserID == userID {
			return m
		}
	}
	return nil
}

// size counts the members, without those whose application was rejected.
func (t *team) size() (n int) {
	if t.brief != nil {
		n = t.brief.Size
	}
	for _, m := range t.members {
		if m.Status.Hopeful() {
			n++
		}
	}
	return n
}

// successor returns who becomes captain when a member leaves: of the others, whoever has been in the competition for
// longest, and somebody who was rejected only if all were; nil if there are no others.
func (t *team) successor(leaving *compete.Registration) (next *compete.Registration) {
	for _, m := range t.members {
		switch {
		case m == leaving:
		case m.Status.Hopeful():
			return m
		case next == nil:
			next = m
		}
	}
	return next
}

// alone reports whether a member has no others beside them, apart from those whose application was rejected.
func (t *team) alone(r *compete.Registration) bool {
	next := t.successor(r)
	return next == nil || !next.Status.Hopeful()
}

// needs reports whether a captain who leaves has to choose the next one: there is somebody whom they can choose.
func (t *team) needs(captain *compete.Registration) bool {
	return t.CaptainID == captain.UserID && !t.alone(captain)
}

func (t *team) sort() {
	slices.SortFunc(t.members, func(a, b *compete.Registration) int { return cmp.Compare(a.Seq, b.Seq) })
}

// teams are the teams that a batch has read or created.
type teams struct {
	byID     map[string]*team
	byNumber map[compete.TeamNumber]*team
	byName   map[compete.TeamName]*team
	dirty    []*team
	gone     []string
	handed   []compete.HandOver
}

func (t *teams) add(one *team) {
	if t.byID == nil {
		t.byID, t.byNumber, t.byName = map[string]*team{}, map[compete.TeamNumber]*team{}, map[compete.TeamName]*team{}
	}
	t.byID[one.ID] = one
	t.byNumber[compete.TeamNumber{CompetitionID: one.CompetitionID, Number: one.Number}] = one
	t.byName[nameOfTeam(one.CompetitionID, one.Name)] = one
}

// end forgets a team in which nobody is any more.
func (t *teams) end(one *team) {
	delete(t.byID, one.ID)
	delete(t.byNumber, compete.TeamNumber{CompetitionID: one.CompetitionID, Number: one.Number})
	delete(t.byName, nameOfTeam(one.CompetitionID, one.Name))
	t.gone = append(t.gone, one.ID)
}

// rename gives a team another name.
func (t *teams) rename(one *team, name string) {
	delete(t.byName, nameOfTeam(one.CompetitionID, one.Name))
	one.Name = name
	t.byName[nameOfTeam(one.CompetitionID, name)] = one
	t.markChanged(one)
}

func (t *teams) markChanged(one *team) {
	if !one.isDirty {
		one.isDirty = true
		t.dirty = append(t.dirty, one)
	}
}

// changed returns the teams to write: those that are new, and those that were there before.
func (t *teams) changed() (added, saved []compete.Team) {
	for _, one := range t.dirty {
		switch {
		case t.byID[one.ID] == nil:
		case one.isNew:
			added = append(added, one.Team)
		default:
			saved = append(saved, one.Team)
		}
	}
	return added, saved
}

func nameOfTeam(competitionID, name string) compete.TeamName {
	return compete.TeamName{CompetitionID: competitionID, Key: compete.TeamKey(name)}
}

// readTeams reads the teams that the commands are about, all at once. For competitions without teams, nothing is read.
func (b *batch) readTeams() error {
	var q compete.TeamQuery
	for _, c := range b.commands {
		switch d := c.decider.(type) {
		case *register:
			if competition := b.withTeams(d.CompetitionID); competition != nil {
				team := d.Entry.Team
				if prepared, ok := b.prepared[d.place()]; ok && d.Entry.IsZero() {
					team = prepared.team
				}
				addChoice(&q, d.CompetitionID, team)
			}
		case *add:
			if b.withTeams(d.CompetitionID) != nil {
				addChoice(&q, d.CompetitionID, d.Entry.Team)
			}
		case interface{ teamID() string }:
			addID(&q, d.teamID())
		}
	}
	for _, r := range b.byID {
		addID(&q, r.TeamID)
	}
	q.Joined, q.Numbers = q.Numbers, nil // those who register, and who are added, only join
	return b.fetchTeams(q)
}

func addID(q *compete.TeamQuery, id string) {
	if id != "" && !slices.Contains(q.IDs, id) {
		q.IDs = append(q.IDs, id)
	}
}

func addChoice(q *compete.TeamQuery, competitionID string, choice compete.TeamChoice) {
	if choice.Name != "" {
		q.Names = append(q.Names, nameOfTeam(competitionID, choice.Name))
	}
	if number := choice.Code.Number(); number > 0 {
		q.Numbers = append(q.Numbers, compete.TeamNumber{CompetitionID: competitionID, Number: number})
	}
}

// withTeams returns a competition that has teams; nil if it has none.
func (b *batch) withTeams(id string) *competition {
	if c := b.competitions[id]; c != nil && c.Team != nil {
		return c
	}
	return nil
}

func (b *batch) fetchTeams(q compete.TeamQuery) error {
	if q.IsZero() {
		return nil
	}
	found, err := b.tx.Teams(b.ctx, q)
	if err != nil {
		return err
	}
	for _, f := range found {
		one := b.teams.byID[f.ID]
		if one != nil && (one.brief == nil || f.Brief != nil) || slices.Contains(b.teams.gone, f.ID) {
			continue
		}
		b.addRead(f.Members)
		if one == nil {
			one = &team{Team: f.Team}
			b.teams.add(one)
		}
		one.brief = f.Brief
		// Apart from those who joined, this batch hasn't changed who is in a team that it hasn't read.
		joined := one.members
		one.members = make([]*compete.Registration, 0, len(f.Members)+len(joined))
		for i := range f.Members {
			one.members = append(one.members, b.byID[f.Members[i].ID])
		}
		one.members = append(one.members, joined...)
	}
	return nil
}

// fetchTeamsOf reads the teams of registrations for a competition, all at once.
func (b *batch) fetchTeamsOf(c *competition, registrations []compete.Registration) error {
	if c.Team == nil {
		return nil
	}
	var q compete.TeamQuery
	for i := range registrations {
		addID(&q, registrations[i].TeamID)
	}
	return b.fetchTeams(q)
}

// teamOf returns the team of a registration; nil if it is in none.
func (b *batch) teamOf(r *compete.Registration) (*team, error) {
	if r.TeamID == "" || r.Status == compete.RegistrationCancelled {
		return nil, nil
	}
	if one := b.teams.byID[r.TeamID]; one == nil || one.brief != nil {
		if err := b.fetchTeams(compete.TeamQuery{IDs: []string{r.TeamID}}); err != nil {
			return nil, err
		}
	}
	return b.teams.byID[r.TeamID], nil
}

// chosen returns the team with a code; nil if there is none.
func (b *batch) chosen(c *competition, code compete.TeamCode) *team {
	one := b.teams.byNumber[compete.TeamNumber{CompetitionID: c.ID, Number: code.Number()}]
	compared := compete.Team{}
	if one != nil {
		compared = one.Team
	}
	right := compared.Is(code, b.sealer) // for a team that isn't there, this takes as long
	// The pages of a cancelled competition may have reached the captain and not yet the others.
	if !right || one.captain() == nil {
		return nil
	}
	return one
}

// nameTaken reports whether a team of the competition has the name.
func (b *batch) nameTaken(c *competition, name string) bool {
	return b.teams.byName[nameOfTeam(c.ID, name)] != nil
}

// create makes a team with a registration as its only member.
func (b *batch) create(c *competition, r *compete.Registration, name, id string, number int64, now time.Time) {
	one := &team{isNew: true, Team: compete.Team{
		ID: id, CompetitionID: c.ID, Number: number, Name: normal.Line(name), CaptainID: r.UserID, CreatedAt: now,
	}}
	b.teams.add(one)
	b.teams.markChanged(one)
	one.members = []*compete.Registration{r}
	r.TeamID, r.Follows, r.Looking = id, false, false
	b.warn(c, r, now)
}

// warn has somebody told later that they are in no team, or for a captain that theirs has too few members, if that is
// so by then.
func (b *batch) warn(c *competition, r *compete.Registration, now time.Time) {
	if wait, ok := c.WarnsOfTeam(now); ok && r.Status.Hopeful() {
		b.later(r, compete.MessageTeamTooSmall, c.TeamWarningID(now), wait)
	}
}

// join makes a registration a member. Where seats are for teams, it follows the captain's.
func (b *batch) join(c *competition, one *team, r *compete.Registration) {
	one.members = append(one.members, r)
	one.sort()
	r.TeamID, r.Follows, r.Looking = one.ID, c.SeatsPerTeam(), false
}

// quit takes a registration out of its team, before it is changed otherwise. The captain's role, with the team's seat
// or place in line, passes on to its successor; without other members the team ends.
func (b *batch) quit(c *competition, r *compete.Registration, now time.Time) error {
	one, err := b.teamOf(r)
	if err != nil || one == nil {
		return err
	}
	if next := one.successor(r); next != nil && one.CaptainID == r.UserID {
		if err := b.handOver(c, one, next, compete.ViaJob, now); err != nil {
			return err
		}
		b.passOnLater(c)
	}
	one.members = slices.DeleteFunc(one.members, func(m *compete.Registration) bool { return m == r })
	if len(one.members) == 0 {
		b.teams.end(one)
	} else if captain := one.captain(); captain != nil && c.Team != nil && one.size() == c.Team.Min-1 {
		b.warn(c, captain, now) // too small from now on
	}
	r.TeamID = ""
	return nil
}

// handOver makes another member the captain. Where seats are for teams, the two exchange their places in the order of
// arrival, so that the team keeps its own.
func (b *batch) handOver(c *competition, one *team, to *compete.Registration, via compete.Via, now time.Time) error {
	from := one.captain()
	one.CaptainID = to.UserID
	b.teams.markChanged(one)
	c.dirty = true
	b.recordAudit(compete.AuditRecord{
		At: now, Action: compete.AuditTeamHandedOver, Via: via, UserID: to.UserID, CompetitionID: c.ID,
		SubjectID: one.ID, Before: compete.AuditFields("captainId", from.UserID),
		After: compete.AuditFields("captainId", to.UserID),
	})
	if err := b.handAnswers(c, from, to); err != nil {
		return err
	}
	if c.SeatsPerTeam() {
		b.exchange(c, one, from, to, now)
	}
	b.tell(one, to, compete.MessageTeamCaptain, now)
	return nil
}

// exchange gives a new captain the place of the former one in the order of arrival, and the other way round.
func (b *batch) exchange(c *competition, one *team, from, to *compete.Registration, now time.Time) {
	from.Seq, to.Seq = to.Seq, from.Seq
	from.Follows, to.Follows = true, false
	b.markChanged(from, now)
	b.markChanged(to, now)
	one.sort()
	delete(c.waiting, to.DivisionID) // it's read anew when a seat becomes free
	c.handed = true
	b.teams.handed = append(b.teams.handed, compete.HandOver{From: from.ID, To: to.ID})
}

// tell requests a message about a team that somebody may get several times.
func (b *batch) tell(one *team, r *compete.Registration, kind compete.MessageKind, now time.Time) {
	b.notices = append(b.notices, compete.Notice{
		RegistrationID: r.ID, Seq: r.Seq, Kind: kind, OccasionID: one.EventID(kind, r.ID, now), Trace: b.trace,
	})
}

// along calls f with every registration that follows a captain's.
func (b *batch) along(c *competition, captain *compete.Registration, f func(*compete.Registration)) error {
	if !c.SeatsPerTeam() || captain.Follows {
		return nil
	}
	one, err := b.teamOf(captain)
	if err != nil || one == nil {
		return err
	}
	for _, m := range one.members {
		if m != captain {
			f(m)
		}
	}
	return nil
}

// follow gives the members of a team the status that their captain's registration has just got.
func (b *batch) follow(
	c *competition, captain *compete.Registration, by compete.Event, action compete.AuditAction, via compete.Via,
	kind compete.MessageKind, now time.Time,
) error {
	return b.along(c, captain, func(m *compete.Registration) {
		before := m.Status
		m.Take(by, captain.Status)
		m.PromotedAt, m.ConfirmBy = captain.PromotedAt, captain.ConfirmBy
		b.markChanged(m, now)
		b.recordChange(action, via, m, before, statusAndSeq(m), now)
		b.notify(m, kind)
	})
}

// end cancels a registration. Where seats are for teams and it is the captain's, the whole team goes; else only this
// one leaves its team.
func (b *batch) end(
	c *competition, r *compete.Registration, by compete.Event, action compete.AuditAction, via compete.Via,
	message compete.MessageKind, now time.Time,
) error {
	going := []*compete.Registration{r}
	if err := b.along(c, r, func(m *compete.Registration) { going = append(going, m) }); err != nil {
		return err
	}
	slices.Reverse(going) // the captain last, so that the role isn't passed on
	for _, g := range going {
		if err := b.quit(c, g, now); err != nil {
			return err
		}
		before := g.Status
		b.cancel(c, g, by, now)
		b.recordChange(action, via, g, before, compete.AuditFields("status", g.Status, "reason", g.CancelReason), now)
		b.notify(g, message)
	}
	return nil
}
