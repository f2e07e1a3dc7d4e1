package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestPeople(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("removal", w.sub(testRemoval))
		t.Run("removal without a word", w.sub(testSilentRemoval))
		t.Run("removals that are refused", w.sub(testBadRemovals))
		t.Run("a disabled participant", w.sub(testDisabledParticipant))
		t.Run("a disabled organizer", w.sub(testDisabledOrganizer))
		t.Run("a promoted and a demoted organizer", w.sub(testChangedRoles))
		t.Run("unpublish", w.sub(testUnpublish))
		t.Run("transfer", w.sub(testTransfer))
	})
}

// account returns a new account with a role.
func (w *world) account(role compete.Role) api.Login {
	w.t.Helper()
	var login api.Login
	body := fmt.Sprintf(`{"name":"Somebody","email":"account%d@example.com","password":"password123","role":%q}`,
		w.next(), role)
	w.into(w.call("POST", "/api/auth/signup", "", body), http.StatusCreated, &login)
	w.Verify(login.User.Email)
	return login
}

// logIn logs in to an account again.
func (w *world) logIn(account api.Login) api.Login {
	w.t.Helper()
	var login api.Login
	w.into(w.call("POST", "/api/auth/login", "", `{"email":"`+account.User.Email+`","password":"password123"}`),
		http.StatusOK, &login)
	return login
}

// change changes an account, as an admin.
func (w *world) change(account api.Login, body string) {
	w.t.Helper()
	w.into(w.call("PATCH", "/api/admin/users/"+account.User.ID, w.tokens[admin], body), http.StatusOK, &api.User{})
}

// registers registers the owner of a token, and returns the registration.
func (w *world) registers(token, competitionID string) api.Registration {
	w.t.Helper()
	var r api.Registration
	w.into(w.call("POST", "/api/competitions/"+competitionID+"/register", token, ""), http.StatusCreated, &r)
	return r
}

// refused checks for an error with a status and code.
func (w *world) refused(got answer, status int, code string) {
	w.t.Helper()
	if got.status != status || w.wantProblem(got).Code != code {
		w.t.Errorf("%s: got %d %.300s, want %d %s", got.request, got.status, got.body, status, code)
	}
}

// refusedField fails unless a request was refused for one field alone.
func (w *world) refusedField(got answer, field string) {
	w.t.Helper()
	p := w.wantProblem(got)
	if got.status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Field != field {
		w.t.Errorf("%.200s: got %d %.300s, want 422 for %s", got.request, got.status, got.body, field)
	}
}

// kinds returns the kinds of messages about a registration, oldest first.
func (w *world) kinds(token, registrationID string) []compete.MessageKind {
	w.t.Helper()
	var messages []api.Message
	w.into(w.call("GET", "/api/users/me/mailbox?limit=100", token, ""), http.StatusOK, &messages)
	var kinds []compete.MessageKind
	for _, m := range slices.Backward(messages) {
		if m.RegistrationID != nil && *m.RegistrationID == registrationID {
			kinds = append(kinds, m.Kind)
		}
	}
	return kinds
}

// mine returns the caller's newest registration.
func (w *world) mine(token string) api.Registration {
	w.t.Helper()
	var mine []api.Registration
	w.into(w.call("GET", "/api/users/me/registrations?limit=1", token, ""), http.StatusOK, &mine)
	if len(mine) != 1 {
		w.t.Fatalf("%d registrations", len(mine))
	}
	return mine[0]
}

func testRemoval(w *world) {
	c := w.competition(5)
	r := w.registration(c.ID, participant)
	body := `{"reason":" Registered twice. ","note":"See the email of 3 April.","block":true}`
	var removed api.Registration
	got := w.call("DELETE", "/api/registrations/"+r.ID, w.tokens[organizer], body)
	w.into(got, http.StatusOK, &removed)
	if removed.Status != compete.RegistrationCancelled || removed.CancelReason != compete.CancelledByOrganizer ||
		removed.Reason != "Registered twice." || !removed.Blocked {
		w.t.Errorf("removed as %s", got.body)
	}
	m := w.wait(participant, r.ID, compete.MessageRemoved)
	if !strings.Contains(m.Subject, "removed") || !strings.Contains(m.Body, "Registered twice.") ||
		strings.Contains(m.Body, "3 April") {
		w.t.Errorf("the message is %q: %s", m.Subject, m.Body)
	}
	if mine := w.call("GET", "/api/users/me/registrations", w.tokens[participant], "").body; !strings.Contains(mine,
		`"ORGANIZER"`) || strings.Contains(mine, "3 April") {
		w.t.Errorf("the person reads %.500s", mine)
	}
	var list []api.ParticipantRegistration
	w.into(w.call("GET", "/api/competitions/"+c.ID+"/registrations", w.tokens[organizer], ""), http.StatusOK, &list)
	if len(list) != 1 || list[0].Note != "See the email of 3 April." ||
		list[0].CancelReason != compete.CancelledByOrganizer {
		w.t.Errorf("the organizer reads %+v", list)
	}
	w.refused(w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[participant], ""), http.StatusForbidden,
		"registration_blocked")
	var lifted api.RegistrationState
	w.into(w.call("DELETE", "/api/registrations/"+r.ID+"/block", w.tokens[organizer], ""), http.StatusOK, &lifted)
	if lifted.Blocked || lifted.Status != compete.RegistrationCancelled {
		w.t.Errorf("lifted: %+v", lifted)
	}
	if again := w.registration(c.ID, participant); again.CancelReason != "" || again.Reason != "" {
		w.t.Errorf("registered again as %+v", again)
	}
}

func testSilentRemoval(w *world) {
	c := w.competition(5)
	quiet, told, own := w.registration(c.ID, participant), w.registration(c.ID, otherParticipant),
		w.registration(c.ID, admin)
	w.into(w.call("DELETE", "/api/registrations/"+quiet.ID, w.tokens[organizer], `{"notify":false}`), http.StatusOK,
		&api.Registration{})
	// A reason for cancelling one's own registration is ignored, whatever the role.
	w.into(w.call("DELETE", "/api/registrations/"+own.ID, w.tokens[admin], `{"notify":false,"block":true}`),
		http.StatusOK, &own)
	if own.CancelReason != compete.CancelledBySelf || own.Blocked {
		w.t.Errorf("the own registration is cancelled as %+v", own)
	}
	w.into(w.call("DELETE", "/api/registrations/"+told.ID, w.tokens[admin], "{}"), http.StatusOK, &told)
	if told.CancelReason != compete.CancelledByOrganizer || told.Blocked {
		w.t.Errorf("removed by an admin as %+v", told)
	}
	w.wait(admin, own.ID, compete.MessageCancelled)
	w.wait(otherParticipant, told.ID, compete.MessageRemoved) // requested after the silent one
	if kinds := w.kinds(w.tokens[participant], quiet.ID); slices.Contains(kinds, compete.MessageRemoved) ||
		slices.Contains(kinds, compete.MessageCancelled) {
		w.t.Errorf("who was removed without a word got %v", kinds)
	}
}

func testBadRemovals(w *world) {
	r := w.registration(w.competition(5).ID, participant)
	path := "/api/registrations/" + r.ID
	for body, field := range map[string]string{
		`{"reason":"` + strings.Repeat("x", compete.MaxRemovalReason+1) + `"}`: "reason",
		`{"note":"` + strings.Repeat("x", compete.MaxRemovalNote+1) + `"}`:     "note",
		`{"notify":null}`:   "notify",
		`{"block":"yes"}`:   "block",
		`{"until":"later"}`: "until",
	} {
		w.refusedField(w.call("DELETE", path, w.tokens[organizer], body), field)
	}
	w.refused(w.call("DELETE", path, w.tokens[otherOrganizer], `{"reason":"not mine"}`), http.StatusNotFound,
		"registration_not_found")
	limit := `{"reason":"` + strings.Repeat("ü", compete.MaxRemovalReason) + `"}`
	w.into(w.call("DELETE", path, w.tokens[organizer], limit), http.StatusOK, &api.Registration{})
}

// testDisabledParticipant: disabled people keep their seats; on the waitlist they are passed over until they are
// enabled again.
func testDisabledParticipant(w *world) {
	c := w.create(strings.Replace(competitionBody("Some are disabled", 2), "{", `{"waitlist":true,`, 1))
	holder, waiter := w.account(compete.RoleParticipant), w.account(compete.RoleParticipant)
	held := w.registers(holder.Token, c.ID)
	seat := w.registration(c.ID, participant)
	first, second := w.registers(waiter.Token, c.ID), w.registration(c.ID, otherParticipant)
	w.change(holder, `{"disabled":true}`)
	w.change(waiter, `{"disabled":true}`)
	w.into(w.call("DELETE", "/api/registrations/"+seat.ID, w.tokens[organizer], ""), http.StatusOK, &api.Registration{})
	w.wait(otherParticipant, second.ID, compete.MessagePromoted)
	want := map[string]string{
		held.ID: "CONFIRMED true", seat.ID: "CANCELLED false", first.ID: "WAITLISTED true",
		second.ID: "CONFIRMED false",
	}
	w.eventually(fmt.Sprintf("the list is %v", want), func() bool {
		var list []api.ParticipantRegistration
		w.into(w.call("GET", "/api/competitions/"+c.ID+"/registrations", w.tokens[organizer], ""), http.StatusOK, &list)
		statuses := map[string]string{}
		for _, r := range list {
			statuses[r.ID] = fmt.Sprint(r.Status, " ", r.User.Disabled)
		}
		return maps.Equal(statuses, want)
	})
	w.into(w.call("DELETE", "/api/registrations/"+held.ID, w.tokens[organizer], ""), http.StatusOK, &api.Registration{})
	w.change(waiter, `{"disabled":false}`)
	back := w.logIn(waiter).Token
	w.eventually("who is enabled again gets the seat that was free", func() bool {
		return w.mine(back).Status == compete.RegistrationConfirmed
	})
}

// testDisabledOrganizer: the competition stops admitting people, also on open pages, and is no longer listed; admins
// can still manage it. Enabling the organizer reopens it.
func testDisabledOrganizer(w *world) {
	owner := w.account(compete.RoleOrganizer)
	var c api.Competition
	w.into(w.call("POST", "/api/competitions", owner.Token, competitionBody("Whose organizer is disabled", 5)),
		http.StatusCreated, &c)
	path := "/api/competitions/" + c.ID
	r := w.registration(c.ID, participant)
	stream := w.open("GET", path+"/live", "")
	defer func() { _ = stream.Body.Close() }()
	lines := bufio.NewScanner(stream.Body)
	awaitPhase := func(want compete.Phase) {
		w.t.Helper()
		for lines.Scan() {
			var seats struct{ Phase compete.Phase }
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok &&
				json.Unmarshal([]byte(data), &seats) == nil && seats.Phase == want {
				return
			}
		}
		w.t.Fatalf("the stream ended before phase %s: %v", want, lines.Err())
	}
	awaitPhase(compete.PhaseOpen)
	w.change(owner, `{"disabled":true}`)
	w.refused(w.call("POST", path+"/register", w.tokens[otherParticipant], ""), http.StatusConflict,
		"registration_closed")
	awaitPhase(compete.PhaseClosed)
	for list, listed := range map[string]bool{
		"?limit=100": false, "?phase=open&limit=100": false,
		"?phase=closed&limit=100": true,
	} {
		if got := w.call("GET", "/api/competitions"+list, "", ""); strings.Contains(got.body, c.ID) != listed {
			w.t.Errorf("%s lists it: %t, want %t", list, !listed, listed)
		}
	}
	if mine := w.mine(w.tokens[participant]); mine.ID != r.ID || !mine.Status.HoldsSeat() {
		w.t.Errorf("a seat that was held is %+v", mine)
	}
	w.into(w.call("PATCH", path, w.tokens[admin], `{"title":"An admin's title"}`, "If-Match: *"), http.StatusOK, &c)
	w.change(owner, `{"disabled":false}`)
	awaitPhase(compete.PhaseOpen)
	w.registration(c.ID, otherParticipant)
	w.change(owner, `{"disabled":true}`)
	w.into(w.call("POST", path+"/cancel", w.tokens[admin], ""), http.StatusOK, &c)
	w.wait(participant, r.ID, compete.MessageCompetitionCancelled)
	if mine := w.mine(w.tokens[otherParticipant]); mine.CancelReason != compete.CancelledByCompetition {
		w.t.Errorf("cancelled with the competition as %+v", mine.RegistrationState)
	}
}

// testChangedRoles: people who become admins keep managing their competitions; those who become participants don't, and
// the competitions need another organizer.
func testChangedRoles(w *world) {
	owner := w.account(compete.RoleOrganizer)
	var c api.Competition
	w.into(w.call("POST", "/api/competitions", owner.Token, competitionBody("Whose organizer changes", 5)),
		http.StatusCreated, &c)
	path := "/api/competitions/" + c.ID
	w.change(owner, `{"role":"ADMIN"}`)
	token := w.logIn(owner).Token
	if mine := w.call("GET", "/api/competitions/my-competitions", token, ""); !strings.Contains(mine.body, c.ID) {
		w.t.Errorf("an admin's own competitions are %.300s", mine.body)
	}
	w.into(w.call("PATCH", path, token, `{"title":"By an admin now"}`, "If-Match: *"), http.StatusOK, &c)
	w.refused(w.call("POST", path+"/register", token, ""), http.StatusForbidden, "own_competition")
	w.registration(c.ID, participant)
	w.change(owner, `{"role":"PARTICIPANT"}`)
	token = w.logIn(owner).Token
	w.refused(w.call("PATCH", path, token, `{"title":"Not mine"}`, "If-Match: *"), http.StatusForbidden, "forbidden")
	w.refused(w.call("POST", path+"/register", w.tokens[otherParticipant], ""), http.StatusConflict,
		"registration_closed")
	w.into(w.call("POST", path+"/transfer", w.tokens[admin], `{"email":"OtherOrganizer@example.com"}`), http.StatusOK,
		&c)
	w.registration(c.ID, otherParticipant)
	w.registers(token, c.ID) // it now belongs to somebody else
}

func testUnpublish(w *world) {
	c := w.competition(5)
	path := "/api/competitions/" + c.ID
	r := w.registration(c.ID, participant)
	for range 2 { // repeating it changes nothing
		w.into(w.call("POST", path+"/unpublish", w.tokens[admin], ""), http.StatusOK, &c)
		if c.Status != compete.StatusDraft || c.Version != 2 {
			w.t.Errorf("unpublished as %s, version %d", c.Status, c.Version)
		}
	}
	for as, want := range map[role]int{
		visitor: 404, participant: 404, otherOrganizer: 404,
		organizer: 200, admin: 200,
	} {
		if got := w.call("GET", path, w.tokens[as], ""); got.status != want {
			w.t.Errorf("GET as %s: got %d, want %d", as, got.status, want)
		}
	}
	if mine := w.mine(w.tokens[participant]); mine.ID != r.ID || !mine.Status.HoldsSeat() {
		w.t.Errorf("a seat that was held is %+v", mine)
	}
	publish := `{"status":"PUBLISHED"}`
	w.refused(w.call("PATCH", path, w.tokens[organizer], publish, "If-Match: *"), http.StatusForbidden,
		"unpublished_by_admin")
	w.into(w.call("PATCH", path, w.tokens[admin], publish, "If-Match: *"), http.StatusOK, &c)
	w.registration(c.ID, otherParticipant)
	w.into(w.call("POST", path+"/cancel", w.tokens[admin], ""), http.StatusOK, &c)
	w.refused(w.call("POST", path+"/unpublish", w.tokens[admin], ""), http.StatusConflict, "competition_cancelled")
}

func testTransfer(w *world) {
	c := w.competition(5)
	path := "/api/competitions/" + c.ID + "/transfer"
	outcast := w.account(compete.RoleOrganizer)
	w.change(outcast, `{"disabled":true}`)
	for body, field := range map[string]string{
		`{}`: "organizerId",
		`{"organizerId":"` + outcast.User.ID + `","email":"otherorganizer@example.com"}`: "email",
		`{"organizerId":"nonsense"}`:                "organizerId",
		`{"organizerId":"` + unknownID + `"}`:       "organizerId",
		`{"email":"nobody@example.com"}`:            "email",
		`{"email":"participant@example.com"}`:       "email",
		`{"organizerId":"` + outcast.User.ID + `"}`: "organizerId",
	} {
		w.refusedField(w.call("POST", path, w.tokens[admin], body), field)
	}
	heir := w.account(compete.RoleOrganizer)
	r := w.registers(heir.Token, c.ID)
	w.refused(w.call("POST", path, w.tokens[admin], `{"organizerId":"`+heir.User.ID+`"}`), http.StatusConflict,
		"organizer_registered")
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, heir.Token, ""), http.StatusOK, &r)
	w.into(w.call("POST", path, w.tokens[admin], `{"organizerId":"`+heir.User.ID+`"}`), http.StatusOK, &c)
	if c.Organizer.ID != heir.User.ID {
		w.t.Errorf("transferred to %+v", c.Organizer)
	}
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/cancel", heir.Token, ""), http.StatusOK, &c)
}
