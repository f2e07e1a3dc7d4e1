package registrar

import (
	"cmp"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// waitlist is the head of a waitlist as this batch sees it, in order of Seq. It is read when the first
// seat becomes free. People with disabled accounts are skipped, so they aren't in it.
type waitlist struct {
	head     []waiter
	complete bool // head is the whole waitlist, so newcomers can be appended
}

// waiter is a registration and its place in line. Once the registration has another Seq or status, it no longer waits
// at that place.
type waiter struct {
	*compete.Registration
	seq int64
}

func (w waiter) waits() bool {
	return w.Waits() > 0 && w.Seq == w.seq
}

func (w *waitlist) join(r *compete.Registration) {
	if w.complete {
		w.head = append(w.head, waiter{r, r.Seq})
	}
}

// promote assigns free seats to the head of the waitlist, at most the given number, and reports whether both seats and
// waiting registrations remain.
func (b *batch) promote(c *competition, most int, now time.Time) (more bool, err error) {
	if !c.Promotes(now) {
		return false, nil
	}
	for n := most; n > 0 && c.Owed(); n-- {
		r, err := b.nextWaiting(c)
		if err != nil || r == nil {
			return false, err
		}
		if err := b.give(c, r, now); err != nil {
			return false, err
		}
	}
	return c.Owed(), nil
}

// passSeat moves the head of the waitlist up after somebody has left. With review, those who wait get a free seat by a
// decision, and only one that was given up passes on by itself: once the competition goes on, if it is paused.
func (b *batch) passSeat(c *competition, seats int, now time.Time) error {
	if c.Reviewed() {
		switch {
		case seats == 0:
			return nil
		case c.Paused(now):
			freed, err := b.freedSeats(c)
			if err != nil {
				return err
			}
			return b.setFreed(c, freed+seats)
		}
	}
	_, err := b.promote(c, 1, now)
	return err
}

// settleFreed is passFreed, except while incomplete teams are about to be dropped: their seats pass on once all are, so
// that nobody gets one who is dropped too.
func (b *batch) settleFreed(c *competition, now time.Time) (more bool, err error) {
	_, dropping, err := b.tx.Freed(b.ctx, c.ID)
	if err != nil || dropping && c.DropsIncomplete(now) {
		return false, err
	}
	freed, err := b.freedSeats(c)
	if err != nil || freed == 0 {
		return false, err
	}
	return b.passFreed(c, freed, now)
}

// passFreed passes on a page of seats that were freed before, and reports whether there may be more. While
// the competition is paused, it keeps them where decisions assign seats; elsewhere free seats pass on anyway then.
func (b *batch) passFreed(c *competition, freed int, now time.Time) (more bool, err error) {
	if c.Paused(now) {
		if !c.Reviewed() {
			freed = 0
		}
		return false, b.setFreed(c, freed)
	}
	page := min(freed, pageSize)
	owed, err := b.promote(c, page, now)
	if err != nil {
		return false, err
	}
	left := 0
	if owed {
		left = freed - page
	}
	return left > 0, b.setFreed(c, left)
}

// nextWaiting removes the first registration that fits from its waitlist and returns it; nil if nobody is waiting for
// a free seat, apart from skipped people.
func (b *batch) nextWaiting(c *competition) (*compete.Registration, error) {
	first, err := b.firstWaiting(c)
	if first != nil {
		line := c.waiting[first.DivisionID]
		line.head = line.head[1:]
	}
	return first, err
}

// firstWaiting returns the first waiting registration that a free seat fits, without removing it from the waitlist: of
// those at the head of a division with a free seat, the earliest.
func (b *batch) firstWaiting(c *competition) (*compete.Registration, error) {
	switch {
	case !c.Owed():
		return nil, nil
	case len(c.Divisions) == 0:
		return b.firstIn(c, "")
	}
	var first *compete.Registration
	for i := range c.Divisions {
		d := &c.Divisions[i]
		if d.SeatsLeft <= 0 || d.Waitlisted == 0 {
			continue
		}
		next, err := b.firstIn(c, d.ID)
		if err != nil {
			return nil, err
		}
		if next != nil && (first == nil || next.Seq < first.Seq) {
			first = next
		}
	}
	return first, nil
}

// firstIn returns the first registration on the waitlist of a division, or of a competition without divisions.
func (b *batch) firstIn(c *competition, divisionID string) (*compete.Registration, error) {
	for {
		line := c.waiting[divisionID]
		if line == nil || len(line.head) == 0 && !line.complete {
			var err error
			if line, err = b.readWaitlist(c, divisionID); err != nil {
				return nil, err
			}
		}
		if len(line.head) == 0 {
			return nil, nil
		}
		if first := line.head[0]; first.waits() {
			return first.Registration, nil
		}
		line.head = line.head[1:]
	}
}

// readWaitlist reads as much of a waitlist as this batch can use. The database still lists those that this batch has
// promoted, moved or cancelled, so it reads that many additional rows.
func (b *batch) readWaitlist(c *competition, divisionID string) (*waitlist, error) {
	n := len(b.updated) + min(c.SeatsLeft, c.Waitlisted, pageSize)
	rows, err := b.tx.WaitlistHead(b.ctx, c.ID, divisionID, n)
	if err != nil {
		return nil, err
	}
	b.addRead(rows)
	line := &waitlist{complete: len(rows) < n}
	if c.waiting == nil {
		c.waiting = map[string]*waitlist{}
	}
	c.waiting[divisionID] = line
	listed := map[string]bool{}
	for _, row := range rows {
		if w := (waiter{b.byID[row.ID], row.Seq}); w.waits() {
			line.head = append(line.head, w)
			listed[row.ID] = true
		}
	}
	for _, r := range slices.Concat(b.updated, b.inserted) { // newcomers of this batch
		if r.CompetitionID == c.ID && r.DivisionID == divisionID && r.Waits() > 0 &&
			!listed[r.ID] && (line.complete || r.Seq < rows[n-1].Seq) && !slices.Contains(b.disabled, r.ID) {
			line.head = append(line.head, waiter{r, r.Seq})
		}
	}
	slices.SortFunc(line.head, func(a, b waiter) int { return cmp.Compare(a.seq, b.seq) })
	return line, nil
}
