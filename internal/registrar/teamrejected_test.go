package registrar_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// applyingSingly is applyingTeam with seats for people, and a deadline in a day.
func (a *fixture) applyingSingly(t *testing.T, r *registrar.Registrar) (id string, members []compete.Registration) {
	t.Helper()
	id, members = a.applyingTeam(t, r)
	if _, err := a.db.Writer().ExecContext(t.Context(), `UPDATE competitions SET reg_deadline = $2, team = $3
		WHERE id = $1`, id, compete.UTC(time.Now().Add(24*time.Hour)),
		`{"min":3,"max":5,"seatUnit":"PERSON"}`); err != nil {
		t.Fatal(err)
	}
	if _, err := a.db.Writer().ExecContext(t.Context(), `UPDATE registrations SET follows = $2
		WHERE competition_id = $1`, id, false); err != nil {
		t.Fatal(err)
	}
	return id, members
}

// decide drafts decisions about some of the registrations and releases them.
func (a *fixture) decide(
	t *testing.T, r *registrar.Registrar, competitionID string, d compete.Decision, about ...compete.Registration,
) {
	t.Helper()
	a.draft(t, competitionID, func(int) compete.Decision { return d }, about...)
	a.startRelease(t, competitionID)
	releaseAll(t, r, competitionID)
}

// TestRejectedCaptain: where people are decided about singly, a captain who was rejected is succeeded by a member who
// wasn't, who gets the answers for the team and is warned if the team is too small now. A team in which everybody was
// rejected takes nobody, until one of them is admitted after all, who leads it then.
func TestRejectedCaptain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 4)
		all := a.people
		a.people = all[:3]
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id, members := a.applyingSingly(t, r)
		wantCaptain := func(what string, person int) {
			t.Helper()
			one, err := db.Team(t.Context(), members[0].TeamID)
			must(t, err)
			want(t, what, one.CaptainID, all[person].UserID)
		}
		warned := func(person int) bool {
			t.Helper()
			text, args := `CAST(args AS text)`, ""
			if db.DB().OneWriter() { // SQLite
				text = `json(args)`
			}
			must(t, db.Reader().QueryRowContext(t.Context(), `SELECT `+text+` FROM river_job
				WHERE kind = 'notify' AND `+text+` LIKE '%team_too_small%' ORDER BY id DESC LIMIT 1`).Scan(&args))
			var job compete.NotifyJob
			must(t, json.Unmarshal([]byte(args), &job))
			return job.Runs[0].First == members[person].Seq && job.Len() == 1
		}
		a.decide(t, r, id, compete.DecisionReject, members[0])
		wantCaptain("the captain was rejected", 1)
		answers, err := db.AnswersOf(t.Context(), members[1].ID)
		must(t, err)
		if !maps.Equal(answers, compete.Answers{"idea": "Boats", "shirt": "S"}) {
			t.Errorf("the new captain's answers are %v", answers)
		}
		want(t, "the new captain is warned of a team that is too small now", warned(1), true)

		a.decide(t, r, id, compete.DecisionReject, members[1:]...)
		wantCaptain("everybody was rejected", 2)
		join := compete.RegisterCommand{Actor: all[3], CompetitionID: id, Entry: compete.Entry{
			Answers: compete.Answers{"shirt": "S"},
		}}
		one, err := db.Team(t.Context(), members[0].TeamID)
		must(t, err)
		join.Entry.Team.Code = one.Code(plainSealer{})
		_, err = r.Register(t.Context(), join)
		wantError(t, "joining those who were rejected", err, compete.ErrTeamClosed)

		a.decide(t, r, id, compete.DecisionAdmit, members[1])
		wantCaptain("one was admitted after all", 1)
		_, err = r.Register(t.Context(), join)
		must(t, err)
		_, err = r.HandOver(t.Context(), compete.MemberCommand{
			TeamCommand: compete.TeamCommand{Actor: all[1], CompetitionID: id, TeamID: one.ID}, UserID: all[3].UserID,
		})
		must(t, err)
		wantCaptain("the role was handed over", 3)
	})
}

// TestRejectedMemberOfAFullTeam: who is admitted or waitlisted after all keeps their team only if nobody has taken the
// place in the meantime. Else they are taken out of it, and are told so.
func TestRejectedMemberOfAFullTeam(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		for name, d := range map[string]compete.Decision{
			"admitted": compete.DecisionAdmit, "waitlisted": compete.DecisionWaitlist,
		} {
			t.Run(name, func(t *testing.T) { testRejectedMemberOfAFullTeam(t, db, d) })
		}
	})
}

func testRejectedMemberOfAFullTeam(t *testing.T, db *store.Store, d compete.Decision) {
	a := newFixture(t, db, 6)
	all := a.people
	a.people = all[:4]
	r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
	id, members := a.applyingSingly(t, r)
	a.decide(t, r, id, compete.DecisionReject, members[2:]...)
	one, err := db.Team(t.Context(), members[0].TeamID)
	must(t, err)
	for _, person := range all[4:] { // up to four of five
		entry := compete.Entry{
			Answers: compete.Answers{"shirt": "S"}, Team: compete.TeamChoice{Code: one.Code(plainSealer{})},
		}
		_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: person, CompetitionID: id, Entry: entry})
		must(t, err)
	}
	a.decide(t, r, id, d, members[2:]...)
	for i, inTeam := range []bool{true, false} {
		got, err := db.RegistrationOf(t.Context(), all[2+i].UserID, id)
		must(t, err)
		if !got.Status.Hopeful() || (got.TeamID == one.ID) != inTeam || got.Looking {
			t.Errorf("member %d is %s, in team %q, looking: %t; want them in it: %t, and not looking", 2+i, got.Status,
				got.TeamID, got.Looking, inTeam)
		}
	}
	left, err := db.Members(t.Context(), one.ID)
	must(t, err)
	want(t, "members", len(left), 5)
}
