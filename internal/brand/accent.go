package brand

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image/color"
	"math"
	"strconv"
)

// MinContrast is the minimum contrast between text and background (WCAG 2.2, 1.4.3).
const MinContrast = 4.5

// Shades are the variants of an accent color in one theme.
type Shades struct {
	Accent color.RGBA // buttons, links, focus
	Strong color.RGBA // while hovered
	Soft   color.RGBA // background of selected items
	On     color.RGBA // text on Accent and Strong
}

// Accent is a color made readable in both themes.
type Accent struct{ Light, Dark Shades }

// The backgrounds of the accent color: the light theme's darkest and the dark theme's lightest, as in tokens.css.
var (
	lightGround = oklch{0.952, 0.01, rad(92)}.rgba()
	darkGround  = oklch{0.272, 0.022, rad(218)}.rgba()
)

func rad(degrees float64) float64 { return degrees * math.Pi / 180 }

// ParseAccent parses a color such as #rrggbb. It keeps the hue, and chooses the closest lightness at which every use of
// the color has MinContrast, in both themes.
func ParseAccent(s string) (*Accent, error) {
	n, err := strconv.ParseUint(s[min(1, len(s)):], 16, 32)
	if err != nil || len(s) != 7 || s[0] != '#' {
		return nil, errors.New("must be a color such as #0b6e77")
	}
	given := toOKLCH(color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}) //nolint:gosec // the bytes are meant
	return &Accent{Light: shades(given, false), Dark: shades(given, true)}, nil
}

func shades(c oklch, dark bool) Shades {
	ground, on, soft, step := lightGround, oklch{0.99, 0.005, c.h}, oklch{0.94, min(c.c, 0.03), c.h}, -0.005
	if dark {
		ground, on, soft, step = darkGround, oklch{0.2, min(c.c, 0.035), c.h}, oklch{0.31, min(c.c, 0.05), c.h}, 0.005
		c.l = max(c.l, 0.72)
	}
	s := Shades{On: on.rgba(), Soft: soft.rgba()}
	for ; c.l > 0 && c.l < 1; c.l += step {
		if s.Accent = c.rgba(); min(Contrast(s.Accent, ground), Contrast(s.Accent, s.Soft),
			Contrast(s.Accent, s.On)) >= MinContrast {
			break
		}
	}
	s.Strong = oklch{min(0.98, max(0, c.l+14*step)), c.c, c.h}.rgba()
	return s
}

// CSS overrides the colors in the style sheet.
func (a *Accent) CSS() []byte {
	pair := func(name string, light, dark color.RGBA) string {
		return fmt.Sprintf("--color-%s:light-dark(%s,%s);", name, Hex(light), Hex(dark))
	}
	return []byte(":root{" + pair("accent", a.Light.Accent, a.Dark.Accent) + pair("accent-strong",
		a.Light.Strong, a.Dark.Strong) +
		pair("accent-soft", a.Light.Soft, a.Dark.Soft) + pair("on-accent", a.Light.On, a.Dark.On) + "}\n")
}

// Hash returns a hash of the CSS.
func (a *Accent) Hash() string {
	hash := sha256.Sum256(a.CSS())
	return hex.EncodeToString(hash[:6])
}

// Hex formats a color as #rrggbb.
func Hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Contrast returns the contrast ratio of two colors, 1 to 21 (WCAG 2.2, "contrast ratio").
func Contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.RGBA) float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func linear(v uint8) float64 {
	if f := float64(v) / 255; f > 0.04045 {
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return float64(v) / 255 / 12.92
}

// oklch is a color with lightness (0 to 1), chroma and hue (radians). The matrices are from CSS Color 4, section 10.
type oklch struct{ l, c, h float64 }

func toOKLCH(c color.RGBA) oklch {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	x := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	y := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s
	return oklch{0.2104542553*l + 0.7936177850*m - 0.0040720468*s, math.Hypot(x, y), math.Atan2(y, x)}
}

// rgba returns the color, with less chroma if a screen can't display it.
func (c oklch) rgba() color.RGBA {
	for ; ; c.c = max(0, c.c-0.004) {
		x, y := c.c*math.Cos(c.h), c.c*math.Sin(c.h)
		l, m, s := c.l+0.3963377774*x+0.2158037573*y, c.l-0.1055613458*x-0.0638541728*y,
			c.l-0.0894841775*x-1.2914855480*y
		l, m, s = l*l*l, m*m*m, s*s*s
		r, g, b := 4.0767416621*l-3.3077115913*m+0.2309699292*s, -1.2684380046*l+2.6097574011*m-0.3413193965*s,
			-0.0041960863*l-0.7034186147*m+1.7076147010*s
		if c.c == 0 || min(r, g, b) >= -0.0005 && max(r, g, b) <= 1.0005 {
			return color.RGBA{encoded(r), encoded(g), encoded(b), 255}
		}
	}
}

func encoded(v float64) uint8 {
	v = min(1, max(0, v))
	if v > 0.0031308 {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	} else {
		v *= 12.92
	}
	return uint8(math.Round(v * 255))
}
