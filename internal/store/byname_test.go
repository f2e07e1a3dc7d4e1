package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// A list by name has each participant once and in order, however many users it looks at and however few of them are
// registered.
func TestParticipantsByName(t *testing.T) {
	t.Parallel()
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		db := openAt(t, url)
		now := newUser().CreatedAt
		competition := compete.Competition{
			ID: newUser().ID,
			CompetitionContent: compete.CompetitionContent{
				Title: "Cup", Capacity: 100, RegDeadline: now.AddDate(1, 0, 0),
			},
			SeatsLeft: 100, Status: compete.StatusPublished, Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		var expected []named
		tx, err := db.Writer().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		exec := func(text string, args ...any) {
			t.Helper()
			if _, err := tx.ExecContext(t.Context(), text, args...); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 400 {
			u := newUser()
			u.Name = fmt.Sprintf("%c%d", 'A'+rune(i*7%26), i)
			if i%40 == 0 {
				u.Name = strings.Repeat("Ünal ", 50) // the index has the beginning only
			}
			folded := normal.People(u.Name, u.Email)
			exec(`INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at, search_text)
				VALUES ($1, $2, $3, '', 'PARTICIPANT', $4, $4, $5)`,
				u.ID, u.Email, u.Name, now, folded)
			if i == 0 {
				exec(`INSERT INTO competitions (id, title, capacity, seats_left, reg_deadline, status, organizer_id,
					created_at, updated_at)
					VALUES ($1, 'Cup', 100, 100, $2,
					'PUBLISHED', $3, $4, $4)`, competition.ID, competition.RegDeadline, u.ID, now)
			}
			if i%20 != 0 && i < 370 {
				continue
			}
			status := []compete.RegistrationStatus{
				compete.RegistrationConfirmed, compete.RegistrationPending,
				compete.RegistrationWaitlisted,
			}[i%3]
			exec(`INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at)
				VALUES ($1, $2, $3, $4, $5, $6, $6)`,
				uuid.NewString(), u.ID, competition.ID, string(status), i+1, now)
			expected = append(expected, named{u.ID, string([]rune(folded)[:min(200, len([]rune(folded)))]), status})
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(expected,
			func(a, b named) int { return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.id, b.id)) })
		for _, filter := range []compete.RegistrationFilter{{}, {Status: compete.RegistrationConfirmed}} {
			filter.Sort = compete.SortName
			for _, window := range []int{1, 7, 1000} {
				for _, filter.Limit = range []int{1, 4, 100} {
					for _, members := range []bool{false, true} {
						wantByName(t, db, competition.ID, filter, window, members, expected)
					}
				}
			}
		}
		checkPlans(t, db, db.Texts())
	})
}

// wantByName walks a list by name to its end.
func wantByName(
	t *testing.T, db *store.Store, competitionID string, filter compete.RegistrationFilter, window int, members bool,
	expected []named,
) {
	t.Helper()
	var got, want []string
	for _, n := range expected {
		if filter.Status == "" || n.status == filter.Status {
			want = append(want, n.id)
		}
	}
	for {
		ids, next, err := db.ByName(t.Context(), competitionID, filter, window, members)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ids...)
		if filter.Cursor = next; !next.IsZero() && len(got) <= len(want) {
			continue // a page that ends early
		}
		if len(ids) < filter.Limit || len(got) > len(want) {
			break
		}
		last := slices.IndexFunc(expected, func(n named) bool { return n.id == ids[len(ids)-1] })
		filter.Cursor = compete.Cursor{Text: expected[last].text, ID: expected[last].id}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v by %d, %d users at first, members %v:\n got %d %v\nwant %d %v", filter, filter.Limit, window,
			members, len(got), got, len(want), want)
	}
}

// named is a participant as a list by name has it.
type named struct {
	id, text string
	status   compete.RegistrationStatus
}
