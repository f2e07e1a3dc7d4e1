package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// applicationsPerPage is how many applications a page of the inbox has.
const applicationsPerPage = 50

// The parts of the inbox beside those of decisions.
const (
	showUndecided = "UNDECIDED"
	showUnscored  = "UNSCORED"
)

var applicationStatuses = []pages.Tab{
	{Label: "Any status"},
	{Label: "Applied", Value: string(compete.RegistrationApplied)},
	{Label: "Waitlisted", Value: string(compete.RegistrationWaitlisted)},
	{Label: "Not admitted", Value: string(compete.RegistrationRejected)},
}

var applicationTabs = []pages.Tab{
	{Label: "All"},
	{Label: "Undecided", Value: showUndecided},
	{Label: "Without your score", Value: showUnscored},
	{Label: "Admit", Value: string(compete.DecisionAdmit)},
	{Label: "Waitlist", Value: string(compete.DecisionWaitlist)},
	{Label: "Don't admit", Value: string(compete.DecisionReject)},
}

// reviewed is a handler of a page about a competition with review that the viewer may change. Of others, there are only
// registrations. Changes are refused by the services, which ask admins for a recent login first.
func (a *app) reviewed(
	handle func(r *http.Request, v *visit, c compete.Competition) (response, error),
) func(r *http.Request, v *visit) (response, error) {
	return func(r *http.Request, v *visit) (response, error) {
		c, err := a.managed(v)
		if err != nil {
			return nil, err
		}
		if !c.Reviewed() && r.Method != http.MethodPost {
			return redirect(registrationsPath(c.ID)), nil
		}
		return handle(r, v, c)
	}
}

// applicationFilter reads what the inbox shows.
func applicationFilter(q url.Values) compete.ApplicationFilter {
	f := compete.ApplicationFilter{
		Search: q.Get("search"), Sort: compete.ApplicationSort(q.Get("sort")), Limit: applicationsPerPage,
		Status: compete.RegistrationStatus(q.Get("status")), DivisionID: q.Get("division"), TeamID: q.Get("team"),
		WithReviews: true,
	}
	switch show := q.Get("show"); show {
	case showUndecided:
		f.Undecided = true
	case showUnscored:
		f.Unscored = true
	default:
		f.Decision = compete.Decision(show)
	}
	return f
}

// applications is the inbox.
func (a *app) applications(r *http.Request, v *visit, c compete.Competition) (response, error) {
	data, err := a.inbox(v, &c)
	if err != nil {
		return nil, err
	}
	status, q := http.StatusOK, r.URL.Query()
	filter := applicationFilter(q)
	if c.Division(filter.DivisionID) == nil { // removed since
		filter.DivisionID = ""
	}
	data.Search, data.Sort, data.Filter = q.Get("search"), q.Get("sort"), q.Get("show")
	data.Status, data.Division = q.Get("status"), filter.DivisionID
	data.Divisions, data.Statuses = divisionsOfInbox(&c, r.URL), chipsFor(r.URL, "status", applicationStatuses)
	if data.Team, err = a.teamOfInbox(v, &c, r.URL); err != nil {
		return nil, err
	}
	data.Address = r.URL.RequestURI()
	if data.Tabs, err = a.decisionTabs(v, data.State, r.URL); err != nil {
		return nil, err
	}
	found, err := a.Applications.List(r.Context(), v.actor, c.ID, q.Get("cursor"), filter)
	if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		status, data.Error = http.StatusUnprocessableEntity, "This search didn't work: "+firstField(e)
	} else if err != nil {
		return nil, err
	}
	for i := range found.Items {
		data.Rows = append(data.Rows, applicationRow(&c, &found.Items[i]))
	}
	if !found.Next.IsZero() {
		data.More = nextPage(r.URL, found.Next)
	}
	return show(status, pages.Applications(applicationsPage(v, c.Title), data)), nil
}

// inbox reads what every answer of the inbox shows.
func (a *app) inbox(v *visit, c *compete.Competition) (pages.ApplicationsData, error) {
	state, err := a.Applications.State(v.r.Context(), v.actor, c.ID)
	return pages.ApplicationsData{
		ID: c.ID, Title: c.Title, State: decisionsView(c, state, v), CanScore: c.Status != compete.StatusCancelled,
		Edits: editable(c, v), Links: otherPages(c, "applications"),
	}, err
}

// teamOfInbox is the team that the inbox is of, if it is of one alone.
func (a *app) teamOfInbox(v *visit, c *compete.Competition, address *url.URL) (pages.TeamChip, error) {
	q := address.Query()
	id := q.Get("team")
	if c.Team == nil || id == "" {
		return pages.TeamChip{}, nil
	}
	q.Del("team")
	q.Del("cursor")
	chip := pages.TeamChip{ID: id, Name: "A team that no longer exists", Remove: address.Path + "?" + q.Encode()}
	t, err := a.Teams.Get(v.r.Context(), v.actor, id)
	if errors.Is(err, compete.ErrTeamMissing) || err == nil && t.CompetitionID != c.ID {
		return chip, nil
	}
	chip.Name = t.Name
	return chip, err
}

func decisionsView(c *compete.Competition, s compete.DecisionState, v *visit) pages.DecisionsView {
	view := pages.DecisionsView{
		ID: c.ID, Undecided: s.Counts.Undecided, Admit: s.Counts.Admit, Waitlist: s.Counts.Waitlist,
		Reject: s.Counts.Reject, SeatsLeft: s.Counts.SeatsLeft, Capacity: c.Capacity, Beyond: s.Counts.Beyond(),
		CanDecide: c.CheckDeciding(v.now) == nil, Together: c.SeatsPerTeam(),
	}
	for _, d := range s.Counts.Divisions {
		view.Divisions = append(view.Divisions, pages.DivisionDecisions{
			Name: d.Name, Admit: d.Admit, SeatsLeft: d.SeatsLeft, Beyond: d.Beyond(),
		})
	}
	if r := s.Release; r != nil {
		view.Release = &pages.ReleaseView{
			Done: r.Done(), Total: r.Total, Told: r.Admitted + r.Waitlisted + r.Rejected, Unseated: r.Unseated,
			Finished: r.FinishedAt, Failed: r.Failed,
		}
	}
	return view
}

// divisionsOfInbox are the divisions to choose from; none if there are none.
func divisionsOfInbox(c *compete.Competition, address *url.URL) []pages.Tab {
	if len(c.Divisions) == 0 {
		return nil
	}
	parts := []pages.Tab{{Label: "All divisions"}}
	for _, d := range c.Divisions {
		parts = append(parts, pages.Tab{Label: d.Name, Value: d.ID})
	}
	return chipsFor(address, "division", parts)
}

// chipsFor leads to parts of a list that differ in one value of its query; the first is everything.
func chipsFor(address *url.URL, name string, parts []pages.Tab) []pages.Tab {
	q := address.Query()
	chosen := q.Get(name)
	if !slices.ContainsFunc(parts, func(part pages.Tab) bool { return part.Value == chosen }) {
		chosen = ""
	}
	q.Del("cursor")
	chips := slices.Clone(parts)
	for i := range chips {
		chip := &chips[i]
		if q.Set(name, chip.Value); chip.Value == "" {
			q.Del(name)
		}
		chip.On, chip.Href = chip.Value == chosen, address.Path+"?"+q.Encode()
	}
	return chips
}

// decisionTabs shows how many there are in each part of the whole inbox. Of a part of that, nothing is counted.
func (a *app) decisionTabs(v *visit, state pages.DecisionsView, address *url.URL) ([]pages.Tab, error) {
	q := address.Query()
	chosen, part := q.Get("show"), slices.ContainsFunc([]string{"division", "status", "search", "team"},
		func(name string) bool { return q.Get(name) != "" })
	unscored := 0
	if !part {
		var err error
		if unscored, err = a.Applications.Unscored(v.r.Context(), v.actor, state.ID); err != nil {
			return nil, err
		}
	}
	counts := map[string]int{
		showUndecided: state.Undecided, showUnscored: unscored, string(compete.DecisionAdmit): state.Admit,
		string(compete.DecisionWaitlist): state.Waitlist, string(compete.DecisionReject): state.Reject,
	}
	var tabs []pages.Tab
	q.Del("cursor")
	for _, tab := range applicationTabs {
		q.Set("show", tab.Value)
		if tab.Value == "" {
			q.Del("show")
		}
		n, counted := counts[tab.Value]
		tab.On, tab.Href = tab.Value == chosen, address.Path+"?"+q.Encode()
		tab.Count, tab.Uncounted = n, !counted || part
		tabs = append(tabs, tab)
	}
	return tabs, nil
}

func applicationRow(c *compete.Competition, a *compete.Application) pages.ApplicationRow {
	row := pages.ApplicationRow{
		ID: a.ID, Seq: a.Seq, Name: a.Participant.Name, Email: a.Participant.Email,
		Disabled: a.Participant.Disabled && !a.Participant.Erased, State: registrationState(&a.Registration),
		Division: divisionName(c, a.DivisionID), Team: a.Team, TeamID: a.TeamID, Looking: a.Looking,
		At: a.RegisteredAt, Decision: string(a.Decision), Reviews: a.Reviews, Mine: a.Mine, Note: a.MyNote,
	}
	if a.Reviews > 0 {
		row.Average = strconv.FormatFloat(float64(a.Average)/100, 'f', 2, 64)
	}
	for i := range a.Others {
		o := &a.Others[i]
		row.Others = append(row.Others, pages.ReviewLine{Name: o.Reviewer.Name, Score: o.Score, Note: o.Note})
	}
	for i := range c.Questions {
		if q := &c.Questions[i]; a.Answers[q.ID] != nil {
			row.Answers = append(row.Answers,
				pages.AnswerLine{Question: q.Label, Answer: answerText(q, a.Answers[q.ID])})
		}
	}
	return row
}

// decideOne saves the viewer's score of one application, and a decision about it.
func (a *app) decideOne(r *http.Request, v *visit, c compete.Competition) (response, error) {
	id := r.PathValue("registration")
	e, err := a.scoreAndDecide(r, v, c.ID, id)
	if err != nil {
		return nil, err
	}
	if !v.partial() && e == nil {
		return redirect(localPath(r.PostFormValue("back"), inboxPath(c.ID))), nil
	}
	data, err := a.inbox(v, &c)
	if err != nil {
		return nil, err
	}
	application, err := a.Applications.Get(r.Context(), v.actor, id)
	if err != nil {
		return nil, err
	}
	data.Address, _, _ = strings.Cut(localPath(r.PostFormValue("back"), inboxPath(c.ID)), "#")
	if address, err := url.Parse(data.Address); err == nil {
		if data.Tabs, err = a.decisionTabs(v, data.State, address); err != nil {
			return nil, err
		}
	}
	row := applicationRow(&c, &application)
	if e != nil {
		row.Error, row.Note = plainText(e), r.PostFormValue("note")
	}
	if !v.partial() {
		data.Rows = []pages.ApplicationRow{row}
		return show(problem.Status(e.Kind), pages.Applications(applicationsPage(v, c.Title), data)), nil
	}
	return show(http.StatusOK, pages.ApplicationSwap(data, row)), nil
}

// scoreAndDecide does what the form of one application asks for. It returns a refusal that the form shows. A decision
// can be made without a score, but then a note would be lost.
func (a *app) scoreAndDecide(r *http.Request, v *visit, competitionID, id string) (*compete.Error, error) {
	if r.PostForm.Has(pages.WithdrawReview) {
		_, err := a.Applications.WithdrawReview(r.Context(), v.actor, id)
		if e, ok := v.refused(err); ok {
			return e, nil
		}
		return nil, err
	}
	score, note, items := r.PostFormValue("score"), r.PostFormValue("note"),
		decisionItems(r.PostFormValue("decision"), id)
	if score != "" || note != "" || len(items) == 0 {
		n, _ := strconv.Atoi(score) // else it's 0, which is refused
		if _, err := a.Applications.Review(r.Context(), v.actor, id, n, note); err != nil {
			if e, ok := v.refused(err); ok {
				return e, nil
			}
			return nil, err
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	_, err := a.Applications.Decide(r.Context(), v.actor, competitionID, items)
	if e, ok := v.refused(err); ok {
		return e, nil
	}
	return nil, err
}

// decisionItems reads the decision of a button; none if the button was another.
func decisionItems(decision string, ids ...string) (items []compete.DecisionItem) {
	if decision == "" {
		return nil
	}
	if decision == "NONE" {
		decision = ""
	}
	for _, id := range ids {
		items = append(items, compete.DecisionItem{RegistrationID: id, Decision: compete.Decision(decision)})
	}
	return items
}

// decideSelected decides about the selected applications.
func (a *app) decideSelected(r *http.Request, v *visit, c compete.Competition) (response, error) {
	back := localPath(r.PostFormValue("back"), inboxPath(c.ID))
	ids := r.PostForm["id"]
	_, err := a.Applications.Decide(r.Context(), v.actor, c.ID, decisionItems(r.PostFormValue("decision"), ids...))
	if err != nil && compete.AsError(err).Kind == compete.KindInvalid && len(ids) == 0 {
		return redirectWith("none-selected", back), nil
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("decided", back), nil
}

// decisionProgress is the card of decisions and the tabs of the inbox, once what they show has changed: others decide
// too, and a release goes on.
func (a *app) decisionProgress(r *http.Request, v *visit, c compete.Competition) (response, error) {
	if !v.partial() {
		return redirect(inboxPath(c.ID)), nil
	}
	data, err := a.inbox(v, &c)
	if err != nil {
		return nil, err
	}
	if data.State.Mark() == r.URL.Query().Get("seen") {
		return nothing, nil
	}
	if address, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil && address.Path == inboxPath(c.ID) {
		if data.Tabs, err = a.decisionTabs(v, data.State, address); err != nil {
			return nil, err
		}
	}
	if r.URL.Query().Has(pages.DuringRelease) && !data.State.Releasing() {
		v.w.Header().Set("HX-Trigger", "released")
	}
	return show(http.StatusOK, pages.DecisionsSwap(data)), nil
}

// releaseForm shows who gets which message.
func (a *app) releaseForm(_ *http.Request, v *visit, c compete.Competition) (response, error) {
	return a.showRelease(v, &c, nil)
}

func (a *app) showRelease(v *visit, c *compete.Competition, e *compete.Error) (response, error) {
	preview, err := a.Applications.Preview(v.r.Context(), v.actor, c.ID)
	if err != nil {
		return nil, err
	}
	data := pages.ReleaseData{Title: c.Title, State: decisionsView(c, preview.State, v), More: preview.More}
	data.State.Previewed = true
	for i := range preview.Split {
		data.Split = append(data.Split, pages.TeamChip{ID: preview.Split[i].ID, Name: preview.Split[i].Name})
	}
	for i := range preview.Mails {
		m := &preview.Mails[i]
		data.Mails = append(data.Mails, pages.ReleaseMail{
			Decision: string(m.Decision), Count: m.Count, Messages: m.Messages, To: m.To.Name,
			Subject: m.Wording.Subject, Body: m.Wording.Body,
		})
	}
	status := http.StatusOK
	if e != nil {
		status, data.Error = problem.Status(e.Kind), plainText(e)
	}
	return show(status, pages.Release(v.page("Release decisions", ui.SectionDashboard), data)), nil
}

func (a *app) release(r *http.Request, v *visit, c compete.Competition) (response, error) {
	_, err := a.Applications.Release(r.Context(), v.actor, c.ID)
	if e, ok := v.refused(err); ok {
		return a.showRelease(v, &c, e)
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("releasing", inboxPath(c.ID)), nil
}

func applicationsPage(v *visit, title string) ui.Page {
	page := v.page("Applications for "+title, ui.SectionDashboard)
	page.Applications = true
	return page
}
