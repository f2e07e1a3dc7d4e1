package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// competition serves the page of a competition.
func (a *app) competition(r *http.Request, v *visit) (response, error) {
	if id, isCalendar := strings.CutSuffix(r.PathValue("id"), calendarFile); isCalendar {
		return a.calendar(v, id)
	}
	c, stand, err := a.readStand(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v.updateFlash(stand.Kind)
	stand.New = v.flash != nil && *v.flash == flashes[flashIn]
	if v.flash != nil && *v.flash == flashes[flashCode] {
		stand.CodeError = "The code is missing or wrong."
	}
	return a.showCompetition(v, http.StatusOK, c, stand)
}

func (a *app) showCompetition(v *visit, status int, c compete.Competition, stand pages.Stand) (response, error) {
	html, err := a.texts.HTML(c.ID, c.Version, c.Description)
	if err != nil {
		return nil, err
	}
	data := competitionData(&c, html)
	data.Seats, data.Stand = stand.Seats, stand
	data.Divisions = pages.Divisions{
		List: divisionViews(c.Seats(v.now)), Chosen: stand.DivisionID,
		// else together with the rest
		Choose: stand.MayRegister() && !fillsIn(&c) && !stand.Prepared && !stand.Outdated,
		Ahead:  stand.Prepared,
	}
	if data.Divisions.Choose {
		data.Divisions.Chosen = v.r.PostFormValue("divisionId")
	}
	data.Managed, data.Admin = c.ManagedBy(v.actor), v.actor.Role.AtLeast(compete.RoleAdmin)
	data.AccessCode = string(a.Competitions.AccessCode(v.r.Context(), v.actor, &c))
	page := v.page(c.Title, ui.SectionCompetitions)
	if c.Status != compete.StatusDraft {
		page = v.shared(page, competitionPath(c.ID), shareText(&c))
		page.Image = v.app.PublicURL.JoinPath(sharePath(&c, v.app.Site().Name)).String()
		page.Unlisted = c.Unlisted()
		keepOut(v.w.Header(), &c)
	}
	return show(status, pages.Competition(page, data)), nil
}

// keepOut tells search engines to leave out what an unlisted competition answers with.
func keepOut(h http.Header, c *compete.Competition) {
	if c.Unlisted() {
		h.Set("X-Robots-Tag", "noindex")
	}
}

// competitionData returns the data shared by the page of a competition and its preview. html is the description.
func competitionData(c *compete.Competition, html string) pages.CompetitionData {
	return pages.CompetitionData{
		ID: c.ID, CompetitionContent: c.CompetitionContent, Description: html, Organizer: c.Organizer.Name,
		Zone:     c.Zone(),
		Reviewed: c.Reviewed(), Drawn: c.Drawn(),
		Suspended: c.Suspended, Unpublished: c.Unpublished, Day: startDay(c), Cover: coverView(c),
	}
}

// shareText describes a competition in a shared link: its dates and place.
func shareText(c *compete.Competition) string {
	day := func(t time.Time) string { return localtime.Format(t, c.Zone(), "2 Jan 2006, 15:04") }
	text := "Registration closes " + day(c.RegDeadline) + ". " + ui.Plural(c.Capacity, "seat", "seats") + "."
	if c.StartDate != nil {
		text = "Starts " + day(*c.StartDate) + ". " + text
	}
	if c.Location != "" {
		text += " " + c.Location
	}
	return text
}

// readStand reads a competition and the viewer's status in it.
func (a *app) readStand(v *visit, id string) (compete.Competition, pages.Stand, error) {
	c, err := a.Competitions.Get(v.r.Context(), v.actor, id)
	if err != nil {
		return c, pages.Stand{}, err
	}
	mine, err := a.myRegistration(v, id)
	if err != nil {
		return c, pages.Stand{}, err
	}
	stand := standView(&c, mine, v.actor, v.now)
	if err := a.addPrepared(v, &c, &stand); err != nil {
		return c, pages.Stand{}, err
	}
	if err := a.addTeam(v, &c, mine, &stand); err != nil {
		return c, pages.Stand{}, err
	}
	if err := a.addMissing(v, &c, mine, &stand); err != nil {
		return c, pages.Stand{}, err
	}
	stand.URL = a.PublicURL.JoinPath("/competitions/", id).String()
	if stand.Kind == pages.StandIn {
		user, err := a.Accounts.Me(v.r.Context(), v.actor)
		if err != nil {
			return c, pages.Stand{}, err
		}
		stand.Name = user.Name
	}
	return c, stand, nil
}

// addPrepared adds what the viewer filled in ahead, on whatever page or by the API.
func (a *app) addPrepared(v *visit, c *compete.Competition, stand *pages.Stand) error {
	if !c.TakesEntries() || !stand.LoggedIn || stand.Own || !mayRegister(stand.Kind) {
		return nil
	}
	p, err := a.prepared(v, c.ID)
	if p == nil || err != nil {
		return err
	}
	stand.Asks = stand.Asks || len(c.Divisions) > 0
	stand.Prepared, stand.Outdated, stand.NeedsCode = p.Ready(), !p.Ready(), p.NeedsCode
	if stand.Prepared {
		stand.DivisionID, stand.Division = p.Entry.DivisionID, divisionName(c, p.Entry.DivisionID)
		stand.ChosenTeam, stand.WillLook = p.Team, p.Entry.LookingForTeam
	}
	return nil
}

// addMissing tells the viewer that there are questions to answer: added since they registered, or left to them by staff
// who registered them. Right after a press, there can't be any, and a rejected application needs none.
func (a *app) addMissing(v *visit, c *compete.Competition, mine *compete.Registration, stand *pages.Stand) error {
	if !stand.CanAnswer || stand.Kind == pages.StandRejected || v.r.Method == http.MethodPost {
		return nil
	}
	given, err := a.Registrations.AnswersOf(v.r.Context(), v.actor, mine)
	captain := stand.Team != nil && stand.Team.Captain
	stand.Missing, stand.AnswerBy = len(c.QuestionsAt(captain, v.now).Unanswered(given)) > 0, c.AnswersEnd()
	return err
}

// myRegistration returns the viewer's registration, or nil if there never was one.
func (a *app) myRegistration(v *visit, competitionID string) (*compete.Registration, error) {
	if !v.actor.LoggedIn() {
		return nil, nil
	}
	mine, err := a.Registrations.MineFor(v.r.Context(), v.actor, competitionID)
	if errors.Is(err, compete.ErrRegistrationGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &mine, nil
}

// stand serves only the card, which an open page fetches again after a change.
func (a *app) stand(r *http.Request, v *visit) (response, error) {
	if !v.partial() {
		return redirect(competitionPath(r.PathValue("id"))), nil
	}
	_, stand, err := a.readStand(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	stand.New = stand.Promoted && stand.Pending
	return show(http.StatusOK, pages.StandSwap(stand)), nil
}

// register registers the viewer. The card changes in place; without JavaScript a redirect shows the same.
func (a *app) register(r *http.Request, v *visit) (response, error) {
	id := r.PathValue("id")
	entry, c, err := a.readEntry(r, v, id)
	switch {
	case err != nil:
		return nil, err
	case !v.actor.LoggedIn() && entry.Answers != nil:
		return a.keepTyped(r, v, compete.ErrUnauthorized)
	case !v.actor.LoggedIn():
		return a.registerLater(r, v)
	case entry.Answers != nil && r.PostFormValue("preview") != "": // they come from the log-in page
		return a.showQuestions(v, http.StatusOK, &c, registerPage(&c, pages.StandOpen, rand.Text()), r.PostForm)
	}
	var outcome compete.RegistrationOutcome
	if err = checkTyped(&c, r.PostForm); err == nil {
		outcome, err = a.Registrations.Register(r.Context(), v.actor, id, entry, formIdempotency(r, ""))
	}
	e, isRefusal := v.refused(err)
	chosen := aboutChoice(err, r.PostForm) != nil
	isRefusal = isRefusal || wantsCode(err) || chosen
	switch {
	case errors.Is(err, compete.ErrEmailUnverified):
		v.intend(intentOf(r))
		return redirect(verifyPath(competitionPath(id))), nil
	case err == nil && !v.partial():
		return redirectWith(registeredFlash(outcome), competitionPath(id)), nil
	case err != nil && !isRefusal:
		return nil, err
	}
	c, stand, readErr := a.readStand(v, id)
	if readErr != nil {
		return nil, readErr
	}
	aboutEntry := isEntry(e) || chosen && mayChoose(stand.Kind, err) ||
		(wantsCode(err) || errors.Is(err, compete.ErrTooManyGuesses)) && r.PostForm.Has(answersGiven)
	if isRefusal && stand.Asks && aboutEntry {
		return a.refusedEntry(v, &c, stand, err)
	}
	status := http.StatusOK
	stand.Code = r.PostFormValue("accessCode")
	// The viewer has registered before, perhaps on another device. The card shows their status, so this is no error.
	if err != nil && !errors.Is(err, compete.ErrAlreadyRegistered) {
		status, stand.Error = problem.Status(e.Kind), pressText(e)
		if errors.Is(err, compete.ErrRegistrationNotOpen) && c.RegOpensAt != nil {
			stand.Error = "Registration opens " +
				localtime.Format(*c.RegOpensAt, c.Zone(), "Mon, 2 Jan 2006, 15:04:05") + ". Try again then."
		}
	}
	if wantsCode(err) {
		stand.CodeError = stand.Error
	}
	if !v.partial() {
		return a.showCompetition(v, status, c, stand)
	}
	stand.Focus, stand.New = stand.CodeError == "", err == nil
	return show(status, pages.StandPressed(stand)), nil
}

// wantsCode reports whether somebody has to type another access code.
func wantsCode(err error) bool {
	return errors.Is(err, compete.ErrAccessCodeRequired) || errors.Is(err, compete.ErrAccessCodeWrong)
}

// pressText is what went wrong with a press.
func pressText(e *compete.Error) string {
	if len(e.Fields) > 0 && e.Fields[0].Field == "divisionId" {
		return "Choose a division first."
	}
	return plainText(e)
}

func registeredFlash(o compete.RegistrationOutcome) string {
	switch o.Registration.Status { //nolint:exhaustive // the others don't come from a press
	case compete.RegistrationWaitlisted:
		return flashWaiting
	case compete.RegistrationApplied:
		return flashSent
	}
	return flashIn
}

// updateFlash makes the message after a registration describe the current state. A repeated request is answered with
// the outcome of the first; since then the registration may have been cancelled elsewhere, or promoted from the
// waitlist.
func (v *visit) updateFlash(kind pages.StandKind) {
	if v.flash == nil || !slices.Contains([]ui.Notice{flashes[flashIn], flashes[flashWaiting], flashes[flashSent]},
		*v.flash) {
		return
	}
	v.flash = nil
	if code, ok := map[pages.StandKind]string{
		pages.StandIn: flashIn, pages.StandWaitlisted: flashWaiting, pages.StandApplied: flashSent,
	}[kind]; ok {
		notice := flashes[code]
		v.flash = &notice
	}
}

// hashOf distinguishes requests with the same idempotency key.
func hashOf(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (a *app) withdrawForm(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	c, stand, err := a.readStand(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if answer := a.handsOverFirst(&stand); answer != nil {
		return answer, nil
	}
	question := pages.Confirm{
		Title: "Cancel your registration?", Yes: "Cancel registration", No: "Keep registration", Danger: true,
		Text:   seatNotice(&c, &stand, v.now),
		Action: competitionPath(c.ID) + "/withdraw", Back: competitionPath(c.ID),
	}
	switch stand.Kind {
	case pages.StandIn:
	case pages.StandApplied:
		question.Title = "Withdraw your application?"
		question.Yes, question.No = "Withdraw application", "Keep application"
		question.Text = "The organizer won't consider you for a seat in " + quoted(c.Title) + ". "
		if c.Drawn() {
			question.Text = "You won't be in the draw for " + quoted(c.Title) + ". "
		}
		if closed := closedText(&c, v.now); closed != "" {
			question.Text += closed + ", so you can't apply again."
		} else {
			question.Text += "You can apply again until registration closes."
		}
	case pages.StandWaitlisted:
		question.Title, question.Yes, question.No = "Leave the waitlist?", "Leave waitlist", "Stay on waitlist"
		question.Action += "?" + fromWaitlist
		question.Text = "You'll lose your place in line for " + quoted(c.Title) + ", " + stand.Place + ". "
		if stand.Follows {
			question.Text = staysWithTeam(&stand, "place in line")
		}
		if closed := closedText(&c, v.now); closed != "" {
			question.Text += closed + ", so you can't join again."
		} else if !stand.Follows {
			question.Text += "If you join again, you'll start at the end of the line."
		}
	default:
		return redirect(competitionPath(c.ID)), nil
	}
	return ask(v, question), nil
}

// fromWaitlist is the query of a withdrawal whose confirmation mentioned the waitlist.
const fromWaitlist = "from=waitlist"

// closedText says why nobody can register; empty: they can.
func closedText(c *compete.Competition, now time.Time) string {
	switch {
	case c.Phase(now) != compete.PhaseClosed:
		return ""
	case paused(c, now):
		return "Registration is paused"
	}
	return "Registration is closed"
}

// staysWithTeam says what somebody leaves to their team, where seats are for teams.
func staysWithTeam(stand *pages.Stand, what string) string {
	return "You'll leave your team for " + quoted(stand.Title) + ". Its " + what + " stays with the others. "
}

// seatNotice says what happens to a seat that is given up now, and whether there is a way back.
func seatNotice(c *compete.Competition, stand *pages.Stand, now time.Time) string {
	passes, closed, next := c.Passes(stand.DivisionID, now), closedText(c, now), "person"
	if stand.Together {
		next = "team"
	}
	next += " in line"
	if stand.Divided {
		next += " who fits"
	}
	text := "You'll give up your seat for " + quoted(c.Title) + ". "
	switch {
	case stand.Follows:
		text = staysWithTeam(stand, "seat")
	case passes:
		text = "Your seat for " + quoted(c.Title) + " goes to the next " + next + ". "
	}
	switch {
	case closed != "":
		return text + closed + ", so you can't register again."
	case stand.Follows:
		return text + "You can join a team again until registration closes."
	case c.TakesApplications():
		return text + "You can apply again until registration closes."
	case passes:
		return text + "If you register again, you'll start at the end of the line."
	}
	return text + "You can register again while seats are free, and you'll get a new number."
}

func (a *app) withdraw(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	mine, err := a.Registrations.MineFor(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if r.URL.RawQuery == fromWaitlist && mine.Status.HoldsSeat() { // a seat became free in the meantime
		return redirect(r.URL.Path), nil
	}
	_, err = a.Registrations.Cancel(r.Context(), v.actor, mine.ID)
	switch {
	case errors.Is(err, compete.ErrCaptainMustHandOver):
		return redirectWith("hand-over-first", teamPath(mine.TeamID)), nil
	case err != nil:
		return nil, err
	}
	return redirectWith(withdrawn(mine.Status), competitionPath(r.PathValue("id"))), nil
}

// withdrawn is the message after giving up what somebody had, in the words in which they were asked.
func withdrawn(had compete.RegistrationStatus) string {
	switch had { //nolint:exhaustive // the others hold a seat
	case compete.RegistrationApplied, compete.RegistrationRejected:
		return flashTakenBack
	case compete.RegistrationWaitlisted:
		return flashLeft
	}
	return flashCancelled
}
