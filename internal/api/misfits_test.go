package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestDecodeNamesThePlace(t *testing.T) {
	const (
		text, whole, number      = "must be a string", "must be a whole number", "must be a number"
		object, objects, yesNo   = "must be an object", "must be a list of objects", "must be true or false"
		unknown, twice, tooLarge = "is not a known field", "must be sent only once", "is out of range"
	)
	create := func() any { return new(CreateCompetitionRequest) }
	update := func() any { return new(UpdateCompetitionRequest) }
	register := func() any { return new(RegisterRequest) }
	edit := func() any { return new(EditRegistrationRequest) }
	for _, c := range []struct {
		request func() any
		body    string
		want    []string // field and message, in turn
	}{
		{create, `{"team":{"min":"2","max":1.5,"dropIncomplete":1}}`, []string{
			"team.min", whole, "team.max", whole, "team.dropIncomplete", yesNo,
		}},
		{create, `{"team":[]}`, []string{"team", object}},
		{create, `{"team":{"most":3}}`, []string{"team.most", unknown}},
		{update, `{"team":"x"}`, []string{"team", object}},
		{register, `{"team":{"name":5,"id":"x"},"divisionId":[]}`, []string{
			"team.name", text, "team.id", unknown, "divisionId", text,
		}},
		{edit, `{"team":5,"answers":[]}`, []string{"team", object, "answers", object}},
		{edit, `{"answers":null}`, []string{"answers", "must not be null"}},
		{create, `{"questions":{},"divisions":[{"name":"A","capacity":"5"},7,{"nam":"B"}]}`, []string{
			"questions", objects, "divisions[0].capacity", whole, "divisions[1]", object, "divisions[2].nam", unknown,
		}},
		{update, `{"questions":[{},{"label":5,"min":"1","options":["a",5],"showIf":{"anyOf":"a"}}]}`, []string{
			"questions[1].label", text, "questions[1].min", number, "questions[1].options[1]", text,
			"questions[1].showIf.anyOf", "must be a list",
		}},
		{register, `{"answers":{"n":1e400,"list":[1,-1e999],"text":"1e400"}}`, []string{
			"answers.n", tooLarge, "answers.list", tooLarge,
		}},
		{create, `{"capacity":99999999999999999999}`, []string{"capacity", tooLarge}},
		{create, `{"capacity":5,"Capacity":7,"CAPACITY":"x","capacity":9}`, []string{
			"Capacity", unknown + "; did you mean capacity?", "CAPACITY", unknown + "; did you mean capacity?",
			"capacity", twice,
		}},
		{register, `{"answers":{"a":1,"b":2,"a":3}, "divi\u0073ionId":"x", "divisionId":"y"}`, []string{
			"answers.a", twice, "divisionId", twice,
		}},
		{update, `{"divisions":[{"name":"A","name":"B"}]}`, []string{"divisions[0].name", twice}},
	} {
		var e *compete.Error
		if err := decode([]byte(c.body), c.request(), nil); !errors.As(err, &e) || e.Kind != compete.KindInvalid {
			t.Errorf("%s: got %v, want a refusal", c.body, err)
			continue
		}
		var got []string
		for _, f := range e.Fields {
			got = append(got, f.Field, f.Message)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, diff)
		}
	}
}

// TestDecodeChecksWhatIsReadable: whatever can be read beside a value of the wrong type is checked too, and nothing is
// said twice about one place.
func TestDecodeChecksWhatIsReadable(t *testing.T) {
	var request TicketsRequest
	check := func() error { return compete.CheckTicketItems(request.items()) }
	var e *compete.Error
	body := `{"items":[{"email":7,"tickets":1},{"email":"a@b.example","tickets":0}],"extra":1}`
	err := decode([]byte(body), &request, check)
	want := []compete.FieldError{
		{Field: "items[0].email", Message: "must be a string"},
		{Field: "extra", Message: "is not a known field"},
		{Field: "items[1].tickets", Message: "must be between 1 and 1024"},
	}
	if !errors.As(err, &e) || !cmp.Equal(want, e.Fields) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestManyMisfitsAreCut(t *testing.T) {
	body := `{"tags":[` + strings.Repeat("1,", 5000) + `1]}`
	var e *compete.Error
	if err := decode([]byte(body), new(CreateCompetitionRequest), nil); !errors.As(err, &e) ||
		len(e.Fields) != maxMisfits {
		t.Errorf("got %.200v, want %d errors", err, maxMisfits)
	}
}

// FuzzMembers compares what is read of an object with what Go's decoder reads.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a" : [ {"b":"]}"} , 2 ] , "c\"":null }`,
		`{"":-1e5,"\u0041":"\\"}`, "{\"a\":\n\"\\\\\\\"\"}",
		`{"a":{},"b":[],"a":[[]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		body = bytes.Trim(body, jsonSpace)
		if len(body) == 0 || body[0] != '{' || !utf8.Valid(body) || !json.Valid(body) {
			return
		}
		var got, want []string
		for name, value := range members(body) {
			got = append(got, string(name), string(value))
			if value[0] == '[' {
				for element := range elements(value) {
					got = append(got, string(element))
				}
			}
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		for _, err := decoder.Token(); decoder.More() && err == nil; {
			var value json.RawMessage
			name, _ := decoder.Token()
			_ = decoder.Decode(&value)
			want = append(want, fmt.Sprint(name), string(value))
			if value[0] == '[' {
				var list []json.RawMessage
				_ = json.Unmarshal(value, &list)
				for _, element := range list {
					want = append(want, string(element))
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(`{"divisionId":"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f","answers":{"q1-1":"M","q1-2":true}}`)
	for b.Loop() {
		var request RegisterRequest
		if err := decode(body, &request, nil); err != nil {
			b.Fatal(err)
		}
	}
}
