package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestOffers(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("hours", w.sub(testOfferHours))
		t.Run("accepted", w.sub(testAcceptedOffer))
		t.Run("declined", w.sub(testDeclinedOffer))
		t.Run("expired", w.sub(testExpiredOffer))
	})
}

func offerBody(hours string) string {
	return strings.Replace(competitionBody("With offers", 1), "{", `{"waitlist":true,"offerHours":`+hours+`,`, 1)
}

func testOfferHours(w *world) {
	for _, hours := range []string{"0", "-1", "721"} {
		got := w.call("POST", "/api/competitions", w.tokens[organizer], offerBody(hours))
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, `"field":"offerHours"`) {
			w.t.Errorf("%s hours: got %s", hours, got.body)
		}
	}
	if c := w.create(offerBody("null")); c.OfferHours != nil {
		w.t.Errorf("null hours are %d", *c.OfferHours)
	}
	c := w.create(offerBody("720"))
	for _, change := range []struct {
		body string
		want int
	}{{`{"offerHours":1}`, 1}, {`{"title":"Another title"}`, 1}, {`{"offerHours":null}`, 0}} {
		var changed api.Competition
		w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], change.body, "If-Match: *"),
			http.StatusOK, &changed)
		got := 0
		if changed.OfferHours != nil {
			got = *changed.OfferHours
		}
		if got != change.want {
			w.t.Errorf("%s: %d hours, want %d", change.body, got, change.want)
		}
	}
	w.refused(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"offerHours":0}`, "If-Match: *"),
		http.StatusUnprocessableEntity, "validation_failed")
}

// offered creates a competition whose only seat was freed and is offered to the other participant, while a third person
// is waiting.
func (w *world) offered() (c api.Competition, offer api.Registration, third api.Login) {
	w.t.Helper()
	c = w.create(offerBody("48"))
	seat := w.registration(c.ID, participant)
	offer = w.registration(c.ID, otherParticipant)
	third = w.signUp()
	w.registers(third.Token, c.ID)
	if offer.Status != compete.RegistrationWaitlisted || offer.Seats != 0 || offer.ConfirmBy != nil || seat.Seats != 1 {
		w.t.Errorf("before there is an offer: %+v and %+v", seat, offer)
	}
	var freed api.Registration
	w.into(w.call("DELETE", "/api/registrations/"+seat.ID, w.tokens[participant], ""), http.StatusOK, &freed)
	if freed.Competition.SeatsLeft != 0 || freed.Competition.Waitlisted != 1 || freed.Seats != 0 {
		w.t.Errorf("the seat isn't held for the next in line: %+v", freed)
	}
	offer = w.mine(w.tokens[otherParticipant])
	if offer.Status != compete.RegistrationOffered || offer.Seats != 1 || offer.ConfirmBy == nil ||
		offer.Position != 0 {
		w.t.Fatalf("the next in line has %+v", offer)
	}
	if left := time.Until(*offer.ConfirmBy); left > 48*time.Hour || left < 47*time.Hour {
		w.t.Errorf("the offer is open for %v", left)
	}
	m := w.wait(otherParticipant, offer.ID, compete.MessageOffered)
	if !strings.Contains(m.Body, "/competitions/"+c.ID+"/accept\n") || !strings.Contains(m.Body, "/decline\n") {
		w.t.Errorf("the message has no links: %s", m.Body)
	}
	return c, offer, third
}

func (w *world) answer(token, id, answer string) answer {
	w.t.Helper()
	return w.call("POST", "/api/registrations/"+id+"/"+answer, token, "")
}

func testAcceptedOffer(w *world) {
	c, offer, third := w.offered()
	list := "/api/competitions/" + c.ID + "/registrations?status=OFFERED"
	var offers []api.ParticipantRegistration
	w.into(w.call("GET", list, w.tokens[organizer], ""), http.StatusOK, &offers)
	if len(offers) != 1 || offers[0].ID != offer.ID || offers[0].ConfirmBy == nil {
		w.t.Errorf("the organizer's list of offers is %+v", offers)
	}
	csv := w.call("GET", list, w.tokens[organizer], "", "Accept: text/csv").body
	if !strings.Contains(csv, `"OFFERED"`) ||
		!strings.Contains(csv, `"1","`+offer.ConfirmBy.Format(time.RFC3339Nano)+`"`) {
		w.t.Errorf("the CSV is %s", csv)
	}
	if export := w.call("GET", "/api/users/me/export", w.tokens[otherParticipant], "").body; !strings.Contains(export,
		`"confirmBy": "`+offer.ConfirmBy.Format(time.RFC3339Nano)) &&
		!strings.Contains(export, `"confirmBy":"`+offer.ConfirmBy.Format(time.RFC3339Nano)) {
		w.t.Errorf("the export lacks the offer: %.2000s", export)
	}
	w.refused(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"capacity":0}`, "If-Match: *"),
		http.StatusUnprocessableEntity, "validation_failed")
	w.refused(w.answer(third.Token, offer.ID, "accept"), http.StatusNotFound, "registration_not_found")
	w.refused(w.answer(w.tokens[organizer], offer.ID, "accept"), http.StatusForbidden, "forbidden")
	w.refused(w.answer(third.Token, w.mine(third.Token).ID, "accept"), http.StatusConflict, "no_offer")

	var accepted, again api.Registration
	w.into(w.answer(w.tokens[otherParticipant], offer.ID, "accept"), http.StatusOK, &accepted)
	if accepted.Status != compete.RegistrationPending || accepted.ConfirmBy != nil ||
		accepted.Competition.SeatsLeft != 0 || accepted.Seq != offer.Seq {
		w.t.Errorf("accepted as %+v", accepted)
	}
	w.wait(otherParticipant, offer.ID, compete.MessageConfirmed)
	w.into(w.answer(w.tokens[otherParticipant], offer.ID, "accept"), http.StatusOK, &again)
	if again.Status != compete.RegistrationConfirmed {
		w.t.Errorf("accepted again as %+v", again)
	}
	w.refused(w.answer(w.tokens[otherParticipant], offer.ID, "decline"), http.StatusConflict, "no_offer")
}

func testDeclinedOffer(w *world) {
	_, offer, third := w.offered()
	for range 2 { // the second changes nothing
		var declined api.Registration
		w.into(w.answer(w.tokens[otherParticipant], offer.ID, "decline"), http.StatusOK, &declined)
		if declined.Status != compete.RegistrationCancelled || declined.CancelReason != compete.CancelledBySelf ||
			declined.Seats != 0 {
			w.t.Errorf("declined as %+v", declined)
		}
	}
	w.wait(otherParticipant, offer.ID, compete.MessageOfferDeclined)
	if next := w.mine(third.Token); next.Status != compete.RegistrationOffered {
		w.t.Errorf("the next in line has %+v", next)
	}
	w.refused(w.answer(w.tokens[otherParticipant], offer.ID, "accept"), http.StatusConflict, "no_offer")
}

// The worker of the same process expires offers, whoever made them and however long ago.
func testExpiredOffer(w *world) {
	_, offer, third := w.offered()
	_, err := w.Store().Writer().ExecContext(w.t.Context(), `UPDATE registrations SET confirm_by = $2 WHERE id = $1`,
		offer.ID, compete.UTC(time.Now().Add(-compete.ArrivalGrace/2)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.refused(w.answer(w.tokens[otherParticipant], offer.ID, "accept"), http.StatusConflict, "offer_expired")
	w.refused(w.answer(w.tokens[otherParticipant], offer.ID, "decline"), http.StatusConflict, "offer_expired")
	w.eventually("the offer has expired", func() bool {
		return w.mine(w.tokens[otherParticipant]).CancelReason == compete.CancelledByExpiry
	})
	w.wait(otherParticipant, offer.ID, compete.MessageOfferExpired)
	w.refused(w.answer(w.tokens[otherParticipant], offer.ID, "accept"), http.StatusConflict, "offer_expired")
	if next := w.mine(third.Token); next.Status != compete.RegistrationOffered || next.Competition.SeatsLeft != 0 {
		w.t.Errorf("the next in line has %+v", next)
	}
}
