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

// answered appends the answers to questions, each in a column.
func answered(row []string, answers compete.Answers, questions compete.Questions) []string {
	for i := range questions {
		row = append(row, compete.AnswerText(answers[questions[i].ID]))
	}
	return row
}

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
	Name string // see Name
	Mark string // comes first: BOM or nothing

	Questions compete.Questions // whose answers are columns after all others
	Parts     iter.Seq2[[]compete.ParticipantRegistration, error]
}

// Send answers with a file for downloading, part by part as it is read. When a part can't be read, or the client takes
// longer than Patience for a piece, the connection is cut, so that half a file does not look whole.
func Send(w http.ResponseWriter, r *http.Request, log *slog.Logger, f File) {
	columns := slices.Clone(columns)
	for i := range f.Questions {
		columns = append(columns, f.Questions[i].Label)
	}
	send(w, r, log, f.Name, f.Mark, columns, f.Parts, func(r *compete.ParticipantRegistration) []string {
		return answered(registration(r), r.Answers, f.Questions)
	})
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
