package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// livePages is the number of open pages of one competition.
const livePages = 5000

// watched is a rush with open pages.
type watched struct {
	rush
	before, held float64 // memory in MB before the pages were opened, and with them
	delays       delays
	cut, stale   int // streams that were ended, and pages that don't show the last state
	events       int
}

// measureStreams runs a rush without and with thousands of open pages, in turn, and reports what the pages cost.
func measureStreams(ctx context.Context, o options, kind string) error {
	var quiet, beside []rush
	var worst watched
	for range o.rounds {
		for _, pages := range []int{0, livePages} {
			r, err := runWatchedRush(ctx, o, kind, pages)
			if err != nil {
				return err
			}
			if pages == 0 {
				quiet = append(quiet, r.rush)
				continue
			}
			beside = append(beside, r.rush)
			worst = worst.worse(r)
		}
	}
	q, w := median(quiet), median(beside)
	fmt.Printf("%-9s %d open pages use %.0f MB, on top of %.0f MB without them; peak during the rush %.0f MB\n",
		kind, livePages, worst.held-worst.before, worst.before, w.peak)
	fmt.Printf("%-9s rush with them: %.0f accepted/s, without: %.0f, ratio %.2f; CPU per registration %v and %v\n",
		kind, w.accepted(), q.accepted(), w.accepted()/q.accepted(), w.cpu.Round(time.Microsecond),
		q.cpu.Round(time.Microsecond))
	fmt.Printf("%-9s time from a registration's response until every page shows it: p50 %v p99 %v max %v; %d events, "+
		"%d broken streams, %d stale pages (worst of %d)\n",
		kind, worst.delays.percentile(.5), worst.delays.percentile(.99), worst.delays.percentile(1), worst.events,
		worst.cut, worst.stale, o.rounds)
	return nil
}

// worse returns the one with the longer delays, with the worse of the other figures.
func (w watched) worse(other watched) watched {
	if other.delays.percentile(1) >= w.delays.percentile(1) {
		w.delays, w.events = other.delays, other.events
	}
	if other.held-other.before >= w.held-w.before {
		w.held, w.before = other.held, other.before
	}
	w.cut, w.stale = max(w.cut, other.cut), max(w.stale, other.stale)
	return w
}

// runWatchedRush runs a rush on one competition with the given number of open pages.
func runWatchedRush(ctx context.Context, o options, kind string, n int) (w watched, err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return w, err
	}
	defer done()
	crowd, err := addCrowd(ctx, db, o.participants, 1, o.participants)
	if err != nil {
		return w, err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if w.before, _, err = s.memory(); err != nil {
		return w, err
	}
	if n == 0 {
		w.rush, err = rushOn(ctx, o, db, s, crowd.people, crowd.competitions[0], true)
		return w, err
	}
	pages, err := openLivePages(s.web, "/live?c="+crowd.competitions[0], n)
	if err != nil {
		return w, err
	}
	defer pages.close()
	if w.held, _, err = s.memory(); err != nil {
		return w, err
	}
	if w.rush, err = rushOn(ctx, o, db, s, crowd.people, crowd.competitions[0], true); err != nil {
		return w, err
	}
	w.stale = pages.awaitSeats(0)
	w.delays, w.cut, w.events = pages.delays(o.participants, w.created), pages.cut, pages.events
	return w, nil
}

// delays counts durations, in milliseconds.
type delays map[int]int

func (d delays) add(took time.Duration) { d[int(took.Milliseconds())]++ }

func (d delays) percentile(p float64) time.Duration {
	total, longest := 0, 0
	for ms, n := range d {
		total += n
		longest = max(longest, ms)
	}
	rank := int(p * float64(total))
	for ms := range longest + 1 {
		if rank -= d[ms]; rank < 0 {
			return time.Duration(ms) * time.Millisecond
		}
	}
	return time.Duration(longest) * time.Millisecond
}
