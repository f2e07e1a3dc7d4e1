package registrar

import (
	"cmp"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// waitlist is the head of a competition's waitlist as this batch sees it, in order of Seq, read when the first seat
// comes free. Who is passed over, because the account is disabled, isn't on it.
type waitlist struct {
	head     []waiter
	complete bool // head is all of the waitlist, so that who joins it now stands at its end
}

// waiter is a registration and the place it waits at: once it has another Seq or status, it waits there no longer.
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

// promote gives free seats to the head of the waitlist, at most so many, and reports whether seats and waiting
// registrations are left.
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

// nextWaiting takes the first registration off the waitlist; nil when nobody waits who isn't passed over.
func (b *batch) nextWaiting(c *competition) (*compete.Registration, error) {
	first, err := b.firstWaiting(c)
	if first != nil {
		c.waiting.head = c.waiting.head[1:]
	}
	return first, err
}

// firstWaiting is nextWaiting, and leaves it on the waitlist.
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

// readWaitlist reads as much of the waitlist as this batch can use up: the database still lists those whom this batch
// has promoted or cancelled, so it reads past as many rows as the batch has changed.
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
	if !c.waiting.complete {
		return nil
	}
	for _, r := range slices.Concat(b.updated, b.inserted) { // who joined in this batch
		if r.CompetitionID == c.ID && r.Status == compete.RegistrationWaitlisted && !listed[r.ID] {
			c.waiting.head = append(c.waiting.head, waiter{r, r.Seq})
		}
	}
	slices.SortFunc(c.waiting.head, func(a, b waiter) int { return cmp.Compare(a.seq, b.seq) })
	return nil
}
