package registrar

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// add is the registration of a person by staff.
type add struct {
	compete.AddCommand
	id    string        // of the new registration, if the person has none for the competition yet
	newID func() string // for a team that it creates
}

func (c *add) name() string { return "add" }

func (c *add) needs(n *needs) {
	n.competitionIDs.add(c.CompetitionID)
	n.places.add(c.place())
	if c.Idempotency.Wanted() {
		n.keys.add(c.key())
	}
}

func (c *add) place() compete.Place {
	return compete.Place{UserID: c.Person.UserID, CompetitionID: c.CompetitionID}
}

func (c *add) key() compete.IdempotencyKey {
	return compete.IdempotencyKey{UserID: c.Actor.UserID, Key: c.Idempotency.Key}
}

func (c *add) decide(b *batch, now time.Time) (result, error, error) {
	competition, refusal := b.managed(c.CompetitionID, c.Actor)
	if refusal != nil {
		return result{}, refusal, nil
	}
	if record, ok := b.records[c.key()]; ok {
		outcome := compete.RegistrationOutcome{Replayed: true}
		refusal := record.Replay(c.Idempotency, &outcome)
		return result{outcome: outcome}, refusal, nil
	}
	held := b.places[c.place()]
	if held != nil && held.Status != compete.RegistrationCancelled && competition.Status != compete.StatusCancelled {
		return result{}, compete.ErrAlreadyRegistered, nil
	}
	due, err := b.due(competition)
	if err != nil {
		return result{}, nil, err
	}
	entry := c.Entry
	var joins *team
	if entry.Team.Code != "" && competition.Team != nil {
		if joins = b.chosen(competition, entry.Team.Code); joins != nil {
			entry.DivisionID = joins.captain().DivisionID
		}
	}
	status, widen, refusal := competition.AdmitAdded(entry, now, due, c.OverCapacity)
	if competition.Team != nil && !entry.Team.IsZero() {
		status, widen, refusal = c.intoTeam(b, competition, joins, status, widen, refusal)
	}
	if refusal == nil {
		refusal = competition.CheckRegistrant(c.Person, held)
		if errors.Is(refusal, compete.ErrRejectedBefore) { // staff decide anew
			refusal = nil
		}
	}
	if refusal == nil {
		refusal, err = c.createAccount(b)
	}
	if refusal != nil || err != nil {
		return result{}, refusal, err
	}
	if widen {
		before := competition.Competition
		competition.Widen(entry.DivisionID, due, now)
		b.replace(competition, before)
		b.recordContent(compete.AuditCompetitionUpdated, &before, &competition.Competition, now)
	}
	press := register{RegisterCommand: compete.RegisterCommand{
		Actor: c.Person, CompetitionID: c.CompetitionID, Entry: entry,
	}, id: c.id, newID: c.newID, byStaff: true}
	entry = b.added(entry, competition)
	registration := press.admit(b, competition, held, entry, joins, status, now)
	b.enter(competition, registration, entry)
	outcome := compete.RegistrationOutcome{Registration: *registration, Competition: competition.Summary()}
	if !c.Idempotency.Wanted() {
		return result{outcome: outcome}, nil, nil
	}
	// The whole outcome is recorded: whom the key's owner added isn't known from the request.
	body, err := json.Marshal(outcome)
	outcome.Record = b.keep(c.Idempotency.Record(c.Actor.UserID, body, now))
	return result{outcome: outcome}, nil, err
}

// createAccount creates the account of somebody who has none, once nothing else is in the way: nobody gets one for
// nothing.
func (c *add) createAccount(b *batch) (refusal, err error) {
	if c.Account == nil {
		return nil, nil
	}
	taken, err := b.tx.AddUser(b.ctx, *c.Account)
	if err != nil {
		return nil, err
	}
	if taken {
		return compete.ErrEmailTaken, nil
	}
	b.recordAudit(compete.AuditRecord{
		At: c.Account.CreatedAt, Action: compete.AuditAccountCreated, UserID: c.Account.ID,
		After: compete.AuditFields("role", c.Account.Role),
	})
	return nil, nil
}

// due reports whether a free seat belongs to somebody who waits. With review, it belongs to whom staff choose.
func (b *batch) due(c *competition) (bool, error) {
	if c.Reviewed() {
		return false, nil
	}
	first, err := b.firstWaiting(c)
	return first != nil, err
}

// intoTeam adds to the decision about the person what their team has to do with it.
func (c *add) intoTeam(
	b *batch, competition *competition, joins *team, status compete.RegistrationStatus, widen bool, refusal error,
) (compete.RegistrationStatus, bool, error) {
	full := errors.Is(refusal, compete.ErrCompetitionFull) || errors.Is(refusal, compete.ErrDivisionFull) ||
		errors.Is(refusal, compete.ErrCapacityLimit)
	switch {
	case refusal != nil && !full:
		return status, widen, refusal
	case c.Entry.Team.Name != "":
		if b.nameTaken(competition, c.Entry.Team.Name) {
			refusal = compete.ErrTeamNameTaken
		}
		return status, widen, refusal
	case joins == nil:
		return status, widen, compete.ErrTeamMissing
	}
	captain := joins.captain()
	if wrong := competition.CheckPlace(joins.size(), captain); wrong != nil {
		return status, widen, wrong
	}
	if competition.SeatsPerTeam() {
		return captain.Status.Along(), false, nil
	}
	return status, widen, refusal
}
