package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sse"
)

// Seats is the data of a 'seats' event.
type Seats struct {
	SeatsLeft  int           `json:"seatsLeft" example:"42"`
	Waitlisted int           `json:"waitlisted" example:"0"`
	Phase      compete.Phase `json:"phase" enum:"draft,upcoming,open,waitlist,full,closed,cancelled" example:"open"`

	Divisions []DivisionSeats `json:"divisions,omitempty" doc:"Left out if the competition has none."`
}

// DivisionSeats is a division in the data of a 'seats' event.
type DivisionSeats struct {
	ID         string        `json:"id" format:"uuid" example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	SeatsLeft  int           `json:"seatsLeft" example:"12"`
	Waitlisted int           `json:"waitlisted" example:"0"`
	Phase      compete.Phase `json:"phase" enum:"draft,upcoming,open,waitlist,full,closed,cancelled" example:"open"`
}

const mediaEvents = "text/event-stream"

type liveAnswer struct {
	Body func(huma.Context)
}

func (a *api) registerLive() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/live", id: "watchSeats", tag: tagCompetitions,
		summary: "Watch the seats",
		description: "Server-sent events: a 'seats' event with the current state right away, then one after each " +
			"change. Changes in quick succession may be combined. A comment is sent every 20 s. The stream ends when " +
			"the server stops; reconnect then, as browsers do automatically.",
		produces: []content{{mediaEvents, documentSeatsEvent}}, holdsSeats: true,
		errors: []*compete.Error{compete.ErrCompetitionMissing},
	}, a.watchSeats)
}

func (a *api) watchSeats(ctx context.Context, in *CompetitionInput) (*liveAnswer, error) {
	if _, err := a.Competitions.Get(ctx, actor(ctx), in.ID); err != nil {
		return nil, err // only organizers see drafts
	}
	page, err := a.streams.Open(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &liveAnswer{func(hc huma.Context) {
		request, response := humago.Unwrap(hc)
		sse.Serve(response, request, func(s sse.Stream) { page.Start(s, "") }, page.Leave)
	}}, nil
}

func seatsEvent(s compete.Seats) (string, error) {
	seats := Seats{SeatsLeft: s.SeatsLeft, Waitlisted: s.Waitlisted, Phase: s.Phase}
	for _, d := range s.Divisions {
		seats.Divisions = append(seats.Divisions,
			DivisionSeats{ID: d.ID, SeatsLeft: d.SeatsLeft, Waitlisted: d.Waitlisted, Phase: d.Phase})
	}
	data, err := json.Marshal(seats)
	return "event: seats\ndata: " + string(data) + "\n\n", err
}

func documentSeatsEvent(a *api) *huma.MediaType {
	example, _ := seatsEvent(compete.Seats{SeatsLeft: 42, Phase: compete.PhaseOpen}) // can't fail
	return &huma.MediaType{Schema: schemaOf[Seats](a), Example: example}
}
