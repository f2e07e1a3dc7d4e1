package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"minicompete/internal/compete"
	"minicompete/internal/store"
)

// part is one chapter of the suite.
type part struct {
	name string
	test func(t *testing.T, f *fixture)
}

// databases are the parts, by the database that they share: what lists everything there is wants one to itself, or comes first.
var databases = [][]part{
	{
		{"sessions", testSessions},
		{"logins", testLogins},
		{"users", testUsers},
		{"competitions", testCompetitions},
		{"registrations", testRegistrations},
		{"mailbox", testMailbox},
		{"work", testWork},
		{"reminders", testReminders},
		{"moves", testMoves},
		{"links", testLinks},
		{"outgoing mail", testOutgoing},
		{"organizer requests", testOrganizerRequests},
	},
	{{"site", testSite}},
	{{"competition lists", testCompetitionLists}},
	{{"phases", testPhases}},
	{{"search", testSearch}, {"forms", testForms}},
	{{"dead letters", testDeadLetters}, {"stale pending", testStalePending}, {"notices of runs", testNoticesOf}},
	{{"housekeeping", testHousekeeping}},
}

// Conformance holds a store to what the interfaces of package compete promise. open gives a fresh, migrated database each time.
func Conformance(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, parts := range databases {
		t.Run(parts[0].name, func(t *testing.T) {
			db := open(t)
			for _, part := range parts {
				t.Run(part.name, func(t *testing.T) { part.test(t, newFixture(db)) })
			}
		})
	}
}

// fixture is a database and a clock that stands still.
type fixture struct {
	*store.Store
	now      time.Time
	requeued []compete.FailedJob
}

func newFixture(s *store.Store) *fixture {
	// A clock five hours ahead of UTC, finer than a microsecond: what comes back must be the same instant in UTC, to the microsecond.
	f := &fixture{Store: s, now: time.Date(2030, 6, 12, 1, 30, 0, 123_456_789, time.FixedZone("", 5*3600))}
	s.Queued = func([]compete.Job) ([]compete.QueuedJob, error) { return nil, nil }
	s.Requeue = func(_ context.Context, _ *sql.Tx, j compete.FailedJob) error {
		f.requeued = append(f.requeued, j)
		return nil
	}
	return f
}

// ago is a moment before the fixture's now, in its zone; negative durations lie ahead.
func (f *fixture) ago(d time.Duration) time.Time { return f.now.Add(-d) }

func (f *fixture) agoPointer(d time.Duration) *time.Time {
	t := f.ago(d)
	return &t
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

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
		ID: newID(), Title: "Spring Cup", Description: "Bring a *laptop*.", Location: "Hall 3", Tags: []string{"go", "sql"},
		Capacity: 10, SeatsLeft: 10, RegDeadline: f.ago(-24 * time.Hour), StartDate: f.agoPointer(-48 * time.Hour),
		EndDate: f.agoPointer(-72 * time.Hour), TimeZone: "Europe/Zurich",
		Status: compete.StatusPublished, Organizer: compete.Organizer{ID: organizer.ID, Name: organizer.Name}, Version: 1,
		CreatedAt: f.now, UpdatedAt: f.now,
	}
}

// addCompetition stores a competition after change, and returns it as it comes back.
func (f *fixture) addCompetition(t *testing.T, organizer compete.User, change func(*compete.Competition)) compete.Competition {
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
		_, err := tx.ExecContext(t.Context(), `INSERT INTO competitions (id, title, capacity, seats_left, waitlisted, reg_opens_at, reg_deadline, status, waitlist, organizer_id, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`, c.ID, c.Title, c.Capacity, c.SeatsLeft, c.Waitlisted, stored(c.RegOpensAt),
			compete.UTC(c.RegDeadline), string(c.Status), c.Waitlist, c.Organizer.ID, compete.UTC(c.CreatedAt))
		must(t, err)
		for _, tag := range c.Tags {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO competition_tags (competition_id, tag) VALUES ($1, $2)`, c.ID, tag)
			must(t, err)
		}
	}
	must(t, tx.Commit())
}

func storedCompetition(c compete.Competition) compete.Competition {
	c.RegOpensAt, c.StartDate, c.EndDate = stored(c.RegOpensAt), stored(c.StartDate), stored(c.EndDate)
	c.RegDeadline = compete.UTC(c.RegDeadline)
	c.CreatedAt, c.UpdatedAt = compete.UTC(c.CreatedAt), compete.UTC(c.UpdatedAt)
	return c
}

// addRegistration stores a registration of a new user, with the next seq; seats aren't counted. change may be nil.
func (f *fixture) addRegistration(t *testing.T, competitionID string, status compete.RegistrationStatus, change func(*compete.Registration)) compete.Registration {
	t.Helper()
	user := f.addUser(t, compete.RoleParticipant)
	r := compete.Registration{
		ID: newID(), UserID: user.ID, CompetitionID: competitionID, Status: status, RegisteredAt: f.now, UpdatedAt: f.now,
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
		return tx.Write(t.Context(), compete.LedgerChanges{Competitions: state.Competitions, Inserted: []compete.Registration{r}})
	}))
	r.RegisteredAt, r.UpdatedAt, r.PromotedAt = compete.UTC(r.RegisteredAt), compete.UTC(r.UpdatedAt), stored(r.PromotedAt)
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
