package compete

import (
	"fmt"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/normal"
)

// The limits of a draw.
const (
	MaxSourceName  = 200  // characters
	MaxDrawValue   = 500  // characters
	MaxTicketItems = 1000 // in one request, or one transaction
	// MaxTicketList is the most lines of a list that is saved in parts.
	MaxTicketList = 100_000

	// DrawNotice is the least time between the closing of the list and the round that decides, so that everybody can
	// save the list before.
	DrawNotice = draw.Notice
)

// DrawSource names where the randomness of a lottery comes from. The zero value means quicknet.
type DrawSource struct {
	Kind draw.SourceKind
	Name string // of a public value, such as "the lottery numbers of 4 July"
}

// Check reports all invalid fields.
func (s *DrawSource) Check() error {
	var v validation
	switch s.Kind {
	case draw.SourceQuicknet:
		if s.Name != "" {
			v.add("name", "is only for the source NAMED")
		}
	case draw.SourceNamed:
		v.length("name", s.Name, 1, MaxSourceName)
	default:
		v.add("source", "must be QUICKNET or NAMED")
	}
	return v.err()
}

// Draw is the state of a lottery's draw. The list is closed after the deadline: no application is added any more, and
// changes of tickets have no effect. Then it is frozen: its hash and the source of randomness are public. Once the
// source has spoken, everybody gets a place, and the registrar assigns seats in this order.
type Draw struct {
	CompetitionID string
	Source        DrawSource
	ListedSeq     int64 // while the list is being closed: all applications up to this Seq are on it
	Entries       int
	ListHash      string // in hex; empty until FrozenAt
	FrozenAt      *time.Time
	Round         uint64 // of quicknet
	Signature     string // of that round, in hex
	Value         string // what staff entered, with a NAMED source
	DrawnAt       *time.Time
	OrderedAt     *time.Time // when the places were saved
	LastPlace     int        // everybody up to this place has been told
	Seated        int
	Waitlisted    int
	Dropped       int // who had withdrawn
	FinishedAt    *time.Time
}

// source returns the source as its file names it.
func (d *Draw) source() draw.Source {
	return draw.Source{Kind: d.Source.Kind, Name: d.Source.Name, Round: d.Round}
}

func (d *Draw) randomness() draw.Randomness {
	return draw.Randomness{Signature: d.Signature, Value: d.Value}
}

// DrawPage is the draw that is under way and the next of its places, with their registrations.
type DrawPage struct {
	Draw          Draw // with an empty CompetitionID: none is under way
	Places        []DrawPlace
	Registrations []Registration
}

// DrawPlace is a place in drawn order.
type DrawPlace struct {
	Place          int
	RegistrationID string
	Disabled       bool // the person's account is disabled, so a waitlist skips it
}

// DrawEntry is one person's entry on the list.
type DrawEntry struct {
	draw.Entry
	Place int // in drawn order; 0 before the draw
}

// DrawValue returns the form in which the value of a named source decides. Values that read the same are the same, so
// that nobody can choose among them.
func DrawValue(value string) string { return normal.Readable(value) }

// CheckDrawValue reports what is wrong with the value of a named source.
func CheckDrawValue(value string) error {
	var v validation
	v.length("value", DrawValue(value), 1, MaxDrawValue)
	return v.err()
}

// TicketItem gives a person who has applied a number of tickets.
type TicketItem struct {
	Email   string
	Tickets int
}

// TicketHolder is a person who has applied, with their number of tickets.
type TicketHolder struct {
	TicketItem
	Name           string
	RegistrationID string
	Seq            int64
}

// CheckTicketItems reports what is wrong with a list of tickets for one request.
func CheckTicketItems(items []TicketItem) error { return checkTickets(items, MaxTicketItems) }

func checkTickets(items []TicketItem, most int) error {
	var v validation
	if len(items) < 1 || len(items) > most {
		v.addf("items", "must have 1 to %d entries", most)
		return v.err()
	}
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		switch email := NormalizeEmail(item.Email); {
		case !strings.Contains(email, "@") || !clean(email):
			v.add(fmt.Sprintf("items[%d].email", i), "must be an email address")
		case seen[email]:
			v.add(fmt.Sprintf("items[%d].email", i), "is in the list twice")
		default:
			seen[email] = true
		}
		if item.Tickets < 1 || item.Tickets > draw.MaxTickets {
			v.addf(fmt.Sprintf("items[%d].tickets", i), "must be between 1 and %d", draw.MaxTickets)
		}
	}
	return v.err()
}

// DrawTo returns the status that the draw gives to an application, in drawn order. It is empty for whoever no longer
// has one. later reports that a free seat isn't theirs: somebody waits for it, or their account is disabled, so that
// they are skipped as on any waitlist, and keep their place there.
func (c *Competition) DrawTo(r *Registration, later bool) RegistrationStatus {
	switch {
	case r.Follows || r.Status != RegistrationApplied:
		return ""
	case !c.Room(r.DivisionID) || later:
		return RegistrationWaitlisted
	case c.OfferHours == nil:
		return RegistrationPending
	}
	return RegistrationOffered
}

// DrawDue reports whether the list of a lottery is closed and drawn at the given time: nobody can have applied in time
// any more. It isn't while the competition is suspended.
func (c *Competition) DrawDue(now time.Time) bool {
	return c.Drawn() && c.Promotes(now) && !now.Before(c.RegDeadline.Add(ArrivalGrace))
}

// CheckDrawOpen fails if the draw's source and tickets can't be changed (any more): ErrNotDrawn,
// ErrCompetitionCancelled, ErrListFrozen.
func (c *Competition) CheckDrawOpen(now time.Time) error {
	switch {
	case !c.Drawn():
		return ErrNotDrawn
	case c.Status == StatusCancelled:
		return ErrCompetitionCancelled
	case c.FrozenAt != nil, c.Status == StatusPublished && !now.Before(c.RegDeadline):
		return ErrListFrozen
	}
	return nil
}
