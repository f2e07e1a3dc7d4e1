package compete

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // every zone is known on every machine, also in an image that holds nothing but the program
)

// maxZoneLength is well above that of the longest name, in bytes.
const maxZoneLength = 64

// zones keeps those that were asked for: package time reads a file for each.
var zones sync.Map // of *time.Location, by name

// ZoneNamed finds a time zone by its IANA name, such as Europe/Berlin or UTC. ok is false when there is none, and for
// names that mean something else on each machine ("Local") or count leap seconds ("right/…").
func ZoneNamed(name string) (zone *time.Location, ok bool) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), true
	}
	switch {
	case name == "", len(name) > maxZoneLength, strings.HasPrefix(name, "right/"), strings.HasPrefix(name, "posix/"):
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

// Zone is the zone in which the competition's times are shown; UTC when it names none that is known here.
func (c *Competition) Zone() *time.Location {
	if zone, ok := ZoneNamed(c.TimeZone); ok {
		return zone
	}
	return time.UTC
}
