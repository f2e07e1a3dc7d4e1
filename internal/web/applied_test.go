package web_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestApplicationsAreCountedBeforeTheDraw tells everybody how many have applied for a lottery so far.
func TestApplicationsAreCountedBeforeTheDraw(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, _ := s.organized()
		id := organizer.Create(map[string]any{"admission": "LOTTERY", "capacity": 1})
		page, visitor := "/competitions/"+id+"/draw", s.browser(t)
		visitor.want(visitor.get(page), http.StatusOK, "is in the draw for 1 seat. No applications yet.")
		apply := func() {
			s.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).
				Want(t, http.StatusCreated)
		}
		apply()
		visitor.want(visitor.get(page), http.StatusOK, "1 person has applied.")
		apply()
		visitor.want(visitor.get(page), http.StatusOK, "2 people have applied.")
	})
}
