package takeout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/takeout"
)

var at = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

func pages[T any](parts ...[]T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for _, part := range parts {
			if !yield(part, nil) {
				return
			}
		}
	}
}

func person() compete.PersonalData {
	return compete.PersonalData{
		At: at, User: compete.User{
			ID: "u", Name: "Zoë \"Z\"", Email: "zoe@example.com", Role: compete.RoleOrganizer,
			CreatedAt: at, UpdatedAt: at,
		},
		Links: []compete.Link{{
			Purpose: compete.LinkReset, Email: "zoe@example.com", TokenHash: "secret",
			CreatedAt: at, ExpiresAt: at,
		}},
		Factors: compete.Factors{
			App:      &compete.AuthenticatorApp{Secret: "secret", ConfirmedAt: at},
			Passkeys: []compete.Passkey{{Name: "Phone", Record: "secret", CreatedAt: at, LastUsedAt: &at}},
		},
		Sessions: pages(
			[]compete.Session{{Device: "Firefox", Network: "203.0.113.7", TokenHash: "secret", EndedAt: &at}},
		),
		Registrations: pages(
			[]compete.MyRegistration{
				{Competition: compete.Competition{CompetitionContent: compete.CompetitionContent{Title: "Cup"}}},
			}, []compete.MyRegistration{{}},
		),
		Messages:     pages[compete.Message](),
		Competitions: pages([]compete.Competition{{ID: "c", Description: "Mine", Cover: "hash"}}),
		Reports: pages(
			[]compete.Report{
				{
					Competition: compete.Competition{CompetitionContent: compete.CompetitionContent{Title: "Bazaar"}},
					Details:     "Shoes", Note: "secret", AnsweredBy: &compete.Participant{Name: "secret"},
				},
			},
		),
		ReviewsGiven: pages([]compete.PersonalReview{{
			Review: compete.Review{Reviewer: compete.Participant{Name: "secret"}, Score: 4, Note: "Fine"},
		}}),
		ReviewsReceived: pages[compete.PersonalReview](),
		Audit: pages([]compete.AuditEntry{{
			AuditRecord: compete.AuditRecord{
				Action: compete.AuditAccountRole, ActorID: "a", UserID: "u",
				After: compete.AuditFields("role", "ADMIN"), Via: compete.ViaPage,
			},
			ActorName: "secret",
		}}),
	}
}

func TestTheFileIsWhatItsTypeSays(t *testing.T) {
	var out bytes.Buffer
	if err := takeout.Write(&out, person()); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out.Bytes(), []byte("secret")) {
		t.Errorf("the file has what isn't the person's: %s", out.Bytes())
	}
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	var got takeout.PersonalData
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.SecondFactors) != 2 || got.SecondFactors[0].Name != "Phone" || got.SecondFactors[1].Kind != "app" {
		t.Errorf("the second factors are %+v", got.SecondFactors)
	}
	if len(got.Reports) != 1 || got.Reports[0].CompetitionTitle != "Bazaar" || got.Reports[0].Details != "Shoes" {
		t.Errorf("the reports are %+v", got.Reports)
	}
	if len(got.ReviewsGiven) != 1 || got.ReviewsGiven[0].Note != "Fine" || got.ReviewsReceived == nil {
		t.Errorf("the reviews are %+v, %+v", got.ReviewsGiven, got.ReviewsReceived)
	}
	if len(got.AuditLog) != 1 || got.AuditLog[0].Action != "account.role" ||
		string(got.AuditLog[0].After) != `{"role":"ADMIN"}` || got.AuditLog[0].ActorID != "a" {
		t.Errorf("the audit log is %+v", got.AuditLog)
	}
	if got.Account.Name != "Zoë \"Z\"" || len(got.LinkRequests) != 1 || len(got.Sessions) != 1 ||
		got.Sessions[0].EndedAt == nil ||
		len(got.Registrations) != 2 || got.Registrations[0].CompetitionTitle != "Cup" || got.Messages == nil ||
		len(got.Messages) != 0 ||
		len(got.OrganizedCompetitions) != 1 || got.OrganizedCompetitions[0].Description != "Mine" {
		t.Errorf("the file says %+v", got)
	}
}

// A file that ends early must not look like a whole one.
func TestAListThatCantBeReadCutsTheAnswer(t *testing.T) {
	data := person()
	data.Messages = func(yield func([]compete.Message, error) bool) { yield(nil, errors.New("the database is away")) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		takeout.Send(w, r, slog.New(slog.DiscardHandler), data)
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Errorf("got %s, want a connection that was cut", response.Status)
	}
}
