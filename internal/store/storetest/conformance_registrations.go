package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/normal"
)

func testRegistrations(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	t.Run("of a user in a competition", func(t *testing.T) { testRegistrationOf(t, f, organizer) })
	t.Run("of a user", func(t *testing.T) { testRegistrationsOfUser(t, f, organizer) })
	t.Run("of a competition", func(t *testing.T) { testRegistrationsOfCompetition(t, f, organizer) })
	t.Run("of a competition, sorted", func(t *testing.T) { testRegistrationSorts(t, f, organizer) })
	t.Run("search", func(t *testing.T) { testRegistrationSearch(t, f, organizer) })
	t.Run("checks of the database", func(t *testing.T) { testRegistrationChecks(t, f, organizer) })
}

// addQueue stores a competition with registrations whose states go round, so that who waits is spread among the others.
// It returns them as they come back, with their positions.
func (f *fixture) addQueue(t *testing.T, organizer compete.User, n int) (compete.Competition, []compete.Registration) {
	t.Helper()
	c := f.addCompetition(t, organizer, nil)
	f.addRegistration(t, f.addCompetition(t, organizer, nil).ID, compete.RegistrationWaitlisted, nil) // another's queue
	states := []compete.RegistrationStatus{compete.RegistrationConfirmed, compete.RegistrationWaitlisted, compete.RegistrationCancelled, compete.RegistrationWaitlisted, compete.RegistrationPending}
	queue := make([]compete.Registration, n)
	waiting := 0
	for i := range queue {
		queue[i] = f.addRegistration(t, c.ID, states[i%len(states)], func(r *compete.Registration) {
			r.RegisteredAt, r.UpdatedAt, r.PromotedAt = f.ago(time.Hour-time.Duration(i)*time.Microsecond), f.ago(time.Minute), f.agoPointer(time.Second)
		})
		if queue[i].Status == compete.RegistrationWaitlisted {
			waiting++
			queue[i].Position = waiting
		}
	}
	return c, queue
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
		c, queue := f.addQueue(t, organizer, 4) // the last of the queue waits at position 2
		r := queue[3]
		r.UserID, r.RegisteredAt = user.ID, compete.UTC(f.ago(time.Duration(i/3)*time.Minute)) // in threes at the same moment
		f.exec(t, `UPDATE registrations SET user_id = $2, registered_at = $3 WHERE id = $1`, r.ID, r.UserID, r.RegisteredAt)
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

func testRegistrationsOfCompetition(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 47)
	for _, status := range []compete.RegistrationStatus{"", compete.RegistrationPending, compete.RegistrationConfirmed, compete.RegistrationWaitlisted, compete.RegistrationCancelled} {
		var expected []compete.ParticipantRegistration
		for _, r := range queue {
			if status == "" || r.Status == status {
				expected = append(expected, compete.ParticipantRegistration{Registration: r, Participant: compete.Participant{ID: r.UserID, Name: "Ada", Email: r.UserID + "@example.com"}})
			}
		}
		for _, limit := range []int{1, 6, 100} {
			got := walk(t, "seq", func(cursor compete.Cursor) (compete.Page[compete.ParticipantRegistration], error) {
				return f.RegistrationsOfCompetition(t.Context(), c.ID, compete.RegistrationFilter{Status: status, Cursor: cursor, Limit: limit})
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

// testRegistrationSorts lists in every order, of all and of each status, by pages of every size, with each row once and its place in line.
func testRegistrationSorts(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 23)
	names := []string{"zoë", "Bob", "ada", "Zoë", "bob", "Émile", "אבי", "Ada L. (x)", "a.b", "Bob"}
	all := make([]compete.ParticipantRegistration, len(queue))
	for i, r := range queue {
		name := names[i%len(names)]
		f.exec(t, `UPDATE users SET name = $2, search_text = NULL WHERE id = $1`, r.UserID, name)
		all[i] = compete.ParticipantRegistration{Registration: r, Participant: compete.Participant{ID: r.UserID, Name: name, Email: r.UserID + "@example.com"}}
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
		for _, status := range append(compete.RegistrationStatuses, "") {
			expected := slices.DeleteFunc(slices.Clone(all), func(p compete.ParticipantRegistration) bool { return status != "" && p.Status != status })
			slices.SortFunc(expected, compare)
			for _, limit := range []int{1, 5, 23, 100} {
				got := walk(t, sort.List(), func(cursor compete.Cursor) (compete.Page[compete.ParticipantRegistration], error) {
					again, err := compete.ParseCursor(sort.List(), cursor.String())
					must(t, err)
					return f.RegistrationsOfCompetition(t.Context(), c.ID, compete.RegistrationFilter{Status: status, Sort: sort, Cursor: again, Limit: limit})
				})
				want(t, fmt.Sprintf("%q by %s, %d at a time", status, sort, limit), got, expected)
			}
		}
		for _, text := range []string{"", "\x00", "\xff", "nonsense"} {
			for _, cursor := range outOfBounds(sort.List()) {
				cursor.Text = text
				_, err := f.RegistrationsOfCompetition(t.Context(), c.ID, compete.RegistrationFilter{Sort: sort, Cursor: cursor, Limit: 5})
				must(t, err)
			}
		}
	}
}

func testRegistrationSearch(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 6)
	f.exec(t, `UPDATE users SET name = 'Özgür Ünal', email = 'ozzy@100%.example' WHERE id = $1`, queue[3].UserID)
	for search, found := range map[string]int{
		"özg": 1, "ÜNAL öz": 1, "gür": 1, "ozzy@": 1, "zzy": 1, "100%.": 1, "%": 1, "_": 0, "example": 6, "example.com": 5, "ada": 5, "nobody": 0, "ada nobody": 0,
		"'": 0, "\\": 0, "\x00": 0, "": 6, " ": 6,
	} {
		page, err := f.RegistrationsOfCompetition(t.Context(), c.ID, compete.RegistrationFilter{Search: search, Limit: 100})
		must(t, err)
		if len(page.Items) != found {
			t.Errorf("search %q finds %d, want %d", search, len(page.Items), found)
		}
		f.wantStatuses(t, c.ID, search, page.Items)
	}
	for _, id := range append([]string{newID()}, notIDs...) {
		f.wantStatuses(t, id, "", nil)
	}
	page, err := f.RegistrationsOfCompetition(t.Context(), c.ID, compete.RegistrationFilter{Search: "özgür", Limit: 100})
	must(t, err)
	want(t, "position of one that was searched for", page.Items[0].Position, queue[3].Position)
}

// wantStatuses expects as many of each status as there are in a list.
func (f *fixture) wantStatuses(t *testing.T, competitionID, search string, rows []compete.ParticipantRegistration) {
	t.Helper()
	expected := map[compete.RegistrationStatus]int{}
	for _, r := range rows {
		expected[r.Status]++
	}
	got, err := f.RegistrationsByStatus(t.Context(), competitionID, search)
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

func testMailbox(t *testing.T, f *fixture) {
	user, stranger := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	organizer := f.addUser(t, compete.RoleOrganizer)
	r := f.addRegistration(t, f.addCompetition(t, organizer, nil).ID, compete.RegistrationConfirmed, nil)
	var expected []compete.Message
	add := func(m compete.Message) {
		t.Helper()
		if n, err := f.Deliver(t.Context(), nil, []compete.Message{m}, f.now); err != nil || n != 1 {
			t.Fatalf("Deliver wrote %d: %v", n, err)
		}
		m.StartDate, m.SentAt, m.ReadAt = stored(m.StartDate), compete.UTC(m.SentAt), stored(m.ReadAt)
		expected = append(expected, m)
	}
	about := compete.Message{
		ID: newID(), UserID: user.ID, RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageReminder, StartDate: f.agoPointer(-time.Hour),
		To: user.Email, Subject: "Tomorrow: Spring Cup", Body: "Line one\n\n— two", SentAt: f.ago(-time.Minute),
	}
	add(about)
	for i := range 11 { // in threes at the same moment
		add(compete.Message{ID: newID(), UserID: user.ID, Kind: "welcome", To: user.Email, Subject: fmt.Sprint(i), Body: "b", SentAt: f.ago(time.Duration(i/3) * time.Second)})
	}
	slices.SortFunc(expected, func(a, b compete.Message) int { return cmp.Or(b.SentAt.Compare(a.SentAt), cmp.Compare(b.ID, a.ID)) })
	got := walk(t, "messages", func(c compete.Cursor) (compete.Page[compete.Message], error) {
		return f.Messages(t.Context(), user.ID, c, 4)
	})
	want(t, "messages", got, expected)
	for _, cursor := range outOfBounds("messages") {
		_, err := f.Messages(t.Context(), user.ID, cursor, 4)
		must(t, err)
	}

	message, err := f.Message(t.Context(), user.ID, about.ID)
	must(t, err)
	want(t, "message", message, expected[0])
	for _, ids := range [][2]string{{stranger.ID, about.ID}, {user.ID, newID()}, {user.ID, "x"}, {"\x00", about.ID}} {
		_, err := f.Message(t.Context(), ids[0], ids[1])
		wantError(t, fmt.Sprintf("Message %q", ids), err, compete.ErrMessageMissing)
		_, err = f.ReadMessage(t.Context(), ids[0], ids[1], f.now)
		wantError(t, fmt.Sprintf("ReadMessage %q", ids), err, compete.ErrMessageMissing)
	}
	f.wantUnread(t, user, 12)
	expected[0].ReadAt = stored(f.agoPointer(0))
	for _, now := range []time.Time{f.now, f.ago(-time.Minute)} { // it is read once
		message, err = f.ReadMessage(t.Context(), user.ID, about.ID, now)
		must(t, err)
		want(t, "message that was read", message, expected[0])
	}
	f.wantUnread(t, user, 11)
	must(t, f.ReadAllMessages(t.Context(), stranger.ID, f.now))
	must(t, f.ReadAllMessages(t.Context(), "nonsense", f.now))
	f.wantUnread(t, user, 11)
	must(t, f.ReadAllMessages(t.Context(), user.ID, f.now))
	f.wantUnread(t, user, 0)
	message, err = f.Message(t.Context(), user.ID, about.ID)
	must(t, err)
	want(t, "message that was read before the others", message, expected[0])
	for _, id := range append([]string{newID()}, notIDs...) {
		page, err := f.Messages(t.Context(), id, compete.Cursor{}, 4)
		must(t, err)
		if n, err := f.UnreadMessages(t.Context(), id); len(page.Items) != 0 || n != 0 || err != nil {
			t.Errorf("user %q has %d messages, %d unread: %v", id, len(page.Items), n, err)
		}
	}
}

func (f *fixture) wantUnread(t *testing.T, u compete.User, n int) {
	t.Helper()
	got, err := f.UnreadMessages(t.Context(), u.ID)
	must(t, err)
	want(t, "unread messages", got, n)
}
