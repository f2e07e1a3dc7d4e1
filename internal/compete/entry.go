package compete

import "github.com/minicompete/minicompete/internal/normal"

// Entry is what a participant fills in along with the press of the button. The zero value is a press with nothing
// filled in, which is all that a plain competition takes.
type Entry struct {
	DivisionID string     // empty: none; whoever joins a team takes the division of the team
	Team       TeamChoice // the zero value: none
	// LookingForTeam puts them on the board where captains can find them
	LookingForTeam bool
	AccessCode     AccessCode `json:"-"` // as typed; never stored, and of no meaning where none is needed
	// Access is the Competition.AccessDigest of a code that was typed ahead.
	Access  string  `json:"-"`
	Answers Answers // to the competition's questions
	// Taken are answers in the form to store, as Competition.TakeAnswers returned them for the questions that are in
	// force. If it isn't empty, Answers aren't looked at.
	Taken string
}

// IsZero reports whether nothing was filled in.
func (e *Entry) IsZero() bool {
	return e.DivisionID == "" && e.Team.IsZero() && !e.LookingForTeam && e.Answers == nil && e.Taken == ""
}

// Check reports what no competition takes, whatever it asks. It bounds the work on an entry, and comes before anybody
// waits for that: see MaxAnswersLength.
func (e *Entry) Check() error {
	var v validation
	if e.Team.Name != "" {
		v.length("team.name", normal.Line(e.Team.Name), 1, MaxTeamName)
	}
	v.answersSize(e.Answers)
	return v.err()
}

// answersSize checks the size of answers as they were sent, white space and all.
func (v *validation) answersSize(answers Answers) {
	size := 0
	for id, value := range answers {
		size += len(id) + sizeOf(value)
	}
	if size > 2*MaxAnswersLength {
		v.addf("answers", "must be at most %d bytes in all", MaxAnswersLength)
	}
}

// sizeOf returns about how many bytes an answer takes as JSON.
func sizeOf(answer any) int {
	const atLeast = 3 // "",
	size := atLeast
	switch a := answer.(type) {
	case string:
		size += len(a)
	case []string:
		for _, text := range a {
			size += atLeast + len(text)
		}
	case []any:
		for _, value := range a {
			size += sizeOf(value)
		}
	}
	return size
}

// CheckEntry reports all fields of an entry that the competition doesn't take.
func (c *Competition) CheckEntry(e Entry) error {
	refusal := c.checkTeam(&e)
	if e.Team.Code == "" {
		refusal = joinRefusals(c.checkDivision(e.DivisionID), refusal)
	}
	if e.Taken != "" {
		return refusal
	}
	_, _, err := c.TakeAnswers(e.Team.Name != "", e.Answers, nil)
	return joinRefusals(refusal, err)
}

// checkDivision reports a division that the competition doesn't have, or that one has to be chosen.
func (c *Competition) checkDivision(id string) error {
	var v validation
	switch {
	case id == "" && len(c.Divisions) > 0:
		v.add("divisionId", "is required: choose a division")
	case id != "" && c.Division(id) == nil:
		v.add("divisionId", "must be one of the competition's divisions")
	}
	return v.err()
}
