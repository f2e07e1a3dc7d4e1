// Package calendar writes a competition as a file that calendars read (RFC 5545).
//
// It owns the format. Who may read a competition is said by compete.Competitions.
package calendar

import (
	ics "github.com/arran4/golang-ical"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
)

// MediaType is what the file is sent as.
const MediaType = "text/calendar"

// ErrNoStart is the refusal for a competition that no calendar can show.
var ErrNoStart = &compete.Error{
	Kind: compete.KindNotFound, Code: "start_date_missing",
	Detail: "This competition has no start date yet, so calendars can't show it.",
}

// File is the file with one competition, whose page has the given address. The event is the same one for ever (UID) and
// each change of the competition is newer than the last (SEQUENCE), so that a calendar that reads the file again
// updates what it has. Times are in UTC: they need no rules of a zone beside them, and calendars show them in their
// reader's. The description has the venue's. It fails with ErrNoStart.
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
