package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestAdditions(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("somebody with an account", w.sub(testAddKnown))
		t.Run("an unknown address", w.sub(testAddUnknown))
		t.Run("out of time", w.sub(testAddOutOfTime))
		t.Run("over capacity", w.sub(testAddOverCapacity))
		t.Run("in a division", w.sub(testAddInDivision))
		t.Run("refused", w.sub(testAddRefused))
		t.Run("refused, without an account", w.sub(testAddUnknownRefused))
		t.Run("no seat is needed", w.sub(testAddUnknownWithoutSeat))
		t.Run("repeated", w.sub(testAddRepeated))
	})
}

func (w *world) add(competitionID, body string, headers ...string) answer {
	w.t.Helper()
	return w.call("POST", "/api/competitions/"+competitionID+"/registrations", w.tokens[organizer], body, headers...)
}

// added adds a person, who must get what is wanted.
func (w *world) added(competitionID, body string, want compete.RegistrationStatus) api.Registration {
	w.t.Helper()
	var r api.Registration
	w.into(w.add(competitionID, body), http.StatusCreated, &r)
	if r.Status != want {
		w.t.Errorf("%s: got %s, want %s", body, r.Status, want)
	}
	return r
}

// waitKind waits until a message about a registration is in a mailbox.
func (w *world) waitKind(token, registrationID string, kind compete.MessageKind) {
	w.t.Helper()
	apptest.Eventually(w.t, apptest.Patience, "a message "+string(kind), func() bool {
		return slices.Contains(w.kinds(token, registrationID), kind)
	})
}

// exec changes what is stored.
func (w *world) exec(text string, args ...any) {
	w.t.Helper()
	if _, err := w.Store().Writer().ExecContext(w.t.Context(), text, args...); err != nil {
		w.t.Fatal(err)
	}
}

func emailBody(email string, more ...string) string {
	return `{"email":"` + email + `"` + strings.Join(more, "") + `}`
}

// testAddKnown also shows that nobody who is added needs the access code.
func testAddKnown(w *world) {
	c := w.circle()
	login := w.signUp()
	r := w.added(c.ID, emailBody(" "+strings.ToUpper(login.User.Email)+" ", `,"name":"Ignored"`),
		compete.RegistrationPending)
	if mine := w.mine(login.Token); mine.ID != r.ID || r.UserID != login.User.ID || r.Competition.SeatsLeft != 49 {
		w.t.Errorf("added as %+v, which they see as %+v", r, mine)
	}
	w.waitKind(login.Token, r.ID, compete.MessageConfirmed)
	var user api.User
	if w.into(w.call("GET", "/api/auth/me", login.Token, ""), http.StatusOK, &user); user.Name != "Somebody" {
		w.t.Errorf("their name is %q", user.Name)
	}
	w.refused(w.add(c.ID, emailBody(login.User.Email)), http.StatusConflict, "already_registered")
	var gone api.Registration // like anybody else, they can leave, and come back
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, login.Token, ""), http.StatusOK, &gone)
	if again := w.added(c.ID, emailBody(login.User.Email), compete.RegistrationPending); again.Seq <= r.Seq {
		w.t.Errorf("added again, they have number %d", again.Seq)
	}
}

func testAddUnknown(w *world) {
	c := w.create(competitionBody("Buy cheap pills", 5))
	email := fmt.Sprintf("stranger%d@example.com", w.next())
	r := w.added(c.ID, emailBody(email, `,"name":"Visit evil example com"`), compete.RegistrationPending)
	invitation := w.waitMail(email, "You've been registered for a competition")
	token := tokenInLink.FindStringSubmatch(invitation.Text)
	if token == nil {
		w.t.Fatalf("no link in %s", invitation.Text)
	}
	// It goes to an address that nobody has confirmed, so it says nothing that somebody else chose.
	for _, m := range w.mail.To(email) {
		for _, chosen := range []string{"pills", "evil", "organizer@", c.ID} {
			if strings.Contains(fmt.Sprint(m), chosen) {
				w.t.Errorf("the email says %q: %s", chosen, m.Text)
			}
		}
	}
	w.refused(w.call("POST", "/api/auth/login", "", `{"email":"`+email+`","password":""}`),
		http.StatusUnauthorized, "invalid_credentials")
	var user api.User
	w.into(w.call("POST", "/api/auth/email/confirm", "",
		`{"token":"`+token[1]+`","password":"`+apptest.Password+`"}`), http.StatusOK, &user)
	var login api.Login
	w.into(w.call("POST", "/api/auth/login", "", `{"email":"`+email+`","password":"`+apptest.Password+`"}`),
		http.StatusOK, &login)
	if !login.User.EmailVerified || login.User.Name != "Visit evil example com" || login.User.Role != "PARTICIPANT" {
		w.t.Errorf("the account is %+v", login.User)
	}
	if mine := w.mine(login.Token); mine.ID != r.ID {
		w.t.Errorf("they are registered as %+v", mine)
	}
	w.waitKind(login.Token, r.ID, compete.MessageConfirmed)
	nameless := fmt.Sprintf("nameless%d@example.com", w.next())
	r = w.added(c.ID, emailBody(nameless), compete.RegistrationPending)
	list := w.call("GET", "/api/competitions/"+c.ID+"/registrations", w.tokens[organizer], "")
	if name := strings.Split(nameless, "@")[0]; !strings.Contains(list.body, `"name":"`+name+`"`) {
		w.t.Errorf("without a name it is listed in %s", list.body)
	}
}

func testAddOutOfTime(w *world) {
	upcoming := w.create(circleBody("Upcoming", `"regOpensAt":"2126-04-01T12:00:00Z"`))
	w.added(upcoming.ID, emailBody(w.signUp().User.Email), compete.RegistrationPending)
	closed := w.competition(5)
	ago := func(d time.Duration) time.Time { return compete.UTC(time.Now().Add(-d)) }
	w.exec(`UPDATE competitions SET reg_deadline = $1 WHERE id = $2`, ago(time.Hour), closed.ID)
	w.added(closed.ID, emailBody(w.signUp().User.Email), compete.RegistrationPending)
	w.exec(`UPDATE competitions SET start_date = $1 WHERE id = $2`, ago(time.Minute), closed.ID)
	w.refused(w.add(closed.ID, emailBody(w.signUp().User.Email)), http.StatusConflict, "competition_started")
	cancelled := w.competition(5)
	var c api.Competition
	w.into(w.call("POST", "/api/competitions/"+cancelled.ID+"/cancel", w.tokens[organizer], ""), http.StatusOK, &c)
	w.refused(w.add(cancelled.ID, emailBody(w.signUp().User.Email)), http.StatusConflict, "competition_cancelled")
	draft := w.create(circleBody("Draft", `"status":"DRAFT"`))
	w.refused(w.add(draft.ID, emailBody(w.signUp().User.Email)), http.StatusConflict, "not_published")
}

func testAddOverCapacity(w *world) {
	const over = `,"overCapacity":true`
	c := w.competition(1)
	w.added(c.ID, emailBody(w.signUp().User.Email, over), compete.RegistrationPending) // there is a seat
	unknown := fmt.Sprintf("nobody%d@example.com", w.next())
	w.refused(w.add(c.ID, emailBody(unknown)), http.StatusConflict, "competition_full")
	r := w.added(c.ID, emailBody(w.signUp().User.Email, over), compete.RegistrationPending)
	if got := r.Competition; got.Capacity != 2 || got.SeatsLeft != 0 || got.Version != c.Version+1 {
		w.t.Errorf("over capacity: %+v", got)
	}
	audit := w.call("GET", "/api/competitions/"+c.ID+"/audit", w.tokens[organizer], "")
	for _, want := range []string{
		`"action":"registration.added"`, `"before":{"capacity":1}`, `"after":{"capacity":2}`,
	} {
		if !strings.Contains(audit.body, want) {
			w.t.Errorf("the audit log has no %s: %s", want, audit.body)
		}
	}
	line := w.create(circleBody("With a waitlist", `"waitlist":true`))
	for range 5 {
		w.registers(w.signUp().Token, line.ID)
	}
	first := w.added(line.ID, emailBody(w.signUp().User.Email), compete.RegistrationWaitlisted)
	r = w.added(line.ID, emailBody(w.signUp().User.Email, over), compete.RegistrationPending)
	if first.Position != 1 || r.Competition.Capacity != 6 || r.Competition.SeatsLeft != 0 ||
		r.Competition.Waitlisted != 1 {
		w.t.Errorf("with a waitlist: %+v, then %+v", first, r)
	}
	w.wantNoAccount(unknown)
}

// wantNoAccount checks that somebody who was refused has none.
func (w *world) wantNoAccount(email string) {
	w.t.Helper()
	got := w.call("GET", "/api/admin/users?search="+email, w.tokens[admin], "")
	if strings.Contains(got.body, email) {
		w.t.Errorf("there is an account: %s", got.body)
	}
}

// testAddUnknownWithoutSeat adds unknown addresses where nobody waits for the free seats, and to a team that has its
// seat: only the registrar knows that.
func testAddUnknownWithoutSeat(w *world) {
	c, applications := w.applications(1)
	w.decide(c, decisions("WAITLIST", applications...))
	w.release(c)
	w.added(c.ID, emailBody(w.signUp().User.Email), compete.RegistrationPending)
	w.added(c.ID, emailBody(fmt.Sprintf("unseated%d@example.com", w.next())), compete.RegistrationPending)

	c = w.create(strings.Replace(teamBody(1, `{"max":3,"seatUnit":"TEAM"}`), `"waitlist":true,`, ``, 1))
	captain, token := w.teamUp(c.ID, `{"name":"Red"}`)
	team := `,"team":{"code":"` + w.team(captain.TeamID, token).Code + `"}`
	for _, email := range []string{w.signUp().User.Email, fmt.Sprintf("unseated%d@example.com", w.next())} {
		var r api.Registration
		w.into(w.add(c.ID, emailBody(email, team)), http.StatusCreated, &r)
		if r.Seats != 0 || r.TeamID != captain.TeamID {
			w.t.Errorf("added to a team that has its seat: %+v", r)
		}
	}
}

// testAddUnknownRefused adds unknown addresses to teams that don't take them: they can still sign up themselves.
func testAddUnknownRefused(w *world) {
	c := w.create(teamBody(9, `{"max":1}`))
	r, token := w.teamUp(c.ID, `{"name":"Red"}`)
	code := w.team(r.TeamID, token).Code
	for refusal, team := range map[string]string{
		"team_not_found": `{"code":"` + code[:len(code)-1] + `"}`, "team_full": `{"code":"` + code + `"}`,
		"team_name_taken": `{"name":"RED"}`,
	} {
		email := fmt.Sprintf("refused%d@example.com", w.next())
		got := w.add(c.ID, emailBody(email, `,"team":`+team))
		if !strings.Contains(got.body, `"code":"`+refusal+`"`) {
			w.t.Errorf("got %d %s, want %s", got.status, got.body, refusal)
		}
		w.wantNoAccount(email)
	}
}

func testAddInDivision(w *world) {
	c := w.create(circleBody("Divided", `"divisions":[{"name":"Run","capacity":1},{"name":"Walk","capacity":4}]`))
	run := `,"divisionId":"` + c.Divisions[0].ID + `"`
	w.refused(w.add(c.ID, emailBody(w.signUp().User.Email)), http.StatusUnprocessableEntity, "validation_failed")
	w.added(c.ID, emailBody(w.signUp().User.Email, run), compete.RegistrationPending)
	got := w.add(c.ID, emailBody(w.signUp().User.Email, run))
	if w.refused(got, http.StatusConflict, "division_full"); !strings.Contains(got.body, "go over the capacity") {
		w.t.Errorf("a full division is %s", got.body)
	}
	r := w.added(c.ID, emailBody(w.signUp().User.Email, run, `,"overCapacity":true`), compete.RegistrationPending)
	is := r.Competition
	if r.DivisionID != c.Divisions[0].ID || is.Capacity != 5 || is.SeatsLeft != 3 || is.Divisions[0].Capacity != 2 ||
		is.Divisions[0].SeatsLeft != 0 || is.Divisions[1].Capacity != 4 {
		w.t.Errorf("over the capacity of a division: %+v", r)
	}
	var stored api.Competition
	w.into(w.call("GET", "/api/competitions/"+c.ID, w.tokens[organizer], ""), http.StatusOK, &stored)
	if stored.Capacity != 5 || stored.SeatsLeft != 3 || stored.Divisions[0].Capacity != 2 ||
		stored.Divisions[0].SeatsLeft != 0 {
		w.t.Errorf("stored: %+v", stored)
	}
}

func testAddRefused(w *world) {
	c := w.competition(5)
	for _, body := range []string{`{}`, emailBody(""), emailBody("nobody"), emailBody("a@example.com", `,"name":7`)} {
		w.refused(w.add(c.ID, body), http.StatusUnprocessableEntity, "validation_failed")
	}
	got := w.add(c.ID, emailBody("organizer@example.com"))
	if w.refused(got, http.StatusForbidden, "own_competition"); strings.Contains(got.body, "You can't") {
		w.t.Errorf("of the organizer it's said: %s", got.body)
	}
	w.refused(w.add(c.ID, emailBody("disabled@example.com")), http.StatusConflict, "person_disabled")
	login := w.signUp()
	r := w.registers(login.Token, c.ID)
	var removed api.Registration
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, w.tokens[organizer], `{"block":true}`), http.StatusOK, &removed)
	w.refused(w.add(c.ID, emailBody(login.User.Email)), http.StatusForbidden, "registration_blocked")
	w.refused(w.add(unknownID, emailBody(login.User.Email)), http.StatusNotFound, "competition_not_found")
	draft := w.create(circleBody("Draft", `"status":"DRAFT"`))
	w.refused(w.call("POST", "/api/competitions/"+draft.ID+"/registrations", w.tokens[otherOrganizer],
		emailBody(login.User.Email)), http.StatusNotFound, "competition_not_found")
	w.refused(w.add(c.ID, emailBody(w.signUp().User.Email, `,"divisionId":"`+unknownID+`"`)),
		http.StatusUnprocessableEntity, "validation_failed")
}

func testAddRepeated(w *world) {
	c := w.competition(5)
	email := fmt.Sprintf("repeated%d@example.com", w.next())
	const key = "Idempotency-Key: adding-somebody"
	first := w.add(c.ID, emailBody(email), key)
	again := w.add(c.ID, emailBody(email), key)
	if first.status != http.StatusCreated || again.body != first.body ||
		again.header.Get("Idempotency-Replayed") != "true" {
		w.t.Errorf("first %d %s, then %d %s", first.status, first.body, again.status, again.body)
	}
	w.refused(w.add(c.ID, emailBody("another@example.com"), key), http.StatusUnprocessableEntity,
		"idempotency_key_reused")
}

func TestAdditionsAreLimited(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
			c.LimitAdditions = 2
		}})
		organizer := a.As(compete.RoleOrganizer)
		path := "/api/competitions/" + organizer.Create(nil) + "/registrations"
		email := func() map[string]any { return map[string]any{"email": a.As(compete.RoleParticipant).User.Email} }
		organizer.Do(http.MethodPost, path, email()).Want(t, http.StatusCreated)
		organizer.Do(http.MethodPost, path, email()).Want(t, http.StatusCreated)
		organizer.Do(http.MethodPost, path, email()).WantCode(t, http.StatusTooManyRequests, "quota_used")
	})
}

// Where no email is sent, the link to set a password comes from the operator.
func TestAddingAnUnknownAddressWithoutEmail(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		organizer := a.As(compete.RoleOrganizer)
		path := "/api/competitions/" + organizer.Create(nil) + "/registrations"
		const email, password = "stranger@example.com", "a password of their own"
		organizer.Do(http.MethodPost, path, map[string]any{"email": email, "name": "Ada"}).
			Want(t, http.StatusCreated)
		login := map[string]any{"email": email, "password": password}
		a.Visitor().Do(http.MethodPost, "/api/auth/login", login).
			WantCode(t, http.StatusUnauthorized, "invalid_credentials")

		token, err := a.Operator().PasswordResetToken(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		reset := map[string]any{"token": token, "password": password}
		a.Visitor().Do(http.MethodPost, "/api/auth/password/reset", reset).Want(t, http.StatusNoContent)
		a.Visitor().Do(http.MethodPost, "/api/auth/login", login).Want(t, http.StatusOK)
	})
}
