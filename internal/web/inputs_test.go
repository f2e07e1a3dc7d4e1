package web

import (
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// TestFormThatIsSentAsItWasShownChangesNothing sets every field of the content, so that one without an input is
// noticed, too.
func TestFormThatIsSentAsItWasShownChangesNothing(t *testing.T) {
	at := func(hours int) *time.Time {
		moment := time.Date(2030, 6, 12, hours, 30, 7, 123_000, time.UTC) // finer than the form shows
		return &moment
	}
	hours := 48
	c := compete.Competition{
		ID: "cup", Description: "Bring a *laptop*.\n\nAnd tea.",
		CompetitionContent: compete.CompetitionContent{
			Title: "Spring Cup", Location: "Hall 3", Tags: []string{"go", "sql"}, Capacity: 10, RegOpensAt: at(1),
			RegDeadline: *at(2),
			StartDate:   at(3), EndDate: at(4), TimeZone: "Europe/Zurich", Waitlist: true, OfferHours: &hours,
			Team:         &compete.TeamRules{Min: 2, Max: 4, SeatUnit: compete.SeatPerTeam, DropIncomplete: true},
			AnswersUntil: at(2), AnswersKeptDays: &hours,
			Visibility: compete.VisibilityUnlisted,
		},
	}
	for field, value := range reflect.ValueOf(&c.CompetitionContent).Elem().Fields() {
		switch {
		case !value.IsZero():
		case field.Type.Kind() == reflect.String:
			value.SetString("x")
		case field.Type.Kind() == reflect.Bool:
			value.SetBool(true)
		default:
			t.Errorf("the test sets no %s", field.Name)
		}
	}
	before := compete.NewCompetition{
		CompetitionContent: c.CompetitionContent, Description: c.Description, AccessCode: "MAPLE-2026",
	}
	sent := url.Values{}
	for _, in := range storedForm(&c, before, c.Zone()).Inputs {
		sent.Set(in.Name, in.Value)
	}
	read := readForm(&http.Request{Method: http.MethodPost, PostForm: sent, Form: sent}, &c, before)
	if len(read.form.Errors) > 0 || !reflect.DeepEqual(read.values, before) {
		t.Errorf("read %+v, %v, want %+v", read.values, read.form.Errors, before)
	}
	if read.change(before).AccessCode.Set {
		t.Error("the access code is changed")
	}
	again := readForm(&http.Request{Method: http.MethodPost, PostForm: sent, Form: sent}, nil, compete.NewCompetition{})
	if diffs := differences(storedForm(&c, before, c.Zone()), again.form); len(diffs) > 0 {
		t.Errorf("differences: %+v", diffs)
	}
	got, want := reflect.ValueOf(again.values.CompetitionContent), reflect.ValueOf(c.CompetitionContent)
	for field, value := range got.Fields() {
		if value.IsZero() != want.FieldByIndex(field.Index).IsZero() {
			t.Errorf("the form of a new competition reads no %s", field.Name)
		}
	}
}

func TestTimeZoneByItsCity(t *testing.T) {
	for typed, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", " UTC ": "UTC", "Berlin": "Europe/Berlin", "berlin": "Europe/Berlin",
		"new york": "America/New_York", "Atlantis": "", "Europe/Atlantis": "", "": "", "Local": "",
	} {
		zone, known := zoneTyped(typed)
		if known != (want != "") || known && zone.String() != want {
			t.Errorf("%q: got %v, %t, want %q", typed, zone, known, want)
		}
	}
}
