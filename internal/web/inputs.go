package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// An input is a field of the form for a competition: its appearance, its value for a competition, and the effect of
// what is typed.
type input struct {
	ui.Field
	show func(n *compete.NewCompetition, zone *time.Location) string
	// read stores what was typed, or returns an error message.
	read func(n *compete.NewCompetition, typed string, zone *time.Location) (problem string)
}

// inputs lists the form's inputs, in order; pages.EditCompetition places them. Errors, and changes made by somebody
// else in the meantime, are listed in this order too.
var inputs = []input{
	text(ui.Field{Name: "title", Label: "Title", Required: true, MaxLength: "120"},
		func(n *compete.NewCompetition) *string { return &n.Title }),
	text(ui.Field{
		Name: "description", Label: "Description", MaxLength: "20000",
		Help: "Markdown: **bold**, # heading, - list, [link](https://example.org). Images become links, and HTML is " +
			"left out.",
	}, func(n *compete.NewCompetition) *string { return &n.Description }),
	text(ui.Field{
		Name: "location", Label: "Where", Clause: true, MaxLength: "200",
		Help: "Venue address, or a link if it's online.",
	},
		func(n *compete.NewCompetition) *string { return &n.Location }),
	{
		Field: ui.Field{Name: "tags", Label: "Tags", Help: "Up to 10, separated by commas."},
		show:  func(n *compete.NewCompetition, _ *time.Location) string { return strings.Join(n.Tags, ", ") },
		read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
			n.Tags = splitTags(typed)
			return ""
		},
	},
	{
		Field: ui.Field{
			Name: "capacity", Label: "Number of seats", Type: "number", Required: true,
			Min: "1", Max: "1000000",
		},
		show: func(n *compete.NewCompetition, _ *time.Location) string { return strconv.Itoa(n.Capacity) },
		read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
			var err error
			if n.Capacity, err = strconv.Atoi(strings.TrimSpace(typed)); err != nil {
				return "Must be a whole number."
			}
			return ""
		},
	},
	{
		Field: ui.Field{
			Name: "admission", Label: "Who gets a seat", Filter: true,
			Help: "With review, people apply until registration closes, and you decide. In a draw, everyone who " +
				"applied in time has the same chance, unless you give tickets. You can't change this once someone " +
				"has registered.",
		},
		show: func(n *compete.NewCompetition, _ *time.Location) string { return string(n.AdmittedBy()) },
		read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
			n.Admission = compete.Admission(typed)
			return ""
		},
	},
	check(ui.Field{
		Name: "waitlist", Label: "Waitlist",
		Help: "When all seats are taken, people can join a waitlist. Freed seats automatically go to the next in line.",
	}, func(n *compete.NewCompetition) *bool { return &n.Waitlist }),
	whole(ui.Field{
		Name: "offerHours", Label: "Hours to accept a seat", Min: "1", Max: "720",
		Help: "A freed seat is offered to the next in line, and a seat to each accepted application, for this long, " +
			"at most until the start. If they don't accept it, someone else can have it. Leave empty to give seats " +
			"immediately.",
	}, "Must be a whole number of hours.", func(n *compete.NewCompetition) **int { return &n.OfferHours }),
	teamMax,
	teamMin,
	teamSeats,
	teamDrop,
	{
		Field: ui.Field{
			Name: "unlisted", Label: "Unlisted", Type: pages.Checkbox,
			Help: "Left out of lists and searches. Anyone with the link can still see it.",
		},
		show: func(n *compete.NewCompetition, _ *time.Location) string { return checked(n.Unlisted()) },
		read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
			if n.Visibility = compete.VisibilityPublic; typed != "" {
				n.Visibility = compete.VisibilityUnlisted
			}
			return ""
		},
	},
	text(ui.Field{
		Name: "accessCode", Label: "Access code", MaxLength: "64", Autocomplete: "off",
		Help: "People need it to register. At least 6 letters or digits; case, spaces and hyphens don't matter. " +
			"Leave empty to let anyone register.",
	}, func(n *compete.NewCompetition) *string { return (*string)(&n.AccessCode) }),
	{
		Field: ui.Field{
			Name: "zone", Label: "Time zone", List: "zones", Autocomplete: "off", Required: true,
			Help: "Where it takes place, such as Europe/Berlin. All dates below are in this zone.",
		},
		show: func(n *compete.NewCompetition, _ *time.Location) string { return n.TimeZone },
		read: func(n *compete.NewCompetition, typed string, zone *time.Location) string {
			n.TimeZone = zone.String() // UTC if unknown, so that the rest is checked; it isn't saved
			if _, known := zoneTyped(typed); !known {
				return "Choose a time zone, such as Europe/Berlin or UTC."
			}
			return ""
		},
	},
	moment(ui.Field{
		Name: "regOpensAt", Label: "Registration opens", Clause: true,
		Help: "Leave empty to open immediately.",
	},
		func(n *compete.NewCompetition) **time.Time { return &n.RegOpensAt }),
	{
		Field: ui.Field{
			Name: "regDeadline", Label: "Registration closes", Clause: true, Type: "datetime-local",
			Required: true,
		},
		show: func(n *compete.NewCompetition, zone *time.Location) string {
			return formatLocal(&n.RegDeadline, zone)
		},
		read: func(n *compete.NewCompetition, typed string, zone *time.Location) string {
			before := n.RegDeadline
			at, problem := parseLocal(typed, zone, &before)
			n.RegDeadline = time.Time{}
			switch {
			case at != nil:
				n.RegDeadline = *at
			case problem == "":
				problem = "This is required."
			}
			return problem
		},
	},
	moment(ui.Field{
		Name: "startDate", Label: "Starts", Clause: true,
		Help: "After registration closes. Participants get a reminder the day before.",
	}, func(n *compete.NewCompetition) **time.Time { return &n.StartDate }),
	moment(ui.Field{Name: "endDate", Label: "Ends", Clause: true, Help: "After the start."},
		func(n *compete.NewCompetition) **time.Time { return &n.EndDate }),
	moment(ui.Field{
		Name: "answersUntil", Label: "Answers can be edited until", Clause: true,
		Help: "Leave empty to use the registration deadline.",
	}, func(n *compete.NewCompetition) **time.Time { return &n.AnswersUntil }),
	whole(ui.Field{
		Name: "answersKeptDays", Label: "Days to keep sensitive answers", Min: "0", Max: "730",
		Help: "Counted from the end. Leave empty for 30 days, if a question is sensitive. Once people have " +
			"registered, it can only be lowered.",
	}, "Must be a whole number of days.", func(n *compete.NewCompetition) **int { return &n.AnswersKeptDays }),
}

// zoneAreas are the areas of the world that names of time zones begin with.
var zoneAreas = []string{
	"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
}

// zoneTyped finds a time zone by its name, or by that of a city.
func zoneTyped(typed string) (zone *time.Location, known bool) {
	typed = strings.TrimSpace(typed)
	if zone, known = compete.ZoneNamed(typed); known || strings.Contains(typed, "/") {
		return zone, known
	}
	words := strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return r == ' ' || r == '_' })
	for i, word := range words {
		words[i] = capitalize(word)
	}
	for _, area := range zoneAreas {
		if zone, known = compete.ZoneNamed(area + "/" + strings.Join(words, "_")); known {
			return zone, true
		}
	}
	return nil, false
}

// text returns a text input.
func text(f ui.Field, value func(*compete.NewCompetition) *string) input {
	return input{
		Field: f,
		show:  func(n *compete.NewCompetition, _ *time.Location) string { return *value(n) },
		read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
			*value(n) = typed
			return ""
		},
	}
}

// check returns a checkbox.
func check(f ui.Field, value func(*compete.NewCompetition) *bool) input {
	f.Type = pages.Checkbox
	return input{
		Field: f,
		show:  func(n *compete.NewCompetition, _ *time.Location) string { return checked(*value(n)) },
		read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
			*value(n) = typed != ""
			return ""
		},
	}
}

// whole returns an input for a whole number that may be left out. problem is the message if it isn't one.
func whole(f ui.Field, problem string, value func(*compete.NewCompetition) **int) input {
	f.Type = "number"
	return input{
		Field: f,
		show: func(n *compete.NewCompetition, _ *time.Location) string {
			if *value(n) == nil {
				return ""
			}
			return strconv.Itoa(**value(n))
		},
		read: func(n *compete.NewCompetition, typed string, _ *time.Location) string {
			*value(n) = nil
			if typed = strings.TrimSpace(typed); typed == "" {
				return ""
			}
			number, err := strconv.Atoi(typed)
			if *value(n) = &number; err != nil {
				return problem
			}
			return ""
		},
	}
}

// checked returns the value of a checkbox.
func checked(on bool) string {
	if on {
		return "true"
	}
	return ""
}

// moment returns an input for a time in the form's time zone.
func moment(f ui.Field, value func(*compete.NewCompetition) **time.Time) input {
	f.Type = "datetime-local"
	return input{
		Field: f,
		show:  func(n *compete.NewCompetition, zone *time.Location) string { return formatLocal(*value(n), zone) },
		read: func(n *compete.NewCompetition, typed string, zone *time.Location) (problem string) {
			*value(n), problem = parseLocal(typed, zone, *value(n))
			return problem
		},
	}
}

// shown returns the inputs with a competition's values.
func shown(n compete.NewCompetition, zone *time.Location) []ui.Field {
	var fields []ui.Field
	for _, in := range inputs {
		in.Value = in.show(&n, zone)
		fields = append(fields, in.Field)
	}
	return fields
}

// differences returns the inputs whose stored value differs from what was typed.
func differences(stored, typed pages.CompetitionForm) []pages.FieldDiff {
	var diffs []pages.FieldDiff
	for _, f := range stored.Inputs {
		if f.Value == typed.Input(f.Name).Value {
			continue
		}
		now := f.Value
		if f.Type == pages.Checkbox {
			now = yesNo(now != "")
		}
		diffs = append(diffs, pages.FieldDiff{Label: f.Label, Now: orNone(now)})
	}
	return diffs
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orNone(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}
