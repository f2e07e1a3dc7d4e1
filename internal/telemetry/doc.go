// Package telemetry exposes a process's metrics to Prometheus, its traces over OTLP, and its pprof profiles.
//
// The package defines the names of the metrics and exports metrics and traces. The other packages report events through
// small Observer interfaces that they define, and through spans that they start; without METRICS_ADDR and an OTLP
// endpoint they have neither, at no cost.
package telemetry
