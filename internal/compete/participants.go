package compete

import (
	"context"
	"iter"
	"time"
)

// exportSize is how many registrations of an export are in memory at a time: a megabyte or two.
const exportSize = 5000

// List lists who is registered, for the competition's organizer and admins. filter.Cursor is ignored in favour of
// cursor.
func (s *Registrations) List(
	ctx context.Context, a Actor, competitionID, cursor string, filter RegistrationFilter,
) (Page[ParticipantRegistration], error) {
	var none Page[ParticipantRegistration]
	if _, err := s.config.Competitions.Managed(ctx, a, competitionID); err != nil {
		return none, err
	}
	at, limit, err := listing(filter.check(), filter.Sort.List(), cursor, filter.Limit)
	if err != nil {
		return none, err
	}
	filter.Cursor, filter.Limit = at, limit
	return s.config.Store.RegistrationsOfCompetition(ctx, competitionID, filter)
}

// Every reads all that List would list, part by part: the first one at once, so that what fails fails before
// anything is sent, the others when the one before is done with. An error among them is the last that is yielded.
func (s *Registrations) Every(ctx context.Context, a Actor, competitionID, cursor string, filter RegistrationFilter) (
	iter.Seq2[[]ParticipantRegistration, error], error,
) {
	if _, err := s.config.Competitions.Managed(ctx, a, competitionID); err != nil {
		return nil, err
	}
	at, _, err := listing(filter.check(), filter.Sort.List(), cursor, 0)
	if err != nil {
		return nil, err
	}
	filter.Cursor, filter.Limit = at, exportSize
	first, err := s.config.Store.RegistrationsOfCompetition(ctx, competitionID, filter)
	if err != nil {
		return nil, err
	}
	return func(yield func([]ParticipantRegistration, error) bool) {
		for page := first; yield(page.Items, nil) && !page.Next.IsZero(); {
			filter.Cursor = page.Next
			if page, err = s.config.Store.RegistrationsOfCompetition(ctx, competitionID, filter); err != nil {
				yield(nil, err)
				return
			}
		}
	}, nil
}

// ByStatus counts the registrations of a competition that a search finds, all of them for an empty one; a status that
// none has is left out. Unless all is set, it returns nil instead of counting what many have.
func (s *Registrations) ByStatus(
	ctx context.Context, a Actor, competitionID, search string, all bool,
) (map[RegistrationStatus]int, error) {
	if _, err := s.config.Competitions.Managed(ctx, a, competitionID); err != nil {
		return nil, err
	}
	wrong := RegistrationFilter{Search: search}.check()
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return s.config.Store.RegistrationsByStatus(ctx, competitionID, search, all)
}

// Offers counts the open offers of those among the competitions that make some and are the actor's to manage, by id.
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

// Get reads one registration for a competition, for its organizer and admins. It fails with ErrRegistrationGone.
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

// PerDay counts the registrations of all competitions of the actor, an organizer, on each of the last days in UTC,
// today included.
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

// Timeline tells how many registrations of a competition there were, whatever became of them, at moments that are
// close together where many arrived: a rush of a second shows as well as the week before it. The first count is 1,
// and the last one is all of them. It is for the competition's organizer and admins.
func (s *Registrations) Timeline(ctx context.Context, a Actor, competitionID string) ([]TimeCount, error) {
	if _, err := s.config.Competitions.Managed(ctx, a, competitionID); err != nil {
		return nil, err
	}
	return s.config.Statistics.RegistrationTimes(ctx, competitionID, timelinePoints)
}

func (f RegistrationFilter) check() (v validation) {
	if f.Status != "" && !f.Status.Valid() {
		v.add("status", "must be PENDING, CONFIRMED, OFFERED, WAITLISTED or CANCELLED")
	}
	if f.Sort != "" && !f.Sort.Valid() {
		v.add("sort", "must be arrival, newest, name or status")
	}
	v.length("search", f.Search, 0, MaxSearchLength)
	return v
}
