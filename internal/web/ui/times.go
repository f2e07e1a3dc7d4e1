package ui

import (
	"context"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/localtime"
)

// TimeStyle is how much of a time is shown.
type TimeStyle string

// Time styles; times.js knows the same names.
const (
	TimeFull    TimeStyle = "full"    // Fri, 12 Jun 2026, 16:00 CEST
	TimeShort   TimeStyle = "short"   // 12 Jun, 16:00 CEST; with its year when that is another than this one
	TimeSeconds TimeStyle = "seconds" // 12 Jun 2026, 16:00:05 CEST
	TimeDate    TimeStyle = "date"    // 12 Jun 2026
)

// machineTime is how a <time> tells its moment: to the millisecond, the finest that scripts know.
const machineTime = "2006-01-02T15:04:05.999Z07:00"

// dateLayout is that of TimeDate, which alone names no zone.
const dateLayout = "2 Jan 2006"

// chartTimes are how the table of a Chart writes moments, by kind: a rush is over within a second.
var chartTimes = map[string]string{"bars": dateLayout, "steps": "2 Jan 2006, 15:04:05.000"}

var layouts = map[TimeStyle]string{
	TimeFull:    "Mon, 2 Jan 2006, 15:04",
	TimeShort:   "2 Jan, 15:04",
	TimeSeconds: "2 Jan 2006, 15:04:05",
}

// shortWithYear is TimeShort of another year than this one.
const shortWithYear = "2 Jan 2006, 15:04"

// text writes a moment in a zone; a nil zone is UTC.
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

// WithViewerZone has times shown in the zone of who looks at the page; nil: it is not known.
func WithViewerZone(ctx context.Context, zone *time.Location) context.Context {
	return context.WithValue(ctx, viewerZoneKey{}, zone)
}

func viewerZone(ctx context.Context) *time.Location {
	zone, _ := ctx.Value(viewerZoneKey{}).(*time.Location)
	return zone
}

// viewerZoneName tells the script which zone the server took for the viewer's; empty when it knew none.
func viewerZoneName(ctx context.Context) string {
	if zone := viewerZone(ctx); zone != nil {
		return zone.String()
	}
	return ""
}

// ownTime is what stands beside a venue's time: the viewer's own, where clocks differ. It is empty where they don't,
// and where the viewer's zone is not known.
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
	return "(" + here.Format(layout) + " your time)"
}

// offset is how far a venue's clocks are ahead of UTC at a moment, in minutes.
func offset(at time.Time, venue *time.Location) string {
	_, seconds := at.In(orUTC(venue)).Zone()
	return strconv.Itoa(seconds / 60)
}
