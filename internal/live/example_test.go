package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/live"
)

// printer is a stream that prints. A server uses one from package sse instead.
type printer struct{ events chan string }

func (p printer) Offer(events string) bool {
	p.events <- events
	return true
}

func (p printer) End() { close(p.events) }

// A page is sent the current state when it is opened, and each later one.
func ExampleHub() {
	var left atomic.Int64
	left.Store(3)
	hub := live.New(live.Config{
		Read: func(_ context.Context, ids []string) ([]compete.Competition, error) {
			return []compete.Competition{{
				ID: ids[0], Status: compete.StatusPublished,
				CompetitionContent: compete.CompetitionContent{Capacity: 3}, SeatsLeft: int(left.Load()),
			}}, nil
		},
		Clock:  time.Now,
		Logger: slog.New(slog.DiscardHandler),
	})
	hub.Start()
	defer hub.Stop()
	feed := hub.Feed(func(s compete.Seats) (string, error) {
		return fmt.Sprintf("data: %d of %d left\n\n", s.SeatsLeft, s.Capacity), nil
	})

	page, err := feed.Open(context.Background(), compete.Actor{}, "marathon")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer page.Leave()
	stream := printer{make(chan string, 10)}
	page.Start(stream, ": hello\n\n")
	fmt.Print(<-stream.events)

	left.Store(2)
	hub.Changed("marathon")
	fmt.Print(<-stream.events)
	// Output:
	// : hello
	//
	// data: 3 of 3 left
	//
	// data: 2 of 3 left
}
