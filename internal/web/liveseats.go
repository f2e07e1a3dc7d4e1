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

	Divisions map[string]string `json:"divisions,omitempty"` // the bar of each
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
	var divisions map[string]string
	for _, division := range divisionViews(seats) {
		var html bytes.Buffer
		if err := ui.DivisionBarInner(division).Render(context.Background(), &html); err != nil {
			return "", fmt.Errorf("render the seat bar of a division: %w", err)
		}
		if divisions == nil {
			divisions = map[string]string{}
		}
		divisions[division.DivisionID] = html.String()
	}
	data, err := json.Marshal(seatsData{
		ID: seats.CompetitionID, Phase: string(seats.Phase), SeatsLeft: seats.SeatsLeft, Waitlisted: seats.Waitlisted,
		Badge: badge.String(), Bar: bar.String(), Divisions: divisions,
	})
	if err != nil {
		return "", fmt.Errorf("encode a seats event: %w", err)
	}
	return event("seats", string(data)), nil
}
