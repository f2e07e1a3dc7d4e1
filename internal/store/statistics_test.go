package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

const (
	statOrganizer   = "00000000-0000-7000-8000-000000000001"
	statCompetition = "00000000-0000-7000-8000-000000000002"
	statOther       = "00000000-0000-7000-8000-000000000003"
)

func TestStatistics(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		noon := time.Date(2026, 6, 12, 12, 0, 0, 0, time.UTC)
		fillStatistics(t, s, noon)
		t.Run("counts", func(t *testing.T) { testCounts(t, s, noon) })
		t.Run("times", func(t *testing.T) { testTimes(t, s, noon) })
		t.Run("unread", func(t *testing.T) { testUnread(t, s) })
	})
}

// fillStatistics stores an organizer with two competitions: one with registrations 0, 1, 1 and 3 minutes after noon,
// the other with one 2 minutes after, and then one on the day before.
func fillStatistics(t *testing.T, s *store.Store, noon time.Time) {
	t.Helper()
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := s.Writer().ExecContext(t.Context(), text, args...); err != nil {
			t.Fatal(err)
		}
	}
	user := func(id, role string) {
		exec(`INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at)
			VALUES ($1, $2, 'N', 'x', $3, $4, $4)`,
			id, id+"@example.com", role, noon)
	}
	user(statOrganizer, "ORGANIZER")
	for _, id := range []string{statCompetition, statOther} {
		exec(`INSERT INTO competitions (id, title, description, location, capacity, seats_left, reg_deadline, status,
			organizer_id, created_at, updated_at)
			VALUES ($1, 'Cup', '', '', 10, 10, $2, 'PUBLISHED', $3, $2, $2)`, id, noon, statOrganizer)
	}
	for i, r := range []struct {
		competition string
		after       time.Duration
	}{
		{statCompetition, 0},
		{statCompetition, time.Minute},
		{statCompetition, 2*time.Minute - time.Microsecond},
		{statCompetition, 3 * time.Minute},
		{statOther, 2 * time.Minute},
		{statOther, -12*time.Hour - time.Microsecond},
	} {
		userID := statUser(i)
		user(userID, "PARTICIPANT")
		registration := fmt.Sprintf("00000000-0000-7000-8000-0000000002%02d", i)
		// In another zone, as a client's clock may be.
		at := noon.Add(r.after).In(time.FixedZone("", 5*3600)).UTC()
		exec(`INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at)
			VALUES ($1, $2, $3, 'CONFIRMED', $4, $5, $5)`,
			registration, userID, r.competition, i+1, at)
		for j := range i % 3 {
			exec(`INSERT INTO messages (id, user_id, registration_id, seq, kind, "to", subject, body, sent_at)
				VALUES ($1, $2, $3, $4, 'confirmed', '', '', '', $5)`,
				fmt.Sprintf("00000000-0000-7000-8000-0000000%02d3%02d", j, i), userID, registration, j+1, at)
		}
	}
	wantRecounted(t, s, 5) // one block per competition; one day of one, and two of the other
	wantRecounted(t, s, 0)
}

// wantRecounted checks how many counts were wrong before the recount.
func wantRecounted(t *testing.T, s *store.Store, wrong int) {
	t.Helper()
	if n, err := s.Recount(t.Context(), nil); n != wrong || err != nil {
		t.Errorf("%d counts were wrong, want %d; error %v", n, wrong, err)
	}
}

func statUser(i int) string { return fmt.Sprintf("00000000-0000-7000-8000-0000000001%02d", i) }

func testCounts(t *testing.T, s *store.Store, noon time.Time) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name      string
		organizer string
		from      time.Time
		days      int
		want      []int
	}{
		{"of an organizer", statOrganizer, noon.Add(-2 * day), 4, []int{0, 1, 5, 0}},
		{
			"in UTC, whatever the zone", statOrganizer, noon.Truncate(day).In(time.FixedZone("", -5*3600)), 2,
			[]int{5, 0},
		},
		{"what is outside is left out", statOrganizer, noon.Add(-day), 1, []int{1}},
		{"of nobody", statUser(0), noon, 2, []int{0, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := s.RegistrationsPerDay(t.Context(), tc.organizer, tc.from, tc.days)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

// testTimes checks that times are in ascending order, regardless of the order of arrival.
func testTimes(t *testing.T, s *store.Store, noon time.Time) {
	at := func(after time.Duration, count int) compete.TimeCount {
		return compete.TimeCount{At: noon.Add(after), Count: count}
	}
	first, second, third, fourth := at(0, 1), at(time.Minute, 2), at(2*time.Minute-time.Microsecond, 3),
		at(3*time.Minute, 4)
	for points, want := range map[int][]compete.TimeCount{
		9: {first, second, third, fourth},
		2: {first, second, fourth},
		1: {first, fourth},
	} {
		wantTimes(t, s, points, want)
	}
	if _, err := s.Writer().ExecContext(t.Context(), `UPDATE registrations SET registered_at = $2
		WHERE competition_id = $1 AND seq = 4`, statCompetition, noon.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantTimes(t, s, 9, []compete.TimeCount{
		at(-time.Hour, 1), at(0, 2), at(time.Minute, 3),
		at(2*time.Minute-time.Microsecond, 4),
	})
	got, err := s.RegistrationTimes(t.Context(), statOrganizer, "", 9)
	if err != nil || len(got) != 0 {
		t.Errorf("of nothing: %v, error %v", got, err)
	}
}

func wantTimes(t *testing.T, s *store.Store, points int, want []compete.TimeCount) {
	t.Helper()
	got, err := s.RegistrationTimes(t.Context(), statCompetition, "", points)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(0)); diff != "" {
		t.Errorf("%d points (-want +got):\n%s", points, diff)
	}
}

func testUnread(t *testing.T, s *store.Store) {
	if _, err := s.Writer().ExecContext(t.Context(), `UPDATE registrations
		SET status = 'CANCELLED', cancel_reason = 'ORGANIZER',
		blocked = user_id = $1 WHERE user_id IN ($1, $2)`, statUser(0), statUser(1)); err != nil {
		t.Fatal(err)
	}
	since := time.Date(2026, 6, 13, 12, 0, 0, 0, time.UTC)
	for user, at := range map[string]time.Time{statUser(0): since.Add(-time.Microsecond), statUser(1): since} {
		if _, err := s.Writer().ExecContext(t.Context(), `UPDATE registrations SET updated_at = $2 WHERE user_id = $1`,
			user, at); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.NewsOf(t.Context(), []string{statUser(0), statUser(1), statUser(2), statUser(4)}, since)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]compete.News{
		statUser(0): {Removed: 2}, statUser(1): {Unread: 1, Removed: 1, Lately: 1},
		statUser(2): {Unread: 2}, statUser(4): {Unread: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("news (-want +got):\n%s", diff)
	}
}
