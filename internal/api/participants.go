package api

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"minicompete/internal/compete"
)

const (
	mediaJSON = "application/json"
	mediaCSV  = "text/csv"
)

type participantsInput struct {
	CompetitionInput
	Status statusParam `query:"status"`
	Search string      `query:"search" doc:"Words in the name or email. Part of a word is enough; case and accents don't matter."`
	PageParams
	Accept string `header:"Accept" hidden:"true"`
}

// participantsAnswer is written by Body, as JSON or CSV.
type participantsAnswer struct {
	Body func(huma.Context)
}

func (a *api) registerParticipants() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/registrations", id: "listRegistrations", tag: tagRegistrations, access: loggedIn,
		summary: "List a competition's registrations",
		description: "For the competition's organizer and admins, in order of arrival. With 'Accept: text/csv', returns all pages as one CSV file and ignores 'limit'. " +
			"Cells that a spreadsheet would read as a formula start with an apostrophe.",
		produces: []string{mediaJSON, mediaCSV},
		errors:   []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing},
	}, a.listParticipants)
}

func (a *api) listParticipants(ctx context.Context, in *participantsInput) (*participantsAnswer, error) {
	filter := compete.RegistrationFilter{Status: compete.RegistrationStatus(in.Status), Search: in.Search, Limit: int(in.Limit)}
	asCSV := negotiation.SelectQValueFast(in.Accept, []string{mediaJSON, mediaCSV}) == mediaCSV
	if asCSV {
		filter.Limit = compete.MaxPageSize
	}
	who := actor(ctx)
	page, err := a.Service.CompetitionRegistrations(ctx, who, in.ID, in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	if !asCSV {
		list := newList(&in.PageParams, page, newParticipantRegistration)
		return &participantsAnswer{func(hc huma.Context) { writeList(hc, list) }}, nil
	}
	more := func(cursor compete.Cursor) (compete.Page[compete.ParticipantRegistration], error) {
		return a.Service.CompetitionRegistrations(ctx, who, in.ID, cursor.String(), filter)
	}
	return &participantsAnswer{func(hc huma.Context) { a.streamCSV(hc, in.ID, page, more) }}, nil
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
	return ParticipantRegistration{RegistrationState: newRegistrationState(&r.Registration), User: Participant(r.Participant)}
}

// pageTimeout is how long a client may take to read one page of a stream.
const pageTimeout = 30 * time.Second

// streamCSV writes page and all that follow it. When a later page cannot be read, the connection is cut, so that the client sees
// that the file is not whole.
func (a *api) streamCSV(hc huma.Context, competitionID string, page compete.Page[compete.ParticipantRegistration],
	more func(compete.Cursor) (compete.Page[compete.ParticipantRegistration], error),
) {
	request, response := humago.Unwrap(hc)
	hc.AppendHeader("Vary", "Accept") // beside what CORS says
	hc.SetHeader("Content-Type", mediaCSV+"; charset=utf-8; header=present")
	hc.SetHeader("Content-Disposition", `attachment; filename="registrations-`+competitionID+`.csv"`)
	hc.SetStatus(http.StatusOK)
	if request.Method == http.MethodHead {
		return
	}
	deadline := http.NewResponseController(response)
	out := newCSV(response)
	for {
		_ = deadline.SetWriteDeadline(time.Now().Add(pageTimeout)) // a writer without deadlines needs none
		if out.write(page.Items) != nil {
			return // the client is gone
		}
		if page.Next.IsZero() {
			return
		}
		var err error
		if page, err = more(page.Next); err != nil {
			a.Logger.ErrorContext(request.Context(), "CSV export cut short", "competition", competitionID, "error", err)
			panic(http.ErrAbortHandler)
		}
	}
}

// registrationCSV writes registrations as CSV (RFC 4180).
type registrationCSV struct{ *csv.Writer }

func newCSV(w io.Writer) registrationCSV {
	out := registrationCSV{csv.NewWriter(w)}
	out.UseCRLF = true
	_ = out.Write([]string{"seq", "status", "position", "name", "email", "registeredAt", "updatedAt", "registrationId", "userId"})
	return out
}

func (out registrationCSV) write(rows []compete.ParticipantRegistration) error {
	for i := range rows {
		r := &rows[i]
		position := ""
		if r.Position > 0 {
			position = strconv.Itoa(r.Position)
		}
		_ = out.Write([]string{ // its error is kept for Error
			strconv.FormatInt(r.Seq, 10), string(r.Status), position, harmless(r.Participant.Name), harmless(r.Participant.Email),
			r.RegisteredAt.UTC().Format(time.RFC3339Nano), r.UpdatedAt.UTC().Format(time.RFC3339Nano), r.ID, r.UserID,
		})
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a spreadsheet from taking a cell for a formula (OWASP, "CSV Injection").
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
