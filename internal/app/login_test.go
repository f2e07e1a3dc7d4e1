package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// countedPasswords records for each check whether it used a real hash.
type countedPasswords struct {
	compete.PasswordHasher
	checks []bool
}

func (c *countedPasswords) count(passwords compete.PasswordHasher) compete.PasswordHasher {
	c.PasswordHasher = passwords
	return c
}

func (c *countedPasswords) Check(ctx context.Context, hash, password string) error {
	c.checks = append(c.checks, hash != "")
	return c.PasswordHasher.Check(ctx, hash, password)
}

// A log-in does the work of one password check, whether or not the account exists, so timing reveals nothing.
func TestEveryLogInChecksOnePassword(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		counted := &countedPasswords{}
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Wrap: app.Wrap{Passwords: counted.count}})
		known, disabled := a.As(compete.RoleParticipant), a.As(compete.RoleParticipant)
		a.As(compete.RoleAdmin).Do(http.MethodPatch, "/api/admin/users/"+disabled.User.ID,
			map[string]any{"disabled": true}).Want(t, http.StatusOK)
		for _, logIn := range []struct {
			email, password string
			status          int
			hash            bool
		}{
			{known.User.Email, apptest.Password, http.StatusOK, true},
			{known.User.Email, "not this one", http.StatusUnauthorized, true},
			{disabled.User.Email, "not this one", http.StatusUnauthorized, true},
			{"nobody@example.com", apptest.Password, http.StatusUnauthorized, false},
			{"no address", apptest.Password, http.StatusUnauthorized, false},
		} {
			counted.checks = nil
			answer := a.Visitor().Do(http.MethodPost, "/api/auth/login",
				map[string]any{"email": logIn.email, "password": logIn.password})
			if answer.Status != logIn.status || len(counted.checks) != 1 || counted.checks[0] != logIn.hash {
				t.Errorf("%s: got %d after checks of somebody's hash: %v; want %d after one: %t", logIn.email,
					answer.Status, counted.checks, logIn.status, logIn.hash)
			}
		}
	})
}

// A limited number of passwords may wait, and further requests are told when to retry.
func TestTooManyPasswordsAtOnce(t *testing.T) {
	// a line of hashes takes seconds, and its requests take milliseconds
	a := apptest.Start(t, apptest.Options{Settings: func(c *config.Config) { c.BcryptCost = 12 }})
	line := (1 + auth.WaitingPerHash) * max(1, runtime.GOMAXPROCS(0)/2)
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	busy := make(chan *http.Response, 2*line)
	var all sync.WaitGroup
	for i := range 2 * line {
		all.Go(func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.APIURL+"/api/auth/login",
				strings.NewReader(fmt.Sprintf(`{"email":"nobody%d@example.com","password":"password123"}`, i)))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized {
				enough() // the others leave the queue
				busy <- response
			}
		})
	}
	all.Wait()
	close(busy)
	if len(busy) == 0 {
		t.Errorf("%d of a line of %d waited", 2*line, line)
	}
	for response := range busy {
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("got %d, Retry-After %q, want 503 and when to come again", response.StatusCode,
				response.Header.Get("Retry-After"))
		}
	}
	a.Visitor().Do(http.MethodPost, "/api/auth/login",
		map[string]any{"email": "nobody@example.com", "password": "password123"}).Want(t, http.StatusUnauthorized)
}

// interrupted runs something while the next password is checked.
type interrupted struct {
	compete.PasswordHasher
	during func()
}

func (i *interrupted) wrap(passwords compete.PasswordHasher) compete.PasswordHasher {
	i.PasswordHasher = passwords
	return i
}

func (i *interrupted) Check(ctx context.Context, hash, password string) error {
	err := i.PasswordHasher.Check(ctx, hash, password)
	if during := i.during; during != nil {
		i.during = nil
		during()
	}
	return err
}

// What ends all logins ends those in progress, too: their token would have the former role, or outlast a new password.
func TestLoginsInProgressEnd(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		passwords := &interrupted{}
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Wrap: app.Wrap{Passwords: passwords.wrap}})
		admin := a.As(compete.RoleAdmin)
		for name, end := range map[string]func(person *apptest.Client){
			"another role": func(person *apptest.Client) {
				admin.Do(http.MethodPatch, "/api/admin/users/"+person.User.ID,
					map[string]any{"role": compete.RoleParticipant}).Want(t, http.StatusOK)
			},
			"disabled for a moment": func(person *apptest.Client) {
				for _, disabled := range []bool{true, false} {
					admin.Do(http.MethodPatch, "/api/admin/users/"+person.User.ID,
						map[string]any{"disabled": disabled}).Want(t, http.StatusOK)
				}
			},
			"a new password": func(person *apptest.Client) {
				person.Do(http.MethodPatch, "/api/users/me", map[string]any{
					"password": "a new, longer password", "currentPassword": apptest.Password,
				}).Want(t, http.StatusOK)
			},
		} {
			t.Run(name, func(t *testing.T) {
				person := a.As(compete.RoleOrganizer)
				passwords.during = func() { end(person) }
				a.Visitor().Do(http.MethodPost, "/api/auth/login", map[string]any{
					"email": person.User.Email, "password": apptest.Password,
				}).Want(t, http.StatusUnauthorized)
			})
		}
	})
}

// Somebody who knows the password can't undo a new one by a change that was about to be made.
func TestPasswordChangesInProgressEnd(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		passwords := &interrupted{}
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Wrap: app.Wrap{Passwords: passwords.wrap}})
		person := a.As(compete.RoleParticipant)
		change := func(password string) *apptest.Answer {
			var login struct{ Token string }
			a.Visitor().Do(http.MethodPost, "/api/auth/login", map[string]any{
				"email": person.User.Email, "password": apptest.Password,
			}).Want(t, http.StatusOK).JSON(t, &login)
			other := *person
			other.Token = login.Token
			return other.Do(http.MethodPatch, "/api/users/me",
				map[string]any{"password": password, "currentPassword": apptest.Password})
		}
		login := a.Visitor()
		passwords.during = func() {
			passwords.during = func() { change("the owner's password").Want(t, http.StatusOK) }
		}
		change("somebody else's password").Want(t, http.StatusUnauthorized)
		login.Do(http.MethodPost, "/api/auth/login", map[string]any{
			"email": person.User.Email, "password": "the owner's password",
		}).Want(t, http.StatusOK)
	})
}
