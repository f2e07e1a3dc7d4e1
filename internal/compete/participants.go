package compete

import (
	"context"
	"iter"
	"time"
)

// exportSize is how many registrations of an export are held in memory at a time: one or two megabytes.
const exportSize = 5000

// List lists the registrations of a competition, for its staff. It uses cursor instead of filter.Cursor.
func (s *Registrations) List(
	ctx context.Context, a Actor, competitionID, cursor string, filter RegistrationFilter,
) (Page[ParticipantRegistration], error) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return Page[ParticipantRegistration]{}, err
	}
	return s.ListOf(ctx, a, &c, cursor, filter)
}

// ListOf is List for a competition that has been read.
func (s *Registrations) ListOf(
	ctx context.Context, a Actor, c *Competition, cursor string, filter RegistrationFilter,
) (Page[ParticipantRegistration], error) {
	var none Page[ParticipantRegistration]
	if err := c.CheckManager(a); err != nil {
		return none, err
	}
	at, limit, err := listing(filter.check(c, s.config.now()), filter.Sort.List(), cursor, filter.Limit)
	if err != nil {
		return none, err
	}
	filter.Cursor, filter.Limit, filter.Asked, filter.Teams = at, limit, len(c.Questions) > 0, c.Team != nil
	return s.registrationsOf(ctx, c, filter)
}

// registrationsOf reads a page of registrations, without answers that aren't kept any more.
func (s *Registrations) registrationsOf(
	ctx context.Context, c *Competition, filter RegistrationFilter,
) (Page[ParticipantRegistration], error) {
	page, err := s.config.Store.RegistrationsOfCompetition(ctx, c.ID, filter)
	if c.Questions.HaveSensitive() && c.SensitiveOver(s.config.now()) {
		for i := range page.Items {
			page.Items[i].Answers = c.Questions.Lasting(page.Items[i].Answers)
		}
	}
	return page, err
}

// Every reads everything that List would list, part by part. It reads the first part immediately, so that errors
// surface before anything is sent, and each further part once the previous one has been processed. If one of those
// fails, the error is the last value yielded.
func (s *Registrations) Every(ctx context.Context, a Actor, competitionID, cursor string, filter RegistrationFilter) (
	iter.Seq2[[]ParticipantRegistration, error], error,
) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return nil, err
	}
	at, _, err := listing(filter.check(&c, s.config.now()), filter.Sort.List(), cursor, 0)
	if err != nil {
		return nil, err
	}
	filter.Limit, filter.Asked, filter.Teams = exportSize, len(c.Questions) > 0, c.Team != nil
	return readPagesFrom(at, func(at Cursor) (Page[ParticipantRegistration], error) {
		filter.Cursor = at
		return s.registrationsOf(ctx, &c, filter)
	})
}

// ByStatus counts the registrations of a competition that match a filter whatever their status, by status. Statuses
// without registrations are omitted. Unless all is set, it returns nil instead of counting a large number of matches.
func (s *Registrations) ByStatus(
	ctx context.Context, a Actor, c *Competition, f RegistrationFilter, all bool,
) (map[RegistrationStatus]int, error) {
	if err := c.CheckManager(a); err != nil {
		return nil, err
	}
	wrong := f.check(c, s.config.now())
	if err := wrong.err(); err != nil {
		return nil, err
	}
	f.Teams = c.SeatsPerTeam()
	return s.config.Store.RegistrationsByStatus(ctx, c.ID, f, all)
}

// Offers counts open offers, by competition id, for those of the given competitions that make offers and that the actor
// manages.
func (s *Registrations) Offers(ctx context.Context, a Actor, competitions []Competition) (map[string]int, error) {
	var ids []string
	for i := range competitions {
		if c := &competitions[i]; c.OfferHours != nil && c.ManagedBy(a) {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.config.Statistics.OpenOffers(ctx, ids)
}

// Applications counts what waits for a decision or a draw, up to most of each, by competition id, for those of the
// given competitions that take applications and that the actor manages.
func (s *Registrations) Applications(
	ctx context.Context, a Actor, competitions []Competition, most int,
) (map[string]int, error) {
	var ids []string
	for i := range competitions {
		if c := &competitions[i]; c.TakesApplications() && c.ManagedBy(a) {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.config.Statistics.OpenApplications(ctx, ids, most)
}

// MaxApplied is how many applications are counted for everybody, as many more would take long.
const MaxApplied = 10_000

// Applied counts who has applied for a competition and isn't decided about, up to most, for everybody who may see it.
func (s *Registrations) Applied(ctx context.Context, c *Competition, most int) (int, error) {
	counts, err := s.config.Statistics.OpenApplications(ctx, []string{c.ID}, most)
	return counts[c.ID], err
}

// Get reads one registration for a competition, for its staff. It fails with ErrRegistrationGone if there is none.
func (s *Registrations) Get(ctx context.Context, a Actor, competitionID, id string) (ParticipantRegistration, error) {
	if _, err := s.config.Competitions.Managed(ctx, a, competitionID); err != nil {
		return ParticipantRegistration{}, err
	}
	if !ValidID(id) {
		return ParticipantRegistration{}, ErrRegistrationGone
	}
	r, err := s.config.Store.ParticipantRegistration(ctx, id)
	if err == nil && r.CompetitionID != competitionID {
		err = ErrRegistrationGone
	}
	return r, err
}

// PerDay counts the registrations for all competitions of the actor, an organizer, on each of the last days in UTC,
// including today.
func (s *Registrations) PerDay(ctx context.Context, a Actor, days int) ([]TimeCount, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return nil, err
	}
	const day = 24 * time.Hour
	days = min(max(days, 1), MaxDays)
	from := s.config.now().Truncate(day).Add(-time.Duration(days-1) * day)
	counts, err := s.config.Statistics.RegistrationsPerDay(ctx, a.UserID, from, days)
	if err != nil {
		return nil, err
	}
	series := make([]TimeCount, len(counts))
	for i, n := range counts {
		series[i] = TimeCount{At: from.Add(time.Duration(i) * day), Count: n}
	}
	return series, nil
}

// Timeline returns the cumulative number of registrations for a competition, or in one of its divisions unless
// divisionID is empty, whatever their status now. Its points are closer together where more registrations arrived, so
// that it shows a rush of one second as well as the week before it. The first count is 1, the last is the total. It is
// for staff.
func (s *Registrations) Timeline(
	ctx context.Context, a Actor, c *Competition, divisionID string,
) ([]TimeCount, error) {
	if err := c.CheckManager(a); err != nil {
		return nil, err
	}
	filter := RegistrationFilter{DivisionID: divisionID}
	wrong := filter.check(c, s.config.now())
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return s.config.Statistics.RegistrationTimes(ctx, c.ID, divisionID, timelinePoints)
}

func (f *RegistrationFilter) check(c *Competition, now time.Time) (v validation) {
	if f.DivisionID != "" && c.Division(f.DivisionID) == nil {
		v.add("division", "must be one of the competition's divisions")
	}
	if f.TeamID != "" && (c.Team == nil || !ValidID(f.TeamID)) {
		v.add("team", "must be the ID of one of the competition's teams")
	}
	if f.Status != "" && !f.Status.Valid() {
		v.add("status", "must be PENDING, CONFIRMED, OFFERED, APPLIED, WAITLISTED, REJECTED or CANCELLED")
	}
	if f.Sort != "" && !f.Sort.Valid() {
		v.add("sort", "must be arrival, newest, name or status")
	}
	v.length("search", f.Search, 0, MaxSearchLength)
	v.answerFilter(&f.Answer, c, now)
	return v
}
