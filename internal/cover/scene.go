package cover

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
)

// rgb is a color as in #rrggbb.
type rgb uint32

func (c rgb) rgba() color.RGBA {
	return color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 255} //nolint:gosec // the bytes are meant
}

func (c rgb) hex() string { return fmt.Sprintf("#%06x", uint32(c)) }

// point is a position in the picture, in pixels from the top left.
type point struct{ x, y float64 }

// shape is a filled outline: straight lines, or curves if it has control points. Holes have the opposite direction.
type shape struct {
	fill    rgb
	opacity float64
	// Each contour starts at its first point, followed by cubic curves of three points each.
	contours [][]point
}

// scene is a picture: shapes on a gradient.
type scene struct {
	top, bottom rgb
	shapes      []shape
}

func (s *scene) add(fill rgb, opacity float64, contours ...[]point) {
	s.shapes = append(s.shapes, shape{fill, opacity, contours})
}

// polygon returns a contour of straight lines.
func polygon(corners ...point) []point {
	contour := []point{corners[0]}
	for i := range corners {
		next := corners[(i+1)%len(corners)]
		contour = append(contour, corners[i], next, next)
	}
	return contour
}

// rectangle returns a rectangle with corners of the given radius.
func rectangle(x, y, w, h, radius float64) []point {
	if radius == 0 {
		return polygon(point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h})
	}
	contour := []point{{x + radius, y}}
	for _, c := range []struct{ cx, cy, from float64 }{
		{x + w - radius, y + radius, -math.Pi / 2},
		{x + w - radius, y + h - radius, 0},
		{x + radius, y + h - radius, math.Pi / 2},
		{x + radius, y + radius, math.Pi},
	} {
		start := point{c.cx + radius*math.Cos(c.from), c.cy + radius*math.Sin(c.from)}
		contour = append(contour, contour[len(contour)-1], start, start)
		contour = append(contour, arc(c.cx, c.cy, radius, c.from, c.from+math.Pi/2)...)
	}
	return append(contour, contour[len(contour)-1], contour[0], contour[0])
}

// arc returns a curve between two angles at most a quarter turn apart, without its first point.
func arc(cx, cy, r, from, to float64) []point {
	k := 4.0 / 3 * math.Tan((to-from)/4) * r
	return []point{
		{cx + r*math.Cos(from) - k*math.Sin(from), cy + r*math.Sin(from) + k*math.Cos(from)},
		{cx + r*math.Cos(to) + k*math.Sin(to), cy + r*math.Sin(to) - k*math.Cos(to)},
		{cx + r*math.Cos(to), cy + r*math.Sin(to)},
	}
}

// circle returns a circle, in the opposite direction if it is a hole.
func circle(cx, cy, r float64, hole bool) []point {
	contour := []point{{cx + r, cy}}
	quarter := math.Pi / 2
	if hole {
		quarter = -quarter
	}
	for i := range 4 {
		contour = append(contour, arc(cx, cy, r, float64(i)*quarter, float64(i+1)*quarter)...)
	}
	return contour
}

// ring returns a circle's outline of the given width.
func ring(cx, cy, r, width float64) [][]point {
	return [][]point{circle(cx, cy, r+width/2, false), circle(cx, cy, r-width/2, true)}
}

// pie returns a quarter of a circle with its corner at cx, cy.
func pie(cx, cy, r, from float64) []point {
	center, start := point{cx, cy}, point{cx + r*math.Cos(from), cy + r*math.Sin(from)}
	contour := []point{center, center, start, start}
	contour = append(contour, arc(cx, cy, r, from, from+math.Pi/2)...)
	return append(contour, contour[len(contour)-1], center, center)
}

// svg writes the scene, which consists only of numbers and colors.
func (s *scene) svg() []byte {
	out := fmt.Appendf(nil,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d">`+
			`<linearGradient id="g" x2="0" y2="1"><stop stop-color="%[3]s"/>`+
			`<stop offset="1" stop-color="%[4]s"/></linearGradient>`+
			`<path fill="url(#g)" d="M0 0h%[1]dv%[2]dH0z"/>`, Width, Height, s.top.hex(), s.bottom.hex())
	for _, shape := range s.shapes {
		out = fmt.Appendf(out, `<path fill="%s"`, shape.fill.hex())
		if shape.opacity < 1 {
			out = fmt.Appendf(out, ` opacity="%.2g"`, shape.opacity)
		}
		out = append(out, ` d="`...)
		for _, contour := range shape.contours {
			out = appendContour(out, contour)
		}
		out = append(out, `"/>`...)
	}
	return append(out, `</svg>`...)
}

func appendContour(out []byte, contour []point) []byte {
	out = appendPoint(append(out, 'M'), contour[0])
	at := contour[0]
	for c := contour[1:]; len(c) >= 3; c = c[3:] {
		switch {
		case c[0] == at && c[1] == c[2] && at == c[2]: // it has no length
		case c[0] == at && c[1] == c[2]:
			out = appendPoint(append(out, 'L'), c[2])
		default:
			out = append(appendPoint(append(out, 'C'), c[0]), ' ')
			out = append(appendPoint(out, c[1]), ' ')
			out = appendPoint(out, c[2])
		}
		at = c[2]
	}
	return append(out, 'Z')
}

func appendPoint(out []byte, p point) []byte {
	out = strconv.AppendFloat(out, math.Round(p.x), 'f', -1, 64)
	return strconv.AppendFloat(append(out, ' '), math.Round(p.y), 'f', -1, 64)
}
