package api

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestDecodeNamesEveryBadField(t *testing.T) {
	body := `{"title":7,"capacity":1.5,"regDeadline":"tomorrow","waitlist":"yes","tags":[1],"colour":"red","status":[],"startDate":5}`
	var e *compete.Error
	if err := decode([]byte(body), &CreateCompetitionRequest{}, nil); !errors.As(err, &e) {
		t.Fatalf("got %v, want a refusal", err)
	}
	const aTime = "must be an RFC 3339 time, such as 2026-05-01T12:00:00Z"
	want := []compete.FieldError{
		{Field: "title", Message: "must be a string"},
		{Field: "capacity", Message: "must be a whole number"},
		{Field: "regDeadline", Message: aTime},
		{Field: "waitlist", Message: "must be true or false"},
		{Field: "tags[0]", Message: "must be a string"},
		{Field: "colour", Message: "is not a known field"},
		{Field: "status", Message: "must be a string"},
		{Field: "startDate", Message: aTime},
	}
	if diff := cmp.Diff(want, e.Fields); diff != "" || e.Kind != compete.KindInvalid {
		t.Errorf("kind %d, fields (-want +got):\n%s", e.Kind, diff)
	}
}

func TestDecodeRefusesWhatIsNoObject(t *testing.T) {
	for _, body := range []string{
		"", "  ", "null", "[]", `"{}"`, "7", "{", `{"name":}`, `{"name":"x"} {}`, `{"name":"x"}]`,
		"{\"name\":\"\xff\"}", "\x00{}",
		strings.Repeat(`{"a":`, 20_000),
	} {
		var e *compete.Error
		if err := decode([]byte(body), &SignUpRequest{}, nil); !errors.As(err, &e) || e.Code != "malformed_json" {
			t.Errorf("decode(%.40q) = %v, want malformed_json", body, err)
		}
	}
}

func TestDecodeKeepsAbsentFromNull(t *testing.T) {
	var change UpdateCompetitionRequest
	if err := decode([]byte(`{"startDate":null,"regOpensAt":"2026-05-01T14:00:00+02:00","capacity":0}`),
		&change, nil); err != nil {
		t.Fatal(err)
	}
	opens := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	switch {
	case !change.StartDate.Set || change.StartDate.Value != nil:
		t.Errorf("startDate: null is %+v, want set and nil", change.StartDate)
	case !change.RegOpensAt.Set || !change.RegOpensAt.Value.Equal(opens):
		t.Errorf("regOpensAt is %v, want %v", change.RegOpensAt, opens)
	case !change.Capacity.Set || change.Title.Set || change.RegDeadline.Set:
		t.Errorf("got %+v, want capacity set, and neither title nor regDeadline", change)
	}
	var e *compete.Error
	err := decode([]byte(`{"title":null,"waitlist":null}`), &UpdateCompetitionRequest{}, nil)
	want := []compete.FieldError{
		{Field: "title", Message: "must not be null"},
		{Field: "waitlist", Message: "must not be null"},
	}
	if !errors.As(err, &e) || !cmp.Equal(want, e.Fields) {
		t.Errorf("nulls: got %v, want %v", err, want)
	}
}

func TestRefusalsNeverRepeatWhatWasSent(t *testing.T) {
	const secret = "hunter2-hunter2"
	for _, body := range []string{
		`{"email":"a@b.c","password":"` + secret + `","role":7}`, `{"password":"` + secret, `"` + secret + `"`,
		`{"password":["` + secret + `"]}`,
	} {
		err := decode([]byte(body), &SignUpRequest{}, nil)
		text, _ := json.Marshal(err)
		if err == nil || strings.Contains(err.Error()+string(text), secret) {
			t.Errorf("%s: got %v %s, want a refusal without the password", body, err, text)
		}
	}
}

func TestLongFieldNamesAreCut(t *testing.T) {
	var e *compete.Error
	err := decode([]byte(`{"`+strings.Repeat("é", 5000)+`":1}`), &struct{}{}, nil)
	if !errors.As(err, &e) || len([]rune(e.Fields[0].Field)) != 65 {
		t.Errorf("got %.200v, want a field name of 64 characters and an ellipsis", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"title":"x","capacity":1}`, `{"startDate":null}`, `{"tags":[]}`,
		`{"a":{"b":[1]}}`, "{", "\xff", `{"TITLE":"x"}`, "{}\v",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, request := range []any{
			&SignUpRequest{}, &CreateCompetitionRequest{}, &UpdateCompetitionRequest{},
			&UpdateUserRequest{}, &struct{}{},
		} {
			err := decode(body, request, nil)
			var e *compete.Error
			if err != nil && (!errors.As(err, &e) || e.Kind != compete.KindUnreadable &&
				e.Kind != compete.KindInvalid) {
				t.Fatalf("decode(%q) into %T: %v, want a refusal of the input", body, request, err)
			}
			if err == nil && !json.Valid(body) {
				t.Fatalf("decode(%q) into %T took what is not JSON", body, request)
			}
		}
	})
}
