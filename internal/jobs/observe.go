package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/minicompete/minicompete/internal/compete"
)

// Outcome is the result of an attempt at a job.
type Outcome string

// The outcomes.
const (
	OutcomeDone    Outcome = "done"
	OutcomeRetry   Outcome = "retry"    // it failed and will be retried
	OutcomeDead    Outcome = "dead"     // it failed for the last time and is a failed job
	OutcomePutBack Outcome = "put_back" // it continues later, without using up an attempt
)

// Outcomes lists all outcomes.
var Outcomes = []Outcome{OutcomeDone, OutcomeRetry, OutcomeDead, OutcomePutBack}

// Observer receives metrics about jobs.
type Observer interface {
	// Job is called after each attempt, with the time the job waited after it was due, and its running time.
	Job(queue string, o Outcome, waited, ran time.Duration)
	// Messages is called with the number of messages written to the mailbox.
	Messages(n int)
}

// watchedEvents is how many events may wait for the observer; it misses any beyond that.
const watchedEvents = 4096

// observe forwards River's job events, until River stops or forget is called.
func (c *Client) observe() (forget func()) {
	if c.config.Observer == nil {
		return func() {}
	}
	events, forget := c.river.SubscribeConfig(&river.SubscribeConfig{ChanSize: watchedEvents, Kinds: []river.EventKind{
		river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled,
		river.EventKindJobSnoozed, river.EventKindJobInterrupted,
	}})
	c.sweeps.Go(func() {
		for event := range events {
			c.config.Observer.Job(event.Job.Queue, outcomeOf(event), event.JobStats.QueueWaitDuration,
				event.JobStats.RunDuration)
		}
	})
	return forget
}

func outcomeOf(event *river.Event) Outcome {
	switch {
	case event.Kind == river.EventKindJobCompleted:
		return OutcomeDone
	case event.Kind == river.EventKindJobFailed && event.Job.State != rivertype.JobStateDiscarded:
		return OutcomeRetry
	case event.Kind == river.EventKindJobFailed || event.Kind == river.EventKindJobCancelled:
		return OutcomeDead
	}
	return OutcomePutBack
}

// traced runs a job in a span and trace of its own, linked to those of the requests that caused it.
func (c *Client) traced(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	var links []trace.Link
	if job.Kind == (compete.NotifyJob{}).Kind() {
		links = linksOf(job.EncodedArgs)
	}
	ctx, span := c.config.Tracer.Start(ctx, "job "+job.Kind, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(links...), trace.WithAttributes(
			attribute.Int64("minicompete.job.id", job.ID), attribute.String("minicompete.job.queue", job.Queue),
			attribute.Int("minicompete.job.attempt", job.Attempt)))
	defer span.End()
	err := work(ctx)
	var putBack *river.JobSnoozeError
	if err == nil || errors.As(err, &putBack) || ctx.Err() != nil {
		return err
	}
	span.SetStatus(codes.Error, errorText(err))
	return &tracedError{err, span.SpanContext()}
}

// tracedError carries the span of a failed job to the error handler, which logs its id.
type tracedError struct {
	error
	span trace.SpanContext
}

func (e *tracedError) Unwrap() error { return e.error }

// traceOf returns ctx with the span that err carries, if any.
func traceOf(ctx context.Context, err error) context.Context {
	var traced *tracedError
	if errors.As(err, &traced) {
		return trace.ContextWithSpanContext(ctx, traced.span)
	}
	return ctx
}

// linksOf returns links to the traces named by the runs and notices in a payload.
func linksOf(payload []byte) []trace.Link {
	var job compete.NotifyJob
	if json.Unmarshal(payload, &job) != nil { // its worker reports the error
		return nil
	}
	var links []trace.Link
	link := func(traceparent string) {
		if at := spanContext(traceparent); at.IsValid() {
			links = append(links, trace.Link{SpanContext: at})
		}
	}
	for _, n := range job.Notices {
		link(n.Trace)
	}
	for _, run := range job.Runs {
		for _, seq := range slices.Sorted(maps.Keys(run.Traces)) {
			link(run.Traces[seq])
		}
	}
	return links
}

// spanContext parses a notice's Trace; it is invalid if the request wasn't traced.
func spanContext(traceparent string) trace.SpanContext {
	if traceparent == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent})
	return trace.SpanContextFromContext(ctx)
}

// follow adds the result for its message to the trace of each request: written in the transaction that began at start,
// or err. Each such span is linked to the job's.
func (d *deliverer) follow(ctx context.Context, targets []compete.Target, start time.Time, err error) {
	if d.Tracer == nil {
		return
	}
	for _, t := range targets {
		at := spanContext(t.Trace)
		if !at.IsValid() || !t.Holds() {
			continue
		}
		_, span := d.Tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), at),
			"message "+string(t.Kind),
			trace.WithTimestamp(start), trace.WithLinks(trace.LinkFromContext(ctx)))
		if err != nil {
			span.SetStatus(codes.Error, errorText(err))
		}
		span.End()
	}
}
