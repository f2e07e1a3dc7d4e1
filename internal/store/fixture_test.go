package store_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// eachStore runs a test on a fresh, migrated store of each kind of database, and then looks at the plans of the
// statements it ran.
func eachStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	for _, kind := range testservices.Databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := testservices.DatabaseURL(t, kind)
			db, mailing := openAt(t, url), openWith(t, store.Config{URL: url, Mailing: true})
			test(t, newFixture(db, mailing))
			checkNewPlans(t, kind, db.Texts())
			checkNewPlans(t, kind, mailing.Texts())
		})
	}
}

// openAt opens and migrates a database until the test ends.
func openAt(t *testing.T, url string) *store.Store {
	t.Helper()
	return openWith(t, store.Config{URL: url})
}

func openWith(t *testing.T, c store.Config) *store.Store {
	t.Helper()
	c.Logger = slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newUser() compete.User {
	id := newID()
	now := compete.UTC(time.Now())
	return compete.User{
		ID: id, Email: id + "@example.com", Name: "Ada", Role: compete.RoleOrganizer,
		CreatedAt: now, UpdatedAt: now,
	}
}

func newFixture(s, mailing *store.Store) *fixture {
	// A clock five hours ahead of UTC, finer than a microsecond: what comes back must be the same instant in UTC, to
	// the microsecond.
	return &fixture{
		Store: s, mailingStore: mailing,
		now: time.Date(2030, 6, 12, 1, 30, 0, 123_456_789, time.FixedZone("", 5*3600)),
	}
}

// mailing is the same fixture, with messages that go out by mail.
func (f *fixture) mailing() *fixture {
	mailing := *f
	mailing.Store = f.mailingStore
	return &mailing
}

// fixture is a database and a clock that stands still.
type fixture struct {
	*store.Store
	mailingStore *store.Store // the same database, with messages that go out by mail
	now          time.Time
}

// ago is a moment before the fixture's now, in its zone; negative durations lie ahead.
func (f *fixture) ago(d time.Duration) time.Time { return f.now.Add(-d) }

func (f *fixture) agoPointer(d time.Duration) *time.Time {
	t := f.ago(d)
	return &t
}

// The comparisons, by short names.
var (
	must      = check.NoError
	want      = check.Equal
	wantError = check.ErrorIs
)

func (f *fixture) addUser(t *testing.T, role compete.Role) compete.User {
	t.Helper()
	id := newID()
	u := compete.User{ID: id, Email: id + "@example.com", Name: "Ada", Role: role, CreatedAt: f.now, UpdatedAt: f.now}
	must(t, f.CreateUser(t.Context(), u, "hash of "+id))
	return storedUser(u)
}

// storedUser is a user as it comes back.
func storedUser(u compete.User) compete.User {
	u.DisabledAt, u.CreatedAt, u.UpdatedAt = stored(u.DisabledAt), compete.UTC(u.CreatedAt), compete.UTC(u.UpdatedAt)
	return u
}

func stored(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := compete.UTC(*t)
	return &utc
}

// competition is one that is open for another day, with ten seats. It isn't stored yet.
func (f *fixture) competition(organizer compete.User) compete.Competition {
	return compete.Competition{
		ID: newID(),
		CompetitionContent: compete.CompetitionContent{
			Title: "Spring Cup", Location: "Hall 3", Tags: []string{"go", "sql"}, Capacity: 10,
			RegDeadline: f.ago(-24 * time.Hour), StartDate: f.agoPointer(-48 * time.Hour),
			EndDate: f.agoPointer(-72 * time.Hour), TimeZone: "Europe/Zurich", Admission: compete.AdmissionFirstCome,
			Visibility: compete.VisibilityPublic,
		},
		Description: "Bring a *laptop*.", SeatsLeft: 10, Status: compete.StatusPublished,
		Organizer: compete.Organizer{ID: organizer.ID, Name: organizer.Name}, Version: 1, CreatedAt: f.now,
		UpdatedAt: f.now,
	}
}

// addCompetition stores a competition after change, and returns it as it comes back.
func (f *fixture) addCompetition(
	t *testing.T, organizer compete.User, change func(*compete.Competition),
) compete.Competition {
	t.Helper()
	c := f.competition(organizer)
	if change != nil {
		change(&c)
	}
	if _, err := f.CreateCompetition(t.Context(), c, compete.IdempotencyRecord{}); err != nil {
		t.Fatal(err)
	}
	return storedCompetition(c)
}

// addCompetitions stores many at once, beside the store: without what a search finds them by.
func (f *fixture) addCompetitions(t *testing.T, competitions []compete.Competition) {
	t.Helper()
	tx, err := f.Writer().BeginTx(t.Context(), nil)
	must(t, err)
	defer func() { _ = tx.Rollback() }() // after the commit there is nothing left to roll back
	for _, c := range competitions {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO competitions (id, title, capacity, seats_left, waitlisted,
			reg_opens_at, reg_deadline, status, waitlist, organizer_id, created_at, updated_at, visibility)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
			$10, $11, $11, $12)`, c.ID, c.Title, c.Capacity, c.SeatsLeft, c.Waitlisted, stored(c.RegOpensAt),
			compete.UTC(c.RegDeadline), string(c.Status), c.Waitlist, c.Organizer.ID, compete.UTC(c.CreatedAt),
			string(c.Visibility))
		must(t, err)
		for _, tag := range c.Tags {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO competition_tags (competition_id, tag) VALUES ($1, $2)`,
				c.ID, tag)
			must(t, err)
		}
	}
	must(t, tx.Commit())
}

// fillEmptyFields sets every field of the struct that v points to and that has no value yet, so that one that is added
// is set too.
func fillEmptyFields(v any, at time.Time) {
	for _, field := range reflect.ValueOf(v).Elem().Fields() {
		if !field.IsZero() {
			continue
		}
		switch p := field.Addr().Interface().(type) {
		case *time.Time:
			*p = at
		case **time.Time:
			*p = &at
		case *[]string:
			*p = []string{"x"}
		case **compete.TeamRules:
			*p = &compete.TeamRules{Min: 2, Max: 3, SeatUnit: compete.SeatPerTeam, DropIncomplete: true}
		case **int:
			seven := 7
			*p = &seven
		default:
			switch field.Kind() {
			case reflect.Bool:
				field.SetBool(true)
			case reflect.String:
				field.SetString("x")
			default:
				field.SetInt(7)
			}
		}
	}
}

// storeTimes gives the times of the struct that v points to the form in which they come back.
func storeTimes(v any) {
	for _, field := range reflect.ValueOf(v).Elem().Fields() {
		switch p := field.Addr().Interface().(type) {
		case *time.Time:
			*p = compete.UTC(*p)
		case **time.Time:
			*p = stored(*p)
		}
	}
}

func storedCompetition(c compete.Competition) compete.Competition {
	storeTimes(&c)
	storeTimes(&c.CompetitionContent)
	return c
}

// addRegistration stores a registration of a new user, with the next seq; seats aren't counted. change may be nil.
func (f *fixture) addRegistration(
	t *testing.T, competitionID string, status compete.RegistrationStatus, change func(*compete.Registration),
) compete.Registration {
	t.Helper()
	user := f.addUser(t, compete.RoleParticipant)
	r := compete.Registration{
		RegistrationState: compete.RegistrationState{
			ID: newID(), CompetitionID: competitionID, Status: status, RegisteredAt: f.now, UpdatedAt: f.now,
		},
		UserID: user.ID,
	}
	must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
		state, err := tx.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{competitionID}})
		if err != nil {
			return err
		}
		c := &state.Competitions[0]
		r.Seq = c.NextSeq
		if change != nil {
			change(&r)
		}
		c.NextSeq = max(c.NextSeq, r.Seq+1)
		return tx.Write(t.Context(),
			compete.LedgerChanges{Competitions: state.Competitions, Inserted: []compete.Registration{r}})
	}))
	storeTimes(&r)
	storeTimes(&r.RegistrationState)
	return r
}

func (f *fixture) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	if _, err := f.Writer().ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

// walk reads a whole list page by page. Each cursor goes through its opaque form, as clients send it.
func walk[T any](t *testing.T, list string, read func(cursor compete.Cursor) (compete.Page[T], error)) []T {
	t.Helper()
	var all []T
	var cursor compete.Cursor
	for range 1000 {
		page, err := read(cursor)
		must(t, err)
		all = append(all, page.Items...)
		if page.Next.IsZero() {
			return all
		}
		cursor, err = compete.ParseCursor(list, page.Next.String())
		must(t, err)
	}
	t.Fatal("the list has no end")
	return nil
}

func ids[T any](items []T, id func(T) string) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = id(item)
	}
	return names
}

// outOfBounds are cursors that no list gives out, but that a client can make.
func outOfBounds(list string) []compete.Cursor {
	var cursors []compete.Cursor
	for _, key := range []int64{-1 << 63, -1, 0, 1<<63 - 1} {
		cursors = append(cursors, compete.Cursor{List: list, Key: key, ID: newID()})
	}
	return cursors
}

// notIDs are what a token or an address may hold in the place of an id.
var notIDs = []string{"", "x", "NULL", "\x00", fmt.Sprintf("%036d", 0), "0b0e6c9c-7f3e-7c39-9d0a-3a5b1c2d3e4F"}

// wantOrder checks that a list has n items, each once, in order.
func wantOrder[T any](t *testing.T, items []T, n int, id func(T) string, before func(a, b T) bool) {
	t.Helper()
	seen := map[string]bool{}
	for i, item := range items {
		seen[id(item)] = true
		if i > 0 && !before(items[i-1], item) {
			t.Errorf("items %d and %d are out of order: %v, %v", i-1, i, items[i-1], item)
		}
	}
	if len(items) != n || len(seen) != n {
		t.Errorf("the list has %d items, %d different ones, want %d", len(items), len(seen), n)
	}
}

// addQueue stores a competition with registrations whose states go round, so that who waits is spread among the others.
// It returns them as they come back, with their positions.
func (f *fixture) addQueue(t *testing.T, organizer compete.User, n int) (compete.Competition, []compete.Registration) {
	t.Helper()
	c := f.addCompetition(t, organizer, nil)
	f.addRegistration(t, f.addCompetition(t, organizer, nil).ID, compete.RegistrationWaitlisted, nil) // another's queue
	states := []compete.RegistrationStatus{
		compete.RegistrationConfirmed, compete.RegistrationWaitlisted, compete.RegistrationCancelled,
		compete.RegistrationWaitlisted, compete.RegistrationPending,
		compete.RegistrationConfirmed, compete.RegistrationWaitlisted, compete.RegistrationCancelled,
		compete.RegistrationWaitlisted, compete.RegistrationOffered,
	}
	queue := make([]compete.Registration, n)
	waiting := 0
	for i := range queue {
		queue[i] = f.addRegistration(t, c.ID, states[i%len(states)], func(r *compete.Registration) {
			r.RegisteredAt, r.UpdatedAt, r.PromotedAt = f.ago(time.Hour-time.Duration(i)*time.Microsecond),
				f.ago(time.Minute), f.agoPointer(time.Second)
			fillEmptyFields(&r.RegistrationState, f.now)
			// a new one has no reason, and the competition neither divisions nor teams
			r.CancelReason, r.DivisionID, r.TeamID, r.Follows = "", "", "", false
			if r.ConfirmBy = nil; r.Status == compete.RegistrationOffered {
				r.ConfirmBy = f.agoPointer(-time.Hour)
			}
		})
		if queue[i].Status == compete.RegistrationWaitlisted {
			waiting++
			queue[i].Position = waiting
		}
	}
	return c, queue
}

// queued is a job in the queue.
type queued struct {
	Kind, Queue           string
	Payload               any
	Priority, MaxAttempts int
	Delayed               bool
}

// enqueued returns what lists the jobs that were enqueued since.
func (f *fixture) enqueued(t *testing.T) func() []queued {
	t.Helper()
	payload := map[sqldb.Kind]string{sqldb.SQLite: "json(args)", sqldb.PostgreSQL: "args"}[f.Kind()]
	text := `SELECT id, kind, queue, CAST(` + payload +
		` AS text), priority, max_attempts, state FROM river_job WHERE id > $1 ORDER BY id`
	jobs := func(after int64) (found []queued, last int64) {
		t.Helper()
		rows, err := f.Reader().QueryContext(t.Context(), text, after)
		must(t, err)
		defer rows.Close()
		last = after
		for rows.Next() {
			var (
				q              queued
				payload, state string
			)
			must(t, rows.Scan(&last, &q.Kind, &q.Queue, &payload, &q.Priority, &q.MaxAttempts, &state))
			must(t, json.Unmarshal([]byte(payload), &q.Payload))
			q.Delayed = state == "scheduled"
			found = append(found, q)
		}
		must(t, rows.Err())
		return found, last
	}
	_, last := jobs(0)
	return func() []queued {
		t.Helper()
		found, _ := jobs(last)
		return found
	}
}

// inQueue are jobs as they should stand in the queue.
func inQueue(t *testing.T, jobs ...compete.Job) []queued {
	t.Helper()
	var all []queued
	for _, job := range jobs {
		encoded, err := compete.JobEncoder{}.Encode(job)
		must(t, err)
		q := queued{
			Kind: encoded.Kind, Queue: encoded.Queue, Priority: encoded.Priority,
			MaxAttempts: encoded.MaxAttempts, Delayed: encoded.Delay > 0,
		}
		must(t, json.Unmarshal(encoded.Payload, &q.Payload))
		all = append(all, q)
	}
	return all
}

// accountMessage is one that is about no registration.
func (f *fixture) accountMessage(u compete.User, kind compete.MessageKind, linkID string) compete.Message {
	return compete.Message{
		ID: newID(), UserID: u.ID, Kind: kind, To: u.Email, Subject: "About " + string(kind),
		Body: "Text.", SentAt: f.now, LinkID: linkID,
	}
}
