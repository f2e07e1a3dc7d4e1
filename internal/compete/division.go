package compete

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// DivisionContent is the part of a division that its organizer writes.
type DivisionContent struct {
	ID       string // empty for one that is new
	Name     string
	Capacity int
}

// Division is a part of a competition with its own seats and waitlist: a distance, a track, an age group. A seat needs
// room both there and in the competition. SeatsLeft is always Capacity minus the number of seats held in the division.
type Division struct {
	DivisionContent
	SeatsLeft  int
	Waitlisted int
}

// Registered returns the number of seats held in the division.
func (d *Division) Registered() int { return d.Capacity - d.SeatsLeft }

// empty reports whether nobody holds a seat or waits in the division.
func (d *Division) empty() bool { return d.SeatsLeft == d.Capacity && d.Waitlisted == 0 }

// Division returns the division with the id, or nil. It points into Divisions, which copies of the competition share:
// see ChangeSeats.
func (c *Competition) Division(id string) *Division {
	for i := range c.Divisions {
		if c.Divisions[i].ID == id {
			return &c.Divisions[i]
		}
	}
	return nil
}

// ChangeSeats adds to the numbers of free seats and waiting registrations, of the competition and of the division with
// the id, if there is one. It replaces Divisions, so that earlier copies of the competition keep their numbers.
func (c *Competition) ChangeSeats(divisionID string, left, waitlisted int) {
	c.SeatsLeft += left
	c.Waitlisted += waitlisted
	if len(c.Divisions) == 0 {
		return
	}
	c.Divisions = slices.Clone(c.Divisions)
	if d := c.Division(divisionID); d != nil {
		d.SeatsLeft += left
		d.Waitlisted += waitlisted
	}
}

// Room reports whether a seat is free for a registration in the division with the id, or in a competition without
// divisions.
func (c *Competition) Room(divisionID string) bool {
	if c.SeatsLeft <= 0 {
		return false
	}
	d := c.Division(divisionID)
	return d == nil || d.SeatsLeft > 0
}

// Owed reports whether free seats belong to registrations that wait for them.
func (c *Competition) Owed() bool {
	switch {
	case c.SeatsLeft <= 0:
		return false
	case len(c.Divisions) == 0:
		return c.Waitlisted > 0
	}
	return slices.ContainsFunc(c.Divisions, func(d Division) bool { return d.SeatsLeft > 0 && d.Waitlisted > 0 })
}

// Passes reports whether a seat that is given up now in the division with the id goes to somebody who waits. People in
// another division may wait for a seat there, which this one isn't.
func (c *Competition) Passes(divisionID string, now time.Time) bool {
	switch {
	case !c.Promotes(now):
		return false
	case len(c.Divisions) == 0:
		return c.Waitlisted > 0
	}
	return slices.ContainsFunc(c.Divisions, func(d Division) bool {
		return d.Waitlisted > 0 && (d.SeatsLeft > 0 || d.ID == divisionID)
	})
}

// free reports whether a newcomer gets a seat at once, in some division if there are any.
func (c *Competition) free() bool {
	if c.SeatsLeft <= 0 || c.Owed() {
		return false
	}
	return len(c.Divisions) == 0 || slices.ContainsFunc(c.Divisions, func(d Division) bool { return d.SeatsLeft > 0 })
}

// PhaseIn returns the phase that people see who choose the division with the id. It differs from Phase if that one is
// full, or another one isn't.
func (c *Competition) PhaseIn(divisionID string, now time.Time) Phase {
	phase := c.Phase(now)
	switch {
	case phase != PhaseOpen && phase != PhaseWaitlist && phase != PhaseFull, c.TakesApplications(),
		c.Division(divisionID) == nil:
		return phase
	case c.Room(divisionID) && !c.Owed():
		return PhaseOpen
	case c.Waitlist:
		return PhaseWaitlist
	}
	return PhaseFull
}

// Full returns why the division with the id, or a competition without divisions, takes no one.
func (c *Competition) Full(divisionID string) error {
	if d := c.Division(divisionID); d != nil && d.SeatsLeft <= 0 {
		return ErrDivisionFull
	}
	return ErrCompetitionFull
}

// DivisionContents returns what the organizer wrote of the divisions.
func (c *Competition) DivisionContents() []DivisionContent {
	var contents []DivisionContent
	for i := range c.Divisions {
		contents = append(contents, c.Divisions[i].DivisionContent)
	}
	return contents
}

// DivisionSummary lists the divisions with their capacities, in a line; empty if there are none.
func (c *Competition) DivisionSummary() string {
	names := make([]string, len(c.Divisions))
	for i, d := range c.Divisions {
		names[i] = fmt.Sprintf("%s (%d)", d.Name, d.Capacity)
	}
	return strings.Join(names, ", ")
}

// newDivisions returns empty divisions, in stored form.
func newDivisions(contents []DivisionContent) []Division {
	if len(contents) == 0 {
		return nil
	}
	divisions := make([]Division, len(contents))
	for i, content := range contents {
		divisions[i] = Division{DivisionContent: content, SeatsLeft: content.Capacity}
	}
	if len(divisions) > MaxDivisions { // they will be refused, so their names aren't worth the work
		return divisions
	}
	for i := range divisions {
		divisions[i].Name = normal.Line(divisions[i].Name)
	}
	return divisions
}

// divisions checks the limits of divisions.
func (v *validation) divisions(divisions []Division) {
	if len(divisions) > MaxDivisions {
		v.addf("divisions", "must have at most %d entries", MaxDivisions)
		return
	}
	seen := map[string]bool{}
	for i := range divisions {
		d := &divisions[i]
		at := fmt.Sprintf("divisions[%d].", i)
		v.length(at+"name", d.Name, 1, MaxDivisionName)
		if key := normal.Key(d.Name); d.Name != "" && seen[key] {
			v.add(at+"name", "must differ from the other divisions")
		} else {
			seen[key] = true
		}
		if d.Capacity < MinCapacity || d.Capacity > MaxCapacity {
			v.addf(at+"capacity", "must be between %d and %d", MinCapacity, MaxCapacity)
		}
	}
}

// changeDivisions replaces the divisions of a competition. Those with a known id keep it, and what is held in them.
func (v *validation) changeDivisions(c *Competition, contents []DivisionContent) {
	divisions := newDivisions(contents)
	kept := map[string]bool{"": true}
	for i := range divisions {
		d := &divisions[i]
		if was := c.Division(d.ID); was != nil && !kept[d.ID] {
			d.SeatsLeft, d.Waitlisted = d.Capacity-was.Registered(), was.Waitlisted
		} else if d.ID != "" {
			v.add(fmt.Sprintf("divisions[%d].id", i), "must be one of the competition's divisions, only once; leave "+
				"it out for a new one")
		}
		kept[d.ID] = true
	}
	v.divisions(divisions)
	c.Divisions = divisions
}

// checkDivisions refuses to change divisions against the people in them. Errors: ErrDivisionsTooLate,
// ErrDivisionNotEmpty, ErrCapacityBelowHeld.
func (c *Competition) checkDivisions(before *Competition) error {
	if len(before.Divisions) == 0 && len(c.Divisions) > 0 && before.Registered()+before.Waitlisted > 0 {
		return ErrDivisionsTooLate
	}
	for i := range before.Divisions {
		if was := &before.Divisions[i]; c.Division(was.ID) == nil && !was.empty() {
			return DivisionNotEmpty(was.Name, "registrations")
		}
	}
	for i := range c.Divisions {
		if d := &c.Divisions[i]; d.SeatsLeft < 0 {
			return naming(ErrCapacityBelowHeld, fmt.Sprintf(`%s in division "%s"; its capacity can't go below that.`,
				counted(d.Registered(), "person already holds a seat", "people already hold seats"), d.Name))
		}
	}
	return nil
}

// DivisionNotEmpty returns ErrDivisionNotEmpty with the division's name, and what is in it.
func DivisionNotEmpty(name, what string) error {
	return naming(ErrDivisionNotEmpty, `Division "`+name+`" has `+what+`, so it can't be removed.`)
}

// naming returns a refusal with another text.
func naming(refusal *Error, detail string) error {
	named := *refusal
	named.Detail = detail
	return &named
}

// NumberDivisions gives ids to divisions that have none yet.
func (c *Competition) NumberDivisions(newID func() string) {
	c.Divisions = slices.Clone(c.Divisions)
	for i := range c.Divisions {
		if c.Divisions[i].ID == "" {
			c.Divisions[i].ID = newID()
		}
	}
}

// CheckMove fails if the actor may not move the registration to another division, regardless of free seats. Its owner
// may while registration is open, and staff until the start. An offer that has run out isn't revived that way. Errors:
// ErrRegistrationGone, ErrCompetitionCancelled, ErrRegistrationCancelled, ErrApplicationRejected, ErrOfferExpired,
// Invalid, ErrCompetitionStarted, and those of Admit but for full ones.
func (r *Registration) CheckMove(a Actor, c *Competition, divisionID string, now time.Time) error {
	if err := r.checkPlaceChange(a, c, now); err != nil {
		return err
	}
	if !c.ManagedBy(a) {
		if err := c.checkOpen(c.Phase(now), now); err != nil {
			return err
		}
	}
	if r.Status == RegistrationOffered && !r.OfferOpen(now) {
		return naming(ErrOfferExpired, "This offer has expired, so the division can no longer be changed.")
	}
	return c.checkDivision(divisionID)
}
