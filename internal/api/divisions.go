package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// Division is a part of a competition with its own seats and waitlist.
type Division struct {
	ID         string        `json:"id" format:"uuid" doc:"Stays the same when the division is renamed or moved in the list." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Name       string        `json:"name" example:"Half marathon"`
	Capacity   int           `json:"capacity" example:"60"`
	SeatsLeft  int           `json:"seatsLeft" doc:"Capacity minus seats held in the division. A seat needs room in the competition too." example:"12"`
	Waitlisted int           `json:"waitlisted" doc:"How many people are waiting for a seat in the division." example:"0"`
	Phase      compete.Phase `json:"phase" enum:"draft,upcoming,open,waitlist,full,closed,cancelled" doc:"Where someone who chooses the division stands at the time of the response." example:"open"`
}

func newDivisions(c *compete.Competition, at time.Time) []Division {
	var divisions []Division
	for _, d := range c.Divisions {
		divisions = append(divisions, Division{
			ID: d.ID, Name: d.Name, Capacity: d.Capacity, SeatsLeft: d.SeatsLeft, Waitlisted: d.Waitlisted,
			Phase: c.PhaseIn(d.ID, at),
		})
	}
	return divisions
}

// NewDivision is a division in a request to create a competition.
type NewDivision struct {
	Name     string `json:"name" example:"Half marathon"`
	Capacity int    `json:"capacity" example:"60"`
}

// TransformSchema documents the limits.
func (NewDivision) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return limitDivision(s)
}

// ChangedDivision is a division in a request to change a competition. It may be sent back as it was read, as a change
// takes the whole list: what can't be set is ignored.
type ChangedDivision struct {
	ID string `json:"id,omitempty" format:"uuid" doc:"Leave it out for a new division." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	NewDivision
	SeatsLeft  int    `json:"seatsLeft,omitempty" doc:"Ignored." example:"12"`
	Waitlisted int    `json:"waitlisted,omitempty" doc:"Ignored." example:"0"`
	Phase      string `json:"phase,omitempty" doc:"Ignored." example:"open"`
}

// TransformSchema documents the limits.
func (ChangedDivision) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return limitDivision(s)
}

func limitDivision(s *huma.Schema) *huma.Schema {
	limitText(s, "name", 1, compete.MaxDivisionName)
	capacity := s.Properties["capacity"]
	capacity.Minimum, capacity.Maximum = bound(compete.MinCapacity), bound(compete.MaxCapacity)
	return s
}

func divisionContents(requests []NewDivision) []compete.DivisionContent {
	var contents []compete.DivisionContent
	for _, d := range requests {
		contents = append(contents, compete.DivisionContent{Name: d.Name, Capacity: d.Capacity})
	}
	return contents
}

// changedDivisions returns the change of a competition's divisions.
func changedDivisions(request optional[[]ChangedDivision]) compete.Optional[[]compete.DivisionContent] {
	change := compete.Optional[[]compete.DivisionContent]{Set: request.Set}
	for _, d := range request.Value {
		change.Value = append(change.Value, compete.DivisionContent{ID: d.ID, Name: d.Name, Capacity: d.Capacity})
	}
	return change
}
