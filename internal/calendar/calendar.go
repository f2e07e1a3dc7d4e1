// Package calendar writes a competition as an iCalendar file (RFC 5545).
//
// It handles the format. compete.Competitions decides who can read a competition.
package calendar

import (
	ics "github.com/arran4/golang-ical"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
)

// MediaType is the file's media type.
const MediaType = "text/calendar"

// ErrNoStart refuses a competition without a start, which calendars can't show.
var ErrNoStart = &compete.Error{
	Kind: compete.KindNotFound, Code: "start_date_missing",
	Detail: "This competition has no start date yet, so calendars can't show it.",
}

// File returns a calendar file with one competition, whose page has the given URL. The event's UID never changes, and
// its SEQUENCE increases with each change of the competition, so that a calendar that reads the file again updates the
// event. Times are in UTC: that needs no zone rules, and calendars show them in the reader's zone. The description
// contains the venue's local times. It fails with ErrNoStart.
func File(c *compete.Competition, page string) (string, error) {
	if c.StartDate == nil {
		return "", ErrNoStart
	}
	calendar := ics.NewCalendarFor("Mini Compete")
	calendar.SetProductId("-//Mini Compete//Mini Compete//EN")
	calendar.SetMethod(ics.MethodPublish)
	event := calendar.AddEvent(c.ID)
	event.SetDtStampTime(c.UpdatedAt)
	event.SetCreatedTime(c.CreatedAt)
	event.SetModifiedAt(c.UpdatedAt)
	event.SetSequence(c.Version)
	event.SetStatus(status(c.Status))
	event.SetStartAt(*c.StartDate)
	if c.EndDate != nil {
		event.SetEndAt(*c.EndDate)
	}
	event.SetSummary(c.Title)
	event.SetDescription("Starts: " + localtime.Sentence(*c.StartDate, c.Zone()) + "\nDetails and registration: " +
		page)
	if c.Location != "" {
		event.SetLocation(c.Location)
	}
	event.SetURL(page)
	return calendar.Serialize(ics.WithNewLineWindows), nil
}

func status(s compete.CompetitionStatus) ics.ObjectStatus {
	switch s {
	case compete.StatusCancelled:
		return ics.ObjectStatusCancelled
	case compete.StatusDraft:
		return ics.ObjectStatusTentative
	case compete.StatusPublished:
	}
	return ics.ObjectStatusConfirmed
}
