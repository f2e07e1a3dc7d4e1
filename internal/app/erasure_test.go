package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"
	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqlitefile"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Somebody whose name and addresses occur nowhere else.
const (
	erasedName    = "Zoë Quëtzalcóatlsdóttir"
	erasedEmail   = "zoe.qtlx+club@privatadresse.example"
	anotherEmail  = "zoe.zweitbriefkasten@privatadresse.example"
	erasedNetwork = "203.0.113.77"
	erasedZone    = "Pacific/Kiritimati"
)

// needles are the forms in which the person may be found.
var needles = []string{
	erasedName, "Quëtzalcóatl", normal.Fold(erasedName), "quetzalcoatl", "QUETZALCOATL", "quëtzalcóatl",
	erasedEmail, "zoe.qtlx", "privatadresse", anotherEmail, erasedNetwork, erasedZone, erasedKey,
}

// erasedKey stands for the address where guesses at passwords are counted.
var erasedKey = func() string {
	sum := sha256.Sum256([]byte(erasedEmail))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}()

// ownTables have rows that are a person's own, whether or not the person can be read in them.
var ownTables = []string{
	"sessions", "idempotency_keys", "account_links", "organizer_requests", "authenticator_apps", "passkeys",
	"recovery_codes", "messages",
}

// TestNothingIsLeftOfWhoDeletesTheAccount has somebody do all that one can do, deletes the account, and looks for the
// person in every byte of the database and of Redis.
func TestNothingIsLeftOfWhoDeletesTheAccount(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		server := mailtest.Start(t, mailtest.Options{})
		redisURL := testservices.Redis(t)
		w := &erasureWorld{
			t: t, databaseURL: databaseURL, redis: redisClient(t, redisURL), server: server,
			App: apptest.Start(t, apptest.Options{
				DatabaseURL: databaseURL, RedisURL: redisURL,
				Settings: func(c *config.Config) {
					c.SMTPURL, c.JobBackoff, c.TrustedProxies = config.URL(server.URL), time.Hour, []string{"127.0.0.1"}
				},
			}),
		}
		w.organizer, w.other, w.admin = w.As(compete.RoleOrganizer), w.As(compete.RoleParticipant),
			w.As(compete.RoleAdmin)
		w.live()
		for _, place := range []string{
			"users", "sessions", "messages", "river_job", "failed_jobs", "account_links", "idempotency_keys",
			"registrations", "competitions",
			"competition_search", "reports", "passkeys", "audit", "Redis",
		} {
			if found := w.findings(); !slices.ContainsFunc(found,
				func(f string) bool { return strings.HasPrefix(f, place+":") }) {
				t.Errorf("before, the person should be in %s, or this test doesn't try "+
					"whether they are gone from it: %v", place, found)
			}
		}

		for _, table := range ownTables {
			if w.rows(table) == 0 {
				t.Errorf("before, the person should have a row in %s", table)
			}
		}
		w.person.Do(http.MethodDelete, "/api/users/me", map[string]any{"password": apptest.Password}).Want(t,
			http.StatusNoContent)
		w.person.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusUnauthorized)
		w.finish()
		apptest.Eventually(t, apptest.Patience, "the last email arrives", func() bool {
			return slices.ContainsFunc(w.server.To(erasedEmail),
				func(m mailtest.Mail) bool { return strings.Contains(m.Text, "has been deleted") })
		})
		if found := w.findings(); len(found) > 0 {
			t.Errorf("still there: %s", strings.Join(found, "\n"))
		}
		for _, table := range ownTables {
			if n := w.rows(table); n > 0 {
				t.Errorf("%d rows of the person are left in %s", n, table)
			}
		}
		w.wantAnonymous()
		if err := w.Stop(); err != nil {
			t.Fatal(err)
		}
		if found := w.inFiles(); len(found) > 0 {
			t.Errorf("after the stop: %v", found)
		}
	})
}

type erasureWorld struct {
	*apptest.App
	t                                *testing.T
	databaseURL                      string
	redis                            *redis.Client
	server                           *mailtest.Server
	person, organizer, other, admin  *apptest.Client
	seat, wait, cancelled, removedAt string // competitions
}

func redisClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// live does what a person can do.
func (w *erasureWorld) live() {
	t := w.t
	w.person = w.Visitor()
	from := []string{"X-Forwarded-For", erasedNetwork}
	var login struct {
		Token string
		User  compete.User
	}
	w.person.Do(http.MethodPost, "/api/auth/signup", map[string]any{
		"name": erasedName, "email": strings.ToUpper(erasedEmail), "password": apptest.Password, "role": "ORGANIZER",
	}, from...).Want(t, http.StatusCreated).JSON(t, &login)
	w.person.Token, w.person.User = login.Token, login.User
	for range 3 { // after that, guesses are counted until they are forgotten
		w.Visitor().Do(http.MethodPost, "/api/auth/login",
			map[string]any{"email": erasedEmail, "password": "not the password"},
			from...).Want(t, http.StatusUnauthorized)
	}
	w.Verify(erasedEmail)
	w.person.Do(http.MethodPatch, "/api/users/me", map[string]any{"timeZone": erasedZone}).Want(t, http.StatusOK)

	w.register()
	w.invite()
	w.organize()
	w.protect()
	w.complain()
	w.beMailed()
	w.person.Do(http.MethodPost, "/api/users/me/email",
		map[string]any{"email": anotherEmail, "currentPassword": apptest.Password}).Want(t, http.StatusAccepted)
	w.Visitor().Do(http.MethodPost, "/api/auth/password/forgot", map[string]any{"email": erasedEmail}).Want(t,
		http.StatusAccepted)
	var found []struct{ ID string }
	w.admin.Get("/api/admin/users?search=quetzalcoatls", &found)
	if len(found) != 1 {
		t.Fatalf("a search finds %d people, want one", len(found))
	}
}

// register takes a seat, a place on a waitlist, and two that are lost again. Another seat comes from an organizer.
func (w *erasureWorld) register() {
	t := w.t
	w.seat = w.organizer.Create(map[string]any{"title": "Seat", "capacity": 1, "waitlist": true})
	w.wait = w.organizer.Create(map[string]any{"title": "Wait", "capacity": 1, "waitlist": true})
	w.cancelled, w.removedAt = w.organizer.Create(nil), w.organizer.Create(nil)
	w.organizer.Do(http.MethodPost, "/api/competitions/"+w.organizer.Create(nil)+"/registrations",
		map[string]any{"email": erasedEmail, "name": erasedName}, "Idempotency-Key", "adds-the-person").
		Want(t, http.StatusCreated)
	w.press(w.other, w.wait)
	w.press(w.person, w.seat)
	w.press(w.other, w.seat) // waits for the person's
	w.press(w.person, w.wait)
	w.person.Do(http.MethodDelete, "/api/registrations/"+w.press(w.person, w.cancelled), nil).Want(t, http.StatusOK)
	w.organizer.Do(http.MethodDelete, "/api/registrations/"+w.press(w.person, w.removedAt), map[string]any{
		"reason": "Dear " + erasedName, "note": "See " + erasedEmail, "block": true,
	}).Want(t, http.StatusOK)
}

// invite founds a team, and invites somebody else to it.
func (w *erasureWorld) invite() {
	id := w.organizer.Create(map[string]any{"title": "Relay", "team": map[string]any{"max": 2}})
	var captain, seeker struct{ ID, TeamID string }
	for who, entry := range map[*apptest.Client]map[string]any{
		w.person: {"team": map[string]any{"name": "Red"}}, w.other: {"lookingForTeam": true},
	} {
		r := &seeker
		if who == w.person {
			r = &captain
		}
		who.Do(http.MethodPost, "/api/competitions/"+id+"/register", entry).Want(w.t, http.StatusCreated).JSON(w.t, r)
	}
	w.person.Do(http.MethodPost, "/api/teams/"+captain.TeamID+"/invitations",
		map[string]any{"registrationId": seeker.ID}).Want(w.t, http.StatusNoContent)
}

// press registers with a key, and returns the registration's id.
func (w *erasureWorld) press(c *apptest.Client, competition string) string {
	var r struct{ ID string }
	c.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "Idempotency-Key",
		"key-"+c.User.ID+competition).
		Want(w.t, http.StatusCreated).JSON(w.t, &r)
	return r.ID
}

// organize makes a draft that is full of the person, and a competition that somebody else has registered for.
func (w *erasureWorld) organize() {
	t := w.t
	draft := w.person.Create(map[string]any{
		"title": "Cup of " + erasedName, "description": "Ask " + erasedEmail, "location": "Villa Quëtzalcóatl",
		"tags": []string{"quëtzalcóatl"}, "status": "DRAFT",
	})
	picture := image.NewNRGBA(image.Rect(0, 0, 400, 300))
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, picture); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.APIURL+"/api/competitions/"+
		draft+"/cover", &encoded)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.person.Token)
	request.Header.Set("Content-Type", "image/png")
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("upload: %v %v", response, err)
	}
	_ = response.Body.Close()

	published := w.person.Create(map[string]any{"title": "Mine"})
	w.press(w.other, published)
	w.recordName(published)
	w.person.Do(http.MethodDelete, "/api/users/me", map[string]any{"password": apptest.Password}).WantCode(t,
		http.StatusConflict, "organizes_competitions")
	w.person.Do(http.MethodPost, "/api/competitions/"+published+"/cancel", nil).Want(t, http.StatusOK)
}

// recordName has an outcome that others may ask for again name the person as the organizer, as an earlier version
// recorded it.
func (w *erasureWorld) recordName(competition string) {
	outcome := compete.RegistrationOutcome{Competition: compete.Competition{
		ID:                 competition,
		CompetitionContent: compete.CompetitionContent{Title: "Mine"},
		Organizer:          compete.Organizer{ID: w.person.User.ID, Name: erasedName},
	}}
	body, err := json.Marshal(outcome)
	if err != nil {
		w.t.Fatal(err)
	}
	changed, err := w.Store().Writer().ExecContext(w.t.Context(), `UPDATE idempotency_keys SET body = $1
		WHERE key = $2`,
		body, "key-"+w.other.User.ID+competition)
	if err != nil {
		w.t.Fatal(err)
	}
	if n, err := changed.RowsAffected(); n != 1 || err != nil {
		w.t.Fatalf("%d records changed, %v", n, err)
	}
}

// protect sets up an authenticator app and a passkey.
func (w *erasureWorld) protect() {
	t := w.t
	var started struct{ Secret string }
	w.person.Do(http.MethodPost, "/api/users/me/factors/app", nil).Want(t, http.StatusOK).JSON(t, &started)
	code, err := totp.GenerateCode(started.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.person.Do(http.MethodPost, "/api/users/me/factors/app/confirm", map[string]any{"code": code}).Want(t,
		http.StatusOK)
	passkey := compete.Passkey{
		ID: uuid.NewString(), UserID: w.person.User.ID, CredentialID: "c", Record: "{}", Name: erasedName + "'s phone",
		CreatedAt: time.Now(),
	}
	spent := compete.SpentChallenge{Hash: "h", Expires: time.Now().Add(time.Hour)}
	if _, err := w.Store().AddPasskey(t.Context(), passkey, spent, compete.NewFactor{Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

// complain reports a competition. The person also was disabled once, and asked to organize; and somebody else wanted
// their address.
func (w *erasureWorld) complain() {
	w.person.Do(http.MethodPost, "/api/competitions/"+w.seat+"/reports",
		map[string]any{"reason": "SPAM", "details": "I'm " + erasedName}).Want(w.t, http.StatusAccepted)
	w.other.Do(http.MethodPost, "/api/users/me/email",
		map[string]any{"email": erasedEmail, "currentPassword": apptest.Password}).Want(w.t, http.StatusAccepted)
	w.exec(`UPDATE users SET disabled_reason = $2 WHERE id = $1`, w.person.User.ID, "Dear "+erasedName)
	w.exec(`INSERT INTO organizer_requests (id, user_id, requested_at) VALUES ($2, $1, $3)`, w.person.User.ID,
		uuid.NewString(), compete.UTC(time.Now()))
}

func (w *erasureWorld) exec(text string, args ...any) {
	w.t.Helper()
	if _, err := w.Store().Writer().ExecContext(w.t.Context(), text, args...); err != nil {
		w.t.Fatal(text, err)
	}
}

// rows counts the person's in a table.
func (w *erasureWorld) rows(table string) (n int) {
	w.t.Helper()
	err := w.Store().Reader().QueryRowContext(w.t.Context(), `SELECT count(*) FROM `+table+` WHERE user_id = $1`,
		w.person.User.ID).Scan(&n)
	if err != nil {
		w.t.Fatal(table, err)
	}
	return n
}

// beMailed waits for mails, then has the mail server refuse one for good and one for now, with errors that name the
// address.
func (w *erasureWorld) beMailed() {
	t := w.t
	apptest.Eventually(t, apptest.Patience, "the person is mailed",
		func() bool { return len(w.server.To(erasedEmail)) > 3 })
	for code, place := range map[int]string{550: "failed_jobs", 450: "river_job"} {
		w.server.OnRcpt(func(to string) error {
			if to != erasedEmail {
				return nil
			}
			return &smtp.SMTPError{
				Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1},
				Message: "no mailbox " + to + " here",
			}
		})
		w.press(w.person, w.organizer.Create(nil))
		apptest.Eventually(t, apptest.Patience, fmt.Sprintf("an email is refused with %d", code), func() bool {
			return slices.ContainsFunc(w.inTable(place),
				func(f string) bool { return strings.Contains(f, "no mailbox") })
		})
	}
	// Errors of others' emails, which name the person too.
	for code, place := range map[int]string{550: "failed_jobs", 450: "river_job"} {
		w.server.OnRcpt(func(to string) error {
			if to != w.other.User.Email {
				return nil
			}
			return &smtp.SMTPError{
				Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1},
				Message: "moved: try " + erasedEmail,
			}
		})
		w.press(w.other, w.organizer.Create(nil))
		apptest.Eventually(t, apptest.Patience, fmt.Sprintf("an email to another is refused with %d", code),
			func() bool {
				return slices.ContainsFunc(w.inTable(place),
					func(f string) bool { return strings.Contains(f, "moved: try") })
			})
	}
	w.server.OnRcpt(nil)
}

// finish waits for the jobs of the deletion, the late one too.
func (w *erasureWorld) finish() {
	w.t.Helper()
	w.exec(`UPDATE river_job SET scheduled_at = created_at WHERE kind = 'erase'`)
	apptest.Eventually(w.t, apptest.Patience, "the jobs of the deletion are done", func() bool {
		var done int
		err := w.Store().Reader().QueryRowContext(w.t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'erase'
			AND state = 'completed'`).Scan(&done)
		return err == nil && done == 2
	})
}

// wantAnonymous holds the organizer's view to show nothing of the person, and the seat to have passed on.
func (w *erasureWorld) wantAnonymous() {
	t := w.t
	t.Helper()
	for _, competition := range []string{w.seat, w.wait, w.cancelled, w.removedAt} {
		var rows []struct {
			Status, CancelReason, Reason, Note string
			Blocked                            bool
			User                               struct {
				ID, Name, Email string
				Deleted         bool
			}
		}
		w.organizer.Get("/api/competitions/"+competition+"/registrations", &rows)
		mine := 0
		for _, r := range rows {
			if r.User.ID != w.person.User.ID {
				continue
			}
			mine++
			if r.Status != "CANCELLED" || r.CancelReason != "ERASED" || r.Reason+r.Note+r.User.Email != "" ||
				r.Blocked || r.User.Name != compete.ErasedName || !r.User.Deleted {
				t.Errorf("the registration is %+v, want a cancelled one of nobody", r)
			}
		}
		if mine != 1 {
			t.Errorf("%d registrations of the person are left, want one", mine)
		}
	}
	var registrations []struct {
		Status      string
		Competition struct{ ID string }
	}
	w.other.Get("/api/users/me/registrations", &registrations)
	for _, r := range registrations {
		if r.Competition.ID == w.seat && r.Status != "PENDING" && r.Status != "CONFIRMED" {
			t.Errorf("who waited for the seat is %s", r.Status)
		}
	}
	csv := string(w.organizer.Do(http.MethodGet, "/api/competitions/"+w.seat+"/registrations", nil,
		"Accept", "text/csv").Body)
	if !strings.Contains(csv, `"CANCELLED","","Deleted account","",`) {
		t.Errorf("the CSV has no anonymous row: %s", csv)
	}
	w.admin.Do(http.MethodGet, "/api/admin/users?search=deleted", nil).Want(t, http.StatusOK)
}

// findings are the places where the person is found: the table or "Redis", a colon, and around what.
func (w *erasureWorld) findings() []string {
	var found []string
	for _, table := range w.tables() {
		found = append(found, w.inTable(table)...)
	}
	return append(append(found, w.inRedis()...), w.inFiles()...)
}

// tables are all of the database's, those of the job queue and the index of words too.
func (w *erasureWorld) tables() []string {
	w.t.Helper()
	text := `SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()`
	if w.Store().Kind() == "sqlite" {
		text = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
	}
	rows, err := w.Store().Reader().QueryContext(w.t.Context(), text)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			w.t.Fatal(err)
		}
		tables = append(tables, table)
	}
	if rows.Err() != nil || len(tables) < 20 {
		w.t.Fatalf("tables: %v %v", tables, rows.Err())
	}
	return tables
}

func (w *erasureWorld) inTable(table string) []string {
	w.t.Helper()
	rows, err := w.Store().Reader().QueryContext(w.t.Context(), `SELECT * FROM "`+table+`"`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			w.t.Fatal(err)
		}
		for i, value := range values {
			value := *value.(*any)
			if raw, ok := value.([]byte); ok {
				value = string(raw)
			}
			found = append(found, finding(table, columns[i], fmt.Sprint(value))...)
		}
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return found
}

// finding is where text has one of the needles.
func finding(place, what, text string) []string {
	for _, needle := range needles {
		if at := strings.Index(text, needle); at >= 0 {
			return []string{fmt.Sprintf("%s: %s has %q in %.300q", place, what, needle, text[max(0, at-100):])}
		}
	}
	return nil
}

func (w *erasureWorld) inRedis() []string {
	w.t.Helper()
	ctx := w.t.Context()
	keys, err := w.redis.Keys(ctx, "*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, key := range keys {
		found = append(found, finding("Redis", "a key", key)...)
		value, err := w.redis.Get(ctx, key).Result()
		if err != nil { // a hash
			value = fmt.Sprint(w.redis.HGetAll(ctx, key).Val())
		}
		var record struct{ Body string } // in base64
		if json.Unmarshal([]byte(value), &record) == nil {
			body, _ := base64.StdEncoding.DecodeString(record.Body)
			value += string(body)
		}
		found = append(found, finding("Redis", key, value)...)
	}
	return found
}

// inFiles looks at every byte of SQLite's files.
func (w *erasureWorld) inFiles() []string {
	w.t.Helper()
	path, isSQLite, err := sqlitefile.Path(w.databaseURL)
	if !isSQLite {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, suffix := range []string{"", "-wal", "-journal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
		found = append(found, finding("file"+suffix, "its content", string(content))...)
	}
	return found
}
