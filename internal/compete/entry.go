package compete

// Entry is what a participant fills in along with the press of the button. The zero value is a press with nothing
// filled in, which is all that a plain competition takes.
type Entry struct {
	DivisionID string     // empty: none
	AccessCode AccessCode `json:"-"` // as typed; never stored, and of no meaning where none is needed
}

// CheckEntry reports all fields of an entry that the competition doesn't take.
func (c *Competition) CheckEntry(e Entry) error {
	var v validation
	switch {
	case e.DivisionID == "" && len(c.Divisions) > 0:
		v.add("divisionId", "is required: choose one of the competition's divisions")
	case e.DivisionID != "" && c.Division(e.DivisionID) == nil:
		v.add("divisionId", "must be one of the competition's divisions")
	}
	return v.err()
}
