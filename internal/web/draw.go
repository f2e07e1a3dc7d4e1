package web

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/sheet"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// draw shows how far a lottery is. Other competitions have no such page.
func (a *app) draw(_ *http.Request, v *visit) (response, error) {
	return a.showDraw(v, http.StatusOK, nil)
}

// showDraw shows the page, with a refused form if there is one.
func (a *app) showDraw(v *visit, status int, typed *pages.DrawForm) (response, error) {
	c, err := a.Competitions.Get(v.r.Context(), v.actor, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	state, err := a.Draws.StateOf(v.r.Context(), v.actor, &c)
	if errors.Is(err, compete.ErrNotDrawn) {
		return redirect(competitionPath(c.ID)), nil
	}
	if err != nil {
		return nil, err
	}
	keepOut(v.w.Header(), &c)
	data := pages.DrawData{
		ID: c.ID, Title: c.Title, Zone: c.Zone(), Deadline: c.RegDeadline, Capacity: c.Capacity,
		Together: c.SeatsPerTeam(), Managed: c.ManagedBy(v.actor), Open: c.CheckDrawOpen(v.now) == nil,
		Closed: c.Phase(v.now) == compete.PhaseClosed && c.Promotes(v.now), Links: otherPages(&c, "draw"),
		Named: state.Source.Kind == draw.SourceNamed, SourceName: state.Source.Name, FrozenAt: state.FrozenAt,
		Entries: state.Entries, ListHash: state.ListHash, Round: state.Round,
		RoundAt: draw.RoundTime(max(state.Round, 1)),
		Late:    drawLate(&c, &state.Draw, v.now),
		DrawnAt: state.DrawnAt, Value: state.Value, Done: state.LastPlace, FinishedAt: state.FinishedAt,
		Seated: state.Seated, Waitlisted: state.Waitlisted, Dropped: state.Dropped,
	}
	if state.FrozenAt == nil {
		if data.Applied, err = a.Registrations.Applied(v.r.Context(), &c, compete.MaxApplied+1); err != nil {
			return nil, err
		}
	}
	if state.Mine != nil {
		data.Ref, data.Tickets, data.Place = state.Mine.Ref, state.Mine.Tickets, state.Mine.Place
	}
	data.Typed = pages.DrawForm{Source: string(state.Source.Kind), Name: state.Source.Name}
	if typed != nil {
		stored := data.Typed
		if data.Typed = *typed; typed.Form != pages.SourceForm { // that form wasn't sent
			data.Typed.Source, data.Typed.Name = stored.Source, stored.Name
		}
	}
	return show(status, pages.Draw(v.page("The draw for "+c.Title, ui.SectionCompetitions), data)), nil
}

// drawPatience is how long after its round is published a draw isn't late yet.
const drawPatience = time.Minute

// drawLate reports whether the automatic source of randomness should have answered by now.
func drawLate(c *compete.Competition, d *compete.Draw, now time.Time) bool {
	return d.Source.Kind == draw.SourceQuicknet && d.FrozenAt != nil && d.DrawnAt == nil && c.Promotes(now) &&
		now.After(draw.RoundTime(d.Round).Add(drawPatience))
}

// drawFile is the download.
func (a *app) drawFile(r *http.Request, v *visit) (response, error) {
	id := r.PathValue("id")
	file, err := a.Draws.File(r.Context(), v.actor, id)
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		v.w.Header().Set("Content-Type", "application/json")
		v.w.Header().Set("Content-Disposition", `attachment; filename="draw-`+id+`.json"`)
		return json.NewEncoder(v.w).Encode(file)
	}, nil
}

// afterDrawForm goes back to the page, or shows the form again with what is wrong with it.
func (a *app) afterDrawForm(v *visit, err error, flash string, typed pages.DrawForm) (response, error) {
	if e, ok := v.refused(err); ok && (e.Kind == compete.KindInvalid || e.Kind == compete.KindConflict) {
		typed.Errors = formErrors(e)
		return a.showDraw(v, problem.Status(e.Kind), &typed)
	}
	if err != nil {
		return nil, err
	}
	return redirectWith(flash, drawPath(v.r.PathValue("id"))), nil
}

func (a *app) setDrawSource(r *http.Request, v *visit) (response, error) {
	typed := pages.DrawForm{Form: pages.SourceForm, Source: r.PostFormValue("source"), Name: r.PostFormValue("name")}
	source := compete.DrawSource{Kind: draw.SourceKind(typed.Source), Name: typed.Name}
	if source.Kind == draw.SourceQuicknet {
		source.Name = "" // the field is for the other source
	}
	err := a.Draws.SetSource(r.Context(), v.actor, r.PathValue("id"), source)
	return a.afterDrawForm(v, err, "draw-source", typed)
}

// confirmed is the field of the form that asks before a draw.
const confirmed = "confirmed"

// askDraw asks whether to draw with the value.
func (a *app) askDraw(v *visit, value string) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	return ask(v, pages.Confirm{
		Title: "Draw now?", Text: "Draw with " + quoted(compete.DrawValue(value)) + "? This can't be repeated.",
		Action: drawPath(c.ID) + "/value", Yes: "Draw", Back: drawPath(c.ID), No: "Back",
		Kept: []pages.KeptField{{Name: "value", Value: value}, {Name: confirmed, Value: "true"}},
	}), nil
}

func (a *app) enterDrawValue(r *http.Request, v *visit) (response, error) {
	typed := pages.DrawForm{Form: pages.ValueForm, Value: r.PostFormValue("value")}
	if r.PostFormValue(confirmed) == "" && compete.CheckDrawValue(typed.Value) == nil {
		return a.askDraw(v, typed.Value)
	}
	err := a.Draws.EnterValue(r.Context(), v.actor, r.PathValue("id"), typed.Value)
	return a.afterDrawForm(v, err, "draw-value", typed)
}

// maxTicketsFile bounds a list of tickets, in bytes: compete.MaxTicketList lines as the page itself exports them.
const maxTicketsFile = 16 << 20

// setTickets saves a list from a file or, without one, what was pasted.
func (a *app) setTickets(r *http.Request, v *visit) (response, error) {
	if _, err := a.managed(v); err != nil { // before a large file is read
		return nil, err
	}
	var file []byte
	if bringsFile(r) {
		var err error
		if file, err = readMultipart(v, "file", maxTicketsFile); err != nil {
			return nil, err
		}
	}
	typed := pages.DrawForm{Form: pages.TicketsForm, Tickets: r.PostFormValue("tickets")}
	text := typed.Tickets
	if len(file) > 0 {
		text = string(file)
	}
	items, unreadable := readTickets(text)
	if len(file) > maxTicketsFile {
		unreadable = "The file is larger than 16 MB."
	}
	if unreadable != "" {
		items = nil // refused as well, but only after who may do this at all
	}
	err := a.Draws.SetTicketList(r.Context(), v.actor, r.PathValue("id"), items)
	if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		typed.Errors = pages.Errors{"tickets": cmp.Or(unreadable, ticketProblem(e, items))}
		return a.showDraw(v, http.StatusUnprocessableEntity, &typed)
	}
	return a.afterDrawForm(v, err, "tickets-saved", typed)
}

// ticketsCSV exports everybody's tickets, in a form that can be saved again.
func (a *app) ticketsCSV(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	parts, err := a.Draws.EveryTicket(r.Context(), v.actor, c.ID, "")
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		sheet.SendTickets(v.w, r, a.Log, sheet.TicketsName(c.Title, v.now.In(c.Zone())), sheet.BOM, parts)
		return nil
	}, nil
}

// readTickets reads lines of an email and a number, and takes no second number; what else follows, such as a name,
// isn't looked at. A heading is skipped. Where the comma is for decimals, spreadsheets separate cells by semicolons;
// cells that are pasted from one are separated by tabs.
func readTickets(text string) (items []compete.TicketItem, unreadable string) {
	text = strings.TrimPrefix(text, sheet.BOM)
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	first, _, _ := strings.Cut(text, "\n")
	reader.Comma = separator(first)
	reader.TrimLeadingSpace = reader.Comma != '\t'
	var problems []string
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line := lineOf(reader, err)
		if err != nil || len(record) < 2 {
			problems = append(problems,
				fmt.Sprintf("Line %d: needs an email and a number, separated by a comma, a semicolon or a tab.", line))
			if err != nil { // what follows can't be told apart
				break
			}
			continue
		}
		email := strings.TrimSpace(record[0])
		tickets, err := strconv.Atoi(strings.TrimSpace(record[1]))
		switch {
		case err != nil && line == 1 && !strings.Contains(email, "@"):
			continue
		case err != nil:
			problems = append(problems, fmt.Sprintf("Line %d: the number of tickets must be a whole number.", line))
			continue
		case len(record) > 2 && isNumber(record[2]): // as in 1,5 or 1,000
			problems = append(problems, fmt.Sprintf("Line %d: there's more than one number after the email.", line))
			continue
		}
		items = append(items, compete.TicketItem{Email: sheet.Unprotected(email), Tickets: tickets})
	}
	if len(problems) > 0 {
		return nil, firstProblems(problems)
	}
	if len(items) == 0 {
		return nil, "Choose a file, or paste at least one line."
	}
	return items, ""
}

// lineOf returns the number of the line that was just read, or where it failed.
func lineOf(reader *csv.Reader, err error) int {
	var unreadable *csv.ParseError
	if errors.As(err, &unreadable) {
		return unreadable.StartLine
	}
	line, _ := reader.FieldPos(0)
	return line
}

func isNumber(cell string) bool {
	_, err := strconv.Atoi(strings.TrimSpace(cell))
	return err == nil
}

// separator returns the first comma, semicolon or tab of a line that isn't within quotes; without one, the comma.
func separator(line string) rune {
	quoted := false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(",;\t", r):
			return r
		}
	}
	return ','
}

// maxTicketProblems is how many problems of a list are told.
const maxTicketProblems = 5

func firstProblems(problems []string) string {
	if more := len(problems) - maxTicketProblems; more > 0 {
		problems = append(problems[:maxTicketProblems:maxTicketProblems], "And "+ui.Count(more)+" more.")
	}
	return strings.Join(problems, " ")
}

// ticketProblem names the people whose tickets are refused.
func ticketProblem(e *compete.Error, items []compete.TicketItem) string {
	var problems []string
	for _, field := range e.Fields {
		var i int
		if n, _ := fmt.Sscanf(field.Field, "items[%d].", &i); n == 1 && i < len(items) {
			problems = append(problems, items[i].Email+" "+field.Message+".")
		}
	}
	if len(problems) > 0 {
		return firstProblems(problems) + " Nothing was saved."
	}
	return fmt.Sprintf("There must be 1 to %s lines.", ui.Count(compete.MaxTicketList))
}
