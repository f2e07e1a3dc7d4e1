package cover

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

// quarters returns a picture whose corners are red, green, blue and white, clockwise from the top left.
func quarters(w, h int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := [][]color.RGBA{
				{{255, 0, 0, 255}, {0, 255, 0, 255}},
				{{255, 255, 255, 255}, {0, 0, 255, 255}},
			}[y*2/h][x*2/w]
			picture.SetRGBA(x, y, c)
		}
	}
	return picture
}

func asPNG(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asJPEG(t *testing.T, picture image.Image, orientation uint16) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		t.Fatal(err)
	}
	body := exifOf(orientation)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return slices.Concat(out.Bytes()[:2], segment, body, out.Bytes()[2:])
}

const secret = "taken at 52.52 N 13.40 E"

func exifOf(orientation uint16) []byte {
	tiff := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02" + "\x01\x0e\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00" +
		"\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	return append(tiff, "\x00\x00\x00\x00\x00\x00"+secret...)
}

// corners returns the colors near the corners, clockwise from the top left, as letters.
func corners(t *testing.T, cover []byte) string {
	t.Helper()
	picture, format, err := image.Decode(bytes.NewReader(cover))
	if err != nil || format != "jpeg" {
		t.Fatalf("%s, %v", format, err)
	}
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	found := ""
	for _, p := range []image.Point{{w / 4, h / 4}, {w * 3 / 4, h / 4}, {w * 3 / 4, h * 3 / 4}, {w / 4, h * 3 / 4}} {
		r, g, b, _ := picture.At(p.X, p.Y).RGBA()
		switch bright := func(v uint32) bool { return v > 0x8000 }; {
		case bright(r) && bright(g) && bright(b):
			found += "w"
		case bright(r):
			found += "r"
		case bright(g):
			found += "g"
		case bright(b):
			found += "b"
		}
	}
	return found
}

func makeCover(t *testing.T, upload []byte) compete.Cover {
	t.Helper()
	c, err := NewMaker().Make(t.Context(), upload)
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]struct {
		picture             []byte
		width, height, most int
	}{"large": {c.Large, Width, Height, MaxLarge}, "small": {c.Small, Width / 2, Height / 2, MaxSmall}} {
		config, format, err := image.DecodeConfig(bytes.NewReader(size.picture))
		if err != nil || format != "jpeg" || config.Width != size.width || config.Height != size.height ||
			len(size.picture) > size.most {
			t.Errorf("%s: %d bytes of %s, %d by %d, %v", name, len(size.picture), format, config.Width,
				config.Height, err)
		}
		if bytes.Contains(size.picture, []byte("Exif")) || bytes.Contains(size.picture, []byte(secret)) {
			t.Errorf("%s keeps metadata", name)
		}
	}
	return c
}

// For each of the eight camera orientations, the picture comes out upright.
func TestOrientation(t *testing.T) {
	for orientation, want := range map[uint16]string{
		0: "rgbw", 1: "rgbw", 2: "grwb", 3: "bwrg", 4: "wbgr", 5: "rwbg", 6: "wrgb", 7: "bgrw", 8: "gbwr", 9: "rgbw",
	} {
		if got := corners(t, makeCover(t, asJPEG(t, quarters(640, 400), orientation)).Large); got != want {
			t.Errorf("orientation %d: corners %s, want %s", orientation, got, want)
		}
	}
	body := exifOf(6)[6:]
	inPNG := asPNG(t, quarters(640, 400))
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	chunk = append(append(chunk, "eXIf"...), body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	inPNG = slices.Concat(inPNG[:33], chunk, inPNG[33:])
	if got := corners(t, makeCover(t, inPNG).Small); got != "wrgb" {
		t.Errorf("in a PNG: corners %s, want wrgb", got)
	}
	riff := binary.LittleEndian.AppendUint32([]byte("RIFF....WEBPXXXX\x01\x00\x00\x00.."+"EXIF"), uint32(len(body)))
	if got := orientation("webp", append(riff, body...)); got != 6 {
		t.Errorf("in a WebP: orientation %d, want 6", got)
	}
	for cut := range len(body) { // a file truncated anywhere is upright and causes no panic
		orientationTag(body[:cut])
	}
}

// The smallest possible WebP: one pixel, lossless.
var webp = []byte(
	"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00",
)

func TestUploads(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 1000, 900))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(r.Uint32())
	}
	for name, upload := range map[string][]byte{
		"a PNG":              asPNG(t, quarters(300, 300)),
		"a JPEG":             asJPEG(t, quarters(2000, 500), 1),
		"a WebP":             webp,
		"one pixel":          asPNG(t, quarters(1, 1)),
		"very wide":          asPNG(t, quarters(3000, 2)),
		"very high":          asPNG(t, quarters(2, 3000)),
		"noise, see-through": asPNG(t, noise),
	} {
		t.Run(name, func(t *testing.T) {
			first, again := makeCover(t, upload), makeCover(t, upload)
			if first.Hash != again.Hash || len(first.Hash) != 16 {
				t.Errorf("hashes %s and %s", first.Hash, again.Hash)
			}
		})
	}
}

// claiming returns a PNG whose header claims a size that the file doesn't have.
func claiming(w, h uint32, depth byte) []byte {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	header = append(binary.BigEndian.AppendUint32(header, h), depth, 6, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(header))
}

func TestRefusedUploads(t *testing.T) {
	var animated bytes.Buffer
	if err := gif.Encode(&animated, quarters(10, 10), nil); err != nil {
		t.Fatal(err)
	}
	whole := asPNG(t, quarters(64, 64))
	for name, tc := range map[string]struct {
		upload []byte
		want   *compete.Error
	}{
		"nothing":             {nil, compete.ErrCoverUnreadable},
		"text":                {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), compete.ErrCoverUnreadable},
		"a GIF":               {animated.Bytes(), compete.ErrCoverUnreadable},
		"half a PNG":          {whole[:len(whole)/2], compete.ErrCoverUnreadable},
		"a header alone":      {claiming(100, 100, 8), compete.ErrCoverUnreadable},
		"too many bytes":      {make([]byte, compete.MaxCoverUpload+1), compete.ErrCoverTooLarge},
		"a bomb":              {claiming(50_000, 50_000, 8), compete.ErrCoverTooManyPixels},
		"a bomb that is long": {claiming(1<<31-1, 1, 8), compete.ErrCoverTooManyPixels},
		"a bomb in 16 bits":   {claiming(4000, 4000, 16), compete.ErrCoverTooManyPixels},
	} {
		_, err := NewMaker().Make(t.Context(), tc.upload)
		if got := compete.AsError(err); fmt.Sprint(got.Fields) != fmt.Sprint(tc.want.Fields) {
			t.Errorf("%s: %v %v, want %v", name, err, got.Fields, tc.want.Fields)
		}
	}
}

// Uploads are decoded one at a time; those that wait too long are told to retry.
func TestUploadsTakeTurns(t *testing.T) {
	m := NewMaker()
	m.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Make(ctx, webp); !errors.Is(err, compete.ErrBusy) {
		t.Errorf("while another is decoded: %v, want ErrBusy", err)
	}
	<-m.turn
	if _, err := m.Make(t.Context(), webp); err != nil {
		t.Error(err)
	}
}
