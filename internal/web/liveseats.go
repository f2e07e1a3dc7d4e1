package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// seatsData is the data of a "seats" event; live.js inserts the HTML.
type seatsData struct {
	ID         string `json:"id"`
	Phase      string `json:"phase"`
	SeatsLeft  int    `json:"seatsLeft"`
	Waitlisted int    `json:"waitlisted"`
	Badge      string `json:"badge"`
	Bar        string `json:"bar"`
}

// seatsEvent encodes seats as an event for pages.
func seatsEvent(seats compete.Seats) (string, error) {
	view := seatsView(seats)
	var badge, bar bytes.Buffer
	if err := ui.Badge(view.State).Render(context.Background(), &badge); err != nil {
		return "", fmt.Errorf("render a badge: %w", err)
	}
	if err := ui.SeatBarInner(view).Render(context.Background(), &bar); err != nil {
		return "", fmt.Errorf("render a seat bar: %w", err)
	}
	data, err := json.Marshal(seatsData{
		ID: seats.CompetitionID, Phase: string(seats.Phase), SeatsLeft: seats.SeatsLeft, Waitlisted: seats.Waitlisted,
		Badge: badge.String(), Bar: bar.String(),
	})
	if err != nil {
		return "", fmt.Errorf("encode a seats event: %w", err)
	}
	return event("seats", string(data)), nil
}
