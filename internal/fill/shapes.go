package fill

import (
	"encoding/json"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// shape is what a competition needs of people beside the press of a button.
type shape int

const (
	plain    shape = iota
	asking         // has questions
	divided        // has questions and divisions
	teamed         // has teams
	reviewed       // seats are assigned by decisions
	lottery        // seats are drawn
)

// remarkable are the competitions after the largest: one of each kind, with many registrations too, or many who get
// ready for it.
var remarkable = []struct {
	shape shape
	phase phase
}{{teamed, open}, {divided, waitlist}, {reviewed, open}, {lottery, closed}, {divided, upcoming}}

const (
	remarkableTeams = iota + 1
	remarkableDivided
	remarkableReviewed
	remarkableDrawn
	remarkablePrepared

	remarkableRegistered = remarkableDrawn // the first ones, for which people are registered
)

// remarkable returns how many are registered for each of these, or get ready for it.
func (s Size) remarkable() int { return s.Largest / 20 }

// shapeOf contains the shares in percent.
func (g *generator) shapeOf(i int) shape {
	if i == 0 {
		return plain
	}
	if i <= len(remarkable) {
		return remarkable[i-1].shape
	}
	phase := g.phaseOf(i)
	switch p := pick(kindShape, i, 100); {
	case phase == draft || phase == cancelled || p >= 30:
		return plain
	case p < 10:
		return asking
	case p < 15:
		return divided
	case phase != open && phase != closed:
		return plain
	case p < 20:
		return teamed
	case p < 25:
		return reviewed
	}
	return lottery
}

// drawn reports whether a competition is a lottery whose draw is over.
func (g *generator) drawn(i int) bool { return g.shapeOf(i) == lottery && g.phaseOf(i) == closed }

// contest returns the values of the last columns of a competition, from its questions on.
func (g *generator) contest(i int) []any {
	var questions, team, frozen, drawn, told any
	parts, admission := 0, compete.AdmissionFirstCome
	switch g.shapeOf(i) {
	case plain:
	case asking:
		questions = questionsJSON
	case divided:
		questions, parts = questionsJSON, divisionsEach
	case teamed:
		team = encoded(compete.TeamRules{Min: 2, Max: teamSize, SeatUnit: unit(i)})
	case reviewed:
		admission = compete.AdmissionReview
		if g.phaseOf(i) == closed {
			told = g.deadline(i) // or each organizer gets a message at the next start
		}
	case lottery:
		admission = compete.AdmissionLottery
		if g.drawn(i) {
			frozen, drawn = g.frozenAt(i), g.drawnAt(i)
		}
	}
	return []any{questions, parts, team, string(admission), frozen, drawn, told}
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // everything here can be encoded
	}
	return string(text)
}

// seats are those of a competition or one of its divisions.
type seats struct{ capacity, taken, waiting, active int }

// left reports whether the j-th registration has been cancelled since.
func (g *generator) left(i, j int) bool { return g.phaseOf(i) == cancelled || j%20 == 19 }

// seats returns the seats of each division of a competition with n registrations, or all, if it has none.
func (g *generator) seats(i, n int) []seats {
	all, shape := make([]seats, g.parts(i)), g.shapeOf(i)
	for j := range n {
		if !g.left(i, j) && !follows(shape, i, j) {
			all[j%len(all)].active++
		}
	}
	for d := range all {
		g.assign(i, &all[d])
	}
	return all
}

// assign determines how many people have a seat, and how many wait for one.
func (g *generator) assign(i int, s *seats) {
	s.taken = s.active
	switch shape := g.shapeOf(i); {
	case shape == reviewed:
		s.taken = s.active * 3 / 10
	case g.drawn(i):
		s.taken = s.active / 2
		s.waiting = s.active - s.taken
		s.capacity = max(1, s.taken)
		return
	case shape == lottery:
		s.taken = 0
	}
	switch g.phaseOf(i) {
	case full:
		s.capacity = max(1, s.active)
	case waitlist:
		s.taken = max(s.active*4/5, min(s.active, 1))
		s.capacity, s.waiting = max(1, s.taken), s.active-s.taken
	default:
		s.capacity = s.active + 10 + pick(kindWeight, i, 200)
	}
}

func sum(parts []seats) (all seats) {
	for _, s := range parts {
		all.capacity += s.capacity
		all.taken += s.taken
		all.waiting += s.waiting
		all.active += s.active
	}
	return all
}

// status returns that of an active registration, before whom so many others have what they can get.
func (g *generator) status(i int, s seats, before int) compete.RegistrationStatus {
	switch shape := g.shapeOf(i); {
	case shape == lottery && !g.drawn(i):
		return compete.RegistrationApplied
	case before < s.taken:
		return compete.RegistrationConfirmed
	case shape != reviewed:
		return compete.RegistrationWaitlisted
	case before < s.taken+s.active/10 || g.phaseOf(i) == closed:
		return compete.RegistrationRejected
	}
	return compete.RegistrationApplied
}

// frozenAt returns when a lottery's list was closed, and drawnAt when its draw was over.
func (g *generator) frozenAt(i int) time.Time { return g.deadline(i).Add(compete.ArrivalGrace) }
func (g *generator) drawnAt(i int) time.Time  { return g.frozenAt(i).Add(2 * compete.DrawNotice) }
