package takeout

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
)

// MediaType is that of the file.
const MediaType = "application/json"

// Name is what the file of a day is called.
func Name(day time.Time) string { return "my-data-" + day.Format(time.DateOnly) + ".json" }

// Send answers with the file for downloading, part by part as it is read. When a part can't be read, or the client
// takes longer than sheet.Patience for a piece, the connection is cut, so that half a file does not look whole.
func Send(w http.ResponseWriter, r *http.Request, log *slog.Logger, data compete.PersonalData) {
	h := w.Header()
	h.Set("Content-Type", MediaType)
	h.Set("Content-Disposition", sheet.Attachment(Name(data.At)))
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	out := bufio.NewWriterSize(sheet.Patient(w), 32<<10)
	err := Write(out, data)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		log.ErrorContext(r.Context(), "a download of personal data was cut short", "user", data.User.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// Write writes the file, a PersonalData. In memory it has a page of a list at a time.
func Write(to io.Writer, data compete.PersonalData) error {
	w := &writer{to: to}
	w.value("exportedAt", data.At)
	w.value("account", newAccount(&data.User))
	w.value("organizerRequestedAt", data.OrganizerRequestAt)
	w.value("linkRequests", each(data.Links, newLinkRequest))
	w.value("secondFactors", newFactors(data.Factors))
	section(w, "sessions", data.Sessions, newSession)
	section(w, "registrations", data.Registrations, newRegistration)
	w.value("preparations", newPreparations(data.Preparations))
	section(w, "messages", data.Messages, newMessage)
	section(w, "organizedCompetitions", data.Competitions, newCompetition)
	section(w, "reports", data.Reports, newReport)
	section(w, "reviewsGiven", data.ReviewsGiven, newReview)
	section(w, "reviewsReceived", data.ReviewsReceived, newReview)
	section(w, "auditLog", data.Audit, newAuditRecord)
	w.text("\n}\n")
	return w.err
}

// writer writes the fields of an object. After an error it writes nothing.
type writer struct {
	to    io.Writer
	begun bool
	err   error
}

func (w *writer) text(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.to, s)
	}
}

func (w *writer) json(v any) {
	if w.err != nil {
		return
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		w.err = err
		return
	}
	_, w.err = w.to.Write(encoded)
}

func (w *writer) name(name string) {
	separator := "{\n  "
	if w.begun {
		separator = ",\n  "
	}
	w.begun = true
	w.text(separator + `"` + name + `": `)
}

func (w *writer) value(name string, v any) {
	w.name(name)
	w.json(v)
}

// section writes a list, one item on each line.
func section[T, J any](w *writer, name string, parts iter.Seq2[[]T, error], render func(*T) J) {
	w.name(name)
	separator := "[\n    "
	for part, err := range parts {
		if w.err == nil {
			w.err = err
		}
		if w.err != nil {
			return
		}
		for i := range part {
			w.text(separator)
			w.json(render(&part[i]))
			separator = ",\n    "
		}
	}
	if separator[0] == '[' {
		w.text("[")
	}
	w.text("]")
}

func each[T, J any](items []T, render func(*T) J) []J {
	rendered := make([]J, len(items))
	for i := range items {
		rendered[i] = render(&items[i])
	}
	return rendered
}

func newAccount(u *compete.User) ExportedAccount {
	return ExportedAccount{
		ID: u.ID, Name: u.Name, Email: u.Email, EmailVerifiedAt: u.VerifiedAt, Role: u.Role,
		RemindersOffAt: u.RemindersOffAt,
		TimeZone:       u.Zone.Name, TimeZoneChosen: u.Zone.Chosen,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}

func newLinkRequest(l *compete.Link) ExportedLinkRequest {
	return ExportedLinkRequest{Purpose: l.Purpose, Email: l.Email, RequestedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt}
}

func newFactors(f compete.Factors) []ExportedFactor {
	factors := []ExportedFactor{}
	for _, k := range f.Passkeys {
		factors = append(factors, ExportedFactor{
			Kind: "passkey", Name: k.Name, CreatedAt: k.CreatedAt,
			LastUsedAt: k.LastUsedAt,
		})
	}
	if f.App != nil {
		factors = append(factors, ExportedFactor{Kind: "app", CreatedAt: f.App.ConfirmedAt})
	}
	return factors
}

func newSession(s *compete.Session) ExportedSession {
	kind := "page"
	if s.API {
		kind = "api"
	}
	return ExportedSession{
		Device: s.Device, Address: s.Network, Kind: kind, CreatedAt: s.CreatedAt, LastUsedAt: s.LastUsedAt,
		ExpiresAt: s.ExpiresAt, EndedAt: s.EndedAt,
	}
}

func newAnswers(r *compete.MyRegistration) (answers []ExportedAnswer) {
	for _, id := range slices.Sorted(maps.Keys(r.Answers)) {
		a := ExportedAnswer{QuestionID: id, Answer: r.Answers[id]}
		if q := r.Competition.Questions.Find(id); q != nil {
			a.Question = q.Label
		}
		answers = append(answers, a)
	}
	return answers
}

func newPreparations(found []compete.KeptPreparation) []ExportedPreparation {
	preparations := []ExportedPreparation{}
	for _, p := range found {
		preparations = append(preparations, ExportedPreparation{
			CompetitionID: p.CompetitionID, DivisionID: p.Entry.DivisionID, Team: p.Entry.Team.Name,
			Looking: p.Entry.LookingForTeam, Answers: p.Entry.Answers,
			UpdatedAt: p.UpdatedAt.UTC(),
		})
	}
	return preparations
}

func newRegistration(r *compete.MyRegistration) ExportedRegistration {
	division := ""
	if d := r.Competition.Division(r.DivisionID); d != nil {
		division = d.Name
	}
	return ExportedRegistration{
		Division: division, Team: r.Team,
		RegistrationState: r.RegistrationState, CompetitionTitle: r.Competition.Title, PromotedAt: r.PromotedAt,
		Seats: r.Seats(), ConfirmBy: r.ConfirmBy, Answers: newAnswers(r),
		RemovalReason: r.Removal.Reason, RemovalNote: r.Removal.Note, Blocked: r.Removal.Blocked,
	}
}

func newMessage(m *compete.Message) ExportedMessage {
	return ExportedMessage{
		ID: m.ID, RegistrationID: m.RegistrationID, Kind: m.Kind, To: m.To, Subject: m.Subject, Body: m.Body,
		SentAt: m.SentAt, ReadAt: m.ReadAt,
	}
}

func newCompetition(c *compete.Competition) ExportedCompetition {
	out := ExportedCompetition{
		ID: c.ID, CompetitionContent: c.CompetitionContent, Description: c.Description,
		Questions: c.Questions, Registered: c.Registered(),
		Waitlisted: c.Waitlisted, Status: c.Status, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	for _, d := range c.Divisions {
		out.Divisions = append(out.Divisions, d.Name)
	}
	out.TimeZone = c.Zone().String()
	if c.Cover != "" {
		out.Cover = "/api/competitions/" + c.ID + "/cover"
	}
	return out
}

func newReport(r *compete.Report) ExportedReport {
	return ExportedReport{
		ID: r.ID, CompetitionID: r.Competition.ID, CompetitionTitle: r.Competition.Title, Reason: r.Reason,
		Details:   r.Details,
		CreatedAt: r.CreatedAt, Status: r.Status,
	}
}

func newReview(r *compete.PersonalReview) ExportedReview {
	return ExportedReview{
		RegistrationID: r.RegistrationID, CompetitionID: r.CompetitionID, CompetitionTitle: r.CompetitionTitle,
		Score: r.Score, Note: r.Note, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

func newAuditRecord(e *compete.AuditEntry) ExportedAuditRecord {
	return ExportedAuditRecord{
		ID: e.ID, At: e.At.UTC(), Action: string(e.Action), ActorID: e.ActorID, UserID: e.UserID,
		CompetitionID: e.CompetitionID, CompetitionTitle: e.CompetitionTitle, SubjectID: e.SubjectID,
		Before: e.Before, After: e.After, Via: e.Via, Address: e.Address, RequestID: e.RequestID,
	}
}
