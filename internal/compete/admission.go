package compete

import "cmp"

// Admission is how a competition's seats are assigned.
type Admission string

// The ways to a seat.
const (
	AdmissionFirstCome Admission = "FIRST_COME" // in order of arrival
	AdmissionReview    Admission = "REVIEW"     // people apply, and staff decide
)

// AdmittedBy returns how the competition's seats are assigned: in order of arrival unless it says otherwise.
func (c *CompetitionContent) AdmittedBy() Admission { return cmp.Or(c.Admission, AdmissionFirstCome) }

// Reviewed reports whether people apply for a seat, and staff decide.
func (c *CompetitionContent) Reviewed() bool { return c.Admission == AdmissionReview }

func (v *validation) admission(c *CompetitionContent) {
	if a := c.AdmittedBy(); a != AdmissionFirstCome && a != AdmissionReview {
		v.add("admission", "must be FIRST_COME or REVIEW")
	}
}
