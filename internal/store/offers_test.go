package store_test

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// Offers are found by their end, by competition, and by the registrar.
func TestOffers(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		c, none := f.addCompetition(t, organizer, nil), f.addCompetition(t, organizer, nil)
		cancelled := f.addCompetition(t, organizer, func(c *compete.Competition) { c.Status = compete.StatusCancelled })
		add := func(competition compete.Competition, ends time.Duration) compete.Registration {
			return f.addRegistration(t, competition.ID, compete.RegistrationOffered, func(r *compete.Registration) {
				r.PromotedAt, r.ConfirmBy = f.agoPointer(time.Hour), f.agoPointer(-ends)
			})
		}
		later, over, longOver := add(c, time.Minute), add(c, 0), add(c, -time.Minute)
		add(cancelled, -time.Hour)
		f.addRegistration(t, c.ID, compete.RegistrationPending,
			func(r *compete.Registration) { r.ConfirmBy = f.agoPointer(time.Hour) })

		for limit, expected := range map[int][]string{10: {longOver.ID, over.ID}, 1: {longOver.ID}} {
			ids, err := f.OffersOver(t.Context(), f.now, limit)
			must(t, err)
			want(t, "offers that are over", ids, expected)
		}
		counts, err := f.OpenOffers(t.Context(), []string{c.ID, none.ID, cancelled.ID})
		must(t, err)
		want(t, "open offers", counts, map[string]int{c.ID: 3, cancelled.ID: 1})

		must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
			for n, expected := range map[int][]compete.Registration{10: {later, over}, 1: {later}} {
				found, err := tx.Offered(t.Context(), c.ID, f.ago(time.Second), n)
				must(t, err)
				want(t, "offers that end later", found, expected)
			}
			return nil
		}))
		got, err := f.RegistrationOf(t.Context(), later.UserID, c.ID)
		must(t, err)
		want(t, "an offer that was read again", got, later)
	})
}

// Applications are counted by competition, up to a bound.
func TestOpenApplications(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		review := func(c *compete.Competition) { c.Admission = compete.AdmissionReview }
		c, few := f.addCompetition(t, organizer, review), f.addCompetition(t, organizer, review)
		none := f.addCompetition(t, organizer, review)
		for range 3 {
			f.addRegistration(t, c.ID, compete.RegistrationApplied, nil)
		}
		f.addRegistration(t, c.ID, compete.RegistrationRejected, nil)
		f.addRegistration(t, few.ID, compete.RegistrationApplied, nil)
		counts, err := f.OpenApplications(t.Context(), []string{c.ID, few.ID, none.ID}, 2)
		must(t, err)
		want(t, "applications", counts, map[string]int{c.ID: 2, few.ID: 1})
	})
}

// A registration that was inserted and cancelled in one transaction has its reason.
func TestInsertedAndEnded(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), nil)
		r := f.addRegistration(t, c.ID, compete.RegistrationCancelled, func(r *compete.Registration) {
			r.CancelReason = compete.CancelledByCompetition
		})
		got, err := f.RegistrationOf(t.Context(), r.UserID, c.ID)
		must(t, err)
		want(t, "the registration", got, r)
	})
}
