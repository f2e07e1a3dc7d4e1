// Package localtime writes times for people: in a zone, and with the zone named.
//
// It knows how a moment is written, not whose zone is the right one.
package localtime

import (
	"fmt"
	"time"
)

// Zone is what the zone of t is called at that moment, such as CEST. Where no letters are in use for it, it is the distance from UTC,
// such as GMT+5:30, as browsers write it.
func Zone(t time.Time) string {
	name, offset := t.Zone()
	if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
		return name
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	hours, minutes := offset/3600, offset/60%60
	if minutes == 0 {
		return fmt.Sprintf("GMT%c%d", sign, hours)
	}
	return fmt.Sprintf("GMT%c%d:%02d", sign, hours, minutes)
}

// Format writes t by a layout of package time in a zone, and names the zone.
func Format(t time.Time, zone *time.Location, layout string) string {
	t = t.In(zone)
	return t.Format(layout) + " " + Zone(t)
}

// Sentence writes t for a sentence: "Friday, 12 June 2026 at 16:00 CEST (Europe/Berlin)".
func Sentence(t time.Time, zone *time.Location) string {
	text := Format(t, zone, "Monday, 2 January 2006 at 15:04")
	if name := zone.String(); name != Zone(t.In(zone)) {
		text += " (" + name + ")"
	}
	return text
}

// Agree reports whether the clocks of two zones show the same at a moment.
func Agree(t time.Time, a, b *time.Location) bool {
	_, inA := t.In(a).Zone()
	_, inB := t.In(b).Zone()
	return inA == inB
}
