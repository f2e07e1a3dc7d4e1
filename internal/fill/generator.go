package fill

import (
	"encoding/binary"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
)

// rows are created one at a time; none is kept.
type rows = iter.Seq[[]any]

// span is the age of the first competition.
const span = 180 * 24 * time.Hour

// generator creates rows. They depend only on the size and the time.
type generator struct {
	Config
	firstParticipant int
	weights          int // sum over all competitions
	busyUntil        int // the first competition for which the busy participant isn't registered
	blockRows        [][]any
	divisionRows     [][]any
	days             map[dayKey]int
	told             []told
}

func newGenerator(c Config) *generator {
	c.Now = compete.UTC(c.Now)
	g := &generator{Config: c, firstParticipant: c.Size.organizers(), days: map[dayKey]int{}}
	for i := range c.Size.Competitions {
		g.weights += g.weight(i)
	}
	made := 0
	g.each(func(i, n int) bool {
		if n > 0 {
			made++
		}
		g.busyUntil = i + 1
		return made < busy
	})
	return g
}

// watched reports the progress of rows.
func (g *generator) watched(what string, all int, made rows) rows {
	return func(yield func([]any) bool) {
		n := 0
		for row := range made {
			if !yield(row) {
				return
			}
			if n++; n%5000 == 0 && n < all {
				g.Progress(what, n, all)
			}
		}
		if all > 0 {
			g.Progress(what, n, n)
		}
	}
}

// mix returns a number that looks random but is always the same for n (SplitMix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

func hash(kind, i int) uint64 { return mix(uint64(kind)<<48 ^ uint64(i)) } //nolint:gosec // both are positive

// pick is one of n, which looks random.
//
//nolint:gosec // n is positive, and so is what is left
func pick(kind, i, n int) int { return int(hash(kind, i) % uint64(n)) }

// newID returns a UUID v7 for the given time.
func newID(at time.Time, kind, i int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16)
	binary.BigEndian.PutUint64(id[8:], hash(kind, i))
	binary.BigEndian.PutUint16(id[6:8], uint16(i)) //nolint:gosec // distinguishes ids with the same time
	id[6], id[8] = 0x70|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}

const (
	kindUser = iota + 1
	kindCompetition
	kindRegistration
	kindPhase
	kindWeight
	kindOrganizer
	kindFirstName
	kindLastName
	kindFirstUser
	kindTitle
	kindMessage
	kindSession
	kindAudit
	kindFailedJob
	kindReport
	kindShape
	kindDivision
	kindTeam
	kindAnswer
	kindRelease
	kindReview
	kindRef
	kindRestOfRef
)

// within numbers the j-th of something that competition i has several of.
func within(i, j int) int { return i<<20 ^ j }

// part returns the time of the i-th of n points between two times.
func part(from, to time.Time, i, n int) time.Time {
	return from.Add(time.Duration(float64(to.Sub(from)) * float64(i) / float64(max(n, 1)))).Truncate(time.Microsecond)
}
