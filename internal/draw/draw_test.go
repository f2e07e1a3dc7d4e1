package draw_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/draw"
)

// rounds are genuine rounds of quicknet.
var rounds = []struct {
	round                 uint64
	signature, randomness string
}{
	{
		1000, "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
		"fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
	},
	{1001, "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41", ""},
	{
		657413, "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
		"fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
	},
}

func TestGenuineRounds(t *testing.T) {
	for _, r := range rounds {
		source := draw.Source{Kind: draw.SourceQuicknet, Round: r.round}
		got, err := source.Bytes(draw.Randomness{Signature: r.signature})
		if err != nil {
			t.Errorf("round %d: %v", r.round, err)
		}
		if text := hex.EncodeToString(got); r.randomness != "" && text != r.randomness {
			t.Errorf("round %d: got %s, want %s", r.round, text, r.randomness)
		}
	}
}

func TestForgedRounds(t *testing.T) {
	for name, tc := range map[string]struct {
		round     uint64
		signature string
	}{
		"another round": {1002, rounds[0].signature},
		"a changed bit": {1000, strings.Replace(rounds[0].signature, "b44679b9", "b44679b8", 1)},
		"not a point":   {1000, strings.Repeat("ff", 48)},
		"no point":      {1000, "c0" + strings.Repeat("00", 47)}, // infinity
		"too short":     {1000, rounds[0].signature[:94]},
		"not hex":       {1000, "signature"},
		"nothing":       {1000, ""},
	} {
		source := draw.Source{Kind: draw.SourceQuicknet, Round: tc.round}
		_, err := source.Bytes(draw.Randomness{Signature: tc.signature})
		if !errors.Is(err, draw.ErrRandomness) {
			t.Errorf("%s: got %v, want ErrRandomness", name, err)
		}
	}
}

func TestRoundTimes(t *testing.T) {
	genesis := time.Unix(1692803367, 0)
	for _, tc := range []struct {
		at   time.Time
		want uint64
	}{
		{genesis.Add(-time.Hour), 1},
		{genesis, 2},
		{genesis.Add(time.Nanosecond), 2},
		{genesis.Add(3 * time.Second), 3},
		{genesis.Add(4 * time.Second), 3},
	} {
		got := draw.RoundAfter(tc.at)
		if got != tc.want {
			t.Errorf("after %v: got round %d, want %d", tc.at.Sub(genesis), got, tc.want)
		}
		if published := draw.RoundTime(got); !published.After(tc.at) {
			t.Errorf("after %v: round %d was published at %v", tc.at.Sub(genesis), got, published.Sub(genesis))
		}
	}
}

func ref(n int) string {
	hash := sha256.Sum256(fmt.Append(nil, n))
	return hex.EncodeToString(hash[:16])
}

func list(n int) []draw.Entry {
	entries := make([]draw.Entry, n)
	for i := range entries {
		entries[i] = draw.Entry{Ref: ref(i), Tickets: 1 + i%3}
	}
	draw.Sort(entries)
	return entries
}

// The order was computed by another program, in Python:
//
//	min(hmac.digest(randomness, ref.encode() + struct.pack(">I", t), "sha256") for t in range(1, tickets + 1))
func TestOrder(t *testing.T) {
	randomness, err := hex.DecodeString(rounds[0].randomness)
	if err != nil {
		t.Fatal(err)
	}
	entries := []draw.Entry{
		{Ref: "00000000000000000000000000000001", Tickets: 1},
		{Ref: "00000000000000000000000000000002", Tickets: 3},
		{Ref: "00000000000000000000000000000003", Tickets: 1},
		{Ref: "00000000000000000000000000000004", Tickets: 1024},
	}
	var last []string
	for _, ref := range draw.Order(entries, randomness) {
		last = append(last, ref[31:])
	}
	if got, want := strings.Join(last, " "), "4 2 3 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	const want = "3ca8a7ac1717310051b4378e7e535d82549c48c6d02e653338d7abca8fd1c419"
	if got := draw.ListHash(entries); got != want {
		t.Errorf("got hash %s, want %s", got, want)
	}
}

// With three tickets against one, somebody comes first in three quarters of all draws.
func TestTicketsCount(t *testing.T) {
	entries := []draw.Entry{{Ref: ref(1), Tickets: 3}, {Ref: ref(2), Tickets: 1}}
	const draws = 10_000
	first := 0
	for i := range draws {
		randomness := sha256.Sum256(fmt.Append(nil, "draw", i))
		if draw.Order(entries, randomness[:])[0] == ref(1) {
			first++
		}
	}
	if first < draws*72/100 || first > draws*78/100 { // the randomness is fixed, so this can't flicker
		t.Errorf("got %d of %d, want about three quarters", first, draws)
	}
}

func drawn(t *testing.T) draw.File {
	t.Helper()
	f := draw.File{
		Format: draw.Format, CompetitionID: "0198c3a4-0000-7000-8000-000000000001",
		FrozenAt: draw.RoundTime(1000).Add(-draw.Notice - time.Second), List: list(50),
		Source:     draw.Source{Kind: draw.SourceQuicknet, Round: 1000},
		Randomness: &draw.Randomness{Signature: rounds[0].signature},
	}
	f.ListHash = draw.ListHash(f.List)
	randomness, err := f.Source.Bytes(*f.Randomness)
	if err != nil {
		t.Fatal(err)
	}
	f.Order = draw.Order(f.List, randomness)
	return f
}

func TestVerify(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*draw.File)
		want   string // in the error; empty if it holds
	}{
		"as drawn":        {func(*draw.File) {}, ""},
		"a named source":  {named, ""},
		"no value":        {func(f *draw.File) { named(f); f.Randomness.Value = " " }, "the value is empty"},
		"not drawn":       {func(f *draw.File) { f.Randomness, f.Order = nil, nil }, draw.ErrNotDrawn.Error()},
		"one more ticket": {func(f *draw.File) { f.List[3].Tickets++ }, "the list was changed"},
		"one entry less":  {func(f *draw.File) { f.List = f.List[1:] }, "the list was changed"},
		"the hash as well": {
			func(f *draw.File) { f.List = f.List[1:]; f.ListHash = draw.ListHash(f.List) },
			"the order has",
		},
		"an entry twice":   {func(f *draw.File) { f.List[1] = f.List[0] }, "isn't in ascending order"},
		"too many tickets": {func(f *draw.File) { f.List[0].Tickets = 1025 }, "1025 tickets"},
		"no reference":     {func(f *draw.File) { f.List[0].Ref = "" }, "isn't 32 lower-case hex digits"},
		"two swapped": {
			func(f *draw.File) { f.Order[0], f.Order[9] = f.Order[9], f.Order[0] },
			"place 1 of the order",
		},
		"another round": {func(f *draw.File) {
			f.Source.Round, f.FrozenAt = 1001, f.FrozenAt.Add(3*time.Second)
		}, "quicknet didn't sign round 1001"},
		"a round chosen":      {func(f *draw.File) { f.Source.Round = 1001 }, "isn't the first one"},
		"a round known early": {func(f *draw.File) { f.FrozenAt = draw.RoundTime(1000) }, "isn't the first one"},
		"an unknown source":   {func(f *draw.File) { f.Source.Kind = "DICE" }, "is unknown"},
	} {
		f := drawn(t)
		tc.change(&f)
		err := f.Verify()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

func named(f *draw.File) {
	f.Source = draw.Source{Kind: draw.SourceNamed, Name: "Saturday's lottery numbers"}
	f.Randomness = &draw.Randomness{Value: "3 14 15 92 65 35"}
	hash := sha256.Sum256([]byte(f.Randomness.Value))
	f.Order = draw.Order(f.List, hash[:])
}

func TestReadFile(t *testing.T) {
	f := drawn(t)
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := draw.Read(strings.NewReader(string(text)))
	if err != nil || !slices.Equal(got.Order, f.Order) {
		t.Errorf("got %v and %d entries", err, len(got.Order))
	}
	for _, bad := range []string{
		"", "[]", "{}", `{"format":"minicompete-draw-2"}`, `{"format":"minicompete-draw-1","seats":3}`,
		`{"format":"minicompete-draw-1","ORDER":[]}`, `{"format":"minicompete-draw-1","order":["x"],"order":[]}`,
		`{"format":"minicompete-draw-1"}{}`, `{"format":"minicompete-draw-1","list":[{"ref":"a","ref":"b"}]}`,
	} {
		if _, err := draw.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}

func BenchmarkOrder(b *testing.B) {
	entries, randomness := list(100_000), sha256.Sum256([]byte("bench"))
	for b.Loop() {
		draw.Order(entries, randomness[:])
	}
}
