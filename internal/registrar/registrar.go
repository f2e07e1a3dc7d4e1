// Package registrar assigns and frees seats. It is an ordered group commit over compete.Ledger, and the only code that
// changes seats.
//
// Commands enter one bounded queue in order of arrival. A committer takes the waiting commands, decides each in memory
// based on the locked competitions, writes all outcomes in one transaction, and answers only once that is durable.
// Package compete decides what is allowed. Jobs, committed together with the seats that they are about, decide what is
// emailed.
package registrar

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/minicompete/minicompete/internal/compete"
)

// The defaults for sizes that are zero in Config.
const (
	// DefaultQueueSize is the maximum number of waiting commands. At the measured rate (docs/PERFORMANCE.md) the last
	// one waits about two seconds.
	DefaultQueueSize = 16_384
	// DefaultBatchSize is the maximum number of commands in a transaction. Beyond a few hundred, the cost of the commit
	// itself is spread thin enough, and a larger batch only makes its first commands wait longer.
	DefaultBatchSize = 512
	// pageSize is the maximum number of registrations that one transaction promotes or cancels on behalf of one
	// command, so that it doesn't occupy the writer for long.
	pageSize = 256
)

// Config lists the dependencies and settings of a Registrar.
type Config struct {
	Ledger    compete.Ledger
	Notifier  compete.SeatsNotifier // nil for none
	Clock     func() time.Time
	NewID     func() string
	Logger    *slog.Logger
	Observer  Observer       // nil for none
	Tracer    trace.Tracer   // nil disables tracing
	Sealer    compete.Sealer // of access codes; nil where no competition has one
	QueueSize int
	BatchSize int
	// MaxWait is how long a command may wait for its turn before it is refused with compete.ErrBusy. Nobody waits for
	// an answer longer than 9/8 of MaxWait. 0 means no limit.
	MaxWait time.Duration
}

// Registrar implements compete.Registrar. Start it before the first command and Stop it after the last.
type Registrar struct {
	config Config
	queue  queue
	load   load
	step   int             // the size of the next page of decisions or drawn places; for the committing goroutine
	asked  map[string]bool // competitions that asked for something in the last batch; for the committing goroutine
	done   chan struct{}
}

var _ compete.Registrar = (*Registrar)(nil)

// New creates a registrar that does nothing until Start.
func New(config Config) *Registrar {
	if config.QueueSize == 0 {
		config.QueueSize = DefaultQueueSize
	}
	if config.BatchSize == 0 {
		config.BatchSize = DefaultBatchSize
	}
	r := &Registrar{config: config, step: minStep, done: make(chan struct{})}
	r.queue.init(config.QueueSize)
	return r
}

// Start starts committing and returns immediately.
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

// refuseStale refuses commands that have waited for MaxWait, whatever holds up the committer.
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

// Stop refuses new commands with compete.ErrStopping and returns once all accepted commands are answered, or with ctx's
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

// QueueDepth returns the number of waiting commands.
func (r *Registrar) QueueDepth() int { return r.queue.depth() }

// Register implements compete.Registrar.
func (r *Registrar) Register(ctx context.Context, c compete.RegisterCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &register{
		RegisterCommand: c, id: r.config.NewID(),
		newID: r.config.NewID,
	})
	return result.outcome, err
}

// Add implements compete.Registrar.
func (r *Registrar) Add(ctx context.Context, c compete.AddCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &add{
		AddCommand: c, id: r.config.NewID(),
		newID: r.config.NewID,
	})
	return result.outcome, err
}

// Cancel implements compete.Registrar.
func (r *Registrar) Cancel(ctx context.Context, c compete.CancelCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &cancel{CancelCommand: c})
	return result.outcome, err
}

// Move implements compete.Registrar.
func (r *Registrar) Move(ctx context.Context, c compete.MoveCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &move{MoveCommand: c})
	return result.outcome, err
}

// ChangeTeam implements compete.Registrar.
func (r *Registrar) ChangeTeam(ctx context.Context, c compete.ChangeTeamCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &changeTeam{ChangeTeamCommand: c, id: r.config.NewID()})
	return result.outcome, err
}

// RemoveMember implements compete.Registrar.
func (r *Registrar) RemoveMember(ctx context.Context, c compete.MemberCommand) (compete.RegistrationOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &removeMember{inTeam{c.TeamCommand}, c.UserID})
	return result.outcome, err
}

// HandOver implements compete.Registrar.
func (r *Registrar) HandOver(ctx context.Context, c compete.MemberCommand) (compete.Team, error) {
	result, err := r.submit(ctx, c.Actor, &handOver{inTeam{c.TeamCommand}, c.UserID})
	return result.changedTeam(), err
}

// RenewCode implements compete.Registrar.
func (r *Registrar) RenewCode(ctx context.Context, c compete.TeamCommand) (compete.Team, error) {
	result, err := r.submit(ctx, c.Actor, &renewCode{inTeam{c}})
	return result.changedTeam(), err
}

// RenameTeam implements compete.Registrar.
func (r *Registrar) RenameTeam(ctx context.Context, c compete.RenameTeamCommand) (compete.Team, error) {
	result, err := r.submit(ctx, c.Actor, &renameTeam{inTeam{c.TeamCommand}, c.Name})
	return result.changedTeam(), err
}

// DropIncomplete implements compete.Registrar.
func (r *Registrar) DropIncomplete(ctx context.Context, competitionID string) error {
	for command := (&dropIncomplete{competitionID: competitionID}); ; {
		done, err := r.submit(ctx, compete.Actor{}, command)
		if err != nil || !done.more {
			return err
		}
		command = &dropIncomplete{competitionID: competitionID, page: command.next}
	}
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
	result, err := r.submit(ctx, c.Actor, &update{UpdateCommand: c, newID: r.config.NewID})
	return result.outcome.Competition, err
}

// CancelCompetition implements compete.Registrar.
func (r *Registrar) CancelCompetition(
	ctx context.Context, c compete.CancelCompetitionCommand,
) (compete.Competition, error) {
	result, err := r.submit(ctx, c.Actor, &cancelCompetition{CancelCompetitionCommand: c})
	return result.outcome.Competition, err
}

// Edit implements compete.Registrar.
func (r *Registrar) Edit(ctx context.Context, c compete.EditCommand) (compete.EditOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &edit{EditCommand: c})
	return result.edited(), err
}

// Change implements compete.Registrar.
func (r *Registrar) Change(ctx context.Context, c compete.ChangeCommand) (compete.EditOutcome, error) {
	result, err := r.submit(ctx, c.Actor, &change{ChangeCommand: c, id: r.config.NewID()})
	return result.edited(), err
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

// Release implements compete.Registrar.
func (r *Registrar) Release(ctx context.Context, competitionID string) (bool, error) {
	result, err := r.submit(ctx, compete.Actor{}, &release{competitionID: competitionID})
	return result.more, err
}

// Draw implements compete.Registrar.
func (r *Registrar) Draw(ctx context.Context, competitionID string) (bool, error) {
	result, err := r.submit(ctx, compete.Actor{}, &drawing{competitionID: competitionID})
	return result.more, err
}

// submit queues a command and waits for its answer. If the caller gives up, the command still takes effect, as durably
// as any other. submit fails with compete.ErrDatabase if the database takes longer than anybody can be asked to wait,
// counted from the arrival of the request; repeating the request with its idempotency key then returns the outcome.
func (r *Registrar) submit(ctx context.Context, a compete.Actor, d decider) (result, error) {
	c := &command{decider: d, origin: compete.OriginOf(ctx), answer: make(chan *answer, 1)}
	c.origin.Actor = a
	r.startSpan(ctx, c)
	if err := r.queue.put(c, r.config.Clock); err != nil {
		return result{}, r.turnedAway(c, err)
	}
	var timeout <-chan time.Time // never, without MaxWait, or if ctx ends before
	if r.config.MaxWait > 0 && !endsWithin(ctx, Patience(r.config.MaxWait)) {
		timer := time.NewTimer(Patience(r.config.MaxWait) - c.origin.Client.Waited())
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case a := <-c.answer:
		return a.result, a.err
	case <-timeout:
		return result{}, compete.ErrDatabase
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return result{}, compete.ErrDatabase
		}
		return result{}, ctx.Err()
	}
}

func endsWithin(ctx context.Context, patience time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	return bounded && time.Until(deadline) <= patience
}

// Patience returns the longest time that anybody waits for an answer, given a MaxWait: MaxWait plus an eighth of it
// for the commit.
func Patience(maxWait time.Duration) time.Duration { return maxWait + maxWait/8 }

// command is a queued request.
type command struct {
	decider
	origin  compete.Origin // for the audit log
	arrived time.Time
	answer  chan *answer
	span    trace.Span // nil if its request isn't traced
}

// result is the result of a command. For a command about a competition, only the outcome's competition is set.
type result struct {
	outcome compete.RegistrationOutcome
	more    bool // a page was processed, and there are more
	count   int  // number of registrations changed by a command without an outcome
	answers compete.Answers
	team    *compete.Team
}

func (r *result) edited() compete.EditOutcome {
	return compete.EditOutcome{
		Registration: r.outcome.Registration, Answers: r.answers, Competition: r.outcome.Competition,
	}
}

func (r *result) changedTeam() compete.Team {
	if r.team == nil {
		return compete.Team{}
	}
	return *r.team
}

type answer struct {
	result
	err error
}
