package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/bcrypt"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/testservices"
	"github.com/minicompete/minicompete/internal/web"
)

// auditCase says how to call a route that changes something, and what it leaves in the audit log.
type auditCase struct {
	action  compete.AuditAction // of a record with the request's id; empty: none, for the reason below
	none    string
	request func(w *auditWorld) *http.Request
}

// TestEveryChangeIsRecorded walks both route tables: each route with a method other than GET is called once, and must
// leave a record in the audit log. A new route is added to auditCases, with a request that succeeds; how to record its
// change is said at compete.AuditRecord.
func TestEveryChangeIsRecorded(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newAuditWorld(t, databaseURL)
		routes := append(w.apiRoutes(), pageRoutes()...)
		for route := range auditCases {
			if !slices.Contains(routes, route) {
				t.Errorf("auditCases has %q, which is no route that changes something", route)
			}
		}
		slices.SortFunc(routes, func(a, b string) int { return -strings.Compare(firstSetup(a), firstSetup(b)) })
		for _, route := range routes {
			c, ok := auditCases[route]
			switch {
			case !ok:
				t.Errorf("%s: is not in auditCases: say there how to call it, and which "+
					"record it leaves in the audit log", route)
			case c.none == "":
				t.Run(route, func(t *testing.T) { w.in(t).check(route, c) })
			}
		}
	})
}

// firstSetup sorts the first start before all else: it needs a site without an admin.
func firstSetup(route string) string {
	if strings.HasPrefix(route, "POST "+web.SetupPath) {
		return "~" + strings.Repeat("~", strings.Count(route, "/")) + route // the test email before the end of it
	}
	return route
}

// check calls the route, and looks for its record.
func (w *auditWorld) check(route string, c auditCase) {
	w.t.Helper()
	request := c.request(w)
	id := "audit-" + uuid.NewString()
	request.Header.Set("X-Request-Id", id)
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode >= 400 {
		w.t.Fatalf("%s: got %d: the request of auditCases must succeed\n%.2000s", route, response.StatusCode, body)
	}
	page, err := w.app.Store().Audit(w.t.Context(), compete.AuditFilter{Limit: 50})
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, entry := range page.Items {
		if entry.RequestID != id {
			continue
		}
		found = append(found, string(entry.Action))
		if entry.Action == c.action && entry.Address != "127.0.0.1" {
			w.t.Errorf("%s: its record has the address %q", route, entry.Address)
		}
	}
	if !slices.Contains(found, string(c.action)) {
		w.t.Errorf("%s leaves no record %q in the audit log, only %q: see compete.AuditRecord", route, c.action, found)
	}
}

func pageRoutes() (routes []string) {
	for _, pattern := range web.Routes(web.Config{}) {
		if !strings.HasPrefix(pattern, "GET ") {
			routes = append(routes, pattern)
		}
	}
	return routes
}

func (w *auditWorld) apiRoutes() (routes []string) {
	var document struct{ Paths map[string]map[string]any }
	w.app.Visitor().Get("/api/openapi.json", &document)
	for path, item := range document.Paths {
		for method := range maps.Keys(item) {
			if method = strings.ToUpper(method); method != http.MethodGet {
				routes = append(routes, method+" "+path)
			}
		}
	}
	return routes
}

// auditWorld is a running program, and how to get at it.
type auditWorld struct {
	t      *testing.T
	app    *apptest.App
	client *http.Client
}

func newAuditWorld(t *testing.T, databaseURL string) *auditWorld {
	server := mailtest.Start(t, mailtest.Options{})
	a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
		c.SMTPURL, c.LimitLinks = config.URL(server.URL), 0
	}})
	return &auditWorld{
		t: t, app: a,
		client: &http.Client{CheckRedirect: func(*http.Request,
			[]*http.Request,
		) error {
			return http.ErrUseLastResponse
		}},
	}
}

func (w *auditWorld) in(t *testing.T) *auditWorld {
	return &auditWorld{t: t, app: w.app, client: w.client}
}

// someone is an account that is logged in at both front doors.
type someone struct {
	compete.User
	token, cookie, session string
}

func (w *auditWorld) exec(text string, args ...any) {
	w.t.Helper()
	if _, err := w.app.Store().Writer().ExecContext(w.t.Context(), text, args...); err != nil {
		w.t.Fatal(text, err)
	}
}

// hashOfPassword is a cheap one of apptest.Password.
var hashOfPassword = func() string {
	hash, _ := bcrypt.GenerateFromPassword([]byte(apptest.Password), bcrypt.MinCost)
	return string(hash)
}()

// someone inserts an account past the front door, so that no password is hashed, with a session of the pages.
func (w *auditWorld) someone(role compete.Role) someone {
	w.t.Helper()
	now := compete.UTC(time.Now().Add(-time.Minute))
	id, session, cookie := uuid.Must(uuid.NewV7()).String(), uuid.NewString(),
		strings.ReplaceAll(uuid.NewString(), "-", "")+"0123456789a"
	p := someone{
		User:   compete.User{ID: id, Email: id + "@example.com", Name: "Some One", Role: role},
		cookie: cookie, session: session,
	}
	w.exec(`INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at, verified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $6)`,
		p.ID, p.Email, p.Name, hashOfPassword, string(p.Role), now)
	sum := sha256.Sum256([]byte(cookie))
	w.exec(`INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $4)`,
		session, p.ID, hex.EncodeToString(sum[:]), now, now.Add(time.Hour))
	p.token = apptest.ForeignToken(w.t, p.User)
	return p
}

// unsubscribe is the token in the mails to somebody that ends their reminders.
func (w *auditWorld) unsubscribe(p someone) string {
	keys, err := auth.NewLinkKeys([]byte(apptest.Secret), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return keys.Unsubscribe(p.ID)
}

// link inserts a link with the token "token of <user>".
func (w *auditWorld) link(p someone, purpose compete.LinkPurpose, email string) string {
	token, now := "token of "+p.ID, compete.UTC(time.Now())
	w.exec(`INSERT INTO account_links (id, purpose, email, user_id, token_hash, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		uuid.NewString(), string(purpose), email, p.ID, compete.HashToken(token), now, now.Add(time.Hour))
	return token
}

// api is a request to the API; a visitor's without who.
func (w *auditWorld) api(method, path string, body any, who ...someone) *http.Request {
	w.t.Helper()
	var payload []byte
	if raw, ok := body.([]byte); ok {
		payload = raw
	} else if body != nil {
		payload, _ = json.Marshal(body)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.app.APIURL+path, bytes.NewReader(payload))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for _, p := range who {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	return request
}

// page is a form sent to a page; fields are names and values in turn.
func (w *auditWorld) page(path string, fields []string, who ...someone) *http.Request {
	w.t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(fields, 2) {
		form.Add(pair[0], pair[1])
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.app.WebURL+path,
		strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, p := range who {
		request.AddCookie(&http.Cookie{Name: "session", Value: p.cookie})
	}
	return request
}

// do sends a request that prepares another, and reads its JSON.
func (w *auditWorld) do(request *http.Request, into any) {
	w.t.Helper()
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode >= 400 || into != nil && json.Unmarshal(body, into) != nil {
		w.t.Fatalf("%s %s: %d %s", request.Method, request.URL.Path, response.StatusCode, body)
	}
}

// competition makes one of an organizer's.
func (w *auditWorld) competition(status string) (id string, organizer someone) {
	w.t.Helper()
	organizer = w.someone(compete.RoleOrganizer)
	var c struct{ ID string }
	w.do(w.api("POST", "/api/competitions", map[string]any{
		"title": "A competition", "capacity": 5, "waitlist": true, "regDeadline": time.Now().Add(time.Hour),
		"status": status,
	}, organizer), &c)
	return c.ID, organizer
}

// prepared is competition, for which a participant filled in something ahead.
func (w *auditWorld) prepared() (competition string, participant someone) {
	w.t.Helper()
	competition, _ = w.competition("PUBLISHED")
	participant = w.someone(asParticipant)
	w.do(w.api("PUT", "/api/competitions/"+competition+"/preparation", map[string]any{}, participant), nil)
	return competition, participant
}

// registration makes one for a competition.
func (w *auditWorld) registration() (id, competition string, organizer, participant someone) {
	w.t.Helper()
	competition, organizer = w.competition("PUBLISHED")
	participant = w.someone(compete.RoleParticipant)
	var r struct{ ID string }
	w.do(w.api("POST", "/api/competitions/"+competition+"/register", nil, participant), &r)
	return r.ID, competition, organizer, participant
}

// asked is a registration for a competition that asks a question.
func (w *auditWorld) asked() (id, competition string, organizer, participant someone) {
	id, competition, organizer, participant = w.registration()
	w.exec(`UPDATE competitions SET questions = '[{"id":"size","kind":"TEXT","label":"Size","scope":"PERSON"}]'
		WHERE id = $1`, competition)
	return id, competition, organizer, participant
}

// inDivision is registration, in a competition that also has the other division.
func (w *auditWorld) inDivision() (id, competition, other string, participant someone) {
	w.t.Helper()
	var c struct {
		ID        string
		Divisions []struct{ ID string }
	}
	w.do(w.api("POST", "/api/competitions", map[string]any{
		"title": "A competition", "capacity": 5, "regDeadline": time.Now().Add(time.Hour),
		"divisions": []map[string]any{{"name": "Short", "capacity": 2}, {"name": "Long", "capacity": 2}},
	}, w.someone(asOrganizer)), &c)
	participant = w.someone(asParticipant)
	var r struct{ ID string }
	w.do(w.api("POST", "/api/competitions/"+c.ID+"/register", map[string]any{"divisionId": c.Divisions[0].ID},
		participant), &r)
	return r.ID, c.ID, c.Divisions[1].ID, participant
}

// team makes one with a captain and another member.
func (w *auditWorld) team() (id string, member, captain someone) {
	w.t.Helper()
	competition, _ := w.competition("PUBLISHED")
	w.exec(`UPDATE competitions SET team = '{"min":1,"max":3,"seatUnit":"PERSON"}' WHERE id = $1`, competition)
	captain, member = w.someone(asParticipant), w.someone(asParticipant)
	var r struct{ TeamID string }
	join := func(p someone, team map[string]any) {
		w.do(w.api("POST", "/api/competitions/"+competition+"/register", map[string]any{"team": team}, p), &r)
	}
	join(captain, map[string]any{"name": "Red"})
	var team struct{ Code string }
	w.do(w.api("GET", "/api/teams/"+r.TeamID, nil, captain), &team)
	join(member, map[string]any{"code": team.Code})
	return r.TeamID, member, captain
}

// teamed is team, with its competition and the registration of the member.
func (w *auditWorld) teamed() (id, competition, registration string, member, captain someone) {
	w.t.Helper()
	id, member, captain = w.team()
	var team struct {
		CompetitionID string
		Members       []struct{ UserID, RegistrationID string }
	}
	w.do(w.api("GET", "/api/teams/"+id, nil, captain), &team)
	for _, m := range team.Members {
		if m.UserID == member.ID {
			registration = m.RegistrationID
		}
	}
	return id, team.CompetitionID, registration, member, captain
}

// offered is registration, of somebody who is offered a seat.
func (w *auditWorld) offered() (id, competition string, participant someone) {
	w.t.Helper()
	competition, organizer := w.competition("PUBLISHED")
	w.exec(`UPDATE competitions SET capacity = 1, seats_left = 1, offer_hours = 1 WHERE id = $1`, competition)
	register := func() (id string, p someone) {
		var r struct{ ID string }
		p = w.someone(asParticipant)
		w.do(w.api("POST", "/api/competitions/"+competition+"/register", nil, p), &r)
		return r.ID, p
	}
	first, _ := register()
	id, participant = register()
	w.do(w.api("DELETE", "/api/registrations/"+first, nil, organizer), nil)
	return id, competition, participant
}

// application is registration, for a competition with review.
func (w *auditWorld) application() (id, competition string, organizer someone) {
	w.t.Helper()
	competition, organizer = w.competition("PUBLISHED")
	w.exec(`UPDATE competitions SET admission = 'REVIEW' WHERE id = $1`, competition)
	var r struct{ ID string }
	w.do(w.api("POST", "/api/competitions/"+competition+"/register", nil, w.someone(asParticipant)), &r)
	return r.ID, competition, organizer
}

// lottery is one for which somebody has applied.
func (w *auditWorld) lottery() (competition string, participant, organizer someone) {
	w.t.Helper()
	competition, organizer = w.competition("PUBLISHED")
	w.exec(`UPDATE competitions SET admission = 'LOTTERY' WHERE id = $1`, competition)
	participant = w.someone(asParticipant)
	w.do(w.api("POST", "/api/competitions/"+competition+"/register", nil, participant), nil)
	return competition, participant, organizer
}

// frozen is a lottery with a frozen list that waits for a value. It has started, so nothing happens by itself.
func (w *auditWorld) frozen() (competition string, organizer someone) {
	w.t.Helper()
	competition, _, organizer = w.lottery()
	now := compete.UTC(time.Now())
	w.exec(`UPDATE competitions SET reg_deadline = $2, start_date = $2, frozen_at = $2 WHERE id = $1`, competition, now)
	w.exec(`INSERT INTO draws (competition_id, source, source_name, listed_at, frozen_at) VALUES ($1, 'NAMED', 'Dice', $2,
		$2)`, competition, now)
	return competition, organizer
}

func decisionsAbout(id string) map[string]any {
	return map[string]any{"items": []map[string]any{{"registrationId": id, "decision": "ADMIT"}}}
}

// blocked is registration, of somebody who was removed and blocked.
func (w *auditWorld) blocked() (id, competition string, organizer someone) {
	w.t.Helper()
	id, competition, organizer, _ = w.registration()
	w.do(w.api("DELETE", "/api/registrations/"+id, map[string]any{"block": true}, organizer), nil)
	return id, competition, organizer
}

func (w *auditWorld) failedJob() string {
	id := uuid.NewString()
	w.exec(`INSERT INTO failed_jobs (id, job_id, queue, kind, payload, error, attempts, failed_at)
		VALUES ($1, $2, 'maintenance', 'settle', $3, 'x', 3, $4)`,
		id, time.Now().UnixNano(), `{"competitionId":"`+uuid.NewString()+`"}`, compete.UTC(time.Now()))
	return id
}

func (w *auditWorld) organizerRequest() string {
	id := uuid.NewString()
	w.exec(`INSERT INTO organizer_requests (id, user_id, requested_at) VALUES ($1, $2, $3)`, id,
		w.someone(compete.RoleParticipant).ID, compete.UTC(time.Now()))
	return id
}

func (w *auditWorld) setupToken() string {
	w.exec(`INSERT INTO setup_links (token_hash, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		compete.HashToken("set up"), compete.UTC(time.Now()))
	return "set up"
}

// message waits for one that is unread.
func (w *auditWorld) message() (id string, reader someone) {
	w.t.Helper()
	_, _, _, reader = w.registration()
	apptest.Eventually(w.t, apptest.Patience, "a message arrives", func() bool {
		var mailbox []struct{ ID string }
		w.do(w.api("GET", "/api/users/me/mailbox", nil, reader), &mailbox)
		if len(mailbox) > 0 {
			id = mailbox[0].ID
		}
		return id != ""
	})
	return id, reader
}

// report inserts one of a competition.
func (w *auditWorld) report() (id, competition string) {
	w.t.Helper()
	competition, _ = w.competition("PUBLISHED")
	id = uuid.NewString()
	w.exec(`INSERT INTO reports (id, competition_id, reporter_id, reason, details, created_at, status)
		VALUES ($1, $2, $3, 'SPAM', '', $4, 'OPEN')`,
		id, competition, w.someone(compete.RoleParticipant).ID, compete.UTC(time.Now()))
	return id, competition
}

// appCode is a code of an authenticator app that somebody begins to set up.
func (w *auditWorld) appCode(p someone) string {
	w.t.Helper()
	var started struct{ Secret string }
	w.do(w.api("POST", "/api/users/me/factors/app", nil, p), &started)
	code, err := totp.GenerateCode(started.Secret, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// withApp is somebody who has an authenticator app, and recovery codes.
func (w *auditWorld) withApp() (p someone, recovery []string) {
	w.t.Helper()
	p = w.someone(compete.RoleParticipant)
	var confirmed struct{ RecoveryCodes []string }
	w.do(w.api("POST", "/api/users/me/factors/app/confirm", map[string]any{"code": w.appCode(p)}, p), &confirmed)
	return p, confirmed.RecoveryCodes
}

// passkey inserts one that nothing can use.
func (w *auditWorld) passkey() (id string, p someone) {
	p, id = w.someone(compete.RoleParticipant), uuid.NewString()
	w.exec(`INSERT INTO passkeys (id, user_id, credential_id, record, name, created_at)
		VALUES ($1, $2, $3, $4, 'A key', $5)`,
		id, p.ID, id, "{}", compete.UTC(time.Now()))
	return id, p
}

func auditPicture() []byte {
	var file bytes.Buffer
	_ = png.Encode(&file, image.NewGray(image.Rect(0, 0, 1200, 630)))
	return file.Bytes()
}

// coverForm is a form with a picture.
func (w *auditWorld) coverForm(path string, who someone) *http.Request {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("cover", "cover.png")
	_, _ = part.Write(auditPicture())
	_ = form.Close()
	request := w.page(path, nil, who)
	request.Body, request.ContentLength = io.NopCloser(&body), int64(body.Len())
	request.Header.Set("Content-Type", form.FormDataContentType())
	return request
}

// withCover is a competition that has one.
func (w *auditWorld) withCover() (id string, organizer someone) {
	id, organizer = w.competition("PUBLISHED")
	w.do(w.coverOf(id, organizer), nil)
	return id, organizer
}

func (w *auditWorld) coverOf(id string, organizer someone) *http.Request {
	request := w.api("PUT", "/api/competitions/"+id+"/cover", auditPicture(), organizer)
	request.Header.Set("Content-Type", "image/png")
	return request
}

func competitionForm(status string) []string {
	return []string{
		"title", "A competition", "capacity", "5", "regDeadline",
		time.Now().UTC().Add(24 * time.Hour).Format("2006-01-02T15:04"),
		"zone", "UTC", "timeZone", "UTC", "status", status,
	}
}

func newAddress() string { return uuid.NewString() + "@example.com" }

const newPassword = "another good passphrase"
