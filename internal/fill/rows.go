package fill

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
)

// rows are created one at a time; none is kept.
type rows = iter.Seq[[]any]

// span is the age of the first competition.
const span = 180 * 24 * time.Hour

// blockSize is the block size of package store's counts.
const blockSize = 64

const tagsEach = 2

// generator creates rows. They depend only on the size and the time.
type generator struct {
	Config
	firstParticipant int
	weights          int // sum over all competitions
	blockRows        [][]any
	days             map[dayKey]int
	told             []told
}

type dayKey struct {
	organizer int
	day       int64
	slot      string
}

func newGenerator(c Config) *generator {
	c.Now = compete.UTC(c.Now)
	g := &generator{Config: c, firstParticipant: c.Size.organizers(), days: map[dayKey]int{}}
	for i := range c.Size.Competitions {
		g.weights += g.weight(i)
	}
	return g
}

// watched reports the progress of rows.
func (g *generator) watched(what string, all int, made rows) rows {
	return func(yield func([]any) bool) {
		n := 0
		for row := range made {
			if !yield(row) {
				return
			}
			if n++; n%5000 == 0 && n < all {
				g.Progress(what, n, all)
			}
		}
		if all > 0 {
			g.Progress(what, n, n)
		}
	}
}

// mix returns a number that looks random but is always the same for n (SplitMix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

func hash(kind, i int) uint64 { return mix(uint64(kind)<<48 ^ uint64(i)) } //nolint:gosec // both are positive

// pick is one of n, which looks random.
//
//nolint:gosec // n is positive, and so is what is left
func pick(kind, i, n int) int { return int(hash(kind, i) % uint64(n)) }

// newID returns a UUID v7 for the given time.
func newID(at time.Time, kind, i int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16)
	binary.BigEndian.PutUint64(id[8:], hash(kind, i))
	binary.BigEndian.PutUint16(id[6:8], uint16(i)) //nolint:gosec // distinguishes ids with the same time
	id[6], id[8] = 0x70|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}

const (
	kindUser = iota + 1
	kindCompetition
	kindRegistration
	kindPhase
	kindWeight
	kindOrganizer
	kindFirstName
	kindLastName
	kindFirstUser
	kindTitle
	kindMessage
	kindSession
	kindAudit
	kindFailedJob
	kindReport
)

// part returns the time of the i-th of n points between two times.
func part(from, to time.Time, i, n int) time.Time {
	return from.Add(time.Duration(float64(to.Sub(from)) * float64(i) / float64(max(n, 1)))).Truncate(time.Microsecond)
}

// Users.

var userColumns = []string{
	"id", "email", "name", "password_hash", "role", "created_at", "updated_at",
	"verified_at", "search_text",
}

func (g *generator) joined(i int) time.Time {
	return part(g.Now.Add(-2*span), g.Now.Add(-span), i, g.Size.Users)
}

func (g *generator) userID(i int) uuid.UUID { return newID(g.joined(i), kindUser, i) }

func (g *generator) users(yield func([]any) bool) {
	for i := range g.Size.Users {
		name := firstNames[pick(kindFirstName, i, len(firstNames))] + " " +
			lastNames[pick(kindLastName, i, len(lastNames))]
		email, hash, role := fmt.Sprintf("user%d@example.com", i), "", compete.RoleParticipant
		if i < g.firstParticipant {
			role = compete.RoleOrganizer
		}
		switch i {
		case 0:
			email, hash = OrganizerEmail, g.PasswordHash
		case 1:
			email, hash = SmallEmail, g.PasswordHash
		case g.firstParticipant:
			email, hash = ParticipantEmail, g.PasswordHash
		case g.firstParticipant + 1:
			email, hash, role = AdminEmail, g.PasswordHash, compete.RoleAdmin
		}
		at := g.joined(i)
		if !yield([]any{g.userID(i), email, name, hash, string(role), at, at, at, normal.People(name, email)}) {
			return
		}
	}
}

// Competitions.

// phase is the state of a competition; phaseOf contains the shares in percent.
type phase int

const (
	draft phase = iota
	cancelled
	closed
	upcoming
	open
	full
	waitlist
)

func (g *generator) phaseOf(i int) phase {
	if i == 0 {
		return waitlist
	}
	switch p := pick(kindPhase, i, 100); {
	case p < 5:
		return draft
	case p < 8:
		return cancelled
	case p < 40:
		return closed
	case p < 50:
		return upcoming
	case p < 85:
		return open
	case p < 93:
		return full
	default:
		return waitlist
	}
}

// weight returns a competition's share of the registrations. The largest has its own number, and some have none.
func (g *generator) weight(i int) int {
	if p := g.phaseOf(i); i == 0 || p == draft || p == upcoming {
		return 0
	}
	return 1 + pick(kindWeight, i, 19)
}

// registered returns the number of registrations for a competition, given the total weight before it.
func (g *generator) registered(i, before int) int {
	if i == 0 {
		return g.Size.Largest
	}
	rest := g.Size.Registrations - g.Size.Largest
	return (before+g.weight(i))*rest/max(g.weights, 1) - before*rest/max(g.weights, 1)
}

// each iterates over the competitions with their numbers of registrations.
func (g *generator) each(f func(i, n int) bool) {
	before := 0
	for i := range g.Size.Competitions {
		if !f(i, g.registered(i, before)) {
			return
		}
		before += g.weight(i)
	}
}

func (g *generator) organizer(i int) int {
	tenth := max(1, g.Size.Competitions/10)
	switch {
	case i < tenth:
		return 0
	case i < tenth+min(1000, tenth):
		return 1
	}
	return pick(kindOrganizer, i, g.firstParticipant)
}

// created returns a time that increases with i; the largest competition is among the first.
func (g *generator) created(i int) time.Time {
	return part(g.Now.Add(-span), g.Now.Add(-time.Hour), i, g.Size.Competitions)
}

func (g *generator) competitionID(i int) uuid.UUID { return newID(g.created(i), kindCompetition, i) }

func (g *generator) deadline(i int) time.Time {
	if g.phaseOf(i) == closed || g.phaseOf(i) == cancelled {
		return part(g.created(i), g.Now, 1, 2)
	}
	return g.Now.Add(time.Duration(1+pick(kindPhase, i, 90*24*60)) * time.Minute)
}

// seats returns the seats of a competition with n registrations: its capacity, how many people have a seat, and how
// many are waiting.
func (g *generator) seats(i, n int) (capacity, seated, waiting int) {
	active := 0
	for j := range n {
		if !g.left(i, j) {
			active++
		}
	}
	switch g.phaseOf(i) {
	case full:
		return max(1, active), active, 0
	case waitlist:
		seated = max(active*4/5, min(active, 1))
		return max(1, seated), seated, active - seated
	default:
		return active + 10 + pick(kindWeight, i, 200), active, 0
	}
}

// left reports whether the j-th registration has been cancelled since.
func (g *generator) left(i, j int) bool { return g.phaseOf(i) == cancelled || j%20 == 19 }

var competitionColumns = []string{
	"id", "title", "description", "location", "capacity", "seats_left", "waitlisted", "reg_opens_at", "reg_deadline",
	"start_date", "time_zone",
	"status", "waitlist", "organizer_id", "next_seq", "version", "filling", "created_at", "updated_at", "searchable",
}

func title(i int) string {
	return fmt.Sprintf("%s %s %s %d", adjectives[pick(kindTitle, i, len(adjectives))],
		nouns[pick(kindTitle, i/7, len(nouns))],
		places[pick(kindTitle, i/3, len(places))], i)
}

const description = "Bring a laptop, a friend and an idea. There is food, coffee and a " +
	"prize for each of the three best."

func (g *generator) competitions(yield func([]any) bool) {
	g.each(func(i, n int) bool {
		p := g.phaseOf(i)
		capacity, seated, waiting := g.seats(i, n)
		status := compete.StatusPublished
		switch p { //nolint:exhaustive // the others are published
		case draft:
			status = compete.StatusDraft
		case cancelled:
			status, seated = compete.StatusCancelled, 0
		}
		var opens any
		if p == upcoming {
			opens = part(g.Now, g.deadline(i), 1, 2)
		}
		at := g.created(i)
		return yield([]any{
			g.competitionID(i), title(i), description, places[pick(kindTitle, i/3, len(places))], capacity,
			capacity - seated, waiting, opens, g.deadline(i),
			g.deadline(i).Add(7 * 24 * time.Hour), "UTC", string(status), p == waitlist, g.userID(g.organizer(i)),
			int64(n + 1), 1,
			g.filling(i), at, at, true,
		})
	})
}

// filling returns the number of seats taken in the last hour; not 0 only for one competition in a hundred.
func (g *generator) filling(i int) int {
	if g.phaseOf(i) != open || i%100 != 0 {
		return 0
	}
	return 1 + pick(kindWeight, i, 50)
}

var takenColumns = []string{"competition_id", "minute", "taken"}

func (g *generator) taken(yield func([]any) bool) {
	for i := range g.Size.Competitions {
		if n := g.filling(i); n > 0 && !yield([]any{g.competitionID(i), g.Now.Truncate(time.Minute), n}) {
			return
		}
	}
}

func tagsOf(i int) [tagsEach]string {
	first := pick(kindTitle, i/5, len(tagNames))
	return [tagsEach]string{tagNames[first], tagNames[(first+1+i%(len(tagNames)-1))%len(tagNames)]}
}

var tagColumns = []string{"competition_id", "tag", "folded"}

func (g *generator) tags(yield func([]any) bool) {
	for i := range g.Size.Competitions {
		for _, tag := range tagsOf(i) {
			if !yield([]any{g.competitionID(i), tag, normal.Key(tag)}) {
				return
			}
		}
	}
}

// wordsColumns are those that lists of what a search finds are sorted by.
var wordsColumns = []string{"created_at", "reg_deadline"}

func (g *generator) words(yield func([]any) bool) {
	always := normal.Words(description)
	for i := range g.Size.Competitions {
		tags := tagsOf(i)
		words := append(normal.Words(title(i)+" "+strings.Join(tags[:], " ")), always...)
		slices.Sort(words)
		row := []any{g.competitionID(i), strings.Join(slices.Compact(words), " "), g.created(i), g.deadline(i)}
		if !yield(row) {
			return
		}
	}
}

// Registrations.

// busy is for how many of the first competitions the participant who can log in is registered.
const busy = 2000

var registrationColumns = []string{
	"id", "user_id", "competition_id", "status", "seq", "registered_at",
	"updated_at", "cancel_reason",
}

func (g *generator) registrations(yield func([]any) bool) {
	made := 0
	g.each(func(i, n int) bool {
		competition, created, end := g.competitionID(i), g.created(i), g.deadline(i)
		if end.After(g.Now) {
			end = g.Now
		}
		_, seated, _ := g.seats(i, n)
		crowd := g.Size.Users - g.firstParticipant - 1 // without the busy one
		first, slot := pick(kindFirstUser, i, crowd), competition.String()[35:]
		active := 0
		for j := range n {
			user := g.firstParticipant + 1 + (first+j)%crowd
			if j == 0 && made < busy {
				user = g.firstParticipant
				made++
			}
			at := part(created, end, j, n)
			status, reason := compete.RegistrationConfirmed, ""
			switch {
			case g.phaseOf(i) == cancelled:
				status, reason = compete.RegistrationCancelled, "COMPETITION"
			case g.left(i, j):
				status, reason = compete.RegistrationCancelled, "SELF"
			case active >= seated:
				status = compete.RegistrationWaitlisted
			}
			if !g.left(i, j) {
				active++
			}
			g.count(competition, i, j+1, status, at, slot)
			id := newID(at, kindRegistration, i<<20^j)
			if i == 0 || user == g.firstParticipant {
				g.told = append(g.told, told{id, user, i, int64(j + 1), status, at})
			}
			if !yield([]any{id, g.userID(user), competition, string(status), int64(j + 1), at, at, reason}) {
				return false
			}
		}
		return true
	})
}

var (
	blockColumns = []string{"competition_id", "block", "seated", "waiting", "cancelled"}
	dayColumns   = []string{"organizer_id", "day", "slot", "registered"}
)

// count stores what package store would have counted.
func (g *generator) count(
	competition uuid.UUID, i, seq int, status compete.RegistrationStatus, at time.Time, slot string,
) {
	block := int64(seq / blockSize)
	last := len(g.blockRows) - 1
	if last < 0 || g.blockRows[last][0] != competition || g.blockRows[last][1] != block {
		g.blockRows = append(g.blockRows, []any{competition, block, 0, 0, 0})
		last++
	}
	column := 2
	switch status {
	case compete.RegistrationWaitlisted:
		column = 3
	case compete.RegistrationCancelled:
		column = 4
	case compete.RegistrationPending, compete.RegistrationConfirmed, compete.RegistrationOffered,
		compete.RegistrationApplied, compete.RegistrationRejected:
	}
	g.blockRows[last][column] = g.blockRows[last][column].(int) + 1
	g.days[dayKey{g.organizer(i), at.Unix() / (24 * 60 * 60), slot}]++
}

func (g *generator) blocks(yield func([]any) bool) {
	for _, row := range g.blockRows {
		if !yield(row) {
			return
		}
	}
}

// organizerDays yields rows in about the order of their keys, in which they are added fastest.
func (g *generator) organizerDays(yield func([]any) bool) {
	keys := slices.SortedFunc(maps.Keys(g.days), func(a, b dayKey) int {
		return cmp.Or(cmp.Compare(a.organizer, b.organizer), cmp.Compare(a.day, b.day), cmp.Compare(a.slot, b.slot))
	})
	for _, key := range keys {
		if !yield([]any{g.userID(key.organizer), key.day, key.slot, g.days[key]}) {
			return
		}
	}
}
