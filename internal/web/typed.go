package web

import (
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
}

// readForm reads the form of a competition. before is the stored one, or nil for a new one.
func readForm(r *http.Request, before *compete.Competition) typedForm {
	get := func(name string) string { return r.PostFormValue(name) }
	f := pages.CompetitionForm{
		Title: get("title"), Description: typedText(r, "description"), Location: get("location"),
		Tags: get("tags"), Capacity: get("capacity"), Opens: get("regOpensAt"), Deadline: get("regDeadline"),
		Starts: get("startDate"), Ends: get("endDate"), Zone: strings.TrimSpace(get("zone")), Waitlist: get("waitlist") != "", Key: get("key"),
		CoverLost: get(coverLost) != "", Errors: pages.Errors{},
	}
	f.Version, _ = strconv.Atoi(get("version")) // anything else is version 0 of a new one
	zone, known := compete.ZoneNamed(f.Zone)
	if !known {
		zone = time.UTC // so that the rest is looked through; it is not saved
		f.Errors["zone"] = "Choose a time zone, such as Europe/Berlin or UTC."
	}
	capacity, err := strconv.Atoi(strings.TrimSpace(f.Capacity))
	if err != nil {
		f.Errors["capacity"] = "Must be a whole number."
	}
	var opens, deadline, starts, ends *time.Time
	if before != nil {
		opens, deadline, starts, ends = before.RegOpensAt, &before.RegDeadline, before.StartDate, before.EndDate
	}
	for _, d := range []struct {
		field, typed string
		at           **time.Time
	}{
		{"regOpensAt", f.Opens, &opens},
		{"regDeadline", f.Deadline, &deadline},
		{"startDate", f.Starts, &starts},
		{"endDate", f.Ends, &ends},
	} {
		at, problem := parseLocal(d.typed, zone, *d.at)
		if problem != "" {
			f.Errors[d.field] = problem
		}
		*d.at = at
	}
	values := compete.NewCompetition{
		Title: f.Title, Description: f.Description, Location: f.Location, Tags: splitTags(f.Tags),
		Capacity: capacity, RegOpensAt: opens, StartDate: starts, EndDate: ends, TimeZone: zone.String(), Waitlist: f.Waitlist,
	}
	if deadline != nil {
		values.RegDeadline = *deadline
	} else if f.Errors["regDeadline"] == "" {
		f.Errors["regDeadline"] = "This is required."
	}
	return typedForm{form: f, values: values, zone: zone}
}

// typedText is a text of several lines as it was typed: browsers send line breaks as CRLF.
func typedText(r *http.Request, field string) string {
	return strings.ReplaceAll(r.PostFormValue(field), "\r\n", "\n")
}

// refuse adds what the domain finds wrong with the values, where the text could be read.
func (t typedForm) refuse(err error) {
	if err == nil {
		return
	}
	for field, text := range formErrors(compete.AsError(err)) {
		if field != "" && t.form.Errors[field] == "" {
			t.form.Errors[field] = text
		}
	}
}

// tooFew adds that the seats that are held don't fit.
func (t typedForm) tooFew(c *compete.Competition) {
	if held := c.Registered(); t.values.Capacity < held && t.form.Errors["capacity"] == "" {
		t.form.Errors["capacity"] = ui.Plural(held, "person already holds a seat", "people already hold seats") + "; capacity can't go below that."
	}
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
func (t typedForm) change() compete.CompetitionChange {
	n := t.values
	return compete.CompetitionChange{
		Title: compete.Some(n.Title), Description: compete.Some(n.Description), Location: compete.Some(n.Location),
		Tags: compete.Some(n.Tags), Capacity: compete.Some(n.Capacity), RegOpensAt: compete.Some(n.RegOpensAt),
		RegDeadline: compete.Some(n.RegDeadline), StartDate: compete.Some(n.StartDate), EndDate: compete.Some(n.EndDate),
		TimeZone: compete.Some(n.TimeZone), Waitlist: compete.Some(n.Waitlist),
	}
}
