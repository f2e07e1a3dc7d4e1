package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minicompete/internal/compete"
)

// Seats is the data of a 'seats' event.
type Seats struct {
	SeatsLeft  int           `json:"seatsLeft" example:"42"`
	Waitlisted int           `json:"waitlisted" example:"0"`
	Phase      compete.Phase `json:"phase" enum:"draft,upcoming,open,waitlist,full,closed,cancelled" example:"open"`
}

const (
	mediaEvents = "text/event-stream"
	// writeTimeout is how long one write to an open stream may take.
	writeTimeout = 10 * time.Second
)

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
	ctx, stop := context.WithCancel(ctx)
	seats, err := a.Seats.Watch(ctx, in.ID)
	if err != nil {
		stop()
		return nil, err
	}
	return &liveAnswer{func(hc huma.Context) {
		defer stop()
		hc.SetHeader("Content-Type", mediaEvents)
		hc.SetHeader("X-Accel-Buffering", "no") // nginx would hold events back
		hc.SetStatus(http.StatusOK)
		if request, response := humago.Unwrap(hc); request.Method != http.MethodHead {
			a.stream(ctx, response, seats)
		}
	}}, nil
}

// stream sends events until the client leaves, stops reading, or the feed ends.
func (a *api) stream(ctx context.Context, w http.ResponseWriter, seats <-chan compete.Seats) {
	out := http.NewResponseController(w)
	// Each write has a deadline of its own: a stream outlives the server's write timeout.
	send := func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(writeTimeout)) // a writer without deadlines needs none
		_, err := io.WriteString(w, text)
		return err == nil && out.Flush() == nil
	}
	heartbeat := time.NewTicker(a.Heartbeat)
	defer heartbeat.Stop()
	for open := send("retry: 2000\n\n"); open; {
		select {
		case <-ctx.Done():
			return
		case s, more := <-seats:
			open = more && send(seatsEvent(s))
		case <-heartbeat.C:
			open = send(": still here\n\n")
		}
	}
}

func seatsEvent(s compete.Seats) string {
	data, _ := json.Marshal(Seats{SeatsLeft: s.SeatsLeft, Waitlisted: s.Waitlisted, Phase: s.Phase}) // it cannot fail
	return "event: seats\ndata: " + string(data) + "\n\n"
}
