package compete

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// published returns a competition with free seats and a deadline one day ahead.
func published(change func(*Competition)) Competition {
	c := Competition{
		CompetitionContent: CompetitionContent{
			Title: "Spring contest", Capacity: 10, RegDeadline: noon.Add(24 * time.Hour), TimeZone: "UTC",
			Tags: []string{}, Visibility: VisibilityPublic,
		},
		SeatsLeft: 4, Status: StatusPublished, Organizer: Organizer{ID: "organizer"}, Version: 3,
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestPhase(t *testing.T) {
	opens := noon.Add(time.Minute)
	for _, test := range []struct {
		name   string
		change func(*Competition)
		at     time.Time
		want   Phase
	}{
		{"draft", func(c *Competition) { c.Status = StatusDraft }, noon, PhaseDraft},
		{"cancelled", func(c *Competition) { c.Status = StatusCancelled }, noon.Add(48 * time.Hour), PhaseCancelled},
		{"open", nil, noon, PhaseOpen},
		{"a moment before the deadline", nil, noon.Add(24*time.Hour - time.Microsecond), PhaseOpen},
		{"at the deadline", nil, noon.Add(24 * time.Hour), PhaseClosed},
		{
			"before the opening", func(c *Competition) { c.RegOpensAt = &opens }, opens.Add(-time.Microsecond),
			PhaseUpcoming,
		},
		{"at the opening", func(c *Competition) { c.RegOpensAt = &opens }, opens, PhaseOpen},
		{"full", func(c *Competition) { c.SeatsLeft = 0 }, noon, PhaseFull},
		{"full with a waitlist", func(c *Competition) { c.SeatsLeft, c.Waitlist = 0, true }, noon, PhaseWaitlist},
		{
			"a free seat is theirs who wait", func(c *Competition) { c.Waitlisted, c.Waitlist = 2, true },
			noon, PhaseWaitlist,
		},
		{"nobody answers for it", func(c *Competition) { c.Suspended = true }, noon, PhaseClosed},
		{
			"a draft that nobody answers for", func(c *Competition) { c.Suspended, c.Status = true, StatusDraft }, noon,
			PhaseDraft,
		},
		{
			"no newcomer passes them when the waitlist is closed", func(c *Competition) { c.Waitlisted = 2 }, noon,
			PhaseFull,
		},
	} {
		c := published(test.change)
		if got := c.Phase(test.at); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
		status, err := c.Admit(Entry{}, test.at)
		if seat := test.want == PhaseOpen; seat != (status == RegistrationPending) ||
			(err == nil) != (seat || test.want == PhaseWaitlist) {
			t.Errorf("%s: admitted as %q, %v", test.name, status, err)
		}
	}
}

func TestAdmitTellsWhenItOpens(t *testing.T) {
	opens := noon.Add(time.Hour)
	c := published(func(c *Competition) { c.RegOpensAt = &opens })
	_, err := c.Admit(Entry{}, noon)
	if !errors.Is(err, ErrRegistrationNotOpen) || !strings.Contains(AsError(err).Detail, "2026-06-01T13:00:00Z") {
		t.Errorf("got %v", err)
	}
}

func TestPromotes(t *testing.T) {
	start := noon.Add(30 * time.Hour)
	c := published(func(c *Competition) { c.StartDate = &start })
	for at, want := range map[time.Time]bool{noon: true, noon.Add(25 * time.Hour): true, start: false} {
		if got := c.Promotes(at); got != want {
			t.Errorf("at %v: got %v, want %v", at, got, want)
		}
	}
	c.Suspended = true
	if c.Promotes(noon) {
		t.Error("it promotes although nobody answers for it")
	}
}

func TestNewCompetitionNamesEveryBadField(t *testing.T) {
	early := noon.Add(-time.Hour)
	late := noon.Add(48 * time.Hour)
	n := NewCompetition{
		CompetitionContent: CompetitionContent{
			Title: " a ", Location: "a\x00b", Tags: []string{strings.Repeat("t", MaxTagLength+1)}, Capacity: 0,
			RegDeadline: early, RegOpensAt: &late, StartDate: &early, EndDate: &early,
			TimeZone: "Europe/Atlantis",
		},
		Description: strings.Repeat("x", MaxDescriptionLength+1), Status: "SECRET",
	}
	_, err := n.competition("id", Organizer{}, noon)
	var got []string
	for _, f := range AsError(err).Fields {
		got = append(got, f.Field)
	}
	want := []string{
		"title", "description", "location", "tags", "capacity", "regOpensAt", "startDate", "endDate",
		"timeZone", "status", "regDeadline",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bad fields (-want +got):\n%s", diff)
	}
}

func TestNewCompetitionLimitsAreInclusive(t *testing.T) {
	plusFive := time.FixedZone("", 5*3600)
	n := NewCompetition{
		CompetitionContent: CompetitionContent{
			Title: strings.Repeat("ü", MaxTitleLength), Capacity: MaxCapacity,
			Tags:        []string{"Go", " go ", "API"},
			RegDeadline: noon.Add(time.Hour).In(plusFive).Add(999 * time.Nanosecond),
		},
	}
	c, err := n.competition("id", Organizer{ID: "o"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if c.Status != StatusPublished || c.SeatsLeft != MaxCapacity || !c.RegDeadline.Equal(noon.Add(time.Hour)) ||
		c.RegDeadline.Location() != time.UTC {
		t.Errorf("got %+v", c)
	}
	if diff := cmp.Diff([]string{"api", "go"}, c.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestApply(t *testing.T) {
	opens := noon.Add(time.Hour)
	for _, test := range []struct {
		name   string
		before func(*Competition)
		change CompetitionChange
		want   error
		check  func(Competition) bool
	}{
		{
			"raise the capacity", nil,
			CompetitionChange{Edit: func(c *CompetitionContent) { c.Capacity = 20 }},
			nil,
			func(c Competition) bool { return c.SeatsLeft == 14 && c.Version == 4 },
		},
		{
			"down to the held seats", nil,
			CompetitionChange{Edit: func(c *CompetitionContent) { c.Capacity = 6 }},
			nil,
			func(c Competition) bool { return c.SeatsLeft == 0 },
		},
		{
			"below the held seats", nil,
			CompetitionChange{Edit: func(c *CompetitionContent) { c.Capacity = 5 }},
			ErrCapacityBelowHeld, nil,
		},
		{
			"clear the opening", func(c *Competition) { c.RegOpensAt = &opens },
			CompetitionChange{Edit: func(c *CompetitionContent) { c.RegOpensAt = nil }},
			nil, func(c Competition) bool { return c.RegOpensAt == nil },
		},
		{
			"close now, before it opened", func(c *Competition) { c.RegOpensAt = &opens },
			CompetitionChange{CloseNow: true},
			nil, func(c Competition) bool { return c.Phase(noon) == PhaseClosed },
		},
		{
			"a deadline in the past", nil,
			CompetitionChange{Edit: func(c *CompetitionContent) { c.RegDeadline = noon.Add(-time.Hour) }},
			Invalid(), nil,
		},
		{
			"publish", func(c *Competition) { c.Status = StatusDraft },
			CompetitionChange{Status: Some(StatusPublished)},
			nil, func(c Competition) bool { return c.Phase(noon) == PhaseOpen },
		},
		{"back to draft", nil, CompetitionChange{Status: Some(StatusDraft)}, ErrAlreadyPublished, nil},
		{
			"unpublish", nil,
			CompetitionChange{Unpublish: true},
			nil,
			func(c Competition) bool { return c.Phase(noon) == PhaseDraft && c.Unpublished },
		},
		{
			"publish again", func(c *Competition) { c.Status, c.Unpublished = StatusDraft, true },
			CompetitionChange{Status: Some(StatusPublished)},
			nil, func(c Competition) bool { return c.Status == StatusPublished && !c.Unpublished },
		},
		{
			"change what is unpublished", func(c *Competition) { c.Status, c.Unpublished = StatusDraft, true },
			CompetitionChange{Edit: func(c *CompetitionContent) { c.Capacity = 20 }},
			nil, func(c Competition) bool { return c.Status == StatusDraft && c.Unpublished },
		},
		{"cancel by a change", nil, CompetitionChange{Status: Some(StatusCancelled)}, Invalid(), nil},
		{
			"after the cancellation", func(c *Competition) { c.Status = StatusCancelled },
			CompetitionChange{Edit: func(c *CompetitionContent) { c.Title = "New title" }},
			ErrCompetitionCancelled, nil,
		},
		{
			"a title too short", nil,
			CompetitionChange{Edit: func(c *CompetitionContent) { c.Title = "ab" }},
			Invalid(),
			nil,
		},
	} {
		before := published(test.before)
		got, err := before.Apply(test.change, noon)
		if !errors.Is(err, test.want) || test.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if test.check != nil && !test.check(got) {
			t.Errorf("%s: got %+v", test.name, got)
		}
		if test.want != nil && cmp.Diff(before, got) != "" {
			t.Errorf("%s: a refused change left a mark: %+v", test.name, got)
		}
	}
}

func TestWhoMaySeeAndChange(t *testing.T) {
	owner, other := Actor{UserID: "organizer", Role: RoleOrganizer}, Actor{UserID: "other", Role: RoleOrganizer}
	admin, demoted := Actor{UserID: "admin", Role: RoleAdmin}, Actor{UserID: "organizer", Role: RoleParticipant}
	promoted := Actor{UserID: "organizer", Role: RoleAdmin}
	draft, public := published(func(c *Competition) { c.Status = StatusDraft }), published(nil)
	for _, test := range []struct {
		name                          string
		actor                         Actor
		seesDraft, manages, organizes bool
	}{
		{"visitor", Actor{}, false, false, false},
		{"organizer", owner, true, true, true},
		{"other organizer", other, false, false, false},
		{"admin", admin, true, true, false},
		{"organizer who is a participant now", demoted, false, false, true},
		{"organizer who is an admin now", promoted, true, true, true},
	} {
		if got := draft.VisibleTo(test.actor); got != test.seesDraft {
			t.Errorf("%s sees the draft: %v", test.name, got)
		}
		if !public.VisibleTo(test.actor) {
			t.Errorf("%s doesn't see what is published", test.name)
		}
		if m, o := public.ManagedBy(test.actor), public.OrganizedBy(test.actor); m != test.manages ||
			o != test.organizes {
			t.Errorf("%s manages %v, organizes %v", test.name, m, o)
		}
	}
}
