package demo

import "github.com/minicompete/minicompete/internal/compete"

// olympiadQuestions are what the olympiad asks.
var olympiadQuestions = compete.Questions{
	{
		ID: "year", Kind: compete.QuestionOneOf, Label: "School year", Required: true,
		Options: []string{"Year 10", "Year 11", "Year 12"},
	},
	{ID: "school", Kind: compete.QuestionText, Label: "School", Required: true},
	{
		ID: "minor", Kind: compete.QuestionYesNo, Label: "Are you under 18?", Required: true,
		Help: "On the day of the olympiad.",
	},
	{
		ID: "guardian", Kind: compete.QuestionPhone, Label: "Phone number of a parent or guardian", Required: true,
		Sensitive: true, Help: "We only call in an emergency.",
		ShowIf: &compete.ShowIf{QuestionID: "minor", AnyOf: []any{true}},
	},
	{
		ID: "lunch", Kind: compete.QuestionManyOf, Label: "Lunch",
		Options: []string{"Vegetarian", "Vegan", "Halal", "Gluten-free"},
	},
	{
		ID: "photos", Kind: compete.QuestionConsent, Label: "Photos of me may be published",
		Help: "We take photos for the school's website. You can withdraw your consent at any time.",
	},
	{
		ID: "rules", Kind: compete.QuestionConsent, Label: "I have read the rules", Required: true,
		Help: "- Work alone.\n- Leave **calculators and phones** outside.\n- Write on one side of the paper only.",
	},
}

// jamQuestions are what the game jam asks, which people can answer before registration opens.
var jamQuestions = compete.Questions{
	{
		ID: "role", Kind: compete.QuestionManyOf, Label: "What would you like to do?", Required: true,
		Options: []string{"Code", "Art", "Music", "Design", "Anything"},
	},
	{ID: "game", Kind: compete.QuestionURL, Label: "A game you've made"},
	{ID: "country", Kind: compete.QuestionCountry, Label: "Where will you take part from?", Required: true},
}

// hackathonQuestions are what applications answer.
var hackathonQuestions = compete.Questions{
	{ID: "why", Kind: compete.QuestionLongText, Label: "Why do you want to come?", Required: true},
	{
		ID: "skill", Kind: compete.QuestionOneOf, Label: "What do you do best?", Required: true,
		Options: []string{"Code", "Design", "Data", "Research"},
	},
}

// bakingQuestions are asked of people who have registered already.
var bakingQuestions = compete.Questions{
	{
		ID: "bake", Kind: compete.QuestionOneOf, Label: "What will you bake?", Required: true,
		Options: []string{"Bread", "Cake", "Tart", "Biscuits"}, Help: "So that there's enough flour for everyone.",
	},
	{ID: "apron", Kind: compete.QuestionYesNo, Label: "Do you need an apron?"},
}

// scienceQuestions are what school teams answer: the captain for the team, and everyone for themselves.
var scienceQuestions = compete.Questions{
	{
		ID: "school", Kind: compete.QuestionText, Label: "School", Required: true, Scope: compete.ScopeTeam,
		Help: "As it should stand on the certificate.",
	},
	{
		ID: "year", Kind: compete.QuestionOneOf, Label: "School year", Required: true,
		Options: []string{"Year 10", "Year 11", "Year 12"},
	},
	{
		ID: "safety", Kind: compete.QuestionConsent, Label: "I have read the safety rules", Required: true,
		Help: "- Wear **goggles** at the bench.\n- Tie back long hair.\n- Ask before you mix anything.",
	},
}

var hackathonTeams = []string{
	"Bus Whisperers", "Open Benches", "Null Island", "Night Shift", "Paper Cuts", "Tram Spotters", "Second Draft",
	"Snow Routes", "Common Ground",
}

var scienceTeams = []string{
	"The Pipettes", "Absolute Zeros", "Noble Gases", "Half-Lives", "Standard Deviants", "Titration Nation",
	"The Covalents", "Curie's Heirs", "Plan B",
}

var reasons = []string{
	"My town's library has the same questions.", "I'd like to build something that people use.",
	"Last year's winners told me about it.", "I know the bus timetables by heart.",
}

var schools = []string{"Marie Curie School", "Lycée du Parc", "Saint-Exupéry School", "Riverside High School"}

// answers returns what the person with a number answers to the questions of a competition.
func answers(qs compete.Questions, number int) compete.Answers {
	if len(qs) == 0 {
		return nil
	}
	given := compete.Answers{}
	for i := range qs {
		q := &qs[i]
		if !q.ShownFor(given) {
			continue
		}
		switch q.Kind {
		case compete.QuestionOneOf:
			given[q.ID] = q.Options[number*number%len(q.Options)]
		case compete.QuestionManyOf:
			if number%3 != 0 {
				given[q.ID] = []string{q.Options[number%len(q.Options)]}
			}
		case compete.QuestionYesNo:
			given[q.ID] = number%3 != 1
		case compete.QuestionConsent:
			given[q.ID] = q.Required || number%4 != 0
		case compete.QuestionPhone:
			given[q.ID] = "+33 4 72 00 01 99"
		case compete.QuestionText:
			given[q.ID] = schools[number%len(schools)]
		case compete.QuestionLongText:
			given[q.ID] = reasons[number%len(reasons)]
		case compete.QuestionNumber, compete.QuestionDate, compete.QuestionCountry,
			compete.QuestionURL: // the demo asks for none of these
		}
	}
	return given
}
