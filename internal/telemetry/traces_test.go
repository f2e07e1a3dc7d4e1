package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/telemetry"
	"github.com/minicompete/minicompete/internal/telemetry/telemetrytest"
)

// send creates one span and stops, which sends it.
func send(t *testing.T, c telemetry.TracesConfig) {
	t.Helper()
	traces, err := telemetry.NewTraces(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	_, span := traces.Tracer("test").Start(t.Context(), "a span")
	span.End()
	if err := traces.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTracesFollowTheSpecification(t *testing.T) {
	receiver := telemetrytest.Start(t)
	send(t, telemetry.TracesConfig{Endpoint: receiver.URL, Version: "1.2.3"})
	if spans := receiver.Spans(); len(spans) != 1 || spans[0].Name != "a span" || spans[0].Service != "minicompete" {
		t.Fatalf("got %v", spans)
	}
	t.Setenv("OTEL_SERVICE_NAME", "cup")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", receiver.URL+"/v1/traces")
	send(t, telemetry.TracesConfig{})
	if spans := receiver.Spans(); len(spans) != 2 || spans[1].Service != "cup" ||
		receiver.Header().Get("Authorization") != "Bearer x" {
		t.Errorf("got %v with %v", spans, receiver.Header())
	}
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	send(t, telemetry.TracesConfig{})
	if spans := receiver.Spans(); len(spans) != 2 {
		t.Errorf("a span was sent that the sampler left out: %v", spans)
	}
}

func TestNothingIsTracedUnlessAsked(t *testing.T) {
	for _, environment := range []map[string]string{
		nil,
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_SDK_DISABLED": "true"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_TRACES_EXPORTER": "none"},
	} {
		for name, value := range environment {
			t.Setenv(name, value)
		}
		traces, err := telemetry.NewTraces(t.Context(),
			telemetry.TracesConfig{Endpoint: environment["OTEL_EXPORTER_OTLP_ENDPOINT"]})
		if err != nil || traces != nil || traces.Tracer("x") != nil || traces.Stop(t.Context()) != nil {
			t.Errorf("%v: got %v, %v", environment, traces, err)
		}
	}
	t.Setenv("OTEL_SDK_DISABLED", "")
	t.Setenv("OTEL_TRACES_EXPORTER", "")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	if _, err := telemetry.NewTraces(t.Context(),
		telemetry.TracesConfig{Endpoint: "http://localhost:4317"}); err == nil ||
		!strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_PROTOCOL") {
		t.Errorf("got %v", err)
	}
}

// An unreachable receiver loses spans but doesn't affect the program; the failure is logged.
func TestAReceiverThatIsAway(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
	var log bytes.Buffer
	traces, err := telemetry.NewTraces(t.Context(),
		telemetry.TracesConfig{Endpoint: "http://127.0.0.1:1", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	_, span := traces.Tracer("test").Start(t.Context(), "a span")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := traces.Stop(ctx); err == nil && log.Len() == 0 {
		t.Error("nobody hears of it")
	}
}
