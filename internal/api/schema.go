package api

import (
	"reflect"

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
