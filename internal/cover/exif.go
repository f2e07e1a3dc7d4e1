package cover

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation returns the camera's orientation, 1 to 8 as in EXIF; 1, upright, if the file doesn't contain it.
func orientation(format string, file []byte) int {
	var exif []byte
	switch format {
	case "jpeg":
		exif = jpegEXIF(file)
	case "png":
		exif = chunk(file[min(8, len(file)):], "eXIf", binary.BigEndian, true)
	case "webp":
		exif = chunk(file[min(12, len(file)):], "EXIF", binary.LittleEndian, false)
	}
	return orientationTag(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
}

// jpegEXIF finds the segment APP1 that begins with "Exif"; none stands behind the beginning of the scan.
func jpegEXIF(file []byte) []byte {
	_, body := jpegSegment(file, func(marker byte, body []byte) bool {
		return marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00"))
	})
	return body
}

// chunk finds a chunk of a PNG (length, name, body, checksum) or of a RIFF file (name, length, body, padded to an even
// length).
func chunk(file []byte, name string, order binary.ByteOrder, lengthFirst bool) []byte {
	for len(file) >= 8 {
		lengthAt, nameAt, behind := 4, 0, 0
		if lengthFirst {
			lengthAt, nameAt, behind = 0, 4, 4
		}
		length := uint64(order.Uint32(file[lengthAt:]))
		if !lengthFirst {
			behind = int(length % 2)
		}
		if 8+length > uint64(len(file)) {
			return nil
		}
		if string(file[nameAt:nameAt+4]) == name {
			return file[8 : 8+length]
		}
		file = file[min(8+length+uint64(behind), uint64(len(file))):]
	}
	return nil
}

// orientationTag reads tag 0x0112 of the first directory of a TIFF file.
func orientationTag(tiff []byte) int {
	const upright = 1
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return upright
	}
	entries := int(order.Uint16(tiff[at:]))
	for i := range entries {
		from := at + 2 + uint64(i)*12
		if from+12 > uint64(len(tiff)) {
			return upright
		}
		if entry := tiff[from:]; order.Uint16(entry) == 0x0112 {
			if o := int(order.Uint16(entry[8:])); o >= 1 && o <= 8 {
				return o
			}
			return upright
		}
	}
	return upright
}

// upright returns the picture rotated upright.
func upright(picture *image.RGBA, turned int) *image.RGBA {
	if turned == 1 {
		return picture
	}
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if turned >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch turned {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.SetRGBA(tx, ty, picture.RGBAAt(x, y))
		}
	}
	return out
}
