package compete

import (
	"context"
	"time"
)

// StatisticsStore counts, for dashboards and for pages that stay open.
type StatisticsStore interface {
	// RegistrationCounts counts the registrations of all competitions of an organizer by when they arrived, whatever became of them: element i
	// is those with RegisteredAt in the i-th of so many steps from a moment on. A step is a whole number of microseconds.
	RegistrationCounts(ctx context.Context, organizerID string, from time.Time, step time.Duration, steps int) ([]int, error)
	// RegistrationTimes reads when the first, each every-th and the last-th registration of a competition arrived, earliest first.
	RegistrationTimes(ctx context.Context, competitionID string, every, last int) ([]TimeCount, error)
	// UnreadMessagesOf counts the unread messages of many users in one query; who has none is left out.
	UnreadMessagesOf(ctx context.Context, userIDs []string) (map[string]int, error)
}

// MaxDays bounds how far back days are counted.
const MaxDays = 100

// timelinePoints is about how many points a chart over time has; there are at most twice as many.
const timelinePoints = 100

// TimeCount is a count that belongs to a moment.
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
	const day = 24 * time.Hour
	days = min(max(days, 1), MaxDays)
	from := s.now().Truncate(day).Add(-time.Duration(days-1) * day)
	counts, err := s.Statistics.RegistrationCounts(ctx, a.UserID, from, day, days)
	if err != nil {
		return nil, err
	}
	series := make([]TimeCount, len(counts))
	for i, n := range counts {
		series[i] = TimeCount{At: from.Add(time.Duration(i) * day), Count: n}
	}
	return series, nil
}

// RegistrationTimeline tells how many registrations of a competition there were, whatever became of them, at moments that are close together
// where many arrived: a rush of a second shows as well as the week before it. The first count is 1, and the last one is all of them.
// It is for the competition's organizer and admins.
func (s *Service) RegistrationTimeline(ctx context.Context, a Actor, competitionID string) ([]TimeCount, error) {
	counts, err := s.RegistrationsByStatus(ctx, a, competitionID, "")
	if err != nil {
		return nil, err
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return s.Statistics.RegistrationTimes(ctx, competitionID, max(1, total/timelinePoints), total)
}
