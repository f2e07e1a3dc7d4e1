package compete

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/normal"
)

// AuditLogConfig lists the dependencies of NewAuditLog.
type AuditLogConfig struct {
	Runtime
	Store         AuditStore
	Users         UserStore
	Competitions  *Competitions
	Registrations RegistrationStore
}

// AuditLog decides who can read which parts of the audit log.
type AuditLog struct{ config AuditLogConfig }

// NewAuditLog creates the service. It panics if a dependency is missing.
func NewAuditLog(c AuditLogConfig) *AuditLog {
	mustBeComplete(c)
	return &AuditLog{c}
}

// List lists the audit log, newest first. Admins see all of it; with a CompetitionID, that competition's organizer also
// sees its records, except for those of people who prepared ahead. Anyone but an admin sees network addresses only of
// their own actions. Errors: ErrUnauthorized, ErrForbidden, Invalid; ErrCompetitionMissing if the competition isn't the
// actor's, whether or not it exists.
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

// check reports whether the actor may read the requested records, and whether the filter is valid.
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
	if !a.Role.AtLeast(RoleAdmin) {
		f.Without = preparing
	}
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

// nameReported adds the titles of reported competitions.
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

// hideAddresses removes network addresses except those of the user's own actions.
func hideAddresses(entries []AuditEntry, userID string) {
	for i := range entries {
		if entries[i].ActorID != userID {
			entries[i].Address = ""
		}
	}
}

// mayRead enforces the permissions documented on List. Admins may read the records of a deleted competition.
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

// Every yields everything List would return, page by page, for an export. The first page is read before Every returns,
// so it returns the same errors as List. If a later page fails, its error is yielded last.
func (s *AuditLog) Every(ctx context.Context, a Actor, f AuditFilter) (iter.Seq2[[]AuditEntry, error], error) {
	wrong, err := s.check(ctx, a, f)
	if err == nil {
		err = wrong.err()
	}
	if err != nil {
		return nil, err
	}
	f.Limit = exportSize
	return readPagesFrom(Cursor{}, func(at Cursor) (Page[AuditEntry], error) {
		f.Cursor = at
		return s.read(ctx, a, f)
	})
}

// maxAuditPeople is the most accounts that People returns.
const maxAuditPeople = 10

// People finds up to ten accounts to filter the audit log by, from a typed name or email. Admins search all accounts;
// organizers search the people registered for the competition, and themselves. If the text is an email address, only
// the account with exactly that address matches. Errors: those of List.
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

// RecordJobConsole records in the audit log that an admin is about to change something in the job console. The console
// doesn't run in our transactions, so an action that can't be recorded isn't carried out.
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

// maxConsolePath bounds the recorded path, in bytes: the console's paths are short.
const maxConsolePath = 200
