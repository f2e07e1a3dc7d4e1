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
	// maxAttempts bounds the attempts at a batch that fails because of the database.
	maxAttempts = 4
	// firstBackoff is the wait before the second attempt; it doubles each time, so a batch gives up after about a third
	// of a second plus the duration of the attempts.
	firstBackoff = 50 * time.Millisecond
	// retryTimeout bounds how long a batch is retried. A database that returns errors uses up maxAttempts long before;
	// one that hangs makes each attempt last for seconds, and callers need an answer before their connection is cut.
	retryTimeout = 5 * time.Second
	// transactionTimeout bounds one attempt. The transaction doesn't use any request's context, because the other
	// commands must not fail with that request.
	transactionTimeout = 8 * time.Second
	// lookUpTimeout bounds the check whether a commit took effect.
	lookUpTimeout = 2 * time.Second
)

// errPanic marks a decision that panicked, so that the batch is split and only the faulty command fails.
var errPanic = errors.New("a command panicked")

// commit runs the commands in one transaction and answers each. If a constraint or a panic aborts it, the halves are
// run separately, down to the faulty command, so that it never fails other commands.
func (r *Registrar) commit(commands []*command) {
	start, span := time.Now(), r.startBatchSpan(commands)
	b, err := r.attempts(commands)
	took := time.Since(start)
	switch {
	case err == nil:
		if len(b.releases)+len(b.draws) > 0 {
			r.step = step(r.step, b.held)
		}
		r.asked = b.asking()
		r.publish(b)
		for i, c := range commands {
			c.answer <- &b.answers[i]
		}
		endBatch(span, commands, b.answers, nil)
		r.observe(commands, b.answers, took)
	case len(commands) > 1 && (errors.Is(err, compete.ErrConstraint) || errors.Is(err, errPanic)):
		endBatch(span, nil, nil, err) // the commands are retried
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

// refusal returns the error that clients get for a batch that finally failed. It logs the cause, once for all commands.
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
// batch: if an attempt reaches COMMIT with that id, every earlier one is known to have failed, and Committed tells
// whether this last one succeeded.
func (r *Registrar) attempts(commands []*command) (*batch, error) {
	id := r.config.NewID()
	var unknown *batch // the last attempt whose commit may have succeeded
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

// attempt runs one transaction. It also returns the batch if the commit failed, since it may have succeeded after all.
func (r *Registrar) attempt(id string, commands []*command) (b *batch, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), transactionTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	var began time.Time
	defer func() {
		if b != nil {
			b.held = time.Since(began)
		}
	}()
	err = r.config.Ledger.Transact(ctx, id, func(tx compete.LedgerTx) error {
		began = time.Now()
		b = newBatch(ctx, tx, r.config.Sealer, commands)
		b.step, b.asked = r.step, r.asked
		if err := b.read(); err != nil {
			return err
		}
		if err := b.decide(); err != nil {
			return err
		}
		r.load.note(b.messages()-b.drawnMessages, time.Now()) // before the commit, so that jobs yield to it
		return b.write()
	})
	return b, err
}

// publish notifies others of a committed batch.
func (r *Registrar) publish(b *batch) {
	if tell := slices.Concat(b.changed, b.notified); r.config.Notifier != nil && len(tell) > 0 {
		r.config.Notifier.Changed(tell...)
	}
}
