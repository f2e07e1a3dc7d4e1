package cover

import (
	"math"
	"math/rand/v2"
)

// palette is a background of two colors, and three that contrast with it.
type palette struct {
	top, bottom rgb
	a, b, c     rgb
}

var palettes = []palette{
	{0x0b4f5c, 0x08303d, 0x3fc1b0, 0xf6c667, 0xf4efe2}, // petrol
	{0x27306b, 0x141a40, 0x7c8cff, 0xff9f6e, 0xe9ecff}, // indigo
	{0x7a2348, 0x43112c, 0xff7a90, 0xffc46b, 0xffe9e4}, // raspberry
	{0x1f5a3c, 0x0f3526, 0x63c98a, 0xf3d36b, 0xeaf6e6}, // forest
	{0xb4472a, 0x6e2319, 0xff9b5e, 0xffd98a, 0xfff0dd}, // terracotta
	{0x44306f, 0x241a45, 0xb18cff, 0x6fe0d2, 0xf1eaff}, // violet
	{0x155e86, 0x0b3352, 0x5cc8ff, 0xffd166, 0xe8f6ff}, // ocean
	{0xa8741a, 0x623c10, 0xffc94d, 0x2fb5a3, 0xfff5db}, // amber
	{0x3a4a52, 0x1d272d, 0x8fb7c2, 0xff8a65, 0xeef3f4}, // slate
}

func (p palette) any(r *rand.Rand) rgb { return [...]rgb{p.a, p.b, p.c}[r.IntN(3)] }

// between returns a random number from least to most.
func between(r *rand.Rand, least, most float64) float64 { return least + r.Float64()*(most-least) }

// drawTrack shows the lanes of a stadium from above, with a runner ahead in one of them.
func drawTrack(s *scene, p palette, r *rand.Rand) {
	cx, cy := between(r, 700, 1050), between(r, 540, 700)
	if r.IntN(2) == 0 {
		cx = Width - cx
	}
	const lanes, width = 6, 84.0
	inner := between(r, 130, 220)
	fast := r.IntN(lanes)
	for i := range lanes {
		radius := inner + (float64(i)+0.5)*width
		if i == fast {
			s.add(p.a, 0.95, ring(cx, cy, radius, width-8)...)
			at := between(r, math.Pi*1.2, math.Pi*1.5)
			x, y := cx+radius*math.Cos(at), cy+radius*math.Sin(at)
			s.add(p.b, 1, circle(x, y, 30, false))
			continue
		}
		s.add(p.c, 0.08+0.05*float64(i%2), ring(cx, cy, radius, width-8)...)
	}
	s.add(p.b, 0.9, circle(cx, cy, inner-26, false))
}

// drawBoard shows a checkered board, with some squares lit up.
func drawBoard(s *scene, p palette, r *rand.Rand) {
	const size = 150.0
	tilt := between(r, 0.12, 0.34)
	sin, cos := math.Sincos(tilt)
	at := func(x, y float64) point {
		x, y = x*size, y*size
		return point{Width/2 + x*cos - y*sin, Height/2 + x*sin + y*cos}
	}
	for x := -6; x < 6; x++ {
		for y := -4; y < 4; y++ {
			fx, fy := float64(x), float64(y)
			square := polygon(at(fx, fy), at(fx+1, fy), at(fx+1, fy+1), at(fx, fy+1))
			if (x+y)%2 != 0 {
				s.add(p.c, 0.11, square)
			}
			switch r.IntN(11) {
			case 0:
				s.add(p.a, 0.95, square)
			case 1:
				c := at(fx+0.5, fy+0.5)
				s.add(p.b, 1, circle(c.x, c.y, size*0.32, false))
			case 2:
				c := at(fx+0.5, fy+0.5)
				s.add(p.c, 0.9, ring(c.x, c.y, size*0.26, 18)...)
			}
		}
	}
}

// drawCode shows lines of code with syntax highlighting.
func drawCode(s *scene, p palette, r *rand.Rand) {
	const line, thick = 74.0, 34.0
	indent := 0.0
	for y := 52.0; y < Height-thick; y += line {
		x := 90 + indent*80
		for range 2 + r.IntN(4) {
			w := between(r, 90, 340)
			if x+w > Width-70 {
				break
			}
			fill, opacity := p.any(r), 0.9
			if r.IntN(2) == 0 {
				fill, opacity = p.c, 0.16
			}
			s.add(fill, opacity, rectangle(x, y, w, thick, thick/2))
			x += w + 24
		}
		indent = max(0, min(5, indent+float64(r.IntN(3))-0.9))
	}
	s.add(p.c, 0.3, rectangle(44, 40, 6, Height-80, 3))
}

// drawCubes stacks cubes, each with a lit and a dark side.
func drawCubes(s *scene, p palette, r *rand.Rand) {
	const edge = 88.0
	dx, dy := edge*math.Cos(math.Pi/6), edge/2
	for row := range 7 {
		for column := range 9 {
			x := float64(column) * 2 * dx
			if row%2 == 1 {
				x += dx
			}
			y := float64(row)*3*dy - dy
			face := p.any(r)
			strength := 0.95
			if r.IntN(5) > 1 {
				face, strength = p.c, 0.16
			}
			middle := point{x, y + dy}
			top, left, right := point{x, y - dy}, point{x - dx, y}, point{x + dx, y}
			s.add(face, strength, polygon(top, right, middle, left))
			s.add(face, strength*0.62, polygon(left, middle, point{x, y + dy + edge}, point{x - dx, y + edge}))
			s.add(face, strength*0.34, polygon(middle, right, point{x + dx, y + edge}, point{x, y + dy + edge}))
		}
	}
}

// drawOrbits shows a sun and its planets.
func drawOrbits(s *scene, p palette, r *rand.Rand) {
	cx, cy := between(r, 260, 940), between(r, 200, 430)
	s.add(p.c, 0.07, circle(cx, cy, 560, false))
	s.add(p.c, 0.07, circle(cx, cy, 360, false))
	s.add(p.b, 1, circle(cx, cy, between(r, 64, 96), false))
	for i := range 6 {
		radius := 150 + float64(i)*105
		s.add(p.c, 0.4, ring(cx, cy, radius, 4)...)
		for range 1 + i/3 {
			at := between(r, 0, 2*math.Pi)
			x, y := cx+radius*math.Cos(at), cy+radius*math.Sin(at)
			s.add(p.any(r), 1, circle(x, y, between(r, 14, 40), false))
		}
	}
	for range 24 {
		s.add(p.c, 0.7, circle(between(r, 0, Width), between(r, 0, Height), between(r, 2, 5), false))
	}
}

// drawPeaks shows rows of mountains, and a sun.
func drawPeaks(s *scene, p palette, r *rand.Rand) {
	x, y, radius := between(r, 240, 960), between(r, 130, 220), between(r, 70, 105)
	s.add(p.b, 0.2, circle(x, y, radius*1.7, false))
	s.add(p.b, 1, circle(x, y, radius, false))
	for layer, fill := range []rgb{p.c, p.a, p.bottom} {
		ground := 330 + float64(layer)*110
		corners := []point{{-40, Height}, {-40, ground}}
		for x := -40.0; x < Width+40; {
			x += between(r, 90, 190)
			corners = append(corners, point{x, ground - between(r, 60, 230)})
			x += between(r, 90, 190)
			corners = append(corners, point{x, ground + between(r, 0, 50)})
		}
		end := corners[len(corners)-1].x
		corners = append(corners, point{end, Height})
		s.add(fill, []float64{0.22, 0.85, 1}[layer], polygon(corners...))
	}
}

// drawWaves shows overlapping waves.
func drawWaves(s *scene, p palette, r *rand.Rand) {
	s.add(p.b, 1, circle(between(r, 200, 1000), between(r, 110, 190), between(r, 60, 100), false))
	fills := []rgb{p.c, p.a, p.a, p.bottom}
	for i, opacity := range []float64{0.2, 0.45, 0.95, 0.9} {
		base := 260 + float64(i)*105
		swell := between(r, 50, 95)
		length := between(r, 220, 330)
		x := -between(r, 0, 2*length)
		contour := []point{{x, base}}
		for up := 1.0; x < Width; up = -up {
			contour = append(contour, point{x + length/2, base - up*swell}, point{x + length/2, base - up*swell},
				point{x + length, base})
			x += length
		}
		last := contour[len(contour)-1]
		right, left := point{last.x, Height}, point{contour[0].x, Height}
		contour = append(contour, last, right, right, right, left, left, left, contour[0], contour[0])
		s.add(fills[i], opacity, contour)
	}
}

// drawTiles shows simple shapes on a grid.
func drawTiles(s *scene, p palette, r *rand.Rand) {
	const size = 210.0
	for x := 0.0; x < Width; x += size {
		for y := 0.0; y < Height; y += size {
			if r.IntN(3) == 0 {
				s.add(p.any(r), 0.14, rectangle(x, y, size, size, 0))
			}
			fill := p.any(r)
			turn := float64(r.IntN(4)) * math.Pi / 2
			cx, cy := x+size/2, y+size/2
			corner := point{
				cx - size/2*math.Copysign(1, math.Cos(turn+math.Pi/4)),
				cy - size/2*math.Copysign(1, math.Sin(turn+math.Pi/4)),
			}
			switch r.IntN(6) {
			case 0, 1:
				s.add(fill, 0.95, pie(corner.x, corner.y, size, turn))
			case 2:
				s.add(fill, 0.95, circle(cx, cy, size*0.36, false))
			case 3:
				s.add(fill, 0.95, ring(cx, cy, size*0.32, 34)...)
			case 4:
				s.add(fill, 0.95, pie(corner.x, corner.y, size, turn))
				s.add(p.any(r), 1, pie(corner.x, corner.y, size/2, turn))
			}
		}
	}
}
