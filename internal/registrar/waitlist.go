package registrar

import (
	"cmp"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// waitlist is the head of a competition's waitlist as this batch sees it, in order of Seq. It is read when the first
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
	return w.Status == compete.RegistrationWaitlisted && w.Seq == w.seq
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
	for n := min(most, c.SeatsLeft, c.Waitlisted); n > 0; n-- {
		r, err := b.nextWaiting(c)
		if err != nil || r == nil {
			return false, err
		}
		b.give(c, r, now)
	}
	return c.SeatsLeft > 0 && c.Waitlisted > 0, nil
}

// nextWaiting removes the first registration from the waitlist and returns it; nil if nobody is waiting, apart from
// skipped people.
func (b *batch) nextWaiting(c *competition) (*compete.Registration, error) {
	first, err := b.firstWaiting(c)
	if first != nil {
		c.waiting.head = c.waiting.head[1:]
	}
	return first, err
}

// firstWaiting returns the first registration on the waitlist, without removing it.
func (b *batch) firstWaiting(c *competition) (*compete.Registration, error) {
	for {
		if c.waiting == nil || len(c.waiting.head) == 0 && !c.waiting.complete {
			if err := b.readWaitlist(c); err != nil {
				return nil, err
			}
		}
		if len(c.waiting.head) == 0 {
			return nil, nil
		}
		if first := c.waiting.head[0]; first.waits() {
			return first.Registration, nil
		}
		c.waiting.head = c.waiting.head[1:]
	}
}

// readWaitlist reads as much of the waitlist as this batch can use. The database still lists those that this batch has
// promoted or cancelled, so it reads that many additional rows.
func (b *batch) readWaitlist(c *competition) error {
	n := len(b.updated) + min(c.SeatsLeft, c.Waitlisted, pageSize)
	rows, err := b.tx.WaitlistHead(b.ctx, c.ID, n)
	if err != nil {
		return err
	}
	b.addRead(rows)
	c.waiting = &waitlist{complete: len(rows) < n}
	listed := map[string]bool{}
	for _, row := range rows {
		if w := (waiter{b.byID[row.ID], row.Seq}); w.waits() {
			c.waiting.head = append(c.waiting.head, w)
			listed[row.ID] = true
		}
	}
	for _, r := range slices.Concat(b.updated, b.inserted) { // newcomers of this batch
		if r.CompetitionID == c.ID && r.Status == compete.RegistrationWaitlisted && !listed[r.ID] &&
			(c.waiting.complete || r.Seq < rows[n-1].Seq) && !slices.Contains(b.disabled, r.ID) {
			c.waiting.head = append(c.waiting.head, waiter{r, r.Seq})
		}
	}
	slices.SortFunc(c.waiting.head, func(a, b waiter) int { return cmp.Compare(a.seq, b.seq) })
	return nil
}
