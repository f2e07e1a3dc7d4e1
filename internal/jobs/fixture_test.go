package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/mail"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// patience is how long a test waits for what should happen soon. It is long for machines under load; a test that passes
// doesn't use it up.
const patience = 2 * time.Minute

// pageSize is small, so that few registrations make several pages.
const pageSize = 4

func realPages(c *Config) { c.PageSize, c.poll = DefaultPageSize, 0 }

// fixture is a database with the real store and registrar. Only the clock and the wording of messages are the test's.
type fixture struct {
	testing.TB
	url       string
	store     *store.Store
	registrar *registrar.Registrar
	client    *Client // it works jobs once started
	config    Config

	mu       sync.Mutex
	now      time.Time
	poisoned map[string]bool // emails of participants whose messages can't be composed
	composed func(compete.Target)
	composer mail.Composer
}

// eachDatabase runs a test on every kind of database, with a fixture of its own. change, if any, changes the client's
// configuration. The tests run beside each other, because each mostly waits for the next poll of the queue.
func eachDatabase(t *testing.T, change func(*Config), test func(f *fixture)) {
	t.Helper()
	t.Parallel()
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		t.Parallel()
		test(newFixture(t, url, change))
	})
}

func newFixture(t testing.TB, url string, change func(*Config)) *fixture {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	f := &fixture{
		TB: t, url: url, now: time.Now(), poisoned: map[string]bool{},
		composer: mail.Composer{PublicURL: "https://compete.example.com"},
	}
	f.config = Config{
		Logger: logger, Backoff: 10 * time.Millisecond,
		Work: true, PageSize: pageSize, poll: 100 * time.Millisecond, Compose: f.compose, Clock: f.clock, NewID: newID,
		Accounts: noDomain{}, Erasure: noDomain{}, Applications: noDomain{}, Draws: noDomain{}, Teams: noDomain{},
	}
	f.open(store.Config{})
	if change != nil {
		change(&f.config)
	}
	f.client = f.newClient()
	return f
}

// open opens the database, with a registrar of its own.
func (f *fixture) open(c store.Config) {
	f.Helper()
	c.URL, c.WriteTimeout, c.Logger = f.url, patience, f.config.Logger
	s, err := store.Open(f.Context(), c)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	r := registrar.New(registrar.Config{
		Ledger: s.Ledger(), Clock: f.clock, NewID: newID, Logger: f.config.Logger, Sealer: plainSealer{},
	})
	r.Start()
	f.Cleanup(func() { _ = r.Stop(context.Background()) })
	f.store, f.registrar = s, r
	f.config.DB, f.config.Driver, f.config.OneWriter = s.Writer(), s.DB().River(), s.DB().OneWriter()
	f.config.Store, f.config.Registrar = s, r
}

// noDomain stands for what no test has done.
type noDomain struct {
	Accounts
	Erasure
}

func (noDomain) Advance(context.Context) ([]string, error) { return nil, nil }

func (noDomain) TellUndecided(context.Context) (int, error) { return 0, nil }

func (noDomain) Deadlines(context.Context) error { return nil }

// plainSealer computes codes of teams.
type plainSealer struct{ compete.Sealer }

func (plainSealer) Digest(purpose, data string) string { return purpose + data }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// newClient makes another client on the same database, as after a restart or in another replica.
func (f *fixture) newClient() *Client {
	f.Helper()
	c, err := New(f.config)
	if err != nil {
		f.Fatal(err)
	}
	return c
}

// fetchingOnce makes a client that fetches what waits when it starts, and nothing after that: not what a stop makes it
// give back.
func (f *fixture) fetchingOnce() *Client {
	f.Helper()
	usual := f.config.poll
	defer func() { f.config.poll = usual }()
	f.config.poll = time.Hour
	return f.newClient()
}

// start begins to work jobs, and stops at the end of the test.
func (f *fixture) start(c *Client) {
	f.Helper()
	if err := c.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { f.stop(c) })
}

func (f *fixture) stop(c *Client) {
	f.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Stop(ctx); err != nil {
		f.Errorf("Stop: %v", err)
	}
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) poison(email string, bad bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.poisoned[email] = bad
}

func (f *fixture) compose(t compete.Target) (compete.Wording, error) {
	f.mu.Lock()
	bad, composed := f.poisoned[t.Participant.Email], f.composed
	f.mu.Unlock()
	if composed != nil {
		composed(t)
	}
	if bad {
		return compete.Wording{}, errors.New("poisoned: password=hunter2")
	}
	return f.composer.Compose(t)
}

func (f *fixture) organizer() compete.User {
	f.Helper()
	u := compete.User{
		ID: newID(), Name: "Grace", Role: compete.RoleOrganizer, CreatedAt: compete.UTC(f.clock()),
		UpdatedAt: compete.UTC(f.clock()),
	}
	u.Email = u.ID + "@example.com"
	if err := f.store.CreateUser(f.Context(), u, "-"); err != nil {
		f.Fatal(err)
	}
	return u
}

// competition makes a published one with so many seats and a waitlist; startsIn 0 means that it has no start date.
func (f *fixture) competition(capacity int, startsIn time.Duration) compete.Competition {
	f.Helper()
	organizer, now := f.organizer(), compete.UTC(f.clock())
	c := compete.Competition{
		ID: newID(),
		CompetitionContent: compete.CompetitionContent{
			Title: "Spring Olympiad", Capacity: capacity, RegDeadline: now.Add(time.Hour), Waitlist: true,
		},
		SeatsLeft: capacity, Status: compete.StatusPublished, Organizer: compete.Organizer{ID: organizer.ID},
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if startsIn != 0 {
		starts := now.Add(startsIn)
		c.StartDate = &starts
	}
	if _, err := f.store.CreateCompetition(f.Context(), c, compete.IdempotencyRecord{}); err != nil {
		f.Fatal(err)
	}
	return c
}

// register registers so many new participants at the same time and returns the registrations in the order of
// participants.
func (f *fixture) register(c compete.Competition, participants ...compete.User) []compete.Registration {
	f.Helper()
	registrations, failures := make([]compete.Registration, len(participants)), make([]error, len(participants))
	var all sync.WaitGroup
	for i, u := range participants {
		all.Go(func() {
			outcome, err := f.registrar.Register(f.Context(), compete.RegisterCommand{
				Actor: compete.Actor{UserID: u.ID, Role: u.Role}, CompetitionID: c.ID,
			})
			registrations[i], failures[i] = outcome.Registration, err
		})
	}
	all.Wait()
	if err := errors.Join(failures...); err != nil {
		f.Fatal(err)
	}
	return registrations
}

// participants makes so many accounts with confirmed addresses at once, straight in the database.
func (f *fixture) participants(n int) []compete.User {
	f.Helper()
	const rows = 500
	at := compete.UTC(f.clock())
	users := make([]compete.User, n)
	for i := range users {
		users[i] = compete.User{ID: newID(), Name: "Ada", Role: compete.RoleParticipant, CreatedAt: at, UpdatedAt: at}
		users[i].Email = users[i].ID + "@example.com"
	}
	for some := range slices.Chunk(users, rows) {
		insert := bulkInsert{into: "users (id, email, name, password_hash, role, created_at, updated_at, verified_at)"}
		for _, u := range some {
			insert.add(u.ID, u.Email, u.Name, "-", string(u.Role), at, at, at)
		}
		f.exec(insert.statement(), insert.args...)
	}
	return users
}

// bulkInsert is one statement that inserts many rows.
type bulkInsert struct {
	into string
	rows []string
	args []any
}

func (b *bulkInsert) add(values ...any) {
	marks := make([]string, len(values))
	for i := range values {
		marks[i] = fmt.Sprintf("$%d", len(b.args)+i+1)
	}
	b.rows, b.args = append(b.rows, "("+strings.Join(marks, ", ")+")"), append(b.args, values...)
}

func (b *bulkInsert) statement() string {
	return "INSERT INTO " + b.into + " VALUES " + strings.Join(b.rows, ", ")
}

func (f *fixture) cancel(r compete.Registration) {
	f.Helper()
	actor := compete.Actor{UserID: r.UserID, Role: compete.RoleParticipant}
	if _, err := f.registrar.Cancel(f.Context(),
		compete.CancelCommand{Actor: actor, RegistrationID: r.ID}); err != nil {
		f.Fatal(err)
	}
}

// enqueue adds jobs in a transaction of their own.
func (f *fixture) enqueue(jobs ...compete.Job) {
	f.Helper()
	if err := f.client.inTx(f.Context(),
		func(tx *sql.Tx) error { return f.client.EnqueueTx(f.Context(), tx, jobs) }); err != nil {
		f.Fatal(err)
	}
}

// events subscribes to what becomes of jobs in the given ways; subscribe before the job is enqueued.
func (f *fixture) events(c *Client, kinds ...river.EventKind) <-chan *river.Event {
	f.Helper()
	events, cancel := c.river.Subscribe(kinds...)
	f.Cleanup(cancel)
	return events
}

// next waits for the next event about a job of the given kind.
func (f *fixture) next(events <-chan *river.Event, jobKind string) *river.Event {
	f.Helper()
	timeout := time.After(patience)
	for {
		select {
		case e := <-events:
			if e.Job.Kind == jobKind {
				return e
			}
		case <-timeout:
			f.Fatalf("nothing happened to a job of kind %q within %v", jobKind, patience)
		}
	}
}

// count runs a query that counts.
func (f *fixture) count(query string, args ...any) int {
	f.Helper()
	var n int
	if err := f.store.Reader().QueryRowContext(f.Context(), query, args...).Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}

func (f *fixture) exec(statement string, args ...any) {
	f.Helper()
	if _, err := f.store.Writer().ExecContext(f.Context(), statement, args...); err != nil {
		f.Fatalf("%s: %v", statement, err)
	}
}

func (f *fixture) status(r compete.Registration) compete.RegistrationStatus {
	f.Helper()
	now, err := f.store.RegistrationOf(f.Context(), r.UserID, r.CompetitionID)
	if err != nil {
		f.Fatal(err)
	}
	return now.Status
}

// messages lists the kinds in a user's mailbox, oldest first.
func (f *fixture) messages(userID string) string {
	f.Helper()
	page, err := f.store.Messages(f.Context(), userID, compete.Cursor{}, compete.MaxPageSize)
	if err != nil {
		f.Fatal(err)
	}
	kinds := make([]string, 0, len(page.Items))
	for _, m := range page.Items {
		kinds = append([]string{string(m.Kind)}, kinds...)
	}
	return strings.Join(kinds, " ")
}

func (f *fixture) wantMessages(r compete.Registration, status compete.RegistrationStatus, kinds string) {
	f.Helper()
	if got := f.status(r); got != status {
		f.Errorf("registration is %s, want %s", got, status)
	}
	if got := f.messages(r.UserID); got != kinds {
		f.Errorf("mailbox holds %q, want %q", got, kinds)
	}
}

func (f *fixture) failedJobs() []compete.FailedJob {
	f.Helper()
	page, err := f.store.FailedJobs(f.Context(), compete.Cursor{}, compete.MaxPageSize)
	if err != nil {
		f.Fatal(err)
	}
	return page.Items
}

// notice asks for the confirmation of a registration.
func notice(r compete.Registration) compete.Notice {
	return compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageConfirmed}
}

// eventually waits for a condition that nothing signals.
func (f *fixture) eventually(what string, condition func() bool) {
	f.Helper()
	for end := time.Now().Add(patience); !condition(); {
		if time.Now().After(end) {
			f.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
