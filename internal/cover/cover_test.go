package cover

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"io"
	"slices"
	"strings"
	"testing"
)

// titles are examples for each motif, and of typical input.
var titles = []struct {
	title string
	tags  []string
	name  string // of the motif; empty if any may be chosen
}{
	{"City Half Marathon", []string{"running"}, "track"},
	{"Blitz", []string{"chess"}, "board"},
	{"Green Code Hackathon", nil, "code"},
	{"Sumo Cup", []string{"robotics"}, "cubes"},
	{"Quiz night", []string{"science"}, "orbits"},
	{"Up there", []string{"climbing"}, "peaks"},
	{"Regional Mathematics Olympiad", []string{"maths"}, "waves"},
	{"Winter Game Jam", []string{"games"}, "tiles"},
	{`<script>alert("x")</script>&"'`, []string{`"><svg onload=x>`}, ""},
	{"数学オリンピック", nil, ""},
	{"", nil, ""},
}

func TestDrawnCovers(t *testing.T) {
	names := map[string]bool{}
	for _, c := range titles {
		a := Of(c.title, c.tags)
		if again := Of(c.title, c.tags); again != a || !bytes.Equal(again.SVG(), a.SVG()) {
			t.Errorf("%s looks different the second time", c.title)
		}
		if named, ok := Named(a.Name()); !ok || named != a {
			t.Errorf("%s is not found by its name %s", c.title, a.Name())
		}
		if c.name != "" && !strings.HasPrefix(a.Name(), c.name+"-") {
			t.Errorf("%s is drawn as %s, want %s", c.title, a.Name(), c.name)
		}
		names[a.Name()] = true
		svg := a.SVG()
		if len(svg) > 30_000 {
			t.Errorf("%s: an SVG of %d bytes", c.title, len(svg))
		}
		wantOnlyShapes(t, c.title, svg)
		picture, err := a.PNG(Words{
			Title: c.title, Line: "Fri, 12 Jun 2026 · " + strings.Repeat("Zürich ", 20),
			Site: "Mini Compete",
		})
		if err != nil {
			t.Fatal(err)
		}
		config, format, err := image.DecodeConfig(bytes.NewReader(picture))
		if err != nil || format != "png" || config.Width != Width || config.Height != Height ||
			len(picture) > MaxLarge {
			t.Errorf("%s: %d bytes of %s, %d by %d, %v", c.title, len(picture), format, config.Width,
				config.Height, err)
		}
	}
	if len(names) != len(titles) {
		t.Errorf("%d titles have %d covers", len(titles), len(names))
	}
	for _, name := range []string{
		"", "track", "track-", "track--1", "track-0x1", "track-01", "track-zzzzzzzz",
		"other-1", "track-1.svg",
	} {
		if _, ok := Named(name); ok {
			t.Errorf("%q names a cover", name)
		}
	}
}

// wantOnlyShapes checks that a picture has no text, script, style or URL.
func wantOnlyShapes(t *testing.T, title string, svg []byte) {
	t.Helper()
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		switch token := token.(type) {
		case xml.CharData:
			t.Errorf("%s: the picture has the text %q", title, token)
		case xml.StartElement:
			if !slices.Contains([]string{"svg", "linearGradient", "stop", "path"}, token.Name.Local) {
				t.Errorf("%s: the picture has <%s>", title, token.Name.Local)
			}
		}
	}
}
