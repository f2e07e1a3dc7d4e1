// Package telemetry shows how a process is doing from outside: its metrics for Prometheus, its traces over OTLP, and
// the profiles of pprof.
//
// It owns the names of the metrics and the way out of both. What happens is told by the parts themselves, through the
// small Observer interfaces that they define and through spans that they begin; without METRICS_ADDR and an OTLP
// endpoint they have neither, and pay for neither.
package telemetry
