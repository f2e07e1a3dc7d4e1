package app_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// While the disk is full, reads are served, and writes are told to retry; once there is room again, everybody gets
// through.
func TestDiskFull(t *testing.T) {
	a := apptest.Start(t, apptest.Options{DatabaseURL: testservices.DatabaseURL(t, testservices.KindSQLite)})
	competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 1000})
	crowd := a.Crowd(100)
	press := func(c *apptest.Client) *apptest.Answer {
		return c.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "Idempotency-Key",
			"key-of-"+c.User.ID)
	}
	execute := func(statement string) {
		t.Helper()
		if _, err := a.Store().Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	execute("PRAGMA max_page_count = 1") // SQLite uses the current size instead
	seated := 0
	for press(crowd[seated]).Status == http.StatusCreated { // partially filled pages still have room
		seated++
	}
	for range 2 {
		if answer := press(crowd[seated]).WantCode(t, http.StatusServiceUnavailable,
			"database_unavailable"); answer.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	a.Visitor().Do(http.MethodGet, "/api/competitions/"+competition, nil).Want(t, http.StatusOK)

	execute("PRAGMA max_page_count = 1000000")
	for _, c := range crowd[seated:] {
		press(c).Want(t, http.StatusCreated)
	}
	wantConfirmedOnce(t, a, competition, len(crowd))
}
