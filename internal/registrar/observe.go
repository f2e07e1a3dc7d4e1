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

// Observer is told how the registrar is doing: once for each batch, never for each command, by the goroutine that
// commits.
type Observer interface {
	// Batch tells of a batch that was answered.
	Batch(r Report)
	// QueueFull tells of a command that was refused because too many wait.
	QueueFull()
}

// Report counts what became of one batch.
type Report struct {
	Commands int           // of every kind
	Took     time.Duration // from taking them out of the queue to the durable commit, or to giving up

	// What became of those among them that register.
	Accepted, Waitlisted, Replayed int
	Refused                        map[string]int // by the rules, by the code of the refusal
	Failed                         int            // because the database was away or too much waited: told to try again
}

// rushSize is how many messages one batch asks for in a rush: so many people pressed within one commit.
const rushSize = 32

// load notes how busy a registrar is, for work that yields to it.
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

// LastBatch is when a batch that asks for messages was last decided; long ago when none ever was.
func (r *Registrar) LastBatch() time.Time { return time.Unix(0, r.load.batch.Load()) }

// LastRush is when such a batch was last so large that people were rushing in.
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

// The trace of a command: its span begins when it enters the queue and ends when it is answered, in the trace of the
// request that asked for it. A batch has many requests, so it has a trace of its own, linked with each of theirs.

// startSpan begins the span of a command, if its request is traced.
func (r *Registrar) startSpan(ctx context.Context, c *command) {
	if r.config.Tracer == nil || !trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	_, c.span = r.config.Tracer.Start(ctx, "registrar "+c.name())
}

// turnedAway ends the span of a command that found no place in the queue.
func (r *Registrar) turnedAway(c *command, err error) error {
	if r.config.Observer != nil && errors.Is(err, compete.ErrBusy) {
		r.config.Observer.QueueFull()
	}
	if c.span != nil {
		failSpan(c.span, err)
		c.span.End()
	}
	return err
}

// traceparent names the command's span in the form of W3C Trace Context, for the jobs that it brings about; empty when
// it has none.
func (c *command) traceparent() string {
	if c.span == nil {
		return ""
	}
	at := c.span.SpanContext()
	return "00-" + at.TraceID().String() + "-" + at.SpanID().String() + "-" + at.TraceFlags().String()
}

// startBatchSpan begins the span of a batch in which a traced command is; nil when there is none.
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

// endBatch ends the span of a batch and those of its commands, which link back to it.
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
		if refusal := answers[i].err; refusal != nil { // an answer, not a fault
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
	text := "the batch failed" // an unknown error may hold what a driver said: that is for the log
	var known *compete.Error
	if errors.As(err, &known) {
		text = known.Code
	}
	span.SetStatus(codes.Error, text)
}
