package compete

import "testing"

func TestZoneNamed(t *testing.T) {
	for name, known := range map[string]bool{
		"UTC": true, "America/New_York": true, "Etc/GMT+5": true, "": false, "Local": false, "Mars/Olympus": false,
		"../etc/passwd":  false,
		"Europe//Berlin": false, "Europe/./Berlin": false, "Europe/Berlin/": false, "./UTC": false,
		"right/Europe/Berlin": false, "posix/Europe/Berlin": false, "localtime": false, "europe\x00": false,
	} {
		for range 2 { // the second time from the cache
			if zone, ok := ZoneNamed(name); ok != known || ok && zone.String() != name {
				t.Errorf("ZoneNamed(%q) = %v, %v; want known: %v", name, zone, ok, known)
			}
		}
	}
}

func TestZoneOfACompetition(t *testing.T) {
	for stored, want := range map[string]string{"Europe/Berlin": "Europe/Berlin", "": "UTC", "Gone/Zone": "UTC"} {
		if got := (&Competition{
			CompetitionContent: CompetitionContent{TimeZone: stored},
		}).Zone().String(); got != want {
			t.Errorf("the zone of %q is %s, want %s", stored, got, want)
		}
	}
}
