package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/web/pages"
	"minicompete/internal/web/ui"
)

// rowsPerPage is how many rows a table shows at first.
const rowsPerPage = 50

// registrations is an organizer's list of who is registered, and for htmx the part of it that changed.
func (a *app) registrations(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	filter := compete.RegistrationFilter{Status: compete.RegistrationStatus(q.Get("status")), Search: q.Get("search"), Limit: rowsPerPage}
	list, err := a.Service.CompetitionRegistrations(r.Context(), v.actor, c.ID, q.Get("cursor"), filter)
	if err != nil {
		return nil, err
	}
	data := pages.RegistrationsData{
		ID: c.ID, Title: c.Title, Deadline: c.RegDeadline, Starts: c.StartDate, Zone: c.Zone(),
		Seats: seatsView(c.Seats(v.now)), Status: string(filter.Status), Search: filter.Search,
		CSV: "/competitions/" + c.ID + "/registrations.csv", Removal: c.Status != compete.StatusCancelled,
	}
	for i := range list.Items {
		data.Rows = append(data.Rows, registrationRow(&list.Items[i]))
	}
	if !list.Next.IsZero() {
		data.More = nextPage(r.URL, list.Next)
	}
	if v.partial() {
		if q.Has("cursor") {
			return show(http.StatusOK, pages.MoreRegistrations(data)), nil
		}
		v.w.Header().Set("HX-Replace-Url", tidyURL(r.URL))
		return show(http.StatusOK, pages.RegistrationRowsSwap(data)), nil
	}
	series, err := a.Service.RegistrationTimeline(r.Context(), v.actor, c.ID)
	if err != nil {
		return nil, err
	}
	if len(series) > 1 { // one moment makes no chart
		data.Series = runningTotal(series)
	}
	page := v.page("Registrations for "+c.Title, ui.SectionDashboard)
	page.Charts = len(data.Series) > 0
	return show(http.StatusOK, pages.Registrations(page, data)), nil
}

// managed reads a competition whose participants the viewer may see.
func (a *app) managed(v *visit) (compete.Competition, error) {
	if err := v.requireLogin(); err != nil {
		return compete.Competition{}, err
	}
	c, err := a.Service.Competition(v.r.Context(), v.actor, v.r.PathValue("id"))
	if err == nil && !c.ManagedBy(v.actor) {
		err = compete.ErrForbidden
	}
	return c, err
}

func registrationRow(r *compete.ParticipantRegistration) pages.RegistrationRow {
	row := pages.RegistrationRow{
		ID: r.ID, Seq: r.Seq, Name: r.Participant.Name, Email: r.Participant.Email,
		State: registrationState(r.Status), At: r.RegisteredAt,
	}
	if r.Position > 0 {
		row.Place = ui.Ordinal(r.Position) + " in line"
	}
	return row
}

// runningTotal turns what happened in each step into how much had happened by its end.
func runningTotal(counts []compete.TimeCount) []ui.ChartPoint {
	points := make([]ui.ChartPoint, len(counts))
	total := 0
	for i, c := range counts {
		total += c.Count
		points[i] = ui.ChartPoint{At: c.At, Value: total}
	}
	return points
}

// registrationsCSV sends the whole list, page by page, so that it is never in memory as a whole.
func (a *app) registrationsCSV(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	read := func(cursor string) (compete.Page[compete.ParticipantRegistration], error) {
		return a.Service.CompetitionRegistrations(r.Context(), v.actor, c.ID, cursor, compete.RegistrationFilter{Limit: compete.MaxPageSize})
	}
	first, err := read("")
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		h := v.w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="registrations.csv"`)
		h.Set("Cache-Control", "no-store")
		out := csv.NewWriter(v.w)
		_ = out.Write([]string{"seq", "name", "email", "status", "position", "registeredAt"}) // Flush tells below
		for page := first; ; {
			for i := range page.Items {
				_ = out.Write(csvRow(&page.Items[i]))
			}
			out.Flush()
			if page.Next.IsZero() {
				return nil
			}
			err := out.Error()
			if err == nil {
				page, err = read(page.Next.String())
			}
			if err != nil {
				// Half a file must not look whole: the connection is broken off.
				a.Log.WarnContext(r.Context(), "the CSV export was cut short", "error", err)
				panic(http.ErrAbortHandler)
			}
		}
	}, nil
}

func csvRow(r *compete.ParticipantRegistration) []string {
	position := ""
	if r.Position > 0 {
		position = strconv.Itoa(r.Position)
	}
	return []string{
		strconv.FormatInt(r.Seq, 10), csvText(r.Participant.Name), csvText(r.Participant.Email), string(r.Status), position,
		r.RegisteredAt.UTC().Format(time.RFC3339Nano),
	}
}

// csvText keeps a spreadsheet from taking a cell for a formula.
func csvText(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (a *app) removeForm(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	which := "this registration"
	if no, err := strconv.ParseInt(r.URL.Query().Get("no"), 10, 64); err == nil {
		which = "registration no. " + strconv.FormatInt(no, 10)
	}
	back := "/competitions/" + c.ID + "/registrations"
	return ask(v, pages.Confirm{
		Title: "Remove " + which + "?", Yes: "Remove", No: "Keep it", Danger: true,
		Text:   "They are told by mail. A seat that comes free goes to the next in line.",
		Action: back + "/" + url.PathEscape(r.PathValue("registration")) + "/remove", Back: back,
	}), nil
}

func (a *app) remove(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	if _, err := a.Service.CancelRegistration(r.Context(), v.actor, r.PathValue("registration")); err != nil {
		return nil, err
	}
	return redirectWith("removed", "/competitions/"+c.ID+"/registrations"), nil
}
