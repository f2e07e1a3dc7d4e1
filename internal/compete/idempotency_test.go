package compete

import (
	"context"
	"testing"
	"time"
)

// remembered is a cache with one record.
type remembered struct {
	record *IdempotencyRecord
	puts   int
}

func (r *remembered) Get(_ context.Context, userID, key string) (IdempotencyRecord, bool) {
	if r.record == nil || r.record.UserID != userID || r.record.Key != key {
		return IdempotencyRecord{}, false
	}
	return *r.record, true
}

func (r *remembered) Put(record IdempotencyRecord) {
	r.record = &record
	r.puts++
}

func TestWithIdempotency(t *testing.T) {
	now, actor := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC), Actor{UserID: "user", Role: RoleParticipant}
	request := IdempotencyOf("the-first-key", "POST", "/a", []byte(`{"a":1}`))
	cache := &remembered{}
	ask := func(i Idempotency, at time.Time) (outcome string, again, asked bool, err error) {
		outcome, again, err = withIdempotency(t.Context(), cache, at, actor, i, func() (keyedResult[string], error) {
			asked = true
			record := i.Record(actor.UserID, []byte(`"first"`), at)
			return keyedResult[string]{outcome: "first", record: &record}, nil
		})
		return outcome, again, asked, err
	}
	for _, tc := range []struct {
		what         string
		request      Idempotency
		at           time.Time
		again, asked bool
		code         string
	}{
		{"the first request", request, now, false, true, ""},
		{"the same one", request, now.Add(time.Hour), true, false, ""},
		{
			"another body", IdempotencyOf(request.Key, "POST", "/a", []byte(`{"a":2}`)), now, true, false,
			ErrIdempotencyKeyReused.Code,
		},
		{
			"another path", IdempotencyOf(request.Key, "POST", "/b", []byte(`{"a":1}`)), now, true, false,
			ErrIdempotencyKeyReused.Code,
		},
		{
			"another method", IdempotencyOf(request.Key, "PUT", "/a", []byte(`{"a":1}`)), now, true, false,
			ErrIdempotencyKeyReused.Code,
		},
		{"another key", IdempotencyOf("a-second-key", "POST", "/a", nil), now, false, true, ""},
		{"no key", IdempotencyOf("", "POST", "/a", nil), now, false, true, ""},
		{"a bad key", IdempotencyOf("short", "POST", "/a", nil), now, false, false, "validation_failed"},
		{"a day later", IdempotencyOf("a-second-key", "POST", "/a", nil), now.Add(IdempotencyTTL), false, true, ""},
	} {
		outcome, again, asked, err := ask(tc.request, tc.at)
		code := ""
		if err != nil {
			code = AsError(err).Code
		}
		if again != tc.again || asked != tc.asked || code != tc.code || err == nil && outcome != "first" {
			t.Errorf("%s: got %q, again %t, asked %t, %v", tc.what, outcome, again, asked, err)
		}
	}
	if cache.puts != 3 {
		t.Errorf("the cache was told %d times, want 3: without a key there is nothing to remember", cache.puts)
	}
}

func TestOnceFindsWhatTheDatabaseKept(t *testing.T) {
	i := IdempotencyOf("the-first-key", "POST", "/a", nil)
	earlier := i.Record("user", []byte(`"first"`), time.Now())
	repeat := func() (keyedResult[string], error) {
		return keyedResult[string]{outcome: "second", earlier: &earlier}, nil
	}
	outcome, again, err := withIdempotency(t.Context(), nil, time.Now(), Actor{UserID: "user"}, i, repeat)
	if outcome != "first" || !again || err != nil {
		t.Errorf("got %q, again %t, %v; want the first outcome again", outcome, again, err)
	}
}
