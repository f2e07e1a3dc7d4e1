package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"sync/atomic"

	"minicompete/internal/compete"
	"minicompete/internal/web/ui"
)

// seatsEvent is the data of a "seats" event; live.js puts the HTML in place.
type seatsEvent struct {
	ID         string `json:"id"`
	Phase      string `json:"phase"`
	SeatsLeft  int    `json:"seatsLeft"`
	Waitlisted int    `json:"waitlisted"`
	Badge      string `json:"badge"`
	Bar        string `json:"bar"`
}

// rendered remembers the last event of a competition, so that thousands of pages that follow the same
// one cost one rendering. Two competitions in one slot only make each other render again.
var rendered [256]atomic.Pointer[renderedEvent]

type renderedEvent struct {
	seats compete.Seats
	data  string
}

var slotSeed = maphash.MakeSeed()

// renderedSeats is the data of the event that tells a page of these seats.
func renderedSeats(seats compete.Seats) (string, error) {
	slot := &rendered[maphash.String(slotSeed, seats.CompetitionID)%uint64(len(rendered))]
	if last := slot.Load(); last != nil && last.seats == seats {
		return last.data, nil
	}
	view := seatsView(seats)
	var badge, bar bytes.Buffer
	if err := ui.Badge(view.State).Render(context.Background(), &badge); err != nil {
		return "", fmt.Errorf("render a badge: %w", err)
	}
	if err := ui.SeatBarInner(view).Render(context.Background(), &bar); err != nil {
		return "", fmt.Errorf("render a seat bar: %w", err)
	}
	data, err := json.Marshal(seatsEvent{
		ID: seats.CompetitionID, Phase: string(seats.Phase), SeatsLeft: seats.SeatsLeft, Waitlisted: seats.Waitlisted,
		Badge: badge.String(), Bar: bar.String(),
	})
	if err != nil {
		return "", fmt.Errorf("encode a seats event: %w", err)
	}
	slot.Store(&renderedEvent{seats: seats, data: string(data)})
	return string(data), nil
}
