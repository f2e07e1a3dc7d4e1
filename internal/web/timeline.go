package web

import (
	"fmt"
	"math"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

const (
	// rushFrom is how many registrations there are when one begins to speak of a rush.
	rushFrom = 20
	// rushShare is how many times as long as its busiest stretch all of a timeline is, for the stretch to get a chart
	// of its own: on the chart of all it is too narrow to read.
	rushShare = 20
	// shortestRush keeps a chart of registrations that all came at one moment from having no width.
	shortestRush = 10 * time.Millisecond
)

// timelineView is how registrations grew, and beside it the rush, if there was one. One moment makes no chart.
func timelineView(series []compete.TimeCount) pages.Timeline {
	var t pages.Timeline
	if len(series) < 2 {
		return t
	}
	for _, c := range series {
		t.Points = append(t.Points, ui.ChartPoint{At: c.At, Value: c.Count})
	}
	from, to, ok := rush(series)
	if ok {
		t.From, t.To = from, to
		total := series[len(series)-1].Count
		t.Rush = fmt.Sprintf("Busiest %s: %s of %s", inWords(to.Sub(from)),
			ui.Count(countAt(series, to)-countAt(series, from)), ui.Plural(total, "registration", "registrations"))
	}
	return t
}

// rush is the shortest stretch in which half of all registrations came, with as much again on both sides. ok is false
// when there are few, or when it is wide enough to be seen on a chart of all.
func rush(series []compete.TimeCount) (from, to time.Time, ok bool) {
	first, last := series[0], series[len(series)-1]
	if last.Count < rushFrom {
		return from, to, false
	}
	shortest, start := time.Duration(math.MaxInt64), 0
	for end, c := range series {
		for ; c.Count-series[start].Count >= last.Count/2; start++ {
			if took := c.At.Sub(series[start].At); took < shortest {
				shortest, from, to = took, series[start].At, series[end].At
			}
		}
	}
	margin := max(shortest, shortestRush)
	return from.Add(-margin), to.Add(margin), shortest < last.At.Sub(first.At)/rushShare
}

// countAt is how many there were at a moment, as far as a series knows.
func countAt(series []compete.TimeCount, at time.Time) int {
	n := 0
	for _, c := range series {
		if !c.At.After(at) {
			n = c.Count
		}
	}
	return n
}

// inWords is about how long something took.
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= 10*unit.length {
			return ui.Plural(int(d/unit.length), unit.name, unit.name+"s")
		}
		if d >= unit.length {
			return fmt.Sprintf("%.1f %ss", float64(d)/float64(unit.length), unit.name)
		}
	}
	return ui.Plural(int(d/time.Millisecond), "millisecond", "milliseconds")
}
