package store_test

import (
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

// TestApplicationsAtForgedCursors reads lists from places that no list has given out: they are as any others.
func TestApplicationsAtForgedCursors(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		c := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Admission = compete.AdmissionReview })
		r := f.addRegistration(t, c.ID, compete.RegistrationApplied, nil)
		must(t, f.SaveReview(t.Context(), compete.Review{
			RegistrationID: r.ID, CompetitionID: c.ID, Reviewer: compete.Participant{ID: organizer.ID}, Score: 3,
			CreatedAt: f.now, UpdatedAt: f.now,
		}, r.UserID))
		for _, sort := range []compete.ApplicationSort{compete.ApplicationsByArrival, compete.ApplicationsByScore} {
			for _, cursor := range outOfBounds(sort.List()) {
				list, err := f.Applications(t.Context(), c.ID, compete.ApplicationFilter{
					Sort: sort, Cursor: cursor, Limit: 10,
				})
				must(t, err)
				// a low seq comes before everything, and so does a high score
				wanted := 0
				if (sort == compete.ApplicationsByArrival) == (cursor.Key <= 0) {
					wanted = 1
				}
				want(t, "applications", len(list.Items), wanted)
			}
		}
	})
}
