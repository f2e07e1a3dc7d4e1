package cover

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

// progressive makes a baseline JPEG claim to be progressive.
func progressive(file []byte) []byte {
	file = bytes.Clone(file)
	file[bytes.Index(file, []byte{0xff, 0xc0})+1] = 0xc2
	return file
}

// The cost of decoding is known in advance: expensive pictures are refused by their header.
func TestCostIsKnownBeforehand(t *testing.T) {
	var gray, colored bytes.Buffer
	for picture, file := range map[image.Image]*bytes.Buffer{
		image.NewGray(image.Rect(0, 0, 3000, 3000)): &gray,
		quarters(3000, 3000):                        &colored,
	} {
		if err := jpeg.Encode(file, picture, nil); err != nil {
			t.Fatal(err)
		}
	}
	interlaced := claiming(4000, 4000, 8)
	interlaced[pngInterlace] = 1
	binary.BigEndian.PutUint32(interlaced[29:], crc32.ChecksumIEEE(interlaced[12:29]))
	for name, tc := range map[string]struct {
		upload []byte
		refuse bool
	}{
		"a JPEG":                           {colored.Bytes(), false},
		"a progressive JPEG":               {progressive(colored.Bytes()), true},
		"a progressive JPEG without color": {progressive(gray.Bytes()), false},
		"an interlaced PNG":                {interlaced, true},
		"a PNG":                            {claiming(4000, 4000, 8), false},
	} {
		_, err := check(tc.upload)
		//nolint:errorlint // its siblings differ in text alone
		if tc.refuse && err != compete.ErrCoverTooManyPixels || !tc.refuse && err != nil {
			t.Errorf("%s: %v, want it refused: %t", name, err, tc.refuse)
		}
	}
}

// The largest accepted picture is converted within 100 MB, including its file and the process's base memory.
func TestLargestUploadTakesLittleMemory(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 4096, 4096))
	picture.Pix[0] = 1 // not opaque: four bytes a pixel
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	picture = nil
	debug.FreeOSMemory()
	before := heapTotal()
	if _, err := NewMaker().Make(t.Context(), file.Bytes()); err != nil {
		t.Fatal(err)
	}
	if grown := heapTotal() - before; grown > 100_000_000 {
		t.Errorf("a cover of 16 megapixels allocates %d MB", grown/1_000_000)
	}
}

// heapTotal returns the bytes allocated since the process started; collections don't reduce it.
func heapTotal() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
