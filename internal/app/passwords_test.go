package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
)

// A password that is easy to guess is refused, with its field named, wherever one is chosen; a local demo accepts any.
func TestGuessablePasswords(t *testing.T) {
	signUp := func(a *apptest.App, email, password string) *http.Response {
		t.Helper()
		body := `{"name": "Zoe Diaz", "email": "` + email + `", "password": "` + password + `", "role": "PARTICIPANT"}`
		response, err := http.Post(a.APIURL+"/api/auth/signup", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}
	strict := apptest.Start(t, apptest.Options{StrictPasswords: true})
	for password, status := range map[string]int{
		"password123": 422, "zoediaz2026": 422, "minicompete1": 422,
		"correct horse battery": 201,
	} {
		if got := signUp(strict, "zoe@example.com", password).StatusCode; got != status {
			t.Errorf("%s: status %d, want %d", password, got, status)
		}
	}
	demo := apptest.Start(t, apptest.Options{StrictPasswords: true, Demo: true})
	if got := signUp(demo, "zoe@example.com", "password123").StatusCode; got != http.StatusCreated {
		t.Errorf("a demo on this machine: status %d", got)
	}
}
