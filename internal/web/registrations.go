package web

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// rowsPerPage is how many registrations are added at a time.
const rowsPerPage = 50

// statusTabs are the parts of the list. Those in seldom are there only when they have somebody.
var statusTabs = []pages.Tab{
	{Label: "All"},
	{Label: "Confirmed", Value: string(compete.RegistrationConfirmed)},
	{Label: "Processing", Value: string(compete.RegistrationPending)},
	{Label: "Offered", Value: string(compete.RegistrationOffered)},
	{Label: "Applied", Value: string(compete.RegistrationApplied)},
	{Label: "Waitlisted", Value: string(compete.RegistrationWaitlisted)},
	{Label: "Not admitted", Value: string(compete.RegistrationRejected)},
	{Label: "Cancelled", Value: string(compete.RegistrationCancelled)},
}

// seldom are statuses that last for a moment, or exist in few competitions.
var seldom = map[compete.RegistrationStatus]bool{
	compete.RegistrationPending: true, compete.RegistrationOffered: true,
	compete.RegistrationApplied: true, compete.RegistrationRejected: true,
}

// registrations is an organizer's list of who is registered, and for htmx the part of it that changed.
func (a *app) registrations(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	return a.showRegistrations(r, v, http.StatusOK, &c, pages.AddForm{})
}

func (a *app) showRegistrations(
	r *http.Request, v *visit, status int, c *compete.Competition, form pages.AddForm,
) (response, error) {
	q := r.URL.Query()
	filter := registrationFilter(q)
	asked := c.Questions
	c.Questions = c.QuestionsAt(true, v.now)
	team, teamErr := a.teamFilter(v, c, &filter)
	teams, err := a.teamsToSuggest(v, c)
	if err != nil {
		return nil, err
	}
	filter.Answer = countryTyped(c, filter.Answer)
	division := filter.DivisionID
	if c.Division(division) == nil { // none, or one that listRegistrations refuses
		division = ""
	}
	data := pages.RegistrationsData{
		ID: c.ID, Title: c.Title, Deadline: c.RegDeadline, Starts: c.StartDate, Zone: c.Zone(),
		Seats:  seatsView(c.Seats(v.now)),
		Status: string(filter.Status), Search: filter.Search, Sort: string(filter.Sort),
		Removal: c.Status != compete.StatusCancelled, Edits: editable(c, v), Division: division,
		Divisions: divisionChips(c, registrationsPath(c.ID), filter),
	}
	for _, seats := range divisionViews(c.Seats(v.now)) {
		if seats.DivisionID == division {
			data.Seats = seats
		}
	}
	data.Columns, data.Links = columnsView(c, q), otherPages(c, "registrations")
	data.Teams, data.TeamID, data.Team = c.Team != nil, filter.TeamID, team
	for i := range teams {
		data.TeamNames = append(data.TeamNames, teams[i].Name)
	}
	data.Answer = answerFilterView(c, filter)
	data.Answers, data.TypedAnswer = answersView(c, filter)
	if c.Status == compete.StatusPublished && !c.Started(v.now) {
		form.ID, form.Key, form.Mails = c.ID, rand.Text(), a.mailing() != pages.MailOff
		if len(c.Questions) < len(asked) { // with any answer, those that aren't kept any more would be required, too
			asked = nil
		}
		fields, err := questionFields(asked, r.PostForm, form.Errors, nil)
		if err != nil {
			return nil, err
		}
		offerTeams(v, c, &form, teams)
		for i := range fields {
			fields[i].Lenient = true
		}
		form.Questions = fields
		for i := range c.Divisions {
			form.Divisions = append(form.Divisions, ui.Option{Value: c.Divisions[i].ID, Label: c.Divisions[i].Name})
		}
		data.Add = &form
	}
	if err = teamErr; err == nil {
		err = a.listRegistrations(r, v, c, &data, filter)
	}
	if compete.ErrTeamMissing.Is(err) {
		status, data.Error = http.StatusUnprocessableEntity, "No team has this name."
	} else if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		status, data.Error = http.StatusUnprocessableEntity, "This search didn't work: "+firstField(e)
	} else if err != nil {
		return nil, err
	}
	if v.partial() {
		if q.Has("cursor") {
			return show(status, pages.MoreRegistrations(data)), nil
		}
		v.w.Header().Set("HX-Replace-Url", listAddress(r.URL.Path, filter))
		return show(status, pages.RegistrationListSwap(data)), nil
	}
	series, err := a.Registrations.Timeline(r.Context(), v.actor, c, division)
	if err != nil {
		return nil, err
	}
	data.Timeline = timelineView(series)
	page := v.page("Registrations for "+c.Title, ui.SectionDashboard)
	page.Charts, page.Questions = len(data.Timeline.Points) > 0, len(c.Questions) > 0 || form.Team != nil
	return show(status, pages.Registrations(page, data)), nil
}

// registrationFilter reads what the page, its export and its print all go by.
func registrationFilter(q url.Values) compete.RegistrationFilter {
	question, answer, unanswered := q.Get("question"), q.Get("answer"), q.Get("unanswered")
	if q.Has(pages.SaidInput) { // chosen from the list of answers
		question, answer, _ = strings.Cut(q.Get(pages.SaidInput), conditionSign)
		if unanswered = ""; strings.HasPrefix(question, pages.UnansweredSign) {
			unanswered = question[len(pages.UnansweredSign):]
		}
		if answer == "" { // it was typed beside the list
			answer = q.Get(pages.TypedAnswerInput)
		}
		if strings.TrimSpace(answer) == "" { // not yet
			question, answer = "", ""
		}
	}
	filter := compete.RegistrationFilter{
		Status: compete.RegistrationStatus(q.Get("status")), DivisionID: q.Get("division"), TeamID: q.Get("team"),
		Search: q.Get("search"), Sort: compete.RegistrationSort(q.Get("sort")), Limit: rowsPerPage,
		Answer:  compete.AnswerFilter{QuestionID: question, Value: answer},
		Columns: q["column"],
	}
	if unanswered != "" {
		filter.Answer = compete.AnswerFilter{QuestionID: unanswered, None: true}
	}
	return filter
}

// countryTyped returns the filter with the code of a country that was typed by its name.
func countryTyped(c *compete.Competition, f compete.AnswerFilter) compete.AnswerFilter {
	typed, isText := f.Value.(string)
	q := c.Questions.Find(f.QuestionID)
	if !isText || q == nil || q.Kind != compete.QuestionCountry {
		return f
	}
	typed = strings.TrimSpace(typed)
	for _, country := range compete.Countries {
		if strings.EqualFold(country.Name, typed) || strings.EqualFold(country.Code, typed) {
			f.Value = country.Code
		}
	}
	return f
}

// listAddress is where a list with the filter is, without what says nothing.
func listAddress(path string, f compete.RegistrationFilter) string {
	q := url.Values{
		"status": {string(f.Status)}, "division": {f.DivisionID}, "team": {f.TeamID}, "search": {f.Search},
		"sort": {string(f.Sort)},
	}
	if f.Sort == compete.SortArrival {
		q.Del("sort")
	}
	switch {
	case f.Answer.QuestionID == "":
	case f.Answer.None:
		q.Set("unanswered", f.Answer.QuestionID)
	default:
		q.Set("question", f.Answer.QuestionID)
		q.Set("answer", compete.AnswerText(f.Answer.Value))
	}
	q["column"] = f.Columns
	maps.DeleteFunc(q, func(_ string, values []string) bool { return len(values) == 0 || values[0] == "" })
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// listRegistrations adds the rows, and how many there are of each status.
func (a *app) listRegistrations(
	r *http.Request, v *visit, c *compete.Competition, data *pages.RegistrationsData, f compete.RegistrationFilter,
) error {
	q, list := r.URL.Query(), registrationsPath(data.ID)
	data.CSV, data.Print = listAddress(list+".csv", f), listAddress(list+"/print", f)
	found, err := a.Registrations.ListOf(r.Context(), v.actor, c, q.Get("cursor"), f)
	if err != nil {
		return err
	}
	counts, err := a.countStatuses(r, v, c, f, found)
	if err != nil {
		return err
	}
	data.Tabs = tabsView(list, f, counts)
	if before, err := strconv.Atoi(q.Get("after")); err == nil && before > 0 && q.Has("cursor") {
		data.Before = min(before, compete.MaxCapacity)
	}
	if counts == nil { // there are as many as one has seen, and more
		data.Total, data.Beyond = data.Before+len(found.Items), !found.Next.IsZero()
	}
	for i := range data.Tabs {
		tab := &data.Tabs[i]
		if counts == nil && tab.On {
			tab.Count, tab.Beyond, tab.Uncounted = data.Total, data.Beyond, false
		}
		if tab.On {
			data.Total = tab.Count
		}
	}
	for i := range found.Items {
		row := registrationRow(&found.Items[i], c)
		row.Team = found.Items[i].Team
		for _, column := range data.Columns {
			if column.On {
				row.Answers = append(row.Answers, answerText(&column.Question, found.Items[i].Answers[column.ID]))
			}
		}
		data.Rows = append(data.Rows, row)
	}
	if !found.Next.IsZero() {
		next := *r.URL
		q.Set("after", strconv.Itoa(data.Before+len(data.Rows)))
		next.RawQuery = q.Encode()
		data.More = nextPage(&next, found.Next)
	}
	return nil
}

// countStatuses says how many registrations of each status a search finds; nil where it finds too many to count. A page
// that has all of them needn't be counted again, which takes longest for what is rare.
func (a *app) countStatuses(r *http.Request, v *visit, c *compete.Competition, f compete.RegistrationFilter,
	found compete.Page[compete.ParticipantRegistration]) (
	map[compete.RegistrationStatus]int, error,
) {
	if f.Status != "" || !found.Next.IsZero() || r.URL.Query().Get("cursor") != "" {
		return a.Registrations.ByStatus(r.Context(), v.actor, c, f, false)
	}
	counts := map[compete.RegistrationStatus]int{}
	for i := range found.Items {
		counts[found.Items[i].Status]++
	}
	return counts, nil
}

// tabsView shows counts, unless they are nil.
func tabsView(path string, f compete.RegistrationFilter, counts map[compete.RegistrationStatus]int) []pages.Tab {
	var tabs []pages.Tab
	chosen := f.Status
	for _, tab := range statusTabs {
		f.Status = compete.RegistrationStatus(tab.Value)
		tab.On, tab.Href, tab.Uncounted = f.Status == chosen, listAddress(path, f), counts == nil
		for status, n := range counts {
			if tab.Value == "" || status == f.Status {
				tab.Count += n
			}
		}
		if !seldom[f.Status] || tab.Count > 0 || tab.On {
			tabs = append(tabs, tab)
		}
	}
	return tabs
}

// divisionChips are the divisions to choose from; none if there are none.
func divisionChips(c *compete.Competition, path string, f compete.RegistrationFilter) []pages.Tab {
	if len(c.Divisions) == 0 {
		return nil
	}
	chosen := f.DivisionID
	f.DivisionID = ""
	chips := []pages.Tab{{Label: "All divisions", Href: listAddress(path, f), On: chosen == ""}}
	for _, d := range c.Divisions {
		f.DivisionID = d.ID
		chips = append(chips, pages.Tab{Label: d.Name, Href: listAddress(path, f), On: chosen == d.ID})
	}
	return chips
}

func registrationRow(r *compete.ParticipantRegistration, c *compete.Competition) pages.RegistrationRow {
	row := pages.RegistrationRow{
		ID: r.ID, Seq: r.Seq, Name: r.Participant.Name, Email: r.Participant.Email,
		State: registrationState(&r.Registration), At: r.RegisteredAt, Disabled: r.Participant.Disabled &&
			!r.Participant.Erased,
		Division: divisionName(c, r.DivisionID),
		TeamID:   r.TeamID, Looking: r.Looking,
		Reason: r.Removal.Reason, Note: r.Removal.Note, Blocked: r.Removal.Blocked, Place: placeOf(&r.Registration),
	}
	if r.Status == compete.RegistrationOffered {
		row.Until = r.ConfirmBy
	}
	return row
}

// columnsView returns the questions whose answers can be columns.
func columnsView(c *compete.Competition, q url.Values) []pages.AnswerColumn {
	var columns []pages.AnswerColumn
	for i := range c.Questions {
		columns = append(columns, pages.AnswerColumn{
			Question: c.Questions[i], On: slices.Contains(q["column"], c.Questions[i].ID),
		})
	}
	return columns
}

// answerFilterView says in words which answer the list is filtered by; empty: none.
func answerFilterView(c *compete.Competition, f compete.RegistrationFilter) pages.AnswerChip {
	q := c.Questions.Find(f.Answer.QuestionID)
	if q == nil {
		return pages.AnswerChip{}
	}
	value := compete.AnswerText(f.Answer.Value)
	shown := value
	if parsed, problem := q.Parse(value); f.Answer.None {
		shown = noAnswer
	} else if problem == "" {
		shown = answerText(q, parsed)
	}
	without := f
	without.Answer = compete.AnswerFilter{}
	return pages.AnswerChip{
		Label:  ui.Labelled(q.Label, shown),
		Remove: listAddress(registrationsPath(c.ID), without),
	}
}

// noAnswer stands for the answer of those who were asked and haven't given one.
const noAnswer = "No answer"

// answersView lists the answers that the list can be filtered by: what can be chosen, unless it is sensitive, questions
// whose answer is typed, and questions for those who haven't answered.
func answersView(c *compete.Competition, f compete.RegistrationFilter) (groups []pages.AnswerGroup, typed string) {
	free, none := pages.AnswerGroup{Label: "An answer that you type"}, pages.AnswerGroup{Label: noAnswer}
	for i := range c.Questions {
		q := &c.Questions[i]
		asked := f.Answer.QuestionID == q.ID
		if !c.Questions.AfterSensitive(q) {
			none.Options = append(none.Options, pages.AnswerOption{
				Value: pages.UnansweredSign + q.ID, Label: ui.Labelled(q.Label, noAnswer), On: asked && f.Answer.None,
			})
		}
		if q.Sensitive {
			continue
		}
		on, isOn := compete.AnswerText(f.Answer.Value), asked && !f.Answer.None
		values := q.Choices()
		if len(values) == 0 {
			free.Options = append(free.Options,
				pages.AnswerOption{Value: q.ID + conditionSign, Label: q.Label, On: isOn})
			if isOn {
				typed = on
			}
			continue
		}
		if parsed, problem := q.Parse(on); isOn && problem == "" && parsed != nil && !slices.Contains(values, parsed) {
			values = append(values, parsed)
		}
		group := pages.AnswerGroup{Label: q.Label}
		for _, value := range values {
			text := compete.AnswerText(value)
			group.Options = append(group.Options, pages.AnswerOption{
				Value: q.ID + conditionSign + text, Label: answerText(q, value), On: isOn && text == on,
			})
		}
		groups = append(groups, group)
	}
	for _, group := range []pages.AnswerGroup{free, none} {
		if len(group.Options) > 0 {
			groups = append(groups, group)
		}
	}
	return groups, typed
}
