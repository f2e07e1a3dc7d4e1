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
		errors: []*compete.Error{compete.ErrCompetitionMissing, compete.ErrBusy},
	}, a.watchSeats)
}

func (a *api) watchSeats(ctx context.Context, in *CompetitionInput) (*liveAnswer, error) {
	if _, err := a.Competitions.Get(ctx, actor(ctx), in.ID); err != nil {
		return nil, err // only organizers see drafts
	}
	page, err := a.streams.Open(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &liveAnswer{func(hc huma.Context) {
		request, response := humago.Unwrap(hc)
		sse.Serve(response, request, func(s sse.Stream) { page.Start(s, "") }, page.Leave)
	}}, nil
}

func seatsEvent(s compete.Seats) (string, error) {
	data, err := json.Marshal(Seats{SeatsLeft: s.SeatsLeft, Waitlisted: s.Waitlisted, Phase: s.Phase})
	return "event: seats\ndata: " + string(data) + "\n\n", err
}

func documentSeatsEvent(a *api) *huma.MediaType {
	example, _ := seatsEvent(compete.Seats{SeatsLeft: 42, Phase: compete.PhaseOpen}) // can't fail
	return &huma.MediaType{Schema: schemaOf[Seats](a), Example: example}
}
