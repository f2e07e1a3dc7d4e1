package cover

import (
	"encoding/binary"
	"image/color"
)

// perPixel returns how many bytes per pixel the decoder of a format uses at its peak, according to its source code.
func perPixel(format string, model color.Model, file []byte) float64 {
	switch {
	case format == "jpeg":
		return jpegPerPixel(model, file)
	case format == "webp" && model == color.YCbCrModel:
		return 1.5
	case format == "webp": // the lossless picture, or its transparency, and a copy while it is transformed
		return 8
	}
	bytes := 4.0
	if model == color.NRGBA64Model || model == color.RGBA64Model {
		bytes *= 2
	}
	if len(file) > pngInterlace && file[pngInterlace] != 0 {
		bytes *= 1.5 // the last pass is half of the picture
	}
	return bytes
}

// pngInterlace is the offset in a PNG's header that says whether it is interlaced.
const pngInterlace = 28

// jpegPerPixel counts the samples per pixel, of which some components have fewer; a progressive file needs another four
// bytes for each. Color models other than the format's own are converted at the end.
func jpegPerPixel(model color.Model, file []byte) float64 {
	const worst = 4*5 + 4
	marker, frame := jpegSegment(file, func(marker byte, _ []byte) bool { return marker >= 0xc0 && marker <= 0xc2 })
	if len(frame) < 6 || len(frame) < 6+3*int(frame[5]) {
		return worst
	}
	most, samples := 0, 0
	for i := range int(frame[5]) {
		sampling := frame[6+3*i+1]
		area := int(sampling>>4) * int(sampling&0xf)
		most, samples = max(most, area), samples+area
	}
	if most == 0 {
		return worst
	}
	bytes := float64(samples) / float64(most)
	if marker == 0xc2 {
		bytes *= 5
	}
	if model == color.RGBAModel || model == color.CMYKModel {
		bytes += 4
	}
	return bytes
}

// jpegSegment finds a segment before the start of the scan, and returns its marker and body.
func jpegSegment(file []byte, wanted func(marker byte, body []byte) bool) (byte, []byte) {
	for at := 2; at+4 <= len(file) && file[at] == 0xff && file[at+1] != 0xda; {
		end := at + 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		if end < at+4 || end > len(file) {
			break
		}
		if body := file[at+4 : end]; wanted(file[at+1], body) {
			return file[at+1], body
		}
		at = end
	}
	return 0, nil
}
