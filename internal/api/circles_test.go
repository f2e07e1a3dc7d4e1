package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestClosedCircles(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("unlisted", w.sub(testUnlisted))
		t.Run("listed again", w.sub(testListedAgain))
		t.Run("access codes", w.sub(testAccessCodes))
		t.Run("who sees the code", w.sub(testWhoSeesTheCode))
		t.Run("changing the code", w.sub(testChangingTheCode))
		t.Run("guessing", w.sub(testGuessingCodes))
		t.Run("a hall", w.sub(testHallWithCodes))
		t.Run("stored", w.sub(testStoredCodes))
		t.Run("typed ahead", w.sub(testCodeTypedAhead))
		t.Run("names of teams", w.sub(testTeamNamesBehindACode))
	})
}

func circleBody(title, more string) string {
	return strings.Replace(competitionBody(title, 5), "{", "{"+more+",", 1)
}

// lists reports whether a list has the competition, in each of the places where it could be.
func (w *world) lists(path, token, id string) bool {
	w.t.Helper()
	var list []api.Competition
	w.into(w.call("GET", path, token, ""), http.StatusOK, &list)
	return slices.ContainsFunc(list, func(c api.Competition) bool { return c.ID == id })
}

// publicLists are the lists that anybody can read and in which a competition with the tag would be.
func publicLists(c api.Competition) []string {
	var paths []string
	for _, sort := range []string{"newest", "deadline", "filling"} {
		for _, filter := range []string{
			"", "&search=" + url.QueryEscape(c.Title), "&tags=" + c.Tags[0], "&phase=open",
			"&phase=open&search=" + url.QueryEscape(c.Title),
		} {
			paths = append(paths, "/api/competitions?limit=100&sort="+sort+filter)
		}
	}
	return paths
}

func testUnlisted(w *world) {
	plain := w.create(circleBody("Quokka gathering", `"tags":["quokka"]`))
	c := w.create(circleBody("Numbat gathering", `"visibility":"UNLISTED","tags":["numbat"]`))
	if plain.Visibility != compete.VisibilityPublic || c.Visibility != compete.VisibilityUnlisted {
		w.t.Errorf("they are %s and %s", plain.Visibility, c.Visibility)
	}
	w.registers(w.tokens[participant], c.ID) // so that it has a count for the order "filling"
	if err := w.Store().RefreshFilling(w.t.Context(), time.Now()); err != nil {
		w.t.Fatal(err)
	}
	for _, token := range []string{"", w.tokens[organizer], w.tokens[admin], w.tokens[participant]} {
		for i, path := range publicLists(c) {
			if w.lists(path, token, c.ID) {
				w.t.Errorf("%s has an unlisted competition", path)
			}
			if token == "" && !w.lists(publicLists(plain)[i], token, plain.ID) {
				w.t.Errorf("%s has no listed competition", publicLists(plain)[i])
			}
		}
	}
	if !w.lists("/api/competitions/my-competitions?limit=100", w.tokens[organizer], c.ID) {
		w.t.Error("its organizer's list doesn't have it")
	}
	// by its link, it's there for everybody
	for _, path := range []string{"", "/cover", ".ics"} {
		if got := w.call("GET", "/api/competitions/"+c.ID+path, "", ""); got.status != http.StatusOK {
			w.t.Errorf("%s: got %d %s", got.request, got.status, got.body)
		}
	}
	mine := w.mine(w.tokens[participant])
	if mine.Competition.ID != c.ID || mine.Competition.Visibility != compete.VisibilityUnlisted {
		w.t.Errorf("the participant's registration is for %+v", mine.Competition)
	}
	for _, wrong := range []string{`"HIDDEN"`, `"public"`} {
		got := w.call("POST", "/api/competitions", w.tokens[organizer], circleBody("Wrong", `"visibility":`+wrong))
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
	}
}

func testListedAgain(w *world) {
	c := w.create(circleBody("Bilby gathering", `"visibility":"UNLISTED","tags":["bilby"]`))
	for _, want := range []compete.Visibility{
		compete.VisibilityUnlisted, compete.VisibilityPublic, compete.VisibilityUnlisted,
	} {
		var changed api.Competition
		w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"visibility":"`+string(want)+`"}`,
			"If-Match: *"), http.StatusOK, &changed)
		if changed.Visibility != want {
			w.t.Errorf("it is %s, want %s", changed.Visibility, want)
		}
		for _, path := range publicLists(c) {
			if w.lists(path, "", c.ID) != (want == compete.VisibilityPublic) {
				w.t.Errorf("%s, %s: listed is %t", path, want, want != compete.VisibilityPublic)
			}
		}
	}
	w.refused(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"visibility":""}`, "If-Match: *"),
		http.StatusUnprocessableEntity, "validation_failed")
}

const code = "Maple-2026"

func (w *world) circle() api.Competition {
	w.t.Helper()
	return w.create(strings.Replace(competitionBody("A closed circle", 50), "{", `{"accessCode":"`+code+`",`, 1))
}

func (w *world) registerWith(token, competitionID, typed string, headers ...string) answer {
	w.t.Helper()
	return w.call("POST", "/api/competitions/"+competitionID+"/register", token, `{"accessCode":"`+typed+`"}`,
		headers...)
}

func testAccessCodes(w *world) {
	c := w.circle()
	if !c.AccessCodeRequired {
		w.t.Error("no code is required")
	}
	path := "/api/competitions/" + c.ID + "/register"
	for _, body := range []string{"", "{}", `{"accessCode":""}`, `{"accessCode":" - "}`} {
		w.refused(w.call("POST", path, w.tokens[participant], body), http.StatusForbidden, "access_code_required")
	}
	for _, wrong := range []string{"maple", "maple-2027", "maple-20266", strings.Repeat("maple-2026", 500)} {
		w.refused(w.registerWith(w.tokens[participant], c.ID, wrong), http.StatusForbidden, "access_code_wrong")
	}
	for _, right := range []string{code, "maple 2026", " MÁPLE-2026 "} {
		login := w.signUp()
		first := w.registerWith(login.Token, c.ID, right, "Idempotency-Key: one-press-1")
		var r api.Registration
		w.into(first, http.StatusCreated, &r)
		if !r.Competition.AccessCodeRequired || strings.Contains(strings.ToLower(first.body), "maple") {
			w.t.Errorf("the registration is %s", first.body)
		}
		again := w.registerWith(login.Token, c.ID, right, "Idempotency-Key: one-press-1")
		if again.body != first.body || again.header.Get("Idempotency-Replayed") != "true" {
			w.t.Errorf("the repetition is %d %s", again.status, again.body)
		}
		w.refused(w.registerWith(login.Token, c.ID, "another", "Idempotency-Key: one-press-1"),
			http.StatusUnprocessableEntity, "idempotency_key_reused")
	}
	// a plain competition doesn't mind
	var r api.Registration
	w.into(w.registerWith(w.signUp().Token, w.competition(5).ID, "anything"), http.StatusCreated, &r)
	for _, bad := range []string{"short", "a-b-c-d-e", strings.Repeat("x", 65)} {
		got := w.call("POST", "/api/competitions", w.tokens[organizer], circleBody("Bad", `"accessCode":"`+bad+`"`))
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, `"field":"accessCode"`) || strings.Contains(got.body, bad) {
			w.t.Errorf("%s: got %s", bad, got.body)
		}
	}
}

// testWhoSeesTheCode reads everything that shows a competition, as everybody.
func testWhoSeesTheCode(w *world) {
	c := w.circle()
	login := w.signUp()
	var r api.Registration
	w.into(w.registerWith(login.Token, c.ID, code), http.StatusCreated, &r)
	own := "/api/competitions/" + c.ID
	for _, path := range []string{
		own, own + "/registrations", own + "/audit", "/api/competitions?limit=100", own + ".ics",
		"/api/competitions/my-competitions?limit=100", "/api/users/me/registrations", "/api/users/me/export",
		"/api/users/me/mailbox", "/api/admin/audit?limit=100",
	} {
		for as, token := range map[role]string{
			visitor: "", participant: login.Token, otherOrganizer: w.tokens[otherOrganizer],
			organizer: w.tokens[organizer], admin: w.tokens[admin],
		} {
			got := w.call("GET", path, token, "")
			sees := strings.Contains(strings.ToLower(got.body), "maple")
			if want := path == own && (as == organizer || as == admin); sees != want {
				w.t.Errorf("%s as %s: the code is there: %t, want %t", path, as, sees, want)
			}
			if strings.Contains(strings.ToLower(got.header.Get("ETag")), "maple") {
				w.t.Errorf("%s as %s: ETag %s", path, as, got.header.Get("ETag"))
			}
		}
	}
}

func testChangingTheCode(w *world) {
	c := w.circle()
	change := func(body string) (changed api.Competition) {
		w.t.Helper()
		got := w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], body, "If-Match: *")
		w.into(got, http.StatusOK, &changed)
		return changed
	}
	if got := change(`{"title":"A circle that is closed"}`); got.AccessCode != code {
		w.t.Errorf("after another change it is %q", got.AccessCode)
	}
	if got := change(`{"accessCode":"birch wood"}`); got.AccessCode != "birch wood" || got.Version != c.Version+2 {
		w.t.Errorf("changed to %q, version %d", got.AccessCode, got.Version)
	}
	login := w.signUp()
	w.refused(w.registerWith(login.Token, c.ID, code), http.StatusForbidden, "access_code_wrong")
	if got := change(`{"accessCode":null}`); got.AccessCode != "" || got.AccessCodeRequired {
		w.t.Errorf("removed, it is %+v", got)
	}
	w.registers(login.Token, c.ID)
	w.refused(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"accessCode":"x"}`, "If-Match: *"),
		http.StatusUnprocessableEntity, "validation_failed")
}

// guess sends wrong codes until one is refused unseen, and returns that answer and how many there were. On a slow
// machine, the first waits are over before the next guess.
func (w *world) guess(token, competitionID string) (refused answer, tries int) {
	w.t.Helper()
	for tries = 1; tries < 25; tries++ {
		got := w.registerWith(token, competitionID, "no idea")
		if got.status == http.StatusTooManyRequests {
			w.refused(got, http.StatusTooManyRequests, "too_many_guesses")
			return got, tries
		}
		w.refused(got, http.StatusForbidden, "access_code_wrong")
	}
	w.t.Fatal("nothing slows down guessing")
	return answer{}, 0
}

func testGuessingCodes(w *world) {
	c, other := w.circle(), w.circle()
	login := w.signUp()
	got, tries := w.guess(login.Token, c.ID)
	if tries <= 10 {
		w.t.Errorf("refused after %d wrong codes", tries)
	}
	if got.header.Get("Retry-After") == "" || strings.Contains(got.body, "password") {
		w.t.Errorf("got %s %s", got.header.Get("Retry-After"), got.body)
	}
	var r api.Registration // elsewhere, and for others, nothing has happened
	w.into(w.registerWith(login.Token, other.ID, code), http.StatusCreated, &r)
	w.into(w.registerWith(w.signUp().Token, c.ID, code), http.StatusCreated, &r)
	// what isn't wrong isn't counted
	full := w.create(strings.Replace(competitionBody("Full", 1), "{", `{"accessCode":"`+code+`",`, 1))
	w.into(w.registerWith(w.signUp().Token, full.ID, code), http.StatusCreated, &r)
	late := w.signUp()
	for range 15 {
		w.refused(w.registerWith(late.Token, full.ID, code), http.StatusConflict, "competition_full")
	}
}

// testHallWithCodes has a network use up its wrong codes: nobody there is locked out.
func testHallWithCodes(w *world) {
	c := w.circle()
	for range 10 {
		login := w.signUp()
		for range 10 {
			w.refused(w.registerWith(login.Token, c.ID, "no idea"), http.StatusForbidden, "access_code_wrong")
		}
	}
	if _, tries := w.guess(w.signUp().Token, c.ID); tries < 2 || tries > 8 {
		w.t.Errorf("another account there is refused after %d wrong codes", tries)
	}
	var r api.Registration
	w.into(w.registerWith(w.signUp().Token, c.ID, code), http.StatusCreated, &r)
}

// testStoredCodes looks for the code in everything that is stored.
func testStoredCodes(w *world) {
	var c api.Competition
	body := circleBody("Stored", `"accessCode":"willow-grove"`)
	first := w.call("POST", "/api/competitions", w.tokens[organizer], body, "Idempotency-Key: the-willow-key")
	w.into(first, http.StatusCreated, &c)
	again := w.call("POST", "/api/competitions", w.tokens[organizer], body, "Idempotency-Key: the-willow-key")
	if again.body != first.body || strings.Contains(first.body, "willow") {
		w.t.Errorf("created %s, and then %s", first.body, again.body)
	}
	w.refused(w.call("POST", "/api/competitions", w.tokens[organizer], strings.Replace(body, "grove", "wood", 1),
		"Idempotency-Key: the-willow-key"), http.StatusUnprocessableEntity, "idempotency_key_reused")
	var r api.Registration
	w.into(w.registerWith(w.signUp().Token, c.ID, "willow-grove", "Idempotency-Key: the-willow-press"),
		http.StatusCreated, &r)
	var changed api.Competition
	w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"accessCode":"willow-trees"}`,
		"If-Match: *"), http.StatusOK, &changed)
	for table, rows := range testservices.Contents(w.t, w.Store().DB()) {
		for _, row := range rows {
			if text := fmt.Sprintf("%s", row); strings.Contains(strings.ToLower(text), "willow-") &&
				!strings.Contains(text, "the-willow-") {
				w.t.Errorf("%s has %s", table, text)
			}
		}
	}
}

// testCodeTypedAhead: whoever typed the code when they prepared presses without it, until the organizer changes it.
func testCodeTypedAhead(w *world) {
	c := w.create(circleBody("Prepared circle", `"accessCode":"Maple-2026"`))
	path := "/api/competitions/" + c.ID
	ada, bob, cleo := w.signUp().Token, w.signUp().Token, w.signUp().Token
	prepare := func(token, body string, needs bool) {
		w.t.Helper()
		var p, read api.Preparation
		w.into(w.call("PUT", path+"/preparation", token, body), http.StatusOK, &p)
		w.into(w.call("GET", path+"/preparation", token, ""), http.StatusOK, &read)
		if p.NeedsCode != needs || read.NeedsCode != needs || !p.Ready || p.AccessCode != "" || read.AccessCode != "" {
			w.t.Errorf("%s: got %+v, then %+v", body, p, read)
		}
	}
	press := func(token, body string) answer { return w.call("POST", path+"/register", token, body) }
	w.refused(w.call("PUT", path+"/preparation", ada, `{"accessCode":"birch wood"}`), http.StatusForbidden,
		"access_code_wrong")
	prepare(ada, `{}`, true)
	prepare(ada, `{"accessCode":"maple 2026"}`, false)
	prepare(ada, `{}`, false) // it counts from now on
	prepare(bob, `{}`, true)
	prepare(cleo, `{"accessCode":"Maple-2026"}`, false)
	var stored int
	if err := w.Store().Reader().QueryRowContext(w.t.Context(), `SELECT count(*) FROM preparations
		WHERE access LIKE '%aple%' OR answers LIKE '%aple%'`).Scan(&stored); err != nil || stored > 0 {
		w.t.Errorf("%d preparations have a code in clear; error %v", stored, err)
	}
	w.into(press(ada, ""), http.StatusCreated, new(api.Registration))
	w.refused(press(bob, ""), http.StatusForbidden, "access_code_required")
	w.into(w.call("PATCH", path, w.tokens[organizer], `{"accessCode":"Birch-2026"}`, "If-Match: *"), http.StatusOK, &c)
	w.refused(press(cleo, ""), http.StatusForbidden, "access_code_required")
	var p api.Preparation
	w.into(w.call("GET", path+"/preparation", cleo, ""), http.StatusOK, &p)
	if !p.NeedsCode {
		w.t.Error("what was prepared doesn't say that the press needs the new code")
	}
	w.into(press(cleo, `{"accessCode":"birch 2026"}`), http.StatusCreated, new(api.Registration))
	w.refused(w.call("GET", path+"/preparation", cleo, ""), http.StatusNotFound, "preparation_not_found")
}

// testTeamNamesBehindACode: whether a team has a name is for those who have the code, whether they press or prepare.
func testTeamNamesBehindACode(w *world) {
	c := w.create(circleBody("Circle of teams", `"accessCode":"Maple-2026","team":{"min":1,"max":2}`))
	path := "/api/competitions/" + c.ID
	var r api.Registration
	w.into(w.call("POST", path+"/register", w.signUp().Token, `{"accessCode":"maple 2026","team":{"name":"Red"}}`),
		http.StatusCreated, &r)
	token := w.signUp().Token
	for _, name := range []string{"red", "blue"} {
		team := `"team":{"name":"` + name + `"}`
		w.refused(w.call("POST", path+"/register", token, "{"+team+"}"), http.StatusForbidden, "access_code_required")
		w.refused(w.call("POST", path+"/register", token, `{"accessCode":"birch wood",`+team+"}"),
			http.StatusForbidden, "access_code_wrong")
		var p, read api.Preparation
		w.into(w.call("PUT", path+"/preparation", token, "{"+team+"}"), http.StatusOK, &p)
		w.into(w.call("GET", path+"/preparation", token, ""), http.StatusOK, &read)
		if !read.Ready {
			w.t.Errorf("what is prepared without the code has %+v", read)
		}
	}
	w.refused(w.call("POST", path+"/register", token, `{"accessCode":"maple 2026","team":{"name":"red"}}`),
		http.StatusConflict, "team_name_taken")
}
