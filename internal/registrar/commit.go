package registrar

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// maxAttempts bounds how often a batch is tried when the database fails it.
	maxAttempts = 4
	// firstBackoff is the wait before the second attempt; it doubles each time, so a batch gives up after about a third
	// of a second plus what the attempts themselves took.
	firstBackoff = 50 * time.Millisecond
	// retryTimeout bounds how long a batch is tried anew. A database that refuses is tried maxAttempts times long
	// before that; one that hangs makes a single attempt last for seconds, and whoever waits must hear of it before the
	// connection is cut.
	retryTimeout = 5 * time.Second
	// transactionTimeout bounds one attempt. No request's context reaches the transaction: its neighbours must not fail
	// with it.
	transactionTimeout = 8 * time.Second
	// lookUpTimeout bounds the question whether a commit took effect.
	lookUpTimeout = 2 * time.Second
)

// errPanic marks a decision that panicked, so that the batch is run in parts and only the command at fault fails.
var errPanic = errors.New("a command panicked")

// commit runs the commands in one transaction and answers each. When a constraint or a panic spoils it, the halves are
// run on their own, down to the one command at fault, so that one bad command never fails its neighbours.
func (r *Registrar) commit(commands []*command) {
	start, span := time.Now(), r.startBatchSpan(commands)
	b, err := r.attempts(commands)
	took := time.Since(start)
	switch {
	case err == nil:
		r.publish(b)
		for i, c := range commands {
			c.answer <- &b.answers[i]
		}
		endBatch(span, commands, b.answers, nil)
		r.observe(commands, b.answers, took)
	case len(commands) > 1 && (errors.Is(err, compete.ErrConstraint) || errors.Is(err, errPanic)):
		endBatch(span, nil, nil, err) // the commands go on
		half := len(commands) / 2
		r.commit(commands[:half])
		r.commit(commands[half:])
	default:
		answers := slices.Repeat([]answer{{err: r.refusal(err)}}, len(commands))
		for i, c := range commands {
			c.answer <- &answers[i]
		}
		endBatch(span, commands, answers, err)
		r.observe(commands, answers, took)
	}
}

// refusal is what a client is told about a batch that failed for good. The cause is logged here, once for all its
// commands.
func (r *Registrar) refusal(err error) error {
	var known *compete.Error
	if errors.As(err, &known) && known.Kind != compete.KindUnavailable {
		return known
	}
	r.config.Logger.Error("registrar: a batch failed", "error", err)
	switch {
	case known != nil:
		return known
	case errors.Is(err, compete.ErrCommitUnknown), errors.Is(err, compete.ErrConstraint):
		return compete.ErrDatabase
	}
	return compete.AsError(err)
}

// attempts tries the batch a bounded number of times. All attempts share one batch id, whose row commits with the
// batch: once an attempt got as far as COMMIT with that id, every earlier one is known to have failed, and Committed
// tells about this last one.
func (r *Registrar) attempts(commands []*command) (*batch, error) {
	id := r.config.NewID()
	var unknown *batch // the last attempt whose commit may have taken effect
	backoff := firstBackoff
	start := time.Now()
	for attempt := 1; ; attempt++ {
		b, err := r.attempt(id, commands)
		if err == nil {
			return b, nil
		}
		if errors.Is(err, compete.ErrCommitUnknown) {
			unknown = b
		}
		if unknown != nil {
			if committed, lookupErr := r.committed(id); lookupErr == nil && committed {
				return unknown, nil
			}
		} else if errors.Is(err, compete.ErrConstraint) && len(commands) > 1 || errors.Is(err, errPanic) ||
			errors.Is(err, compete.ErrUnauthorized) {
			return nil, err
		}
		if attempt == maxAttempts || time.Since(start) >= retryTimeout {
			return nil, err
		}
		time.Sleep(backoff)
		backoff *= 2
	}
}

func (r *Registrar) committed(id string) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpTimeout)
	defer cancel()
	return r.config.Ledger.Committed(ctx, id)
}

// attempt runs one transaction. The batch is returned also when the commit failed, for the case that it took effect.
func (r *Registrar) attempt(id string, commands []*command) (b *batch, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), transactionTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	err = r.config.Ledger.Transact(ctx, id, func(tx compete.LedgerTx) error {
		b = newBatch(ctx, tx, commands)
		if err := b.read(); err != nil {
			return err
		}
		if err := b.decide(); err != nil {
			return err
		}
		r.load.note(b.messages(), time.Now()) // before the commit, so that jobs make way for it
		return b.write()
	})
	return b, err
}

// publish tells the world about a committed batch.
func (r *Registrar) publish(b *batch) {
	if tell := slices.Concat(b.changed, b.told); r.config.Notifier != nil && len(tell) > 0 {
		r.config.Notifier.Changed(tell...)
	}
}
