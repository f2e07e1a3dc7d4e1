// Package telemetrytest provides a trace receiver for tests: OTLP over HTTP, in process, keeping what it receives.
package telemetrytest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Receiver is a running receiver.
type Receiver struct {
	// URL is the base URL of OTLP over HTTP, as in OTEL_EXPORTER_OTLP_ENDPOINT.
	URL string

	mu     sync.Mutex
	spans  []Span
	header http.Header // of the last request
}

// Span is a received span.
type Span struct {
	*trace.Span
	Service string // the service that sent it
}

// Start runs a receiver until the test ends.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	server := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) { r.serve(t, w, request) }),
	)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

func (r *Receiver) serve(t testing.TB, w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err != nil || request.Method != http.MethodPost || request.URL.Path != "/v1/traces" {
		t.Errorf("not OTLP: %s %s: %v", request.Method, request.URL.Path, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.header = request.Header
	for _, resource := range sent.ResourceSpans {
		service := Attribute(resource.Resource.GetAttributes(), "service.name")
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				r.spans = append(r.spans, Span{span, service})
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	answer, _ := proto.Marshal(&collector.ExportTraceServiceResponse{}) // an empty message
	_, _ = w.Write(answer)
}

// Spans returns all spans received so far, in order of arrival.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Header returns the header of the last request.
func (r *Receiver) Header() http.Header {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.header
}

// Trace returns the id of the span's trace.
func (s Span) Trace() string { return hex.EncodeToString(s.TraceId) }

// ID returns the span's id.
func (s Span) ID() string { return hex.EncodeToString(s.SpanId) }

// Parent returns the id of the parent span; empty for the root of a trace.
func (s Span) Parent() string { return hex.EncodeToString(s.ParentSpanId) }

// LinksTo reports whether the span has a link to another.
func (s Span) LinksTo(other Span) bool {
	return slices.ContainsFunc(s.Links, func(l *trace.Span_Link) bool {
		return hex.EncodeToString(l.TraceId) == other.Trace() && hex.EncodeToString(l.SpanId) == other.ID()
	})
}

// Attribute returns the text of an attribute; empty if there is none.
func Attribute(attributes []*common.KeyValue, key string) string {
	for _, a := range attributes {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}
