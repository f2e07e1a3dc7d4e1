package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minicompete/internal/compete"
	"minicompete/internal/sse"
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
		description: "Server-sent events: a 'seats' event with the present state at once, and one after each change (several changes in a row may come as one). " +
			"A comment is sent every 20 s. The stream ends when the server stops; connect again then, as browsers do by themselves.",
		produces: []string{mediaEvents}, holdsSeats: true,
		errors: []*compete.Error{compete.ErrCompetitionMissing, compete.ErrBusy},
	}, a.watchSeats)
}

func (a *api) watchSeats(ctx context.Context, in *CompetitionInput) (*liveAnswer, error) {
	if _, err := a.Service.Competition(ctx, actor(ctx), in.ID); err != nil {
		return nil, err // drafts are seen by their organizers alone
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx)) // the stream goes on when the request has ended
	follow := context.AfterFunc(ctx, stop)
	seats, err := a.Seats.Watch(watching, in.ID)
	if err != nil {
		stop()
		return nil, err
	}
	return &liveAnswer{func(hc huma.Context) {
		follow()
		request, response := humago.Unwrap(hc)
		if request.Method == http.MethodHead {
			stop()
			hc.SetHeader("Content-Type", mediaEvents)
			hc.SetStatus(http.StatusOK)
			return
		}
		sse.Serve(response, request, a.Streams, a.Logger, func(s *sse.Stream) {
			defer stop()
			a.stream(s, seats)
		})
	}}, nil
}

// stream sends events until the client leaves, stops reading, or the feed ends.
func (a *api) stream(s *sse.Stream, seats <-chan compete.Seats) {
	heartbeat := time.NewTicker(a.Heartbeat)
	defer heartbeat.Stop()
	for err := s.Send("retry: 2000\n\n"); err == nil; {
		select {
		case <-s.Context().Done():
			return
		case now, more := <-seats:
			if !more {
				return
			}
			err = s.Send(seatsEvent(now))
		case <-heartbeat.C:
			err = s.Send(": still here\n\n")
		}
	}
}

func seatsEvent(s compete.Seats) string {
	data, _ := json.Marshal(Seats{SeatsLeft: s.SeatsLeft, Waitlisted: s.Waitlisted, Phase: s.Phase}) // it cannot fail
	return "event: seats\ndata: " + string(data) + "\n\n"
}
