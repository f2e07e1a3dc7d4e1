package compete

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

// someOutcome has a value in every field, so that one that is added and not encoded is noticed.
func someOutcome(text string) RegistrationOutcome {
	at := func(nanoseconds int) time.Time {
		return time.Date(2026, 4, 1, 9, 0, 0, nanoseconds, time.FixedZone("", 5*60*60))
	}
	opens, start, promoted := at(1), at(20_000), at(0)
	return RegistrationOutcome{
		Registration: Registration{
			ID: "r" + text, UserID: "u", CompetitionID: "c", Status: RegistrationWaitlisted, Seq: math.MaxInt64, Position: 3,
			RegisteredAt: at(13_000_000).UTC(), UpdatedAt: at(5), PromotedAt: &promoted,
		},
		Competition: Competition{
			ID: "c", Title: text, Description: "d" + text, Location: text + "l", Tags: []string{"a", text}, Capacity: 5, SeatsLeft: -1, Waitlisted: 2,
			RegOpensAt: &opens, RegDeadline: at(0), StartDate: &start, EndDate: &promoted, TimeZone: text + "z",
			Status: StatusPublished, Waitlist: true, Discarded: true,
			Organizer: Organizer{ID: "o", Name: text}, Version: 7, CreatedAt: at(1000), UpdatedAt: at(0).UTC(),
		},
	}
}

func TestAppendJSONIsWhatMarshalGives(t *testing.T) {
	outcomes := []RegistrationOutcome{{}, {Competition: Competition{Tags: []string{}}}}
	for _, text := range []string{"", "Spring Hackathon", "Zürich", `a "quoted" \ one`, "<b>&", "\x00\n\x7f", "\xff", "\u2028", "日本"} {
		outcomes = append(outcomes, someOutcome(text))
	}
	for _, o := range outcomes {
		want, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.AppendJSON(nil); string(got) != string(want) {
			t.Errorf("got\n%s, want\n%s", got, want)
		}
	}
}

// TestRecordedOutcome wants the whole outcome back from what is recorded and the competition's content.
func TestRecordedOutcome(t *testing.T) {
	o := someOutcome("Zürich")
	o.Registration.UpdatedAt, o.Registration.PromotedAt = o.Registration.RegisteredAt, nil // as a press leaves it
	var got RegistrationOutcome
	if err := json.Unmarshal(RecordedOutcome(o).AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	if got.Whole() {
		t.Errorf("the content is recorded too: %+v", got.Competition)
	}
	content := o.Competition
	content.SeatsLeft, content.Waitlisted = 0, 0 // as they are now
	got.Complete("u", content)
	o.Competition = o.Competition.Summary()
	if want := o.AppendJSON(nil); string(got.AppendJSON(nil)) != string(want) {
		t.Errorf("got\n%s, want\n%s", got.AppendJSON(nil), want)
	}
}

func BenchmarkOutcome(b *testing.B) {
	o := someOutcome("Spring Hackathon")
	b.Run("AppendJSON", func(b *testing.B) {
		for b.Loop() {
			_ = o.AppendJSON(make([]byte, 0, recordSize))
		}
	})
	b.Run("Marshal", func(b *testing.B) {
		for b.Loop() {
			if _, err := json.Marshal(o); err != nil {
				b.Fatal(err)
			}
		}
	})
}
