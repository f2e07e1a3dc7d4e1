package fill

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
)

const tagsEach = 2

// phase is the state of a competition; phaseOf contains the shares in percent.
type phase int

const (
	draft phase = iota
	cancelled
	closed
	upcoming
	open
	full
	waitlist
)

func (g *generator) phaseOf(i int) phase {
	if i == 0 {
		return waitlist
	}
	if i <= len(remarkable) {
		return remarkable[i-1].phase
	}
	switch p := pick(kindPhase, i, 100); {
	case p < 5:
		return draft
	case p < 8:
		return cancelled
	case p < 40:
		return closed
	case p < 50:
		return upcoming
	case p < 85:
		return open
	case p < 93:
		return full
	default:
		return waitlist
	}
}

// weight returns a competition's share of the registrations. The largest and the remarkable ones have their own number,
// and some have none.
func (g *generator) weight(i int) int {
	if p := g.phaseOf(i); i <= len(remarkable) || p == draft || p == upcoming {
		return 0
	}
	return 1 + pick(kindWeight, i, 19)
}

// registered returns the number of registrations for a competition, given the total weight before it.
func (g *generator) registered(i, before int) int {
	switch {
	case i == 0:
		return g.Size.Largest
	case i <= len(remarkable) && g.phaseOf(i) == upcoming:
		return 0
	case i <= len(remarkable):
		return g.Size.remarkable()
	}
	rest := g.Size.Registrations - g.Size.Largest - remarkableRegistered*g.Size.remarkable()
	return (before+g.weight(i))*rest/max(g.weights, 1) - before*rest/max(g.weights, 1)
}

// each iterates over the competitions with their numbers of registrations.
func (g *generator) each(f func(i, n int) bool) {
	before := 0
	for i := range g.Size.Competitions {
		if !f(i, g.registered(i, before)) {
			return
		}
		before += g.weight(i)
	}
}

func (g *generator) organizer(i int) int {
	tenth := max(1, g.Size.Competitions/10)
	switch {
	case i < tenth:
		return 0
	case i < tenth+min(1000, tenth):
		return 1
	}
	return pick(kindOrganizer, i, g.firstParticipant)
}

// created returns a time that increases with i; the largest competition is among the first.
func (g *generator) created(i int) time.Time {
	return part(g.Now.Add(-span), g.Now.Add(-time.Hour), i, g.Size.Competitions)
}

func (g *generator) competitionID(i int) uuid.UUID { return newID(g.created(i), kindCompetition, i) }

func (g *generator) deadline(i int) time.Time {
	if g.phaseOf(i) == closed || g.phaseOf(i) == cancelled {
		return part(g.created(i), g.Now, 1, 2)
	}
	return g.Now.Add(time.Duration(1+pick(kindPhase, i, 90*24*60)) * time.Minute)
}

var competitionColumns = []string{
	"id", "title", "description", "location", "capacity", "seats_left", "waitlisted", "reg_opens_at", "reg_deadline",
	"start_date", "time_zone",
	"status", "waitlist", "organizer_id", "next_seq", "version", "filling", "created_at", "updated_at", "searchable",
	"questions", "divisions", "team", "admission", "frozen_at", "drawn_at", "undecided_told_at",
}

func title(i int) string {
	return fmt.Sprintf("%s %s %s %d", adjectives[pick(kindTitle, i, len(adjectives))],
		nouns[pick(kindTitle, i/7, len(nouns))],
		places[pick(kindTitle, i/3, len(places))], i)
}

const description = "Bring a laptop, a friend and an idea. There is food, coffee and a " +
	"prize for each of the three best."

func (g *generator) competitions(yield func([]any) bool) {
	g.each(func(i, n int) bool {
		p := g.phaseOf(i)
		all := sum(g.seats(i, n))
		status := compete.StatusPublished
		switch p { //nolint:exhaustive // the others are published
		case draft:
			status = compete.StatusDraft
		case cancelled:
			status = compete.StatusCancelled
		}
		var opens any
		if p == upcoming {
			opens = part(g.Now, g.deadline(i), 1, 2)
		}
		at, next := g.created(i), n+1
		if g.drawn(i) {
			next += n // everybody got a new number; more than one for each is no harm
		}
		row := []any{
			g.competitionID(i), title(i), description, places[pick(kindTitle, i/3, len(places))], all.capacity,
			all.capacity - all.taken, all.waiting, opens, g.deadline(i),
			g.deadline(i).Add(7 * 24 * time.Hour), "UTC", string(status), p == waitlist, g.userID(g.organizer(i)),
			int64(next), 1,
			g.filling(i), at, at, true,
		}
		return yield(append(row, g.contest(i)...))
	})
}

// filling returns the number of seats taken in the last hour; not 0 only for one competition in a hundred.
func (g *generator) filling(i int) int {
	if g.phaseOf(i) != open || i%100 != 0 {
		return 0
	}
	return 1 + pick(kindWeight, i, 50)
}

var takenColumns = []string{"competition_id", "minute", "taken"}

func (g *generator) taken(yield func([]any) bool) {
	for i := range g.Size.Competitions {
		if n := g.filling(i); n > 0 && !yield([]any{g.competitionID(i), g.Now.Truncate(time.Minute), n}) {
			return
		}
	}
}

func tagsOf(i int) [tagsEach]string {
	first := pick(kindTitle, i/5, len(tagNames))
	return [tagsEach]string{tagNames[first], tagNames[(first+1+i%(len(tagNames)-1))%len(tagNames)]}
}

var tagColumns = []string{"competition_id", "tag", "folded"}

func (g *generator) tags(yield func([]any) bool) {
	for i := range g.Size.Competitions {
		for _, tag := range tagsOf(i) {
			if !yield([]any{g.competitionID(i), tag, normal.Key(tag)}) {
				return
			}
		}
	}
}

// wordsColumns are those that lists of what a search finds are sorted by.
var wordsColumns = []string{"created_at", "reg_deadline"}

func (g *generator) words(yield func([]any) bool) {
	always := normal.Words(description)
	for i := range g.Size.Competitions {
		tags := tagsOf(i)
		words := append(normal.Words(title(i)+" "+strings.Join(tags[:], " ")), always...)
		slices.Sort(words)
		row := []any{g.competitionID(i), strings.Join(slices.Compact(words), " "), g.created(i), g.deadline(i)}
		if !yield(row) {
			return
		}
	}
}
