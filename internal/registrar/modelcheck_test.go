package registrar_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// TestModel generates sequences of all commands, in batches, and compares the registrar on an in-memory ledger with a
// model of it. A sequence in which they differ is shortened as far as possible and printed.
func TestModel(t *testing.T) {
	drawMany(t, 3000)
	rapid.Check(t, func(t *rapid.T) {
		seats, admission := rapid.IntRange(1, 3).Draw(t, "seats"), rapid.SampledFrom(admissions).Draw(t, "admission")
		divided := rapid.IntRange(-1, 8).Draw(t, "divided")
		rules := teamRules(rapid.IntRange(-2, 7).Draw(t, "rules"))
		if diff := compare(seats, divided, admission, rules, drawBatches(t), (*model).do); diff != "" {
			t.Fatal(diff)
		}
	})
}

var admissions = []compete.Admission{compete.AdmissionFirstCome, compete.AdmissionReview, compete.AdmissionLottery}

// A wrong registrar must be detected. Here the model is wrong instead, in one way after another.
func TestModelFindsDifferences(t *testing.T) {
	for what, wrong := range map[string]func(*model, call) string{
		"offers can be accepted a moment too long": func(m *model, c call) string {
			if p := m.people[c.who]; p != nil && c.what == "accept" && p.status == offered &&
				!m.now.Before(p.confirmBy) {
				p.confirmBy = m.now.Add(time.Microsecond)
			}
			return m.do(c)
		},
		"whoever is squeezed in takes a free seat that somebody waits for": func(m *model, c call) string {
			due, capacity := m.next() != nil, m.capacity
			answer := m.do(c)
			if c.what == "squeeze in" && due {
				m.capacity = capacity
			}
			return answer
		},
		"whoever is squeezed into a division adds no seat there": func(m *model, c call) string {
			divisions := maps.Clone(m.divisions)
			answer := m.do(c)
			if c.what == "squeeze in" {
				m.divisions = divisions
			}
			return answer
		},
		"a team has room for one more": func(m *model, c call) string {
			if m.rules == nil || !c.joinsTeam() {
				return m.do(c)
			}
			rules := *m.rules
			m.rules.Max++
			answer := m.do(c)
			*m.rules = rules
			return answer
		},
		"a member keeps waiting when the captain gets a seat": func(m *model, c call) string {
			answer := m.do(c)
			for _, p := range m.people {
				if captain := m.captain(p.team); p.follows && captain != nil && captain.status == pending {
					p.status = waitlisted
				}
			}
			return answer
		},
		"whoever takes over a team is in line where they are": func(m *model, c call) string {
			seqs := map[*person]int64{}
			for _, p := range m.people {
				seqs[p] = p.seq
			}
			answer := m.do(c)
			if c.what == "hand over" && answer == "" {
				for p, seq := range seqs {
					p.seq = seq
				}
			}
			return answer
		},
		"an edit is forgotten": func(m *model, c call) string {
			p := m.people[c.who]
			if c.what != "edit" || p == nil {
				return m.do(c)
			}
			before := maps.Clone(p.answers)
			answer := m.do(c)
			p.answers = before
			return answer
		},
		"a former captain keeps the answers for the team": func(m *model, c call) string {
			before := map[string]map[string]string{}
			for name, p := range m.people {
				before[name] = maps.Clone(p.answers)
			}
			answer := m.do(c)
			if c.what == "hand over" {
				for name, p := range m.people {
					p.answers = before[name]
				}
			}
			return answer
		},
		"a required question needs no answer": func(m *model, c call) string {
			asked := m.asked
			if c.what == "register" {
				m.asked = slices.DeleteFunc(slices.Clone(asked), func(q modelQuestion) bool { return q.required })
			}
			answer := m.do(c)
			if c.what == "register" {
				m.asked = asked
			}
			return answer
		},
		"a declined seat stays free": func(m *model, c call) string {
			if c.what != "decline" {
				return m.do(c)
			}
			status := m.status
			m.status = compete.StatusDraft
			answer := m.do(c)
			m.status = status
			return answer
		},
		"who is drawn keeps the place of their application": func(m *model, c call) string {
			if c.what == "draw" {
				slices.Sort(m.drawn)
			}
			return m.do(c)
		},
		"disabled accounts are given seats": func(m *model, c call) string {
			disabled := m.disabled
			m.disabled = map[string]bool{}
			answer := m.do(c)
			if m.disabled = disabled; c.what == "disable" {
				return m.do(c)
			}
			return answer
		},
		"a seat needs no room in the division": func(m *model, c call) string {
			divisions := m.divisions
			if c.what == "register" && len(divisions) > 0 {
				m.divisions = map[string]int{"short": 9, "long": 9}
			}
			answer := m.do(c)
			if c.what == "register" {
				m.divisions = divisions
			}
			return answer
		},
		"what was prepared is good for two presses": func(m *model, c call) string {
			ahead, prepared := m.prepared[c.who]
			answer := m.do(c)
			if c.what == "press" && prepared {
				m.prepared[c.who] = ahead
			}
			return answer
		},
		"what was prepared is still there when it was discarded": func(m *model, c call) string {
			if c.what == "discard" {
				return ""
			}
			return m.do(c)
		},
		"a division in which somebody waits can be removed": func(m *model, c call) string {
			people := m.people
			if c.what == "remove division" {
				m.people = maps.Clone(people)
				maps.DeleteFunc(m.people, func(_ string, p *person) bool { return p.status == waitlisted })
			}
			answer := m.do(c)
			if c.what == "remove division" {
				m.people = people
			}
			return answer
		},
		"another order of divisions is lost": func(m *model, c call) string {
			if c.what == "reorder divisions" {
				return ""
			}
			return m.do(c)
		},
		"half of a change is done though the other half is refused": func(m *model, c call) string {
			answer := m.do(c)
			if p := m.people[c.who]; c.what == "change" && answer != "" && p != nil {
				m.edit(c.actor(), c, p)
			}
			return answer
		},
		"a seat that comes free waits for the first in line": func(m *model, c call) string {
			if first := m.inLine(); c.what == "cancel" && len(m.divisions) > 0 {
				for _, p := range first {
					if p.status == waitlisted && !m.fits(p.division) {
						return "" // as if nobody behind could get it
					}
				}
			}
			return m.do(c)
		},
	} {
		t.Run(what, func(t *testing.T) {
			teams := strings.Contains(what, "team") || strings.Contains(what, "captain")
			names := commandNames
			switch {
			case teams:
				names = teamCommandNames
			case strings.Contains(what, "prepared"):
				names = preparationNames
			case strings.Contains(what, "squeezed"), strings.Contains(what, "offers"):
				names = seatNames
			}
			draw := rapid.Custom(func(t *rapid.T) [][]call { return drawBatchesOf(t, names) })
			for seed := range 20_000 {
				batches := draw.Example(seed)
				rules := teamRules(seed % 8)
				if !teams {
					rules = nil
				}
				if compare(1, seed%10-1, admissions[seed%3], rules, batches, wrong) != "" {
					return
				}
			}
			t.Error("not found out")
		})
	}
}

// drawMany makes rapid generate the given number of sequences, and print a failing one instead of writing a file. Flags
// take precedence.
func drawMany(t *testing.T, n int) {
	t.Helper()
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(n), "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		if before := f.Value.String(); before == f.DefValue {
			must(t, f.Value.Set(value))
			t.Cleanup(func() { must(t, f.Value.Set(before)) })
		}
	}
}

// commandNames lists what can happen; common calls appear more often.
var commandNames = []string{
	"register", "register", "register", "register", "register", "register", "cancel", "cancel", "cancel", "accept",
	"accept", "decline",
	"expire", "expire", "pass", "pass", "pass", "capacity", "offerHours", "start", "remove", "block", "unblock",
	"erase", "settle", "transfer", "add", "squeeze in",
	"publish", "publish", "draft", "draft", "draft", "draft", "release", "release", "freeze", "draw", "draw",
	"register with new team", "register with new team", "register into team", "register into team",
	"register into team",
	"switch into team", "switch into team", "leave team", "new team", "look", "renew code", "hand over", "hand over",
	"kick", "drop", "drop", "add into team", "add with new team", "squeeze in", "squeeze in", "release", "draft",
	"draft",
	"unpublish", "call off", "disable", "enable", "enable", "confirm", "move", "move", "move if free", "divisions",
	"edit", "edit", "edit", "questions", "questions", "team rules", "admission",
	"prepare", "prepare", "prepare", "press", "press", "press", "press", "discard",
	"add division", "add division", "rename division", "remove division", "remove division", "reorder divisions",
	"change", "change", "change into team", "change with new team",
}

// teamCommandNames are those without which there are no teams, to find wrong models of them sooner.
var teamCommandNames = []string{
	"register with new team", "register with new team", "register into team", "register into team",
	"register into team", "hand over", "hand over", "questions", "cancel", "decline", "capacity",
}

// preparationNames are likewise for what is filled in ahead.
var preparationNames = []string{"prepare", "prepare", "discard", "press", "press", "cancel", "register", "questions"}

// seatNames are likewise for seats that come free.
var seatNames = []string{
	"register", "register", "register", "cancel", "accept", "pass", "capacity", "disable", "enable",
	"squeeze in", "squeeze in", "draw", "freeze",
}

// drawBatches generates up to thirty batches of calls.
func drawBatches(t *rapid.T) [][]call { return drawBatchesOf(t, commandNames) }

func drawBatchesOf(t *rapid.T, names []string) [][]call {
	one := rapid.Custom(func(t *rapid.T) call {
		return call{
			answers: rapid.IntRange(0, 2).Draw(t, "answers"),
			what:    rapid.SampledFrom(names).Draw(t, "what"),
			who:     rapid.SampledFrom([]string{"ada", "bob", "eve", "mia", "oscar"}).Draw(t, "who"),
			by:      rapid.SampledFrom([]string{"", "", "", "", "olga", "root", "eve"}).Draw(t, "by"),
			n:       rapid.IntRange(0, len(passing)-1).Draw(t, "n"),
		}
	})
	batches := rapid.SliceOfN(rapid.SliceOfN(one, 1, 5), 1, 30).Draw(t, "batches")
	var apart [][]call
	for _, batch := range batches { // events come before their batch; time can also pass within it
		slices.SortStableFunc(batch, func(a, b call) int { return cmp.Compare(a.rank(), b.rank()) })
		n := slices.IndexFunc(batch, func(c call) bool { return c.rank() >= 0 })
		if n < 0 {
			n = len(batch)
		}
		for alone := range slices.Chunk(batch[:n], 1) {
			apart = append(apart, alone)
		}
		if n < len(batch) {
			apart = append(apart, batch[n:])
		}
	}
	return apart
}

func (c call) rank() int {
	switch c.what {
	case "questions", "team rules": // what people fill in depends on them, so they change in a batch of their own
		return -1
	case "disable", "enable", "confirm", "draft", "freeze", "prepare", "discard":
		return 0
	case "release", "draw", "drop": // before the other commands of its batch, as it reads what is committed
		return 1
	}
	return 2
}

// compare makes a registrar and the model do the same, and returns their first difference; empty if there is none.
// divided says which capacities the divisions have; negative for no divisions.
func compare(
	seats, divided int, admission compete.Admission, rules *compete.TeamRules, batches [][]call,
	do func(*model, call) string,
) string {
	hours := 2
	divisions := map[string]int{}
	var listed []modelDivision
	s := newScenario(func(c *compete.Competition) {
		c.Capacity, c.SeatsLeft, c.OfferHours, c.Admission = seats, seats, &hours, admission
		c.Team = rules
		if divided >= 0 {
			for i, name := range []string{"short", "long"} {
				divisions[name] = capacities(divided)[i]
				listed = append(listed, modelDivision{key: name, name: name})
				c.Divisions = append(c.Divisions, division(name, divisions[name]))
			}
		}
	})
	s.Registrar = registrar.New(registrar.Config{
		Ledger: s.ledger, Clock: s.clock, NewID: s.newID,
		Logger: slog.New(slog.DiscardHandler), Sealer: plainSealer{},
	})
	s.Start()
	defer func() { _ = s.Stop(context.Background()) }()
	c := s.ledger.competitions[cup]
	m := &model{
		now: morning, capacity: seats, hours: hours, starts: *c.StartDate, deadline: c.RegDeadline,
		status: c.Status, organizer: "olga",
		people: map[string]*person{}, disabled: map[string]bool{}, divisions: divisions, admission: admission,
		listed: listed, prepared: map[string]modelEntry{},
		drafts: map[string]compete.Decision{}, rules: rules, teams: map[string]*modelTeam{},
	}
	for i, batch := range batches {
		m.learn()
		answers := s.batch(batch)
		for j, c := range batch {
			if want := do(m, c); answers[j] != want {
				return fmt.Sprintf("batch %d, %v: the registrar answers %q, the model %q\n%s", i, c, answers[j],
					want, s.everything())
			}
		}
		m.dropRest()
		if got, want := s.everything(), m.standing(); got != want {
			return fmt.Sprintf("after batch %d, %v, the registrar has\n%s\nand the model\n%s", i, batch, got, want)
		}
	}
	return ""
}

// batch makes the registrar decide the calls in one transaction, and returns its answers. The committer is held up
// until they are queued.
func (s *scenario) batch(calls []call) []string {
	release := make(chan struct{})
	s.ledger.before = func() error { <-release; return nil }
	begun := s.ledger.begun()
	var everybody sync.WaitGroup
	everybody.Go(func() { _, _ = s.Settle(context.Background(), "no competition") }) // it holds the committer up
	for s.ledger.begun() == begun {
		runtime.Gosched()
	}
	answers := make([]string, len(calls))
	queued := 0
	for i, c := range calls {
		command := c.command(s)
		if command == nil {
			c.happen(s)
			continue
		}
		everybody.Go(func() {
			answer, err := command(context.Background())
			if answers[i] = answer; err != nil {
				answers[i] = compete.AsError(err).Code
			}
		})
		for queued++; s.QueueDepth() < queued; {
			runtime.Gosched()
		}
	}
	close(release)
	everybody.Wait()
	s.ledger.before = nil
	return answers
}

func (m *memoryLedger) begun() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.transactions
}

// everything returns the scenario's standing in the words of the model.
func (s *scenario) everything() string {
	var people []string
	for _, r := range inOrderOfSeq(s.ledger.registrations) {
		var confirmBy time.Time
		if r.ConfirmBy != nil {
			confirmBy = *r.ConfirmBy
		}
		people = append(people,
			place(r.Seq, r.UserID, r.Status, r.CancelReason, confirmBy, r.Removal.Blocked)+s.divisionName(r.DivisionID)+
				s.teamText(&r)+s.answersText(r.ID))
	}
	c := s.ledger.competitions[cup]
	return fmt.Sprintf("%s; %d of %d left, %d wait%s", strings.Join(people, "\n"), c.SeatsLeft, c.Capacity,
		c.Waitlisted, divisionsText(s.divisions()))
}
