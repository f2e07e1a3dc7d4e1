package web

import (
	"net/url"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// fillsIn reports whether people fill in a page of their own to register. Divisions alone are chosen beside the button,
// once registration is open.
func fillsIn(c *compete.Competition) bool { return len(c.Questions) > 0 || c.Team != nil }

// typedTeam reads the choice of a team. Without one, what was typed tells it.
func typedTeam(form url.Values) (choice compete.TeamChoice, looking bool) {
	name, code := form.Get(pages.TeamNameInput), form.Get(pages.TeamCodeInput)
	switch chosenTeam(form) {
	case pages.TeamNew:
		choice.Name = name
	case pages.TeamJoin:
		choice.Code = compete.TeamCode(code)
	case pages.TeamLooking:
		looking = true
	}
	return choice, looking
}

func chosenTeam(form url.Values) string {
	chosen := form.Get(pages.TeamInput)
	switch {
	case chosen != "":
	case strings.TrimSpace(form.Get(pages.TeamNameInput)) != "":
		chosen = pages.TeamNew
	case strings.TrimSpace(form.Get(pages.TeamCodeInput)) != "":
		chosen = pages.TeamJoin
	}
	return chosen
}

// checkTypedTeam reports that the name or the code is missing which a choice needs.
func checkTypedTeam(form url.Values) error {
	missing := func(field string) error {
		if strings.TrimSpace(form.Get(field)) != "" {
			return nil
		}
		return compete.Invalid(compete.FieldError{Field: field, Message: "is required"})
	}
	switch chosenTeam(form) {
	case pages.TeamNew:
		return missing(pages.TeamNameInput)
	case pages.TeamJoin:
		return missing(pages.TeamCodeInput)
	}
	return nil
}

// teamRefusals are refusals about a team, by code, with the field that they are about.
var teamRefusals = map[string]struct {
	field string
	err   *compete.Error
}{
	compete.ErrTeamNameTaken.Code: {pages.TeamNameInput, compete.ErrTeamNameTaken},
	compete.ErrTeamMissing.Code:   {pages.TeamCodeInput, compete.ErrTeamMissing},
	compete.ErrTeamFull.Code:      {pages.TeamCodeInput, compete.ErrTeamFull},
	compete.ErrTeamClosed.Code:    {pages.TeamCodeInput, compete.ErrTeamClosed},
	compete.ErrTeamDivision.Code:  {pages.TeamCodeInput, compete.ErrTeamDivision},
}

// aboutTeam returns the errors of a refusal that is about a team; nil if it isn't.
func aboutTeam(err error) pages.Errors {
	if err == nil {
		return nil
	}
	e := compete.AsError(err)
	if refusal, ok := teamRefusals[e.Code]; ok {
		return pages.Errors{refusal.field: plainText(e)}
	}
	return nil
}

// teamChoice is how the choice is shown; nil without teams.
func teamChoice(c *compete.Competition, typed url.Values) *pages.TeamChoice {
	if c.Team == nil {
		return nil
	}
	return &pages.TeamChoice{
		Min: c.Team.Min, Max: c.Team.Max, New: true,
		Looking: !c.SeatsPerTeam(), Alone: !c.SeatsPerTeam() && c.Team.Min <= 1,
		Chosen: chosenTeam(typed), Name: typed.Get(pages.TeamNameInput), Code: typed.Get(pages.TeamCodeInput),
	}
}

// typeTeam puts a choice into a form, as if it was typed.
func typeTeam(typed url.Values, e *compete.Entry) {
	switch {
	case e.Team.Name != "":
		typed.Set(pages.TeamInput, pages.TeamNew)
		typed.Set(pages.TeamNameInput, e.Team.Name)
	case e.Team.Code != "":
		typed.Set(pages.TeamInput, pages.TeamJoin)
		typed.Set(pages.TeamCodeInput, string(e.Team.Code))
	case e.LookingForTeam:
		typed.Set(pages.TeamInput, pages.TeamLooking)
	default:
		typed.Set(pages.TeamInput, pages.TeamNone)
	}
}

// teamQuery is the query of a link that brings the code of a team along.
const teamQuery = "join"

// withTeam adds the code of a link, and its pass, to a page with the choice.
func withTeam(path, code, pass string) string {
	if code == "" {
		return path
	}
	query := url.Values{teamQuery: {code}}
	if pass != "" {
		query.Set(pages.TeamPassInput, pass)
	}
	return path + "?" + query.Encode()
}
