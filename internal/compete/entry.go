package compete

// Entry is what a participant fills in along with the press of the button. The zero value is a press with nothing
// filled in, which is all that a plain competition takes.
type Entry struct {
	DivisionID string  // empty: none
	Answers    Answers // to the competition's questions
}

// IsZero reports whether nothing was filled in.
func (e *Entry) IsZero() bool { return e.DivisionID == "" && e.Answers == nil }

// CheckEntry reports all fields of an entry that the competition doesn't take.
func (c *Competition) CheckEntry(e Entry) error {
	var v validation
	if e.DivisionID != "" {
		v.add("divisionId", "must be one of the competition's divisions")
	}
	_, err := c.Questions.Take(e.Answers, nil)
	return joinRefusals(v.err(), err)
}
