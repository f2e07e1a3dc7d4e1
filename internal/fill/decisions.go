package fill

import (
	"fmt"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
)

// Applications that are reviewed or drawn.

var (
	reviewColumns   = []string{"registration_id", "reviewer_id", "score", "note", "created_at", "updated_at"}
	scoreColumns    = []string{"registration_id", "competition_id", "reviews", "average"}
	decisionColumns = []string{"registration_id", "competition_id", "seq", "decision", "decided_by", "decided_at"}
	releaseColumns  = []string{
		"id", "competition_id", "started_by", "started_at", "total", "after_seq", "admitted", "waitlisted", "rejected",
		"unseated", "dropped", "finished_at",
	}
)

// score returns one of the two scores that an application has.
func score(e *entry, reviewer int) int {
	return 1 + pick(kindReview, within(e.competition, 2*e.number+reviewer), 5)
}

// reviews yields one by the organizer and one by the admin for each application.
func (g *generator) reviews(yield func([]any) bool) {
	g.forEntries(yield, func(e *entry) [][]any {
		if e.status == compete.RegistrationCancelled {
			return nil
		}
		at := e.at.Add(time.Minute)
		return [][]any{
			{e.id, g.userID(g.organizer(e.competition)), score(e, 0), "", at, at},
			{e.id, g.userID(g.firstParticipant + 1), score(e, 1), "They took part before.", at, at},
		}
	}, reviewed)
}

func (g *generator) scores(yield func([]any) bool) {
	g.forEntries(yield, func(e *entry) [][]any {
		if e.status == compete.RegistrationCancelled {
			return nil
		}
		return [][]any{{e.id, g.competitionID(e.competition), 2, (score(e, 0) + score(e, 1)) * 50}}
	}, reviewed)
}

// decisions yields drafts for one in three applications.
func (g *generator) decisions(yield func([]any) bool) {
	g.forEntries(yield, func(e *entry) [][]any {
		if e.status != compete.RegistrationApplied || e.number%3 > 0 {
			return nil
		}
		decision := compete.DecisionReject
		if score(e, 0) > 2 {
			decision = compete.DecisionAdmit
		}
		return [][]any{{
			e.id, g.competitionID(e.competition), e.seq, string(decision), g.userID(g.organizer(e.competition)),
			e.at.Add(time.Hour),
		}}
	}, reviewed)
}

// releases yields the one that everybody who isn't an applicant any more got a decision from.
func (g *generator) releases(yield func([]any) bool) {
	g.each(func(i, n int) bool {
		if g.shapeOf(i) != reviewed || n == 0 {
			return true
		}
		all := sum(g.seats(i, n))
		rejected := all.active / 10
		if g.phaseOf(i) == closed {
			rejected = all.active - all.taken
		}
		at := g.Now.Add(-time.Hour)
		return yield([]any{
			newID(at, kindRelease, i), g.competitionID(i), g.userID(g.organizer(i)), at, all.taken + rejected, int64(n),
			all.taken, 0, rejected, 0, 0, at.Add(time.Second),
		})
	})
}

// value is what the source of every draw said.
const value = "4 8 15 16 23 42"

func ref(i, j int) string {
	return fmt.Sprintf("%016x%016x", hash(kindRef, within(i, j)), hash(kindRestOfRef, within(i, j)))
}

// tickets returns how many tickets the j-th registration has in a draw.
func tickets(j int) int {
	if j%10 == 0 {
		return 2
	}
	return 1
}

// list returns who takes part in a draw.
func (g *generator) list(i, n int) (list []draw.Entry) {
	for j := range n {
		if !g.left(i, j) {
			list = append(list, draw.Entry{Ref: ref(i, j), Tickets: tickets(j)})
		}
	}
	draw.Sort(list)
	return list
}

// places returns the places of registrations in a draw, by their numbers; 0 for who had withdrawn.
func (g *generator) places(i, n int) []int {
	source := draw.Source{Kind: draw.SourceNamed}
	randomness, err := source.Bytes(draw.Randomness{Value: value})
	if err != nil {
		panic(err) // the value isn't empty
	}
	at := make(map[string]int, n)
	for place, drawn := range draw.Order(g.list(i, n), randomness) {
		at[drawn] = place + 1
	}
	places := make([]int, n)
	for j := range places {
		if !g.left(i, j) {
			places[j] = at[ref(i, j)]
		}
	}
	return places
}

var drawColumns = []string{
	"competition_id", "source", "source_name", "listed_seq", "listed_at", "entries", "list_hash", "frozen_at", "value",
	"drawn_at", "ordered_at", "last_place", "seated", "waitlisted", "finished_at",
}

func (g *generator) draws(yield func([]any) bool) {
	g.each(func(i, n int) bool {
		if !g.drawn(i) {
			return true
		}
		list, all, frozen, drawn := g.list(i, n), sum(g.seats(i, n)), g.frozenAt(i), g.drawnAt(i)
		return yield([]any{
			g.competitionID(i), string(draw.SourceNamed), "The lottery numbers", int64(n), frozen, len(list),
			draw.ListHash(list), frozen, value, drawn, drawn, len(list), all.taken, all.waiting, drawn,
		})
	})
}

var (
	drawEntryColumns = []string{"competition_id", "ref", "registration_id", "tickets", "place"}
	ticketColumns    = []string{"registration_id", "tickets"}
)

func (g *generator) drawEntries(yield func([]any) bool) {
	g.each(func(i, n int) bool {
		if !g.drawn(i) {
			return true
		}
		places, ok := g.places(i, n), true
		g.arrivals(i, n, func(e entry) bool {
			if places[e.number] > 0 {
				ok = yield([]any{
					g.competitionID(i), ref(i, e.number), e.id, tickets(e.number), places[e.number],
				})
			}
			return ok
		})
		return ok
	})
}

func (g *generator) drawTickets(yield func([]any) bool) {
	g.forEntries(yield, func(e *entry) [][]any {
		if tickets(e.number) == 1 {
			return nil
		}
		return [][]any{{e.id, tickets(e.number)}}
	}, lottery)
}
