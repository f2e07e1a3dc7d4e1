package live

import (
	"container/heap"
	"runtime"
	"time"

	"github.com/minicompete/minicompete/internal/sse"
)

const (
	// minInterval limits a page to four events a second, as many as a reader can follow.
	minInterval = 250 * time.Millisecond
	// maxInterval keeps the promise of updating pages within a second of a commit: a page waits at most for this
	// interval, a read, and a late turn.
	maxInterval = 850 * time.Millisecond
	// spacing is the minimum average time between sending to one page and to the next: each send takes about 8 µs of a
	// core, so up to five thousand pages take a twentieth of a core in a rush, and with thousands of pages each is
	// updated less than four times a second.
	spacing = 170 * time.Microsecond
	// pagesPerTurn is how many pages are sent events in a row before yielding the core.
	pagesPerTurn = 64
	// burst is how many pages may be sent events at once after a pause.
	burst = 8 * pagesPerTurn
	// heartbeat keeps proxies from closing a quiet stream, and detects readers that have silently gone.
	heartbeat  = 20 * time.Second
	signOfLife = ": still here\n\n"
	// stuckTimeout is when a reader that accepts nothing is disconnected.
	stuckTimeout = 10 * time.Second
)

// interval returns the minimum time between two events of a page. h.mu is held.
func (h *Hub) interval() time.Duration {
	return min(max(minInterval, time.Duration(len(h.pages))*spacing), maxInterval)
}

// tell sends pages their events when they are due, until the hub stops.
func (h *Hub) tell() {
	next := time.NewTimer(0)
	defer next.Stop()
	batch := make([]telling, 0, pagesPerTurn)
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.toTell:
		case <-next.C:
		}
		next.Reset(h.turn(batch))
	}
}

// telling is a page being sent events, with its own events.
type telling struct {
	page  *Page
	own   string
	taken bool
}

// turn sends events to at most pagesPerTurn of the pages that are due. It returns the time until the next turn.
func (h *Hub) turn(batch []telling) time.Duration {
	batch = h.due(batch)
	for i := range batch {
		batch[i].taken = batch[i].page.send(batch[i].own)
	}
	wait, stuck := h.done(batch)
	for _, stream := range stuck {
		stream.End()
	}
	if wait == 0 {
		runtime.Gosched()
	}
	return wait
}

// due removes the pages of a turn from the queue.
func (h *Hub) due(batch []telling) []telling {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if start := now.Add(-burst * h.share()); h.paid.Before(start) {
		h.paid = start
	}
	allowed := min(pagesPerTurn, int(now.Sub(h.paid)/h.share()))
	for len(batch) < allowed && len(h.queue) > 0 && !h.queue[0].due.After(now) {
		p := heap.Pop(&h.queue).(*Page)
		batch = append(batch, telling{page: p, own: p.collect()})
	}
	h.paid = h.paid.Add(time.Duration(len(batch)) * h.share())
	return batch
}

// share returns the time allotted to one page: seven eighths of what is needed, so that late turns are made up for.
// h.mu is held.
func (h *Hub) share() time.Duration {
	return min(spacing, maxInterval/time.Duration(max(1, len(h.pages)))) * 7 / 8
}

// done requeues the pages of a turn. It returns the time until the next turn, and the streams that are stuck.
func (h *Hub) done(batch []telling) (wait time.Duration, stuck []sse.Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range batch {
		h.requeue(t.page, t.own, t.taken)
		if since := t.page.stuck; !since.IsZero() && time.Since(since) >= stuckTimeout {
			stuck = append(stuck, t.page.stream)
		}
	}
	if len(h.queue) == 0 {
		return time.Hour, stuck
	}
	now := time.Now()
	wait = max(0, h.queue[0].due.Sub(now))
	if now.Sub(h.paid) < pagesPerTurn*h.share() {
		wait = max(wait, pagesPerTurn*h.share()-now.Sub(h.paid))
	}
	return wait, stuck
}

// requeue records what a page was sent and puts it back into the queue. h.mu is held.
func (h *Hub) requeue(p *Page, own string, taken bool) {
	if p.left {
		return
	}
	p.told = time.Now()
	switch {
	case taken:
		p.stuck = time.Time{}
		if p.own == own {
			p.own = ""
		}
		for i := range p.follows {
			f := &p.follows[i]
			if f.next != nil {
				f.told = f.next
			}
			if f.told == f.topic.state {
				f.topic.informed[p] = struct{}{}
			}
		}
	case p.stuck.IsZero():
		p.stuck = p.told
	}
	p.due = p.told.Add(heartbeat)
	heap.Push(&h.queue, p)
	if p.pending() {
		h.hurry(p)
	}
	h.wakeFor(p)
}

// hurry makes a page due as soon as its interval allows. h.mu is held.
func (h *Hub) hurry(p *Page) {
	due := p.told.Add(h.interval())
	if p.place < 0 || !due.Before(p.due) {
		return // it is being sent events and will be requeued, or is already due
	}
	p.due = due
	heap.Fix(&h.queue, p.place)
	h.wakeFor(p)
}

func (h *Hub) wakeFor(p *Page) {
	if p.place == 0 {
		signal(h.toTell)
	}
}

func (h *Hub) unqueue(p *Page) {
	if p.place >= 0 {
		heap.Remove(&h.queue, p.place)
	}
}

// queue holds the started pages that aren't being sent events, ordered by due time. It is a heap.Interface.
type queue []*Page

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements heap.Interface.
func (q *queue) Push(p any) {
	p.(*Page).place = len(*q)
	*q = append(*q, p.(*Page))
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	p := (*q)[last]
	p.place = -1
	(*q)[last] = nil
	*q = (*q)[:last]
	return p
}
