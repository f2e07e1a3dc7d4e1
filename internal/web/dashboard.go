package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// mostApplied is up to how many applications for a competition the dashboard counts.
const mostApplied = 1000

// appliedText says how many applications wait for a decision or the draw; empty: none.
func appliedText(c *compete.Competition, n int) string {
	count := ui.Count(n)
	if n >= mostApplied {
		count += "+"
	}
	switch {
	case n == 0:
		return ""
	case c.Drawn():
		return count + " in the draw"
	case n == 1:
		return "1 application to review"
	}
	return count + " applications to review"
}

// chartDays is the number of days shown in the organizer's chart.
const chartDays = 30

// olderRegistrations is the query parameter with the cursor of the dashboard's registrations; "cursor" is that of the
// competitions.
const olderRegistrations = "registrations"

// dashboard serves the dashboard: people's registrations, after their competitions for organizers and admins.
func (a *app) dashboard(_ *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	user, err := a.Accounts.Me(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	mine, err := a.participantData(v)
	if err != nil {
		return nil, err
	}
	if !v.actor.Role.AtLeast(compete.RoleOrganizer) {
		return show(http.StatusOK, pages.ParticipantDashboard(v.page("Dashboard", ui.SectionDashboard),
			user.Name, mine)), nil
	}
	data, err := a.organizerData(v)
	if err != nil {
		return nil, err
	}
	if len(data.Competitions) == 0 && mine.Empty() && v.actor.Role.AtLeast(compete.RoleAdmin) {
		return redirect("/admin"), nil
	}
	page := v.page("Dashboard", ui.SectionDashboard)
	page.Charts = len(data.Competitions) > 0
	return show(http.StatusOK, pages.OrganizerDashboard(page, user.Name, data, mine)), nil
}

func (a *app) participantData(v *visit) (pages.ParticipantData, error) {
	var data pages.ParticipantData
	list, err := a.Registrations.Mine(v.r.Context(), v.actor, v.r.URL.Query().Get(olderRegistrations),
		compete.MaxPageSize)
	if err != nil {
		return data, err
	}
	for i := range list.Items {
		sortIn(&data, &list.Items[i], v.now)
	}
	slices.SortStableFunc(data.Upcoming, byStart)
	if len(data.Upcoming) > 0 && data.Upcoming[0].Starts != nil {
		data.Next, data.Upcoming = &data.Upcoming[0], data.Upcoming[1:]
	}
	if !list.Next.IsZero() {
		q := v.r.URL.Query()
		q.Set(olderRegistrations, list.Next.String())
		data.More = v.r.URL.Path + "?" + q.Encode()
	}
	return data, nil
}

// sortIn adds a registration to its group.
func sortIn(data *pages.ParticipantData, r *compete.MyRegistration, now time.Time) {
	started := r.Competition.Started(now)
	view := pages.MyRegistration{
		CompetitionID: r.CompetitionID, Title: r.Competition.Title, Location: r.Competition.Location,
		Cover: coverView(&r.Competition).Small,
		State: ownState(&r.Registration), Reason: r.Removal.Reason, Number: r.Seq,
		Division: divisionName(&r.Competition, r.DivisionID), TeamID: r.TeamID,
		Starts: r.Competition.StartDate, Zone: r.Competition.Zone(),
		Seats: seatsView(r.Competition.Seats(now)), CanWithdraw: !started,
	}
	if r.Competition.Status == compete.StatusDraft { // unpublished by an admin, so its page is hidden
		view.Hidden, view.CanWithdraw, view.Cover = true, false, ""
	}
	group := &data.Upcoming
	switch {
	case r.Status == compete.RegistrationCancelled:
		group, view.CanWithdraw = &data.Cancelled, false
	case r.Competition.Status == compete.StatusCancelled:
		group, view.State, view.CanWithdraw = &data.Cancelled, ui.StateCancelled, false
	case started:
		group = &data.Past
	case r.Status == compete.RegistrationOffered:
		group, view.CanWithdraw = &data.Offered, false
		if r.OfferOpen(now) && !r.Follows {
			view.AcceptBy = r.ConfirmBy
		}
	case r.Status == compete.RegistrationRejected:
		group, view.CanWithdraw = &data.Rejected, false
	case r.Status == compete.RegistrationApplied:
		group = &data.Applied
	case r.Status == compete.RegistrationWaitlisted:
		if group = &data.Waitlisted; r.Position > 0 { // else the team's captain changed in between
			view.Place = ui.Ordinal(r.Position)
		}
	}
	*group = append(*group, view)
}

// byStart orders by start date, soonest first, with undated ones at the end.
func byStart(a, b pages.MyRegistration) int {
	switch {
	case a.Starts == nil && b.Starts == nil:
		return 0
	case a.Starts == nil:
		return 1
	case b.Starts == nil:
		return -1
	}
	return a.Starts.Compare(*b.Starts)
}

func (a *app) organizerData(v *visit) (pages.OrganizerData, error) {
	var data pages.OrganizerData
	filter := compete.CompetitionFilter{Limit: compete.MaxPageSize}
	list, err := a.Competitions.Mine(v.r.Context(), v.actor, filter, v.r.URL.Query().Get("cursor"))
	if err != nil {
		return data, err
	}
	days, err := a.Registrations.PerDay(v.r.Context(), v.actor, chartDays)
	if err != nil {
		return data, err
	}
	offers, err := a.Registrations.Offers(v.r.Context(), v.actor, list.Items)
	if err != nil {
		return data, err
	}
	applied, err := a.Registrations.Applications(v.r.Context(), v.actor, list.Items, mostApplied)
	if err != nil {
		return data, err
	}
	for i := range list.Items {
		c := &list.Items[i]
		addCompetition(&data, c, v.now)
		row := &data.Competitions[i]
		row.Offered, row.Reviewed, row.Drawn = offers[c.ID], c.Reviewed(), c.Drawn()
		if c.Started(v.now) || c.Status != compete.StatusPublished {
			continue
		}
		row.Applied = appliedText(c, applied[c.ID])
		if c.Reviewed() && row.Applied != "" {
			data.Attention = append(data.Attention, pages.Attention{
				Text: quoted(c.Title) + " has " + row.Applied + ".", Href: inboxPath(c.ID), Do: "Review",
			})
		}
	}
	for _, d := range days {
		data.Days = append(data.Days, ui.ChartPoint{At: d.At, Value: d.Count})
		data.Today = d.Count
	}
	if !list.Next.IsZero() {
		data.More = nextPage(v.r.URL, list.Next)
	}
	return data, nil
}

// addCompetition adds a competition to the list, the totals and, if needed, what needs attention.
func addCompetition(data *pages.OrganizerData, c *compete.Competition, now time.Time) {
	phase := c.Phase(now)
	data.Competitions = append(data.Competitions, pages.MyCompetition{
		ID: c.ID, Title: c.Title, Cover: coverView(c).Small, Deadline: c.RegDeadline, Starts: c.StartDate,
		Zone: c.Zone(), Seats: seatsView(c.Seats(now)), Divisions: divisionViews(c.Seats(now)),
		Unlisted: c.Unlisted(),
	})
	if phase == compete.PhaseCancelled || phase == compete.PhaseDraft {
		if phase == compete.PhaseDraft && !c.Unpublished {
			data.Attention = append(data.Attention, pages.Attention{
				Text: quoted(c.Title) + " is a draft that only you can see.", Href: competitionPath(c.ID),
				Do: "Review and publish",
			})
		}
		return
	}
	data.Seats += c.Registered()
	data.Capacity += c.Capacity
	data.Waiting += c.Waitlisted
	if phase == compete.PhaseOpen || phase == compete.PhaseWaitlist {
		data.Open++
	}
	if attention, ok := attentionFor(c, phase, now); ok {
		data.Attention = append(data.Attention, attention)
	}
}

const (
	// soon is how close a deadline or a start must be for the number of taken seats to need attention.
	soon = 3 * 24 * time.Hour
	// fewTaken is the percentage of seats taken below which a competition is considered poorly filled.
	fewTaken = 50
)

// waitingCount says how many wait: people, or teams where a seat is for a team.
func waitingCount(c *compete.Competition, n int) string {
	if c.SeatsPerTeam() {
		return ui.Plural(n, "team", "teams")
	}
	return ui.Plural(n, "person", "people")
}

// fullNotice says that people wait where no seat is left: in the competition, or in some of its divisions; empty if it
// isn't so.
func fullNotice(c *compete.Competition) string {
	if c.SeatsLeft <= 0 && c.Waitlisted > 0 {
		return quoted(c.Title) + " is full, with " + waitingCount(c, c.Waitlisted) + " waiting."
	}
	var full []string
	waiting := 0
	for _, d := range c.Divisions {
		if d.SeatsLeft <= 0 && d.Waitlisted > 0 {
			full = append(full, d.Name)
			waiting += d.Waitlisted
		}
	}
	switch len(full) {
	case 0:
		return ""
	case 1:
		return quoted(c.Title) + ": " + full[0] + " is full, with " + waitingCount(c, waiting) + " waiting."
	}
	return quoted(c.Title) + ": " + strings.Join(full, ", ") + " are full, with " + waitingCount(c, waiting) +
		" waiting."
}

// attentionFor returns what needs an organizer's attention, the most urgent first.
func attentionFor(c *compete.Competition, phase compete.Phase, now time.Time) (pages.Attention, bool) {
	edit := pages.Attention{Href: competitionPath(c.ID) + "/edit", Do: "Edit"}
	switch {
	case fullNotice(c) != "" && !c.Started(now):
		edit.Text, edit.Do = fullNotice(c)+" Add seats?", "Add seats"
		return edit, true
	case c.Waitlisted > 0 && c.SeatsLeft > 0 && c.Reviewed() && !c.Started(now):
		return pages.Attention{
			Text: quoted(c.Title) + " has " + ui.Plural(c.SeatsLeft, "seat", "seats") + " left, and " +
				waitingCount(c, c.Waitlisted) + " on the waitlist.",
			Href: inboxPath(c.ID), Do: "Review applications",
		}, true
	case phase == compete.PhaseOpen && c.RegDeadline.Sub(now) < soon && c.Registered()*100 < c.Capacity*fewTaken:
		edit.Text = "Registration for " + quoted(c.Title) + " closes soon, and most seats are still free."
		edit.Do = "Extend deadline"
		return edit, true
	}
	return edit, false
}
