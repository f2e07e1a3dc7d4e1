package api

import (
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

func schemaOf[T any](a *api) *huma.Schema {
	return a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

func schemaOfValue(a *api, v any) *huma.Schema {
	return a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
}

// limitCompetition documents the limits of a competition's fields; the domain checks them.
func limitCompetition(s *huma.Schema) *huma.Schema {
	limitText(s, "title", compete.MinTitleLength, compete.MaxTitleLength)
	limitText(s, "description", 0, compete.MaxDescriptionLength)
	limitText(s, "location", 0, compete.MaxLocationLength)
	tags := s.Properties["tags"]
	tags.MaxItems = new(compete.MaxTags)
	tags.Items.MinLength, tags.Items.MaxLength = new(1), new(compete.MaxTagLength)
	capacity := s.Properties["capacity"]
	capacity.Minimum, capacity.Maximum = bound(compete.MinCapacity), bound(compete.MaxCapacity)
	s.Properties["divisions"].MaxItems = new(compete.MaxDivisions)
	offerHours := s.Properties["offerHours"]
	offerHours.Minimum, offerHours.Maximum = bound(compete.MinOfferHours), bound(compete.MaxOfferHours)
	keptDays := s.Properties["answersKeptDays"]
	keptDays.Minimum, keptDays.Maximum = bound(0), bound(compete.MaxAnswersKeptDays)
	s.Properties["questions"].MaxItems = new(compete.MaxQuestions)
	limitText(s, "accessCode", compete.MinAccessCode, compete.MaxAccessCode)
	return s
}

func limitText(s *huma.Schema, property string, shortest, longest int) {
	text := s.Properties[property]
	if shortest > 0 {
		text.MinLength = new(shortest)
	}
	text.MaxLength = new(longest)
}

func bound(n int) *float64 { return new(float64(n)) }

// openResponses allows more fields in responses than they have today, as the description promises; strict clients
// would refuse them. Requests stay closed, since a field that isn't known is refused, and so is what both contain.
func (a *api) openResponses() {
	schemas := a.huma.OpenAPI().Components.Schemas
	closed := map[*huma.Schema]bool{}
	for _, path := range a.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{path.Post, path.Put, path.Patch, path.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, body := range op.RequestBody.Content {
				addSchemas(closed, schemas, body.Schema)
			}
		}
	}
	for _, named := range schemas.Map() {
		all := map[*huma.Schema]bool{}
		addSchemas(all, schemas, named)
		for s := range all {
			if !closed[s] && s.AdditionalProperties == false {
				s.AdditionalProperties = nil
			}
		}
	}
}

// addSchemas adds a schema and all that it consists of.
func addSchemas(to map[*huma.Schema]bool, schemas huma.Registry, s *huma.Schema) {
	if s != nil && s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if s == nil || to[s] {
		return
	}
	to[s] = true
	for _, property := range s.Properties {
		addSchemas(to, schemas, property)
	}
	values, _ := s.AdditionalProperties.(*huma.Schema)
	for _, part := range slices.Concat([]*huma.Schema{s.Items, values, s.Not}, s.OneOf, s.AnyOf, s.AllOf) {
		addSchemas(to, schemas, part)
	}
}
