package api_test

import (
	"encoding/json"
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

func TestCompetitions(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("create and read", w.sub(testCreateAndRead))
		t.Run("every bad field at once", w.sub(testEveryBadField))
		t.Run("change by version", w.sub(testChangeByVersion))
		t.Run("absent is not null", w.sub(testAbsentIsNotNull))
		t.Run("states", w.sub(testStates))
		t.Run("time zone and end", w.sub(testTimeZoneAndEnd))
		t.Run("calendar file", w.sub(testCalendarFile))
		t.Run("drafts are their organizers' business", w.sub(testDrafts))
	})
}

func testTimeZoneAndEnd(w *world) {
	const dates = `"title":"Relay","capacity":3,"regDeadline":"2126-05-01T12:00:00Z","startDate":"2126-05-08T08:00:00Z"`
	plain := w.create(`{` + dates + `}`)
	if plain.TimeZone != "UTC" || plain.EndDate != nil {
		w.t.Errorf("without a zone it is in %q, and ends %v", plain.TimeZone, plain.EndDate)
	}
	c := w.create(`{` + dates + `,"endDate":"2126-05-09T18:00:00+02:00","timeZone":"Europe/Zurich"}`)
	path := "/api/competitions/" + c.ID
	for _, want := range []string{`"timeZone":"Europe/Zurich"`, `"endDate":"2126-05-09T16:00:00Z"`} {
		if got := w.call("GET", path, "", ""); !strings.Contains(got.body, want) {
			w.t.Errorf("%s lacks %s", got.body, want)
		}
	}
	for change, field := range map[string]string{
		`{"timeZone":"Europe/Atlantis"}`: "timeZone", `{"timeZone":""}`: "timeZone", `{"timeZone":"Local"}`: "timeZone",
		`{"endDate":"2126-05-08T08:00:00Z"}`: "endDate", `{"startDate":null}`: "endDate",
	} {
		refused := w.call("PATCH", path, w.tokens[organizer], change, "If-Match: *")
		if refused.status != http.StatusUnprocessableEntity || !strings.Contains(refused.body, `"`+field+`"`) {
			w.t.Errorf("%s: %d %s, want 422 that names %s", change, refused.status, refused.body, field)
		}
	}
	changed := w.call("PATCH", path, w.tokens[organizer], `{"timeZone":"Asia/Tokyo","endDate":null}`, "If-Match: *")
	w.into(changed, http.StatusOK, &c)
	if c.TimeZone != "Asia/Tokyo" || c.EndDate != nil || c.StartDate.Format("15:04") != "08:00" {
		w.t.Errorf("after the change: %+v", c)
	}
}

func testCalendarFile(w *world) {
	const body = `{"title":"Relay, by night","capacity":3,"regDeadline":"2126-05-01T12:00:00Z","startDate":"2126-05-08T08:00:00Z"`
	c := w.create(body + `}`)
	path := "/api/competitions/" + c.ID
	want := func(lines ...string) {
		w.t.Helper()
		file := w.call("GET", path+".ics", "", "")
		if file.status != http.StatusOK || file.header.Get("Content-Type") != "text/calendar; charset=utf-8" {
			w.t.Fatalf("%d %s: %s", file.status, file.header.Get("Content-Type"), file.body)
		}
		for _, line := range append(lines, "UID:"+c.ID, `SUMMARY:Relay\, by night`, "DTSTART:21260508T080000Z") {
			if !strings.Contains(file.body, "\r\n"+line+"\r\n") {
				w.t.Errorf("the file lacks %s:\n%s", line, file.body)
			}
		}
	}
	want("SEQUENCE:1", "STATUS:CONFIRMED")
	w.into(w.call("PATCH", path, w.tokens[organizer], `{"location":"Hall 4"}`, "If-Match: *"), http.StatusOK, &c)
	want("SEQUENCE:2", "LOCATION:Hall 4")
	w.into(w.call("POST", path+"/cancel", w.tokens[organizer], ""), http.StatusOK, &c)
	want("SEQUENCE:3", "STATUS:CANCELLED")
	if got := w.call("POST", path+".ics", "", ""); got.status != http.StatusMethodNotAllowed {
		w.t.Errorf("POST answers %d, want 405", got.status)
	}

	draft := w.create(body + `,"status":"DRAFT"}`)
	for r, status := range map[role]int{
		visitor: 404, participant: 404, otherOrganizer: 404,
		organizer: 200, admin: 200,
	} {
		if got := w.call("GET", "/api/competitions/"+draft.ID+".ics", w.tokens[r], ""); got.status != status {
			w.t.Errorf("a draft's calendar file answers %s with %d, want %d", r, got.status, status)
		}
	}
}

func testCreateAndRead(w *world) {
	body := `{"title":" Spring Hackathon ","description":"Bring *it*","location":"Zurich","tags":["Go","beginners","go"],"capacity":3,` +
		`"regOpensAt":"2026-01-01T10:00:00+01:00","regDeadline":"2126-05-01T12:00:00Z","startDate":"2126-05-08T08:00:00.123456789Z","waitlist":true}`
	created := w.call("POST", "/api/competitions", w.tokens[organizer], body)
	var c api.Competition
	w.into(created, http.StatusCreated, &c)
	switch {
	case c.Title != "Spring Hackathon" || c.Description != "Bring *it*" || c.Location != "Zurich" ||
		!slices.Equal(c.Tags, []string{"beginners", "go"}):
		w.t.Errorf("texts: %+v", c)
	case c.Capacity != 3 || c.SeatsLeft != 3 || c.Waitlisted != 0 || c.Counts != api.Counts{} || !c.Waitlist:
		w.t.Errorf("seats: %+v", c)
	case c.Status != compete.StatusPublished || c.Phase != compete.PhaseOpen || c.Version != 1 ||
		c.Organizer.Name == "" || c.Organizer.ID == "":
		w.t.Errorf("state: %+v", c)
	}
	for _, want := range []string{
		`"regOpensAt":"2026-01-01T09:00:00Z"`, `"regDeadline":"2126-05-01T12:00:00Z"`,
		`"startDate":"2126-05-08T08:00:00.123456Z"`,
	} {
		if !strings.Contains(created.body, want) {
			w.t.Errorf("%s lacks %s", created.body, want)
		}
	}
	read := w.call("GET", "/api/competitions/"+c.ID, "", "")
	if read.body != created.body || read.header.Get("ETag") != `"1"` || created.header.Get("ETag") != `"1"` {
		w.t.Errorf("created as %s, read as %s with ETag %s", created.body, read.body, read.header.Get("ETag"))
	}
	if got := read.header.Get("Cache-Control"); got != "no-cache" {
		w.t.Errorf("Cache-Control is %q, want no-cache", got)
	}
	if got := w.call("GET", "/api/competitions/"+c.ID, "", "", `If-None-Match: "1"`); got.status != http.StatusOK {
		w.t.Errorf("If-None-Match: got %d, want 200: seats change without the version", got.status)
	}
	bare := w.create(`{"title":"Bare","capacity":1,"regDeadline":"2126-05-01T12:00:00Z"}`)
	if bare.RegOpensAt != nil || bare.StartDate != nil || bare.Waitlist || bare.Tags == nil || bare.Description != "" {
		w.t.Errorf("a bare one is %+v", bare)
	}
}

func testEveryBadField(w *world) {
	body := `{"title":"x","capacity":0,"regDeadline":"2001-01-01T00:00:00Z","regOpensAt":"2002-01-01T00:00:00Z","startDate":"2000-01-01T00:00:00Z","tags":["a,b"],"status":"CANCELLED"}`
	got := w.call("POST", "/api/competitions", w.tokens[organizer], body)
	var fields []string
	for _, e := range w.wantProblem(got).Errors {
		fields = append(fields, e.Field)
	}
	slices.Sort(fields)
	if want := []string{
		"capacity", "regDeadline", "regOpensAt", "startDate", "status", "tags",
		"title",
	}; got.status != 422 || !slices.Equal(fields, want) {
		w.t.Errorf("got %d for %v, want 422 for %v", got.status, fields, want)
	}
	if strings.Contains(got.body, "2001-01-01") || strings.Contains(got.body, "a,b") {
		w.t.Errorf("%s repeats what was sent", got.body)
	}
}

func testChangeByVersion(w *world) {
	c := w.competition(5)
	path := "/api/competitions/" + c.ID
	change := func(ifMatch string, status, version int) {
		w.t.Helper()
		got := w.call("PATCH", path, w.tokens[organizer], `{"title":"Title for `+strings.ReplaceAll(ifMatch, `"`, ``)+
			`"}`, "If-Match: "+ifMatch)
		if want := fmt.Sprintf("%q", fmt.Sprint(version)); got.status != status || status == http.StatusOK &&
			got.header.Get("ETag") != want {
			w.t.Errorf("If-Match %s: got %d with ETag %s, want %d with %s: %s", ifMatch, got.status,
				got.header.Get("ETag"), status, want, got.body)
		}
	}
	change(`"1"`, http.StatusOK, 2)
	change(`"1"`, http.StatusPreconditionFailed, 0)
	change(`W/"2"`, http.StatusPreconditionFailed, 0)
	change(`"1", "2"`, http.StatusOK, 3)
	change(`*`, http.StatusOK, 4)
	w.registration(c.ID, participant)
	change(`"4"`, http.StatusOK, 5) // taking a seat doesn't change the content
}

func testAbsentIsNotNull(w *world) {
	c := w.create(
		`{"title":"With times","capacity":5,"regOpensAt":"2026-01-01T09:00:00Z","regDeadline":"2126-05-01T12:00:00Z","startDate":"2126-05-08T08:00:00Z","tags":["go"]}`,
	)
	var changed api.Competition
	w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"startDate":null,"capacity":7}`,
		"If-Match: *"), http.StatusOK, &changed)
	switch {
	case changed.StartDate != nil:
		w.t.Error("startDate: null left a start date")
	case changed.RegOpensAt == nil || changed.Title != c.Title || len(changed.Tags) != 1:
		w.t.Errorf("what was absent changed: %+v", changed)
	case changed.Capacity != 7 || changed.SeatsLeft != 7 || changed.Version != 2:
		w.t.Errorf("got %+v, want 7 seats in version 2", changed)
	}
}

func testStates(w *world) {
	draft := w.create(strings.Replace(competitionBody("A draft", 2), "{", `{"status":"DRAFT",`, 1))
	if draft.Phase != compete.PhaseDraft {
		w.t.Errorf("phase is %s, want draft", draft.Phase)
	}
	path := "/api/competitions/" + draft.ID
	patch := func(body string) answer { return w.call("PATCH", path, w.tokens[organizer], body, "If-Match: *") }
	var c api.Competition
	w.into(patch(`{"status":"PUBLISHED"}`), http.StatusOK, &c)
	if c.Phase != compete.PhaseOpen {
		w.t.Errorf("published, its phase is %s, want open", c.Phase)
	}
	seat := w.registration(c.ID, participant)
	w.registration(c.ID, otherParticipant)
	for body, code := range map[string]string{
		`{"status":"DRAFT"}`: "already_published",
		`{"capacity":1}`:     "capacity_below_held",
	} {
		if got := patch(body); got.status != http.StatusConflict || w.wantProblem(got).Code != code {
			w.t.Errorf("%s: got %d %s, want 409 %s", body, got.status, got.body, code)
		}
	}
	for range 2 {
		w.into(w.call("POST", path+"/cancel", w.tokens[organizer], ""), http.StatusOK, &c)
	}
	if c.Status != compete.StatusCancelled || c.Phase != compete.PhaseCancelled {
		w.t.Errorf("cancelled, it is %s, %s", c.Status, c.Phase)
	}
	for name, got := range map[string]answer{
		"PATCH":    patch(`{"title":"Too late"}`),
		"register": w.call("POST", path+"/register", w.tokens[participant], ""),
	} {
		if got.status != http.StatusConflict || w.wantProblem(got).Code != "competition_cancelled" {
			w.t.Errorf("%s: got %d %s, want competition_cancelled", name, got.status, got.body)
		}
	}
	w.wait(participant, seat.ID, compete.MessageCompetitionCancelled)
}

func TestLists(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		var ids []string
		for i := range 7 {
			body := fmt.Sprintf(`{"title":"Marathon no. %d","capacity":%d,"regDeadline":%q,"tags":["run","n%d"]}`, i,
				i+1, time.Now().Add(time.Duration(10-i)*time.Hour).Format(time.RFC3339), i)
			ids = append(ids, w.create(body).ID)
		}
		upcoming := w.create(strings.Replace(competitionBody("Sprint later", 5), "{",
			fmt.Sprintf(`{"regOpensAt":%q,`, time.Now().Add(time.Hour).Format(time.RFC3339)), 1))
		w.registration(ids[0], participant) // the only seat: now full
		reversed := slices.Clone(ids)
		slices.Reverse(reversed)
		for query, want := range map[string][]string{
			"search=marathon":             reversed,
			"search=mara":                 reversed,
			"search=marathon&sort=newest": reversed,
			"search=no&sort=deadline":     reversed,
			"tags=n1,N3,nothing":          {ids[3], ids[1]},
			"tags=run&search=" + "marath": reversed,
			"search=sprint":               {upcoming.ID},
			"phase=upcoming":              {upcoming.ID},
			"phase=full":                  {ids[0]},
			"phase=open&tags=n0,n1":       {ids[1]},
			"phase=closed":                {},
			"search=nothing-like-this":    {},
		} {
			if got := w.all("/api/competitions?limit=3&"+query, visitor); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", query, got, want)
			}
		}
		if got := w.all("/api/competitions?sort=filling&limit=100", visitor); len(got) != 8 {
			t.Errorf("by seats taken: got %v, want all 8", got)
		}
		mine := w.all("/api/competitions/my-competitions?limit=5", organizer)
		if len(mine) != 8 || mine[0] != upcoming.ID {
			t.Errorf("my competitions are %v, want all 8, newest first", mine)
		}
		if others := w.all("/api/competitions/my-competitions", otherOrganizer); len(others) != 0 {
			t.Errorf("the other organizer's are %v, want none", others)
		}
	})
}

// all reads all pages of a list and returns the ids of its items.
func (w *world) all(path string, as role) []string {
	w.t.Helper()
	ids := []string{}
	for pages := 0; path != ""; pages++ {
		if pages > 50 {
			w.t.Fatalf("%s has no end", path)
		}
		got := w.call("GET", path, w.tokens[as], "")
		var rows []struct{ ID string }
		if err := json.Unmarshal([]byte(got.body), &rows); err != nil || got.status != http.StatusOK {
			w.t.Fatalf("%s: got %d %.300s, want a list", path, got.status, got.body)
		}
		for _, row := range rows {
			ids = append(ids, row.ID)
		}
		path = w.nextPage(got)
	}
	return ids
}

func (w *world) nextPage(got answer) string {
	w.t.Helper()
	link := got.header.Get("Link")
	if link == "" {
		return ""
	}
	address, relation, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
	next, err := url.Parse(address)
	if err != nil || relation != `; rel="next"` {
		w.t.Fatalf("Link is %q", link)
	}
	return next.RequestURI()
}
