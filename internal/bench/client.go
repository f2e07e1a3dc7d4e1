package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// requestTimeout bounds one request of the load.
const requestTimeout = 30 * time.Second

// load is the result of a run of requests.
type load struct {
	elapsed   time.Duration
	statuses  map[int]int
	latencies []time.Duration // sorted
	created   []time.Time     // when each 201 was read, sorted
}

// rate returns the number of responses with the status, per second.
func (l load) rate(status int) float64 { return float64(l.statuses[status]) / l.elapsed.Seconds() }

func (l load) percentile(p float64) time.Duration {
	return percentile(l.latencies, p)
}

// percentile returns a percentile of sorted durations.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(p*float64(len(sorted)-1))].Round(10 * time.Microsecond)
}

// press sends count requests over the given number of connections, each as soon as its connection is free, and waits
// for all responses. The requests are rendered beforehand and the responses barely parsed, so that the load doesn't
// take the machine from what is measured.
func press(ctx context.Context, address string, connections, count int, request func(i int) []byte) (load, error) {
	requests := make([][]byte, count)
	for i := range requests {
		requests[i] = request(i)
	}
	presses := &presses{
		requests: requests, latencies: make([]time.Duration, count), answered: make([]time.Time, count),
		statuses: make([]int, count),
	}
	conns, end, err := dial(ctx, address, connections)
	if err != nil {
		return load{}, err
	}
	defer end()
	errs := make([]error, connections)
	var wg sync.WaitGroup
	start := time.Now()
	for i, conn := range conns {
		wg.Go(func() { errs[i] = presses.work(ctx, conn) })
	}
	wg.Wait()
	l := load{elapsed: time.Since(start), statuses: map[int]int{}, latencies: presses.latencies}
	for i, status := range presses.statuses {
		l.statuses[status]++
		if status == http.StatusCreated {
			l.created = append(l.created, presses.answered[i])
		}
	}
	slices.Sort(l.latencies)
	slices.SortFunc(l.created, time.Time.Compare)
	return l, errors.Join(errs...)
}

type presses struct {
	requests  [][]byte
	next      atomic.Int64
	latencies []time.Duration
	answered  []time.Time
	statuses  []int
}

func (p *presses) work(ctx context.Context, conn net.Conn) error {
	reader := bufio.NewReaderSize(conn, 16<<10)
	for ctx.Err() == nil {
		i := int(p.next.Add(1)) - 1
		if i >= len(p.requests) {
			return nil
		}
		start := time.Now()
		if err := conn.SetDeadline(start.Add(requestTimeout)); err != nil {
			return err
		}
		if _, err := conn.Write(p.requests[i]); err != nil {
			return err
		}
		status, err := readAnswer(reader)
		if err != nil {
			return err
		}
		p.statuses[i], p.answered[i] = status, time.Now()
		p.latencies[i] = p.answered[i].Sub(start)
	}
	return ctx.Err()
}

// readAnswer reads one HTTP/1.1 response that has a Content-Length or is chunked, and returns its status.
func readAnswer(r *bufio.Reader) (int, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("no status line: %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, fmt.Errorf("status: %w", err)
	}
	length, chunked := 0, false
	for {
		line, err = r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
			if err != nil {
				return 0, err
			}
		}
		chunked = chunked || bytes.EqualFold(name, []byte("Transfer-Encoding"))
	}
	if chunked {
		return status, discardChunks(r)
	}
	_, err = r.Discard(length)
	return status, err
}

func discardChunks(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, r, size+2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}
