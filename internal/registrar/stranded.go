package registrar

import (
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// passOnLater has passOn done for a competition where the captain's role has passed on to somebody whose account may be
// disabled.
func (b *batch) passOnLater(c *competition) {
	if !slices.Contains(b.settle, c.ID) {
		b.settle = append(b.settle, c.ID)
	}
}

// passOn makes another member captain of each team whose captain's account is disabled, a page at a time: nobody else
// could accept an offer, or let others in. It reports whether there may be more.
func (b *batch) passOn(c *competition, now time.Time) (more bool, err error) {
	if c.Team == nil {
		return false, nil
	}
	stranded, err := b.tx.Stranded(b.ctx, c.ID, pageSize)
	if err != nil {
		return false, err
	}
	var q compete.TeamQuery
	for _, s := range stranded {
		addID(&q, s.TeamID)
	}
	if err := b.fetchTeams(q); err != nil {
		return false, err
	}
	handed := 0
	for _, s := range stranded {
		one := b.teams.byID[s.TeamID]
		if one == nil || one.CaptainID != s.CaptainID || one.member(s.NextID) == nil { // changed in this batch
			continue
		}
		if err := b.handOver(c, one, one.member(s.NextID), compete.ViaJob, now); err != nil {
			return false, err
		}
		handed++
	}
	return handed == pageSize, nil
}
