package delivery

import (
	"database/sql"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/testservices"
)

const (
	crowd = 10_000
	seats = 6_000
	soon  = 25 // registrations in a competition that starts tomorrow
)

// A replica is a process of the program that can be restarted in place.
type replica struct {
	env     []string
	running *server
	urls    []string // API addresses, unchanged by a restart; none for a worker

	down atomic.Pointer[time.Time] // start of the current restart; nil while it serves
	up   atomic.Pointer[time.Time] // end of the last restart
}

func startReplica(t *testing.T, env ...string) *replica {
	t.Helper()
	r := &replica{env: env, running: serve(t, env)}
	for _, url := range []string{r.running.apiURL, r.running.webURL} {
		if url != "" {
			r.urls = append(r.urls, url)
		}
	}
	return r
}

// restart stops the process as a supervisor does, and starts another one in its place.
func (r *replica) restart(t *testing.T) {
	t.Helper()
	now := time.Now()
	r.down.Store(&now)
	r.running.stop(t)
	r.running = serve(t, r.env)
	over := time.Now()
	r.up.Store(&over)
	r.down.Store(nil)
}

// wasRestarted reports whether a restart was in progress at any time since then.
func (r *replica) wasRestarted(since time.Time) bool {
	up := r.up.Load()
	return r.down.Load() != nil || up != nil && up.After(since)
}

// A cluster is two replicas of the pages and the API, and two workers, on one PostgreSQL and one Redis.
type cluster struct {
	front, workers []*replica
	db             *sql.DB
}

func startCluster(t *testing.T, databaseURL, redisURL string) *cluster {
	t.Helper()
	env := func(roles string, more ...string) []string {
		return append([]string{
			"PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + databaseURL, "REDIS_URL=" + redisURL,
			"JWT_SECRET=" + apptest.Secret,
			"BCRYPT_COST=4", "QUEUE_TIMEOUT=30s", "LOG_LEVEL=warn", "ROLES=" + roles,
			// These schedules don't come due during the test: a periodic job only runs when a worker becomes the
			// leader.
			"CRON_REMINDER_SCHEDULE=0 0 29 2 *", "CRON_CLEANUP_SCHEDULE=0 0 29 2 *",
		}, more...)
	}
	c := &cluster{}
	for range 2 {
		// The address stays the same after a restart, as behind a load balancer.
		c.front = append(c.front,
			startReplica(t, env("web,api", "WEB_ADDR=127.0.0.1:"+testservices.SteadyPort(t),
				"API_ADDR=127.0.0.1:"+testservices.SteadyPort(t))...))
	}
	for range 2 {
		c.workers = append(c.workers, startReplica(t, env("worker")...))
	}
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	c.db = db
	return c
}

// Two replicas of each role, restarted in turn while ten thousand people register: the result is exact, nobody is
// turned away, and nothing is done twice.
func TestReplicasAreRestartedInARush(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, databaseURL string) {
		c := startCluster(t, databaseURL, testservices.Redis(t))
		organizer := signUpOrganizer(t, c.front[0].urls[0])
		tomorrow := createCompetition(t, c.front[0].urls[0], organizer, map[string]any{
			"title": "Tomorrow", "capacity": soon, "regDeadline": time.Now().Add(time.Hour),
			"startDate": time.Now().Add(20 * time.Hour),
		})
		wanted := createCompetition(t, c.front[1].urls[0], organizer, map[string]any{
			"title": "What everybody wants", "capacity": seats, "waitlist": true,
			"regDeadline": time.Now().Add(time.Hour),
		})
		people := insertPeople(t, c.db, crowd)
		early := newRush(c.front, tomorrow, people[:soon])
		early.press(t)
		early.check(t, soon)
		c.wantCount(t, soon, `SELECT count(*) FROM registrations WHERE competition_id = $1 AND status = 'CONFIRMED'`,
			tomorrow)

		terms := &leadership{cluster: c}
		terms.look(t)
		start := time.Now()
		rush := newRush(c.front, wanted, people)
		rush.start()
		for i, r := range append(c.front, c.workers...) {
			rush.waitFor(t, 500+i*2000)
			began := time.Now()
			r.restart(t)
			t.Logf("replica %d: restarted in %v, with %d registered by then", i+1,
				time.Since(began).Round(time.Millisecond), rush.accepted.Load())
			if len(r.urls) == 0 {
				terms.look(t)
			}
		}
		rush.finish(t)
		took := time.Since(start)
		rush.check(t, seats)
		t.Logf("%d registered in %v; told to come again: %d, found a replica away: %d", crowd,
			took.Round(time.Millisecond), rush.told.Load(), rush.away.Load())

		c.wantExactly(t, wanted, rush)
		c.wantMessages(t, wanted, "confirmed", seats)
		c.wantMessages(t, wanted, "waitlisted", crowd-seats)
		c.wantMessages(t, tomorrow, "reminder", soon)
		terms.check(t)
		for _, r := range append(c.front, c.workers...) {
			if log := r.running.log.String(); strings.Contains(log, "level=ERROR") {
				t.Errorf("a replica logged an error:\n%s", log)
			}
		}
	})
}

// wantCount waits until a query returns the number.
func (c *cluster) wantCount(t *testing.T, want int, query string, args ...any) {
	t.Helper()
	var got int
	deadline := time.Now().Add(patience)
	for {
		if err := c.db.QueryRowContext(t.Context(), query, args...).Scan(&got); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %d after %v, want %d", query, got, patience, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// wantMessages waits for the messages of a kind, and checks that there are no duplicates and no other recipients.
func (c *cluster) wantMessages(t *testing.T, competition, kind string, want int) {
	t.Helper()
	const of = ` FROM messages m JOIN registrations r ON r.id = m.registration_id WHERE r.competition_id = $1
		AND m.kind = $2`
	c.wantCount(t, want, `SELECT count(*)`+of, competition, kind)
	c.wantCount(t, want, `SELECT count(DISTINCT m.user_id)`+of, competition, kind)
}

// wantExactly checks the stored data against the rules and against the answers that everyone got.
func (c *cluster) wantExactly(t *testing.T, competition string, r *rush) {
	t.Helper()
	c.wantCount(t, seats, `SELECT count(*) FROM registrations WHERE competition_id = $1 AND status = 'CONFIRMED'`,
		competition)
	var left, waitlisted, next int
	err := c.db.QueryRowContext(t.Context(), `SELECT seats_left, waitlisted, next_seq FROM competitions WHERE id = $1`,
		competition).Scan(&left, &waitlisted, &next)
	if err != nil {
		t.Fatal(err)
	}
	if left != 0 || waitlisted != crowd-seats || next != crowd+1 {
		t.Errorf("%d seats are left, %d wait, the next sequence number is %d; want 0, %d, %d", left, waitlisted, next,
			crowd-seats, crowd+1)
	}
	rows, err := c.db.QueryContext(t.Context(), `SELECT id, user_id, seq, status FROM registrations
		WHERE competition_id = $1 ORDER BY seq`, competition)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
		var stored registration
		var user string
		if err := rows.Scan(&stored.ID, &user, &stored.Seq, &stored.Status); err != nil {
			t.Fatal(err)
		}
		holds := "WAITLISTED"
		if n <= seats {
			holds = "CONFIRMED"
		}
		told := r.toldTo(user)
		if stored.Seq != n || stored.Status != holds || told.ID != stored.ID || told.Seq != stored.Seq {
			t.Fatalf("registration %d is %+v, and its user was told %+v", n, stored, told)
		}
	}
	if err := rows.Err(); err != nil || n != crowd {
		t.Errorf("%d registrations, %v; want %d", n, err, crowd)
	}
}

// leadership counts how often a worker became the leader of the cluster, for which River keeps a row.
type leadership struct {
	*cluster
	terms  int
	leader string
}

// look waits until a worker leads and has started the periodic jobs once per new leader.
func (l *leadership) look(t *testing.T) {
	t.Helper()
	var leader string
	apptest.Eventually(t, patience, "a worker leads", func() bool {
		err := l.db.QueryRowContext(t.Context(),
			`SELECT leader_id || ' since ' || elected_at FROM river_leader`).Scan(&leader)
		return err == nil
	})
	if leader != l.leader {
		l.leader = leader
		l.terms++
	}
	l.check(t)
}

// check checks that every periodic job ran once per leader, and not once per process.
func (l *leadership) check(t *testing.T) {
	t.Helper()
	for _, kind := range []string{"find_reminders", "clean_up"} {
		l.wantCount(t, l.terms, `SELECT count(*) FROM river_job WHERE kind = $1 AND state = 'completed'`, kind)
		l.wantCount(t, l.terms, `SELECT count(*) FROM river_job WHERE kind = $1`, kind)
	}
}

func signUpOrganizer(t *testing.T, api string) (token string) {
	t.Helper()
	var login struct{ Token string }
	post(t, api+"/api/auth/signup", "", map[string]any{
		"name": "Maya", "email": "maya@example.com", "password": "correct horse battery", "role": "ORGANIZER",
	}, &login)
	return login.Token
}

func createCompetition(t *testing.T, api, token string, competition map[string]any) (id string) {
	t.Helper()
	var created struct{ ID string }
	post(t, api+"/api/competitions", token, competition, &created)
	return created.ID
}

func post(t *testing.T, url, token string, body, into any) {
	t.Helper()
	status, _, err := send(http.MethodPost, url, token, "", body, into)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("POST %s: %d, %v", url, status, err)
	}
}
