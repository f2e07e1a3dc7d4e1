package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestReminders(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("who starts when", func(t *testing.T) { testStartingBetween(t, f, organizer) })
		t.Run("whom to remind", func(t *testing.T) { testReminderTargets(t, f, organizer) })
		t.Run("whom to remind of several", func(t *testing.T) { testJointReminderTargets(t, f, organizer) })
	})
}

func testStartingBetween(t *testing.T, f *fixture, organizer compete.User) {
	from, to := f.now, f.ago(-24*time.Hour)
	add := func(start time.Time, status compete.CompetitionStatus) compete.Competition {
		return f.addCompetition(t, organizer, func(c *compete.Competition) { c.StartDate, c.Status = &start, status })
	}
	var expected []compete.Competition
	for _, start := range []time.Time{to, from.Add(time.Hour), from.Add(time.Microsecond), from.Add(time.Hour)} {
		c := add(start, compete.StatusPublished)
		expected = append(expected, c.Summary())
	}
	add(from, compete.StatusPublished)
	add(to.Add(time.Microsecond), compete.StatusPublished)
	add(from.Add(time.Hour), compete.StatusDraft)
	add(from.Add(time.Hour), compete.StatusCancelled)
	f.addCompetition(t, organizer, func(c *compete.Competition) { c.StartDate = nil })
	var got []compete.Competition
	after := ""
	for {
		page, err := f.StartingBetween(t.Context(), from, to, after, 3)
		must(t, err)
		if len(page) == 0 {
			break
		}
		last := page[len(page)-1]
		got, from, after = append(got, page...), *last.StartDate, last.ID
	}
	slices.SortFunc(expected, func(a, b compete.Competition) int {
		return cmp.Or(a.StartDate.Compare(*b.StartDate), cmp.Compare(a.ID, b.ID))
	})
	want(t, "competitions", got, expected)
}

func testReminderTargets(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 31) // every fifth is confirmed: 0, 5, …, 30
	var expected []compete.Target
	for i := 0; i < len(queue); i += 5 {
		expected = append(expected, compete.Target{
			Notice: notice(queue[i], compete.MessageReminder), Registration: queue[i], Competition: c.Summary(),
			Participant: compete.Participant{ID: queue[i].UserID, Name: "Ada", Email: queue[i].UserID + "@example.com"},
		})
	}
	must(t, f.FollowTimeZone(t.Context(), queue[0].UserID, "Asia/Tokyo"))
	expected[0].TimeZone = "Asia/Tokyo"
	for _, limit := range []int{1, 3, 7, 100} {
		want(t, fmt.Sprintf("targets by %d", limit), f.remindAll(t, c.ID, limit), expected)
	}
	// People reminded of this start are left out; those reminded of another one aren't.
	reminder := f.message(queue[5], compete.MessageReminder)
	reminder.StartDate = c.StartDate
	other := f.message(queue[10], compete.MessageReminder)
	other.StartDate = f.agoPointer(-49 * time.Hour)
	f.wantDelivered(t, nil, []compete.Message{reminder, other}, 2)
	want(t, "targets after a reminder", f.remindAll(t, c.ID, 3), slices.Delete(slices.Clone(expected), 1, 2))

	// Disabled accounts aren't reminded.
	f.exec(t, `UPDATE users SET disabled_at = created_at WHERE id = $1`, queue[15].UserID)
	want(t, "targets beside a disabled account", f.remindAll(t, c.ID, 3),
		append(expected[:1:1], expected[2], expected[4], expected[5], expected[6]))

	undated := f.addCompetition(t, organizer, func(c *compete.Competition) { c.StartDate = nil })
	f.addRegistration(t, undated.ID, compete.RegistrationConfirmed, nil)
	for _, id := range []string{undated.ID, newID(), "nonsense"} {
		if got := f.remindAll(t, id, 3); len(got) != 0 {
			t.Errorf("competition %q has %d to remind", id, len(got))
		}
	}
}

func testJointReminderTargets(t *testing.T, f *fixture, organizer compete.User) {
	var competitions []compete.Competition
	var ids []string
	var expected []compete.Target
	for i := range 4 {
		c, queue := f.addQueue(t, organizer, 11)
		if i == 2 { // who starts at no time has nobody to remind
			f.exec(t, `UPDATE competitions SET start_date = NULL WHERE id = $1`, c.ID)
			queue = nil
		}
		competitions, ids = append(competitions, c), append(ids, c.ID)
		for j := 0; j < len(queue); j += 5 {
			expected = append(expected, compete.Target{
				Notice: notice(queue[j], compete.MessageReminder), Registration: queue[j], Competition: c.Summary(),
				Participant: compete.Participant{
					ID: queue[j].UserID, Name: "Ada", Email: queue[j].UserID + "@example.com",
				},
			})
		}
	}
	for _, limit := range []int{1, 2, 3, 4, 100} {
		want(t, fmt.Sprintf("targets by %d", limit), f.remindJointly(t, ids, limit), expected)
	}
	// A reminder counts for the start that its own competition has.
	reminder := f.message(expected[0].Registration, compete.MessageReminder)
	reminder.StartDate = competitions[0].StartDate
	other := f.message(expected[3].Registration, compete.MessageReminder)
	other.StartDate = f.agoPointer(-49 * time.Hour)
	f.wantDelivered(t, nil, []compete.Message{reminder, other}, 2)
	f.exec(t, `UPDATE users SET disabled_at = created_at WHERE id = $1`, expected[4].Participant.ID)
	want(t, "targets beside some who aren't reminded", f.remindJointly(t, ids, 2),
		slices.Concat(expected[1:4], expected[5:]))
	if got := f.remindJointly(t, []string{"nonsense", newID()}, 2); len(got) != 0 {
		t.Errorf("competitions that don't exist have %d to remind", len(got))
	}
}

func (f *fixture) remindJointly(t *testing.T, competitionIDs []string, limit int) (all []compete.Target) {
	t.Helper()
	for after := (compete.ReminderPlace{}); ; {
		targets, next, err := f.JointReminderTargets(t.Context(), competitionIDs, after, limit)
		must(t, err)
		if all = append(all, targets...); next == (compete.ReminderPlace{}) {
			return all
		}
		if len(targets) > limit || next == after {
			t.Fatalf("a page of %d with limit %d, from %+v to %+v", len(targets), limit, after, next)
		}
		after = next
	}
}

func (f *fixture) remindAll(t *testing.T, competitionID string, limit int) []compete.Target {
	t.Helper()
	var all []compete.Target
	var after int64
	for {
		targets, next, err := f.ReminderTargets(t.Context(), competitionID, after, limit)
		must(t, err)
		all = append(all, targets...)
		if next == 0 {
			return all
		}
		if len(targets) > limit || next <= after {
			t.Fatalf("a page of %d with limit %d, from seq %d to %d", len(targets), limit, after, next)
		}
		after = next
	}
}
