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
	// rushFrom is the minimum number of registrations for a rush.
	rushFrom = 20
	// rushShare is how many times longer than its busiest stretch a timeline must be for the stretch to get its own
	// chart: on the main chart it would be too narrow to read.
	rushShare = 20
	// shortestRush gives a chart a width even if all registrations came at the same moment.
	shortestRush = 10 * time.Millisecond
)

// timelineView returns the growth of registrations and, if there was one, the rush. A single moment gets no chart.
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

// rush returns the shortest period with half of all registrations, extended by its length on both sides. ok is false if
// there are too few registrations, or the period is wide enough to be seen on the main chart.
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

// countAt returns the count at a time, as far as the series knows it.
func countAt(series []compete.TimeCount, at time.Time) int {
	n := 0
	for _, c := range series {
		if !c.At.After(at) {
			n = c.Count
		}
	}
	return n
}

// inWords returns an approximate duration in words.
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
