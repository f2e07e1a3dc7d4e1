package compete

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// plainSealer seals nothing: it only remembers the purpose.
type plainSealer struct{ Sealer }

func (plainSealer) Open(purpose, sealed string) ([]byte, error) {
	plain, ok := strings.CutPrefix(sealed, purpose+": ")
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return []byte(plain), nil
}

func TestAccessCodeIsTyped(t *testing.T) {
	c := published(func(c *Competition) { c.SealedCode = "access code of competition " + c.ID + ": Maple-2026" })
	for typed, want := range map[AccessCode]error{
		"Maple-2026": nil, "maple2026": nil, " MAPLE 2026 ": nil, "m-a-p-l-e-2-0-2-6": nil, "Máple\u200b-2026": nil,
		"": ErrAccessCodeRequired, " ": ErrAccessCodeRequired, "--": ErrAccessCodeRequired,
		"Maple-2027": ErrAccessCodeWrong, "Maple-202": ErrAccessCodeWrong,
		"Maple-20266": ErrAccessCodeWrong, "access code of competition": ErrAccessCodeWrong,
	} {
		if err := c.CheckAccess(typed, plainSealer{}); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%q: got %v, want %v", string(typed), err, want)
		}
	}
	c.SealedCode = "sealed by a lost key"
	if err := c.CheckAccess("sealed by a lost key", plainSealer{}); !errors.Is(err, ErrAccessCodeWrong) {
		t.Errorf("a code that can't be read: got %v", err)
	}
	c.SealedCode = ""
	if err := c.CheckAccess("anything", nil); err != nil {
		t.Errorf("without a code: got %v", err)
	}
}

func TestAccessCodesAreNotPrinted(t *testing.T) {
	entry := Entry{AccessCode: "Maple-2026"}
	c := published(func(c *Competition) { c.SealedCode = "sealed Maple-2026" })
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("a press", "entry", entry, "code", entry.AccessCode)
	encoded, err := json.Marshal([]any{entry, c})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(entry), fmt.Sprintf("%v %+v %s", entry, entry, entry.AccessCode), log.String(), string(encoded),
	} {
		if strings.Contains(text, "Maple") {
			t.Errorf("got %s", text)
		}
	}
}

func TestAdmitAdded(t *testing.T) {
	starts := noon.Add(2 * time.Hour)
	for _, test := range []struct {
		name          string
		change        func(*Competition)
		waiting, over bool
		want          RegistrationStatus
		widen         bool
		err           error
	}{
		{name: "a free seat", want: RegistrationPending},
		{name: "a free seat, over capacity", over: true, want: RegistrationPending},
		{
			name: "after the deadline", change: func(c *Competition) { c.RegDeadline = noon.Add(-time.Hour) },
			want: RegistrationPending,
		},
		{
			name: "before the opening", change: func(c *Competition) { c.RegOpensAt = &starts },
			want: RegistrationPending,
		},
		{
			name: "after the start", change: func(c *Competition) { c.StartDate = &noon }, over: true,
			err: ErrCompetitionStarted,
		},
		{name: "full", change: full, err: ErrCompetitionFull},
		{name: "full, over capacity", change: full, over: true, want: RegistrationPending, widen: true},
		{name: "full, with a waitlist", change: fullWithWaitlist, want: RegistrationWaitlisted},
		{name: "due to somebody else", change: withWaitlist, waiting: true, want: RegistrationWaitlisted},
		{
			name: "due to somebody else, over capacity", waiting: true, over: true, want: RegistrationPending,
			widen: true,
		},
		{
			name: "as large as it gets", over: true, err: ErrCapacityLimit,
			change: func(c *Competition) { c.Capacity, c.SeatsLeft = MaxCapacity, 0 },
		},
		{
			name: "a draft", change: func(c *Competition) { c.Status = StatusDraft },
			err: ErrNotPublished,
		},
		{
			name: "cancelled", change: func(c *Competition) { c.Status = StatusCancelled },
			err: ErrCompetitionCancelled,
		},
	} {
		c := published(func(c *Competition) {
			c.StartDate = &starts
			if test.change != nil {
				test.change(c)
			}
		})
		status, widen, err := c.AdmitAdded(Entry{}, noon, test.waiting, test.over)
		if status != test.want || widen != test.widen || !errors.Is(err, test.err) {
			t.Errorf("%s: got %q, %t, %v, want %q, %t, %v", test.name, status, widen, err, test.want, test.widen,
				test.err)
		}
	}
}

// Widen adds seats where somebody added finds none to spare, and changes no earlier copy of the competition.
func TestWiden(t *testing.T) {
	divided := func(left, leftInOne, waitInOne int) Competition {
		return published(func(c *Competition) {
			c.SeatsLeft, c.Waitlisted = left, waitInOne
			c.Divisions = []Division{
				{DivisionContent: DivisionContent{ID: "one", Capacity: 5}, SeatsLeft: leftInOne, Waitlisted: waitInOne},
				{DivisionContent: DivisionContent{ID: "two", Capacity: 5}, SeatsLeft: 5},
			}
		})
	}
	for _, test := range []struct {
		name       string
		c          Competition
		waiting    bool
		total, one int // seats added
	}{
		{"all is full", divided(0, 0, 0), false, 1, 1},
		{"the competition is full", divided(0, 2, 0), false, 1, 0},
		{"the competition is full, and more wait for the division than it has seats", divided(0, 2, 2), false, 1, 1},
		{"the competition is full, and fewer wait", divided(0, 2, 1), false, 1, 0},
		{"the division is full", divided(3, 0, 2), false, 0, 1},
		{"the seats are due to somebody else", divided(3, 2, 2), true, 1, 1},
		{"one seat of several is due to somebody else", divided(3, 2, 1), true, 1, 0},
	} {
		before := test.c
		_, widen, err := test.c.AdmitAdded(Entry{DivisionID: "one"}, noon, test.waiting, true)
		if !widen || err != nil {
			t.Errorf("%s: widen is %t, %v", test.name, widen, err)
		}
		after := test.c
		after.Widen("one", test.waiting, noon)
		if got := after.Capacity - before.Capacity; got != test.total || after.SeatsLeft != before.SeatsLeft+got {
			t.Errorf("%s: %d seats more, %d left", test.name, got, after.SeatsLeft)
		}
		was, is := before.Divisions[0], after.Divisions[0]
		if is.Capacity-was.Capacity != test.one || is.SeatsLeft-was.SeatsLeft != test.one ||
			after.Divisions[1] != before.Divisions[1] || after.Version != before.Version+1 {
			t.Errorf("%s: the division was %+v and is %+v", test.name, was, is)
		}
	}
	plain := published(full)
	plain.Widen("", false, noon)
	if plain.Capacity != 11 || plain.SeatsLeft != 1 || plain.Divisions != nil {
		t.Errorf("without divisions: %+v", plain)
	}
}

func full(c *Competition) { c.SeatsLeft = 0 }

func withWaitlist(c *Competition) { c.Waitlist = true }

func fullWithWaitlist(c *Competition) { c.SeatsLeft, c.Waitlist = 0, true }
