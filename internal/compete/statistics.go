package compete

import (
	"context"
	"time"
)

// StatisticsStore counts, for dashboards and for pages that stay open.
type StatisticsStore interface {
	// RegistrationsPerDay counts the registrations for all of an organizer's competitions by the day in UTC on which
	// they arrived, whatever their status now. The first element is for the day that contains from.
	RegistrationsPerDay(ctx context.Context, organizerID string, from time.Time, days int) ([]int, error)
	// RegistrationTimes reads when registrations for a competition arrived, or in one of its divisions unless
	// divisionID is empty: the first, the last, and about as many between them as points says, at most twice as many,
	// earliest first. Where there are thousands, those are chosen by their place in the order of arrival.
	RegistrationTimes(ctx context.Context, competitionID, divisionID string, points int) ([]TimeCount, error)
	// OpenOffers counts the OFFERED registrations of competitions, by competition. Competitions without any are
	// omitted.
	OpenOffers(ctx context.Context, competitionIDs []string) (map[string]int, error)
	// OpenApplications counts the APPLIED registrations of competitions, by competition, up to most of each.
	// Competitions without any are omitted.
	OpenApplications(ctx context.Context, competitionIDs []string, most int) (map[string]int, error)
	// NewsOf reads, in one query, the news for the open pages of many users, and how many registrations were removed,
	// blocked or unblocked since the given time. Users without news are omitted.
	NewsOf(ctx context.Context, userIDs []string, since time.Time) (map[string]News, error)
}

// News is what the open pages of a user react to.
type News struct {
	Unread int // messages
	// changes whenever an organizer removes, blocks or unblocks one of the user's registrations; the value means
	// nothing
	Removed int
	Lately  int // registrations to which that happened within newsLately
}

// newsLately bounds the age of a page that gets its first news: it may not show yet what happened since it was made.
const newsLately = time.Minute

// MaxDays bounds how far back days are counted.
const MaxDays = 100

// timelinePoints is about how many points a chart over time has; there are at most twice as many.
const timelinePoints = 100

// TimeCount is a count at a time.
type TimeCount struct {
	At    time.Time
	Count int
}
