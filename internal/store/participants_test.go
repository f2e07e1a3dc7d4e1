package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
)

func TestParticipants(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("pages", func(t *testing.T) { testRegistrationsOfCompetition(t, f, organizer) })
		t.Run("sorted", func(t *testing.T) { testRegistrationSorts(t, f, organizer) })
		t.Run("search", func(t *testing.T) { testRegistrationSearch(t, f, organizer) })
		t.Run("of a team", func(t *testing.T) { testRegistrationsOfTeam(t, f, organizer) })
	})
}

func testRegistrationsOfCompetition(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 47)
	for _, status := range []compete.RegistrationStatus{
		"", compete.RegistrationPending, compete.RegistrationConfirmed, compete.RegistrationOffered,
		compete.RegistrationWaitlisted, compete.RegistrationCancelled,
	} {
		var expected []compete.ParticipantRegistration
		for _, r := range queue {
			if status == "" || r.Status == status {
				expected = append(expected,
					compete.ParticipantRegistration{
						Registration: r,
						Participant:  compete.Participant{ID: r.UserID, Name: "Ada", Email: r.UserID + "@example.com"},
					})
			}
		}
		for _, limit := range []int{1, 6, 100} {
			got := walk(t, "seq", func(cursor compete.Cursor) (compete.Page[compete.ParticipantRegistration], error) {
				return f.RegistrationsOfCompetition(t.Context(), c.ID,
					compete.RegistrationFilter{Status: status, Cursor: cursor, Limit: limit})
			})
			want(t, fmt.Sprintf("status %q by %d", status, limit), got, expected)
		}
	}
	for _, id := range append([]string{newID()}, notIDs...) {
		page, err := f.RegistrationsOfCompetition(t.Context(), id, compete.RegistrationFilter{Limit: 5})
		must(t, err)
		if len(page.Items) != 0 {
			t.Errorf("competition %q has %d registrations", id, len(page.Items))
		}
	}
	for _, cursor := range outOfBounds("seq") {
		_, err := f.RegistrationsOfCompetition(t.Context(), c.ID, compete.RegistrationFilter{Cursor: cursor, Limit: 5})
		must(t, err)
	}
}

func testRegistrationsOfTeam(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 23)
	team, members := newID(), map[compete.RegistrationStatus]int{}
	f.exec(t, `INSERT INTO teams (id, competition_id, number, name, name_key, captain_id, code_version, created_at)
		VALUES ($1, $2, 1, 'Red', 'red', $3, 0, $4)`, team, c.ID, queue[2].UserID, compete.UTC(f.now))
	var expected []string
	for _, r := range queue[2:7] {
		f.exec(t, `UPDATE registrations SET team_id = $2 WHERE id = $1`, r.ID, team)
		expected = append(expected, r.ID)
		members[r.Status]++
	}
	slices.Sort(expected)
	for _, sort := range []compete.RegistrationSort{
		compete.SortArrival, compete.SortLastFirst, compete.SortName, compete.SortStatus,
	} {
		for _, search := range []string{"", "ada"} {
			filter := compete.RegistrationFilter{TeamID: team, Sort: sort, Search: search, Teams: true, Limit: 2}
			got := ids(walk(t, sort.List(),
				func(cursor compete.Cursor) (compete.Page[compete.ParticipantRegistration], error) {
					filter.Cursor = cursor
					return f.RegistrationsOfCompetition(t.Context(), c.ID, filter)
				}), func(r compete.ParticipantRegistration) string { return r.ID })
			slices.Sort(got)
			want(t, fmt.Sprintf("sorted by %s, searching %q", sort, search), got, expected)
		}
	}
	counts, err := f.RegistrationsByStatus(t.Context(), c.ID, compete.RegistrationFilter{TeamID: team}, true)
	must(t, err)
	want(t, "by status", counts, members)
}

// testRegistrationSorts lists in every order, of all and of each status, by pages of every size, with each row once and
// its place in line.
func testRegistrationSorts(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 23)
	for _, status := range []compete.RegistrationStatus{compete.RegistrationApplied, compete.RegistrationRejected} {
		i := slices.IndexFunc(queue,
			func(r compete.Registration) bool { return r.Status == compete.RegistrationCancelled })
		queue[i].Status = status
		f.exec(t, `UPDATE registrations SET status = $2 WHERE id = $1`, queue[i].ID, string(status))
	}
	names := []string{"zoë", "Bob", "ada", "Zoë", "bob", "Émile", "אבי", "Ada L. (x)", "a.b", "Bob"}
	all := make([]compete.ParticipantRegistration, len(queue))
	for i, r := range queue {
		name := names[i%len(names)]
		f.exec(t, `UPDATE users SET name = $2, search_text = NULL WHERE id = $1`, r.UserID, name)
		all[i] = compete.ParticipantRegistration{
			Registration: r,
			Participant:  compete.Participant{ID: r.UserID, Name: name, Email: r.UserID + "@example.com"},
		}
	}
	folded := func(p compete.ParticipantRegistration) string {
		return normal.People(p.Participant.Name, p.Participant.Email)
	}
	place := func(p compete.ParticipantRegistration) int {
		return slices.Index(compete.RegistrationStatuses, p.Status)
	}
	for sort, compare := range map[compete.RegistrationSort]func(a, b compete.ParticipantRegistration) int{
		compete.SortArrival:   func(a, b compete.ParticipantRegistration) int { return cmp.Compare(a.Seq, b.Seq) },
		compete.SortLastFirst: func(a, b compete.ParticipantRegistration) int { return cmp.Compare(b.Seq, a.Seq) },
		compete.SortName: func(a, b compete.ParticipantRegistration) int {
			return cmp.Or(cmp.Compare(folded(a), folded(b)), cmp.Compare(a.Seq, b.Seq))
		},
		compete.SortStatus: func(a, b compete.ParticipantRegistration) int {
			return cmp.Or(place(a)-place(b), cmp.Compare(a.Seq, b.Seq))
		},
	} {
		for _, status := range append(slices.Clone(compete.RegistrationStatuses), "") {
			expected := slices.DeleteFunc(slices.Clone(all),
				func(p compete.ParticipantRegistration) bool { return status != "" && p.Status != status })
			slices.SortFunc(expected, compare)
			for _, limit := range []int{1, 5, 23, 100} {
				got := walk(t, sort.List(), func(cursor compete.Cursor) (compete.Page[compete.ParticipantRegistration],
					error,
				) {
					again, err := compete.ParseCursor(sort.List(), cursor.String())
					must(t, err)
					return f.RegistrationsOfCompetition(t.Context(), c.ID,
						compete.RegistrationFilter{Status: status, Sort: sort, Cursor: again, Limit: limit})
				})
				want(t, fmt.Sprintf("%q by %s, %d at a time", status, sort, limit), got, expected)
			}
		}
		for _, text := range []string{"", "\x00", "\xff", "nonsense"} {
			for _, cursor := range outOfBounds(sort.List()) {
				cursor.Text = text
				_, err := f.RegistrationsOfCompetition(t.Context(), c.ID,
					compete.RegistrationFilter{Sort: sort, Cursor: cursor, Limit: 5})
				must(t, err)
			}
		}
	}
}

func testRegistrationSearch(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 6)
	f.exec(t, `UPDATE users SET name = 'Özgür Ünal', email = 'ozzy@100%.example' WHERE id = $1`, queue[3].UserID)
	for search, found := range map[string]int{
		"özg": 1, "ÜNAL öz": 1, "gür": 1, "ozzy@": 1, "zzy": 1, "100%.": 1, "%": 1, "_": 0, "example": 6,
		"example.com": 5, "ada": 5, "nobody": 0, "ada nobody": 0,
		"'": 0, "\\": 0, "\x00": 0, "": 6, " ": 6,
	} {
		page, err := f.RegistrationsOfCompetition(t.Context(), c.ID,
			compete.RegistrationFilter{Search: search, Limit: 100})
		must(t, err)
		if len(page.Items) != found {
			t.Errorf("search %q finds %d, want %d", search, len(page.Items), found)
		}
		f.wantStatuses(t, c.ID, search, page.Items)
	}
	for _, id := range append([]string{newID()}, notIDs...) {
		f.wantStatuses(t, id, "", nil)
	}
	page, err := f.RegistrationsOfCompetition(t.Context(), c.ID,
		compete.RegistrationFilter{Search: "özgür", Limit: 100})
	must(t, err)
	want(t, "position of one that was searched for", page.Items[0].Position, queue[3].Position)
}
