// Package ui holds the components that pages are put together from: the frame, controls, badges,
// cards, tables, times.
//
// It knows how things look and that they are accessible. It knows nothing of the domain, of requests
// or of where the numbers come from: those are given to it as plain values.
package ui

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/web/static"
)

// Site is what every page shows of whose site it is.
type Site struct {
	Name    string
	Logo    string // address of a picture before the name; empty for the program's own mark
	Accent  string // address of a style sheet with the accent colour; empty for the program's own
	Contact string // addresses that the footer links to; empty ones are left out
	Imprint string
	Privacy string
	Terms   string
}

// Page is what the frame of a page needs to know.
type Page struct {
	Site Site
	// Title is shown in the tab, before the product's name.
	Title string
	// Description goes into the page's description and its link previews.
	Description string
	// URL is the absolute address of the page for link previews; empty for pages not meant to be shared.
	URL string
	// Unlisted keeps the page out of search engines although it has a URL.
	Unlisted bool
	// Image is the absolute address of the picture for link previews.
	Image string
	// Section is the navigation entry to mark as current, a Section… constant.
	Section string
	// Theme is "light", "dark" or "" for what the system prefers.
	Theme string
	// Viewer is nil when nobody is logged in.
	Viewer *Viewer
	// Back is where the theme switch and the log-in link lead back to: the path and query of the page.
	Back string
	// Address is what the address bar shows in the place of an address that only takes posts; empty where the page has
	// one.
	Address string
	// Now is the server's time; countdowns go by it.
	Now time.Time
	// Charts loads the chart library.
	Charts bool
	// Questions loads the script and style of questions and their editor.
	Questions bool
	// Applications loads the script for the keys in the inbox of applications.
	Applications bool
	// Passkeys loads the script that asks for passkeys.
	Passkeys bool
	// Flash is a message from the action before, or nil.
	Flash *Notice
	// Error leaves out everything that a page without a database cannot know.
	Error bool
}

// leadingBack is the page to log in or to sign up, and leads back to this page.
func (p Page) leadingBack(path string) string {
	if p.Section == SectionLogin || p.Section == SectionSignup || p.Back == "" || p.Back == "/" {
		return path
	}
	return path + "?" + url.Values{"next": {p.Back}}.Encode()
}

// Navigation entries.
const (
	SectionHome         = "home"
	SectionCompetitions = "competitions"
	SectionDashboard    = "dashboard"
	SectionMailbox      = "mailbox"
	SectionAccount      = "account"
	SectionAdmin        = "admin"
	SectionLogin        = "login"
	SectionSignup       = "signup"
)

// MostCounted is up to which number a count beside a link says how many there are.
const MostCounted = 99

// Viewer is who looks at the page.
type Viewer struct {
	Name   string
	Admin  bool
	Unread int
	// Reports of competitions that wait for an admin, up to one more than MostCounted.
	Reports int
}

// Notice is a message in a coloured frame. Tone is a Tone… constant.
type Notice struct {
	Tone  string
	Text  string
	Saved bool // what a form held is stored now, so that the browser need not keep it
}

// Tones of a Notice.
const (
	ToneGood = "good"
	ToneBad  = "bad"
	ToneWarn = "warn"
	ToneInfo = "info"
)

func (n Notice) icon() string {
	switch n.Tone {
	case ToneGood:
		return "check"
	case ToneBad, ToneWarn:
		return "alert"
	}
	return "info"
}

// State is what a badge shows: a competition's phase, "filling" (a way to show an open one), or a
// registration's status. Each has one colour, one icon and one word, everywhere.
type State string

// All states.
const (
	StateOpen       State = "open"
	StateFilling    State = "filling"
	StateFull       State = "full"
	StateWaitlist   State = "waitlist"
	StateUpcoming   State = "upcoming"
	StateClosed     State = "closed"
	StateCancelled  State = "cancelled"
	StateDraft      State = "draft"
	StatePending    State = "pending"
	StateConfirmed  State = "confirmed"
	StateOffered    State = "offered"
	StateApplied    State = "applied"
	StateWaitlisted State = "waitlisted"
	StateRejected   State = "rejected"
	StateExpired    State = "expired" // a cancelled registration: an offer that was not answered
	StateRemoved    State = "removed" // a cancelled registration: by staff, or by the team's captain
)

// look is a state's appearance: the colour class and icon, and the word beside them.
type look struct{ class, icon, label string }

var looks = map[State]look{
	StateOpen:       {"is-open", "open", "Open"},
	StateFilling:    {"is-filling", "filling", "Filling up"},
	StateFull:       {"is-full", "full", "Full"},
	StateWaitlist:   {"is-waitlist", "waitlist", "Waitlist open"},
	StateUpcoming:   {"is-upcoming", "upcoming", "Opens soon"},
	StateClosed:     {"is-closed", "closed", "Closed"},
	StateCancelled:  {"is-cancelled", "cancelled", "Cancelled"},
	StateDraft:      {"is-draft", "draft", "Draft"},
	StatePending:    {"is-open", "upcoming", "Processing"},
	StateConfirmed:  {"is-open", "open", "Confirmed"},
	StateOffered:    {"is-filling", "upcoming", "Seat offered"},
	StateApplied:    {"is-upcoming", "upcoming", "Applied"},
	StateWaitlisted: {"is-waitlist", "waitlist", "On the waitlist"},
	StateRejected:   {"is-closed", "closed", "Not admitted"},
	StateExpired:    {"is-cancelled", "cancelled", "Offer expired"},
	StateRemoved:    {"is-cancelled", "cancelled", "Removed"},
}

// Ended reports whether it is that of a cancelled registration, for whatever reason.
func (s State) Ended() bool { return s == StateCancelled || s == StateRemoved || s == StateExpired }

// Class is the CSS class that gives an element the state's colour.
func (s State) Class() string { return looks[s].class }

// Icon is the name of the state's icon.
func (s State) Icon() string { return looks[s].icon }

// Label is the state in words.
func (s State) Label() string { return looks[s].label }

// Seats is how full a competition is.
type Seats struct {
	// CompetitionID makes the bar live; empty for one that stands still.
	CompetitionID string
	Capacity      int
	Left          int
	Waitlisted    int
	State         State
	DivisionID    string // for the bar of a division
	Name          string // of the division
	Applies       bool   // people apply, so seats are assigned later
}

// unassigned reports whether there is nothing to measure yet.
func (s Seats) unassigned() bool { return s.Applies && s.taken() == 0 && s.Waitlisted == 0 }

// label is what the bar measures.
func (s Seats) label() string {
	if s.Name != "" {
		return "Seats taken: " + s.Name
	}
	return "Seats taken"
}

func (s Seats) taken() int { return s.Capacity - s.Left }

// line is what is said beside the bar after the number that is left, such as " of 40 seats left".
func (s Seats) line() string {
	return " of " + plural(s.Capacity, "seat", "seats") + " left"
}

// count writes a number with commas between thousands.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural writes a number with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// Count is count for pages that put a number into a sentence of their own.
func Count(n int) string { return count(n) }

// Plural is plural for pages that put a number into a sentence of their own.
func Plural(n int, one, many string) string { return plural(n, one, many) }

// FoundText says how many a search found; more says that these are not all.
func FoundText(n int, more bool, one, many string) string {
	switch {
	case n == 0:
		return "No matches"
	case more:
		return "More than " + plural(n, one, many) + " found"
	}
	return plural(n, one, many) + " found"
}

// imageType is the media type of a picture by its name.
func imageType(address string) string {
	if strings.HasSuffix(address, ".jpg") {
		return "image/jpeg"
	}
	return "image/png"
}

func asset(name string) string { return static.Path(name) }

// Bib writes a number of arrival as it stands on a race bib: four digits at least.
func Bib(n int64) string { return fmt.Sprintf("%04d", n) }

// Labelled puts a label before a text: with a colon, unless it's a sentence or a question of an organizer's.
func Labelled(label, text string) string {
	if label != "" && strings.ContainsAny(label[len(label)-1:], ".?!:") {
		return label + " " + text
	}
	return label + ": " + text
}

// Ordinal writes a place: 1st, 2nd, 3rd, 11th.
func Ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return count(n) + suffix
}
