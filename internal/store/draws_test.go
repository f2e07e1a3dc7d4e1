package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// TestTicketsByAddress gives tickets to people by their addresses, one of which an external tool wrote in upper case.
func TestTicketsByAddress(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), func(c *compete.Competition) {
			c.Admission = compete.AdmissionLottery
		})
		var addresses []string
		for range 2 {
			r := f.addRegistration(t, c.ID, compete.RegistrationApplied, nil)
			addresses = append(addresses, r.UserID+"@example.com")
		}
		f.exec(t, `UPDATE users SET email = $2 WHERE email = $1`, addresses[0], strings.ToUpper(addresses[0]))
		const stranger = "stranger@example.com"
		unapplied, err := f.Unapplied(t.Context(), c.ID, append(addresses, stranger))
		must(t, err)
		want(t, "unapplied", unapplied, []string{stranger})

		set := func(emails ...string) []string {
			t.Helper()
			var items []compete.TicketItem
			for _, email := range emails {
				items = append(items, compete.TicketItem{Email: email, Tickets: 7})
			}
			unknown, err := f.SetTickets(t.Context(), c.ID, items, f.ago(-time.Minute),
				func(*compete.Competition) error { return nil })
			must(t, err)
			return unknown
		}
		want(t, "unknown", set(addresses[0], stranger), []string{stranger})
		want(t, "none unknown", len(set(addresses...)), 0)
		holders, err := f.Tickets(t.Context(), c.ID, compete.Cursor{}, 10)
		must(t, err)
		for _, h := range holders.Items {
			want(t, "tickets of "+h.Email, h.Tickets, 7)
		}
		want(t, "holders", len(holders.Items), 2)
	})
}
