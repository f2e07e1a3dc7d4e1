package server_test

import (
	"net/http"
	"net/netip"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/minicompete/minicompete/internal/server"
)

const claimed = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestRequestsAreTraced(t *testing.T) {
	for name, proxies := range map[string][]netip.Prefix{
		"anybody":         nil,
		"a trusted proxy": {netip.MustParsePrefix("127.0.0.0/8")},
	} {
		t.Run(name, func(t *testing.T) {
			spans := tracetest.NewSpanRecorder()
			mux := http.NewServeMux()
			mux.HandleFunc("GET /things/{id}", func(http.ResponseWriter, *http.Request) { panic("broken") })
			_, url, written := start(t, mux, func(c *server.Config) {
				c.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
				c.TrustedProxies = proxies
			})
			get(t, url+"/things/1?secret=x", map[string]string{"Traceparent": claimed, "X-Request-Id": "the-id"})
			get(t, url+"/livez", nil)
			ended := spans.Ended()
			if len(ended) != 1 {
				t.Fatalf("%d spans, want one: probes are not traced", len(ended))
			}
			span := ended[0]
			if span.Name() != "GET /things/{id}" || span.Status().Code.String() != "Error" {
				t.Errorf("got %q, %v", span.Name(), span.Status())
			}
			found := map[string]string{}
			for _, a := range span.Attributes() {
				found[string(a.Key)] = a.Value.String()
			}
			for key, want := range map[string]string{
				"request_id": "the-id", "url.path": "/things/1", "http.route": "/things/{id}",
				"http.response.status_code": "500", "http.request.method": "GET",
			} {
				if found[key] != want {
					t.Errorf("%s is %q, want %q", key, found[key], want)
				}
			}
			const caller = "0af7651916cd43dd8448eb211c80319c"
			continued := span.SpanContext().TraceID().String() == caller
			linked := len(span.Links()) == 1 && span.Links()[0].SpanContext.TraceID().String() == caller
			if trusted := proxies != nil; continued != trusted || linked == trusted {
				t.Errorf("the caller's trace goes on: %v, and is linked: %v", continued, linked)
			}
			for _, line := range written.lines(t) {
				if line["trace_id"] != span.SpanContext().TraceID().String() || line["request_id"] != "the-id" {
					t.Errorf("a line without the ids of its trace and its request: %v", line)
				}
			}
		})
	}
}
