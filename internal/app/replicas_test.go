package app_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// stream opens the live stream of a competition and returns its lines.
func stream(t *testing.T, a *apptest.App, competition string) <-chan string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.APIURL+"/api/competitions/"+
		competition+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		defer response.Body.Close()
		scanner := bufio.NewScanner(response.Body)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
		if err := scanner.Err(); err != nil && !errors.Is(err, context.Canceled) &&
			!errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	}()
	return lines
}

// wantLine reads until a line contains the text.
func wantLine(t *testing.T, lines <-chan string, text string) {
	t.Helper()
	late := time.After(apptest.Patience)
	for {
		select {
		case line, open := <-lines:
			if strings.Contains(line, text) {
				return
			}
			if !open {
				t.Fatalf("the stream ended before %s", text)
			}
		case <-late:
			t.Fatalf("no line with %s", text)
		}
	}
}

// Two replicas on one PostgreSQL: changes on one are visible on the other.
func TestReplicas(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, databaseURL string) {
		options := apptest.Options{DatabaseURL: databaseURL, RedisURL: testservices.Redis(t)}
		a, b := apptest.Start(t, options), apptest.Start(t, options)
		competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 5})
		lines := stream(t, b, competition)
		wantLine(t, lines, `"seatsLeft":5`)
		participant := a.As(compete.RoleParticipant)
		participant.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t, http.StatusCreated)
		wantLine(t, lines, `"seatsLeft":4`)

		there := *b.Visitor()
		there.Token = participant.Token
		there.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusOK)
		admin := a.As(compete.RoleAdmin)
		admin.Do(http.MethodPatch, "/api/admin/users/"+participant.User.ID, map[string]any{"disabled": true}).Want(t,
			http.StatusOK)
		participant.Do(http.MethodGet, "/api/auth/me", nil).WantCode(t, http.StatusUnauthorized, "account_disabled")
		apptest.Eventually(t, apptest.Patience, "a disabled account is refused by the other replica", func() bool {
			return there.Do(http.MethodGet, "/api/auth/me", nil).Status == http.StatusUnauthorized
		})

		if err := b.Stop(); err != nil { // isn't delayed by the open stream
			t.Error(err)
		}
		for range lines { // the stream ends with the server
		}
	})
}
