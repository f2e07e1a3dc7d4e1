package compete

import (
	"context"
	"time"
)

// StatisticsStore counts, for dashboards and for pages that stay open.
type StatisticsStore interface {
	// RegistrationsPerDay counts the registrations of all competitions of an organizer by when they arrived, whatever
	// became of them: element i is those of the i-th of so many days in UTC, of which from lies in the first.
	RegistrationsPerDay(ctx context.Context, organizerID string, from time.Time, days int) ([]int, error)
	// RegistrationTimes reads when the first and the last registration of a competition, or of one of its divisions
	// unless divisionID is empty, arrived, and about so many between them, at most twice as many, earliest first. Of
	// thousands, the moments are those of the order of arrival.
	RegistrationTimes(ctx context.Context, competitionID, divisionID string, points int) ([]TimeCount, error)
	// OpenOffers counts the OFFERED registrations of competitions, by competition; one that has none is left out.
	OpenOffers(ctx context.Context, competitionIDs []string) (map[string]int, error)
	// OpenApplications counts the APPLIED registrations of competitions, by competition, up to most of each; one that
	// has none is left out.
	OpenApplications(ctx context.Context, competitionIDs []string, most int) (map[string]int, error)
	// NewsOf reads in one query what the open pages of many users are told, and what of it has changed since a time;
	// who has none is left out.
	NewsOf(ctx context.Context, userIDs []string, since time.Time) (map[string]News, error)
}

// News is what the open pages of a user are told when it changes.
type News struct {
	Unread int // messages
	// changes with each registration that an organizer removes, blocks or unblocks; as such it means nothing
	Removed int
	Lately  int // registrations of which that is no longer ago than newsLately
}

// newsLately is how long ago a page that is told for the first time may have been made: what happened since, it may not
// show yet.
const newsLately = time.Minute

// MaxDays bounds how far back days are counted.
const MaxDays = 100

// timelinePoints is about how many points a chart over time has; there are at most twice as many.
const timelinePoints = 100

// TimeCount is a count that belongs to a moment.
type TimeCount struct {
	At    time.Time
	Count int
}
