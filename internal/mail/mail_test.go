package mail

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
)

// competitionKinds are about a registration.
var competitionKinds = slices.DeleteFunc(compete.MessageKinds(), compete.MessageKind.AboutAccount)

func target(kind compete.MessageKind) compete.Target {
	start := time.Date(2030, 5, 4, 11, 30, 0, 0, time.FixedZone("", 5*60*60))
	t := compete.Target{
		Notice:       compete.Notice{Kind: kind},
		Registration: compete.Registration{Position: 2003},
		Participant:  compete.Participant{Name: "Ada Lovelace", Email: "ada@example.com"},
		Competition: compete.Competition{
			ID: "0190c0de-0000-7000-8000-000000000001",
			CompetitionContent: compete.CompetitionContent{
				Title: "Spring Olympiad", Location: "Hall 4", StartDate: &start,
			},
		},
	}
	if kind == compete.MessageOffered || kind == compete.MessageOfferReminder {
		until := start.Add(-48 * time.Hour)
		t.Registration.Status, t.Registration.ConfirmBy = compete.RegistrationOffered, &until
	}
	if slices.Contains([]compete.MessageKind{
		compete.MessageTeamTooSmall, compete.MessageIncompleteTeam, compete.MessageTeamCaptain, compete.MessageTeamLeft,
	}, kind) {
		t.Competition.Team = &compete.TeamRules{Min: 2, Max: 3, DropIncomplete: true}
		t.Competition.RegDeadline = start.AddDate(0, 0, -3)
		if kind != compete.MessageTeamLeft {
			t.Registration.TeamID, t.Team = "red", compete.TargetTeam{Name: "Red", Size: 1}
		}
	}
	if kind == compete.MessageChanged {
		before := start.AddDate(0, 0, -1)
		t.Move = &compete.Move{
			Before: compete.Schedule{Start: &before, Location: "Hall 3"},
			After:  t.Competition.Schedule(),
		}
	}
	return t
}

var composer = Composer{PublicURL: "https://compete.example.com"}

func compose(t *testing.T, target compete.Target) (subject, body string) {
	t.Helper()
	w, err := composer.Compose(target)
	if err != nil {
		t.Fatalf("Compose(%s): %v", target.Kind, err)
	}
	return w.Subject, w.Body
}

// mailOf returns the email about a target.
func mailOf(t *testing.T, target compete.Target) compete.Mail {
	t.Helper()
	w, err := sender.Compose(target)
	if err != nil {
		t.Fatal(err)
	}
	return mailWith(t, target.Kind, w)
}

// mailWith returns the email of a message with a wording.
func mailWith(t *testing.T, kind compete.MessageKind, w compete.Wording) compete.Mail {
	t.Helper()
	m, err := sender.Mail(compete.Outgoing{
		Message: compete.Message{ID: "m", UserID: "u", Kind: kind, Subject: w.Subject, Body: w.Body},
	}, w.Details, noon)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryKindSaysWhatHappenedAndWhatToDoNext(t *testing.T) {
	says := map[compete.MessageKind][]string{
		compete.MessageConfirmed:    {"is confirmed", "Saturday, 4 May 2030 at 06:30 UTC", "Hall 4"},
		compete.MessageWaitlisted:   {"waitlist", "number 2,003 in line", "Saturday, 4 May 2030 at 06:30 UTC"},
		compete.MessagePromoted:     {"opened up", "is confirmed", "Saturday, 4 May 2030 at 06:30 UTC"},
		compete.MessageCancelled:    {"is cancelled", "register again"},
		compete.MessageWithdrawn:    {`You withdrew your application for "Spring Olympiad".`},
		compete.MessageLeftWaitlist: {`You left the waitlist of "Spring Olympiad"`, "a new place in line"},
		compete.MessageRemoved:      {"organizer of", "removed you", "register again"},
		compete.MessageCompetitionCancelled: {
			"has been cancelled, and with it your registration",
			"Saturday, 4 May 2030 at 06:30 UTC", composer.PublicURL + "/competitions\n",
		},
		compete.MessageReminder: {"starts soon", "Saturday, 4 May 2030 at 06:30 UTC", "Hall 4"},
		compete.MessageOffered: {
			"opened up", "Accept it by Thursday, 2 May 2030 at 06:30 UTC.", "/accept\n", "/decline\n", "Hall 4",
			"If you don't, someone else can have it.", "Decline, so that someone else can have it",
		},
		compete.MessageOfferReminder: {
			"haven't answered yet", "Accept it by Thursday, 2 May 2030 at 06:30 UTC, or someone else can have it.",
			"Decline, so that someone else can have it", "/accept\n", "/decline\n",
		},
		compete.MessageTeamTooSmall: {
			`Your team "Red" for "Spring Olympiad" has 1 member and needs at least 2.`, "Wednesday, 1 May 2030",
			"will be cancelled", "/teams/red\n",
		},
		compete.MessageTeamCaptain: {`the captain of "Red"`, "You decide who is in the team", "/teams/red\n"},
		compete.MessageTeamLeft: {
			`in your team for "Spring Olympiad": it's full, or its captain or the organizer took you out.`,
			"You keep your registration, but you need a team of at least 2 members by " +
				"Wednesday, 1 May 2030 at 06:30 UTC.",
		},
		compete.MessageIncompleteTeam: {"needed at least 2 members", "was cancelled"},
		compete.MessageOfferExpired: {
			"didn't accept your seat", "in time, so someone else can have it.", "register again",
		},
		compete.MessageOfferDeclined: {
			"You declined the seat", ", so someone else can have it.", "register again",
		},
		compete.MessageApplied: {
			"has been received", "The organizer decides", "Saturday, 4 May 2030 at 06:30 UTC",
		},
		compete.MessageRejected: {"Thank you for applying", "couldn't give you a seat"},
		compete.MessageChanged: {
			"Start: Friday, 3 May 2030 at 06:30 UTC → Saturday, 4 May 2030 at 06:30 UTC\n",
			"Location: Hall 3 → Hall 4\n", "You keep your seat",
		},
	}
	for _, kind := range competitionKinds {
		subject, body := compose(t, target(kind))
		if !strings.HasSuffix(subject, "Spring Olympiad") {
			t.Errorf("%s: subject %q doesn't end with the title", kind, subject)
		}
		link := composer.PublicURL + "/competitions/0190c0de-0000-7000-8000-000000000001"
		if kind == compete.MessageOffered || kind == compete.MessageOfferReminder {
			link += "/accept"
		}
		wanted := append([]string{"Hello Ada Lovelace,", link + "\n"}, says[kind]...)
		for _, want := range wanted {
			if !strings.Contains(body, want) {
				t.Errorf("%s: body lacks %q:\n%s", kind, want, body)
			}
		}
	}
}

// Who waits is told how long a seat will be offered, and who is offered one keeps that offer through a move.
func TestOffersInOtherMessages(t *testing.T) {
	waits := target(compete.MessageWaitlisted)
	hours := 48
	waits.Competition.OfferHours = &hours
	if _, body := compose(t, waits); !strings.Contains(body, "the next in line has 48 hours to accept it") {
		t.Errorf("who waits isn't told how long an offer lasts:\n%s", body)
	}
	waits.Registration.DivisionID = "short"
	waits.Competition.Divisions = []compete.Division{
		{DivisionContent: compete.DivisionContent{ID: "short", Name: "Short"}},
	}
	if _, body := compose(t, waits); !strings.Contains(body, "the next in line who fits has 48 hours to accept it") {
		t.Errorf("who waits in a division isn't told that a seat has to fit:\n%s", body)
	}
	moved, until := target(compete.MessageChanged), time.Date(2030, 5, 2, 6, 30, 0, 0, time.UTC)
	moved.Registration.Status, moved.Registration.ConfirmBy = compete.RegistrationOffered, &until
	_, body := compose(t, moved)
	if !strings.Contains(body, "still offered to you, until Thursday, 2 May 2030 at 06:30 UTC.") ||
		strings.Contains(body, "keep your seat") {
		t.Errorf("who is offered a seat isn't told so:\n%s", body)
	}
}

// Where seats are for teams, the captain answered for the others, who haven't declined or missed anything.
func TestOffersOfTeams(t *testing.T) {
	for kind, says := range map[compete.MessageKind]string{
		compete.MessageOfferDeclined: `Your team's seat for "Spring Olympiad" was declined, so another team can have it.`,
		compete.MessageOfferExpired: `Your team's seat for "Spring Olympiad" wasn't accepted in time, so another team ` +
			"can have it.",
	} {
		of := target(kind)
		of.Competition.Team = &compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerTeam}
		if _, body := compose(t, of); !strings.Contains(body, says) || strings.Contains(body, "You d") {
			t.Errorf("%s: body lacks %q:\n%s", kind, says, body)
		}
	}
}

// A seat for a team isn't one person's, and its captain answers for the others.
func TestSeatsOfTeams(t *testing.T) {
	offer := []string{"your team", "another team can have it"}
	for _, test := range []struct {
		kind    compete.MessageKind
		follows bool
		says    []string
	}{
		{compete.MessageOffered, false, append(offer, "your team is next", "Accept it by")},
		{compete.MessageOffered, true, []string{"your team is next", "Your captain can accept it"}},
		{compete.MessageOfferReminder, false, offer},
		{compete.MessagePromoted, true, []string{"your team was next", "leave your team"}},
		{compete.MessageConfirmed, true, []string{"Your team has a seat", "leave your team"}},
	} {
		of := target(test.kind)
		of.Competition.Team = &compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerTeam}
		of.Registration.TeamID, of.Team, of.Registration.Follows = "red", compete.TargetTeam{Name: "Red"}, test.follows
		_, body := compose(t, of)
		for _, want := range test.says {
			if !strings.Contains(body, want) {
				t.Errorf("%s: body lacks %q:\n%s", test.kind, want, body)
			}
		}
		for _, never := range []string{"next person", "you're next", "you were next", "You have a seat", "your seat"} {
			if strings.Contains(body, never) {
				t.Errorf("%s: body has %q:\n%s", test.kind, never, body)
			}
		}
	}
}

func TestMessagesNameTheDivision(t *testing.T) {
	confirmed := target(compete.MessageConfirmed)
	confirmed.Competition.Divisions = []compete.Division{
		{DivisionContent: compete.DivisionContent{ID: "half", Name: "Half marathon"}},
	}
	confirmed.Registration.DivisionID, confirmed.Registration.Seq = "half", 3
	if _, body := compose(t, confirmed); !strings.Contains(body, "Your number: 0003\nDivision: Half marathon\n") {
		t.Errorf("the message says:\n%s", body)
	}
}

// Whoever was decided about is told so, rather than of a seat that came free.
func TestDecisionsInMessages(t *testing.T) {
	until := time.Date(2030, 5, 2, 6, 30, 0, 0, time.UTC)
	for kind, want := range map[compete.MessageKind][2]string{
		compete.MessageConfirmed:  {"was accepted. You have a seat.", "is confirmed"},
		compete.MessageWaitlisted: {"or the organizer admits you, you'll find a message here.", "automatically"},
		compete.MessageOffered:    {"was accepted. A seat is reserved for you.", "opened up"},
	} {
		decided := target(kind)
		decided.Competition.Admission = compete.AdmissionReview
		if kind == compete.MessageOffered {
			decided.Registration.Status, decided.Registration.ConfirmBy = compete.RegistrationOffered, &until
		}
		if _, body := compose(t, decided); !strings.Contains(body, want[0]) || strings.Contains(body, want[1]) {
			t.Errorf("%s lacks %q, or has %q:\n%s", kind, want[0], want[1], body)
		}
		decided.Registration.PromotedAt = &until // moved up the waitlist since
		if _, body := compose(t, decided); strings.Contains(body, want[0]) {
			t.Errorf("%s has %q although a seat came free:\n%s", kind, want[0], body)
		}
	}
}

// Whoever was drawn is told so, and where the draw can be checked.
func TestDrawInMessages(t *testing.T) {
	until := time.Date(2030, 5, 2, 6, 30, 0, 0, time.UTC)
	for kind, want := range map[compete.MessageKind]string{
		compete.MessageApplied:    "A public draw decides",
		compete.MessageConfirmed:  "in the draw.",
		compete.MessageWaitlisted: "has happened. You're on the waitlist",
		compete.MessageOffered:    "You were drawn for a seat",
	} {
		drawn := target(kind)
		drawn.Competition.Admission, drawn.Competition.FrozenAt = compete.AdmissionLottery, &until
		if kind == compete.MessageOffered {
			drawn.Registration.Status, drawn.Registration.ConfirmBy = compete.RegistrationOffered, &until
		}
		if _, body := compose(t, drawn); !strings.Contains(body, want) || strings.Contains(body, "organizer") {
			t.Errorf("%s lacks %q, or speaks of the organizer:\n%s", kind, want, body)
		}
		drawn.Registration.PromotedAt = &until // moved up the waitlist since
		if _, body := compose(t, drawn); kind != compete.MessageApplied && strings.Contains(body, want) {
			t.Errorf("%s has %q although a seat came free:\n%s", kind, want, body)
		}
	}
}

func TestNoTeamYet(t *testing.T) {
	alone := target(compete.MessageTeamTooSmall)
	alone.Registration.TeamID, alone.Team = "", compete.TargetTeam{}
	subject, body := compose(t, alone)
	if !strings.HasPrefix(subject, "You're not in a team yet") ||
		!strings.Contains(body, "at least 2 members, and you're not in one. Registration closes on Wednesday, 1 May") ||
		!strings.Contains(body, "your registration will be cancelled") || strings.Contains(body, "Your team") {
		t.Errorf("the message to somebody without a team says: %s\n%s", subject, body)
	}
}

// Who applied can apply again, not register, unless they were rejected.
func TestApplyingAgain(t *testing.T) {
	withdrawn := target(compete.MessageWithdrawn)
	withdrawn.Competition.Admission = compete.AdmissionReview
	for blocked, says := range map[bool]string{false: "You can apply again while", true: "so you can't apply again."} {
		withdrawn.Registration.Removal.Blocked = blocked
		if _, body := compose(t, withdrawn); !strings.Contains(body, says) || strings.Contains(body, "register") {
			t.Errorf("blocked: %v: the message says:\n%s", blocked, body)
		}
	}
}

func TestRemovalGivesItsReason(t *testing.T) {
	removed := target(compete.MessageRemoved)
	removed.Registration.Removal = compete.Removal{Reason: "Registered\ntwice.", Note: "Between us.", Blocked: true}
	_, body := compose(t, removed)
	if !strings.Contains(body, "Reason: Registered twice.\n") ||
		!strings.Contains(body, "can't register for this competition again") || strings.Contains(body, "Between us") {
		t.Errorf("the message says:\n%s", body)
	}
}

func TestRemovalFromATeam(t *testing.T) {
	removed := target(compete.MessageRemoved)
	removed.Competition.Team = &compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerTeam}
	subject, body := compose(t, removed)
	if !strings.HasPrefix(subject, "You were removed from ") ||
		!strings.Contains(body, "Your team's captain or the organizer") {
		t.Errorf("the message about a removal from a team says: %s\n%s", subject, body)
	}
	removed.Registration.Removal.Reason = "Registered twice."
	if subject, _ = compose(t, removed); !strings.HasPrefix(subject, "The organizer removed you from ") {
		t.Errorf("the subject about a removal with a reason is %s", subject)
	}
}

func TestWhatACompetitionLacksLeavesNoGap(t *testing.T) {
	for _, kind := range competitionKinds {
		bare := target(kind)
		bare.Competition.StartDate, bare.Competition.Location, bare.Registration.Position = nil, "", 0
		bare.Competition.RegDeadline = time.Time{}
		if bare.Move != nil {
			bare.Move.Before.Start, bare.Move.After = nil, bare.Competition.Schedule()
		}
		if bare.Registration.ConfirmBy != nil { // the one time that the message tells then
			bare.TimeZone, bare.Competition.TimeZone = "Asia/Tokyo", "Asia/Tokyo"
		}
		_, body := compose(t, bare)
		for _, unwanted := range []string{"\n\n\n", "<nil>", "Where:", "UTC", "number"} {
			if strings.Contains(body, unwanted) {
				t.Errorf("%s: body holds %q:\n%s", kind, unwanted, body)
			}
		}
	}
}

// berlin is a competition that starts in the hour that comes twice there, and ends in winter time.
func berlin(kind compete.MessageKind) compete.Target {
	t := target(kind)
	start, end := time.Date(2030, 10, 27, 0, 30, 0, 0, time.UTC), time.Date(2030, 10, 27, 11, 0, 0, 0, time.UTC)
	t.Competition.StartDate, t.Competition.EndDate, t.Competition.TimeZone = &start, &end, "Europe/Berlin"
	return t
}

func TestTimesAreThoseOfTheVenue(t *testing.T) {
	for _, kind := range competitionKinds {
		there := berlin(kind)
		wanted := []string{
			"Sunday, 27 October 2030 at 02:30 CEST (Europe/Berlin)",
			"Sunday, 27 October 2030 at 12:00 CET (Europe/Berlin)",
		}
		if kind == compete.MessageChanged {
			there.Move = &compete.Move{Before: compete.Schedule{TimeZone: "UTC"}, After: there.Competition.Schedule()}
		}
		m := mailOf(t, there)
		for _, want := range wanted {
			if !strings.Contains(m.HTML, want) {
				t.Errorf("%s: the HTML lacks %q", kind, want)
			}
			over := slices.Contains([]compete.MessageKind{
				compete.MessageCancelled, compete.MessageWithdrawn, compete.MessageLeftWaitlist,
				compete.MessageRemoved, compete.MessageOfferExpired, compete.MessageOfferDeclined,
				compete.MessageRejected, compete.MessageIncompleteTeam,
			}, kind)
			started := kind == compete.MessageCompetitionCancelled && want == wanted[1]
			if !over && !started && !strings.Contains(m.Text, want) {
				t.Errorf("%s: the text lacks %q:\n%s", kind, want, m.Text)
			}
		}
	}
}

// A reader elsewhere gets the own time beside each one of the venue, in both parts.
func TestTimesAreAlsoThoseOfTheReader(t *testing.T) {
	for _, kind := range competitionKinds {
		there := berlin(kind)
		there.TimeZone = "Asia/Tokyo"
		if kind == compete.MessageChanged {
			before := compete.Schedule{Start: there.Competition.EndDate, TimeZone: "Europe/Berlin"}
			there.Move = &compete.Move{Before: before, After: there.Competition.Schedule()}
		}
		m := mailOf(t, there)
		for _, text := range []string{m.Text, m.HTML} {
			for _, found := range localtime.Sentences(text) {
				if found.Own == found.End {
					t.Errorf("%s: the reader's own time is missing after %q", kind, text[:found.End])
				}
			}
		}
		if !strings.Contains(m.HTML, "at 02:30 CEST (Europe/Berlin), which is 09:30 JST for you") {
			t.Errorf("%s: the HTML is\n%s", kind, m.HTML)
		}
	}
}

// The details of a mail that waited through an upgrade have no zone.
func TestDetailsWithoutAZoneAreInUTC(t *testing.T) {
	o := compete.Outgoing{Message: compete.Message{ID: "m", Kind: compete.MessageConfirmed}}
	m, err := sender.Mail(o, []byte(`{"title":"Cup","starts":"2030-05-04T06:30:00Z","location":"Hall 4"}`), noon)
	if err != nil || !strings.Contains(m.HTML, "Saturday, 4 May 2030 at 06:30 UTC") ||
		!strings.Contains(m.HTML, "Hall 4") {
		t.Errorf("%v:\n%s", err, m.HTML)
	}
}

func TestAMoveTellsOnlyWhatChanged(t *testing.T) {
	moved := target(compete.MessageChanged)
	moved.Registration.Status = compete.RegistrationWaitlisted
	moved.Move.Before.Start = moved.Move.After.Start
	subject, body := compose(t, moved)
	if want := "Location changed: Spring Olympiad"; subject != want {
		t.Errorf("subject is %q, want %q", subject, want)
	}
	if strings.Contains(body, "Start:") || !strings.Contains(body, "You keep your place on the waitlist") {
		t.Errorf("body is\n%s", body)
	}
	moved.Registration.Status = compete.RegistrationApplied
	if _, body = compose(t, moved); strings.Contains(body, "seat") || !strings.Contains(body, "you can withdraw it:") {
		t.Errorf("to somebody who applied, it says\n%s", body)
	}
	moved.Registration.Status = compete.RegistrationWaitlisted
	end := moved.Move.After.Start.Add(time.Hour)
	moved.Move.After.Location, moved.Move.After.End = "Hall 3", &end
	if subject, body = compose(t, moved); subject != "Time changed: Spring Olympiad" ||
		!strings.Contains(body, "End: not set → Saturday, 4 May 2030 at 07:30 UTC\n") ||
		strings.Contains(body, "sensitive") {
		t.Errorf("%s\n%s", subject, body)
	}
	earlier, later := end.AddDate(0, 0, 30), end.AddDate(0, 0, 40)
	moved.Move.Before = moved.Move.After
	moved.Move.Before.Forgets, moved.Move.After.Forgets = &earlier, &later
	if subject, body = compose(t, moved); subject != "Answer deletion date changed: Spring Olympiad" ||
		!strings.Contains(body, "Your sensitive answers are deleted: Monday, 3 June 2030 at 07:30 UTC → "+
			"Thursday, 13 June 2030 at 07:30 UTC\n") {
		t.Errorf("%s\n%s", subject, body)
	}
}

func TestWithoutMailNoMessagePromisesOne(t *testing.T) {
	promise := regexp.MustCompile(`(?i)\b(we('ll)? email|we emailed|(our|that) emails?|spam)\b`)
	for _, kind := range compete.MessageKinds() {
		local, err := composer.Account(kind, compete.User{ID: "u", Name: "Ada"}, "new@example.com")
		if !kind.AboutAccount() {
			local, err = composer.Compose(target(kind))
		}
		if err != nil {
			t.Fatal(err)
		}
		if found := promise.FindString(local.Body); found != "" {
			t.Errorf("%s promises a mail (%q):\n%s", kind, found, local.Body)
		}
	}
}

func TestNothingTypedAddsALineOrAHeader(t *testing.T) {
	for _, kind := range competitionKinds {
		_, honest := compose(t, target(kind))
		hostile := target(kind)
		hostile.Competition.Title = "Spring\r\nBcc: all@example.com\u2028Olympiad\x00"
		hostile.Competition.Location = "Hall\n\nHello Eve,"
		hostile.Participant.Name = "Ada\r\n\tLovelace\u202e\xff"
		if hostile.Move != nil {
			hostile.Move.Before.Location, hostile.Move.After.Location = "Hall 3\r\nStart: now",
				hostile.Competition.Location
		}
		subject, body := compose(t, hostile)
		if strings.ContainsAny(subject, "\r\n\x00\u2028\u202e") {
			t.Errorf("%s: subject %q has more than one line", kind, subject)
		}
		if got, want := strings.Count(body, "\n"), strings.Count(honest, "\n"); got != want {
			t.Errorf("%s: %d lines, want %d as without line breaks in the fields:\n%s", kind, got, want, body)
		}
		if strings.ContainsAny(body, "\r\x00\u2028\u202e") {
			t.Errorf("%s: control characters reach the body: %q", kind, body)
		}
	}
}

func TestLongTitlesAreCutBetweenCharacters(t *testing.T) {
	long := target(compete.MessageConfirmed)
	long.Competition.Title = strings.Repeat("競", compete.MaxTitleLength)
	subject, body := compose(t, long)
	if len(subject) > maxSubject || !strings.HasSuffix(subject, "競…") {
		t.Errorf("subject has %d bytes and ends %q, want at most %d and a cut title", len(subject),
			subject[len(subject)-6:], maxSubject)
	}
	if !strings.Contains(body, long.Competition.Title) {
		t.Error("the body lacks the whole title")
	}
}

func TestAnUnknownKindFails(t *testing.T) {
	if _, err := composer.Compose(target("birthday")); err == nil {
		t.Error("Compose of an unknown kind gave no error")
	}
}

func TestEveryTemplateFileIsUsed(t *testing.T) {
	for _, sort := range []string{"txt", "html"} {
		found, err := fs.Glob(files, "templates/*."+sort)
		if err != nil || len(found) != len(templates)+1 || len(templates) != len(compete.MessageKinds()) {
			t.Errorf("%d files .%s (%v) for %d kinds, want one each and the shared one", len(found), sort,
				err, len(templates))
		}
	}
}

// Where people can be alone, or once registration has closed, who was taken out of a team isn't told to find one in
// time.
func TestTakenOutWithoutNeedingATeamInTime(t *testing.T) {
	left := target(compete.MessageTeamLeft)
	left.Competition.Team = &compete.TeamRules{Min: 1, Max: 3}
	if _, body := compose(t, left); !strings.Contains(body, "You keep your registration.\n") {
		t.Errorf("the message is %q", body)
	}
	late := target(compete.MessageTeamLeft)
	late.Registration.UpdatedAt = late.Competition.RegDeadline.Add(time.Hour)
	if _, body := compose(t, late); !strings.Contains(body, "You keep your registration.\n") {
		t.Errorf("after the deadline, the message is %q", body)
	}
}
