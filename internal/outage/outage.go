// Package outage tracks whether a dependency is available. It logs once when an outage begins and once when it ends,
// and pauses attempts for a while after a failure.
//
// It neither checks the dependency itself nor provides the fallback.
package outage

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// Report logs the beginning and end of an outage, once each. Its fields are set before first use.
type Report struct {
	Logger *slog.Logger
	Away   string // logged when it begins, with the error
	Back   string // logged when it ends; nothing if empty

	away atomic.Bool
}

// Note takes the outcome of a try: nil when it went well. Further attributes go into the log.
func (r *Report) Note(err error, attributes ...any) {
	switch {
	case err != nil && r.away.CompareAndSwap(false, true):
		r.Logger.Warn(r.Away, append(attributes, "error", err)...)
	case err == nil && r.away.Load() && r.away.CompareAndSwap(true, false) && r.Back != "":
		r.Logger.Info(r.Back, attributes...)
	}
}

// Breaker is a Report of something that isn't asked for a while after a failure, so that a question adds its timeout to
// one request in many.
type Breaker struct {
	Report
	Rest time.Duration

	until atomic.Int64 // Unix nanoseconds until when it isn't asked; 0: it answers
}

// Note takes the outcome of a question.
func (b *Breaker) Note(err error, attributes ...any) {
	if err != nil {
		b.until.Store(time.Now().Add(b.Rest).UnixNano())
	} else if b.until.Load() != 0 {
		b.until.Store(0)
	}
	b.Report.Note(err, attributes...)
}

// Resting reports whether a question would be in vain.
func (b *Breaker) Resting() bool {
	until := b.until.Load()
	return until != 0 && time.Now().UnixNano() < until
}

// Ask reports whether to ask. When a rest is over, one caller alone is told to, and finds out for all.
func (b *Breaker) Ask() bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	now := time.Now()
	return now.UnixNano() >= until && b.until.CompareAndSwap(until, now.Add(b.Rest).UnixNano())
}
