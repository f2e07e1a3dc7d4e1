package compete

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/normal"
)

// AuditLogConfig names what NewAuditLog needs.
type AuditLogConfig struct {
	Runtime
	Store         AuditStore
	Users         UserStore
	Competitions  *Competitions
	Registrations RegistrationStore
}

// AuditLog is who reads what of the audit log.
type AuditLog struct{ config AuditLogConfig }

// NewAuditLog panics when something is missing.
func NewAuditLog(c AuditLogConfig) *AuditLog {
	mustBeComplete(c)
	return &AuditLog{c}
}

// List lists the audit log, newest first: all of it for admins, and with a CompetitionID what belongs to that
// competition for its organizer too. Who isn't an admin sees from where only of what they did themselves. Errors:
// ErrUnauthorized, ErrForbidden, Invalid; ErrCompetitionMissing for a competition that isn't the actor's, whether or
// not there is one.
func (s *AuditLog) List(ctx context.Context, a Actor, f AuditFilter, cursor string) (Page[AuditEntry], error) {
	var page Page[AuditEntry]
	wrong, err := s.check(ctx, a, f)
	if err != nil {
		return page, err
	}
	if f.Cursor, f.Limit, err = listing(wrong, "audit", cursor, f.Limit); err != nil {
		return page, err
	}
	return s.read(ctx, a, f)
}

// check says whether the actor may read what the filter asks for, and what is wrong with the filter.
func (s *AuditLog) check(ctx context.Context, a Actor, f AuditFilter) (v validation, err error) {
	if err := s.mayRead(ctx, a, f.CompetitionID); err != nil {
		return v, err
	}
	if f.Action != "" && !slices.Contains(AuditActions, f.Action) {
		v.add("action", "must be one of the actions of the audit log")
	}
	if f.PersonID != "" && !ValidID(f.PersonID) {
		v.add("person", "must be the ID of an account")
	}
	return v, nil
}

func (s *AuditLog) read(ctx context.Context, a Actor, f AuditFilter) (Page[AuditEntry], error) {
	page, err := s.config.Store.Audit(ctx, f)
	if err != nil {
		return page, err
	}
	if !a.Role.AtLeast(RoleAdmin) {
		hideAddresses(page.Items, a.UserID)
		return page, nil
	}
	return page, s.nameReported(ctx, page.Items)
}

// nameReported adds the titles of competitions that were reported.
func (s *AuditLog) nameReported(ctx context.Context, entries []AuditEntry) error {
	var ids []string
	for i := range entries {
		if id := entries[i].Reported(); id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	reported, err := s.config.Competitions.byID(ctx, ids)
	titles := make(map[string]string, len(reported))
	for i := range reported {
		titles[reported[i].ID] = reported[i].Title
	}
	for i := range entries {
		entries[i].ReportedTitle = titles[entries[i].Reported()]
	}
	return err
}

// hideAddresses leaves a person's own addresses alone: from where they did something themselves.
func hideAddresses(entries []AuditEntry, userID string) {
	for i := range entries {
		if entries[i].ActorID != userID {
			entries[i].Address = ""
		}
	}
}

// mayRead holds the actor to what List says. An admin may look at what belonged to a competition that was deleted.
func (s *AuditLog) mayRead(ctx context.Context, a Actor, competitionID string) error {
	switch {
	case competitionID == "":
		return require(a, RoleAdmin)
	case !a.LoggedIn():
		return ErrUnauthorized
	case !ValidID(competitionID):
		return ErrCompetitionMissing
	case a.Role.AtLeast(RoleAdmin):
		return nil
	}
	_, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if errors.Is(err, ErrForbidden) {
		err = ErrCompetitionMissing
	}
	return err
}

// Every is all that List would list, part by part, for an export. The first part is read before it returns, so that
// it fails as List does. An error among the others is the last that is yielded.
func (s *AuditLog) Every(ctx context.Context, a Actor, f AuditFilter) (iter.Seq2[[]AuditEntry, error], error) {
	wrong, err := s.check(ctx, a, f)
	if err == nil {
		err = wrong.err()
	}
	if err != nil {
		return nil, err
	}
	f.Cursor, f.Limit = Cursor{}, exportSize
	page, err := s.read(ctx, a, f)
	if err != nil {
		return nil, err
	}
	return func(yield func([]AuditEntry, error) bool) {
		for yield(page.Items, err) && err == nil && !page.Next.IsZero() {
			f.Cursor = page.Next
			page, err = s.read(ctx, a, f)
		}
	}, nil
}

// maxAuditPeople is how many accounts People finds at most.
const maxAuditPeople = 10

// People finds whose records somebody looks for who types a name or an email, at most ten of them: among all accounts
// for admins; for an organizer among those who registered for the competition, and the organizer. If an email address
// is what was typed, it's the only one. Errors: those of List.
func (s *AuditLog) People(ctx context.Context, a Actor, competitionID, search string) ([]Participant, error) {
	if err := s.mayRead(ctx, a, competitionID); err != nil {
		return nil, err
	}
	var v validation
	v.length("person", search, 1, MaxSearchLength)
	if err := v.err(); err != nil {
		return nil, err
	}
	find := s.registeredPeople
	if a.Role.AtLeast(RoleAdmin) {
		find = s.everyPerson
	}
	found, err := find(ctx, a, competitionID, search)
	for i := range found {
		if NormalizeEmail(found[i].Email) == NormalizeEmail(search) {
			return found[i : i+1], err
		}
	}
	return found[:min(len(found), maxAuditPeople)], err
}

func (s *AuditLog) everyPerson(ctx context.Context, _ Actor, _, search string) (people []Participant, err error) {
	users, err := s.config.Users.Users(ctx, search, Cursor{}, maxAuditPeople)
	for _, u := range users.Items {
		people = append(people, Participant{ID: u.ID, Name: u.Name, Email: u.Email})
	}
	return people, err
}

func (s *AuditLog) registeredPeople(
	ctx context.Context, a Actor, competitionID, search string,
) (people []Participant, err error) {
	me, err := s.config.Users.User(ctx, a.UserID)
	if err != nil {
		return nil, err
	}
	if strings.Contains(normal.People(me.Name, me.Email), normal.Fold(search)) {
		people = append(people, Participant{ID: me.ID, Name: me.Name, Email: me.Email})
	}
	registered, err := s.config.Registrations.RegistrationsOfCompetition(ctx, competitionID,
		RegistrationFilter{Search: search, Sort: SortArrival, Limit: maxAuditPeople})
	for i := range registered.Items {
		people = append(people, registered.Items[i].Participant)
	}
	return people, err
}

// RecordJobConsole adds to the audit log that an admin is about to change something in the job console, which runs no
// transaction of ours: what can't be recorded isn't done.
func (s *AuditLog) RecordJobConsole(ctx context.Context, a Actor, method, path string) error {
	if err := require(a, RoleAdmin); err != nil {
		return err
	}
	path = strings.ToValidUTF8(path[:min(len(path), maxConsolePath)], "")
	return s.config.Store.Record(ctx, AuditRecord{
		At: s.config.now(), Action: AuditJobConsole, ActorID: a.UserID,
		After: AuditFields("method", method, "path", path),
	})
}

// maxConsolePath bounds the path that is recorded, in bytes: those of the console are short.
const maxConsolePath = 200
