package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// divisionViews returns how the divisions of a competition are shown.
func divisionViews(s compete.Seats) []ui.Seats {
	var views []ui.Seats
	for _, d := range s.Divisions {
		view := seatsView(compete.Seats{
			CompetitionID: s.CompetitionID, Capacity: d.Capacity, SeatsLeft: d.SeatsLeft, Waitlisted: d.Waitlisted,
			Phase: d.Phase, Applied: s.Applied,
		})
		view.DivisionID, view.Name = d.ID, d.Name
		views = append(views, view)
	}
	return views
}

func divisionName(c *compete.Competition, id string) string {
	if d := c.Division(id); d != nil {
		return d.Name
	}
	return ""
}

// divisionForm is the part of a competition's form about its divisions, as it was typed.
type divisionForm struct {
	inputs []pages.DivisionInput
	sent   bool // the form has that part
	placed []int
	errors pages.Errors
}

// storedDivisions returns what the form shows of stored divisions, or a row to start with.
func storedDivisions(divisions []compete.Division) []pages.DivisionInput {
	inputs := make([]pages.DivisionInput, 0, len(divisions)+1)
	for _, d := range divisions {
		inputs = append(inputs, pages.DivisionInput{
			ID: d.ID, Name: d.Name, Capacity: strconv.Itoa(d.Capacity), Held: d.Registered() + d.Waitlisted,
		})
	}
	if len(inputs) == 0 {
		inputs = append(inputs, pages.DivisionInput{})
	}
	return inputs
}

// addApplied counts who applied in the divisions of a stored competition. They keep a division from being removed, as
// those do who hold seats or wait: somebody who was rejected can still be admitted.
func (a *app) addApplied(v *visit, c *compete.Competition, inputs []pages.DivisionInput) error {
	if !c.TakesApplications() {
		return nil
	}
	for i := range inputs {
		if inputs[i].ID == "" || c.Division(inputs[i].ID) == nil {
			continue
		}
		f := compete.RegistrationFilter{DivisionID: inputs[i].ID}
		counts, err := a.Registrations.ByStatus(v.r.Context(), v.actor, c, f, true)
		if err != nil {
			return err
		}
		inputs[i].Applied = counts[compete.RegistrationApplied] + counts[compete.RegistrationRejected]
	}
	return nil
}

// copiedDivisions returns what the form of a new competition shows of the divisions that it copies.
func copiedDivisions(contents []compete.DivisionContent) []pages.DivisionInput {
	divisions := make([]compete.Division, len(contents))
	for i, content := range contents {
		content.ID = ""
		divisions[i] = compete.Division{DivisionContent: content, SeatsLeft: content.Capacity}
	}
	return storedDivisions(divisions)
}

// readDivisions reads the divisions from a form, and returns what they stand for. Rows that are left empty don't count.
func readDivisions(form url.Values, before *compete.Competition) (d divisionForm, contents []compete.DivisionContent) {
	d.errors = pages.Errors{}
	d.sent = form.Has(pages.DivisionField("name", 0))
	for i := 0; i <= compete.MaxDivisions && form.Has(pages.DivisionField("name", i)); i++ {
		input := pages.DivisionInput{
			ID: form.Get(pages.DivisionField("id", i)), Name: form.Get(pages.DivisionField("name", i)),
			Capacity: strings.TrimSpace(form.Get(pages.DivisionField("capacity", i))),
		}
		if before != nil {
			if stored := before.Division(input.ID); input.ID != "" && stored != nil {
				input.Held = stored.Registered() + stored.Waitlisted
			}
		}
		d.inputs = append(d.inputs, input)
		if input.ID == "" && strings.TrimSpace(input.Name) == "" && input.Capacity == "" {
			continue
		}
		capacity, err := strconv.Atoi(input.Capacity)
		if err != nil {
			d.errors[pages.DivisionField("capacity", i)] = "Must be a whole number."
		}
		d.placed = append(d.placed, i)
		contents = append(contents, compete.DivisionContent{ID: input.ID, Name: input.Name, Capacity: capacity})
	}
	return d, contents
}

// field returns the input that a field of the domain is about, such as "divisions[2].name": rows that are left empty
// aren't counted there.
func (d *divisionForm) field(name string) string {
	var i int
	var what string
	if n, _ := fmt.Sscanf(name, "divisions[%d].%s", &i, &what); n != 2 || i >= len(d.placed) {
		return ""
	}
	if what == "id" {
		what = "name"
	}
	return pages.DivisionField(what, d.placed[i])
}

// arrangeDivisions does what a button of the form says to its rows: "add 0", "up 2", "remove 1".
func arrangeDivisions(inputs []pages.DivisionInput, button string) []pages.DivisionInput {
	do, place, _ := strings.Cut(button, " ")
	i, err := strconv.Atoi(place)
	switch {
	case do == "add" && len(inputs) < compete.MaxDivisions:
		return append(inputs, pages.DivisionInput{})
	case err != nil || i < 0 || i >= len(inputs):
	case do == "up" && i > 0:
		inputs[i-1], inputs[i] = inputs[i], inputs[i-1]
	case do == "remove" && !inputs[i].InUse():
		inputs = slices.Delete(inputs, i, i+1)
	}
	return inputs
}

// showArranged shows the form as it was typed, after what a button does to its divisions.
func showArranged(v *visit, typed typedForm) response {
	typed.form.Divisions = arrangeDivisions(typed.form.Divisions, v.r.PostFormValue("divisions"))
	typed.form.Errors, typed.form.DivisionsOpen = nil, true
	return showForm(v, http.StatusOK, typed.form)
}

// moveForm asks somebody registered which division to move to.
func (a *app) moveForm(r *http.Request, v *visit) (response, error) {
	return a.showMove(r, v, http.StatusOK, "")
}

func (a *app) showMove(r *http.Request, v *visit, status int, refusal string) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	c, stand, err := a.readStand(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !stand.CanMove {
		return redirect(competitionPath(c.ID)), nil
	}
	chosen := stand.DivisionID
	if sent := r.PostFormValue("divisionId"); sent != "" {
		chosen = sent
	}
	return show(status, pages.ChooseDivision(v.page("Change division", ui.SectionCompetitions), pages.MoveDivision{
		ID: c.ID, Title: c.Title, Seat: stand.Kind == pages.StandIn, Review: stand.Review,
		Lottery:   stand.Lottery,
		Passes:    c.Passes(stand.DivisionID, v.now),
		Error:     refusal,
		Divisions: pages.Divisions{List: divisionViews(c.Seats(v.now)), Chosen: chosen},
	})), nil
}

// move moves the viewer to another division. A seat is only given up for a seat.
func (a *app) move(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	mine, err := a.Registrations.MineFor(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	_, err = a.Registrations.Move(r.Context(), v.actor, mine.ID, r.PostFormValue("divisionId"), true)
	if err == nil {
		return redirectWith("moved", competitionPath(mine.CompetitionID)), nil
	}
	e, ok := v.refused(err)
	if !ok {
		return nil, err
	}
	return a.showMove(r, v, problem.Status(e.Kind), plainText(e))
}
