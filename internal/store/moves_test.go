package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestMoves(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("end once", func(t *testing.T) { testEndMove(t, f, organizer) })
		t.Run("targets", func(t *testing.T) { testMoveTargets(t, f, organizer) })
		t.Run("are told once each", func(t *testing.T) { testDeliverMoves(t, f, organizer) })
	})
}

// relocate moves a competition, as the registrar does, and returns the id of the move that the change began or joined.
func (f *fixture) relocate(t *testing.T, c *compete.Competition, location string) string {
	t.Helper()
	id := newID()
	must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
		state, err := tx.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{c.ID}})
		if err != nil {
			return err
		}
		moved := &state.Competitions[0]
		move := compete.LedgerMove{CompetitionID: c.ID, ID: id, Before: moved.Schedule(), BeforeSeq: moved.NextSeq}
		moved.Location, moved.ContentSet = location, true
		moved.Version++
		return tx.Write(t.Context(),
			compete.LedgerChanges{Competitions: state.Competitions, Moves: []compete.LedgerMove{move}})
	}))
	got, err := f.Competition(t.Context(), c.ID)
	must(t, err)
	*c = got
	return id
}

func testEndMove(t *testing.T, f *fixture, organizer compete.User) {
	ended := func(c compete.Competition, moveID string) []queued {
		t.Helper()
		jobs := f.enqueued(t)
		must(t, f.EndMove(t.Context(), c.ID, moveID))
		return jobs()
	}
	c := f.addCompetition(t, organizer, nil)
	before := c.Schedule()
	first := f.relocate(t, &c, "Hall 4")
	f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
	joined := f.relocate(t, &c, "Hall 5")
	if got := ended(c, joined); len(got) != 0 {
		t.Errorf("a change that joined a move ended it: %v", got)
	}
	want(t, "jobs of the first change", ended(c, first), inQueue(t, compete.TellMoveJob{
		CompetitionID: c.ID, Move: compete.Move{ID: first, Before: before, After: c.Schedule()}, BeforeSeq: 2,
	}))
	if got := ended(c, first); len(got) != 0 {
		t.Errorf("a move ended twice: %v", got)
	}

	away := f.relocate(t, &c, "Away")
	f.relocate(t, &c, "Hall 5")
	if got := ended(c, away); len(got) != 0 {
		t.Errorf("a move there and back is told of: %v", got)
	}
	cancelled := f.relocate(t, &c, "Hall 6")
	f.exec(t, `UPDATE competitions SET status = 'CANCELLED' WHERE id = $1`, c.ID)
	if got := ended(c, cancelled); len(got) != 0 {
		t.Errorf("a move of a cancelled competition is told of: %v", got)
	}
	for _, id := range notIDs {
		must(t, f.EndMove(t.Context(), id, first))
		must(t, f.EndMove(t.Context(), c.ID, id))
	}
}

func testMoveTargets(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 12) // every fifth from the third is cancelled: 2, 7
	end := compete.UTC(f.ago(-time.Hour))
	job := compete.TellMoveJob{
		CompetitionID: c.ID, BeforeSeq: queue[10].Seq,
		Move: compete.Move{ID: newID(), After: compete.Schedule{End: &end}},
	}
	f.exec(t, `UPDATE users SET disabled_at = created_at WHERE id = $1`, queue[4].UserID)
	var expected []compete.Target
	for _, i := range []int{0, 1, 3, 5, 6, 8, 9} {
		n := notice(queue[i], compete.MessageChanged)
		n.Move = &job.Move
		queue[i].Position = 0
		expected = append(expected, compete.Target{
			Notice: n, Registration: queue[i], Competition: c.Summary(),
			Participant: compete.Participant{ID: queue[i].UserID, Name: "Ada", Email: queue[i].UserID + "@example.com"},
		})
	}
	must(t, f.FollowTimeZone(t.Context(), queue[0].UserID, "Asia/Tokyo"))
	expected[0].TimeZone = "Asia/Tokyo"
	for _, limit := range []int{1, 3, 100} {
		var got []compete.Target
		job.AfterSeq = 0
		for more := true; more; more = job.AfterSeq != 0 {
			page, next, err := f.MoveTargets(t.Context(), job, limit)
			must(t, err)
			got, job.AfterSeq = append(got, page...), next
		}
		want(t, "targets", got, expected)
	}
	var kept compete.Notice // a notice is stored as JSON if its message fails
	encoded, err := json.Marshal(expected[0].Notice)
	must(t, err)
	must(t, json.Unmarshal(encoded, &kept))
	got, err := f.Targets(t.Context(), []compete.Notice{kept})
	must(t, err)
	want(t, "targets of a notice that was kept", got, expected[:1])
}

func testDeliverMoves(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	confirmed := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
	waiting := f.addRegistration(t, c.ID, compete.RegistrationWaitlisted, nil)
	cancelled := f.addRegistration(t, c.ID, compete.RegistrationCancelled, nil)
	about := func(moveID string) []compete.Message {
		var messages []compete.Message
		for _, r := range []compete.Registration{confirmed, waiting, cancelled} {
			m := f.message(r, compete.MessageChanged)
			m.OccasionID = moveID
			messages = append(messages, m)
		}
		return messages
	}
	first, second := newID(), newID()
	f.wantDelivered(t, nil, about(first), 2)
	f.wantDelivered(t, nil, about(first), 0)
	f.wantDelivered(t, nil, about(second), 2)
}
