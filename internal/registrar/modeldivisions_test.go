package registrar_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
)

// What the model knows of divisions.

// modelDivision is a division with its capacity. New ones have no key yet.
type modelDivision struct {
	key, name string
	capacity  int
}

// divisionNames are the names that divisions get.
var divisionNames = []string{"short", "long", "relay"}

// capacities returns one of nine pairs.
func capacities(n int) []int { return []int{1 + n%3, 1 + n/3} }

// division returns the division that a call is about, among those there are; empty for none.
func (c call) division(listed []modelDivision) string {
	if len(listed) == 0 {
		return ""
	}
	return listed[c.n%len(listed)].key
}

// otherDivision is division for a call that needs one.
func (c call) otherDivision(listed []modelDivision) string {
	if len(listed) == 0 {
		return "short"
	}
	return c.division(listed)
}

// redivided returns the divisions as the call has them, given those there are.
func (c call) redivided(listed []modelDivision) []modelDivision {
	listed = slices.Clone(listed)
	at := 0
	if len(listed) > 0 {
		at = c.n % len(listed)
	}
	switch {
	case c.what == "add division":
		return append(listed, modelDivision{name: divisionNames[c.n%3], capacity: 1 + c.n/3})
	case len(listed) == 0:
	case c.what == "rename division":
		listed[at].name = divisionNames[c.n/3]
	case c.what == "remove division":
		listed = slices.Delete(listed, at, at+1)
	case c.what == "reorder divisions":
		listed = turned(listed, c.n)
	default:
		for i := range min(len(listed), 2) {
			listed[i].capacity = capacities(c.n)[i]
		}
	}
	return listed
}

// current returns the divisions with their capacities.
func (m *model) current() []modelDivision {
	listed := slices.Clone(m.listed)
	for i := range listed {
		listed[i].capacity = m.divisions[listed[i].key]
	}
	return listed
}

func (m *model) has(division string) bool {
	_, found := m.divisions[division]
	return found
}

func (m *model) divisionName(key string) string { return nameAmong(m.listed, key) }

func nameAmong(listed []modelDivision, key string) string {
	for _, d := range listed {
		if d.key == key {
			return d.name
		}
	}
	return "" // it was removed after everybody in it had left
}

// divide gives the competition other divisions, which nobody may lose a seat or a place in line by.
func (m *model) divide(edited []modelDivision) string {
	names := map[string]bool{}
	kept := map[string]int{}
	for _, d := range edited {
		if names[d.name] || d.key != "" && !m.has(d.key) {
			return "validation_failed"
		}
		names[d.name] = true
		kept[d.key] = d.capacity
	}
	if refusal := m.noDivide(kept); refusal != "" {
		return refusal
	}
	m.listed, m.divisions = slices.Clone(edited), map[string]int{}
	for i, d := range m.listed {
		if d.key == "" {
			m.ids++
			m.listed[i].key = fmt.Sprint("division ", m.ids)
		}
		m.divisions[m.listed[i].key] = d.capacity
	}
	return ""
}

// noDivide says what of the people in the divisions is against keeping only some of them, with these capacities.
func (m *model) noDivide(kept map[string]int) string {
	refusal := "division_not_empty"
	if len(m.divisions) == 0 {
		refusal = "divisions_too_late"
	}
	loses := func(p *person) bool { // their division, or that they need none
		_, stays := kept[p.division]
		return len(m.divisions)+len(kept) > 0 && (!stays || len(m.divisions) == 0)
	}
	held := map[string]int{}
	for _, p := range m.people {
		if p.holds() {
			held[p.division]++
		}
		if loses(p) && (p.holds() || p.status == waitlisted && !p.follows) {
			return refusal
		}
	}
	for division, capacity := range kept {
		if division != "" && capacity < held[division] {
			return "capacity_below_held"
		}
	}
	for _, p := range m.people {
		if loses(p) && p.status != cancelled {
			return refusal
		}
	}
	return ""
}

// divisions returns those that are committed.
func (s *scenario) divisions() (listed []modelDivision) {
	for _, d := range s.ledger.competitions[cup].Divisions {
		listed = append(listed, modelDivision{key: d.ID, name: d.Name, capacity: d.Capacity})
	}
	return listed
}

func (s *scenario) divisionName(id string) string { return nameAmong(s.divisions(), id) }

// divisionsText lists divisions in order.
func divisionsText(listed []modelDivision) string {
	var text strings.Builder
	for _, d := range listed {
		fmt.Fprintf(&text, ", %s for %d", d.name, d.capacity)
	}
	return text.String()
}

// divideInto edits the divisions as olga.
func divideInto(edited []modelDivision) step {
	contents := []compete.DivisionContent{}
	for _, d := range edited {
		contents = append(contents, compete.DivisionContent{ID: d.key, Name: d.name, Capacity: d.capacity})
	}
	return silent(update("olga", 0, compete.CompetitionChange{Divisions: compete.Some(contents)}))
}
