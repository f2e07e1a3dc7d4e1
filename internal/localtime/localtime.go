// Package localtime formats times for people, in a named time zone.
//
// It formats times; its callers choose the zone.
package localtime

import (
	"fmt"
	"regexp"
	"time"
)

// Zone returns the name of t's zone at that time, such as CEST. If it has no abbreviation, it returns the offset from
// UTC, such as GMT+5:30, as browsers format it.
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

// Format formats t in a zone with a layout of package time, and appends the zone's name.
func Format(t time.Time, zone *time.Location, layout string) string {
	t = t.In(zone)
	return t.Format(layout) + " " + Zone(t)
}

// Sentence formats t for use in a sentence: "Friday, 12 June 2026 at 16:00 CEST (Europe/Berlin)".
func Sentence(t time.Time, zone *time.Location) string {
	text := Format(t, zone, "Monday, 2 January 2006 at 15:04")
	if name := zone.String(); name != Zone(t.In(zone)) {
		text += " (" + name + ")"
	}
	return text
}

// SentenceFor is Sentence, followed by the local time of a reader in another zone if it differs: "…, which is Saturday,
// 13 June at 01:00 JST for you". A nil reader is unknown.
func SentenceFor(t time.Time, zone, reader *time.Location) string {
	text := Sentence(t, zone)
	if reader == nil || Agree(t, zone, reader) {
		return text
	}
	layout := "15:04"
	if here, there := t.In(reader), t.In(zone); here.YearDay() != there.YearDay() {
		layout = "Monday, 2 January at 15:04"
	}
	return text + ", which is " + Format(t, reader, layout) + " for you"
}

// sentence matches the output of SentenceFor.
var sentence = regexp.MustCompile(
	`[A-Z][a-z]+day, (\d{1,2} [A-Z][a-z]+ \d{4} at \d\d:\d\d) ([A-Z][\w:+-]*)(?: \(([\w/+-]+)\))?` +
		`((?:, which is (?:[A-Z][a-z]+day, \d{1,2} [A-Z][a-z]+ at )?\d\d:\d\d [A-Z][\w:+-]* for you)?)`)

// Found is a time found in a text: its zone, and the indexes where it ends and where the reader's own time after it
// ends.
type Found struct {
	At   time.Time
	Zone *time.Location
	End  int
	Own  int // equals End if there is none
}

// Sentences finds the times in a text that Sentence and SentenceFor wrote.
func Sentences(text string) []Found {
	var all []Found
	for _, m := range sentence.FindAllStringSubmatchIndex(text, -1) {
		clock, abbreviation, name := text[m[2]:m[3]], text[m[4]:m[5]], text[m[4]:m[5]]
		if m[6] >= 0 {
			name = text[m[6]:m[7]]
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		at, err := time.ParseInLocation("2 January 2006 at 15:04", clock, zone)
		if err != nil {
			continue
		}
		// when clocks go back, an hour occurs twice
		for _, twin := range []time.Time{at.Add(-time.Hour), at.Add(time.Hour)} {
			if Zone(at) != abbreviation && Zone(twin) == abbreviation {
				at = twin
			}
		}
		all = append(all, Found{at, zone, m[8], m[9]})
	}
	return all
}

// Agree reports whether the clocks of two zones show the same time.
func Agree(t time.Time, a, b *time.Location) bool {
	_, inA := t.In(a).Zone()
	_, inB := t.In(b).Zone()
	return inA == inB
}
