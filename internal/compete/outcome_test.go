package compete

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"
)

// pressed returns the outcome of a registration: a registration with the usual fields, and a competition with a value
// in every field.
func pressed(text string) RegistrationOutcome {
	at := func(nanoseconds int) time.Time {
		return time.Date(2026, 4, 1, 9, 0, 0, nanoseconds, time.UTC)
	}
	o := RegistrationOutcome{Registration: Registration{
		RegistrationState: RegistrationState{
			ID: "r" + text, CompetitionID: "c", Status: RegistrationWaitlisted, Seq: math.MaxInt64,
			RegisteredAt: at(13_000_000), UpdatedAt: at(13_000_000),
		},
		UserID: "u", Position: 3,
	}}
	opens, start := at(1), at(20_000)
	o.Competition = Competition{
		ID: "c", CompetitionContent: CompetitionContent{
			Title: text, Location: text + "l", Tags: []string{"a", text}, Capacity: 5,
			RegOpensAt: &opens, RegDeadline: at(0), StartDate: &start, EndDate: &start, TimeZone: text + "z",
			Waitlist: true,
		},
		SeatsLeft: -1, Waitlisted: 2, Status: StatusPublished, Discarded: true,
		Organizer: Organizer{ID: "o", Name: text}, Version: 7, CreatedAt: at(1000), UpdatedAt: at(0),
	}
	return o
}

// replayed encodes an outcome as a record and returns what is read back.
func replayed(t *testing.T, o RegistrationOutcome) RegistrationOutcome {
	t.Helper()
	encoded, err := (*RecordedOutcome)(&o).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got RegistrationOutcome
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatalf("%v: %s", err, encoded)
	}
	if got.Whole() {
		t.Errorf("the content is recorded too: %s", encoded)
	}
	content := o.Competition
	content.SeatsLeft, content.Waitlisted = 0, 0 // the current numbers
	got.Complete(o.Registration.UserID, content)
	return got
}

func TestRecordedOutcomeComesBackWhole(t *testing.T) {
	for _, text := range []string{
		"Spring Hackathon", "Zürich", `a "quoted" \ one`, "<b>&", "\x00\n\x7f", "\u2028",
		"日本",
	} {
		o := pressed(text)
		if got := replayed(t, o); !reflect.DeepEqual(got, o) {
			t.Errorf("%q: got\n%+v, want\n%+v", text, got, o)
		}
	}
}

// TestRecordedOutcomeKeepsEveryField sets one field of a registration after another, so that it also covers fields
// added later.
func TestRecordedOutcomeKeepsEveryField(t *testing.T) {
	var set func(name string, v reflect.Value, check func(name string))
	set = func(name string, v reflect.Value, check func(name string)) {
		switch {
		case v.Type() == reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)))
		case v.Kind() == reflect.Struct:
			for field, value := range v.Fields() {
				if field.Tag.Get("json") != "-" { // only set when cancelled
					set(name+"."+field.Name, value, check)
				}
			}
			return
		case v.Kind() == reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			set(name, v.Elem(), check)
			return
		case v.Kind() == reflect.String:
			v.SetString("x" + v.String())
		case v.Kind() == reflect.Bool:
			v.SetBool(true)
		default:
			v.SetInt(7)
		}
		check(name)
	}
	o := pressed("Spring Cup")
	set("Registration", reflect.ValueOf(&o.Registration).Elem(), func(name string) {
		want := o
		want.Registration.UpdatedAt, want.Registration.CompetitionID = want.Registration.RegisteredAt,
			want.Competition.ID
		if got := replayed(t, o); !reflect.DeepEqual(got, want) {
			t.Errorf("%s isn't recorded: got\n%+v, want\n%+v", name, got.Registration, want.Registration)
		}
	})
}

// TestRecordsOfEarlierVersions checks records that used Go's field names.
func TestRecordsOfEarlierVersions(t *testing.T) {
	const whole = `{"Registration":{"ID":"r","UserID":"u","CompetitionID":"c","Status":"WAITLISTED","Seq":5,"Position":3,` +
		`"RegisteredAt":"2026-04-01T04:00:00.013Z","UpdatedAt":"2026-04-01T04:00:00.013Z","PromotedAt":null},` +
		`"Competition":{"ID":"c","Title":"Cup","Description":"","Location":"Hall","Tags":["a"],"Capacity":5,"SeatsLeft":0,"Waitlisted":3,` +
		`"RegOpensAt":null,"RegDeadline":"2026-04-01T09:00:00Z","StartDate":"2026-04-02T09:00:00Z","EndDate":null,"TimeZone":"UTC",` +
		`"Status":"PUBLISHED","Waitlist":true,"Discarded":false,"Organizer":{"ID":"o","Name":"Olga"},"Version":7,` +
		`"CreatedAt":"2026-04-01T00:00:00Z","UpdatedAt":"2026-04-01T00:00:00Z"}}`
	var got RegistrationOutcome
	if err := json.Unmarshal([]byte(whole), &got); err != nil {
		t.Fatal(err)
	}
	r, c := &got.Registration, &got.Competition
	if !got.Whole() || r.ID != "r" || r.CompetitionID != "c" || r.Seq != 5 || r.RegisteredAt.IsZero() ||
		r.Position != 3 ||
		c.Title != "Cup" || c.Tags[0] != "a" || c.Capacity != 5 || c.StartDate == nil || !c.Waitlist ||
		c.TimeZone != "UTC" {
		t.Errorf("read %+v", got)
	}
}

func BenchmarkOutcome(b *testing.B) {
	o := pressed("Spring Hackathon")
	bench := func(name string, encode func() ([]byte, error)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	bench("recorded", (*RecordedOutcome)(&o).JSON)
	bench("whole", func() ([]byte, error) { return json.Marshal(o) })
	o.Registration.PromotedAt = o.Competition.StartDate
	bench("recorded, the long way", (*RecordedOutcome)(&o).JSON)
}
