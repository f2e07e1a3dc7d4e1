package api

import (
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// CompetitionSummary is a competition without its description, as included with registrations.
type CompetitionSummary struct {
	ID string `json:"id" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	compete.CompetitionContent
	SeatsLeft  int                       `json:"seatsLeft" doc:"Capacity minus seats held." example:"42"`
	Waitlisted int                       `json:"waitlisted" doc:"How many people are waiting for a seat." example:"0"`
	Divisions  []Division                `json:"divisions,omitempty" doc:"In the order in which they are shown. Left out if the competition has none."`
	Status     compete.CompetitionStatus `json:"status" enum:"DRAFT,PUBLISHED,CANCELLED" example:"PUBLISHED"`
	Phase      compete.Phase             `json:"phase" enum:"draft,upcoming,open,waitlist,full,closed,cancelled" doc:"Where the competition stands at the time of the response." example:"open"`
	Organizer  Organizer                 `json:"organizer"`
	Counts     Counts                    `json:"counts"`
	// left out of all but closed circles
	AccessCodeRequired bool      `json:"accessCodeRequired,omitempty" doc:"true if people need an access code to register." example:"false"`
	Version            int       `json:"version" doc:"Goes up with every change to the content. The ETag is derived from it." example:"3"`
	CreatedAt          time.Time `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	UpdatedAt          time.Time `json:"updatedAt" example:"2026-03-02T10:30:00Z"`
}

// Competition is an event that people register for.
type Competition struct {
	CompetitionSummary
	Description string            `json:"description" doc:"Markdown." example:"Bring your own **laptop**."`
	Questions   compete.Questions `json:"questions,omitempty" doc:"What people are asked when they register. Left out if that's nothing, and in lists."`
	AccessCode  string            `json:"accessCode,omitempty" doc:"The code that people need to register. Only the organizer and admins see it, when they read or change this one competition." example:"MAPLE-2026"`
	CoverURL    string            `json:"coverUrl" readOnly:"true" doc:"Path of the cover, a picture of 1200 × 630 pixels. It changes with the picture, so it can be cached forever." example:"/api/competitions/018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f/cover?v=board-1xm942a"`
}

// Organizer is the owner of a competition.
type Organizer struct {
	ID   string `json:"id" format:"uuid" example:"018f6b1e-0000-7d0a-9b3e-5a1f0c2d4e6f"`
	Name string `json:"name" example:"Grace Hopper"`
}

// Counts contains the numbers of registered and waiting people.
type Counts struct {
	Registered int `json:"registered" doc:"Seats held." example:"58"`
	Waitlisted int `json:"waitlisted" example:"0"`
}

// NewContent contains the fields of a compete.CompetitionContent in a request to create a competition.
type NewContent struct {
	Title       string             `json:"title" example:"Spring Hackathon"`
	Location    string             `json:"location,omitempty" example:"Zurich"`
	Tags        []string           `json:"tags,omitempty" doc:"Case doesn't matter." example:"[\"go\",\"beginners\"]"`
	Capacity    int                `json:"capacity" example:"100"`
	RegOpensAt  *time.Time         `json:"regOpensAt,omitempty" nullable:"true" doc:"When registration opens. Must be before the deadline. Leave it out to open immediately." example:"2026-04-01T09:00:00Z"`
	RegDeadline time.Time          `json:"regDeadline" doc:"When registration closes. Must be in the future." example:"2026-05-01T12:00:00Z"`
	StartDate   *time.Time         `json:"startDate,omitempty" nullable:"true" doc:"When the competition starts. Must be after the deadline." example:"2026-05-08T08:00:00Z"`
	EndDate     *time.Time         `json:"endDate,omitempty" nullable:"true" doc:"When the competition ends. Must be after the start." example:"2026-05-09T16:00:00Z"`
	TimeZone    string             `json:"timeZone,omitempty" default:"UTC" doc:"The IANA time zone in which people see the competition's times." example:"Europe/Zurich"`
	Waitlist    bool               `json:"waitlist,omitempty" doc:"Whether people can join a waitlist once it's full." default:"false" example:"true"`
	Admission   compete.Admission  `json:"admission,omitempty" enum:"FIRST_COME,REVIEW,LOTTERY" default:"FIRST_COME" doc:"How seats are assigned: in order of arrival (FIRST_COME), by decisions about applications (REVIEW), or by a public draw after the deadline (LOTTERY)." example:"FIRST_COME"`
	OfferHours  *int               `json:"offerHours,omitempty" nullable:"true" doc:"How many hours the next person in line has to accept a seat that opens up, never longer than until the start. Leave it out to give it to them immediately." example:"48"`
	Visibility  compete.Visibility `json:"visibility,omitempty" enum:"PUBLIC,UNLISTED" default:"PUBLIC" doc:"UNLISTED leaves it out of lists and searches, so that people need its link." example:"PUBLIC"`
	Team        *compete.TeamRules `json:"team,omitempty" doc:"The rules for teams. Leave them out to let people compete alone."`

	AnswersUntil    *time.Time `json:"answersUntil,omitempty" nullable:"true" doc:"Until when people can edit their answers. Leave it out for the registration deadline." example:"2026-05-05T12:00:00Z"`
	AnswersKeptDays *int       `json:"answersKeptDays,omitempty" nullable:"true" doc:"How many days after the competition is over the answers to sensitive questions are deleted. Without it, 30 if a question is sensitive." example:"30"`
}

// CreateCompetitionRequest creates a competition.
type CreateCompetitionRequest struct {
	NewContent
	Description string                    `json:"description,omitempty" doc:"Markdown." example:"Bring your own **laptop**."`
	Questions   compete.Questions         `json:"questions,omitempty" doc:"What people are asked when they register."`
	AccessCode  string                    `json:"accessCode,omitempty" doc:"A code that people need to register, with at least 6 letters or digits. Case, spaces and hyphens don't matter. Leave it out to let anyone register." example:"MAPLE-2026"`
	Divisions   []NewDivision             `json:"divisions,omitempty" doc:"Parts with their own seats and waitlist, next to those of the competition. A seat needs room in both."`
	Status      compete.CompetitionStatus `json:"status,omitempty" enum:"DRAFT,PUBLISHED" default:"PUBLISHED" doc:"Only the organizer and admins can see a draft." example:"PUBLISHED"`
}

// TransformSchema documents the limits.
func (CreateCompetitionRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return limitCompetition(s)
}

func (r *CreateCompetitionRequest) competition() compete.NewCompetition {
	return compete.NewCompetition{
		CompetitionContent: compete.CompetitionContent(r.NewContent), Description: r.Description,
		Divisions: divisionContents(r.Divisions), Questions: r.Questions, Status: r.Status,
		AccessCode: compete.AccessCode(r.AccessCode),
	}
}

// ContentChange contains the fields of a compete.CompetitionContent in a request to change a competition.
type ContentChange struct {
	Title       optional[string]             `json:"title,omitzero" example:"Spring Hackathon 2026"`
	Location    optional[string]             `json:"location,omitzero" example:"Zurich"`
	Tags        optional[[]string]           `json:"tags,omitzero" example:"[\"go\"]"`
	Capacity    optional[int]                `json:"capacity,omitzero" doc:"Can't be lower than the seats held. Raising it promotes people from the waitlist." example:"120"`
	RegOpensAt  optional[*time.Time]         `json:"regOpensAt,omitzero" nullable:"true" doc:"When registration opens; null opens it now." example:"2026-04-01T09:00:00Z"`
	RegDeadline optional[time.Time]          `json:"regDeadline,omitzero" example:"2026-05-01T12:00:00Z"`
	StartDate   optional[*time.Time]         `json:"startDate,omitzero" nullable:"true" example:"2026-05-08T08:00:00Z"`
	EndDate     optional[*time.Time]         `json:"endDate,omitzero" nullable:"true" doc:"When the competition ends. Must be after the start." example:"2026-05-09T16:00:00Z"`
	TimeZone    optional[string]             `json:"timeZone,omitzero" doc:"The IANA time zone in which people see the competition's times. Changing it doesn't change when anything happens." example:"Europe/Zurich"`
	Waitlist    optional[bool]               `json:"waitlist,omitzero" example:"true"`
	Admission   optional[compete.Admission]  `json:"admission,omitzero" enum:"FIRST_COME,REVIEW,LOTTERY" doc:"Can only be changed while nobody is registered." example:"REVIEW"`
	OfferHours  optional[*int]               `json:"offerHours,omitzero" nullable:"true" doc:"How many hours the next person in line has to accept a seat that opens up; null gives it to them immediately. Open offers don't change." example:"48"`
	Visibility  optional[compete.Visibility] `json:"visibility,omitzero" enum:"PUBLIC,UNLISTED" doc:"UNLISTED leaves it out of lists and searches, so that people need its link." example:"UNLISTED"`
	Team        optional[*compete.TeamRules] `json:"team,omitzero" doc:"The rules for teams; null ends them. Once people have registered, teams can neither come nor go nor become smaller, and seatUnit stays."`

	AnswersUntil    optional[*time.Time] `json:"answersUntil,omitzero" nullable:"true" doc:"Until when people can edit their answers; null for the registration deadline." example:"2026-05-05T12:00:00Z"`
	AnswersKeptDays optional[*int]       `json:"answersKeptDays,omitzero" nullable:"true" doc:"How many days after the competition is over the answers to sensitive questions are deleted; null for 30, if a question is sensitive. Once people have registered, it can't be raised or removed." example:"30"`
}

// applyTo sets the fields that are in the request. It iterates over the fields of the content, so that a field missing
// from the request type is detected.
func (r ContentChange) applyTo(c *compete.CompetitionContent) {
	for field, value := range reflect.ValueOf(c).Elem().Fields() {
		change := reflect.ValueOf(r).FieldByName(field.Name).Interface().(interface{ applyTo(field any) })
		change.applyTo(value.Addr().Interface())
	}
}

// UpdateCompetitionRequest changes a competition. Omitted fields keep their values; null clears a time, a number or
// the access code.
type UpdateCompetitionRequest struct {
	ContentChange
	Description optional[string]                    `json:"description,omitzero" doc:"Markdown." example:"Bring your own **laptop**."`
	AccessCode  optional[*string]                   `json:"accessCode,omitzero" nullable:"true" doc:"A code that people need to register, with at least 6 letters or digits; null lets anyone register." example:"MAPLE-2026"`
	Questions   optional[compete.Questions]         `json:"questions,omitzero" doc:"All questions, in order. Those whose ID is left out are new; a question that is left out is removed, and its answers are no longer shown."`
	Divisions   optional[[]ChangedDivision]         `json:"divisions,omitzero" doc:"All divisions, in order. One that isn't listed is removed, which is only possible while nobody is registered in it. A capacity can't be lower than the seats held in the division."`
	Status      optional[compete.CompetitionStatus] `json:"status,omitzero" enum:"DRAFT,PUBLISHED" doc:"PUBLISHED publishes a draft." example:"PUBLISHED"`
}

// TransformSchema documents the limits.
func (UpdateCompetitionRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return limitCompetition(s)
}

func (r *UpdateCompetitionRequest) change() compete.CompetitionChange {
	change := compete.CompetitionChange{
		Edit: r.ContentChange.applyTo, Description: r.Description.Optional,
		Divisions: changedDivisions(r.Divisions), Questions: r.Questions.Optional, Status: r.Status.Optional,
	}
	if change.AccessCode.Set = r.AccessCode.Set; r.AccessCode.Value != nil {
		change.AccessCode.Value = compete.AccessCode(*r.AccessCode.Value)
	}
	return change
}

// newCompetition renders a competition as of the given time.
func newCompetition(c *compete.Competition, at time.Time) Competition {
	return Competition{
		CompetitionSummary: newCompetitionSummary(c, at), Description: c.Description,
		Questions: c.Questions, CoverURL: coverURL(c),
	}
}

func newCompetitionSummary(c *compete.Competition, at time.Time) CompetitionSummary {
	content := c.CompetitionContent
	content.TimeZone, content.Admission = c.Zone().String(), c.AdmittedBy()
	content.Visibility = content.Visibility.OrPublic()
	if content.Tags == nil {
		content.Tags = []string{}
	}
	return CompetitionSummary{
		ID: c.ID, CompetitionContent: content, SeatsLeft: c.SeatsLeft, Waitlisted: c.Waitlisted,
		Divisions: newDivisions(c, at), Status: c.Status, Phase: c.Phase(at), Organizer: Organizer(c.Organizer),
		Counts: Counts{Registered: c.Registered(), Waitlisted: c.Waitlisted}, Version: c.Version,
		AccessCodeRequired: c.NeedsCode,
		CreatedAt:          c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil || t.Location() == time.UTC {
		return t
	}
	u := t.UTC()
	return &u
}
