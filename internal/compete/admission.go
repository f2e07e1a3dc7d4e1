package compete

import "cmp"

// Admission is how a competition's seats are assigned.
type Admission string

// The ways to a seat.
const (
	AdmissionFirstCome Admission = "FIRST_COME" // in order of arrival
	AdmissionReview    Admission = "REVIEW"     // people apply, and staff decide
	AdmissionLottery   Admission = "LOTTERY"    // people apply, and a public draw decides
)

// AdmittedBy returns how the competition's seats are assigned: in order of arrival unless it says otherwise.
func (c *CompetitionContent) AdmittedBy() Admission { return cmp.Or(c.Admission, AdmissionFirstCome) }

// TakesApplications reports whether people apply for a seat, instead of getting it by registering.
func (c *CompetitionContent) TakesApplications() bool { return c.AdmittedBy() != AdmissionFirstCome }

// Reviewed reports whether people apply for a seat, and staff decide.
func (c *CompetitionContent) Reviewed() bool { return c.Admission == AdmissionReview }

// Drawn reports whether people apply for a seat, and a public draw decides.
func (c *CompetitionContent) Drawn() bool { return c.Admission == AdmissionLottery }

func (v *validation) admission(c *CompetitionContent) {
	if a := c.AdmittedBy(); a != AdmissionFirstCome && a != AdmissionReview && a != AdmissionLottery {
		v.add("admission", "must be FIRST_COME, REVIEW or LOTTERY")
	}
}
