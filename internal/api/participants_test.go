package api

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
)

// participants is a store of a list that is longer than one page, and that fails at the page failAt.
type participants struct {
	compete.RegistrationStore
	count, failAt int
}

func (s participants) RegistrationsOfCompetition(
	_ context.Context, _ string, f compete.RegistrationFilter,
) (compete.Page[compete.ParticipantRegistration], error) {
	var page compete.Page[compete.ParticipantRegistration]
	if s.failAt > 0 && int(f.Cursor.Key) >= s.failAt {
		return page, errBroken
	}
	for seq := f.Cursor.Key + 1; seq <= int64(s.count) && len(page.Items) < f.Limit; seq++ {
		r := compete.ParticipantRegistration{Participant: compete.Participant{
			ID:   someID,
			Name: fmt.Sprintf("=cmd|%d", seq), Email: "ada@example.com",
		}}
		r.ID, r.UserID, r.Seq, r.Status, r.RegisteredAt, r.UpdatedAt = someID, someID, seq,
			compete.RegistrationConfirmed, noon, noon
		page.Items = append(page.Items, r)
		if seq < int64(s.count) {
			page.Next = compete.Cursor{List: "seq", Key: seq, ID: someID}
		} else {
			page.Next = compete.Cursor{}
		}
	}
	return page, nil
}

const participantsPath = "/api/competitions/" + someID + "/registrations"

func TestCSVHoldsEveryPage(t *testing.T) {
	elsewhere := aCompetition()
	elsewhere.TimeZone = "Pacific/Kiritimati" // it is tomorrow there
	config := configWith(competetest.Parts{
		Registrations: participants{count: 250},
		Competitions:  oneCompetition{competition: elsewhere},
	})
	server := serve(t, config)
	response := send(t, server, "GET", participantsPath+"?limit=2", nil, "Authorization: Bearer organizer",
		"Accept: text/csv")
	if got := response.header.Get("Content-Type"); response.status != 200 || !strings.HasPrefix(got, "text/csv") {
		t.Fatalf("got %d %s, want CSV", response.status, got)
	}
	if got := response.header.Get(
		"Content-Disposition",
	); got != `attachment; filename="spring-hackathon-registrations-2026-04-02.csv"` {
		t.Errorf("Content-Disposition is %s", got)
	}
	if !strings.HasPrefix(response.body, `"seq","status","position","name","email",`) ||
		strings.Count(response.body, "\r\n") != 251 {
		t.Errorf("it begins with %.60q, want quotes and no byte order mark, and lines that end with CR LF",
			response.body)
	}
	rows, err := csv.NewReader(strings.NewReader(response.body)).ReadAll()
	if err != nil || len(rows) != 251 {
		t.Fatalf("got %d rows, %v, want a header and 250", len(rows), err)
	}
	want := []string{
		"250", "CONFIRMED", "", "'=cmd|250", "ada@example.com", "2026-04-01T12:00:00Z",
		"2026-04-01T12:00:00Z", someID, someID, "", "", "", "1", "",
	}
	if diff := cmp.Diff(want, rows[250]); diff != "" {
		t.Errorf("last row (-want +got):\n%s", diff)
	}
}

func TestCSVThatBreaksOffIsCut(t *testing.T) {
	config := configWith(competetest.Parts{Registrations: participants{count: 100_000, failAt: 50_000}})
	server := serve(t, config)
	response := send(t, server, "GET", participantsPath, nil, "Authorization: Bearer organizer", "Accept: text/csv")
	if response.err == nil {
		t.Error("half a file arrived as if it were whole")
	}
}

func TestParticipantsAreNegotiated(t *testing.T) {
	config := configWith(competetest.Parts{Registrations: participants{count: 3}})
	config.CORSOrigins = []string{"https://app.example"}
	server := serve(t, config)
	for accept, want := range map[string]string{
		"": mediaJSON, "*/*": mediaJSON, "application/json": mediaJSON, "text/html": mediaJSON,
		"text/csv;q=0.5, application/json": mediaJSON, "text/csv;q=0.1,application/json;q=0.5": mediaJSON,
		"text/csv;q=0.5, application/json;q=0.1": "text/csv; charset=utf-8; header=present",
		"text/csv":                               "text/csv; charset=utf-8; header=present",
		"application/json;q=0.5, text/csv":       "text/csv; charset=utf-8; header=present",
	} {
		response := send(t, server, "GET", participantsPath+"?limit=2", nil, "Authorization: Bearer organizer",
			"Accept: "+accept)
		if got, vary := response.header.Get("Content-Type"),
			strings.Join(response.header.Values("Vary"), ", "); got != want || vary != "Origin, Accept" {
			t.Errorf("Accept %q: got %q, Vary %q, want %q, Vary \"Origin, Accept\"", accept, got, vary, want)
		}
		if link := response.header.Get("Link"); (link != "") != (want == mediaJSON) {
			t.Errorf("Accept %q: Link is %q", accept, link)
		}
	}
}
