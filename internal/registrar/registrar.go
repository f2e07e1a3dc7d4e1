// Package registrar gives and takes seats: an ordered group commit over compete.Ledger, and the only code that changes seats.
//
// Commands enter one bounded queue in order of arrival. A committer takes what waits, decides each command in memory on the
// locked competitions, writes the outcome of all of them in one transaction, and answers only when that is durable. What is
// allowed is decided by compete; what is mailed is decided by jobs, which commit with the seats they are about.
package registrar

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"minicompete/internal/compete"
)

// The sizes used where Config leaves them zero.
const (
	// DefaultQueueSize is how many commands may wait. At the measured rate (docs/PERFORMANCE.md) the last one waits about two seconds.
	DefaultQueueSize = 16_384
	// DefaultBatchSize is how many commands one transaction may hold. Beyond a few hundred the cost of the commit itself is
	// spread thin enough, and a larger batch only makes the first of it wait longer.
	DefaultBatchSize = 512
	// smallBatch is how many commands are taken together whoever else waits. Of more than twice as many only half are taken: while they
	// are committed, those answered before them can come back and queue behind the other half. Taken all at once, everybody would wait
	// for the disk, and then the disk for everybody.
	smallBatch = 128
	// yields is how often others may go first while fewer than smallBatch wait. Where there are none it takes 7 µs.
	yields = 100
	// pageSize is how many registrations one transaction promotes or cancels on behalf of one command, so that the writer stays free.
	pageSize = 256
)

// Config names what a Registrar needs.
type Config struct {
	Ledger    compete.Ledger
	Notifier  compete.SeatsNotifier // nil: nobody watches
	Replays   compete.ReplayCache   // nil: replays come from the ledger
	Clock     func() time.Time
	NewID     func() string
	Logger    *slog.Logger
	Observer  Observer     // nil: nobody counts
	Tracer    trace.Tracer // nil: nothing is traced
	QueueSize int
	BatchSize int
}

// Registrar implements compete.Registrar. Start it before the first command and Stop it after the last.
type Registrar struct {
	config Config
	queue  queue
	done   chan struct{}
}

var _ compete.Registrar = (*Registrar)(nil)

// New makes a registrar that does nothing until Start.
func New(config Config) *Registrar {
	if config.QueueSize == 0 {
		config.QueueSize = DefaultQueueSize
	}
	if config.BatchSize == 0 {
		config.BatchSize = DefaultBatchSize
	}
	r := &Registrar{config: config, done: make(chan struct{})}
	r.queue.init(config.QueueSize)
	return r
}

// Start begins to commit. It returns at once.
func (r *Registrar) Start() {
	go func() {
		defer close(r.done)
		for {
			commands := r.queue.take(r.config.BatchSize)
			if len(commands) == 0 {
				return
			}
			r.commit(commands)
		}
	}()
}

// Stop refuses new commands with compete.ErrStopping and returns when every command taken has its answer, or with ctx's error.
func (r *Registrar) Stop(ctx context.Context) error {
	r.queue.close()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// QueueDepth is the number of commands that wait.
func (r *Registrar) QueueDepth() int { return r.queue.depth() }

// Register implements compete.Registrar.
func (r *Registrar) Register(ctx context.Context, c compete.RegisterCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, &register{RegisterCommand: c, id: r.config.NewID()})
	return result.outcome, err
}

// Cancel implements compete.Registrar.
func (r *Registrar) Cancel(ctx context.Context, c compete.CancelCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, &cancel{CancelCommand: c})
	return result.outcome, err
}

// Update implements compete.Registrar.
func (r *Registrar) Update(ctx context.Context, c compete.UpdateCommand) (compete.Competition, error) {
	result, err := r.submit(ctx, &update{UpdateCommand: c, moveID: r.config.NewID()})
	return result.outcome.Competition, err
}

// CancelCompetition implements compete.Registrar.
func (r *Registrar) CancelCompetition(ctx context.Context, c compete.CancelCompetitionCommand) (compete.Competition, error) {
	result, err := r.submit(ctx, &cancelCompetition{CancelCompetitionCommand: c})
	return result.outcome.Competition, err
}

// Unblock implements compete.Registrar.
func (r *Registrar) Unblock(ctx context.Context, c compete.UnblockCommand) (compete.Registration, error) {
	result, err := r.submit(ctx, &unblock{UnblockCommand: c})
	return result.outcome.Registration, err
}

// Transfer implements compete.Registrar.
func (r *Registrar) Transfer(ctx context.Context, c compete.TransferCommand) (compete.Competition, error) {
	result, err := r.submit(ctx, &transfer{TransferCommand: c})
	return result.outcome.Competition, err
}

// Settle implements compete.Registrar.
func (r *Registrar) Settle(ctx context.Context, competitionID string) (bool, error) {
	result, err := r.submit(ctx, &settle{competitionID: competitionID})
	return result.more, err
}

// submit queues a command and waits for its answer. A caller that gives up doesn't take the command back: it arrived, and
// its effect is as durable as any other.
func (r *Registrar) submit(ctx context.Context, d decider) (result, error) {
	c := &command{decider: d, answer: make(chan *answer, 1)}
	r.follow(ctx, c)
	if err := r.queue.put(c, r.config.Clock); err != nil {
		return result{}, r.turnedAway(c, err)
	}
	select {
	case a := <-c.answer:
		return a.result, a.err
	case <-ctx.Done():
		return result{}, ctx.Err()
	}
}

// command is a queued request.
type command struct {
	decider
	arrived time.Time
	answer  chan *answer
	span    trace.Span // nil: its request is not traced
}

// result is what a command gives back; of a command about a competition the outcome has that alone.
type result struct {
	outcome compete.RegistrationOutcome
	more    bool
}

type answer struct {
	result
	err error
}

// queue is a bounded first-in-first-out queue. Commands are stamped under its lock, so that stamps and order agree.
type queue struct {
	mu      sync.Mutex
	waiting sync.Cond // signalled when commands wait or the queue closes
	items   []*command
	size    int
	closed  bool
}

func (q *queue) init(size int) {
	q.size = size
	q.waiting.L = &q.mu
}

func (q *queue) put(c *command, clock func() time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return compete.ErrStopping
	case len(q.items) >= q.size:
		return compete.ErrBusy
	}
	c.arrived = compete.UTC(clock())
	q.items = append(q.items, c)
	q.waiting.Signal()
	return nil
}

// take waits for commands and returns up to most of them, the oldest first; none when the queue is closed and empty. It lets others go
// first until there are enough: in a rush those just answered are about to press again, and a batch of a few costs nearly as much as
// one of a hundred.
func (q *queue) take(most int) []*command {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.waiting.Wait()
	}
	for i := 0; i < yields && len(q.items) < min(most, smallBatch); i++ {
		q.mu.Unlock()
		runtime.Gosched()
		q.mu.Lock()
	}
	n := min(most, max(smallBatch, (len(q.items)+1)/2), len(q.items))
	taken := q.items[:n:n]
	if q.items = q.items[n:]; len(q.items) == 0 {
		q.items = nil // lets go of the array that the taken ones share
	}
	return taken
}

// takeBefore takes the commands that arrived before a moment, without waiting.
func (q *queue) takeBefore(moment time.Time) []*command {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.items) && q.items[n].arrived.Before(moment) {
		n++
	}
	taken := q.items[:n:n]
	if q.items = q.items[n:]; len(q.items) == 0 {
		q.items = nil
	}
	return taken
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.waiting.Broadcast()
}

func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
