package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/sheet"
)

// DrawSource names where the randomness of a lottery comes from.
type DrawSource struct {
	Source draw.SourceKind `json:"source" enum:"QUICKNET,NAMED" doc:"QUICKNET: a future round of drand's public randomness. NAMED: a public value that the organizer names before the deadline, and enters later." example:"QUICKNET"`
	Name   string          `json:"name,omitempty" doc:"What value it will be; required for NAMED only." example:""`
}

// TransformSchema documents the limits.
func (DrawSource) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "name", 0, compete.MaxSourceName)
	return s
}

func (s *DrawSource) source() compete.DrawSource {
	return compete.DrawSource{Kind: s.Source, Name: s.Name}
}

// DrawValueRequest is what the named source said.
type DrawValueRequest struct {
	Value string `json:"value" doc:"As published, and written as announced; it can't be changed. White space, invisible characters and compatible forms (NFKC) are unified." example:"3 14 15 26 41 49"`
}

// TransformSchema documents the limits.
func (DrawValueRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "value", 1, compete.MaxDrawValue)
	return s
}

// TicketItem gives a person a number of tickets.
type TicketItem struct {
	Email   string `json:"email" format:"email" doc:"Of someone who has applied." example:"ada@example.com"`
	Tickets int    `json:"tickets" minimum:"1" maximum:"1024" example:"4"`
}

// TicketsRequest gives people a number of tickets.
type TicketsRequest struct {
	Items []TicketItem `json:"items"`
}

// TransformSchema documents the limits.
func (TicketsRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["items"].MinItems, s.Properties["items"].MaxItems = new(1), new(compete.MaxTicketItems)
	return s
}

func (r *TicketsRequest) items() []compete.TicketItem {
	items := make([]compete.TicketItem, len(r.Items))
	for i, item := range r.Items {
		items[i] = compete.TicketItem(item)
	}
	return items
}

// DrawEntry is a person's entry on the list of a lottery.
type DrawEntry struct {
	Ref     string `json:"ref" doc:"Stands for the person in the public list." example:"5f2c9a7be01d4c3f8a6b7c8d9e0f1a2b"`
	Tickets int    `json:"tickets" example:"1"`
	Place   *int   `json:"place" nullable:"true" doc:"In drawn order; null before the draw." example:"17"`
}

// Draw is how far a lottery is.
type Draw struct {
	DrawSource
	Value      string     `json:"value,omitempty" doc:"Of a NAMED source, once it was entered." example:""`
	Round      uint64     `json:"round,omitempty" doc:"Of quicknet, once the list is frozen." example:"23456789"`
	RoundAt    *time.Time `json:"roundAt" nullable:"true" doc:"When that round is published." example:"2026-05-02T08:01:03Z"`
	FrozenAt   *time.Time `json:"frozenAt" nullable:"true" doc:"When the list was frozen, shortly after the deadline; null before." example:"2026-05-02T08:00:03Z"`
	Applied    int        `json:"applied" doc:"People who have applied, or teams where a seat is for a team. 10001 means more than 10000. 0 once the list is frozen: see entries." example:"0"`
	Entries    int        `json:"entries" doc:"People on the frozen list." example:"812"`
	ListHash   string     `json:"listHash" doc:"SHA-256 of the frozen list in hex, as described in docs/api.md; empty before." example:"3ca8a7ac1717310051b4378e7e535d82549c48c6d02e653338d7abca8fd1c419"`
	DrawnAt    *time.Time `json:"drawnAt" nullable:"true" doc:"When the randomness was known; null before." example:"2026-05-02T08:01:05Z"`
	FinishedAt *time.Time `json:"finishedAt" nullable:"true" doc:"When everyone had been notified; null before." example:"2026-05-02T08:01:09Z"`
	Done       int        `json:"done" doc:"People who have been notified so far. Those who had withdrawn count, too." example:"812"`
	Seated     int        `json:"seated" doc:"People who have been given or offered a seat so far." example:"200"`
	Waitlisted int        `json:"waitlisted" doc:"People who have been put on the waitlist so far, in drawn order." example:"600"`
	Dropped    int        `json:"dropped" doc:"People who had withdrawn in the meantime." example:"12"`
	Mine       *DrawEntry `json:"mine" doc:"The caller's own entry, or their team's where a seat is for a team; null without one."`
}

type drawSourceInput struct {
	CompetitionInput
	JSONBody
}

type drawValueInput struct {
	CompetitionInput
	JSONBody
}

type ticketsInput struct {
	CompetitionInput
	JSONBody
}

// TicketHolder is a person who has applied, with their tickets.
type TicketHolder struct {
	Email          string `json:"email" format:"email" example:"ada@example.com"`
	Name           string `json:"name" example:"Ada Lovelace"`
	Tickets        int    `json:"tickets" doc:"1 unless they were given another number." example:"4"`
	RegistrationID string `json:"registrationId" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
}

type listTicketsInput struct {
	CompetitionInput
	PageParams
	Accept string `header:"Accept" hidden:"true"`
}

// ticketsAnswer is written by Body, as JSON or CSV.
type ticketsAnswer struct {
	Body func(huma.Context)
}

type drawAnswer struct{ Body Draw }

type drawFileAnswer struct {
	Body func(huma.Context)
}

const tagDraws = "Draws"

func (a *api) registerDraws() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/draw", id: "getDraw", tag: tagDraws,
		summary:     "Get the state of a draw",
		description: "For a competition whose `admission` is `LOTTERY`.",
		errors:      []*compete.Error{compete.ErrCompetitionMissing, compete.ErrNotDrawn},
	}, a.getDraw)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/draw/file", id: "getDrawFile", tag: tagDraws,
		summary: "Download a draw",
		description: "The frozen list, its hash, and after the draw also the randomness and the order. `minicompete " +
			"verify draw FILE` recomputes it. It has no personal data.",
		produces: []content{contentJSON[draw.File]()},
		errors:   []*compete.Error{compete.ErrCompetitionMissing, compete.ErrNotDrawn, compete.ErrListOpen},
	}, a.getDrawFile)
	changing := []*compete.Error{
		compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing, compete.ErrNotDrawn,
	}
	handle(a, route{
		method: http.MethodPut, path: "/api/competitions/{id}/draw", id: "setDrawSource", tag: tagDraws,
		access:  loggedIn,
		summary: "Choose where the randomness comes from",
		description: "For the competition's organizer and admins, until the deadline. Without it, the source is " +
			"`QUICKNET`, which needs nobody.",
		request: DrawSource{},
		errors:  append(changing, compete.ErrCompetitionCancelled, compete.ErrListFrozen),
	}, a.setDrawSource)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/draw/tickets", id: "listTickets", tag: tagDraws,
		access:  loggedIn,
		summary: "List everyone's tickets",
		description: "For the competition's organizer and admins, until the deadline: everyone who has applied, in " +
			"order of arrival. With 'Accept: text/csv', returns all pages as one CSV file and ignores 'limit'. The " +
			"page of the draw takes such a file.",
		produces: []content{
			contentJSON[[]TicketHolder](),
			contentText(mediaCSV, "email,tickets,name\r\n"),
		},
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrCompetitionMissing, compete.ErrNotDrawn, compete.ErrCompetitionCancelled,
			compete.ErrListFrozen,
		},
	}, a.listTickets)
	handle(a, route{
		method: http.MethodPut, path: "/api/competitions/{id}/draw/tickets", id: "setTickets", tag: tagDraws,
		access: loggedIn, status: http.StatusNoContent,
		summary: "Give people tickets",
		description: "For the competition's organizer and admins, until the deadline. Everyone has one ticket unless " +
			"this gives them another number. All are saved, or none.",
		request: TicketsRequest{},
		errors:  append(changing, compete.ErrCompetitionCancelled, compete.ErrListFrozen),
	}, a.setTickets)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/draw/value", id: "enterDrawValue", tag: tagDraws,
		access:  loggedIn,
		summary: "Enter the value of a named source",
		description: "For the competition's organizer and admins, once the list is frozen. The draw follows within " +
			"seconds, and can't be repeated.",
		request: DrawValueRequest{},
		errors:  append(changing, compete.ErrNotNamed, compete.ErrListOpen, compete.ErrDrawn),
	}, a.enterDrawValue)
}

func (a *api) getDraw(ctx context.Context, in *CompetitionInput) (*drawAnswer, error) {
	c, err := a.Competitions.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	state, err := a.Draws.StateOf(ctx, actor(ctx), &c)
	if err != nil {
		return nil, err
	}
	answer := &drawAnswer{newDraw(&state)}
	if state.FrozenAt == nil {
		answer.Body.Applied, err = a.Registrations.Applied(ctx, &c, compete.MaxApplied+1)
	}
	return answer, err
}

func (a *api) getDrawFile(ctx context.Context, in *CompetitionInput) (*drawFileAnswer, error) {
	file, err := a.Draws.File(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &drawFileAnswer{func(hc huma.Context) {
		hc.SetHeader("Content-Type", mediaJSON)
		hc.SetHeader("Content-Disposition", `attachment; filename="draw-`+in.ID+`.json"`)
		hc.SetStatus(http.StatusOK)
		_ = json.NewEncoder(hc.BodyWriter()).Encode(file) // the client can't be told of a failure any more
	}}, nil
}

func (a *api) setDrawSource(ctx context.Context, in *drawSourceInput) (*drawAnswer, error) {
	var request DrawSource
	check := func() error {
		source := request.source()
		return source.Check()
	}
	if err := decode(in.RawBody, &request, check); err != nil {
		return nil, err
	}
	if err := a.Draws.SetSource(ctx, actor(ctx), in.ID, request.source()); err != nil {
		return nil, err
	}
	return a.getDraw(ctx, &in.CompetitionInput)
}

func (a *api) listTickets(ctx context.Context, in *listTicketsInput) (*ticketsAnswer, error) {
	if negotiation.SelectQValueFast(in.Accept, []string{mediaJSON, mediaCSV}) == mediaCSV {
		return a.exportTickets(ctx, in)
	}
	page, err := a.Draws.Tickets(ctx, actor(ctx), in.ID, in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	list := newList(&in.PageParams, page, func(t *compete.TicketHolder) TicketHolder {
		return TicketHolder{Email: t.Email, Name: t.Name, Tickets: t.Tickets, RegistrationID: t.RegistrationID}
	})
	return &ticketsAnswer{func(hc huma.Context) { writeList(hc, list) }}, nil
}

func (a *api) exportTickets(ctx context.Context, in *listTicketsInput) (*ticketsAnswer, error) {
	competition, err := a.Competitions.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	parts, err := a.Draws.EveryTicket(ctx, actor(ctx), in.ID, in.Cursor)
	if err != nil {
		return nil, err
	}
	name := sheet.TicketsName(competition.Title, a.Clock().In(competition.Zone()))
	return &ticketsAnswer{func(hc huma.Context) {
		hc.AppendHeader("Vary", "Accept") // beside what CORS says
		request, response := humago.Unwrap(hc)
		sheet.SendTickets(response, request, a.Logger, name, "", parts)
	}}, nil
}

func (a *api) setTickets(ctx context.Context, in *ticketsInput) (*struct{}, error) {
	var request TicketsRequest
	check := func() error { return compete.CheckTicketItems(request.items()) }
	if err := decode(in.RawBody, &request, check); err != nil {
		return nil, err
	}
	return nil, a.Draws.SetTickets(ctx, actor(ctx), in.ID, request.items())
}

func (a *api) enterDrawValue(ctx context.Context, in *drawValueInput) (*drawAnswer, error) {
	var request DrawValueRequest
	check := func() error { return compete.CheckDrawValue(request.Value) }
	if err := decode(in.RawBody, &request, check); err != nil {
		return nil, err
	}
	if err := a.Draws.EnterValue(ctx, actor(ctx), in.ID, request.Value); err != nil {
		return nil, err
	}
	return a.getDraw(ctx, &in.CompetitionInput)
}

func newDraw(s *compete.DrawState) Draw {
	d := Draw{
		DrawSource: DrawSource{Source: s.Source.Kind, Name: s.Source.Name}, Round: s.Round, FrozenAt: utc(s.FrozenAt),
		Entries: s.Entries, ListHash: s.ListHash, DrawnAt: utc(s.DrawnAt), FinishedAt: utc(s.FinishedAt),
		Value: s.Value, Done: s.LastPlace, Seated: s.Seated, Waitlisted: s.Waitlisted, Dropped: s.Dropped,
	}
	if s.Round > 0 {
		at := draw.RoundTime(s.Round)
		d.RoundAt = &at
	}
	if s.Mine != nil {
		d.Mine = &DrawEntry{Ref: s.Mine.Ref, Tickets: s.Mine.Tickets}
		if s.Mine.Place > 0 {
			d.Mine.Place = &s.Mine.Place
		}
	}
	return d
}
