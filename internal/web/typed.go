package web

import (
	"cmp"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// typedForm is a competition's form as it was sent: the text as typed, and the values it stands for.
type typedForm struct {
	form   pages.CompetitionForm // with an error for each field that could not be read
	values compete.NewCompetition
	zone   *time.Location

	divisions divisionForm
}

// readForm reads the form of a competition. stored is the one that it changes, or nil for a new one; before is its
// content.
func readForm(r *http.Request, stored *compete.Competition, before compete.NewCompetition) typedForm {
	t := typedForm{form: pages.CompetitionForm{
		Key: r.PostFormValue("key"), CoverLost: r.PostFormValue(coverLost) != "", Errors: pages.Errors{},
	}}
	t.form.Version, _ = strconv.Atoi(r.PostFormValue("version")) // anything else is version 0 of a new one
	t.values = before
	t.zone, _ = zoneTyped(typedValue(r, "zone"))
	t.zone = cmp.Or(t.zone, time.UTC)
	for _, in := range inputs {
		in.Value = typedValue(r, in.Name)
		if problem := in.read(&t.values, in.Value, t.zone); problem != "" {
			t.form.Errors[in.Name] = problem
		}
		t.form.Inputs = append(t.form.Inputs, in.Field)
	}
	t.readQuestions(r)
	t.divisions, t.values.Divisions = readDivisions(r.PostForm, stored)
	maps.Copy(t.form.Errors, t.divisions.errors)
	t.form.Divisions = t.divisions.inputs
	return t
}

// contentOf is the input that would make a competition that the viewer manages.
func (a *app) contentOf(v *visit, c *compete.Competition) compete.NewCompetition {
	return compete.NewCompetition{
		CompetitionContent: c.CompetitionContent, Description: c.Description, Divisions: c.DivisionContents(),
		Questions:  c.Questions,
		AccessCode: a.Competitions.AccessCode(v.r.Context(), v.actor, c),
	}
}

// typedValue is what an input was sent with.
func typedValue(r *http.Request, name string) string {
	typed := typedText(r, name)
	if name == "zone" {
		return strings.TrimSpace(typed)
	}
	return typed
}

// typedText is a text of several lines as it was typed: browsers send line breaks as CRLF.
func typedText(r *http.Request, field string) string {
	return strings.ReplaceAll(r.PostFormValue(field), "\r\n", "\n")
}

// refuse adds what the domain finds wrong with the values, where the text could be read.
func (t *typedForm) refuse(err error) {
	if err == nil {
		return
	}
	for field, text := range t.errorsOf(compete.AsError(err)) {
		if field != "" && t.form.Errors[field] == "" {
			t.form.Errors[field] = text
		}
	}
}

// tooFew adds that the seats that are held don't fit.
func (t typedForm) tooFew(c *compete.Competition) {
	if held := c.Registered(); t.values.Capacity < held && t.form.Errors["capacity"] == "" {
		t.form.Errors["capacity"] = ui.Plural(held, "person already holds a seat", "people already hold seats") +
			"; capacity can't go below that."
	}
}

// tooFewIn adds that the seats held in a division don't fit.
func (t typedForm) tooFewIn(c *compete.Competition) {
	for i, content := range t.values.Divisions {
		d := c.Division(content.ID)
		if d == nil || content.Capacity >= d.Registered() {
			continue
		}
		held := d.Registered()
		t.form.Errors[pages.DivisionField("capacity", t.divisions.placed[i])] =
			ui.Plural(held, "person already holds a seat", "people already hold seats") + "; it can't go below that."
	}
}

// errorsOf is formErrors, with those about divisions at their inputs.
func (t typedForm) errorsOf(e *compete.Error) pages.Errors {
	e = t.renamed(e)
	errors := formErrors(e)
	for _, f := range e.Fields {
		if field := t.divisions.field(f.Field); field != "" {
			delete(errors, fieldName(f.Field))
			errors[field] = sentence(f.Message)
		}
	}
	return errors
}

func splitTags(typed string) []string {
	var tags []string
	for tag := range strings.SplitSeq(typed, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// change sets every field to what was typed.
func (t typedForm) change(before compete.NewCompetition) compete.CompetitionChange {
	change := compete.CompetitionChange{
		Edit:        func(c *compete.CompetitionContent) { *c = t.values.CompetitionContent },
		Description: compete.Some(t.values.Description),
		Questions:   compete.Some(t.values.Questions),
		Divisions:   compete.Optional[[]compete.DivisionContent]{Set: t.divisions.sent, Value: t.values.Divisions},
	}
	// A code that can't be read any more is empty in the form, and stays as it is.
	if t.values.AccessCode != before.AccessCode {
		change.AccessCode = compete.Some(t.values.AccessCode)
	}
	return change
}
