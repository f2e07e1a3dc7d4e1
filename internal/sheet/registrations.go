package sheet

import (
	"bufio"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// columns of a list of registrations. Programs go by the names; new ones come last.
var columns = []string{
	"seq", "status", "position", "name", "email", "registeredAt", "updatedAt", "registrationId",
	"userId", "cancelReason", "reason", "note", "seats", "confirmBy",
}

// divisionColumn is there if the competition has divisions.
const divisionColumn = "division"

// teamColumn is there if the competition has teams: the name of the team.
const teamColumn = "team"

func registration(r *compete.ParticipantRegistration) []string {
	position, confirmBy := "", ""
	if r.Position > 0 {
		position = strconv.Itoa(r.Position)
	}
	if r.Status == compete.RegistrationOffered {
		confirmBy = moment(*r.ConfirmBy)
	}
	return []string{
		strconv.FormatInt(r.Seq, 10), string(r.Status), position, r.Participant.Name, r.Participant.Email,
		moment(r.RegisteredAt), moment(r.UpdatedAt), r.ID, r.UserID,
		string(r.CancelReason), r.Removal.Reason, r.Removal.Note, strconv.Itoa(r.Seats()), confirmBy,
	}
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// File is a list of registrations to be sent.
type File struct {
	Name      string // see Name
	Mark      string // comes first: BOM or nothing
	Divisions []compete.Division
	Teams     bool              // the competition has teams
	Questions compete.Questions // whose answers are columns after all others
	Parts     iter.Seq2[[]compete.ParticipantRegistration, error]
}

// columns are those of a competition with divisions, teams or questions.
func (f *File) columns() []string {
	names := slices.Clone(columns)
	if len(f.Divisions) > 0 {
		names = append(names, divisionColumn)
	}
	if f.Teams {
		names = append(names, teamColumn)
	}
	for i := range f.Questions {
		names = append(names, f.Questions[i].Label)
	}
	return names
}

// row returns what makes a row of these columns.
func (f *File) row() func(r *compete.ParticipantRegistration) []string {
	names := map[string]string{}
	for _, d := range f.Divisions {
		names[d.ID] = d.Name
	}
	return func(r *compete.ParticipantRegistration) []string {
		row := registration(r)
		if len(f.Divisions) > 0 {
			row = append(row, names[r.DivisionID])
		}
		if f.Teams {
			row = append(row, r.Team)
		}
		for i := range f.Questions {
			row = append(row, compete.AnswerText(r.Answers[f.Questions[i].ID]))
		}
		return row
	}
}

// Send answers with a file for downloading, part by part as it is read. When a part can't be read, or the client takes
// longer than Patience for a piece, the connection is cut, so that half a file does not look whole.
func Send(w http.ResponseWriter, r *http.Request, log *slog.Logger, f File) {
	columns, row := columns, registration
	if len(f.Divisions) > 0 || f.Teams || len(f.Questions) > 0 {
		columns, row = f.columns(), f.row()
	}
	send(w, r, log, f.Name, f.Mark, columns, f.Parts, row)
}

func send[T any](
	w http.ResponseWriter, r *http.Request, log *slog.Logger, name, mark string, columns []string,
	parts iter.Seq2[[]T, error], row func(*T) []string,
) {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", Attachment(name))
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	out := bufio.NewWriterSize(Patient(w), 32<<10) // it keeps an error until Flush
	_, _ = out.WriteString(mark)
	rows := NewWriter(out)
	_ = rows.Row(columns...)
	for part, err := range parts {
		if err != nil {
			log.ErrorContext(r.Context(), "a list was cut short", "path", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler)
		}
		for i := range part {
			if rows.Row(row(&part[i])...) != nil {
				panic(http.ErrAbortHandler) // the client is gone, or too slow
			}
		}
	}
	if out.Flush() != nil {
		panic(http.ErrAbortHandler)
	}
}

// Patience is how long a client may take for one piece of a long answer, some 32 KB. The answer as a whole may take as
// long as it likes.
const Patience = 30 * time.Second

// Patient returns a writer that gives the client Patience for each Write, in place of the server's limit for the whole
// answer.
func Patient(w http.ResponseWriter) io.Writer {
	return patient{w, http.NewResponseController(w)}
}

type patient struct {
	to       io.Writer
	deadline *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.deadline.SetWriteDeadline(time.Now().Add(Patience)) // a writer without deadlines needs none
	return p.to.Write(b)
}
