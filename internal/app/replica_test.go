package app_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

// withReplica returns the options of a process that reads from a replica with the given maximum lag.
func withReplica(databaseURL, replicaURL string, lag time.Duration) apptest.Options {
	return apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
		c.DatabaseReadURL, c.DatabaseReadMaxLag = config.URL(replicaURL), lag
	}}
}

// byReplica returns how many of a process's reads the replica has answered.
func byReplica(a *apptest.App) uint64 { return a.Store().DB().Replica().Reads(sqldb.ReadByReplica) }

// untilByReplica repeats a read until the replica answers it for each process.
func untilByReplica(t *testing.T, what string, read func(*apptest.App), apps ...*apptest.App) {
	t.Helper()
	for _, a := range apps {
		apptest.Eventually(t, apptest.Patience, what+" is answered by the replica", func() bool {
			before := byReplica(a)
			read(a)
			return byReplica(a) > before
		})
	}
}

// replicated repeats a read until the replica has answered all of it, and returns what was read. The replica may be too
// slow, on a busy machine, so that the database itself answers.
func replicated(t *testing.T, what string, a *apptest.App, read func() string) (got string) {
	t.Helper()
	replica := a.Store().DB().Replica()
	others := func() uint64 {
		return replica.Reads(sqldb.ReadAway) + replica.Reads(sqldb.ReadBehind) + replica.Reads(sqldb.ReadFailed)
	}
	apptest.Eventually(t, apptest.Patience, what+" is answered by the replica", func() bool {
		answered, missed := byReplica(a), others()
		got = read()
		return byReplica(a) > answered && others() == missed
	})
	return got
}

// titles returns the titles in a list of competitions.
func titles(c *apptest.Client, path string) string {
	var list []struct{ Title string }
	c.Get(path, &list)
	all := make([]string, len(list))
	for i := range list {
		all[i] = list[i].Title
	}
	return strings.Join(all, ", ")
}

func listOf(a *apptest.App) string { return titles(a.Visitor(), "/api/competitions") }

// at returns a copy of the client that talks to another process.
func at(a *apptest.App, c *apptest.Client) *apptest.Client {
	there := *a.Visitor()
	there.User, there.Token = c.User, c.Token
	return &there
}

// browser is a client with cookies, which can talk to any process.
type browser struct {
	t      *testing.T
	client *http.Client
}

func browse(t *testing.T, a *apptest.App, c *apptest.Client) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t, &http.Client{Jar: jar}}
	b.post(a, "/auth/login", url.Values{"email": {c.User.Email}, "password": {apptest.Password}})
	return b
}

func (b *browser) get(a *apptest.App, path string) string {
	b.t.Helper()
	response, err := b.client.Get(a.WebURL + path)
	return b.read(response, err)
}

func (b *browser) post(a *apptest.App, path string, form url.Values) string {
	b.t.Helper()
	response, err := b.client.PostForm(a.WebURL+path, form)
	return b.read(response, err)
}

func (b *browser) read(response *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.t.Fatalf("%s answers %d, %v: %.300s", response.Request.URL, response.StatusCode, err, body)
	}
	return string(body)
}

// TestReadReplica tests reads with a read replica. The databases share two servers, and pausing one affects all of
// them, so the tests run one after another.
func TestReadReplica(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, _ string) {
		replication := testservices.Replicate(t)
		if replication == nil {
			t.Log("this machine has no PostgreSQL of its own, so there is no standby")
			return
		}
		t.Run("own writes are seen at once", func(t *testing.T) { testOwnWrites(t, replication) })
		t.Run("too far behind", func(t *testing.T) { testTooFarBehind(t, replication) })
		t.Run("an older schema", func(t *testing.T) { testOlderSchema(t, replication) })
		t.Run("none of this database", func(t *testing.T) { testNoReplica(t, replication) })
		t.Run("silent", func(t *testing.T) { testReplicaSilent(t, replication) })
		t.Run("killed and back", func(t *testing.T) { testReplicaKilled(t, replication) })
	})
}

func testOwnWrites(t *testing.T, replication *testservices.Replication) {
	primaryURL, standbyURL := replication.Database()
	options := withReplica(primaryURL, standbyURL, time.Hour)
	a, b := apptest.Start(t, options), apptest.Start(t, options)
	organizer, participant := a.As(compete.RoleOrganizer), a.As(compete.RoleParticipant)
	first := organizer.Create(map[string]any{"title": "The first", "capacity": 5})
	competition := "/api/competitions/" + first
	registering, watching := browse(t, a, participant), browse(t, a, a.As(compete.RoleParticipant))

	// The server's own statistics confirm that it is used.
	database := strings.TrimPrefix(mustParse(t, standbyURL).Path, "/")
	scans := func() int64 {
		return replication.Standby.Number(database, `SELECT coalesce(sum(seq_scan + idx_scan), 0)::bigint
			FROM pg_stat_user_tables WHERE relname = 'competitions'`)
	}
	before := scans()
	apptest.Eventually(t, apptest.Patience, "the standby counts reads of competitions",
		func() bool { listOf(a); return scans() > before })
	for _, a := range []*apptest.App{a, b} {
		apptest.Eventually(t, apptest.Patience, "the replica has replayed the first competition", func() bool {
			return replicated(t, "the list", a, func() string { return listOf(a) }) == "The first"
		})
	}
	for _, path := range []string{"/", "/competitions", "/competitions/" + first, "/dashboard"} {
		untilByReplica(t, path, func(a *apptest.App) { watching.get(a, path) }, a, b)
	}
	untilByReplica(t, "an organizer's list",
		func(a *apptest.App) { titles(at(a, organizer), "/api/competitions/my-competitions") }, a, b)
	untilByReplica(t, "participants", func(a *apptest.App) {
		at(a, organizer).Do(http.MethodGet, competition+"/registrations?search=participant", nil).Want(t, http.StatusOK)
	}, a, b)
	untilByReplica(t, "a search", func(a *apptest.App) { titles(a.Visitor(), "/api/competitions?search=first") }, a, b)
	untilByReplica(t, "one's registrations", func(a *apptest.App) {
		at(a, participant).Do(http.MethodGet, "/api/users/me/registrations", nil).Want(t, http.StatusOK)
	}, a, b)

	replication.Pause()
	resume := func() { replication.Resume() }
	defer func() { resume() }()

	// With a token.
	second := organizer.Create(map[string]any{"title": "The second"})
	participant.Do(http.MethodPost, competition+"/register", nil).Want(t, http.StatusCreated)
	for name, a := range map[string]*apptest.App{"same": a, "other": b} {
		for _, path := range []string{
			"/api/competitions", "/api/competitions/my-competitions",
			"/api/competitions?search=second",
		} {
			if got := titles(at(a, organizer), path); !strings.Contains(got, "The second") {
				t.Errorf("in the %s process, who has just created a competition sees at %s: %q", name, path, got)
			}
		}
		var mine []struct{ CompetitionID string }
		if at(a, participant).Get("/api/users/me/registrations", &mine); len(mine) != 1 ||
			mine[0].CompetitionID != first {
			t.Errorf("in the %s process, who has just registered has %v", name, mine)
		}
		var seen struct{ SeatsLeft int }
		if at(a, participant).Get(competition, &seen); seen.SeatsLeft != 4 {
			t.Errorf("in the %s process, who has just registered sees %d seats left, want 4", name, seen.SeatsLeft)
		}
		// Everybody else sees the replica's state.
		if got := replicated(t, "the list", a, func() string { return listOf(a) }); got != "The first" {
			t.Errorf("in the %s process, a visitor sees %q", name, got)
		}
		replicated(t, "a competition", a, func() string { a.Visitor().Get(competition, &seen); return "" })
		if seen.SeatsLeft != 5 {
			t.Errorf("in the %s process, a visitor sees %d seats left, want the 5 from before", name, seen.SeatsLeft)
		}
		page := replicated(t, "a page", a, func() string { return watching.get(a, "/competitions") })
		if strings.Contains(page, "The second") {
			t.Errorf("in the %s process, somebody else's page has what the replica can't know", name)
		}
		// A link to something new works.
		a.Visitor().Do(http.MethodGet, "/api/competitions/"+second, nil).Want(t, http.StatusOK)
	}

	// With a browser.
	registering.post(a, "/competitions/"+second+"/register",
		url.Values{"key": {"8f14e45f-ceea-4a67-a9b6-1d2f3a4b5c6d"}})
	for name, a := range map[string]*apptest.App{"same": a, "other": b} {
		if page := registering.get(a, "/dashboard"); !strings.Contains(page, "The second") {
			t.Errorf("in the %s process, the dashboard lacks what was registered for on the page", name)
		}
		if page := registering.get(a, "/competitions"); !strings.Contains(page, "The second") {
			t.Errorf("in the %s process, who has just registered sees an older list", name)
		}
	}

	replication.Resume()
	resume = func() {}
	apptest.Eventually(t, apptest.Patience, "a visitor sees what the replica has replayed", func() bool {
		return strings.Contains(listOf(a), "The second") && strings.Contains(listOf(b), "The second")
	})
	untilByReplica(t, "the list of who has written", func(a *apptest.App) { registering.get(a, "/competitions") }, a, b)
	untilByReplica(t, "the list with a token", func(a *apptest.App) { titles(at(a, organizer), "/api/competitions") },
		a, b)
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A replica beyond the maximum lag isn't used until it has caught up.
func testTooFarBehind(t *testing.T, replication *testservices.Replication) {
	primaryURL, standbyURL := replication.Database()
	a := apptest.Start(t, withReplica(primaryURL, standbyURL, time.Second))
	organizer := a.As(compete.RoleOrganizer)
	organizer.Create(map[string]any{"title": "The first"})
	list := func(a *apptest.App) { listOf(a) }
	untilByReplica(t, "the list", list, a)
	replication.Pause()
	resume := func() { replication.Resume() }
	defer func() { resume() }()
	organizer.Create(map[string]any{"title": "The second"})
	apptest.Eventually(t, apptest.Patience, "the database itself answers",
		func() bool { return strings.Contains(listOf(a), "The second") })
	replica := a.Store().DB().Replica()
	if replica.Reads(sqldb.ReadAway) == 0 || replica.Check(t.Context()) == nil {
		t.Error("it isn't said that the replica isn't used")
	}
	a.Visitor().Do(http.MethodGet, "/api/health", nil).Want(t, http.StatusOK)
	a.Visitor().Do(http.MethodGet, "/readyz", nil).Want(t, http.StatusOK)
	replication.Resume()
	resume = func() {}
	untilByReplica(t, "the list", list, a)
}

// A replica that doesn't have the program's schema yet isn't used.
func testOlderSchema(t *testing.T, replication *testservices.Replication) {
	primaryURL, standbyURL := replication.Database()
	database := strings.TrimPrefix(mustParse(t, standbyURL).Path, "/")
	apptest.Eventually(t, apptest.Patience, "the standby has the database", func() bool {
		return replication.Standby.Number("postgres", `SELECT count(*) FROM pg_database WHERE datname = '`+database+
			`'`) == 1
	})
	replication.Pause()
	resume := func() { replication.Resume() }
	defer func() { resume() }()
	a := apptest.Start(t, withReplica(primaryURL, standbyURL, time.Hour))
	for range 3 {
		if got := listOf(a); got != "" {
			t.Errorf("a new site has %q", got)
		}
	}
	replica := a.Store().DB().Replica()
	apptest.Eventually(t, apptest.Patience, "the replica is found too old", func() bool {
		err := replica.Check(t.Context())
		return err != nil && strings.Contains(err.Error(), "schema")
	})
	if n := byReplica(a); n != 0 || replica.Reads(sqldb.ReadFailed) != 0 {
		t.Errorf("a replica without a schema was asked: %d answers, %d failures", n, replica.Reads(sqldb.ReadFailed))
	}
	replication.Resume()
	resume = func() {}
	untilByReplica(t, "the list", func(a *apptest.App) { listOf(a) }, a)
}

// A server that isn't a standby, or is one of another database, is never used, and the log says why.
func testNoReplica(t *testing.T, replication *testservices.Replication) {
	primaryURL, standbyURL := replication.Database()
	another := mustParse(t, standbyURL)
	another.Path = "/postgres"
	for name, tc := range map[string]struct{ url, why string }{
		"the primary itself": {primaryURL, "it isn't in recovery"},
		"another database":   {another.String(), "it isn't a replica of this database"},
		"nobody there":       {"postgres://owner@127.0.0.1:1/x?sslmode=disable", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.Start(t, withReplica(primaryURL, tc.url, time.Hour))
			replica := a.Store().DB().Replica()
			apptest.Eventually(t, apptest.Patience, "it's said why the replica isn't used", func() bool {
				err := replica.Check(t.Context())
				return err != nil && strings.Contains(err.Error(), tc.why)
			})
			listOf(a)
			if byReplica(a) != 0 || replica.Reads(sqldb.ReadAway) == 0 {
				t.Error("it was asked")
			}
		})
	}
}

// A replica that accepts queries but never answers doesn't prevent answers.
func testReplicaSilent(t *testing.T, replication *testservices.Replication) {
	primaryURL, standbyURL := replication.Database()
	through, proxy := testservices.BehindProxy(t, standbyURL)
	a := apptest.Start(t, withReplica(primaryURL, through, time.Hour))
	list := func(a *apptest.App) { listOf(a) }
	untilByReplica(t, "the list", list, a)
	proxy.Silence()
	replica := a.Store().DB().Replica()
	apptest.Eventually(t, apptest.Patience, "the replica isn't asked any more", func() bool {
		listOf(a) // no status other than 200
		return replica.Check(t.Context()) != nil
	})
	proxy.Speak()
	untilByReplica(t, "the list", list, a)
}

// Without its replica the program still answers everything. It uses the replica again once it is back.
func testReplicaKilled(t *testing.T, replication *testservices.Replication) {
	primaryURL, standbyURL := replication.Database()
	a := apptest.Start(t, withReplica(primaryURL, standbyURL, time.Hour))
	competition := a.As(compete.RoleOrganizer).Create(nil)
	list := func(a *apptest.App) { listOf(a) }
	untilByReplica(t, "the list", list, a)
	replication.Standby.Kill()
	replica := a.Store().DB().Replica()
	for range 20 {
		listOf(a) // no status other than 200
		a.Visitor().Do(http.MethodGet, "/api/competitions/"+competition, nil).Want(t, http.StatusOK)
	}
	apptest.Eventually(t, apptest.Patience, "the replica isn't asked any more", func() bool {
		listOf(a)
		return replica.Check(t.Context()) != nil
	})
	failed := replica.Reads(sqldb.ReadFailed)
	for range 20 {
		listOf(a)
	}
	if now := replica.Reads(sqldb.ReadFailed); now != failed {
		t.Errorf("a replica that is away was asked %d times", now-failed)
	}
	a.Visitor().Do(http.MethodGet, "/readyz", nil).Want(t, http.StatusOK)
	replication.Standby.Start()
	untilByReplica(t, "the list", list, a)
}

// SQLite has no read replicas, and an invalid URL is reported.
func TestReadReplicaIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ database, replica, want string }{
		"SQLite": {"", "postgres://127.0.0.1/x", "DATABASE_READ_URL needs a PostgreSQL database in DATABASE_URL"},
		"a wrong mode": {
			"postgres://127.0.0.1:1/x", "postgres://127.0.0.1:1/x?sslmode=perhaps",
			"DATABASE_READ_URL (postgres://127.0.0.1:1/x?sslmode=perhaps)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := apptest.Config(t, withReplica(tc.database, tc.replica, time.Hour))
			_, err := app.New(t.Context(), app.Config{Config: settings})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
