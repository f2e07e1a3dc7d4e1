package compete

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// CompetitionContent is the part of a competition that its organizer writes. This is the single declaration of its
// fields: the tags hold their names and descriptions in the API and the personal data export, and their names in
// sentences of the audit log.
type CompetitionContent struct {
	Title       string     `json:"title" called:"title" example:"Spring Hackathon"`
	Location    string     `json:"location" called:"location" example:"Zurich"`
	Tags        []string   `json:"tags" called:"tags" doc:"Lower case, unique, sorted." example:"[\"beginners\",\"go\"]"`
	Capacity    int        `json:"capacity" called:"capacity" example:"100"`
	RegOpensAt  *time.Time `json:"regOpensAt" called:"opening time" doc:"When registration opens; null if it's open from the start." example:"2026-04-01T09:00:00Z"`
	RegDeadline time.Time  `json:"regDeadline" called:"deadline" example:"2026-05-01T12:00:00Z"`
	StartDate   *time.Time `json:"startDate" called:"start" doc:"When the competition starts; null if it isn't known yet." example:"2026-05-08T08:00:00Z"`
	EndDate     *time.Time `json:"endDate" called:"end" doc:"When the competition ends; null if it isn't known." example:"2026-05-09T16:00:00Z"`
	TimeZone    string     `json:"timeZone" called:"time zone" doc:"The IANA time zone in which people see the competition's times." example:"Europe/Zurich"`
	Waitlist    bool       `json:"waitlist" called:"waitlist" doc:"Whether people can join a waitlist once it's full." example:"true"`
	Admission   Admission  `json:"admission" called:"admission" enum:"FIRST_COME,REVIEW,LOTTERY" doc:"How seats are assigned: in order of arrival (FIRST_COME), by decisions about applications (REVIEW), or by a public draw after the deadline (LOTTERY)." example:"FIRST_COME"`
	OfferHours  *int       `json:"offerHours" called:"hours to accept a seat" nullable:"true" doc:"How many hours the next person in line has to accept a seat that opens up, never longer than until the start; null if they get it at once." example:"48"`
	Visibility  Visibility `json:"visibility" called:"visibility" enum:"PUBLIC,UNLISTED" doc:"PUBLIC, or UNLISTED if lists and searches leave it out, so that people need its link." example:"PUBLIC"`

	Team *TeamRules `json:"team,omitempty" called:"rules for teams" doc:"The rules for teams. Left out if people compete alone."`

	AnswersUntil    *time.Time `json:"answersUntil,omitempty" called:"time to edit answers" nullable:"true" doc:"Until when people can edit their answers. Left out if that's the registration deadline." example:"2026-05-05T12:00:00Z"`
	AnswersKeptDays *int       `json:"answersKeptDays,omitempty" called:"days to keep sensitive answers" nullable:"true" doc:"How many days after the competition is over the answers to sensitive questions are deleted. Left out if no question is sensitive." example:"30"`
}

// ContentField describes a field of CompetitionContent: its JSON name, and its name in a sentence.
type ContentField struct{ Name, Called string }

// ContentFields lists the fields of CompetitionContent, in order.
var ContentFields = contentFields()

func contentFields() []ContentField {
	var fields []ContentField
	for field := range reflect.TypeFor[CompetitionContent]().Fields() {
		fields = append(fields, ContentField{field.Tag.Get("json"), field.Tag.Get("called")})
	}
	return fields
}

// values returns the fields as recorded in the audit log, in the order of ContentFields. All are comparable.
func (c *CompetitionContent) values() []any {
	var values []any
	for _, field := range reflect.ValueOf(c).Elem().Fields() {
		value := field.Interface()
		switch v := value.(type) {
		case []string:
			value = strings.Join(v, ", ")
		case time.Time:
			value = auditTime(&v)
		case *time.Time:
			value = auditTime(v)
		case Visibility:
			value = v.OrPublic()
		case *int:
			if value = nil; v != nil {
				value = *v
			}
		case *TeamRules:
			if value = nil; v != nil {
				value = v.String()
			}
		}
		values = append(values, value)
	}
	return values
}

// normalize brings every field into its stored form: single lines without line breaks, times in UTC, defaults. It
// replaces texts, lists and times rather than modifying them, since an older copy of the content may share them.
func (c *CompetitionContent) normalize() {
	c.Admission = c.AdmittedBy()
	c.normalizeTeam()
	for _, field := range reflect.ValueOf(c).Elem().Fields() {
		switch p := field.Addr().Interface().(type) {
		case *string:
			*p = normal.Line(*p)
		case *[]string:
			*p = NormalizeTags(*p)
		case *time.Time:
			*p = UTC(*p)
		case **time.Time:
			*p = utcPointer(*p)
		}
	}
}

// content checks the limits that apply to every stored competition.
func (v *validation) content(c *CompetitionContent, description string) {
	v.length("title", c.Title, MinTitleLength, MaxTitleLength)
	v.length("description", description, 0, MaxDescriptionLength)
	v.length("location", c.Location, 0, MaxLocationLength)
	v.tags(c.Tags)
	if c.Capacity < MinCapacity || c.Capacity > MaxCapacity {
		v.addf("capacity", "must be between %d and %d", MinCapacity, MaxCapacity)
	}
	if !c.RegDeadline.IsZero() { // if it's missing, report only that
		v.time("regDeadline", c.RegDeadline)
	}
	if c.RegOpensAt != nil {
		v.time("regOpensAt", *c.RegOpensAt)
		if !c.RegDeadline.IsZero() && !c.RegOpensAt.Before(c.RegDeadline) {
			v.add("regOpensAt", "must be before the registration deadline")
		}
	}
	if c.StartDate != nil {
		v.time("startDate", *c.StartDate)
		if !c.StartDate.After(c.RegDeadline) {
			v.add("startDate", "must be after the registration deadline")
		}
	}
	v.end(c)
	v.offers(c)
	v.answers(c)
	v.visibility(c)
	v.admission(c)
	v.team(c)
	if _, ok := ZoneNamed(c.TimeZone); !ok {
		v.add("timeZone", "must be a time zone such as Europe/Berlin or UTC")
	}
}

func (v *validation) end(c *CompetitionContent) {
	if c.EndDate == nil {
		return
	}
	v.time("endDate", *c.EndDate)
	switch {
	case c.StartDate == nil:
		v.add("endDate", "requires a start date")
	case !c.EndDate.After(*c.StartDate):
		v.add("endDate", "must be after the start")
	}
}

func (v *validation) offers(c *CompetitionContent) {
	if c.OfferHours != nil && (*c.OfferHours < MinOfferHours || *c.OfferHours > MaxOfferHours) {
		v.addf("offerHours", "must be between %d and %d", MinOfferHours, MaxOfferHours)
	}
}

func (v *validation) answers(c *CompetitionContent) {
	if c.AnswersUntil != nil {
		v.time("answersUntil", *c.AnswersUntil)
	}
	if c.AnswersKeptDays != nil && (*c.AnswersKeptDays < 0 || *c.AnswersKeptDays > MaxAnswersKeptDays) {
		v.addf("answersKeptDays", "must be between 0 and %d", MaxAnswersKeptDays)
	}
}

func (v *validation) tags(tags []string) {
	if len(tags) > MaxTags {
		v.addf("tags", "must have at most %d entries", MaxTags)
		return
	}
	for _, tag := range tags {
		if n := len([]rune(tag)); n < 1 || n > MaxTagLength || !clean(tag) || strings.ContainsAny(tag, ",\n\r\t") {
			v.addf("tags", "must each be 1 to %d characters long, without commas", MaxTagLength)
			return
		}
	}
}

// NormalizeTags returns tags in their stored form: lower case, sorted, without duplicates. If a search can't tell two
// tags apart, such as café and cafe, the first one is kept.
func NormalizeTags(tags []string) []string {
	stored := make([]string, 0, len(tags))
	seen := make(map[string]bool, len(tags))
	for _, tag := range tags {
		tag = normal.Line(strings.ToLower(tag))
		if key := normal.Key(tag); !seen[key] {
			seen[key] = true
			stored = append(stored, tag)
		}
	}
	slices.Sort(stored)
	return stored
}
