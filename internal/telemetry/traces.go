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

// maxLinks is how many links a span may have: a batch of the registrar has one for each traced request in it.
const maxLinks = 1024

const (
	// tracesEndpoint is the variable that names the whole URL of a receiver of traces alone.
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	// protocolHTTP is the one protocol that is spoken: that of gRPC would bring its whole library.
	protocolHTTP = "http/protobuf"
)

// TracesConfig says where traces go. What it leaves out, the OTEL_* variables of the specification set: headers,
// timeouts, sampling, attributes of the resource, sizes of batches.
type TracesConfig struct {
	// OTEL_EXPORTER_OTLP_ENDPOINT: the base of OTLP over HTTP, such as http://localhost:4318; empty: nothing is traced
	Endpoint string
	Version  string // of the program
	Logger   *slog.Logger
}

// Traces sends spans to an OTLP receiver. A nil *Traces traces nothing.
type Traces struct{ provider *sdktrace.TracerProvider }

// NewTraces begins to send. It returns nil when no endpoint is set. A receiver that is away is no failure: spans are
// lost then.
func NewTraces(ctx context.Context, c TracesConfig) (*Traces, error) {
	options, err := c.exporterOptions()
	if options == nil || err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("set up tracing: %w", err)
	}
	// Later ones win: what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say.
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

// exporterOptions are nil when nothing is to be sent.
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
		return []otlptracehttp.Option{}, nil // the exporter reads it
	}
	endpoint, err := url.JoinPath(c.Endpoint, "v1", "traces")
	if err != nil {
		return nil, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4318")
	}
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL(endpoint)}, nil
}

// Tracer makes the spans of one part of the program; nil when nothing is traced.
func (t *Traces) Tracer(part string) trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer("minicompete/" + part)
}

// Stop sends what is left, until ctx ends.
func (t *Traces) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
