package registrar

import (
	"errors"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// decider is the part of a command that knows what it needs to read and what it does. decide returns the answer, a
// refusal (also an answer), or a database error that aborts the whole batch. now is the timestamp of the command's
// arrival.
type decider interface {
	name() string
	needs(n *needs)
	decide(b *batch, now time.Time) (answer result, refusal, err error)
}

type register struct {
	compete.RegisterCommand
	id      string        // of the new registration, if the user has none for the competition yet
	newID   func() string // for a team that it creates
	byStaff bool          // who add the user
}

func (c *register) name() string { return "register" }

func (c *register) needs(n *needs) {
	n.competitionIDs.add(c.CompetitionID)
	n.places.add(c.place())
	if c.Idempotency.Wanted() {
		n.keys.add(c.key())
	}
}

func (c *register) place() compete.Place {
	return compete.Place{UserID: c.Actor.UserID, CompetitionID: c.CompetitionID}
}

func (c *register) key() compete.IdempotencyKey {
	return compete.IdempotencyKey{UserID: c.Actor.UserID, Key: c.Idempotency.Key}
}

func (c *register) decide(b *batch, now time.Time) (result, error, error) {
	competition := b.competitions[c.CompetitionID]
	if competition == nil {
		return result{}, compete.ErrCompetitionMissing, nil
	}
	if record, ok := b.records[c.key()]; ok {
		return c.again(b, &record, competition)
	}
	held := b.places[c.place()]
	if held != nil && held.Status != compete.RegistrationCancelled && competition.Status != compete.StatusCancelled {
		return result{}, compete.ErrAlreadyRegistered, nil
	}
	entry, err := b.entry(c, competition)
	if err != nil {
		return result{}, nil, err
	}
	var joins *team
	if code := entry.Team.Code; code != "" && competition.Team != nil {
		joins = b.chosen(competition, code)
	}
	status, refusal, err := c.admissible(b, competition, held, &entry, joins, now)
	if refusal == nil && err == nil { // codes can't be tried out where nobody gets in
		refusal = c.checkAccess(b, competition, &entry)
		// Only who may enter gets to know what teams there are.
		if refusal == nil && competition.Team != nil && entry.Team.Name != "" &&
			b.nameTaken(competition, entry.Team.Name) {
			refusal = compete.ErrTeamNameTaken
		}
	}
	if refusal != nil || err != nil {
		return result{}, refusal, err
	}
	registration := c.admit(b, competition, held, entry, joins, status, now)
	b.enter(competition, registration, entry)
	outcome := compete.RegistrationOutcome{Registration: *registration, Competition: competition.Summary()}
	outcome.Record, err = c.keepOutcome(b, &outcome, now)
	return result{outcome: outcome}, nil, err
}

// admissible decides what the actor gets now, or returns the reason for a refusal. Whoever joins a team takes over its
// division.
func (c *register) admissible(
	b *batch, competition *competition, held *compete.Registration, entry *compete.Entry, joins *team, now time.Time,
) (compete.RegistrationStatus, error, error) {
	if refusal := competition.CheckRegistrant(c.Actor, held); refusal != nil {
		return "", refusal, nil
	}
	if c.Unverified && competition.Drawn() {
		return "", compete.ErrEmailUnverified, nil
	}
	if competition.Team != nil && entry.Team.Code != "" {
		status, refusal := c.teamAdmissible(b, competition, entry, joins, now)
		if status != "" || refusal != nil {
			return status, refusal, nil
		}
	}
	status, refusal := competition.Admit(*entry, now)
	queues := status == compete.RegistrationWaitlisted || errors.Is(refusal, compete.ErrCompetitionFull)
	if !queues || !competition.Room(entry.DivisionID) {
		return status, refusal, nil
	}
	// Seats are free although people are waiting. The seats are theirs, unless all of them are to be skipped.
	waiting, err := b.firstWaiting(competition)
	if err == nil && waiting == nil {
		status, refusal = compete.RegistrationPending, nil
	}
	return status, refusal, err
}

// checkAccess fails like Competition.CheckAccess, unless the actor typed the code ahead and it's still the same.
func (c *register) checkAccess(b *batch, competition *competition, entry *compete.Entry) error {
	if c.Entry.AccessCode == "" && entry.Access != "" {
		if competition.access == "" {
			competition.access = competition.AccessDigest(b.sealer)
		}
		if entry.Access == competition.access {
			return nil
		}
	}
	return competition.CheckAccess(c.Entry.AccessCode, b.sealer)
}

// teamAdmissible decides for somebody who joins a team what the team has to do with. If it returns neither a
// status nor a refusal, the rest is as for everybody. Codes can't be tried out where nobody could get in with one.
func (c *register) teamAdmissible(
	b *batch, competition *competition, entry *compete.Entry, joins *team, now time.Time,
) (compete.RegistrationStatus, error) {
	refusal := competition.CheckJoining(*entry, now)
	if refusal == nil {
		refusal = c.checkAccess(b, competition, entry)
	}
	switch {
	case refusal != nil:
		return "", refusal
	case joins == nil:
		return "", compete.ErrTeamMissing
	}
	captain := joins.captain()
	entry.DivisionID = captain.DivisionID
	if refusal := competition.CheckJoin(joins.size(), captain); refusal != nil || !competition.SeatsPerTeam() {
		return "", refusal
	}
	return captain.Status.Along(), nil
}

// admit assigns the seat, or the place on the waitlist, or among the applications.
func (c *register) admit(
	b *batch, competition *competition, held *compete.Registration, entry compete.Entry, joins *team,
	status compete.RegistrationStatus, now time.Time,
) *compete.Registration {
	r, before := held, compete.RegistrationCancelled
	if r == nil {
		r, before = &compete.Registration{RegistrationState: compete.RegistrationState{
			ID:            c.id,
			CompetitionID: c.CompetitionID,
		}, UserID: c.Actor.UserID}, ""
		b.addNew(r)
	}
	event, action := compete.EventRegister, compete.AuditRegistered
	if c.byStaff {
		event, action = compete.EventAdd, compete.AuditAdded
	}
	r.RegisteredAt, r.Removal, r.TeamID, r.Looking = now, compete.Removal{}, "", entry.LookingForTeam
	if r.Follows = joins != nil && competition.SeatsPerTeam(); r.Follows {
		event = compete.EventJoin
	}
	r.Take(event, status)
	b.place(competition, r, entry.DivisionID, now)
	if r.Follows {
		offeredAlong(r, joins.captain())
	}
	switch {
	case joins != nil:
		b.join(competition, joins, r)
	case entry.Team.Name != "":
		b.create(competition, r, entry.Team.Name, c.newID(), r.Seq, now)
	default:
		b.warn(competition, r, now)
	}
	b.recordChange(action, "", r, before, statusAndSeq(r), now)
	return r
}

// place puts a registration, whose status says whether it gets a seat, waits or applies, at the end of the order of
// arrival.
func (b *batch) place(c *competition, r *compete.Registration, divisionID string, now time.Time) {
	r.DivisionID, r.Seq, r.PromotedAt, r.ConfirmBy = divisionID, c.NextSeq, nil, nil
	c.NextSeq++
	c.dirty = true
	b.markChanged(r, now)
	switch r.Status { //nolint:exhaustive // nobody arrives with another one
	case compete.RegistrationPending:
		if seats := r.Seats(); seats > 0 {
			c.ChangeSeats(divisionID, -seats, 0)
			c.taken += seats
		}
		b.notify(r, compete.MessageConfirmed)
		return
	case compete.RegistrationApplied:
		b.notify(r, compete.MessageApplied)
		return
	case compete.RegistrationOffered: // only with a team, whose captain's registration holds the seat
		b.notify(r, compete.MessageOffered)
		return
	}
	if r.Follows { // its captain's registration is the one in line
		b.notify(r, compete.MessageWaitlisted)
		return
	}
	c.ChangeSeats(divisionID, 0, 1)
	r.Position = c.Waitlisted
	if d := c.Division(divisionID); d != nil {
		r.Position = d.Waitlisted
	}
	if line := c.waiting[divisionID]; line != nil && !slices.Contains(b.disabled, r.ID) {
		line.join(r)
	}
	b.notify(r, compete.MessageWaitlisted)
}

// keepOutcome records the outcome for the idempotency key, if one was sent.
func (c *register) keepOutcome(
	b *batch, outcome *compete.RegistrationOutcome, now time.Time,
) (*compete.IdempotencyRecord, error) {
	if !c.Idempotency.Wanted() {
		return nil, nil
	}
	body, err := (*compete.RecordedOutcome)(outcome).JSON()
	return b.keep(c.Idempotency.Record(c.Actor.UserID, body, now)), err
}

// again replays the recorded answer.
func (c *register) again(b *batch, record *compete.IdempotencyRecord, competition *competition) (result, error, error) {
	outcome := compete.RegistrationOutcome{Replayed: true}
	if refusal := record.Replay(c.Idempotency, &outcome); refusal != nil {
		return result{}, refusal, nil
	}
	if outcome.Whole() { // recorded by a version that stored the content too
		return result{outcome: outcome}, nil, nil
	}
	content, err := b.contentAt(competition, outcome.Competition.Version)
	outcome.Complete(c.Actor.UserID, content)
	return result{outcome: outcome}, nil, err
}

// contentAt returns the competition's content in a version. If an older version of this program replaced that content,
// it returns the current one.
func (b *batch) contentAt(c *competition, version int) (compete.Competition, error) {
	if c.Version == version {
		return c.Competition, nil
	}
	for i := range b.replaced {
		if before := &b.replaced[i]; before.ID == c.ID && before.Version == version {
			return *before, nil
		}
	}
	content, found, err := b.tx.EarlierContent(b.ctx, c.ID, version)
	if !found {
		content = c.Competition
	}
	return content, err
}

type update struct {
	compete.UpdateCommand
	newID func() string // for what the change adds
}

func (c *update) name() string { return "update" }

func (c *update) needs(n *needs) { n.competitionIDs.add(c.CompetitionID) }

func (c *update) decide(b *batch, now time.Time) (result, error, error) {
	competition, refusal := b.managed(c.CompetitionID, c.Actor)
	if refusal != nil {
		return result{}, refusal, nil
	}
	if c.Version != 0 && c.Version != competition.Version {
		return result{}, compete.ErrVersionMismatch, nil
	}
	changed, refusal := competition.Apply(c.Change, now)
	if refusal != nil {
		return result{}, refusal, nil
	}
	if competition.Unpublished && !changed.Unpublished && !c.Actor.Role.AtLeast(compete.RoleAdmin) {
		return result{}, compete.ErrUnpublished, nil
	}
	changed.NumberDivisions(c.newID)
	before := competition.Competition
	if refusal, err := b.keepKinds(competition, &changed, c.Unanswered); refusal != nil || err != nil {
		return result{}, refusal, err
	}
	if changed.AdmittedBy() != before.AdmittedBy() {
		if some, err := b.anyRegistered(competition, ""); err != nil || some {
			return result{}, compete.ErrAdmissionFixed, err
		}
	}
	if changed.TeamsFixed(&before.CompetitionContent) {
		if some, err := b.anyRegistered(competition, ""); err != nil || some {
			return result{}, compete.ErrTeamsFixed, err
		}
	}
	// Whoever cancelled has answered, too.
	if anyone := competition.NextSeq > 1; anyone && changed.KeepsLonger(&before.CompetitionContent) {
		return result{}, compete.ErrKeptLonger, nil
	}
	if refusal, err := b.checkApplications(competition, &changed); refusal != nil || err != nil {
		return result{}, refusal, err
	}
	competition.Competition, competition.asked, competition.access = changed, "", ""
	b.move(competition, c.newID, before.Schedule())
	b.recordContent(updateAction(&before, &changed), &before, &changed, now)
	return b.changedContent(competition, before, now)
}

// changedContent marks a competition's new content for writing, and makes the changes that follow from it.
func (b *batch) changedContent(c *competition, before compete.Competition, now time.Time) (result, error, error) {
	b.replace(c, before)
	more, err := b.settlePage(c, now)
	if more {
		b.settle = append(b.settle, c.ID)
	}
	return result{outcome: compete.RegistrationOutcome{Competition: c.Competition}}, nil, err
}

// replace marks a competition's new content for writing.
func (b *batch) replace(c *competition, before compete.Competition) {
	c.ContentSet, c.dirty = true, true
	b.replaced = append(b.replaced, before)
}

// managed returns a competition that the actor may change.
func (b *batch) managed(id string, a compete.Actor) (*competition, error) {
	c := b.competitions[id]
	if c == nil {
		return nil, compete.ErrCompetitionMissing
	}
	return c, c.CheckManager(a)
}

type cancelCompetition struct {
	compete.CancelCompetitionCommand
}

func (c *cancelCompetition) name() string { return "cancel competition" }

func (c *cancelCompetition) needs(n *needs) { n.competitionIDs.add(c.CompetitionID) }

func (c *cancelCompetition) decide(b *batch, now time.Time) (result, error, error) {
	competition, refusal := b.managed(c.CompetitionID, c.Actor)
	if refusal != nil {
		return result{}, refusal, nil
	}
	if competition.Status == compete.StatusCancelled {
		return result{outcome: compete.RegistrationOutcome{Competition: competition.Competition}}, nil, nil
	}
	before := competition.Competition
	competition.Discarded = competition.Status == compete.StatusDraft && !competition.Unpublished
	competition.Status, competition.UpdatedAt = compete.StatusCancelled, now
	competition.Version++
	b.replace(competition, before)
	b.recordContent(compete.AuditCompetitionCancelled, &before, &competition.Competition, now)
	more, err := b.cancelPage(competition, now)
	if more {
		b.settle = append(b.settle, c.CompetitionID)
	}
	return result{outcome: compete.RegistrationOutcome{Competition: competition.Competition}}, nil, err
}

type settle struct{ competitionID string }

func (c *settle) name() string { return "settle" }

func (c *settle) needs(n *needs) { n.competitionIDs.add(c.competitionID) }

func (c *settle) decide(b *batch, now time.Time) (result, error, error) {
	competition := b.competitions[c.competitionID]
	if competition == nil {
		return result{}, compete.ErrCompetitionMissing, nil
	}
	b.notified = append(b.notified, c.competitionID)
	if competition.Status == compete.StatusCancelled {
		more, err := b.cancelPage(competition, now)
		return result{more: more}, nil, err
	}
	passing, err := b.passOn(competition, now)
	if err != nil {
		return result{}, nil, err
	}
	more, err := b.settlePage(competition, now)
	return result{more: more || passing}, nil, err
}

// cancelPage cancels a page of a cancelled competition's registrations and reports whether there are more.
func (b *batch) cancelPage(c *competition, now time.Time) (bool, error) {
	// The database may still list registrations that this batch has changed as uncancelled, so read that many more.
	n := pageSize + len(b.updated)
	rows, err := b.tx.Uncancelled(b.ctx, c.ID, "", n)
	if err != nil {
		return false, err
	}
	for _, r := range b.page(rows) {
		if r.CompetitionID == c.ID && r.Status != compete.RegistrationCancelled {
			before := r.Status
			b.cancel(c, r, compete.EventCompetition, now)
			b.recordChange(compete.AuditCancelled, compete.ViaJob, r, before,
				compete.AuditFields("status", r.Status, "reason", r.CancelReason), now)
			if before.Hopeful() {
				b.notify(r, compete.MessageCompetitionCancelled)
			}
		}
	}
	return len(rows) == n, nil
}

// page returns registrations that were read as this batch has left them, and those that it has changed or made: they
// aren't in the database yet, or are different there.
func (b *batch) page(rows []compete.Registration) []*compete.Registration {
	b.addRead(rows)
	page := make([]*compete.Registration, len(rows))
	for i, row := range rows {
		page[i] = b.byID[row.ID]
	}
	return slices.Concat(page, b.updated, b.inserted)
}

// settlePage does a page of the work that follows from a change of a competition that isn't cancelled, and reports
// whether there is more.
func (b *batch) settlePage(c *competition, now time.Time) (bool, error) {
	offers, err := b.shorten(c, now)
	if err != nil {
		return offers, err
	}
	seats := false
	if c.Reviewed() { // a seat that nobody gave up is assigned by a decision
		seats, err = b.settleFreed(c, now)
	} else {
		seats, err = b.promote(c, pageSize, now)
	}
	return offers || seats, err
}
