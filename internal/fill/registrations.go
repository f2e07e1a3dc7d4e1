package fill

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
)

// blockSize is the block size of package store's counts.
const blockSize = 64

// busy is for how many of the first competitions the participant who can log in is registered.
const busy = 2000

// entry is a registration.
type entry struct {
	id                uuid.UUID
	number            int // in the order in which people arrived, from 0 on
	user, competition int
	seq               int64
	status            compete.RegistrationStatus
	reason            string
	at                time.Time
	team              int // -1: none
	follows, looking  bool
}

// entries returns the registrations for a competition, in the order of seq.
func (g *generator) entries(i, n int) iter.Seq[entry] {
	if !g.drawn(i) {
		return func(yield func(entry) bool) { g.arrivals(i, n, yield) }
	}
	places := g.places(i, n)
	all := make([]entry, 0, n)
	parts := g.seats(i, n)
	g.arrivals(i, n, func(e entry) bool {
		if place := places[e.number]; place > 0 {
			e.seq, e.status = int64(n+place), g.status(i, parts[0], place-1)
		}
		all = append(all, e)
		return true
	})
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.seq, b.seq) })
	return slices.Values(all)
}

// end is when the last registration arrives.
func (g *generator) end(i int) time.Time {
	if deadline := g.deadline(i); deadline.Before(g.Now) {
		return deadline
	}
	return g.Now
}

// arrivals yields the registrations for a competition as if first come were first served.
func (g *generator) arrivals(i, n int, yield func(entry) bool) {
	created, end, shape := g.created(i), g.end(i), g.shapeOf(i)
	parts := g.seats(i, n)
	crowd := g.Size.Users - g.firstParticipant - 1 // without the busy one
	first := pick(kindFirstUser, i, crowd)
	before := make([]int, len(parts))
	for j := range n {
		e := entry{
			number: j, competition: i, user: g.firstParticipant + 1 + (first+j)%crowd, seq: int64(j + 1),
			at: part(created, end, j, n), team: -1,
		}
		if j == 0 && i < g.busyUntil {
			e.user = g.firstParticipant
		}
		e.id = newID(e.at, kindRegistration, within(i, j))
		switch d := j % len(parts); {
		case g.phaseOf(i) == cancelled:
			e.status, e.reason = compete.RegistrationCancelled, "COMPETITION"
		case g.left(i, j):
			e.status, e.reason = compete.RegistrationCancelled, "SELF"
		case follows(shape, i, j):
			e.status, e.follows = compete.RegistrationConfirmed, true
		default:
			e.status = g.status(i, parts[d], before[d])
			before[d]++
		}
		if shape == teamed && e.status != compete.RegistrationCancelled {
			e.team, e.looking = teamOf(j)
		}
		if !yield(e) {
			return
		}
	}
}

var registrationColumns = []string{
	"id", "user_id", "competition_id", "status", "seq", "registered_at",
	"updated_at", "cancel_reason", "division_id", "team_id", "follows", "looking",
}

func (g *generator) registrations(yield func([]any) bool) {
	g.each(func(i, n int) bool {
		competition, parts := g.competitionID(i), g.parts(i)
		slot := competition.String()[35:]
		for e := range g.entries(i, n) {
			var division, team any
			if parts > 1 {
				id := g.divisionID(i, e.number%parts)
				division = id
				g.divisionRows = count(g.divisionRows, id, &e)
			}
			if e.team >= 0 {
				team = g.teamID(i, n, e.team)
			}
			g.blockRows = count(g.blockRows, competition, &e)
			g.days[dayKey{g.organizer(i), e.at.Unix() / (24 * 60 * 60), slot}]++
			if i == 0 || e.user == g.firstParticipant {
				g.told = append(g.told, told{e.id, e.user, i, e.seq, e.status, e.at})
			}
			if !yield([]any{
				e.id, g.userID(e.user), competition, string(e.status), e.seq, e.at, e.at, e.reason, division, team,
				e.follows, e.looking,
			}) {
				return false
			}
		}
		return true
	})
}

// forEntries yields rows for the registrations of the competitions with one of the shapes.
func (g *generator) forEntries(yield func([]any) bool, rows func(e *entry) [][]any, shapes ...shape) {
	g.each(func(i, n int) bool {
		if !slices.Contains(shapes, g.shapeOf(i)) {
			return true
		}
		for e := range g.entries(i, n) {
			for _, row := range rows(&e) {
				if !yield(row) {
					return false
				}
			}
		}
		return true
	})
}

type dayKey struct {
	organizer int
	day       int64
	slot      string
}

var (
	blockColumns         = []string{"competition_id", "block", "seated", "waiting", "cancelled"}
	divisionBlockColumns = []string{"division_id", "block", "seated", "waiting", "cancelled"}
	dayColumns           = []string{"organizer_id", "day", "slot", "registered"}
)

// count counts a registration of a competition or division as package store would have. Those of a division are
// among those of two others.
func count(blocks [][]any, owner uuid.UUID, e *entry) [][]any {
	block := e.seq / blockSize
	at := len(blocks) - 1
	for back := at; back >= max(0, at-divisionsEach); back-- {
		if blocks[back][0] == owner && blocks[back][1] == block {
			at = back
			break
		}
	}
	if at < 0 || blocks[at][0] != owner || blocks[at][1] != block {
		blocks = append(blocks, []any{owner, block, 0, 0, 0})
		at = len(blocks) - 1
	}
	column := 4 // neither has a seat nor waits
	switch {
	case e.follows:
	case e.status == compete.RegistrationConfirmed:
		column = 2
	case e.status == compete.RegistrationWaitlisted:
		column = 3
	}
	blocks[at][column] = blocks[at][column].(int) + 1
	return blocks
}

func (g *generator) blocks(yield func([]any) bool)         { slices.Values(g.blockRows)(yield) }
func (g *generator) divisionBlocks(yield func([]any) bool) { slices.Values(g.divisionRows)(yield) }

// organizerDays yields rows in about the order of their keys, in which they are added fastest.
func (g *generator) organizerDays(yield func([]any) bool) {
	keys := slices.SortedFunc(maps.Keys(g.days), func(a, b dayKey) int {
		return cmp.Or(cmp.Compare(a.organizer, b.organizer), cmp.Compare(a.day, b.day), cmp.Compare(a.slot, b.slot))
	})
	for _, key := range keys {
		if !yield([]any{g.userID(key.organizer), key.day, key.slot, g.days[key]}) {
			return
		}
	}
}
