package ui

import (
	"context"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/localtime"
)

// TimeStyle is how much of a time is shown.
type TimeStyle string

// Time styles; times.js uses the same names.
const (
	TimeFull    TimeStyle = "full"    // Fri, 12 Jun 2026, 16:00 CEST
	TimeShort   TimeStyle = "short"   // 12 Jun, 16:00 CEST; includes the year if it isn't the current one
	TimeSeconds TimeStyle = "seconds" // 12 Jun 2026, 16:00:05 CEST
	TimeDate    TimeStyle = "date"    // 12 Jun 2026
	TimeClock   TimeStyle = "clock"   // 16:00:05 CEST
)

// machineTime is the format of a <time> element's datetime: to the millisecond, JavaScript's precision.
const machineTime = "2006-01-02T15:04:05.999Z07:00"

// dateLayout is the format of TimeDate, the only style without a zone.
const dateLayout = "2 Jan 2006"

// chartTimes are the time formats in a Chart's table, by kind: a rush lasts less than a second.
var chartTimes = map[string]string{"bars": dateLayout, "steps": "2 Jan 2006, 15:04:05.000"}

var layouts = map[TimeStyle]string{
	TimeFull:    "Mon, 2 Jan 2006, 15:04",
	TimeShort:   "2 Jan, 15:04",
	TimeSeconds: "2 Jan 2006, 15:04:05",
	TimeClock:   "15:04:05",
}

// shortWithYear is the format of TimeShort for other years.
const shortWithYear = "2 Jan 2006, 15:04"

// text formats a time in a zone; nil means UTC.
func (s TimeStyle) text(at time.Time, zone *time.Location) string {
	at = at.In(orUTC(zone))
	layout := layouts[s]
	switch {
	case s == TimeDate:
		return at.Format(dateLayout)
	case s == TimeShort && at.Year() != time.Now().In(at.Location()).Year():
		layout = shortWithYear
	}
	return localtime.Format(at, at.Location(), layout)
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

type viewerZoneKey struct{}

// WithViewerZone sets the zone in which the viewer sees times; nil means unknown.
func WithViewerZone(ctx context.Context, zone *time.Location) context.Context {
	return context.WithValue(ctx, viewerZoneKey{}, zone)
}

func viewerZone(ctx context.Context) *time.Location {
	zone, _ := ctx.Value(viewerZoneKey{}).(*time.Location)
	return zone
}

// viewerZoneName tells the script which zone the server assumed for the viewer; empty if none.
func viewerZoneName(ctx context.Context) string {
	if zone := viewerZone(ctx); zone != nil {
		return zone.String()
	}
	return ""
}

// ownTime returns the viewer's local time, shown beside the venue's. It is empty if both are equal or the viewer's zone
// is unknown.
func ownTime(ctx context.Context, at time.Time, venue *time.Location) string {
	own := viewerZone(ctx)
	venue = orUTC(venue)
	if own == nil || localtime.Agree(at, own, venue) {
		return ""
	}
	here, there := at.In(own), at.In(venue)
	layout := "15:04"
	if here.YearDay() != there.YearDay() {
		layout = "Mon, 2 Jan, 15:04"
	}
	return " (" + here.Format(layout) + " your time)"
}

// offset returns the venue's UTC offset at a time, in minutes.
func offset(at time.Time, venue *time.Location) string {
	_, seconds := at.In(orUTC(venue)).Zone()
	return strconv.Itoa(seconds / 60)
}
