package cover

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	_ "image/png" // an upload may be one
	"io"
	"slices"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
	_ "golang.org/x/image/webp" // an upload may be one

	"github.com/minicompete/minicompete/internal/compete"
)

// The limits of an upload.
const (
	// MaxPixels bounds a picture's size according to its header, before anything is decoded: a file of a few kilobytes
	// can claim gigabytes. It allows the 16 megapixels of most cameras.
	MaxPixels = 16 << 20
	// maxDecoding bounds the memory for decoding, in bytes: MaxPixels at 4 bytes each, and fewer pixels if each takes
	// more.
	maxDecoding = 4 * MaxPixels
	// decodeTimeout bounds decoding: a JPEG may repeatedly traverse all of its pixels.
	decodeTimeout = 10 * time.Second
	// Patience is how long an upload waits for its turn.
	patience = 15 * time.Second
)

// The sizes in bytes that the two pictures of a cover are fitted to.
const (
	MaxLarge = 60_000
	MaxSmall = 30_000
)

// Maker converts uploads to covers, one at a time: that takes less than 100 MB.
type Maker struct{ turn chan struct{} }

var _ compete.CoverMaker = (*Maker)(nil)

// NewMaker returns a Maker. A process needs only one.
func NewMaker() *Maker { return &Maker{turn: make(chan struct{}, 1)} }

// Make implements compete.CoverMaker. It keeps the middle of the picture, rotated according to its EXIF data, and
// removes all metadata.
func (m *Maker) Make(ctx context.Context, upload []byte) (compete.Cover, error) {
	format, err := check(upload)
	if err != nil {
		return compete.Cover{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return compete.Cover{}, compete.ErrBusy
	}
	picture, _, err := image.Decode(&limited{bytes.NewReader(upload), time.Now().Add(decodeTimeout)})
	if err != nil {
		return compete.Cover{}, compete.ErrCoverUnreadable
	}
	large := cut(picture, orientation(format, upload))
	small := image.NewRGBA(image.Rect(0, 0, Width/2, Height/2))
	draw.CatmullRom.Scale(small, small.Bounds(), large, large.Bounds(), draw.Src, nil)
	c := compete.Cover{Large: fit(large, MaxLarge), Small: fit(small, MaxSmall)}
	hash := sha256.Sum256(slices.Concat(c.Large, c.Small))
	c.Hash = hex.EncodeToString(hash[:8])
	return c, nil
}

// check checks the header and returns the format.
func check(upload []byte) (format string, err error) {
	if len(upload) > compete.MaxCoverUpload {
		return "", compete.ErrCoverTooLarge
	}
	header, format, err := image.DecodeConfig(bytes.NewReader(upload))
	if err != nil || format != "png" && format != "jpeg" && format != "webp" || header.Width < 1 || header.Height < 1 {
		return "", compete.ErrCoverUnreadable
	}
	if header.Width > MaxPixels || header.Height > MaxPixels || header.Width*header.Height > MaxPixels {
		return "", compete.ErrCoverTooManyPixels
	}
	if float64(header.Width*header.Height)*perPixel(format, header.ColorModel, upload) > maxDecoding {
		return "", compete.ErrCoverTooManyPixels
	}
	return format, nil
}

// limited ends a file when the time is up, which also ends its decoder.
type limited struct {
	io.Reader
	until time.Time
}

func (l *limited) Read(p []byte) (int, error) {
	if time.Now().After(l.until) {
		return 0, io.ErrUnexpectedEOF
	}
	return l.Reader.Read(p)
}

// cut scales the middle of a picture to a large cover, on white, and rotates it upright.
func cut(picture image.Image, turned int) *image.RGBA {
	w, h := Width, Height
	if turned >= 5 { // it lies on its side
		w, h = h, w
	}
	b := picture.Bounds()
	part := b
	if b.Dx()*h > b.Dy()*w {
		width := max(1, b.Dy()*w/h)
		part.Min.X += (b.Dx() - width) / 2
		part.Max.X = part.Min.X + width
	} else {
		height := max(1, b.Dx()*h/w)
		part.Min.Y += (b.Dy() - height) / 2
		part.Max.Y = part.Min.Y + height
	}
	coarse := shrunk(picture, part, max(1, min(part.Dx()/w, part.Dy()/h)))
	scaled := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(scaled, scaled.Bounds(), image.White, image.Point{}, draw.Src)
	// Not Scale, which allocates 32 bytes per pixel of a picture with the width of one and the height of the other.
	draw.CatmullRom.Transform(scaled, f64.Aff3{
		float64(w) / float64(coarse.Rect.Dx()), 0, 0,
		0, float64(h) / float64(coarse.Rect.Dy()), 0,
	}, coarse, coarse.Rect, draw.Over, nil)
	return upright(scaled, turned)
}

// shrunk returns a part of a picture, with each square of by pixels averaged to one.
func shrunk(picture image.Image, part image.Rectangle, by int) *image.RGBA {
	small := image.NewRGBA(image.Rect(0, 0, part.Dx()/by, part.Dy()/by))
	strip := image.NewRGBA(image.Rect(0, 0, part.Dx(), by))
	for y := range small.Rect.Dy() {
		draw.Draw(strip, strip.Rect, picture, image.Pt(part.Min.X, part.Min.Y+y*by), draw.Src)
		for x := range small.Rect.Dx() {
			average(small.Pix[small.PixOffset(x, y):], strip, x*by, by)
		}
	}
	return small
}

// average sets a pixel to the average of a strip's square that begins at x.
func average(pixel []byte, strip *image.RGBA, x, by int) {
	var sums [4]int
	for y := range by {
		from := strip.PixOffset(x, y)
		for i, value := range strip.Pix[from : from+4*by] {
			sums[i%4] += int(value)
		}
	}
	for i, sum := range sums {
		pixel[i] = byte(sum / (by * by)) //nolint:gosec // an average of bytes
	}
}

// qualities are the JPEG qualities to try, best first.
var qualities = []int{88, 82, 76, 70, 64, 56, 48, 40, 32}

// fit encodes a picture within a number of bytes: at the best quality that fits, and blurred if none does.
func fit(picture *image.RGBA, most int) []byte {
	var out bytes.Buffer
	for blur := 1; ; blur *= 2 {
		if blur > 1 {
			picture = blurred(picture, blur)
		}
		for _, quality := range qualities {
			out.Reset()
			// a buffer never fails, and the size is valid
			_ = jpeg.Encode(&out, picture, &jpeg.Options{Quality: quality})
			if out.Len() <= most {
				return out.Bytes()
			}
		}
	}
}

// blurred removes details finer than the given number of pixels.
func blurred(picture *image.RGBA, by int) *image.RGBA {
	b := picture.Bounds()
	coarse := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()/by), max(1, b.Dy()/by)))
	draw.BiLinear.Scale(coarse, coarse.Bounds(), picture, b, draw.Src, nil)
	smooth := image.NewRGBA(b)
	draw.BiLinear.Scale(smooth, b, coarse, coarse.Bounds(), draw.Src, nil)
	return smooth
}
