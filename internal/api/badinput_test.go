package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/testservices"
)

func TestBadInput(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("refused input", w.sub(testRefusedInput))
		t.Run("every bad field at once", w.sub(testMixedBadFields))
		t.Run("hostile searches", w.sub(testHostileSearches))
		t.Run("malformed ids", w.sub(testMalformedIDs))
		t.Run("broken cursors", w.sub(testBrokenCursors))
	})
}

// testRefusedInput sends invalid requests: every answer is a problem document below 500 that says what to do.
func testRefusedInput(w *world) {
	c := w.competition(5)
	competition := "/api/competitions/" + c.ID
	cases := []struct {
		name         string
		as           role
		method, path string
		body         string
		headers      []string
		status       int
		code         string
	}{
		{"malformed JSON", visitor, "POST", "/api/auth/signup", `{"name":`, nil, 400, "malformed_json"},
		{"not an object", visitor, "POST", "/api/auth/login", `[]`, nil, 400, "malformed_json"},
		{"not UTF-8", visitor, "POST", "/api/auth/login", "{\"email\":\"\xff\"}", nil, 400, "malformed_json"},
		{"no body", visitor, "POST", "/api/auth/login", "", nil, 400, "malformed_json"},
		{
			"a body where none belongs", participant, "POST", competition + "/register", `{"seat":1}`, nil, 422,
			"validation_failed",
		},
		{
			"a division of a competition without any", participant, "POST", competition + "/register",
			`{"divisionId":"` + unknownID + `"}`, nil, 422, "validation_failed",
		},
		{
			"a division that isn't a string", participant, "POST", competition + "/register", `{"divisionId":7}`, nil,
			422, "validation_failed",
		},
		{"an array to register", participant, "POST", competition + "/register", `[]`, nil, 400, "malformed_json"},
		{
			"unknown field", organizer, "POST", "/api/competitions",
			strings.Replace(competitionBody("With a price", 5), "{", `{"price":3,`, 1), nil, 422, "validation_failed",
		},
		{
			"oversized", organizer, "POST", "/api/competitions", `{"title":"` + strings.Repeat("x", 1<<20) + `"}`, nil,
			413, "body_too_large",
		},
		{
			"long description", organizer, "PATCH", competition, `{"description":"` + strings.Repeat("x", 20_001) +
				`"}`,
			[]string{"If-Match: *"},
			422, "validation_failed",
		},
		{
			"a form", visitor, "POST", "/api/auth/login", "email=a",
			[]string{"Content-Type: application/x-www-form-urlencoded"},
			415, "unsupported_media_type",
		},
		{
			"NUL in a title", organizer, "PATCH", competition, `{"title":"a\u0000bc"}`,
			[]string{"If-Match: *"},
			422,
			"validation_failed",
		},
		{
			"NUL in an email", visitor, "POST", "/api/auth/login",
			`{"email":"a\u0000@example.com","password":"password123"}`, nil, 401, "invalid_credentials",
		},
		{
			"NUL in a password", visitor, "POST", "/api/auth/login",
			`{"email":"participant@example.com","password":"a\u0000"}`, nil, 401, "invalid_credentials",
		},
		{"empty credentials", visitor, "POST", "/api/auth/login", `{}`, nil, 401, "invalid_credentials"},
		{
			"password of 257 bytes", visitor, "POST", "/api/auth/signup",
			`{"name":"A","email":"long@example.com","role":"PARTICIPANT","password":"` + strings.Repeat("x", 257) +
				`"}`, nil, 422, "validation_failed",
		},
		{
			"signing up as admin", visitor, "POST", "/api/auth/signup",
			`{"name":"A","email":"root@example.com","role":"ADMIN","password":"password123"}`, nil, 422,
			"validation_failed",
		},
		{
			"email taken in another case", visitor, "POST", "/api/auth/signup",
			`{"name":"A","email":"PARTICIPANT@example.com","role":"PARTICIPANT","password":"password123"}`, nil,
			409, "email_taken",
		},
		{
			"time out of range", organizer, "PATCH", competition, `{"regDeadline":"9999-12-31T23:59:59Z"}`,
			[]string{"If-Match: *"},
			422, "validation_failed",
		},
		{
			"time out of range by its zone", organizer, "PATCH", competition,
			`{"regDeadline":"0000-01-01T00:00:00+23:59"}`,
			[]string{"If-Match: *"},
			422, "validation_failed",
		},
		{
			"empty idempotency key", participant, "POST", competition + "/register", "",
			[]string{"Idempotency-Key: "},
			422, "validation_failed",
		},
		{
			"empty idempotency key", organizer, "POST", "/api/competitions", competitionBody("Without a key", 5),
			[]string{"Idempotency-Key:  "},
			422, "validation_failed",
		},
		{
			"two idempotency keys", participant, "POST", competition + "/register", "",
			[]string{"Idempotency-Key: press-0001", "Idempotency-Key: press-0002"},
			422, "validation_failed",
		},
		{
			"short idempotency key", participant, "POST", competition + "/register", "",
			[]string{"Idempotency-Key: short"},
			422, "validation_failed",
		},
		{
			"long idempotency key", participant, "POST", competition + "/register", "",
			[]string{"Idempotency-Key: " + strings.Repeat("k", 256)},
			422, "validation_failed",
		},
		{
			"idempotency key with a space", participant, "POST", competition + "/register", "",
			[]string{"Idempotency-Key: eight 888"},
			422, "validation_failed",
		},
		{
			"idempotency key beyond ASCII", participant, "POST", competition + "/register", "",
			[]string{"Idempotency-Key: ümlaut-ümlaut"},
			422, "validation_failed",
		},
		{
			"malformed If-Match", organizer, "PATCH", competition, "{}",
			[]string{"If-Match: 1"},
			400,
			"malformed_if_match",
		},
		{"no If-Match", organizer, "PATCH", competition, "{}", nil, 428, "if_match_required"},
		{"old If-Match", organizer, "PATCH", competition, "{}", []string{`If-Match: "7"`}, 412, "version_mismatch"},
		{
			"huge If-Match", organizer, "PATCH", competition, "{}",
			[]string{`If-Match: "99999999999999999999"`},
			412,
			"version_mismatch",
		},
		{"broken percent", visitor, "GET", "/api/competitions?search=%zz", "", nil, 400, "malformed_query"},
		{"unknown phase", visitor, "GET", "/api/competitions?phase=begun", "", nil, 422, "validation_failed"},
		{
			"unknown status", organizer, "GET", competition + "/registrations?status=GONE", "", nil, 422,
			"validation_failed",
		},
		{"unknown route", visitor, "GET", "/api/nothing", "", nil, 404, "not_found"},
		{"unknown method", visitor, "PUT", "/api/competitions", "{}", nil, 405, "method_not_allowed"},
	}
	for _, bad := range cases {
		got := w.call(bad.method, bad.path, w.tokens[bad.as], bad.body, bad.headers...)
		if p := w.wantProblem(got); got.status != bad.status || p.Code != bad.code {
			w.t.Errorf("%s: got %d %.300s, want %d %s", bad.name, got.status, got.body, bad.status, bad.code)
		}
	}
}

// testMixedBadFields: one answer names all errors, whether a field has the wrong type, is unknown, or breaks a limit.
func testMixedBadFields(w *world) {
	competition := "/api/competitions/" + w.competition(5).ID
	mine := w.create(competitionBody("Mine", 5))
	for _, bad := range []struct {
		as           role
		method, path string
		body         string
		fields       string
	}{
		{
			visitor, "POST", "/api/auth/signup",
			`{"name":7,"email":"nobody","password":"short","role":"ADMIN","colour":"red"}`,
			"colour email name password role",
		},
		{participant, "PATCH", "/api/users/me", `{"name":"","password":7,"currentPassword":"x"}`, "name password"},
		{admin, "PATCH", "/api/admin/users/" + unknownID, `{"role":"KING","disabled":"yes"}`, "disabled role"},
		{
			organizer, "POST", "/api/competitions",
			`{"title":"x","capacity":"many","tags":[""],"regDeadline":"soon","startDate":"1900-01-01T00:00:00Z","waitlist":1,"status":"OVER"}`,
			"capacity regDeadline startDate status tags title waitlist",
		},
		{
			organizer, "POST", "/api/competitions",
			`{"title":["x"],"capacity":0,"regDeadline":"2020-01-01T00:00:00Z","regOpensAt":"2021-01-01T00:00:00Z"}`,
			"capacity regDeadline regOpensAt title",
		},
		{
			organizer, "PATCH", "/api/competitions/" + mine.ID,
			`{"TITLE":7,"capacity":0,"startDate":"2126-05-01T11:59:59Z"}`, "TITLE capacity startDate",
		},
		{organizer, "GET", competition + "/registrations?status=PENDING&search=%00&cursor=x", "", "cursor search"},
		{
			visitor, "GET", "/api/competitions?tags=" + strings.Repeat("x", 33) + "&search=%00&cursor=x", "",
			"cursor search tags",
		},
		{visitor, "GET", "/api/competitions?phase=begun&sort=best&limit=x", "", "limit phase sort"},
	} {
		var fields []string
		for _, e := range w.wantProblem(w.call(bad.method, bad.path, w.tokens[bad.as], bad.body,
			"If-Match: *")).Errors {
			fields = append(fields, e.Field)
		}
		slices.Sort(fields)
		if got := strings.Join(fields, " "); got != bad.fields {
			w.t.Errorf("%s %s %s: it names %q, want %q", bad.method, bad.path, bad.body, got, bad.fields)
		}
	}
	for r, want := range map[role]int{participant: 403, otherOrganizer: 403, organizer: 422} {
		if got := w.call("PATCH", "/api/competitions/"+mine.ID, w.tokens[r], `{"title":7}`,
			"If-Match: *"); got.status != want {
			w.t.Errorf("PATCH with a bad field as %s: got %d, want %d", r, got.status, want)
		}
	}
}

// hostile texts have a special meaning for a database, a search engine, a shell or a browser.
var hostile = []string{
	`'; DROP TABLE users; --`, `" OR "1"="1`, `title:secret`, `NEAR(a b)`, `a AND`, `OR`, `NOT`, `^a`, `a*b`, `(((`,
	`)`, `{a b}: c`, `-`, `+`, `"`, `""`, `'`, `\`, `%`, `_`,
	`a & | ! b`, `a <-> b`, `:*`, `<script>alert(1)</script>`, "é̃̃", "日本語", "🏁🏁", "\u202e", "\ufeff",
	strings.Repeat("a ", 99), strings.Repeat(`"`, 200), "a\tb\nc",
}

// testHostileSearches checks that hostile searches never cause a database error.
func testHostileSearches(w *world) {
	registrations := "/api/competitions/" + w.competition(5).ID + "/registrations"
	for _, text := range hostile {
		query := url.QueryEscape(text)
		for path, as := range map[string]role{
			"/api/competitions?search=" + query: visitor, "/api/competitions/my-competitions?search=" +
				query: organizer,
			"/api/competitions?tags=" + query: visitor, registrations + "?search=" + query: organizer,
			"/api/admin/users?search=" + query: admin,
		} {
			got := w.call("GET", path, w.tokens[as], "")
			if got.status != http.StatusOK {
				if p := w.wantProblem(got); got.status != http.StatusUnprocessableEntity {
					w.t.Errorf("%s: got %d %s, want 200 or 422", path, got.status, p.Code)
				}
			}
		}
	}
}

// testMalformedIDs checks that malformed ids give 404 on every route.
func testMalformedIDs(w *world) {
	malformed := []string{
		"0", "-1", "null", "undefined", strings.ToUpper(unknownID), unknownID, unknownID + "x",
		"{" + unknownID + "}", "%00", "a%2Fb", "%27%3B--", "%ff", strings.Repeat("9", 2000), "%F0%9F%8F%81",
	}
	for _, o := range w.operations() {
		if !strings.Contains(o.path, "{id}") {
			continue
		}
		sent := w.requestFor(o)
		for _, id := range malformed {
			got := w.call(o.method, strings.Replace(o.path, "{id}", id, 1), w.tokens[ownerOf(o)],
				sent.body, sent.headers...)
			if w.wantProblem(got); got.status != http.StatusNotFound {
				w.t.Errorf("%s with id %.40s: got %d %.200s, want 404", o.id, id, got.status, got.body)
			}
		}
	}
}

// ownerOf returns a role that may use the operation.
func ownerOf(o operation) role {
	for _, r := range loggedIn {
		if status := matrix[o.id].statuses[r]; status != http.StatusForbidden {
			return r
		}
	}
	return visitor
}

// testBrokenCursors checks that every list refuses invalid cursors, including those of other lists.
func testBrokenCursors(w *world) {
	c := w.competition(5)
	for _, o := range w.operations() {
		if !strings.HasPrefix(o.id, "list") {
			continue
		}
		path := strings.Replace(o.path, "{id}", c.ID, 1)
		for _, cursor := range []string{
			"x", "!!!!", "bmV3ZXN0LjEu", "AAAA%00", strings.Repeat("A", 4000),
			"bm93aGVyZS4xLjAxOGY2YjFlLTdjNGItN2QwYS05YjNlLTVhMWYwYzJkNGU2Zg",
		} {
			w.refusedField(w.call("GET", path+"?cursor="+cursor, w.tokens[listReader(o)], ""), "cursor")
		}
		for _, limit := range []string{"0", "-1", "101", "1e3", "x", "9223372036854775808"} {
			w.refusedField(w.call("GET", path+"?limit="+limit, w.tokens[listReader(o)], ""), "limit")
		}
	}
}

// listReader returns the role that may read the list.
func listReader(o operation) role {
	for _, r := range []role{organizer, admin} {
		if matrix[o.id].statuses[r] == http.StatusOK {
			return r
		}
	}
	return participant
}
