package registrar_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// model describes, as simply as possible, what a registrar does to one competition with a waitlist: people in line, and
// a few sentences about each command. It shares only names with the code it is compared with.
type model struct {
	now       time.Time
	capacity  int
	hours     int // of an offer; 0 means that no offers are made
	deadline  time.Time
	starts    time.Time
	status    compete.CompetitionStatus
	hidden    bool // by an admin, so a draft again
	freed     int  // seats given up while it was hidden, with review, or of those who were dropped
	dropping  bool // somebody was dropped in the batch
	organizer string
	seqs      int64
	people    map[string]*person // those who registered at least once
	divisions map[string]int     // capacities; empty without divisions
	listed    []modelDivision    // the same, in order
	disabled  map[string]bool
	admission compete.Admission
	drafts    map[string]compete.Decision
	frozen    bool     // of a lottery: nobody can apply any more
	drawn     []string // names in drawn order
	drawOver  bool

	asked        []modelQuestion
	askedBefore  []modelQuestion // as it was before the batch
	listedBefore []modelDivision // likewise
	prepared     map[string]modelEntry

	rules *compete.TeamRules    // nil: no teams
	teams map[string]*modelTeam // by name
	known map[string]modelTeam  // as they were before the batch
	ids   int64
}

type person struct {
	name      string
	status    compete.RegistrationStatus
	reason    compete.CancelReason
	seq       int64
	division  string
	confirmBy time.Time // zero if never offered since they last registered
	blocked   bool

	answers map[string]string

	team                      string // name, in lower case; empty for none
	captain, follows, looking bool
}

// call is a command that somebody gives, or an event.
type call struct {
	what string
	who  string // whose registration it is about
	by   string // empty means the owner
	n    int

	answers int // which ones they give, if they are asked
}

func (c call) String() string {
	return fmt.Sprint(c.actor(), " ", c.what, " ", c.who, " ", c.n, " ", c.answers)
}

func (c call) actor() string { return cmp.Or(c.by, c.who) }

// passing lists the durations of the event "pass".
var passing = []time.Duration{
	time.Microsecond, time.Minute, 20 * time.Minute, time.Hour, 2*time.Hour - time.Microsecond, 2 * time.Hour,
	2*time.Hour + grace, grace, 9 * time.Hour,
}

// do makes the call and returns the answer: a status, a refusal's code, or nothing.
func (m *model) do(c call) string {
	p := m.people[c.who]
	switch c.what {
	case "pass":
		m.now = m.now.Add(passing[c.n])
	case "disable", "enable":
		m.disabled[c.who] = c.what == "disable"
	case "draft":
		if p != nil && m.decidable(p) {
			m.drafts[c.who] = compete.Decisions[c.n%3]
		}
	case "release":
		m.release()
	case "freeze":
		m.freeze(c.n)
	case "draw":
		m.draw()
	case "confirm":
		if p != nil && p.status == pending {
			p.status = compete.RegistrationConfirmed
		}
	case "prepare", "discard", "press", "register", "register with new team", "register into team":
		if m.disabled[c.who] { // they can't log in
			return ""
		}
		return m.fillIn(c, p)
	case "switch into team", "leave team", "new team", "look":
		return m.changeTeam(c.actor(), c, p)
	case "renew code", "hand over", "kick":
		return m.forTeam(c.actor(), c, p)
	case "drop":
		m.drop()
	case "add", "squeeze in", "add into team", "add with new team":
		if m.disabled[c.who] { // the service refuses them
			return ""
		}
		return m.add(c.who, p, m.entry(c), c.what == "squeeze in")
	case "cancel":
		return m.cancel(c.actor(), p, false)
	case "remove", "block":
		return m.cancel("olga", p, c.what == "block")
	case "unblock":
		if p == nil || !m.manages("olga") {
			return "registration_not_found"
		}
		p.blocked = false
	case "move", "move if free":
		if m.disabled[c.actor()] { // they can't log in
			return ""
		}
		return m.move(c.actor(), p, c.otherDivision(m.listedBefore), c.what == "move if free")
	case "accept", "decline":
		return m.answer(c.actor(), p, c.what == "accept")
	case "edit":
		if m.disabled[c.actor()] {
			return ""
		}
		return m.edit(c.actor(), c, p)
	case "change", "change into team", "change with new team":
		if m.disabled[c.actor()] {
			return ""
		}
		return m.change(c)
	case "expire":
		if p != nil && p.status == offered && !m.now.Before(p.confirmBy.Add(grace)) {
			if !p.follows {
				m.goes(p, compete.CancelledByExpiry)
				m.pass(true)
			}
		}
	case "erase":
		if p != nil && p.reason != compete.CancelledByErasure {
			p.blocked = false
			if p.status == cancelled {
				p.reason = compete.CancelledByErasure
			} else {
				m.quit(p)
				m.leave(p, compete.CancelledByErasure)
			}
		}
	case "settle":
		m.fill()
	case "transfer":
		return m.transfer([]string{"olga", "oscar"}[c.n%2])
	case "call off":
		return m.callOff()
	default:
		return m.update(c)
	}
	return ""
}

// decidable reports whether staff can decide about somebody.
func (m *model) decidable(p *person) bool {
	return m.admission != compete.AdmissionFirstCome && !p.follows &&
		(p.status == applied || p.status == waitlisted || p.status == rejected)
}

func (m *model) manages(name string) bool { return name == "root" || name == m.organizer }

// release makes all drafts take effect, in line. Those who have applied again since are not meant.
func (m *model) release() {
	for _, p := range m.inLine() {
		decision, drafted := m.drafts[p.name]
		if !drafted || !m.promotes() {
			continue
		}
		was := p.status
		open := was == applied || was == waitlisted || was == rejected
		switch {
		case open && decision == compete.DecisionAdmit && !m.fits(p.division):
			continue // stays a draft
		case open && decision == compete.DecisionAdmit:
			m.give(p)
		case open && decision == compete.DecisionWaitlist:
			m.set(p, waitlisted)
		case open && decision == compete.DecisionReject:
			m.set(p, rejected)
		}
		m.lead(p.team)
		if was == rejected && m.rules != nil && !m.perTeam() && m.size(p.team) > m.rules.Max {
			m.takeOut(p)
		}
		delete(m.drafts, p.name)
	}
}

// freeze closes the list of a lottery. The order drawn is that of arrival, turned by n.
func (m *model) freeze(n int) {
	if m.admission != compete.AdmissionLottery || m.frozen {
		return
	}
	m.frozen = true
	for _, p := range m.inLine() {
		if p.status == applied && !p.follows {
			m.drawn = append(m.drawn, p.name)
		}
	}
	m.drawn = turned(m.drawn, n)
}

func turned[T any](list []T, n int) []T {
	if len(list) == 0 {
		return list
	}
	n %= len(list)
	return slices.Concat(list[n:], list[:n])
}

// draw gives the first the seats, and the others places in line.
func (m *model) draw() {
	if !m.promotes() || !m.frozen || m.drawOver {
		return
	}
	m.drawOver = true
	for _, name := range m.drawn {
		p := m.people[name]
		if p.status != applied || p.follows {
			continue
		}
		m.seqs++
		delete(m.drafts, p.name)
		p.seq = m.seqs
		if m.fits(p.division) && m.next() == nil && !m.disabled[p.name] {
			m.give(p)
		} else {
			m.set(p, waitlisted)
		}
	}
	m.fill()
}

func (m *model) started() bool { return !m.now.Before(m.starts) }

func (p *person) holds() bool {
	return !p.follows && (p.status == pending || p.status == compete.RegistrationConfirmed || p.status == offered)
}

func (m *model) free() int {
	free := m.capacity
	for _, p := range m.people {
		if p.holds() {
			free--
		}
	}
	return free
}

// fits reports whether there is room for a seat in a division.
func (m *model) fits(division string) bool {
	free, divided := m.divisions[division]
	for _, p := range m.people {
		if p.holds() && p.division == division {
			free--
		}
	}
	return m.free() > 0 && (!divided || free > 0)
}

// inLine returns everybody, by seq.
func (m *model) inLine() []*person {
	var line []*person
	for _, p := range m.people {
		line = append(line, p)
	}
	slices.SortFunc(line, func(a, b *person) int { return cmp.Compare(a.seq, b.seq) })
	return line
}

// next returns the person who gets a free seat; nil for nobody.
func (m *model) next() *person {
	for _, p := range m.inLine() {
		if p.status == waitlisted && !p.follows && !m.disabled[p.name] && m.fits(p.division) {
			return p
		}
	}
	return nil
}

func (m *model) register(name string, p *person, e modelEntry) string {
	switch {
	case p != nil && p.status != cancelled && m.status != compete.StatusCancelled:
		return "already_registered"
	case m.hidden && m.status != compete.StatusCancelled && name != m.organizer:
		return "competition_not_found"
	case name == m.organizer:
		return "own_competition"
	case p != nil && p.blocked && p.reason == compete.CancelledBySelf:
		return "rejected_before"
	case p != nil && p.blocked:
		return "registration_blocked"
	case m.status == compete.StatusCancelled:
		return "competition_cancelled"
	case m.frozen, !m.now.Before(m.deadline):
		if m.rules != nil && e.joins != "" {
			return "team_closed"
		}
		return "registration_closed"
	}
	if bad := m.bad(e, false); bad != "" {
		return bad
	}
	division := m.divisionOf(e)
	switch {
	case m.perTeam() && e.joins != "":
		return m.enter(name, e, along(m.captain(m.withCode(e)).status))
	case m.admission != compete.AdmissionFirstCome:
		return m.enter(name, e, applied)
	case m.fits(division) && m.next() == nil:
		return m.enter(name, e, pending)
	}
	return m.enter(name, e, waitlisted)
}

// add has olga add somebody; to squeeze in is to get a seat in any case.
func (m *model) add(name string, p *person, e modelEntry, squeeze bool) string {
	switch {
	case !m.manages("olga") && m.hidden && m.status != compete.StatusCancelled:
		return "competition_not_found"
	case !m.manages("olga"):
		return "forbidden"
	case p != nil && p.status != cancelled && m.status != compete.StatusCancelled:
		return "already_registered"
	case m.status == compete.StatusCancelled:
		return "competition_cancelled"
	case m.hidden:
		return "not_published"
	case m.started():
		return "competition_started"
	}
	if bad := m.bad(e, true); bad != "" {
		return bad
	}
	division := m.divisionOf(e)
	switch {
	case name == m.organizer:
		return "own_competition"
	case p != nil && p.blocked && p.reason != compete.CancelledBySelf:
		return "registration_blocked"
	case m.perTeam() && e.joins != "":
		return m.enter(name, e, along(m.captain(m.withCode(e)).status))
	case m.fits(division) && !m.due():
		return m.enter(name, e, pending)
	case squeeze:
		m.widen(division)
		return m.enter(name, e, pending)
	}
	return m.enter(name, e, waitlisted)
}

// due reports whether a free seat belongs to somebody who waits, rather than to whom staff choose.
func (m *model) due() bool { return m.admission != compete.AdmissionReview && m.next() != nil }

// widen adds a seat to what has none to spare.
func (m *model) widen(division string) {
	if m.free() == 0 || m.due() {
		m.capacity++
	}
	free, divided := m.divisions[division]
	for _, p := range m.people {
		if p.division == division && (p.holds() || p.status == waitlisted && !p.follows) {
			free--
		}
	}
	if divided && free <= 0 {
		m.divisions[division]++
	}
}

// enter gives somebody a new place.
func (m *model) enter(name string, e modelEntry, gets compete.RegistrationStatus) string {
	p := &person{name: name, status: gets, seq: m.seqs + 1, division: m.divisionOf(e)}
	m.seqs++
	delete(m.drafts, name)
	if m.asksAnything() {
		delete(m.prepared, name)
	}
	if before := m.people[name]; before != nil {
		p.answers = before.answers
	}
	if len(m.asked) > 0 {
		p.answers, _ = m.take(e.answers, nil, m.rules != nil && e.founds != "")
	}
	m.into(e, p)
	m.people[name] = p
	return m.last(p)
}

// last returns the status of the last in line, with the place there.
func (m *model) last(p *person) string {
	if p.status != waitlisted || p.follows {
		return string(p.status)
	}
	place := 0
	for _, other := range m.people {
		if other.status == waitlisted && !other.follows && other.division == p.division {
			place++
		}
	}
	return fmt.Sprint("WAITLISTED at ", place)
}

func (m *model) cancel(by string, p *person, block bool) string {
	switch {
	case p == nil || by != p.name && !m.manages(by):
		return "registration_not_found"
	case p.status == cancelled:
		return "CANCELLED"
	case !m.manages(by) && m.started():
		return "competition_started"
	case m.mustStay(by, p):
		return "captain_must_hand_over"
	case by == p.name:
		m.quit(p)
		p.blocked = p.status == rejected
		m.leave(p, compete.CancelledBySelf)
	default:
		p.blocked = block || p.status == rejected
		m.putOut(by, p)
		m.leave(p, compete.CancelledByOrganizer)
	}
	return "CANCELLED"
}

// move gives a registration a new place in another division, as a newcomer there. Whoever waits for the seat that it
// leaves comes first.
func (m *model) move(by string, p *person, division string, onlyForSeat bool) string {
	switch {
	case p == nil || by != p.name && !m.manages(by):
		return "registration_not_found"
	case m.status == compete.StatusCancelled:
		return "competition_cancelled"
	case p.status == cancelled:
		return "registration_cancelled"
	case p.status == rejected:
		return "application_rejected"
	case m.manages(by) && m.started():
		return "competition_started"
	case !m.manages(by) && m.hidden:
		return "competition_not_found"
	case !m.manages(by) && (m.frozen || !m.now.Before(m.deadline)):
		return "registration_closed"
	case p.status == offered && !m.now.Before(p.confirmBy):
		return "offer_expired"
	case !m.has(division):
		return "validation_failed"
	case p.division == division:
		return string(p.status)
	case m.successor(p) != nil && m.successor(p).status != rejected:
		return "team_division"
	case m.admission == compete.AdmissionReview, p.status == applied:
		return m.moveApplication(p, division)
	}
	seat := false
	if before := *p; m.next() == nil {
		p.status = cancelled
		next := m.next()
		if next != nil {
			next.status = pending
		}
		seat = m.fits(division)
		if next != nil {
			next.status = waitlisted
		}
		*p = before
	}
	if onlyForSeat && !seat && p.status != waitlisted {
		return "division_full"
	}
	m.seqs++
	delete(m.drafts, p.name)
	*p = person{
		name: p.name, status: waitlisted, seq: m.seqs, division: division,
		team: p.team, captain: p.captain, looking: p.looking, answers: p.answers,
	}
	if seat {
		p.status = pending
	}
	m.promote(1)
	return m.last(p)
}

// moveApplication is move with review: a seat is exchanged for a free one, and everything else is a new application.
func (m *model) moveApplication(p *person, division string) string {
	held, free, waits := p.holds(), m.divisions[division], false
	for _, other := range m.people {
		if other.holds() && other.division == division {
			free--
		}
		waits = waits || other.division == division && other.status == waitlisted && !other.follows
	}
	if held && (free == 0 || waits) {
		return "division_full"
	}
	for _, mate := range m.members(p.team) { // all of them were rejected
		if mate != p {
			m.takeOut(mate)
		}
	}
	m.seqs++
	delete(m.drafts, p.name)
	*p = person{
		name: p.name, status: applied, seq: m.seqs, division: division,
		team: p.team, captain: p.captain, looking: p.looking, answers: p.answers,
	}
	if held {
		p.status = pending
		m.pass(true)
	}
	return string(p.status)
}

// leave ends a registration and passes on its seat.
func (m *model) leave(p *person, reason compete.CancelReason) {
	held := p.holds()
	p.status, p.reason, p.looking = cancelled, reason, false
	m.pass(held)
}

// pass moves the first in line up after somebody has left. With review, only a seat that was given up passes on,
// if need be once the competition is shown again.
func (m *model) pass(held bool) {
	if held && m.admission == compete.AdmissionReview && m.hidden && m.status == compete.StatusPublished &&
		!m.started() {
		m.freed++
		return
	}
	if held || m.admission != compete.AdmissionReview {
		m.promote(1)
	}
}

// promotes reports whether anybody can get a seat without pressing.
func (m *model) promotes() bool {
	return m.status == compete.StatusPublished && !m.hidden && !m.started()
}

func (m *model) promote(most int) {
	for next := m.next(); next != nil && most > 0 && m.promotes(); next = m.next() {
		most--
		m.give(next)
	}
}

// fill gives free seats to those in line. With review, these are the ones that were given up before.
func (m *model) fill() {
	switch {
	case m.admission != compete.AdmissionReview:
		m.promote(len(m.people))
	case !m.hidden || m.started():
		m.promote(m.freed)
		m.freed = 0
	}
}

func (m *model) give(p *person) {
	m.set(p, pending)
	if m.hours > 0 {
		m.set(p, offered)
		for _, one := range append(m.followers(p), p) {
			one.confirmBy = m.now.Add(time.Duration(m.hours) * time.Hour)
		}
		m.shorten()
	} else {
		for _, one := range m.followers(p) {
			one.confirmBy = p.confirmBy
		}
	}
}

// set gives somebody a status, and those who follow them.
func (m *model) set(p *person, status compete.RegistrationStatus) {
	for _, one := range append(m.followers(p), p) {
		one.status = status
	}
}

// shorten makes offers end no later than the start.
func (m *model) shorten() {
	for _, p := range m.people {
		if p.status == offered && p.confirmBy.After(m.starts) {
			p.confirmBy = m.starts
		}
	}
}

func (m *model) answer(by string, p *person, accept bool) string {
	switch {
	case p == nil || by != p.name && !m.manages(by):
		return "registration_not_found"
	case by != p.name:
		return "forbidden"
	case p.follows && p.status != cancelled:
		return "captain_only"
	case accept && !p.confirmBy.IsZero() && (p.status == pending || p.status == compete.RegistrationConfirmed):
		return string(p.status)
	case !accept && !p.confirmBy.IsZero() && p.reason == compete.CancelledBySelf:
		return "CANCELLED"
	case m.status == compete.StatusCancelled:
		return "competition_cancelled"
	case p.reason == compete.CancelledByExpiry, p.status == offered && !m.now.Before(p.confirmBy):
		return "offer_expired"
	case p.status != offered:
		return "no_offer"
	case accept:
		m.set(p, pending)
		return "PENDING"
	case !m.perTeam() && m.mustStay(by, p):
		return "captain_must_hand_over"
	}
	m.goes(p, compete.CancelledBySelf)
	m.pass(true)
	return "CANCELLED"
}

// update changes the competition as olga: seats, hours and start, and whether an admin has hidden it.
func (m *model) update(c call) string {
	byAdmin := c.what == "unpublish" || c.what == "publish"
	switch {
	case !byAdmin && m.hidden && m.status != compete.StatusCancelled && !m.manages("olga"):
		return "competition_not_found"
	case !byAdmin && !m.manages("olga"):
		return "forbidden"
	case m.status == compete.StatusCancelled:
		return "competition_cancelled"
	case c.what == "capacity" && 1+c.n < m.capacity-m.free():
		return "capacity_below_held"
	}
	switch c.what {
	case "capacity":
		m.capacity = 1 + c.n
	case "divisions", "add division", "rename division", "remove division", "reorder divisions":
		if refusal := m.divide(c.redivided(m.listedBefore)); refusal != "" {
			return refusal
		}
	case "offerHours":
		m.hours = c.n
	case "questions":
		if refusal := m.ask(questionnaires[c.questionnaire()]); refusal != "" {
			return refusal
		}
	case "team rules":
		if refusal := m.setRules(teamRules(c.n - 1)); refusal != "" {
			return refusal
		}
	case "admission":
		if refusal := m.setAdmission(admissions[c.n%3]); refusal != "" {
			return refusal
		}
	case "start":
		m.starts = m.deadline.Add(time.Duration(1+c.n) * time.Hour)
		m.shorten()
	default:
		m.hidden = c.what == "unpublish"
	}
	m.fill()
	return ""
}

func (m *model) transfer(to string) string {
	if p := m.people[to]; p != nil && p.status != cancelled {
		return "organizer_registered"
	}
	if m.organizer != to {
		m.organizer = to
		m.fill()
	}
	return ""
}

func (m *model) callOff() string {
	m.status = compete.StatusCancelled
	for _, p := range m.people {
		if p.status != cancelled {
			p.status, p.reason = cancelled, compete.CancelledByCompetition
		}
	}
	return ""
}

// standing describes everybody's registration, in order of seq, and the counts.
func (m *model) standing() string {
	var people []string
	waiting := 0
	for _, p := range m.inLine() {
		people = append(people,
			place(p.seq, p.name, p.status, p.reason, p.confirmBy, p.blocked)+
				m.divisionName(p.division)+p.teamText()+answersText(p.answers))
		if p.status == waitlisted && !p.follows {
			waiting++
		}
	}
	return fmt.Sprintf("%s; %d of %d left, %d wait%s", strings.Join(people, "\n"), m.free(), m.capacity, waiting,
		divisionsText(m.current()))
}

func place(
	seq int64, name string, status compete.RegistrationStatus, reason compete.CancelReason,
	confirmBy time.Time, blocked bool,
) string {
	text := fmt.Sprint(seq, " ", name, " ", status, " ", reason)
	if !confirmBy.IsZero() {
		text += " until " + confirmBy.Format(time.RFC3339Nano)
	}
	if blocked {
		text += ", blocked"
	}
	return text
}

// command returns the call as a command for the registrar; nil if it isn't one.
func (c call) command(s *scenario) func(context.Context) (answer string, err error) {
	switch c.what {
	case "register", "register with new team", "register into team":
		if !s.ledger.disabled[c.who] {
			return registerAs(c.who, compete.RegisterCommand{Entry: c.entry(s)}).with(s)
		}
	case "press":
		if !s.ledger.disabled[c.who] {
			return registerAs(c.who, compete.RegisterCommand{}).with(s)
		}
	case "add", "squeeze in", "add into team", "add with new team":
		if !s.ledger.disabled[c.who] {
			return addWith("olga", c.who, c.entry(s), c.what == "squeeze in").with(s)
		}
	case "switch into team", "leave team", "new team", "look", "renew code", "hand over", "kick", "drop":
		return c.teamStep().with(s)
	case "cancel":
		return cancelBy(c.actor(), c.who, compete.CancelCommand{}).with(s)
	case "remove", "block":
		return cancelBy("olga", c.who,
			compete.CancelCommand{Removal: compete.Removal{Blocked: c.what == "block"}}).with(s)
	case "unblock":
		return unblockBy("olga", c.who).with(s)
	case "accept", "decline":
		return answerBy(c.actor(), c.who, c.what == "accept").with(s)
	case "move", "move if free":
		if s.ledger.disabled[c.actor()] {
			return nil
		}
		return moveBy(c.actor(), c.who, c.otherDivision(s.divisions()), c.what == "move if free").with(s)
	case "divisions", "add division", "rename division", "remove division", "reorder divisions":
		return divideInto(c.redivided(s.divisions())).with(s)
	case "change", "change into team", "change with new team":
		if s.ledger.disabled[c.actor()] {
			return nil
		}
		return c.changeStep().with(s)
	case "edit", "questions", "team rules", "admission":
		if c.what == "edit" && s.ledger.disabled[c.actor()] {
			return nil
		}
		return c.questionStep().with(s)
	case "expire":
		return silent(expire(c.who)).with(s)
	case "erase":
		return erase(c.who, c.who+"'s").with(s)
	case "settle":
		return settleCup().with(s)
	case "release":
		return releaseCup().with(s)
	case "draw":
		return drawCup().with(s)
	case "transfer":
		return silent(transfer("root", []string{"olga", "oscar"}[c.n%2])).with(s)
	case "call off":
		return silent(callOff("root")).with(s)
	case "capacity":
		return silent(capacity(1 + c.n)).with(s)
	case "offerHours":
		return silent(offerFor(c.n)).with(s)
	case "start":
		return silent(startAt(morning.Add(time.Duration(2+c.n) * time.Hour))).with(s)
	case "publish":
		return silent(update("root", 0, compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)})).with(
			s,
		)
	case "unpublish":
		return silent(update("root", 0, compete.CompetitionChange{Unpublish: true})).with(s)
	}
	return nil
}

// entry is what somebody fills in.
func (c call) entry(s *scenario) compete.Entry {
	e := compete.Entry{DivisionID: c.division(s.divisions())}
	e.Team, e.LookingForTeam = c.teamChoice(s)
	e.Answers = c.says(s)
	return e
}

func (st step) with(s *scenario) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return st.do(ctx, s) }
}

// silent removes a step's answer.
func silent(st step) step {
	do := st.do
	st.do = func(ctx context.Context, s *scenario) (string, error) {
		_, err := do(ctx, s)
		return "", err
	}
	return st
}

// happen makes a call that isn't a command.
func (c call) happen(s *scenario) {
	switch c.what {
	case "pass":
		s.pass(passing[c.n])
	case "disable", "enable":
		s.ledger.disabled[c.who] = c.what == "disable"
	case "prepare", "discard":
		if !s.ledger.disabled[c.who] {
			c.prepare(s)
		}
	case "draft":
		s.ledger.draft(c.who, compete.Decisions[c.n%3])
	case "start release":
		s.ledger.startRelease()
	case "freeze":
		s.ledger.freeze(c.n)
	case "confirm": // as the job does
		if r, found := s.ledger.registrations[c.who+"'s"]; found && r.Status == pending {
			r.Take(compete.EventConfirm, compete.RegistrationConfirmed)
			s.ledger.registrations[r.ID] = r
		}
	}
}
