package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestTeams(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("per person", w.sub(testTeamsPerPerson))
		t.Run("per team", w.sub(testTeamsPerTeam))
		t.Run("codes", w.sub(testTeamCodes))
		t.Run("changing", w.sub(testTeamChanges))
		t.Run("names", w.sub(testTeamNames))
		t.Run("rules", w.sub(testTeamRules))
		t.Run("board", w.sub(testTeamBoard))
		t.Run("disabled", w.sub(testDisabledMemberLeadsNoTeam))
		t.Run("prepared", w.sub(testPreparedTeams))
		t.Run("prepared, and not ready", w.sub(testUnreadyTeams))
		t.Run("questions", w.sub(testTeamQuestions))
		t.Run("what is missing", w.sub(testMissingAnswersTellNothingSensitive))
		t.Run("no team", w.sub(testNoSuchTeam))
		t.Run("review", w.sub(testTeamsAreDecidedAboutAsAWhole))
	})
}

// teamBody describes a competition with so many seats and rules for teams.
func teamBody(seats int, rules string, more ...string) string {
	return strings.Replace(competitionBody("With teams", seats), "{",
		`{"waitlist":true,"team":`+rules+`,`+strings.Join(more, ""), 1)
}

// teamUp registers somebody new with a team.
func (w *world) teamUp(competitionID, team string) (r api.Registration, token string) {
	w.t.Helper()
	token = w.signUp().Token
	w.into(w.call("POST", "/api/competitions/"+competitionID+"/register", token, `{"team":`+team+`}`),
		http.StatusCreated, &r)
	return r, token
}

func (w *world) team(id, token string) (t api.Team) {
	w.t.Helper()
	w.into(w.call("GET", "/api/teams/"+id, token, ""), http.StatusOK, &t)
	return t
}

// captained is a team whose captain is the participant, with another member.
func (w *world) captained() (competitionID, teamID, memberID string) {
	w.t.Helper()
	c := w.create(teamBody(9, `{"max":3}`))
	var r api.Registration
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[participant], `{"team":{"name":"Red"}}`),
		http.StatusCreated, &r)
	member, _ := w.teamUp(c.ID, `{"code":"`+w.team(r.TeamID, w.tokens[participant]).Code+`"}`)
	return c.ID, r.TeamID, member.UserID
}

// seeker registers somebody who looks for a team.
func (w *world) seeker(competitionID string) (registrationID string) {
	w.t.Helper()
	var r api.Registration
	w.into(w.call("POST", "/api/competitions/"+competitionID+"/register", w.signUp().Token, `{"lookingForTeam":true}`),
		http.StatusCreated, &r)
	return r.ID
}

// testDisabledMemberLeadsNoTeam: a captain can't hand over to somebody whose account is disabled.
func testDisabledMemberLeadsNoTeam(w *world) {
	_, teamID, memberID := w.captained()
	w.into(w.call("PATCH", "/api/admin/users/"+memberID, w.tokens[admin], `{"disabled":true}`), http.StatusOK, &api.User{})
	w.refused(w.call("POST", "/api/teams/"+teamID+"/captain", w.tokens[participant], `{"userId":"`+memberID+`"}`),
		http.StatusConflict, "person_disabled")
}

// testTeamBoard: captains find those who look for a team, and invite each once.
func testTeamBoard(w *world) {
	c := w.create(teamBody(9, `{"max":3}`))
	ada, adas := w.teamUp(c.ID, `{"name":"Red"}`)
	bob, bobs := w.teamUp(c.ID, `{"code":"`+w.team(ada.TeamID, adas).Code+`"}`)
	first, second := w.seeker(c.ID), w.seeker(c.ID)
	path := "/api/teams/" + ada.TeamID
	w.refused(w.call("GET", path+"/seekers", bobs, ""), http.StatusForbidden, "captain_only")
	w.refused(w.call("POST", path+"/invitations", bobs, `{"registrationId":"`+first+`"}`), http.StatusForbidden,
		"captain_only")
	for range 2 { // nobody is told twice
		if got := w.call("POST", path+"/invitations", adas, `{"registrationId":"`+first+`"}`); got.status != 204 {
			w.t.Errorf("inviting: %d %s", got.status, got.body)
		}
	}
	w.refused(w.call("POST", path+"/invitations", adas, `{"registrationId":"`+bob.ID+`"}`), http.StatusConflict,
		"not_looking")
	w.refused(w.call("POST", path+"/invitations", adas, `{"registrationID":"`+first+`","x":1}`),
		http.StatusUnprocessableEntity, "validation_failed")
	var seekers []api.Seeker
	got := w.call("GET", path+"/seekers?limit=1", adas, "")
	w.into(got, http.StatusOK, &seekers)
	if len(seekers) != 1 || seekers[0].RegistrationID != first || !seekers[0].Invited || !seekers[0].CanJoin ||
		strings.Contains(got.body, "@") {
		w.t.Errorf("the first page is %s", got.body)
	}
	w.into(w.call("GET", w.nextPage(got), adas, ""), http.StatusOK, &seekers)
	if len(seekers) != 1 || seekers[0].RegistrationID != second || seekers[0].Invited {
		w.t.Errorf("the second page is %+v", seekers)
	}
	var messages int
	if err := w.Store().Reader().QueryRowContext(w.t.Context(), `SELECT count(*) FROM messages
		WHERE kind = 'team_invited' AND registration_id = $1`, first).Scan(&messages); err != nil || messages != 1 {
		w.t.Errorf("%d invitations; error %v", messages, err)
	}
	for query, n := range map[string]int{
		"": 2, "&sort=newest": 2, "&sort=name": 2, "&sort=status": 2, "&search=nobody-at-all": 0,
		"&status=WAITLISTED": 0,
	} {
		var members []api.ParticipantRegistration
		list := "/api/competitions/" + c.ID + "/registrations?team=" + ada.TeamID + query
		w.into(w.call("GET", list, w.tokens[organizer], ""), http.StatusOK, &members)
		if len(members) != n {
			w.t.Errorf("%q lists %d members, want %d", query, len(members), n)
		}
	}
	w.refused(w.call("GET", "/api/competitions/"+c.ID+"/registrations?team=red", w.tokens[organizer], ""),
		http.StatusUnprocessableEntity, "validation_failed")
	w.refused(w.call("PATCH", "/api/registrations/"+first, w.tokens[organizer], `{"team":{}}`),
		http.StatusUnprocessableEntity, "validation_failed")
	w.refused(w.call("POST", "/api/competitions/"+c.ID+"/register", w.signUp().Token, `{"team":{}}`),
		http.StatusUnprocessableEntity, "validation_failed")
}

func testTeamsPerPerson(w *world) {
	c := w.create(teamBody(3, `{"min":2,"max":3}`))
	if c.Team == nil || c.Team.SeatUnit != compete.SeatPerPerson || c.Team.Max != 3 {
		w.t.Fatalf("the rules are %+v", c.Team)
	}
	press := "/api/competitions/" + c.ID + "/register"
	w.refused(w.call("POST", press, w.tokens[participant], ""), http.StatusUnprocessableEntity, "validation_failed")
	ada, adas := w.teamUp(c.ID, `{"name":" The  Gophers "}`)
	team := w.team(ada.TeamID, adas)
	if team.Name != "The Gophers" || team.CaptainID != ada.UserID || team.Complete || len(team.Members) != 1 {
		w.t.Errorf("the team is %+v", team)
	}
	w.refused(w.call("POST", press, w.tokens[participant], `{"team":{"name":"the gophers"}}`), http.StatusConflict,
		"team_name_taken")
	w.refused(w.call("POST", press, w.tokens[participant], `{"team":{"code":"1-00000000"}}`), http.StatusNotFound,
		"team_not_found")
	w.refused(w.call("GET", "/api/teams/"+ada.TeamID, w.tokens[participant], ""), http.StatusNotFound, "team_not_found")
	bob, bobs := w.teamUp(c.ID, `{"code":"`+strings.ToLower(team.Code)+`"}`)
	eve, eves := w.teamUp(c.ID, `{"code":"`+team.Code+`"}`)
	if bob.TeamID != ada.TeamID || bob.Seats != 1 || eve.Seats != 1 || eve.Competition.SeatsLeft != 0 {
		w.t.Errorf("bob has %+v, eve %+v", bob, eve)
	}
	w.refused(w.call("POST", press, w.tokens[participant], `{"team":{"code":"`+team.Code+`"}}`), http.StatusConflict,
		"team_full")
	w.refused(w.call("DELETE", "/api/registrations/"+ada.ID, adas, ""), http.StatusConflict, "captain_must_hand_over")
	w.refused(w.call("POST", "/api/teams/"+ada.TeamID+"/captain", bobs, `{"userId":"`+bob.UserID+`"}`),
		http.StatusForbidden, "captain_only")
	w.into(w.call("POST", "/api/teams/"+ada.TeamID+"/captain", adas, `{"userId":"`+bob.UserID+`"}`), http.StatusOK, &team)
	if team.CaptainID != bob.UserID || !team.Members[0].Captain || team.Members[0].UserID != bob.UserID {
		w.t.Errorf("after handing over, the team is %+v", team)
	}
	w.into(w.call("DELETE", "/api/registrations/"+ada.ID, adas, ""), http.StatusOK, &ada)
	if got := w.call("DELETE", "/api/teams/"+eve.TeamID+"/members/"+eve.UserID, bobs, ""); got.status != 204 {
		w.t.Errorf("removing a member: %d %s", got.status, got.body)
	}
	if now := w.team(bob.TeamID, bobs); len(now.Members) != 1 {
		w.t.Errorf("then the team is %+v", now)
	}
	for _, looking := range []bool{true, false} { // nobody is on the board who doesn't want to be
		var changed api.Registration
		w.into(w.call("PATCH", "/api/registrations/"+eve.ID, eves, fmt.Sprintf(`{"lookingForTeam":%t}`, looking)),
			http.StatusOK, &changed)
		if changed.Looking != looking {
			w.t.Errorf("looking is %t, want %t", changed.Looking, looking)
		}
	}
	w.refused(w.call("PATCH", "/api/registrations/"+eve.ID, eves, `{"team":{"code":"`+team.Code+`"}}`),
		http.StatusNotFound, "team_not_found")
	team.Code = w.team(bob.TeamID, bobs).Code
	w.into(w.call("PATCH", "/api/registrations/"+eve.ID, eves, `{"team":{"code":"`+team.Code+`"}}`), http.StatusOK, &eve)
	w.refused(w.call("DELETE", "/api/teams/"+bob.TeamID+"/members/"+bob.UserID, bobs, ""), http.StatusConflict,
		"captain_must_hand_over")
	if got := w.call("DELETE", "/api/teams/"+bob.TeamID+"/members/"+eve.UserID, eves, ""); got.status != 204 {
		w.t.Errorf("leaving a team: %d %s", got.status, got.body)
	}
	var mine []api.Registration
	w.into(w.call("GET", "/api/users/me/registrations", eves, ""), http.StatusOK, &mine)
	if left := mine[0]; left.TeamID != "" || left.Seats != 1 || left.Looking {
		w.t.Errorf("whoever left has %+v", left)
	}
	var teams []api.TeamSummary
	w.into(w.call("GET", "/api/competitions/"+c.ID+"/teams?incomplete=true", w.tokens[organizer], ""), http.StatusOK,
		&teams)
	if len(teams) != 1 || teams[0].Size != 1 || teams[0].Complete || teams[0].Captain.ID != bob.UserID {
		w.t.Errorf("the incomplete teams are %+v", teams)
	}
	w.refused(w.call("GET", "/api/competitions/"+c.ID+"/teams", bobs, ""), http.StatusForbidden, "forbidden")
	csv := w.call("GET", "/api/competitions/"+c.ID+"/registrations", w.tokens[organizer], "", "Accept: text/csv")
	if head, rest, _ := strings.Cut(csv.body, "\n"); !strings.HasSuffix(strings.TrimSpace(head), ",\"team\"") ||
		strings.Count(rest, ",\"The Gophers\"") != 1 {
		w.t.Errorf("the CSV says:\n%s", csv.body)
	}
}

func testTeamsPerTeam(w *world) {
	c := w.create(teamBody(1, `{"max":2,"seatUnit":"TEAM"}`))
	ada, adas := w.teamUp(c.ID, `{"name":"Red"}`)
	bob, bobs := w.teamUp(c.ID, `{"code":"`+w.team(ada.TeamID, adas).Code+`"}`)
	eve, eves := w.teamUp(c.ID, `{"name":"Blue"}`)
	mia, mias := w.teamUp(c.ID, `{"code":"`+w.team(eve.TeamID, eves).Code+`"}`)
	if ada.Seats != 1 || bob.Seats != 0 || bob.Status != compete.RegistrationPending ||
		eve.Status != compete.RegistrationWaitlisted || eve.Position != 1 || mia.Position != 0 ||
		mia.Status != compete.RegistrationWaitlisted || mia.Competition.Waitlisted != 1 {
		w.t.Errorf("got %+v, %+v, %+v, %+v", ada, bob, eve, mia)
	}
	if _, kim := w.teamUp(c.ID, `{"name":"Green"}`); w.mine(kim).Position != 2 || w.mine(mias).Position != 1 {
		w.t.Errorf("a member of the first team in line is %d. in it", w.mine(mias).Position)
	}
	w.refused(w.call("POST", "/api/registrations/"+mia.ID+"/accept", mias, ""), http.StatusForbidden, "captain_only")
	var team api.Team
	w.into(w.call("POST", "/api/teams/"+ada.TeamID+"/captain", adas, `{"userId":"`+bob.UserID+`"}`), http.StatusOK, &team)
	if mine := w.mine(bobs); mine.Seats != 1 {
		w.t.Errorf("the new captain's registration is %+v", mine)
	}
	w.into(w.call("DELETE", "/api/registrations/"+ada.ID, adas, ""), http.StatusOK, &ada)
	w.into(w.call("DELETE", "/api/registrations/"+bob.ID, bobs, ""), http.StatusOK, &bob)
	for _, token := range []string{eves, mias} {
		if mine := w.mine(token); mine.Status != compete.RegistrationPending &&
			mine.Status != compete.RegistrationConfirmed {
			w.t.Errorf("once the seat is free, mine is %+v", mine)
		}
	}
}

func testTeamCodes(w *world) {
	c := w.create(teamBody(9, `{"max":3}`))
	ada, adas := w.teamUp(c.ID, `{"name":"Red"}`)
	old := w.team(ada.TeamID, adas).Code
	var team api.Team
	w.into(w.call("POST", "/api/teams/"+ada.TeamID+"/code", adas, ""), http.StatusOK, &team)
	if team.Code == old {
		w.t.Error("the code stayed")
	}
	press := "/api/competitions/" + c.ID + "/register"
	token := w.signUp().Token
	w.refused(w.call("POST", press, token, `{"team":{"code":"`+old+`"}}`), http.StatusNotFound, "team_not_found")
	for n := 0; ; n++ {
		got := w.call("POST", press, token, `{"team":{"code":"`+fmt.Sprintf("%s%d", old[:len(old)-1], n%10)+`"}}`)
		if got.status == http.StatusTooManyRequests {
			break
		}
		if n > 100 || got.status != http.StatusNotFound {
			w.t.Fatalf("after %d wrong codes: %d %s", n, got.status, got.body)
		}
	}
}

func testTeamChanges(w *world) {
	c := w.create(teamBody(9, `{"max":2}`))
	ada, adas := w.teamUp(c.ID, `{"name":"Red"}`)
	bob, _ := w.teamUp(c.ID, `{"name":"Blue"}`)
	var eve api.Registration
	eves := w.signUp().Token
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", eves, ""), http.StatusCreated, &eve)
	mine := "/api/registrations/" + eve.ID
	w.into(w.call("PATCH", mine, eves, `{"lookingForTeam":true}`), http.StatusOK, &eve)
	if !eve.Looking {
		w.t.Errorf("eve is %+v", eve)
	}
	w.refused(w.call("PATCH", mine, eves, `{"team":{"id":"`+ada.TeamID+`"}}`), http.StatusForbidden, "forbidden")
	w.into(w.call("PATCH", mine, eves, `{"team":{"code":"`+w.team(ada.TeamID, adas).Code+`"}}`), http.StatusOK, &eve)
	if eve = w.mine(eves); eve.TeamID != ada.TeamID || eve.Looking {
		w.t.Errorf("eve is %+v", eve)
	}
	w.into(w.call("PATCH", mine, w.tokens[organizer], `{"team":{"id":"`+bob.TeamID+`"}}`), http.StatusOK, &eve)
	if eve.TeamID != bob.TeamID {
		w.t.Errorf("eve is %+v", eve)
	}
	w.into(w.call("PATCH", mine, eves, `{"team":null}`), http.StatusOK, &eve)
	w.into(w.call("PATCH", mine, eves, `{"team":{"name":"Green"}}`), http.StatusOK, &eve)
	if now := w.team(eve.TeamID, eves); now.Name != "Green" || now.CaptainID != eve.UserID {
		w.t.Errorf("eve's team is %+v", now)
	}
	for _, team := range []string{`{"name":"A","code":"1-00000000"}`, `{}`, `{"name":"  "}`} {
		w.refused(w.call("PATCH", mine, eves, `{"team":`+team+`}`), http.StatusUnprocessableEntity, "validation_failed")
	}
}

// testTeamNames: the captain renames the team until answers are closed, and staff at any time.
func testTeamNames(w *world) {
	c := w.create(teamBody(9, `{"max":3}`))
	ada, adas := w.teamUp(c.ID, `{"name":"Red"}`)
	_, bobs := w.teamUp(c.ID, `{"code":"`+w.team(ada.TeamID, adas).Code+`"}`)
	w.teamUp(c.ID, `{"name":"Blue"}`)
	path := "/api/teams/" + ada.TeamID
	var team api.Team
	for _, name := range []string{"red", " The  Reds "} { // its own name in another case isn't taken
		w.into(w.call("PATCH", path, adas, `{"name":"`+name+`"}`), http.StatusOK, &team)
		if want := strings.Join(strings.Fields(name), " "); team.Name != want || w.team(ada.TeamID, bobs).Name != want {
			w.t.Errorf("renamed to %q, the team is %+v", name, team)
		}
	}
	w.refused(w.call("PATCH", path, bobs, `{"name":"Green"}`), http.StatusForbidden, "captain_only")
	w.refused(w.call("PATCH", path, adas, `{"name":"BLUE"}`), http.StatusConflict, "team_name_taken")
	tooLong := strings.Repeat("x", compete.MaxTeamName+1)
	for _, body := range []string{`{"name":" "}`, `{}`, `{"name":"` + tooLong + `"}`} {
		w.refused(w.call("PATCH", path, adas, body), http.StatusUnprocessableEntity, "validation_failed")
	}
	if freed, _ := w.teamUp(c.ID, `{"name":"RED"}`); freed.TeamID == ada.TeamID {
		w.t.Error("the former name leads to the team")
	}
	if _, err := w.Store().Writer().ExecContext(w.t.Context(),
		`UPDATE competitions SET answers_until = $2 WHERE id = $1`, c.ID,
		compete.UTC(time.Now().Add(-time.Minute))); err != nil {
		w.t.Fatal(err)
	}
	w.refused(w.call("PATCH", path, adas, `{"name":"Late"}`), http.StatusConflict, "team_name_fixed")
	w.into(w.call("PATCH", path, w.tokens[organizer], `{"name":"Late"}`), http.StatusOK, &team)
	if team.Name != "Late" {
		w.t.Errorf("renamed by the organizer, the team is %+v", team)
	}
}

func testTeamRules(w *world) {
	for rules, field := range map[string]string{
		`{"max":0}`: "team.max", `{"max":51}`: "team.max", `{"min":3,"max":2}`: "team.min",
		`{"max":2,"seatUnit":"ROOM"}`: "team.seatUnit", `{"max":2,"extra":1}`: "team.extra",
		`{"min":0,"max":2}`: "team.min", `{"min":-1,"max":2}`: "team.min", `{"min":"1","max":2}`: "team.min",
	} {
		got := w.call("POST", "/api/competitions", w.tokens[organizer], teamBody(3, rules))
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, `"field":"`+field+`"`) {
			w.t.Errorf("%s: %s", rules, got.body)
		}
	}
	c := w.create(teamBody(3, `{"max":3}`))
	if c.Team.Min != 1 {
		w.t.Errorf("without a least size, it is %d", c.Team.Min)
	}
	w.teamUp(c.ID, `{"name":"Red"}`)
	change := func(rules string) answer {
		return w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"team":`+rules+`}`, "If-Match: *")
	}
	for _, rules := range []string{`null`, `{"max":2}`, `{"max":3,"seatUnit":"TEAM"}`} {
		w.refused(change(rules), http.StatusConflict, "teams_fixed")
	}
	w.into(change(`{"min":2,"max":4}`), http.StatusOK, &c)
	if c.Team.Max != 4 || c.Team.Min != 2 {
		w.t.Errorf("the rules are %+v", c.Team)
	}
	plain := w.create(competitionBody("Plain", 3))
	w.refused(w.call("POST", "/api/competitions/"+plain.ID+"/register", w.tokens[participant], `{"team":{"name":"A"}}`),
		http.StatusUnprocessableEntity, "validation_failed")
}

func testPreparedTeams(w *world) {
	c := w.create(teamBody(9, `{"max":3,"seatUnit":"TEAM"}`))
	press := "/api/competitions/" + c.ID
	prepare := func(token, team string) answer {
		return w.call("PUT", press+"/preparation", token, `{"team":`+team+`}`)
	}
	ada, bob, eve := w.signUp().Token, w.signUp().Token, w.signUp().Token
	var prepared api.Preparation
	w.into(prepare(ada, `{"name":"  Red\t"}`), http.StatusOK, &prepared)
	if prepared.Team == nil || prepared.Team.Name != "Red" {
		w.t.Errorf("ada prepared %+v", prepared)
	}
	w.into(prepare(eve, `{"name":"red"}`), http.StatusOK, &prepared)
	var r api.Registration
	w.into(w.call("POST", press+"/register", ada, ""), http.StatusCreated, &r)
	w.refused(w.call("POST", press+"/register", eve, ""), http.StatusConflict, "team_name_taken")
	code := w.team(r.TeamID, ada).Code
	w.refused(prepare(bob, `{"code":"1-00000000"}`), http.StatusNotFound, "team_not_found")
	w.into(prepare(bob, `{"code":"`+code+`"}`), http.StatusOK, &prepared)
	w.into(w.call("GET", press+"/preparation", bob, ""), http.StatusOK, &prepared)
	if prepared.Team == nil || prepared.Team.Code != code || !prepared.Ready {
		w.t.Errorf("bob prepared %+v", prepared)
	}
	w.into(w.call("POST", press+"/register", bob, "{}"), http.StatusCreated, &r)
	if now := w.team(r.TeamID, bob); len(now.Members) != 2 {
		w.t.Errorf("the team is %+v", now)
	}
}

// testUnreadyTeams: whoever prepared a team is told once they couldn't be in it any more, before they press.
func testUnreadyTeams(w *world) {
	c := w.create(teamBody(9, `{"max":2,"seatUnit":"TEAM"}`))
	press := "/api/competitions/" + c.ID
	ada, bob, cyd, eve := w.signUp().Token, w.signUp().Token, w.signUp().Token, w.signUp().Token
	prepare := func(token, team string) {
		w.into(w.call("PUT", press+"/preparation", token, `{"team":`+team+`}`), http.StatusOK, new(api.Preparation))
	}
	prepared := func(what, token, field string) {
		var p api.Preparation
		w.into(w.call("GET", press+"/preparation", token, ""), http.StatusOK, &p)
		ready := len(p.Errors) == 0
		if p.Ready != ready || ready != (field == "") || !ready && p.Errors[0].Field != field {
			w.t.Errorf("%s, what was prepared is ready: %t, with errors %v", what, p.Ready, p.Errors)
		}
	}
	prepare(eve, `{"name":"red"}`)
	prepared("before the name is taken", eve, "")
	var r api.Registration
	w.into(w.call("POST", press+"/register", ada, `{"team":{"name":"Red"}}`), http.StatusCreated, &r)
	prepared("once the name is taken", eve, "team.name")
	code := `{"code":"` + w.team(r.TeamID, ada).Code + `"}`
	prepare(bob, code)
	prepared("while there's room", bob, "")
	w.into(w.call("POST", press+"/register", cyd, `{"team":`+code+`}`), http.StatusCreated, new(api.Registration))
	prepared("once the team is full", bob, "team.code")
	w.into(w.call("DELETE", "/api/registrations/"+w.mine(cyd).ID, cyd, ""), http.StatusOK, new(api.Registration))
	prepared("with room again", bob, "")
	w.into(w.call("POST", "/api/teams/"+r.TeamID+"/code", ada, ""), http.StatusOK, new(api.Team))
	prepared("with another code", bob, "team.code")
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, ada, ""), http.StatusOK, new(api.Registration))
	prepared("once the team is gone", bob, "team.code")
	prepared("once the name is free", eve, "")
}

func testTeamQuestions(w *world) {
	c := w.create(teamBody(9, `{"max":3}`, `"questions":[
		{"id":"idea","kind":"TEXT","label":"Idea","required":true,"scope":"TEAM"},
		{"id":"shirt","kind":"TEXT","label":"Shirt","required":true}],`))
	press := "/api/competitions/" + c.ID + "/register"
	ada, bob := w.signUp().Token, w.signUp().Token
	w.refused(w.call("POST", press, ada, `{"team":{"name":"Red"},"answers":{"shirt":"M"}}`),
		http.StatusUnprocessableEntity, "validation_failed")
	var r, other api.Registration
	w.into(w.call("POST", press, ada, `{"team":{"name":"Red"},"answers":{"shirt":"M","idea":"Boats"}}`),
		http.StatusCreated, &r)
	code := w.team(r.TeamID, ada).Code
	const captains = `"field":"answers.idea","message":"must be left out: only the captain answers this, for the team"`
	for who, got := range map[string]answer{
		"bob": w.call("POST", press, bob, `{"team":{"code":"`+code+`"},"answers":{"shirt":"S","idea":"Cars"}}`),
		"staff": w.call("POST", strings.Replace(press, "/register", "/registrations", 1), w.tokens[organizer],
			`{"email":"eve@example.com","team":{"code":"`+code+`"},"answers":{"shirt":"S","idea":"Cars"}}`),
	} {
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, captains) {
			w.t.Errorf("%s answers for the team: %s", who, got.body)
		}
	}
	w.into(w.call("POST", press, bob, `{"team":{"code":"`+code+`"},"answers":{"shirt":"S"}}`), http.StatusCreated, &other)
	var team api.Team
	w.into(w.call("POST", "/api/teams/"+r.TeamID+"/captain", ada, `{"userId":"`+other.UserID+`"}`), http.StatusOK, &team)
	if mine := w.mine(bob); mine.Answers["idea"] != "Boats" || mine.Answers["shirt"] != "S" {
		w.t.Errorf("the new captain's answers are %v", mine.Answers)
	}
	if mine := w.mine(ada); mine.Answers["idea"] != nil || mine.Answers["shirt"] != "M" {
		w.t.Errorf("the former captain's answers are %v", mine.Answers)
	}
	w.into(w.call("PATCH", "/api/registrations/"+other.ID, bob, `{"answers":{"idea":"Trains"}}`), http.StatusOK, &other)
	w.refused(w.call("PATCH", "/api/registrations/"+r.ID, ada, `{"answers":{"idea":"Planes"}}`),
		http.StatusUnprocessableEntity, "validation_failed")
	w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"questions":[
		{"id":"idea","kind":"TEXT","label":"Idea","required":true,"scope":"TEAM"},
		{"id":"shirt","kind":"TEXT","label":"Shirt","required":true},
		{"id":"late","kind":"TEXT","label":"Robot","scope":"TEAM"}, {"id":"lot","kind":"TEXT","label":"Lot"}]}`,
		"If-Match: *"), http.StatusOK, new(api.Competition))
	w.wantUnanswered(c.ID, map[string]int{"idea": 0, "shirt": 0, "late": 1, "lot": 2})
}

// wantUnanswered checks how many people haven't answered questions that they are asked.
func (w *world) wantUnanswered(competitionID string, want map[string]int) {
	w.t.Helper()
	for question, n := range want {
		var rows []api.ParticipantRegistration
		w.into(w.call("GET", "/api/competitions/"+competitionID+"/registrations?unanswered="+question,
			w.tokens[organizer], ""), http.StatusOK, &rows)
		if len(rows) != n {
			w.t.Errorf("%d people haven't answered %s, want %d", len(rows), question, n)
		}
	}
}

// testMissingAnswersTellNothingSensitive: what somebody hasn't answered doesn't tell the team their sensitive answers.
func testMissingAnswersTellNothingSensitive(w *world) {
	const ill = `{"id":"ill","kind":"YES_NO","label":"Ill?","required":true,"sensitive":true}`
	c := w.create(teamBody(9, `{"max":3}`, `"questions":[`+ill+`],`))
	press := "/api/competitions/" + c.ID + "/register"
	ada, bob := w.signUp().Token, w.signUp().Token
	var r api.Registration
	w.into(w.call("POST", press, ada, `{"team":{"name":"Red"},"answers":{"ill":true}}`), http.StatusCreated, &r)
	w.into(w.call("POST", press, bob, `{"team":{"code":"`+w.team(r.TeamID, ada).Code+`"},"answers":{"ill":false}}`),
		http.StatusCreated, new(api.Registration))
	w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"questions":[`+ill+`,
		{"id":"since","kind":"ONE_OF","label":"Since when?","options":["May","June"],"required":true,
			"showIf":{"questionId":"ill","anyOf":[true]}},
		{"id":"shirt","kind":"TEXT","label":"Shirt","required":true}]}`, "If-Match: *"),
		http.StatusOK, new(api.Competition))
	for _, m := range w.team(r.TeamID, bob).Members {
		if got := strings.Join(m.Missing, ", "); got != "Shirt" {
			w.t.Errorf("the team is told that somebody hasn't answered: %s", got)
		}
	}
}

// testNoSuchTeam: a refusal speaks of a code only to somebody who sent one.
func testNoSuchTeam(w *world) {
	competitionID, teamID, memberID := w.captained()
	plain := w.registers(w.signUp().Token, competitionID)
	for what, got := range map[string]answer{
		"read":      w.call("GET", "/api/teams/"+unknownID, w.tokens[participant], ""),
		"another's": w.call("GET", "/api/teams/"+teamID, w.tokens[otherParticipant], ""),
		"moved by ID": w.call("PATCH", "/api/registrations/"+plain.ID, w.tokens[organizer],
			`{"team":{"id":"`+unknownID+`"}}`),
	} {
		w.refused(got, http.StatusNotFound, "team_not_found")
		if !strings.Contains(got.body, `"detail":"Team not found."`) {
			w.t.Errorf("%s: %s", what, got.body)
		}
	}
	for _, body := range []string{`{}`, `{"userId":null}`, `{"userId":""}`} {
		w.wantFields(w.call("POST", "/api/teams/"+teamID+"/captain", w.tokens[participant], body), "userId")
	}
	w.refused(w.call("POST", "/api/teams/"+teamID+"/captain", w.tokens[participant], `{"userId":"`+unknownID+`"}`),
		http.StatusNotFound, "team_member_not_found")
	w.into(w.call("POST", "/api/teams/"+teamID+"/captain", w.tokens[participant], `{"userId":"`+memberID+`"}`),
		http.StatusOK, new(api.Team))
}

func testTeamsAreDecidedAboutAsAWhole(w *world) {
	c := w.create(teamBody(9, `{"max":2,"seatUnit":"TEAM"}`, `"admission":"REVIEW",`))
	captain, token := w.teamUp(c.ID, `{"name":"Red"}`)
	member, _ := w.teamUp(c.ID, `{"code":"`+w.team(captain.TeamID, token).Code+`"}`)
	decide := "/api/competitions/" + c.ID + "/decisions"
	reviews := func(r api.Registration) string { return "/api/registrations/" + r.ID + "/reviews" }
	for what, got := range map[string]answer{
		"decision":         w.call("POST", decide, w.tokens[organizer], decisions("ADMIT", captain, member)),
		"another decision": w.call("POST", decide, w.tokens[organizer], decisions("REJECT", member)),
		"review":           w.call("POST", reviews(member), w.tokens[organizer], `{"score":4}`),
	} {
		w.refused(got, http.StatusConflict, "not_decidable")
		if !strings.Contains(got.body, "through its captain's registration") {
			w.t.Errorf("%s about a member: %s", what, got.body)
		}
	}
	w.review(organizer, captain, `{"score":4}`)
	if state := w.decide(c, decisions("ADMIT", captain)); state.Counts.Admit != 1 {
		w.t.Errorf("the state is %+v", state)
	}
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/cancel", w.tokens[organizer], ""), http.StatusOK, &c)
	w.refused(w.call("POST", reviews(captain), w.tokens[organizer], `{"score":5}`), http.StatusConflict,
		"competition_cancelled")
}

// TestInvitationsAreLimited: a captain who renews the code over and over can't send people messages without end.
func TestInvitationsAreLimited(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
			c.LimitInvitations = 2
		}})
		path := "/api/competitions/" + a.As(compete.RoleOrganizer).Create(map[string]any{
			"team": map[string]any{"max": 3},
		}) + "/register"
		register := func(entry map[string]any) (*apptest.Client, api.Registration) {
			var r api.Registration
			c := a.As(compete.RoleParticipant)
			c.Do(http.MethodPost, path, entry).Want(t, http.StatusCreated).JSON(t, &r)
			return c, r
		}
		captain, own := register(map[string]any{"team": map[string]any{"name": "Red"}})
		_, seeker := register(map[string]any{"lookingForTeam": true})
		team := "/api/teams/" + own.TeamID
		invite := func() *apptest.Answer {
			return captain.Do(http.MethodPost, team+"/invitations", map[string]any{"registrationId": seeker.ID})
		}
		disabled, theirs := register(map[string]any{"lookingForTeam": true})
		a.As(compete.RoleAdmin).Do(http.MethodPatch, "/api/admin/users/"+disabled.User.ID,
			map[string]any{"disabled": true}).Want(t, http.StatusOK)
		captain.Do(http.MethodPost, team+"/invitations", map[string]any{"registrationId": theirs.ID}).WantCode(t,
			http.StatusConflict, "not_looking")
		invite().Want(t, http.StatusNoContent)
		invite().Want(t, http.StatusNoContent) // no message
		captain.Do(http.MethodPost, team+"/code", nil).Want(t, http.StatusOK)
		invite().Want(t, http.StatusNoContent)
		captain.Do(http.MethodPost, team+"/code", nil).Want(t, http.StatusOK)
		invite().WantCode(t, http.StatusTooManyRequests, "quota_used")
	})
}
