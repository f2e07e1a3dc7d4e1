package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

const shortQueueTimeout = 400 * time.Millisecond

// presser presses on a page and by the API, each again and again with the same key.
type presser struct {
	*site
	t           *testing.T
	competition string
	browser     *browser
	client      *apptest.Client
}

func limited(c *config.Config) { c.QueueTimeout, c.RequireVerifiedEmail = shortQueueTimeout, new(bool) }

func startPresser(t *testing.T, databaseURL string) *presser {
	t.Helper()
	s := openSite(t, databaseURL, limited)
	p := &presser{s, t, s.As(compete.RoleOrganizer).Create(nil), s.browser(t), s.Crowd(1)[0]}
	p.browser.signUp("ada@example.com")
	p.browser.partial = true
	return p
}

func (b *browser) press(competition string) page {
	b.t.Helper()
	return b.post("/competitions/"+competition+"/register", "key", "the-key-on-the-page")
}

func (p *presser) onPage() page { return p.browser.press(p.competition) }

func (p *presser) byAPI() page {
	answer := p.client.Do(http.MethodPost, "/api/competitions/"+p.competition+"/register", nil,
		"Idempotency-Key", "the-key-in-the-api")
	return page{answer.Status, "", string(answer.Body), answer.Header}
}

// wantLimited checks that a press is told to come again while the database doesn't answer: by the limit of the press.
// A read that gives up always takes sqldb.ReadTimeout; a slow machine doesn't each time.
func (p *presser) wantLimited(what string, press func() page, text string) {
	p.t.Helper()
	took := sqldb.ReadTimeout
	for try := 0; try < 3 && took >= sqldb.ReadTimeout; try++ {
		start := time.Now()
		got := press()
		took = time.Since(start)
		p.browser.want(got, http.StatusServiceUnavailable, text)
		if got.header.Get("Retry-After") == "" {
			p.t.Errorf("%s: no Retry-After", what)
		}
	}
	if took >= sqldb.ReadTimeout {
		p.t.Errorf("%s: told after %v each time, want less than %v", what, took, sqldb.ReadTimeout)
	}
}

// wantRegistered presses until both get through, and checks that each is registered once.
func (p *presser) wantRegistered() {
	p.t.Helper()
	apptest.Eventually(p.t, apptest.Patience, "the presses get through", func() bool {
		return p.onPage().status == http.StatusOK && p.byAPI().status == http.StatusCreated
	})
	if n := p.registered(); n != 2 {
		p.t.Errorf("%d registrations, want one of each of two", n)
	}
}

func (p *presser) registered() (n int) {
	p.t.Helper()
	if err := p.Store().Reader().QueryRowContext(p.t.Context(),
		`SELECT count(*) FROM registrations WHERE competition_id = $1`, p.competition).Scan(&n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

const (
	awayOnPage = "reach our database right now. Nothing was lost."
	awayInAPI  = `"database_unavailable"`
)

// A press waits for whatever it reads no longer than for its turn: the session of the page, the card after it.
func TestAPressBehindASilentDatabaseIsToldInTime(t *testing.T) {
	t.Parallel() // it mostly waits for timeouts
	testservices.OnlyPostgres(t, func(t *testing.T, databaseURL string) {
		through, proxy := testservices.BehindProxy(t, databaseURL)
		p := startPresser(t, through)
		// on a server that hasn't cached the session, and has to read whether an address is confirmed
		fresh := *p.browser
		fresh.site = openSite(t, through, func(c *config.Config) { c.QueueTimeout = shortQueueTimeout })
		unread := *p
		unread.client = fresh.site.Crowd(1)[0]
		proxy.Silence()
		p.wantLimited("the session", func() page { return fresh.press(p.competition) }, awayOnPage)
		fresh.partial = false
		p.wantLimited("the session of a whole page", func() page { return fresh.press(p.competition) }, awayOnPage)
		p.wantLimited("the account, by the API", unread.byAPI, awayInAPI)
		proxy.Speak()
		apptest.Eventually(t, apptest.Patience, "the session is read", func() bool {
			return p.browser.get("/account").status == http.StatusOK
		})
		proxy.Silence()
		p.wantLimited("the press and its card", p.onPage, awayOnPage)
		proxy.Speak()
		p.wantRegistered()
	})
}

// A press that is queued for a database that doesn't write takes effect, and repeating it tells so: the answer didn't
// wait until the write was given up.
func TestAPressThatWaitsForTheCommitIsToldInTime(t *testing.T) {
	t.Parallel() // it mostly waits for timeouts
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		p := startPresser(t, databaseURL)
		other, err := store.Open(t.Context(), store.Config{URL: databaseURL})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		lock, err := other.Writer().BeginTx(t.Context(), nil) // on SQLite, it locks all tables
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = lock.Rollback() }() // it fails after the one below
		if !other.DB().OneWriter() {
			if _, err := lock.ExecContext(t.Context(), `LOCK TABLE registrations IN EXCLUSIVE MODE`); err != nil {
				t.Fatal(err)
			}
		}
		p.wantLimited("on the page", p.onPage, awayOnPage)
		p.wantLimited("by the API", p.byAPI, "Try again in a moment")
		if err := lock.Rollback(); err != nil {
			t.Fatal(err)
		}
		apptest.Eventually(t, apptest.Patience, "the press on the page took effect",
			func() bool { return p.registered() > 0 })
		p.wantRegistered()
	})
}
