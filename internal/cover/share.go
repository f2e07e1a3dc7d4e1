package cover

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Words are the text on a shared picture.
type Words struct {
	Title string
	Line  string // when and where, in one line
	Site  string
}

// PNG draws the picture with words on it, for shared links: most sites don't display SVG. Words in a script that the
// built-in font lacks are left out; sites also show the title beside the picture.
func (a Art) PNG(w Words) ([]byte, error) {
	fonts, err := faces()
	if err != nil {
		return nil, err
	}
	s := a.scene()
	s.top = s.bottom // one color: a PNG of a gradient is large
	words := covers(fonts[0], w.Title)
	if words {
		s.panel()
	}
	picture := s.raster()
	if words {
		err = letter(picture, fonts, w)
	}
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = png.Encode(&out, fewColors(picture))
	return out.Bytes(), err
}

// raster renders the scene.
func (s *scene) raster() *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, Width, Height))
	top, bottom := s.top.rgba(), s.bottom.rgba()
	//nolint:gosec // between two bytes
	mix := func(from, to uint8, y int) uint8 { return uint8((int(from)*(Height-y) + int(to)*y) / Height) }
	for y := range Height {
		row := image.Uniform{C: color.RGBA{
			mix(top.R, bottom.R, y), mix(top.G, bottom.G, y), mix(top.B, bottom.B, y),
			255,
		}}
		draw.Draw(picture, image.Rect(0, y, Width, y+1), &row, image.Point{}, draw.Src)
	}
	z := vector.NewRasterizer(Width, Height)
	for _, shape := range s.shapes {
		z.Reset(Width, Height)
		for _, contour := range shape.contours {
			z.MoveTo(float32(contour[0].x), float32(contour[0].y))
			for c := contour[1:]; len(c) >= 3; c = c[3:] {
				z.CubeTo(float32(c[0].x), float32(c[0].y), float32(c[1].x), float32(c[1].y),
					float32(c[2].x), float32(c[2].y))
			}
			z.ClosePath()
		}
		fill := shape.fill.rgba()
		paint := color.NRGBA{fill.R, fill.G, fill.B, uint8(shape.opacity * 255)}
		z.Draw(picture, picture.Bounds(), image.NewUniform(paint), image.Point{})
	}
	return picture
}

// panel covers the left of the picture, as a background for the words.
func (s *scene) panel() {
	s.add(s.bottom, 1, polygon(point{0, 0}, point{panelTop, 0}, point{panelBottom, Height}, point{0, Height}))
	s.add(s.shapes[0].fill, 1, polygon(point{panelTop, 0}, point{panelTop + 14, 0}, point{panelBottom + 14, Height},
		point{panelBottom, Height}))
}

// fewColors reduces the picture to its 256 most frequent colors: only some that smooth edges are lost.
func fewColors(picture *image.RGBA) *image.Paletted {
	frequency := map[color.RGBA]int{}
	for y := range Height {
		for x := range Width {
			frequency[picture.RGBAAt(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(frequency), func(a, b color.RGBA) int {
		return cmp.Or(frequency[b]-frequency[a], bytes.Compare([]byte{a.R, a.G, a.B}, []byte{b.R, b.G, b.B}))
	})
	var palette color.Palette
	for _, c := range colors[:min(256, len(colors))] {
		palette = append(palette, c)
	}
	nearest := make(map[color.RGBA]uint8, len(colors))
	for _, c := range colors {
		nearest[c] = uint8(palette.Index(c)) //nolint:gosec // one of 256
	}
	reduced := image.NewPaletted(picture.Bounds(), palette)
	for y := range Height {
		for x := range Width {
			reduced.SetColorIndex(x, y, nearest[picture.RGBAAt(x, y)])
		}
	}
	return reduced
}

// faces are the built-in fonts, parsed once.
var faces = sync.OnceValues(func() (f [2]*sfnt.Font, err error) {
	if f[0], err = opentype.Parse(gobold.TTF); err == nil {
		f[1], err = opentype.Parse(gomedium.TTF)
	}
	return f, err
})

const (
	edge        = 64  // between the words and the side of the picture, in pixels
	textWidth   = 610 // of a line, in pixels
	panelTop    = 790 // where the panel ends, in pixels from the left
	panelBottom = 690
	titleLines  = 4
)

func letter(picture *image.RGBA, fonts [2]*sfnt.Font, w Words) error {
	small, err := opentype.NewFace(fonts[1], &opentype.FaceOptions{Size: 28, DPI: 72})
	if err != nil {
		return err
	}
	defer small.Close()
	y := Height - edge
	for _, line := range []string{w.Site, w.Line} {
		if line = strings.TrimSpace(line); line != "" && covers(fonts[1], line) {
			write(picture, small, wrap(small, line, 1)[0], y)
			y -= 46
		}
	}
	var face font.Face
	var lines []string
	for _, size := range []float64{76, 64, 54, 46} { // the largest that fits
		if face, err = opentype.NewFace(fonts[0], &opentype.FaceOptions{Size: size, DPI: 72}); err != nil {
			return err
		}
		defer face.Close()
		if lines = wrap(face, w.Title, titleLines); len(strings.Join(lines, " ")) >= len(
			strings.Join(strings.Fields(w.Title), " "),
		) && len(lines) < titleLines {
			break
		}
	}
	y -= 16
	for i := len(lines) - 1; i >= 0; i-- {
		write(picture, face, lines[i], y)
		y -= face.Metrics().Height.Ceil()
	}
	return nil
}

// covers reports whether the font has every character.
func covers(f *sfnt.Font, text string) bool {
	var buffer sfnt.Buffer
	for _, r := range text {
		if index, err := f.GlyphIndex(&buffer, r); r != ' ' && (err != nil || index == 0) {
			return false
		}
	}
	return true
}

// wrap breaks a text into lines that fit, and truncates it after the given number of lines.
func wrap(face font.Face, text string, most int) []string {
	fits := func(s string) bool { return font.MeasureString(face, s) <= fixed.I(textWidth) }
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch longer := strings.TrimSpace(*last + " " + word); {
		case fits(longer):
			*last = longer
		case *last == "":
			*last = word
		default:
			lines = append(lines, word)
		}
	}
	cut := len(lines) > most
	lines = lines[:min(most, len(lines))]
	for i, line := range lines {
		runes := []rune(line)
		for shown := line; (!fits(shown) || cut && i == most-1 && shown == line) && len(runes) > 0; {
			runes = runes[:len(runes)-1]
			shown = strings.TrimSpace(string(runes)) + "…"
			lines[i] = shown
		}
	}
	return lines
}

func write(picture *image.RGBA, face font.Face, text string, y int) {
	d := font.Drawer{Dst: picture, Src: image.White, Face: face, Dot: fixed.P(edge, y)}
	d.DrawString(text)
}
