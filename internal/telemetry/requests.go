package telemetry

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// unmatched is the route label of requests that match no route.
const unmatched = "none"

// requests counts requests. Each combination of labels has its histogram handle cached: looking one up costs more than
// counting.
type requests struct {
	histogram *prometheus.HistogramVec
	mu        sync.Mutex // held to add a handle
	handles   atomic.Pointer[map[request]prometheus.Observer]
}

// request is one combination of labels. Their number is bounded by routes, methods and statuses, whatever clients send.
type request struct {
	listener, method, pattern string
	status                    int
}

func (r *requests) init(h *prometheus.HistogramVec) {
	r.histogram = h
	r.handles.Store(&map[request]prometheus.Observer{})
}

func (r *requests) observe(listener, method, pattern string, status int, took time.Duration) {
	key := request{listener, methodLabel(method), pattern, status}
	handle, ok := (*r.handles.Load())[key]
	if !ok {
		handle = r.add(key)
	}
	handle.Observe(took.Seconds())
}

func (r *requests) add(key request) prometheus.Observer {
	r.mu.Lock()
	defer r.mu.Unlock()
	handles := maps.Clone(*r.handles.Load())
	handles[key] = r.histogram.WithLabelValues(key.listener, key.method, route(key.pattern), strconv.Itoa(key.status))
	r.handles.Store(&handles)
	return handles[key]
}

// methodLabel bounds the values of the label: clients can send arbitrary methods.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return method
	}
	return "other"
}

// route returns a pattern of http.ServeMux without its method; "/" matches everything else.
func route(pattern string) string {
	_, path, found := strings.Cut(pattern, " ")
	if !found {
		path = pattern
	}
	if path == "/" || path == "" {
		return unmatched
	}
	return path
}
