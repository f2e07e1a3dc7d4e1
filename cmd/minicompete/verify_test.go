package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/draw"
)

// drawnFile is a draw by a genuine round of quicknet.
func drawnFile(t *testing.T) draw.File {
	t.Helper()
	f := draw.File{
		Format: draw.Format, CompetitionID: "0198c3a4-0000-7000-8000-000000000001",
		FrozenAt: draw.RoundTime(1000).Add(-draw.Notice - time.Second),
		Source:   draw.Source{Kind: draw.SourceQuicknet, Round: 1000},
		List: []draw.Entry{
			{Ref: strings.Repeat("1", 32), Tickets: 1},
			{Ref: strings.Repeat("2", 32), Tickets: 2},
			{Ref: strings.Repeat("3", 32), Tickets: 1},
		},
		Randomness: &draw.Randomness{
			Signature: "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125" +
				"e342b73a8dd2bacbe47e4b6b63ed5e39",
		},
	}
	f.ListHash = draw.ListHash(f.List)
	randomness, err := f.Source.Bytes(*f.Randomness)
	if err != nil {
		t.Fatal(err)
	}
	f.Order = draw.Order(f.List, randomness)
	return f
}

// named has a public value decide.
func named(value string) func(f *draw.File) {
	return func(f *draw.File) {
		f.Source = draw.Source{Kind: draw.SourceNamed, Name: "Lotto"}
		f.Randomness = &draw.Randomness{Value: value}
		randomness, _ := f.Source.Bytes(*f.Randomness) // a value always has some
		f.Order = draw.Order(f.List, randomness)
	}
}

func TestVerifyDraw(t *testing.T) {
	for _, tc := range []struct {
		name     string
		change   func(*draw.File)
		code     int
		out, err string
	}{
		{"as drawn", func(*draw.File) {}, exitOK, "The draw is correct: 3 people, 4 tickets", ""},
		{"before the draw", func(f *draw.File) { f.Randomness, f.Order = nil, nil }, exitOK, "hasn't happened yet", ""},
		{
			"another winner", func(f *draw.File) { f.Order[0], f.Order[1] = f.Order[1], f.Order[0] }, exitError, "",
			"place 1",
		},
		{"a changed list", func(f *draw.File) { f.List[0].Tickets = 5 }, exitError, "", "the list was changed"},
		{
			"a public value", named("3 14 15"), exitOK,
			`Check yourself that "3 14 15" was the value of: "Lotto"` + "\n", "",
		},
		{
			"a value with something invisible", named("3 14\u200b 15"), exitOK,
			`Beware: it isn't written plainly, as "3 14 15", but as "3 14\u200b 15".`, "",
		},
		{"another format", func(f *draw.File) { f.Format = "" }, exitError, "", "isn't the file of a draw"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := drawnFile(t)
			tc.change(&f)
			text, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(t.TempDir(), "draw.json")
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
			got := runToEnd(t, nil, "", "verify", "draw", name)
			if got.code != tc.code || !strings.Contains(got.out, tc.out) || !strings.Contains(got.errOut, tc.err) {
				t.Errorf("got exit code %d, %q and %q", got.code, got.out, got.errOut)
			}
		})
	}
}
