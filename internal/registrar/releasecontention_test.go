package registrar_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// reviewing creates a competition with review, for which all people apply.
func (a *fixture) reviewing(
	t *testing.T, r *registrar.Registrar, seats int,
) (id string, applications []compete.Registration) {
	t.Helper()
	id = a.addCompetition(t, seats, false)
	if _, err := a.db.Writer().ExecContext(t.Context(), `UPDATE competitions SET admission = 'REVIEW' WHERE id = $1`,
		id); err != nil {
		t.Fatal(err)
	}
	for person := range a.people {
		applications = append(applications, a.register(t, r, person, id))
	}
	return id, applications
}

// draft saves decisions, unless a release is under way.
func (a *fixture) draft(
	t *testing.T, competitionID string, decide func(i int) compete.Decision, registrations ...compete.Registration,
) {
	t.Helper()
	ids := make([]string, len(registrations))
	for i, r := range registrations {
		ids[i] = r.ID
	}
	err := a.db.SaveDrafts(t.Context(), competitionID, ids,
		func(_ *compete.Competition, releasing bool, found []compete.Registration) (c compete.DraftChanges, err error) {
			if releasing {
				return c, nil
			}
			for i := range found {
				if r := &found[i]; r.Decidable() {
					c.Save = append(c.Save, compete.Draft{
						RegistrationID: r.ID, Seq: r.Seq, Decision: decide(i), DecidedBy: a.organizer.UserID,
						DecidedAt: compete.UTC(time.Now()),
					})
				}
			}
			return c, nil
		})
	must(t, err)
}

func (a *fixture) startRelease(t *testing.T, competitionID string) {
	t.Helper()
	_, err := a.db.StartRelease(t.Context(), competitionID, time.Now(),
		func(c *compete.Competition, counts compete.DecisionCounts) (compete.Release, error) {
			return compete.Release{
				ID: newID(), CompetitionID: c.ID, StartedBy: a.organizer.UserID, StartedAt: compete.UTC(time.Now()),
				Total: counts.Drafts() + counts.Outdated,
			}, nil
		})
	must(t, err)
}

// releaseAll does all pages of a release, as a job does.
func releaseAll(t *testing.T, r *registrar.Registrar, id string) {
	t.Helper()
	for range 100 {
		more, err := r.Release(context.WithoutCancel(t.Context()), id)
		if err != nil {
			t.Errorf("Release: %v", err)
			return
		}
		if !more {
			return
		}
	}
	t.Error("a release has no end")
}

// TestReleaseInPages: more decisions than fit a page, of which each counts once, whoever does the pages.
func TestReleaseInPages(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 600)
		one := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id, applications := a.reviewing(t, one, 250)
		for i := 0; i < len(applications); i += 200 {
			a.draft(t, id, func(i int) compete.Decision { return compete.Decisions[i%3] }, applications[i:i+200]...)
		}
		a.startRelease(t, id)
		releasers := []*registrar.Registrar{one, one}
		if !db.DB().OneWriter() {
			releasers[1] = startRegistrar(t, db.Ledger(), nil)
		}
		check.Together(2, func(i int) { releaseAll(t, releasers[i], id) })
		last, err := db.LastRelease(t.Context(), id)
		must(t, err)
		if last.FinishedAt == nil || last.Total != 600 || last.Admitted+last.Waitlisted+last.Rejected != 600 ||
			last.Dropped+last.Unseated != 0 {
			t.Errorf("the release ends as %+v", last)
		}
		left, waiting := a.seats(t, id)
		if left != 250-last.Admitted || waiting != last.Waitlisted {
			t.Errorf("%d seats are left and %d wait after %+v", left, waiting, last)
		}
	})
}

// TestReleaseUnderContention: decisions are drafted and released while people apply, cancel and answer offers, and
// while the capacity changes. All counts are right after every commit, and every change is a row of the table of
// transitions.
func TestReleaseUnderContention(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 40)
		history := &recording{Ledger: db.Ledger()}
		r := startRegistrar(t, history, a.afterEachCommit(t))
		id, _ := a.reviewing(t, r, 9)
		for round := range uint64(20) {
			check.Together(8, func(worker int) {
				a.mixReview(t, r, id, rand.New(rand.NewPCG(round, uint64(worker))))
			})
			if round >= 3 && history.seen(compete.AuditDecided, compete.AuditCancelled) {
				break
			}
		}
		history.check(t, map[string]int{id: 9})
	})
}

// TestReleaseOfTwoReplicas is the same with two registrars.
func TestReleaseOfTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		one, other := openAt(t, url), openAt(t, url)
		a := newFixture(t, one, 30)
		replicas := [2]*registrar.Registrar{
			startRegistrar(t, one.Ledger(), a.afterEachCommit(t)),
			startRegistrar(t, other.Ledger(), a.afterEachCommit(t)),
		}
		id, _ := a.reviewing(t, replicas[0], 9)
		for round := range uint64(4) {
			check.Together(8, func(worker int) {
				a.mixReview(t, replicas[worker%2], id, rand.New(rand.NewPCG(round, uint64(worker))))
			})
		}
	})
}

// mixReview does some of what staff and applicants do.
func (a *fixture) mixReview(t *testing.T, r *registrar.Registrar, id string, random *rand.Rand) {
	for range 12 {
		person := random.IntN(len(a.people))
		mine := a.registration(t, person, id)
		switch random.IntN(8) {
		case 0, 1:
			_, _ = r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[person], CompetitionID: id})
		case 2:
			if mine.ID != "" {
				_, _ = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[person], RegistrationID: mine.ID})
			}
		case 3, 4, 5:
			if mine.ID != "" {
				a.draft(t, id, func(int) compete.Decision { return compete.Decisions[random.IntN(3)] }, mine)
			}
		case 6:
			a.startRelease(t, id)
			releaseAll(t, r, id)
		default:
			_, _ = r.Update(t.Context(), compete.UpdateCommand{
				Actor: a.organizer, CompetitionID: id,
				Change: compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
					c.Capacity = 6 + random.IntN(6)
				}},
			})
		}
	}
}
