package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// maxLinks is the maximum number of links per span: a batch of the registrar has one for each traced request in it.
const maxLinks = 1024

const (
	// tracesEndpoint is the variable for the full URL of a receiver for traces only.
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	// protocolHTTP is the only supported protocol: gRPC would add a large dependency.
	protocolHTTP = "http/protobuf"
)

// TracesConfig configures where traces are sent. The OTEL_* variables of the specification configure the rest: headers,
// timeouts, sampling, resource attributes, batch sizes.
type TracesConfig struct {
	// OTEL_EXPORTER_OTLP_ENDPOINT: the base URL of OTLP over HTTP, such as http://localhost:4318; empty turns tracing
	// off
	Endpoint string
	Version  string // of the program
	Logger   *slog.Logger
}

// Traces sends spans to an OTLP receiver. A nil *Traces traces nothing.
type Traces struct{ provider *sdktrace.TracerProvider }

// NewTraces starts sending traces. It returns nil if no endpoint is set. An unreachable receiver is not an error: spans
// are lost until it is back.
func NewTraces(ctx context.Context, c TracesConfig) (*Traces, error) {
	options, err := c.exporterOptions()
	if options == nil || err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("set up tracing: %w", err)
	}
	// Later attributes win: those of OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(semconv.ServiceName("minicompete"), semconv.ServiceVersion(c.Version)),
		resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, errors.Join(fmt.Errorf("set up tracing: %w", err), exporter.Shutdown(ctx))
	}
	limits := sdktrace.NewSpanLimits()
	limits.LinkCountLimit = max(limits.LinkCountLimit, maxLinks)
	otel.SetErrorHandler(&complaints{log: c.Logger})
	return &Traces{sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about),
		sdktrace.WithRawSpanLimits(limits))}, nil
}

// exporterOptions returns nil if nothing is to be sent.
func (c TracesConfig) exporterOptions() ([]otlptracehttp.Option, error) {
	protocol := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"),
		protocolHTTP)
	switch {
	case os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_TRACES_EXPORTER") == "none":
		return nil, nil
	case c.Endpoint == "" && os.Getenv(tracesEndpoint) == "":
		return nil, nil
	case protocol != protocolHTTP:
		return nil,
			fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL must be %s, not %q; receivers usually accept it on port 4318",
				protocolHTTP, protocol)
	}
	if os.Getenv(tracesEndpoint) != "" {
		return []otlptracehttp.Option{}, nil // the exporter reads the variable
	}
	endpoint, err := url.JoinPath(c.Endpoint, "v1", "traces")
	if err != nil {
		return nil, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4318")
	}
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL(endpoint)}, nil
}

// Tracer returns the tracer for one part of the program; nil if tracing is off.
func (t *Traces) Tracer(part string) trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer("minicompete/" + part)
}

// Stop sends the remaining spans, until ctx ends.
func (t *Traces) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
