package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

var reportReasons = map[compete.ReportReason]string{
	compete.ReportSpam:      "Advertising",
	compete.ReportFraud:     "Scam or false information",
	compete.ReportOffensive: "Offensive or harassing",
	compete.ReportIllegal:   "Illegal",
	compete.ReportOther:     "Something else",
}

var reportStatuses = map[compete.ReportStatus]string{
	compete.ReportOpen: "Open", compete.ReportResolved: "Resolved", compete.ReportDismissed: "Dismissed",
}

var competitionStatuses = map[compete.CompetitionStatus]string{
	compete.StatusDraft: "Unpublished", compete.StatusPublished: "Published", compete.StatusCancelled: "Cancelled",
}

// reportForm asks what is wrong with a competition.
func (a *app) reportForm(_ *http.Request, v *visit) (response, error) {
	form, err := a.newReportForm(v)
	if err != nil {
		return nil, err
	}
	return a.showReportForm(v, http.StatusOK, form), nil
}

// newReportForm reads the competition as the public sees it: drafts can't be reported.
func (a *app) newReportForm(v *visit) (pages.ReportForm, error) {
	c, err := a.Competitions.Get(v.r.Context(), compete.Actor{}, v.r.PathValue("id"))
	form := pages.ReportForm{
		ID: c.ID, Title: c.Title, MaxDetails: compete.MaxReportDetails,
		Reasons: []ui.Option{{Label: "Choose a reason"}},
	}
	for _, reason := range compete.ReportReasons {
		form.Reasons = append(form.Reasons, ui.Option{Value: string(reason), Label: reportReasons[reason]})
	}
	return form, err
}

func (a *app) showReportForm(v *visit, status int, form pages.ReportForm) response {
	return show(status, pages.ReportCompetition(v.page("Report "+form.Title, ui.SectionCompetitions), form))
}

func (a *app) report(r *http.Request, v *visit) (response, error) {
	form, err := a.newReportForm(v)
	if err != nil {
		return nil, err
	}
	form.Reason, form.Details = r.PostFormValue("reason"), typedText(r, "details")
	err = a.Reports.Add(r.Context(), v.actor, form.ID,
		compete.NewReport{Reason: compete.ReportReason(form.Reason), Details: form.Details})
	if e, ok := v.refused(err); ok {
		form.Errors = formErrors(e)
		if form.Errors["reason"] != "" {
			form.Errors["reason"] = "Choose a reason."
		}
		return a.showReportForm(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("reported", competitionPath(form.ID)), nil
}

// reported returns the reported competitions, for the admin page.
func (a *app) reported(v *visit) (rows []pages.Reported, more bool, err error) {
	found, err := a.Reports.Competitions(v.r.Context(), v.actor, rowsPerPage+1)
	if more = len(found) > rowsPerPage; more {
		found = found[:rowsPerPage]
	}
	for i := range found {
		c := &found[i].Competition
		rows = append(rows, pages.Reported{
			ID: c.ID, Title: c.Title, Organizer: c.Organizer.Name,
			Reports: found[i].Reports,
		})
	}
	return rows, more, err
}

// reports shows the reports about one competition.
func (a *app) reports(_ *http.Request, v *visit) (response, error) {
	return a.showReports(v, http.StatusOK, "", nil)
}

func (a *app) showReports(v *visit, status int, note string, errors pages.Errors) (response, error) {
	c, err := a.administered(v)
	if err != nil {
		return nil, err
	}
	data := pages.ReportsData{
		ID: c.ID, Title: c.Title, Organizer: c.Organizer.Name, OrganizerID: c.Organizer.ID, Own: c.OrganizedBy(v.actor),
		Status: competitionStatuses[c.Status], Published: c.Status == compete.StatusPublished,
		Cancelled: c.Status == compete.StatusCancelled,
		Closable:  c.Status == compete.StatusPublished && v.now.Before(c.RegDeadline),
		Note:      note, MaxNote: compete.MaxReportNote, Errors: errors,
	}
	if data.Open, data.MoreOpen, err = a.reportsOf(v, c.ID, compete.ReportOpen); err != nil {
		return nil, err
	}
	for _, status := range []compete.ReportStatus{compete.ReportResolved, compete.ReportDismissed} {
		answered, _, err := a.reportsOf(v, c.ID, status)
		if err != nil {
			return nil, err
		}
		data.Answered = append(data.Answered, answered...)
	}
	return show(status, pages.Reports(v.page("Reports about "+c.Title, ui.SectionAdmin), data)), nil
}

// reportsOf reads the newest reports with a status.
func (a *app) reportsOf(
	v *visit, competitionID string, status compete.ReportStatus,
) (rows []pages.Report, more bool, err error) {
	filter := compete.ReportFilter{Status: status, CompetitionID: competitionID, Limit: compete.MaxPageSize}
	found, err := a.Reports.List(v.r.Context(), v.actor, filter, "")
	for i := range found.Items {
		r := &found.Items[i]
		row := pages.Report{
			ID: r.ID, Reason: reportReasons[r.Reason], Details: r.Details, At: r.CreatedAt,
			Status: reportStatuses[r.Status], Note: r.Note, Answered: r.AnsweredAt,
		}
		if r.Reporter != nil {
			row.Name, row.Email = r.Reporter.Name, r.Reporter.Email
		}
		if r.AnsweredBy != nil {
			row.By = r.AnsweredBy.Name
		}
		rows = append(rows, row)
	}
	return rows, !found.Next.IsZero(), err
}

// answerReports resolves or dismisses the selected reports.
func (a *app) answerReports(r *http.Request, v *visit) (response, error) {
	note := typedText(r, "note")
	ids := r.PostForm["report"]
	if len(ids) == 0 && v.actor.Role.AtLeast(compete.RoleAdmin) {
		return a.showReports(v, http.StatusUnprocessableEntity, note, pages.Errors{"": "Select at least one report."})
	}
	err := a.Reports.AnswerAll(r.Context(), v.actor, ids,
		compete.ReportAnswer{Status: compete.ReportStatus(r.PostFormValue("answer")), Note: &note})
	if e, ok := v.refused(err); ok {
		return a.showReports(v, problem.Status(e.Kind), note, formErrors(e))
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("reports-done", "/admin/reports/"+r.PathValue("id")), nil
}
