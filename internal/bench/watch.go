package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const besidePause = 5 * time.Millisecond // between two registrations for another competition

// watch observes a program at work: its memory, how long its transactions hold the writer, and how long somebody waits
// who registers for another competition meanwhile.
type watch struct {
	server *server
	before map[string]histogram // by metric
	stop   func()
	beside chan answers
}

// startMeasured starts the product with its metrics.
func startMeasured(ctx context.Context, binary, database string) (*server, error) {
	metrics, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s, err := startProduct(ctx, binary, database, "METRICS_ADDR="+metrics)
	if s != nil {
		s.metrics = metrics
	}
	return s, err
}

// startWatch begins to observe a program of startMeasured. One after the other, the people register for the
// competition, again and again.
func startWatch(ctx context.Context, s *server, people []person, competition string) (*watch, error) {
	conns, hangUp, err := dial(ctx, s.address, 1)
	if err != nil {
		return nil, err
	}
	w := &watch{server: s, beside: make(chan answers, 1)}
	if err = s.resetPeak(); err == nil {
		w.before, err = s.histograms(ctx)
	}
	if err != nil {
		hangUp()
		return nil, err
	}
	during, stop := context.WithCancel(ctx)
	w.stop = stop
	next := 0
	go func() {
		defer hangUp()
		w.beside <- repeat(during, conns, besidePause, func() []byte {
			next++
			return registerRequest(s.address, people[next%len(people)], competition)
		})
	}()
	return w, nil
}

// end stops observing, and describes what was seen.
func (w *watch) end(ctx context.Context) (string, error) {
	w.stop()
	presses := <-w.beside
	_, peak, err := w.server.memory()
	if err != nil {
		return "", err
	}
	after, err := w.server.histograms(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("memory %.0f MB at peak; transactions held the writer %s; batches of the registrar took %s; "+
		"registrations meanwhile p50 %v p99 %v longest %v", peak,
		after[heldMetric].since(w.before[heldMetric]), after[batchMetric].since(w.before[batchMetric]),
		presses.percentile(.5), presses.percentile(.99), presses.percentile(1)), nil
}

// The histograms that say how long others were kept waiting.
const (
	heldMetric  = "minicompete_write_transaction_seconds"
	batchMetric = "minicompete_registrar_commit_seconds"
)

// histogram is one of a program's histograms of seconds.
type histogram struct {
	sum     float64
	buckets []bucket
}

type bucket struct {
	atMost string // seconds; +Inf in the last one
	count  int    // of what took no longer
}

// histograms reads them from the program's metrics.
func (s *server) histograms(ctx context.Context) (map[string]histogram, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.metrics+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	found := map[string]histogram{}
	for _, metric := range []string{heldMetric, batchMetric} {
		if found[metric] = histogramOf(string(text), metric); len(found[metric].buckets) == 0 {
			return nil, fmt.Errorf("the program has no metric %s", metric)
		}
	}
	return found, nil
}

func histogramOf(metrics, name string) (h histogram) {
	for line := range strings.Lines(metrics) {
		series, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		value, _ := strconv.ParseFloat(number, 64)
		if series == name+"_sum" {
			h.sum = value
		}
		if label, ok := strings.CutPrefix(series, name+`_bucket{le="`); ok {
			h.buckets = append(h.buckets, bucket{strings.TrimSuffix(label, `"}`), int(value)})
		}
	}
	return h
}

// since describes what was added since an earlier reading.
func (h histogram) since(before histogram) string {
	last := len(h.buckets) - 1
	all := h.buckets[last].count - before.buckets[last].count
	longest, most := "", ""
	for i, b := range h.buckets {
		count := b.count - before.buckets[i].count
		if most == "" && count*100 >= all*99 {
			most = b.atMost
		}
		if longest == "" && count == all {
			longest = b.atMost
		}
	}
	return fmt.Sprintf("%.1f s in all, 99%% of %d at most %s s, the longest at most %s s", h.sum-before.sum, all, most,
		longest)
}
