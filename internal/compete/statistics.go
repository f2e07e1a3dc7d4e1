package compete

import (
	"context"
	"time"
)

// StatisticsStore counts, for dashboards and for pages that stay open.
type StatisticsStore interface {
	// RegistrationCounts counts registrations by when they arrived, whatever became of them: element i is those with RegisteredAt
	// in the i-th of so many steps from a moment on. A step is a whole number of microseconds.
	RegistrationCounts(ctx context.Context, scope RegistrationScope, from time.Time, step time.Duration, steps int) ([]int, error)
	// RegistrationSpan reads when the first and the last registration of a competition arrived, by Seq; ok is false when there is none.
	RegistrationSpan(ctx context.Context, competitionID string) (first, last time.Time, ok bool, err error)
	// UnreadMessagesOf counts the unread messages of many users in one query; who has none is left out.
	UnreadMessagesOf(ctx context.Context, userIDs []string) (map[string]int, error)
}

// MaxSteps bounds how finely time is divided: a chart has no more pixels to show.
const MaxSteps = 100

// RegistrationScope says whose registrations to count: those of one competition, or of all of an organizer.
type RegistrationScope struct {
	CompetitionID string
	OrganizerID   string // counts when CompetitionID is empty
}

// TimeCount is how much happened from At on, until the next TimeCount.
type TimeCount struct {
	At    time.Time
	Count int
}

// PopularTags lists the tags of listed competitions, most used first.
func (s *Service) PopularTags(ctx context.Context, limit int) ([]TagCount, error) {
	return s.Competitions.PopularTags(ctx, s.now(), limit)
}

// UnreadMessagesOf counts for the live streams of many users at once. It belongs to the pages' own loop: no route reaches it.
func (s *Service) UnreadMessagesOf(ctx context.Context, userIDs []string) (map[string]int, error) {
	return s.Statistics.UnreadMessagesOf(ctx, userIDs)
}

// RegistrationsPerDay counts the registrations of all competitions of the actor, an organizer, on each of the last days in UTC, today included.
func (s *Service) RegistrationsPerDay(ctx context.Context, a Actor, days int) ([]TimeCount, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return nil, err
	}
	days = min(max(days, 1), MaxSteps)
	tomorrow := s.now().Truncate(24 * time.Hour).Add(24 * time.Hour)
	return s.counts(ctx, RegistrationScope{OrganizerID: a.UserID}, tomorrow.Add(-time.Duration(days)*24*time.Hour), 24*time.Hour, days)
}

// RegistrationTimeline counts the registrations of a competition in equal steps of at least a millisecond from the first to the last one,
// for its organizer and admins. It is empty when there is none.
func (s *Service) RegistrationTimeline(ctx context.Context, a Actor, competitionID string) ([]TimeCount, error) {
	if _, err := s.ManagedCompetition(ctx, a, competitionID); err != nil {
		return nil, err
	}
	first, last, ok, err := s.Statistics.RegistrationSpan(ctx, competitionID)
	if err != nil || !ok {
		return nil, err
	}
	step := max(last.Sub(first)/(MaxSteps-1), time.Millisecond).Truncate(time.Microsecond) + time.Microsecond
	steps := int(last.Sub(first)/step) + 1
	return s.counts(ctx, RegistrationScope{CompetitionID: competitionID}, first, step, steps)
}

func (s *Service) counts(ctx context.Context, scope RegistrationScope, from time.Time, step time.Duration, steps int) ([]TimeCount, error) {
	counts, err := s.Statistics.RegistrationCounts(ctx, scope, from, step, steps)
	if err != nil {
		return nil, err
	}
	series := make([]TimeCount, len(counts))
	for i, n := range counts {
		series[i] = TimeCount{At: from.Add(time.Duration(i) * step), Count: n}
	}
	return series, nil
}
