// Package registrar gives and takes seats: an ordered group commit over compete.Ledger, and the only code that changes
// seats.
//
// Commands enter one bounded queue in order of arrival. A committer takes what waits, decides each command in memory on
// the locked competitions, writes the outcome of all of them in one transaction, and answers only when that is durable.
// What is allowed is decided by compete; what is mailed is decided by jobs, which commit with the seats they are about.
package registrar

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/minicompete/minicompete/internal/compete"
)

// The sizes used where Config leaves them zero.
const (
	// DefaultQueueSize is how many commands may wait. At the measured rate (docs/PERFORMANCE.md) the last one waits
	// about two seconds.
	DefaultQueueSize = 16_384
	// DefaultBatchSize is how many commands one transaction may hold. Beyond a few hundred the cost of the commit
	// itself is spread thin enough, and a larger batch only makes the first of it wait longer.
	DefaultBatchSize = 512
	// pageSize is how many registrations one transaction promotes or cancels on behalf of one command, so that the
	// writer stays free.
	pageSize = 256
)

// Config names what a Registrar needs.
type Config struct {
	Ledger    compete.Ledger
	Notifier  compete.SeatsNotifier // nil: nobody watches
	Clock     func() time.Time
	NewID     func() string
	Logger    *slog.Logger
	Observer  Observer     // nil: nobody counts
	Tracer    trace.Tracer // nil: nothing is traced
	QueueSize int
	BatchSize int
	// MaxWait is how long a command may wait for its turn before it is refused with compete.ErrBusy. Nobody waits for
	// an answer for longer than six fifths of it. 0: as long as it takes.
	MaxWait time.Duration
}

// Registrar implements compete.Registrar. Start it before the first command and Stop it after the last.
type Registrar struct {
	config Config
	queue  queue
	load   load
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
	if r.config.MaxWait > 0 {
		go r.refuseStale()
	}
}

// refuseStale answers those who have waited for MaxWait, whatever holds up the committer.
func (r *Registrar) refuseStale() {
	tick := time.NewTicker(r.config.MaxWait / 20)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
		}
		for _, c := range r.queue.takeBefore(r.config.Clock().Add(-r.config.MaxWait)) {
			c.answer <- &answer{err: r.turnedAway(c, compete.ErrBusy)}
		}
	}
}

// Stop refuses new commands with compete.ErrStopping and returns when every command taken has its answer, or with ctx's
// error.
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
	result, err := r.submit(ctx, c.Actor, &register{RegisterCommand: c, id: r.config.NewID()})
	return result.outcome, err
}

// Cancel implements compete.Registrar.
func (r *Registrar) Cancel(ctx context.Context, c compete.CancelCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &cancel{CancelCommand: c})
	return result.outcome, err
}

// AnswerOffer implements compete.Registrar.
func (r *Registrar) AnswerOffer(
	ctx context.Context, c compete.AnswerOfferCommand,
) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &answerOffer{AnswerOfferCommand: c})
	return result.outcome, err
}

// ExpireOffers implements compete.Registrar.
func (r *Registrar) ExpireOffers(ctx context.Context, registrationIDs []string) (int, error) {
	result, err := r.submit(ctx, compete.Actor{}, &expireOffers{registrationIDs: registrationIDs})
	return result.count, err
}

// Update implements compete.Registrar.
func (r *Registrar) Update(ctx context.Context, c compete.UpdateCommand) (compete.Competition, error) {
	result, err := r.submit(ctx, c.Actor, &update{UpdateCommand: c, moveID: r.config.NewID()})
	return result.outcome.Competition, err
}

// CancelCompetition implements compete.Registrar.
func (r *Registrar) CancelCompetition(
	ctx context.Context, c compete.CancelCompetitionCommand,
) (compete.Competition, error) {
	result, err := r.submit(ctx, c.Actor, &cancelCompetition{CancelCompetitionCommand: c})
	return result.outcome.Competition, err
}

// Unblock implements compete.Registrar.
func (r *Registrar) Unblock(ctx context.Context, c compete.UnblockCommand) (compete.Registration, error) {
	result, err := r.submit(ctx, c.Actor, &unblock{UnblockCommand: c})
	return result.outcome.Registration, err
}

// Transfer implements compete.Registrar.
func (r *Registrar) Transfer(ctx context.Context, c compete.TransferCommand) (compete.Competition, error) {
	result, err := r.submit(ctx, c.Actor, &transfer{TransferCommand: c})
	return result.outcome.Competition, err
}

// Erase implements compete.Registrar.
func (r *Registrar) Erase(ctx context.Context, c compete.EraseCommand) error {
	_, err := r.submit(ctx, compete.Actor{}, &erase{EraseCommand: c})
	return err
}

// Settle implements compete.Registrar.
func (r *Registrar) Settle(ctx context.Context, competitionID string) (bool, error) {
	result, err := r.submit(ctx, compete.Actor{}, &settle{competitionID: competitionID})
	return result.more, err
}

// submit queues a command and waits for its answer. A caller that gives up doesn't take the command back: it arrived,
// and its effect is as durable as any other. It fails with compete.ErrDatabase when the database takes so long that
// nobody can be asked to wait for it; a key then tells what came of the command.
func (r *Registrar) submit(ctx context.Context, a compete.Actor, d decider) (result, error) {
	c := &command{decider: d, origin: compete.OriginOf(ctx), answer: make(chan *answer, 1)}
	c.origin.Actor = a
	r.startSpan(ctx, c)
	if err := r.queue.put(c, r.config.Clock); err != nil {
		return result{}, r.turnedAway(c, err)
	}
	enough, stop := r.enough()
	defer stop()
	select {
	case a := <-c.answer:
		return a.result, a.err
	case <-enough:
		return result{}, compete.ErrDatabase
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return result{}, compete.ErrDatabase
		}
		return result{}, ctx.Err()
	}
}

// Patience is how long nobody waits for an answer for longer than, with a MaxWait: that, and a fifth as long for the
// commit.
func Patience(maxWait time.Duration) time.Duration { return maxWait + maxWait/5 }

// enough is when a caller has waited for its turn and a fifth as long for its commit; never without MaxWait.
func (r *Registrar) enough() (c <-chan time.Time, stop func() bool) {
	if r.config.MaxWait == 0 {
		return nil, func() bool { return false }
	}
	timer := time.NewTimer(Patience(r.config.MaxWait))
	return timer.C, timer.Stop
}

// command is a queued request.
type command struct {
	decider
	origin  compete.Origin // for the audit log
	arrived time.Time
	answer  chan *answer
	span    trace.Span // nil: its request is not traced
}

// result is what a command gives back; of a command about a competition the outcome has that alone.
type result struct {
	outcome compete.RegistrationOutcome
	more    bool // a page is done, and there are others
	count   int  // of registrations that a command without outcome changed
}

type answer struct {
	result
	err error
}
