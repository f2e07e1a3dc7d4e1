package demo

import (
	"cmp"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const day = 24 * time.Hour

// What becomes of a competition once everybody has registered.
const (
	staysOpen = iota
	endsClosed
	endsCancelled
)

// plan is one competition of the demo. Its times are relative to the moment when the demo is added.
type plan struct {
	organizer    int // index
	title        string
	location     string
	zone         string // of the place; empty means UTC
	description  string
	tags         []string
	capacity     int
	divisions    []compete.DivisionContent
	waitlist     bool
	draft        bool
	published    time.Duration // how long ago
	opens        time.Duration // from now; 0: at once
	deadline     time.Duration // from now
	starts       time.Duration // from now; 0: no date yet
	hour         int           // at which it starts, when that is days away; 0: in the morning
	lasts        time.Duration // 0: no end given
	registered   int           // of the crowd
	firstOfCrowd int           // the first of the crowd who registers
	participants []int         // who register after them, by index
	waverers     bool          // some cancel again
	questions    compete.Questions
	askedLater   compete.Questions // once people have registered: only every second of the crowd has answered
	team         *compete.TeamRules
	teamSizes    []int    // of the teams that people make one after the other, again and again; 0: one looks for a team
	teamNames    []string // at least as many as there are teams
	offerHours   int      // to accept a seat that comes free
	lottery      bool     // people apply, and a draw decides
	accessCode   string   // of an unlisted competition; empty: everybody may come
	review       bool     // people apply; some applications are scored, and decided in drafts
	added        int      // seats, in the end, for those who wait
	end          int
}

// Hours of the day, at the place, of what is days away.
const (
	morning = 9
	evening = 20
)

// at is a moment from now as people choose one: days away it is at an hour of the day.
func at(now time.Time, d time.Duration, hour int, zone *time.Location) time.Time {
	t := now.Add(d).In(zone)
	switch {
	case d >= 2*day:
		return time.Date(t.Year(), t.Month(), t.Day(), hour, 0, 0, 0, zone)
	case d >= 12*time.Hour:
		return t.Truncate(time.Hour)
	}
	return t.Truncate(time.Minute)
}

// competition is the input that makes it.
func (p plan) competition(now time.Time) compete.NewCompetition {
	n := compete.NewCompetition{
		CompetitionContent: compete.CompetitionContent{
			Title: p.title, Location: p.location, TimeZone: p.zone, Tags: p.tags, Capacity: p.capacity,
			Waitlist: p.waitlist, Team: p.team,
		},
		Description: p.description, Divisions: p.divisions, Questions: p.questions,
	}
	if p.accessCode != "" {
		n.Visibility, n.AccessCode = compete.VisibilityUnlisted, compete.AccessCode(p.accessCode)
	}
	if p.review {
		n.Admission = compete.AdmissionReview
	}
	if p.lottery {
		n.Admission = compete.AdmissionLottery
	}
	if p.offerHours > 0 {
		n.OfferHours = &p.offerHours
	}
	zone := (&compete.Competition{CompetitionContent: compete.CompetitionContent{TimeZone: p.zone}}).Zone()
	n.RegDeadline = at(now, p.deadline, evening, zone)
	if p.draft {
		n.Status = compete.StatusDraft
	}
	if p.opens > 0 {
		opens := at(now, p.opens, morning, zone)
		n.RegOpensAt = &opens
	}
	if p.starts > 0 {
		starts := at(now, p.starts, cmp.Or(p.hour, morning), zone)
		n.StartDate = &starts
		if p.lasts > 0 {
			ends := starts.Add(p.lasts)
			n.EndDate = &ends
		}
	}
	return n
}

// The first is the oldest, so the list of newest ones begins with the last.
var plans = []plan{
	{
		organizer: 0, title: "Regional Mathematics Olympiad", location: "Marie Curie School, Lyon",
		zone: "Europe/Paris",
		tags: []string{"olympiad", "maths", "students"}, capacity: 30, waitlist: true,
		published: 21 * day, deadline: 9 * day, starts: 16 * day, lasts: 4 * time.Hour, registered: 34, firstOfCrowd: 0,
		participants: []int{0, 1}, questions: olympiadQuestions,
		description: "Four problems, four hours, pen and paper.\n\n## Who can enter\n\nAnyone in their last three " +
			"years of school. Bring a ruler and a compass; **calculators stay outside**.\n\n## The day\n\n1. 08:30 " +
			"doors open\n2. 09:00 the first problem is revealed\n" +
			"3. 13:00 pens down and lunch for everyone\n4. 16:00 solutions and results\n\nThe top ten " +
			"go on to the national round.",
	},
	{
		organizer: 1, title: "Robotics Sumo Cup", location: "Workshop 7, Rotterdam", zone: "Europe/Amsterdam",
		tags: []string{"robotics", "hardware"}, capacity: 16,
		published: 18 * day, deadline: 5 * day, starts: 12 * day, registered: 14, firstOfCrowd: 40,
		participants: []int{2, 3},
		description: "Two robots, one ring, three rounds of ninety seconds.\n\n| class | weight | size " +
			"|\n|---|---|---|\n| mini | 500 g | 10 × 10 cm |\n" +
			"| standard | 3 kg | 20 × 20 cm |\n\nRobots must be autonomous: no remote controls. *We have spare " +
			"batteries, but no spare motors.*",
	},
	{
		organizer: 0, title: "Open Source Day", location: "Public library, Leipzig", zone: "Europe/Berlin",
		tags: []string{"workshop", "programming", "beginners"}, capacity: 40,
		published: 25 * day, deadline: 2 * day, starts: 3 * day, registered: 27, firstOfCrowd: 20,
		participants: []int{0, 4}, waverers: true, end: endsClosed,
		description: "Make your first contribution to a real project, next to someone who has done it before.\n\n" +
			"Bring a laptop. We'll bring issues that are **really** for beginners, coffee and patience.",
	},
	{
		organizer: 1, title: "Photo Marathon", location: "Old Town, Kraków", zone: "Europe/Warsaw",
		tags: []string{"photography", "outdoor"}, capacity: 50, waitlist: true,
		published: 15 * day, deadline: 6 * day, starts: 8 * day, registered: 12, firstOfCrowd: 5,
		participants: []int{1, 3}, end: endsCancelled,
		description: "Twelve themes in twelve hours, one picture each. Cancelled because the bridge where it starts " +
			"is closed. We're looking for another date.",
	},
	{
		organizer: 0, title: "City Half Marathon", location: "Harbour Square, Gothenburg", zone: "Europe/Stockholm",
		tags: []string{"running", "outdoor"}, capacity: 60, waitlist: true,
		divisions: []compete.DivisionContent{{Name: "Half marathon", Capacity: 34}, {Name: "10 km", Capacity: 26}},
		published: 12 * day, deadline: 10 * day, starts: 24 * day, registered: 55, firstOfCrowd: 10,
		participants: []int{0}, waverers: true,
		description: "21.1 or 10 km along the water, flat and fast.\n\n- Three starting groups, by " +
			"expected time\n- Water " +
			"every 4 km, oranges at 15 km\n" +
			"- Chip timing, with results in your mailbox the same evening\n\nThe course is " +
			"closed to traffic until **13:00**.",
	},
	{
		organizer: 1, title: "Debate League: Spring Round", location: "Faculty of Law, Lisbon", zone: "Europe/Lisbon",
		tags: []string{"debate", "students", "team"}, capacity: 24, waitlist: true,
		published: 10 * day, deadline: 7 * day, starts: 9 * day, registered: 15, firstOfCrowd: 50,
		description: "British Parliamentary style, five rounds and a final. Motions are announced fifteen minutes " +
			"before each round.\n\n> Speak so that the other side would quote you.",
	},
	{
		organizer: 0, title: "Green Code Hackathon", location: "Impact Hub, Amsterdam", zone: "Europe/Amsterdam",
		tags: []string{"hackathon", "programming", "climate"}, capacity: 120, waitlist: true,
		published: 9 * day, deadline: 13 * day, starts: 15 * day, lasts: 2 * day, registered: 62, firstOfCrowd: 0,
		participants: []int{1, 2, 4}, waverers: true,
		description: "48 hours to build something that saves energy, water or someone's nerves.\n\n## Tracks\n\n- " +
			"**Grid**: forecasts and flexible demand\n" +
			"- **City**: air, trees, bicycles\n- **Code**: make existing software need less\n\n## What " +
			"counts\n\nWorking software beats slides. Bring your own team, or find one on Friday evening.",
	},
	{
		organizer: 1, title: "Data Science Sprint", location: "Online",
		tags: []string{"data", "online", "programming"}, capacity: 80,
		published: 8 * day, deadline: 5 * time.Hour, starts: 20 * time.Hour, registered: 41, firstOfCrowd: 15,
		participants: []int{0, 2},
		description: "One data set, one question, one day. We publish the data at the start. Eight hours later, " +
			"hand in a notebook and half a page of text.",
	},
	{
		organizer: 0, title: "Cyber Defence Challenge", location: "Online",
		tags: []string{"security", "online", "team"}, capacity: 32,
		published: 14 * day, deadline: 4 * day, starts: 6 * day, registered: 19, firstOfCrowd: 30,
		participants: []int{3}, end: endsClosed,
		description: "Keep a small company's network alive for a day while we attack it. You get points for every " +
			"service that stays up, and for every report that explains *why* one didn't.",
	},
	{
		organizer: 1, title: "University Chess Blitz", location: "Café Central, Vienna", zone: "Europe/Vienna",
		tags: []string{"chess", "students"}, capacity: 64, waitlist: true,
		published: 4 * day, deadline: 3 * day, starts: 4 * day, registered: 23, firstOfCrowd: 33,
		participants: []int{4},
		description: "Nine Swiss rounds, 3 minutes plus 2 seconds per move. We provide boards and clocks. " +
			"Quiet spectators are welcome.",
	},
	{
		organizer: 0, title: "Winter Game Jam", location: "Online",
		tags: []string{"games", "programming", "online", "art"}, capacity: 200, waitlist: true,
		published: 3 * day, opens: 2 * day, deadline: 20 * day, starts: 21 * day, lasts: 3 * day,
		questions: jamQuestions,
		description: "Make a game in 72 hours, on a theme revealed at the start. Work alone or in teams of up to " +
			"four. Any engine is allowed, and so is paper.",
	},
	{
		organizer: 1, title: "Algorithm Cup: Finals", location: "Computer Science Building, Zürich",
		zone: "Europe/Zurich",
		tags: []string{"programming", "olympiad"}, capacity: 48, draft: true,
		published: 2 * day, deadline: 30 * day, starts: 37 * day,
		description: "Draft: the prize sponsor isn't confirmed yet.\n\nEleven problems, five hours, " +
			"teams of three at one keyboard.",
	},
	{
		organizer: 0, title: "Bake-Off for Beginners", location: "Community kitchen, Ghent", zone: "Europe/Brussels",
		tags: []string{"baking", "beginners"}, capacity: 10, waitlist: true,
		published: day, deadline: 4 * day, starts: 5 * day, registered: 6, firstOfCrowd: 70, participants: []int{1},
		askedLater:  bakingQuestions,
		description: "One oven each, one secret ingredient for all. The jury has never left a crumb.",
	},
	{
		organizer: 1, title: "Night Trail Run", location: "Forest car park, Freiburg", zone: "Europe/Berlin",
		tags: []string{"running", "outdoor"}, capacity: 25,
		published: 6 * time.Hour, opens: 10 * time.Minute, deadline: 6 * day, starts: 8 * day, hour: 21,
		description: "12 km through the dark, 400 m up and down again. **A headlamp is required**, " +
			"and so is a spare battery.\n\n" +
			"Registration opens for everyone at the same moment. Last year, all places were gone within a minute.",
	},
	{
		organizer: 0, title: "Speed Cubing Open", location: "Sports hall, Aarhus", zone: "Europe/Copenhagen",
		tags: []string{"cubing", "beginners"}, capacity: 20, waitlist: true, offerHours: 48, added: 2,
		published: 7 * day, deadline: 11 * day, starts: 14 * day, lasts: 9 * time.Hour,
		registered: 21, firstOfCrowd: 12, participants: []int{4},
		description: "3×3, 4×4 and one-handed, two rounds each.\n\nIf a seat opens up, we'll offer it to the next " +
			"person on the waitlist. **You have 48 hours to accept it**, so don't wait too long.",
	},
	{
		organizer: 1, title: "Algorithm Cup: Team Selection", location: "Computer Science Building, Zürich",
		zone: "Europe/Zurich", accessCode: "QUICKSORT-48",
		tags: []string{"programming", "olympiad"}, capacity: 12, waitlist: true,
		published: 5 * day, deadline: 8 * day, starts: 10 * day, lasts: 5 * time.Hour,
		registered: 7, firstOfCrowd: 50, participants: []int{2},
		description: "For the members of our training group. **The access code was in the email about the last " +
			"session**; please don't pass it on.",
	},
	{
		organizer: 0, title: "Civic Tech Hackathon", location: "City Library, Tampere", zone: "Europe/Helsinki",
		tags: []string{"hackathon", "students"}, capacity: 12, review: true, offerHours: 72,
		questions: hackathonQuestions,
		team:      &compete.TeamRules{Min: 1, Max: 4}, teamSizes: []int{4, 3, 0, 2, 0, 1}, teamNames: hackathonTeams,
		published: 9 * day, deadline: 8 * day, starts: 22 * day, lasts: 32 * time.Hour,
		registered: 24, firstOfCrowd: 30, participants: []int{2, 3},
		description: "Two days, twelve seats, and real questions from the city's departments.\n\n## How to get in\n\n" +
			"**Apply until registration closes.** We read every application and tell everyone at the same time. If " +
			"you're accepted, you have three days to confirm your seat.",
	},
	{
		organizer: 1, title: "Lake Night Run", location: "Lakeside Arena, Jyväskylä", zone: "Europe/Helsinki",
		tags: []string{"race"}, capacity: 40, lottery: true, offerHours: 72,
		divisions: []compete.DivisionContent{{Name: "10 km", Capacity: 26}, {Name: "5 km", Capacity: 14}},
		published: 6 * day, deadline: 9 * day, starts: 40 * day, hour: 23, lasts: 3 * time.Hour,
		registered: 55, firstOfCrowd: 5, participants: []int{1, 2},
		description: "Ten kilometres around the lake at midnight, or five to the pier and back, and far more people " +
			"than the path can take.\n\n" +
			"## How to get in\n\n**Apply until registration closes.** Then a public draw decides, " +
			"and anyone can check it. " +
			"If you're drawn, you have three days to accept your seat.",
	},
	{
		organizer: 0, title: "School Science Cup", location: "Experimentarium, Lyon", zone: "Europe/Paris",
		tags: []string{"olympiad", "students", "team"}, capacity: 6, waitlist: true, questions: scienceQuestions,
		team:      &compete.TeamRules{Min: 2, Max: 4, SeatUnit: compete.SeatPerTeam, DropIncomplete: true},
		teamSizes: []int{4, 3, 1, 4}, teamNames: scienceTeams,
		published: 8 * day, deadline: 6 * day, starts: 18 * day, lasts: 6 * time.Hour,
		registered: 25, firstOfCrowd: 45, participants: []int{0, 4},
		description: "Six school teams, five experiments, one cup.\n\n## Teams\n\nTwo to four students of one " +
			"school. **A team takes one seat**, and waits for one as a whole. Teams that are still too small when " +
			"registration closes lose their place.",
	},
}
