package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/calendar"
	"github.com/minicompete/minicompete/internal/compete"
)

func (a *api) registerCalendar() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}.ics", id: "getCalendar",
		tag: tagCompetitions, holdsSeats: true,
		summary: "Get a competition as a calendar file",
		description: "An iCalendar file (RFC 5545) with one event in UTC. Its UID never changes, its SEQUENCE is the " +
			"competition's version, and its STATUS is CANCELLED once the competition is.",
		produces: []content{contentText(calendar.MediaType, "BEGIN:VCALENDAR\r\n…")},
		errors:   []*compete.Error{compete.ErrCompetitionMissing, calendar.ErrNoStart},
	}, a.getCalendar)
}

// calendarAnswer is written by Body.
type calendarAnswer struct {
	Body func(huma.Context)
}

func (a *api) getCalendar(ctx context.Context, in *CompetitionInput) (*calendarAnswer, error) {
	c, err := a.Competitions.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	file, err := calendar.File(&c, a.PublicURL+"/competitions/"+c.ID)
	if err != nil {
		return nil, err
	}
	return &calendarAnswer{func(hc huma.Context) {
		hc.SetHeader("Content-Type", calendar.MediaType+"; charset=utf-8")
		hc.SetHeader("Content-Disposition", `attachment; filename="competition.ics"`)
		hc.SetStatus(http.StatusOK)
		_, _ = hc.BodyWriter().Write([]byte(file)) // the client may be gone
	}}, nil
}

// net/http's patterns can't express "{id}.ics": the mux knows that route as "{id}/ics", and requests are rewritten.
const (
	calendarSuffix = ".ics"
	calendarRoute  = "/ics"
)

// calendarMux rewrites routes to patterns that the mux supports.
type calendarMux struct{ *http.ServeMux }

// HandleFunc implements humago.Mux.
func (m calendarMux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	if route, ok := strings.CutSuffix(pattern, calendarSuffix); ok {
		pattern = route + calendarRoute
	}
	m.ServeMux.HandleFunc(pattern, handler)
}

// routable returns the request with the path of the mux's route.
func routable(r *http.Request) *http.Request {
	path, ok := strings.CutSuffix(r.URL.Path, calendarSuffix)
	if !ok {
		return r
	}
	led, url := *r, *r.URL
	url.Path, url.RawPath = path+calendarRoute, ""
	led.URL = &url
	return &led
}
