package registrar

import (
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// dropSize is the maximum number of registrations that one transaction drops. All members of their teams go with
	// them.
	dropSize = 32
	// dropWindow is how many places in the order of arrival one transaction looks at, to find those to drop.
	dropWindow = 512
)

type dropIncomplete struct {
	competitionID string
	page          dropPage
	next          dropPage // set by decide
}

// dropPage is how far the registrations of a competition have been looked at.
type dropPage struct {
	after   int64 // all up to this Seq
	dropped bool  // some of them were dropped, so that all are looked at once more
}

func (c *dropIncomplete) name() string { return "drop incomplete teams" }

func (c *dropIncomplete) needs(n *needs) { n.competitionIDs.add(c.competitionID) }

func (c *dropIncomplete) decide(b *batch, now time.Time) (result, error, error) {
	competition := b.withTeams(c.competitionID)
	if competition == nil || !competition.DropsIncomplete(now) {
		return result{}, nil, nil
	}
	last := c.page.after + dropWindow
	rows, err := b.tx.Incomplete(b.ctx, compete.IncompleteQuery{
		CompetitionID: c.competitionID, Least: competition.Team.Min, After: c.page.after, Last: last, Limit: dropSize,
	})
	if err != nil {
		return result{}, nil, err
	}
	b.addRead(rows)
	if err := b.fetchTeamsOf(competition, rows); err != nil {
		return result{}, nil, err
	}
	freed, err := b.freedSeats(competition)
	if err != nil {
		return result{}, nil, err
	}
	seats, dropped, err := b.dropAll(competition, rows, now)
	if err != nil {
		return result{}, nil, err
	}
	freed += seats
	c.next = dropPage{last, c.page.dropped || dropped}
	more := true
	switch {
	case len(rows) == dropSize:
		c.next.after = rows[dropSize-1].Seq
	case last < competition.NextSeq:
	case c.next.dropped:
		c.next = dropPage{}
	default:
		more = false
	}
	if more {
		return result{more: true}, nil, b.setFreed(competition, freed)
	}
	// The seats pass on in the end, so that nobody gets one who is about to be dropped.
	more, err = b.passFreed(competition, freed, now)
	if competition.Owed() && !more && !competition.Reviewed() { // an earlier run may have ended before it passed on all
		competition.dirty = true
		b.settle = append(b.settle, c.competitionID)
	}
	return result{more: more}, nil, err
}

// dropAll drops what has too few members, and returns how many seats that frees.
func (b *batch) dropAll(
	c *competition, rows []compete.Registration, now time.Time,
) (freed int, dropped bool, err error) {
	for _, row := range rows {
		r := b.byID[row.ID]
		one, err := b.teamOf(r)
		switch {
		case err != nil:
			return freed, dropped, err
		case !r.Status.Hopeful(), one != nil && one.size() >= c.Team.Min:
			continue
		case r.Follows:
			r = one.captain()
		}
		// A page may end within a team, so the whole team goes with the first of its members.
		seats, err := b.drop(c, one, r, now)
		if err != nil {
			return freed, dropped, err
		}
		freed, dropped = freed+seats, true
	}
	return freed, dropped, nil
}

// freedSeats returns how many seats earlier pages freed, or people gave up during a pause, that haven't passed on. The
// number is stored: where decisions assign seats, nothing else says that somebody gave these up.
func (b *batch) freedSeats(c *competition) (int, error) {
	if freed, ok := b.freed[c.ID]; ok {
		return freed, nil
	}
	freed, _, err := b.tx.Freed(b.ctx, c.ID)
	return freed, err
}

func (b *batch) setFreed(c *competition, freed int) error {
	before, err := b.freedSeats(c)
	if err != nil || before == freed {
		return err
	}
	if b.freed == nil {
		b.freed = map[string]int{}
	}
	b.freed[c.ID], c.dirty = freed, true
	return nil
}

// drop cancels a registration that is in no team, or a whole team, and returns how many seats that frees.
func (b *batch) drop(c *competition, one *team, r *compete.Registration, now time.Time) (seats int, err error) {
	going := []*compete.Registration{r}
	if one != nil && !c.SeatsPerTeam() {
		captain := one.captain()
		going = slices.DeleteFunc(slices.Clone(one.members), func(m *compete.Registration) bool {
			return m == captain || !m.Status.Hopeful()
		})
		if captain.Status.Hopeful() {
			going = append(going, captain) // the last, so that the role isn't passed on to somebody who goes too
		}
	}
	for _, g := range going {
		seats += g.Seats()
		if err := b.end(c, g, compete.EventIncomplete, compete.AuditIncomplete, compete.ViaJob,
			compete.MessageIncompleteTeam, now); err != nil {
			return seats, err
		}
	}
	return seats, nil
}
