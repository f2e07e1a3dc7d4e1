package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestRegistrations(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("of a user in a competition", func(t *testing.T) { testRegistrationOf(t, f, organizer) })
		t.Run("of a user", func(t *testing.T) { testRegistrationsOfUser(t, f, organizer) })
		t.Run("checks of the database", func(t *testing.T) { testRegistrationChecks(t, f, organizer) })
	})
}

func testRegistrationOf(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 12)
	for _, r := range queue {
		got, err := f.RegistrationOf(t.Context(), r.UserID, c.ID)
		must(t, err)
		want(t, "registration", got, r)
	}
	_, err := f.RegistrationOf(t.Context(), organizer.ID, c.ID)
	wantError(t, "who never registered", err, compete.ErrRegistrationGone)
	for _, id := range notIDs {
		_, err := f.RegistrationOf(t.Context(), id, c.ID)
		wantError(t, fmt.Sprintf("user %q", id), err, compete.ErrRegistrationGone)
		_, err = f.RegistrationOf(t.Context(), organizer.ID, id)
		wantError(t, fmt.Sprintf("competition %q", id), err, compete.ErrRegistrationGone)
	}
}

func testRegistrationsOfUser(t *testing.T, f *fixture, organizer compete.User) {
	user := f.addUser(t, compete.RoleParticipant)
	var expected []compete.MyRegistration
	for i := range 12 {
		c, queue := f.addQueue(t, organizer, 4) // the last in line has position 2
		r := queue[3]
		// three at the same time
		r.UserID, r.RegisteredAt = user.ID, compete.UTC(f.ago(time.Duration(i/3)*time.Minute))
		f.exec(t, `UPDATE registrations SET user_id = $2, registered_at = $3 WHERE id = $1`, r.ID,
			r.UserID, r.RegisteredAt)
		expected = append(expected, compete.MyRegistration{Registration: r, Competition: c.Summary()})
	}
	slices.SortFunc(expected, func(a, b compete.MyRegistration) int {
		return cmp.Or(b.RegisteredAt.Compare(a.RegisteredAt), cmp.Compare(b.ID, a.ID))
	})
	got := walk(t, "registered", func(c compete.Cursor) (compete.Page[compete.MyRegistration], error) {
		return f.RegistrationsOfUser(t.Context(), user.ID, c, 5)
	})
	want(t, "registrations", got, expected)
	for _, id := range append([]string{organizer.ID}, notIDs...) {
		page, err := f.RegistrationsOfUser(t.Context(), id, compete.Cursor{}, 5)
		must(t, err)
		if len(page.Items) != 0 {
			t.Errorf("user %q has %d registrations", id, len(page.Items))
		}
	}
	for _, cursor := range outOfBounds("registered") {
		_, err := f.RegistrationsOfUser(t.Context(), user.ID, cursor, 5)
		must(t, err)
	}
}

// wantStatuses expects as many of each status as there are in a list.
func (f *fixture) wantStatuses(t *testing.T, competitionID, search string, rows []compete.ParticipantRegistration) {
	t.Helper()
	expected := map[compete.RegistrationStatus]int{}
	for _, r := range rows {
		expected[r.Status]++
	}
	got, err := f.RegistrationsByStatus(t.Context(), competitionID, compete.RegistrationFilter{Search: search}, true)
	must(t, err)
	want(t, fmt.Sprintf("statuses of what %q finds", search), got, expected)
}

func testRegistrationChecks(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	first := f.addRegistration(t, c.ID, compete.RegistrationPending, nil)
	save := func(change func(*compete.Registration)) error {
		r := first
		r.ID, r.UserID, r.Seq = newID(), organizer.ID, first.Seq+1
		change(&r)
		return f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
			return tx.Write(t.Context(), compete.LedgerChanges{Inserted: []compete.Registration{r}})
		})
	}
	for what, change := range map[string]func(*compete.Registration){
		"a second one of the same user":     func(r *compete.Registration) { r.UserID = first.UserID },
		"a sequence number that was given":  func(r *compete.Registration) { r.Seq = first.Seq },
		"sequence number zero":              func(r *compete.Registration) { r.Seq = 0 },
		"an unknown status":                 func(r *compete.Registration) { r.Status = "MAYBE" },
		"an unknown competition":            func(r *compete.Registration) { r.CompetitionID = newID() },
		"a user who does not exist anymore": func(r *compete.Registration) { r.UserID = newID() },
	} {
		wantError(t, what, save(change), compete.ErrConstraint)
	}
}
