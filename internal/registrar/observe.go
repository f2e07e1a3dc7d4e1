package registrar

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/minicompete/minicompete/internal/compete"
)

// Observer receives metrics about the registrar: once per batch, not per command, from the committing goroutine.
type Observer interface {
	// Batch is called after a batch was answered.
	Batch(r Report)
	// TurnedAway is called when a command is refused because the queue is full, or because it has waited in it for
	// MaxWait.
	TurnedAway()
}

// Report summarizes one batch.
type Report struct {
	Commands int           // of every kind
	Took     time.Duration // from leaving the queue to the durable commit, or to giving up

	// The results of the registrations among them.
	Accepted, Waitlisted, Replayed int
	Refused                        map[string]int // by business rules, counted by error code
	Failed                         int            // database unavailable or queue full; clients were told to retry
}

// rushSize is the number of messages in one batch that counts as a rush: that many people registered within one commit.
const rushSize = 32

// load tracks how busy a registrar is, for work that yields to it.
type load struct {
	batch, rush atomic.Int64 // Unix nanoseconds
}

func (l *load) note(messages int, now time.Time) {
	if messages > 0 {
		l.batch.Store(now.UnixNano())
	}
	if messages >= rushSize {
		l.rush.Store(now.UnixNano())
	}
}

// LastBatch returns when a batch with messages was last decided; a time long ago if there was none.
func (r *Registrar) LastBatch() time.Time { return time.Unix(0, r.load.batch.Load()) }

// LastRush returns when such a batch was last large enough to count as a rush.
func (r *Registrar) LastRush() time.Time { return time.Unix(0, r.load.rush.Load()) }

// observe reports an answered batch.
func (r *Registrar) observe(commands []*command, answers []answer, took time.Duration) {
	if r.config.Observer == nil {
		return
	}
	report := Report{Commands: len(commands), Took: took}
	for i, a := range answers {
		if _, registers := commands[i].decider.(*register); registers {
			report.add(a)
		}
	}
	r.config.Observer.Batch(report)
}

func (r *Report) add(a answer) {
	switch {
	case a.err != nil:
		r.refuse(compete.AsError(a.err))
	case a.outcome.Replayed:
		r.Replayed++
	case a.outcome.Registration.Status == compete.RegistrationWaitlisted:
		r.Waitlisted++
	default:
		r.Accepted++
	}
}

func (r *Report) refuse(e *compete.Error) {
	if e.Kind == compete.KindUnavailable || e.Kind == compete.KindInternal {
		r.Failed++
		return
	}
	if r.Refused == nil {
		r.Refused = map[string]int{}
	}
	r.Refused[e.Code]++
}

// Tracing of commands: a command's span begins when it enters the queue and ends when it is answered, in the trace of
// its request. A batch serves many requests, so it has its own trace, linked to each of theirs.

// startSpan starts the span of a command, if its request is traced.
func (r *Registrar) startSpan(ctx context.Context, c *command) {
	if r.config.Tracer == nil || !trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	_, c.span = r.config.Tracer.Start(ctx, "registrar "+c.name())
}

// turnedAway ends the span of a command that didn't fit into the queue, or has waited in it for too long.
func (r *Registrar) turnedAway(c *command, err error) error {
	if r.config.Observer != nil && errors.Is(err, compete.ErrBusy) {
		r.config.Observer.TurnedAway()
	}
	if c.span != nil {
		failSpan(c.span, err)
		c.span.End()
	}
	return err
}

// traceparent returns the command's span in W3C Trace Context format, for the jobs that the command enqueues; empty if
// it isn't traced.
func (c *command) traceparent() string {
	if c.span == nil {
		return ""
	}
	at := c.span.SpanContext()
	return "00-" + at.TraceID().String() + "-" + at.SpanID().String() + "-" + at.TraceFlags().String()
}

// startBatchSpan starts the span of a batch that contains a traced command; nil if it contains none.
func (r *Registrar) startBatchSpan(commands []*command) trace.Span {
	var links []trace.Link
	for _, c := range commands {
		if c.span != nil {
			links = append(links, trace.Link{SpanContext: c.span.SpanContext()})
		}
	}
	if links == nil {
		return nil
	}
	_, span := r.config.Tracer.Start(context.Background(), "registrar commit", trace.WithLinks(links...),
		trace.WithAttributes(attribute.Int("minicompete.batch.commands", len(commands))))
	return span
}

// endBatch ends the span of a batch and those of its commands, which link to it.
func endBatch(span trace.Span, commands []*command, answers []answer, err error) {
	if span == nil {
		return
	}
	failSpan(span, err)
	span.End()
	for i, c := range commands {
		if c.span == nil {
			continue
		}
		c.span.AddLink(trace.Link{SpanContext: span.SpanContext()})
		c.span.SetAttributes(attribute.Int("minicompete.batch.commands", len(commands)))
		if refusal := answers[i].err; refusal != nil { // a refusal is a regular answer
			c.span.SetAttributes(attribute.String("minicompete.refusal", compete.AsError(refusal).Code))
		}
		failSpan(c.span, err)
		c.span.End()
	}
}

func failSpan(span trace.Span, err error) {
	if err == nil {
		return
	}
	text := "the batch failed" // unknown errors may contain driver messages, which belong in the log
	var known *compete.Error
	if errors.As(err, &known) {
		text = known.Code
	}
	span.SetStatus(codes.Error, text)
}
