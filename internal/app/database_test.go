package app_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// wantConfirmedOnce waits until n registrations are confirmed, and checks that each got one message.
func wantConfirmedOnce(t *testing.T, a *apptest.App, competitionID string, n int) {
	t.Helper()
	count := func(statement string) (rows int) {
		t.Helper()
		if err := a.Store().Reader().QueryRowContext(t.Context(), statement, competitionID).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	apptest.Eventually(t, apptest.Patience, "every registration is confirmed", func() bool {
		return count(`SELECT count(*) FROM registrations WHERE competition_id = $1 AND status = 'PENDING'`) == 0
	})
	if got := count(`SELECT count(*) FROM registrations WHERE competition_id = $1 AND status = 'CONFIRMED'`); got != n {
		t.Errorf("%d registrations are confirmed, %d were accepted", got, n)
	}
	if got := count(`SELECT capacity - seats_left FROM competitions WHERE id = $1`); got != n {
		t.Errorf("%d seats are taken, %d registrations were accepted", got, n)
	}
	const messages = `FROM messages m JOIN registrations r ON r.id = m.registration_id WHERE r.competition_id = $1
		AND m.kind = 'confirmed'`
	if all, distinct := count(`SELECT count(*) `+messages),
		count(`SELECT count(DISTINCT m.registration_id) `+messages); all != n || distinct != n {
		t.Errorf("%d messages for %d registrations, want one for each of %d", all, distinct, n)
	}
}

// Without its database, the program reports that, responds while it's away, and recovers when it is back.
func TestDatabaseAwayAndBack(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, databaseURL string) {
		through, proxy := testservices.BehindProxy(t, databaseURL)
		a := apptest.Start(t, apptest.Options{DatabaseURL: through})
		organizer := a.As(compete.RoleOrganizer)
		competition := organizer.Create(map[string]any{"capacity": 100})
		crowd := a.Crowd(3)
		crowd[0].Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t, http.StatusCreated)

		proxy.Cut()
		for _, request := range []struct {
			client       *apptest.Client
			method, path string
		}{
			{crowd[1], http.MethodPost, "/api/competitions/" + competition + "/register"},
			{crowd[1], http.MethodGet, "/api/auth/me"},
			{a.Visitor(), http.MethodGet, "/api/competitions"},
			{organizer, http.MethodGet, "/api/competitions/" + competition},
		} {
			answer := request.client.Do(request.method, request.path, nil).WantCode(t, http.StatusServiceUnavailable,
				"database_unavailable")
			if answer.Header.Get("Retry-After") == "" {
				t.Errorf("%s %s: no Retry-After", request.method, request.path)
			}
		}
		apptest.Eventually(t, apptest.Patience, "health says that the database is down", func() bool {
			answer := a.Visitor().Do(http.MethodGet, "/api/health", nil)
			return answer.Status == http.StatusServiceUnavailable &&
				strings.Contains(string(answer.Body), `"database":{"status":"down"`)
		})
		a.Visitor().Do(http.MethodGet, "/api", nil).Want(t, http.StatusOK)

		proxy.Restore()
		apptest.Eventually(t, apptest.Patience, "health says that the database is up", func() bool {
			return a.Visitor().Do(http.MethodGet, "/api/health", nil).Status == http.StatusOK
		})
		for _, c := range crowd[1:] {
			c.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t, http.StatusCreated)
		}
		wantConfirmedOnce(t, a, competition, 3)
	})
}

// While another process writes to the file, reads are served, and writes are told to retry.
func TestAnotherProcessWrites(t *testing.T) {
	databaseURL := testservices.DatabaseURL(t, testservices.KindSQLite)
	a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
	organizer := a.As(compete.RoleOrganizer)
	competition := organizer.Create(nil)
	participant := a.Crowd(1)[0]
	press := func() *apptest.Answer {
		return participant.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil)
	}
	other, err := store.Open(t.Context(), store.Config{URL: databaseURL})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	execute := func(s *store.Store, statement string) {
		t.Helper()
		if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	execute(a.Store(), "PRAGMA busy_timeout = 20") // milliseconds; the default is several seconds
	execute(other, "BEGIN IMMEDIATE")
	for what, write := range map[string]func() *apptest.Answer{
		"register": press,
		"create": func() *apptest.Answer {
			return organizer.Do(http.MethodPost, "/api/competitions",
				map[string]any{"title": "Another", "capacity": 5, "regDeadline": time.Now().Add(time.Hour)})
		},
	} {
		answer := write().WantCode(t, http.StatusServiceUnavailable, "database_unavailable")
		if answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", what)
		}
	}
	participant.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusOK)
	a.Visitor().Do(http.MethodGet, "/api/competitions/"+competition, nil).Want(t, http.StatusOK)

	execute(other, "ROLLBACK")
	press().Want(t, http.StatusCreated)
	wantConfirmedOnce(t, a, competition, 1)
}

// A start waits for a database that isn't available yet.
func TestStartBeforeTheDatabase(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, databaseURL string) {
		through, proxy := testservices.BehindProxy(t, databaseURL)
		proxy.Cut()
		tried := make(chan struct{})
		var told strings.Builder
		settings := apptest.Config(t, apptest.Options{DatabaseURL: through})
		log := app.NewLogger(settings, writerFunc(func(p []byte) (int, error) {
			if told.Len() == 0 {
				close(tried)
			}
			return told.Write(p)
		}))
		opened := make(chan error)
		go func() {
			started, err := app.New(t.Context(), app.Config{Config: settings, Logger: log})
			if err == nil {
				err = started.Close()
			}
			opened <- err
		}()
		<-tried
		proxy.Restore()
		if err := <-opened; err != nil {
			t.Fatal(err)
		}
		if password := databasePassword(databaseURL); password != "" && strings.Contains(told.String(), password) {
			t.Errorf("the log tells the password: %s", told.String())
		}

		proxy.Cut()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := app.New(ctx, app.Config{Config: settings}); err == nil ||
			!strings.Contains(err.Error(), "DATABASE_URL") {
			t.Errorf("without a database: got %v", err)
		}
	})
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func databasePassword(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}
