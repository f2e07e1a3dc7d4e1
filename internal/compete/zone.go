package compete

import (
	"path"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // makes every zone available on every machine, even in an image with only the program
)

// maxZoneLength is well above the length of the longest name, in bytes.
const maxZoneLength = 64

// zones caches time zones: package time reads a file for each.
var zones sync.Map // *time.Location by name

// ZoneNamed finds a time zone by its IANA name, such as Europe/Berlin or UTC. ok is false for unknown names, for other
// spellings of the path to a zone's file ("Europe//Berlin"), which browsers don't know, and for names whose meaning
// depends on the machine ("Local") or that count leap seconds ("right/…").
func ZoneNamed(name string) (zone *time.Location, ok bool) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), true
	}
	switch {
	case name == "", len(name) > maxZoneLength, name != path.Clean(name):
		return nil, false
	case strings.HasPrefix(name, "right/"), strings.HasPrefix(name, "posix/"):
		return nil, false
	case name == "Local", name == "localtime", name == "posixrules", name == "Factory":
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, false
	}
	zones.Store(name, zone)
	return zone, true
}

// Zone returns the zone for displaying the competition's times; UTC if the competition's zone is unknown here.
func (c *Competition) Zone() *time.Location {
	if zone, ok := ZoneNamed(c.TimeZone); ok {
		return zone
	}
	return time.UTC
}
