package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestMailbox(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
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
			ID: newID(), UserID: user.ID, RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageReminder,
			StartDate: f.agoPointer(-time.Hour),
			To:        user.Email, Subject: "Tomorrow: Spring Cup", Body: "Line one\n\n— two",
			SentAt: f.ago(-time.Minute),
		}
		add(about)
		for i := range 11 { // three at the same time
			add(compete.Message{
				ID: newID(), UserID: user.ID, Kind: "welcome", To: user.Email, Subject: fmt.Sprint(i),
				Body: "b", SentAt: f.ago(time.Duration(i/3) * time.Second),
			})
		}
		slices.SortFunc(expected,
			func(a, b compete.Message) int { return cmp.Or(b.SentAt.Compare(a.SentAt), cmp.Compare(b.ID, a.ID)) })
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
		for _, ids := range [][2]string{
			{stranger.ID, about.ID},
			{user.ID, newID()},
			{user.ID, "x"},
			{"\x00", about.ID},
		} {
			_, err := f.Message(t.Context(), ids[0], ids[1])
			wantError(t, fmt.Sprintf("Message %q", ids), err, compete.ErrMessageMissing)
			_, err = f.ReadMessage(t.Context(), ids[0], ids[1], f.now)
			wantError(t, fmt.Sprintf("ReadMessage %q", ids), err, compete.ErrMessageMissing)
		}
		f.wantUnread(t, user, 12)
		expected[0].ReadAt = stored(f.agoPointer(0))
		for _, now := range []time.Time{f.now, f.ago(-time.Minute)} { // only the first read counts
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
	})
}

func (f *fixture) wantUnread(t *testing.T, u compete.User, n int) {
	t.Helper()
	got, err := f.UnreadMessages(t.Context(), u.ID)
	must(t, err)
	want(t, "unread messages", got, n)
}
