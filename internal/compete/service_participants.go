package compete

import (
	"context"
	"iter"
)

// CompetitionRegistrations lists who is registered, for the competition's organizer and admins. filter.Cursor is ignored in favour of cursor.
func (s *Service) CompetitionRegistrations(ctx context.Context, a Actor, competitionID, cursor string, filter RegistrationFilter) (Page[ParticipantRegistration], error) {
	var none Page[ParticipantRegistration]
	if _, err := s.ManagedCompetition(ctx, a, competitionID); err != nil {
		return none, err
	}
	at, limit, err := listing(filter.check(), filter.Sort.List(), cursor, filter.Limit)
	if err != nil {
		return none, err
	}
	filter.Cursor, filter.Limit = at, limit
	return s.Registrations.RegistrationsOfCompetition(ctx, competitionID, filter)
}

// exportSize is how many registrations of an export are in memory at a time: a megabyte or two. To sort by name, the database looks at all
// registrations of the competition each time.
const exportSize = 5000

// EveryRegistration reads all that CompetitionRegistrations would list, part by part: the first one at once, so that what fails fails before
// anything is sent, the others when the one before is done with. An error among them is the last that is yielded.
func (s *Service) EveryRegistration(ctx context.Context, a Actor, competitionID, cursor string, filter RegistrationFilter) (
	iter.Seq2[[]ParticipantRegistration, error], error,
) {
	if _, err := s.ManagedCompetition(ctx, a, competitionID); err != nil {
		return nil, err
	}
	at, _, err := listing(filter.check(), filter.Sort.List(), cursor, 0)
	if err != nil {
		return nil, err
	}
	filter.Cursor, filter.Limit = at, exportSize
	first, err := s.Registrations.RegistrationsOfCompetition(ctx, competitionID, filter)
	if err != nil {
		return nil, err
	}
	return func(yield func([]ParticipantRegistration, error) bool) {
		for page := first; yield(page.Items, nil) && !page.Next.IsZero(); {
			filter.Cursor = page.Next
			if page, err = s.Registrations.RegistrationsOfCompetition(ctx, competitionID, filter); err != nil {
				yield(nil, err)
				return
			}
		}
	}, nil
}

// RegistrationsByStatus counts the registrations of a competition that a search finds, all of them for an empty one; a status that none
// has is left out.
func (s *Service) RegistrationsByStatus(ctx context.Context, a Actor, competitionID, search string) (map[RegistrationStatus]int, error) {
	if _, err := s.ManagedCompetition(ctx, a, competitionID); err != nil {
		return nil, err
	}
	wrong := RegistrationFilter{Search: search}.check()
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return s.Registrations.RegistrationsByStatus(ctx, competitionID, search)
}

// CompetitionRegistration reads one registration for a competition, for its organizer and admins. It fails with ErrRegistrationGone.
func (s *Service) CompetitionRegistration(ctx context.Context, a Actor, competitionID, id string) (ParticipantRegistration, error) {
	if _, err := s.ManagedCompetition(ctx, a, competitionID); err != nil {
		return ParticipantRegistration{}, err
	}
	if !ValidID(id) {
		return ParticipantRegistration{}, ErrRegistrationGone
	}
	r, err := s.Registrations.ParticipantRegistration(ctx, id)
	if err == nil && r.CompetitionID != competitionID {
		err = ErrRegistrationGone
	}
	return r, err
}

func (f RegistrationFilter) check() (v validation) {
	if f.Status != "" && !f.Status.Valid() {
		v.add("status", "must be PENDING, CONFIRMED, WAITLISTED or CANCELLED")
	}
	if f.Sort != "" && !f.Sort.Valid() {
		v.add("sort", "must be arrival, newest, name or status")
	}
	v.length("search", f.Search, 0, MaxSearchLength)
	return v
}
