package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
)

const (
	mediaJSON = "application/json"
	mediaCSV  = "text/csv"
)

// participantSort is the order of a list of registrations.
type participantSort string

// Schema documents the orders.
func (participantSort) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Default: string(compete.SortArrival),
		Enum: []any{
			string(compete.SortArrival), string(compete.SortLastFirst), string(compete.SortName),
			string(compete.SortStatus),
		},
		Description: "The order: order of arrival (`arrival`), newest first (`newest`), by `name`, or by `status` " +
			"(confirmed, pending, offered, applied, waitlisted, rejected, cancelled).",
	}
}

type participantsInput struct {
	CompetitionInput
	Status   statusParam     `query:"status"`
	Division string          `query:"division" doc:"Return only registrations in the division with this ID."`
	Team     string          `query:"team" doc:"Return only the members of the team with this ID."`
	Search   string          `query:"search" doc:"Words in the name or email. Part of a word is enough; case and accents don't matter."`
	Sort     participantSort `query:"sort"`

	Question string `query:"question" doc:"Return only registrations with a certain answer to this question, which must not be sensitive. Requires answer." example:"q1-1"`
	Answer   string `query:"answer" doc:"The answer, or one of the choices. For YES_NO and CONSENT, yes or no." example:"M"`

	Unanswered string `query:"unanswered" doc:"Return only registrations of people who are asked this question and haven't answered it. It must not depend on the answer to a sensitive one. Excludes question and answer." example:"q1-1"`
	PageParams
	Accept string `header:"Accept" hidden:"true"`
}

// participantsAnswer is written by Body, as JSON or CSV.
type participantsAnswer struct {
	Body func(huma.Context)
}

func (a *api) registerParticipants() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/registrations", id: "listRegistrations",
		tag: tagRegistrations, access: loggedIn,
		summary: "List a competition's registrations",
		description: "For the competition's organizer and admins, in order of arrival unless 'sort' says otherwise. " +
			"With 'Accept: text/csv', returns all pages as one CSV file and ignores 'limit'. Every cell is quoted. A " +
			"cell that a spreadsheet would read as a formula starts with an apostrophe, and so does any part of " +
			"one that follows a separator. A competition with divisions has one more column, division: its name. " +
			"One with teams has the column team: the team's name. Each question is a further column, named by its " +
			"label.",
		produces: []content{
			contentJSON[[]ParticipantRegistration](),
			contentText(mediaCSV, "seq,status,position,name,email,registeredAt,updatedAt,registrationId,userId,"+
				"cancelReason,reason,note,seats,confirmBy\r\n"),
		},
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing},
	}, a.listParticipants)
}

func (a *api) listParticipants(ctx context.Context, in *participantsInput) (*participantsAnswer, error) {
	filter := compete.RegistrationFilter{
		Status: compete.RegistrationStatus(in.Status), DivisionID: in.Division, TeamID: in.Team,
		Search: in.Search,
		Sort:   compete.RegistrationSort(in.Sort), Limit: int(in.Limit),
		Answer: compete.AnswerFilter{QuestionID: in.Question, Value: in.Answer},
	}
	switch {
	case in.Unanswered == "":
	case in.Question != "" || in.Answer != "":
		return nil, compete.Invalid(compete.FieldError{
			Field: "unanswered", Message: "must be left out with question and answer",
		})
	default:
		filter.Answer = compete.AnswerFilter{QuestionID: in.Unanswered, None: true}
	}
	if prefersCSV(in.Accept) {
		return a.exportParticipants(ctx, in, filter)
	}
	page, err := a.Registrations.List(ctx, actor(ctx), in.ID, in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	list := newList(&in.PageParams, page, newParticipantRegistration)
	return &participantsAnswer{func(hc huma.Context) { writeList(hc, list) }}, nil
}

// prefersCSV reports whether an Accept header ranks CSV above JSON. Huma's faster function misreads qualities.
func prefersCSV(accept string) bool {
	return negotiation.SelectQValue(accept, []string{mediaJSON, mediaCSV}) == mediaCSV
}

// exportParticipants has no byte order mark: it is read by programs.
func (a *api) exportParticipants(
	ctx context.Context, in *participantsInput, filter compete.RegistrationFilter,
) (*participantsAnswer, error) {
	parts, err := a.Registrations.Every(ctx, actor(ctx), in.ID, in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	competition, err := a.Competitions.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	file := sheet.File{
		Name: sheet.Name(competition.Title, a.Clock().In(competition.Zone())), Divisions: competition.Divisions,
		Teams:     competition.Team != nil,
		Questions: competition.QuestionsAt(true, a.Clock()),
		Parts:     parts,
	}
	return &participantsAnswer{func(hc huma.Context) {
		hc.AppendHeader("Vary", "Accept") // beside what CORS says
		request, response := humago.Unwrap(hc)
		sheet.Send(response, request, a.Logger, file)
	}}, nil
}

func writeList[T any](hc huma.Context, list *listOf[T]) {
	hc.AppendHeader("Vary", "Accept") // beside what CORS says
	hc.SetHeader("Content-Type", mediaJSON)
	if list.Link != "" {
		hc.SetHeader("Link", list.Link)
	}
	hc.SetStatus(http.StatusOK)
	_ = marshal(hc.BodyWriter(), list.Body)
}

func newParticipantRegistration(r *compete.ParticipantRegistration) ParticipantRegistration {
	return ParticipantRegistration{
		RegistrationState: newRegistrationState(&r.Registration), Answers: r.Answers, Note: r.Removal.Note,
		Team: r.Team,
		User: newParticipant(&r.Participant),
	}
}

func newParticipant(p *compete.Participant) Participant {
	return Participant{ID: p.ID, Name: p.Name, Email: p.Email, Disabled: p.Disabled && !p.Erased, Deleted: p.Erased}
}
