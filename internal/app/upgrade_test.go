package app_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// A bcrypt hash is replaced when its password is used; the login and earlier ones continue. A wrong password replaces
// nothing.
func TestOldHashesAreReplacedAtLogIn(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		user := a.As(compete.RoleParticipant)
		old, err := bcrypt.GenerateFromPassword([]byte(apptest.Password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		users := a.Store()
		before, err := users.PasswordHash(t.Context(), user.User.ID)
		if err == nil {
			err = users.UpgradeHash(t.Context(), user.User.ID, before, string(old))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct{ password, prefix string }{
			{"not the password", "$2a$"},
			{apptest.Password, "$argon2id$v=19$m="},
			{apptest.Password, "$argon2id$v=19$m="},
		} {
			_, err := a.Services().Logins.LogIn(t.Context(), user.User.Email, tc.password, "")
			if right := tc.password == apptest.Password; right != (err == nil) {
				t.Errorf("%s: %v", tc.password, err)
			}
			if hash, err := users.PasswordHash(t.Context(), user.User.ID); err != nil ||
				!strings.HasPrefix(hash, tc.prefix) {
				t.Errorf("after %q the hash begins with %.20s, %v", tc.password, hash, err)
			}
		}
		user.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusOK)
	})
}
