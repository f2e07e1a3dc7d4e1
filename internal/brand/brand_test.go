package brand

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Any color becomes readable in both themes, wherever the pages use it.
func TestEveryAccentCanBeRead(t *testing.T) {
	for r := 0; r <= 255; r += 51 {
		for g := 0; g <= 255; g += 51 {
			for b := 0; b <= 255; b += 51 {
				given := fmt.Sprintf("#%02x%02x%02x", r, g, b)
				a, err := ParseAccent(given)
				if err != nil {
					t.Fatal(err)
				}
				for theme, in := range map[string]struct {
					Shades
					ground color.RGBA
				}{"light": {a.Light, lightGround}, "dark": {a.Dark, darkGround}} {
					for what, contrast := range map[string]float64{
						"text on it": Contrast(in.On, in.Accent), "text under the pointer": Contrast(in.On, in.Strong),
						"a link": Contrast(in.Accent, in.ground), "a chosen one": Contrast(in.Accent, in.Soft),
					} {
						if contrast < MinContrast {
							t.Errorf("%s, %s: %s has %.2f", given, theme, what, contrast)
						}
					}
				}
			}
		}
	}
	if c := Contrast(color.RGBA{A: 255}, color.RGBA{255, 255, 255, 255}); math.Abs(c-21) > 0.01 {
		t.Errorf("black on white has %.2f, want 21", c)
	}
}

// A color that is already readable isn't changed.
func TestAccentStays(t *testing.T) {
	a, err := ParseAccent("#7A2348")
	if err != nil || Hex(a.Light.Accent) != "#7a2348" {
		t.Errorf("%s, %v", Hex(a.Light.Accent), err)
	}
	css := string(a.CSS())
	if !strings.HasPrefix(css, ":root{--color-accent:light-dark(#7a2348,#") || strings.Count(css, "light-dark(") != 4 {
		t.Error(css)
	}
	for _, bad := range []string{
		"", "#", "#12345", "#1234567", "1234567", "#12345g", "#-12345", "teal",
		"#abc", "#fff;}x{",
	} {
		if _, err := ParseAccent(bad); err == nil {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

func TestReadLogo(t *testing.T) {
	encoded := func(w, h int) string {
		var out bytes.Buffer
		if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for name, tc := range map[string]struct{ content, want string }{
		"a PNG": {encoded(64, 64), "image/png"},
		"a WebP": {
			"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00",
			"image/webp",
		},
		"an SVG": {
			`<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`,
			"image/svg+xml",
		},
		"half an SVG":     {`<svg xmlns="http://www.w3.org/2000/svg"><path>`, ""},
		"a page":          {`<html></html>`, ""},
		"nothing":         {"", ""},
		"too many pixels": {encoded(4000, 10), ""},
		"too many bytes":  {`<svg>` + strings.Repeat(" ", maxLogo) + `</svg>`, ""},
	} {
		path := filepath.Join(t.TempDir(), "logo")
		if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
			t.Fatal(err)
		}
		logo, err := ReadLogo(path)
		if (err == nil) != (tc.want != "") || err == nil && (logo.Type != tc.want || logo.Ext() == "") {
			t.Errorf("%s: %v, %v", name, logo, err)
		}
	}
	if _, err := ReadLogo(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that isn't there is a logo")
	}
}

func TestContact(t *testing.T) {
	for contact, want := range map[string]string{
		"help@example.org": "mailto:help@example.org", "https://example.org/help": "https://example.org/help",
		"Ann <a@example.org>": "", "javascript:alert(1)": "", "help": "", "ftp://example.org": "", "https://": "",
	} {
		got := ""
		if IsContact(contact) {
			got = Site{Contact: contact}.ContactURL()
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", contact, got, want)
		}
	}
}
