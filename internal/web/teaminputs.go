package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

const notWhole = "Must be a whole number."

// teamMax decides whether there are teams. It comes first: the inputs after it change the rules that it makes.
var teamMax = input{
	Field: ui.Field{
		Name: "team.max", Label: "Maximum team size", Type: "number", Min: "1", Max: strconv.Itoa(compete.MaxTeamSize),
		Placeholder: " ", // tells the style sheet whether there are teams
		Help:        "Enter 2 or more to allow teams. Leave empty if people compete alone.",
	},
	show: func(n *compete.NewCompetition, _ *time.Location) string {
		if n.Team == nil {
			return ""
		}
		return strconv.Itoa(n.Team.Max)
	},
	read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
		if n.Team = nil; strings.TrimSpace(typed) == "" {
			return ""
		}
		number, err := strconv.Atoi(strings.TrimSpace(typed))
		if n.Team = (&compete.TeamRules{Min: 1, Max: number}); err != nil {
			n.Team.Max = compete.MaxTeamSize // so that nothing else is wrong because of it
			return notWhole
		}
		return ""
	},
}

var teamMin = input{
	Field: ui.Field{
		Name: "team.min", Label: "Minimum team size", Type: "number", Min: "1", Max: strconv.Itoa(compete.MaxTeamSize),
		Help: "Needed when registration closes. Leave empty for 1.",
	},
	show: func(n *compete.NewCompetition, _ *time.Location) string {
		if n.Team == nil || n.Team.Min <= 1 {
			return ""
		}
		return strconv.Itoa(n.Team.Min)
	},
	read: func(n *compete.NewCompetition, typed string, _ *time.Location) (problem string) {
		if typed = strings.TrimSpace(typed); typed == "" {
			return ""
		}
		number, err := strconv.Atoi(typed)
		switch {
		case err != nil:
			return notWhole
		case number < 1:
			return "Must be at least 1."
		case n.Team == nil:
			return "Enter a maximum team size, or clear this."
		}
		n.Team.Min = number
		return ""
	},
}

var teamSeats = input{
	Field: ui.Field{
		Name: "team.seatUnit", Label: "Seats are for", Filter: true,
		Help: "With seats for teams, a whole team waits and gets its seat together, in strict order.",
	},
	show: func(n *compete.NewCompetition, _ *time.Location) string {
		if n.SeatsPerTeam() {
			return string(compete.SeatPerTeam)
		}
		return string(compete.SeatPerPerson)
	},
	read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
		if n.Team != nil {
			n.Team.SeatUnit = compete.SeatUnit(typed)
		}
		return ""
	},
}

var teamDrop = input{
	Field: ui.Field{
		Name: "team.dropIncomplete", Label: "Cancel incomplete teams", Type: pages.Checkbox,
		Help: "Teams with too few members are cancelled when registration closes. Captains are warned two days " +
			"before. Otherwise you decide.",
	},
	show: func(n *compete.NewCompetition, _ *time.Location) string {
		return checked(n.Team != nil && n.Team.DropIncomplete)
	},
	read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
		if n.Team != nil {
			n.Team.DropIncomplete = typed != ""
		}
		return ""
	},
}
