// Package mail writes and sends the messages that users get. For each compete.MessageKind, it writes a subject and
// plain text for the mailbox, and the text and HTML parts of the email, from the files in templates/. It includes an
// SMTP client.
//
// It owns the wording, the look of emails, the guarantee that nothing typed by an organizer or a participant can add a
// header or a line of its own, and the connections to the mail server. It doesn't decide who gets a message or when, or
// what happens to an undelivered email (package jobs), and stores none.
package mail

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
)

// maxSubject bounds a subject, in bytes: together with "Subject: " it fits on a line of RFC 5322 section 2.1.1 (998
// bytes) even in the worst encoding, which uses three bytes for one.
const maxSubject = 300

// Composer writes messages.
type Composer struct {
	Site      func() brand.Site // the current site, called when an email is written; nil means unbranded
	PublicURL string            // without a trailing slash; where links lead
	Keys      compete.LinkKeys  // create the tokens in the links of emails; Compose and Account need none
	Details   bool              // whether messages are emailed, so that their wording needs Details
}

var _ compete.AccountWording = Composer{}

// Compose writes the message for a target. It fails if its Kind has no template.
func (c Composer) Compose(t compete.Target) (compete.Wording, error) {
	data := content{
		Name:        oneLine(t.Participant.Name),
		Title:       oneLine(t.Competition.Title),
		schedule:    newSchedule(t.Competition.Schedule(), t.TimeZone),
		Position:    t.Registration.Position,
		Applied:     t.Registration.Status == compete.RegistrationApplied,
		Waiting:     t.Registration.Status == compete.RegistrationWaitlisted,
		Competition: c.PublicURL + "/competitions/" + t.Competition.ID,
		Reason:      oneLine(t.Registration.Removal.Reason),
		Blocked:     t.Registration.Removal.Blocked,
		Applies:     t.Competition.TakesApplications(),
		ByCaptain:   t.Registration.Removal.MaybeByCaptain(&t.Competition),
	}
	if d := t.Competition.Division(t.Registration.DivisionID); d != nil {
		data.Division = oneLine(d.Name)
	}
	if t.Kind == compete.MessageConfirmed || t.Kind == compete.MessagePromoted {
		data.Number = number(t.Registration.Seq)
	}
	data.addTeam(&t, c.PublicURL)
	if r := &t.Registration; t.Competition.TakesApplications() && r.PromotedAt == nil {
		first := r.ConfirmBy == nil || r.Status == compete.RegistrationOffered
		data.Decided = first && t.Competition.Reviewed()
		// Who has a seat before the list is frozen was added by staff.
		data.Drawn = first && t.Competition.Drawn() &&
			(t.Competition.FrozenAt != nil || r.Status == compete.RegistrationApplied)
		data.Draw = data.Competition + "/draw"
	}
	if hours := t.Competition.OfferHours; hours != nil {
		data.OfferHours = *hours
	}
	if t.Registration.Status == compete.RegistrationOffered {
		data.AcceptBy = t.Registration.ConfirmBy
		data.Accept, data.Decline = data.Competition+"/accept", data.Competition+"/decline"
	}
	if t.Move != nil {
		before := newSchedule(t.Move.Before, t.TimeZone)
		data.schedule, data.Before = newSchedule(t.Move.After, t.TimeZone), &before
		if t.Move.After.KeepsLonger(t.Move.Before) {
			data.Forgets, before.Forgets = t.Move.After.Forgets, t.Move.Before.Forgets
		}
	}
	return c.word(t.Kind, data, c.Details)
}

// number is an order of arrival as pages show it.
func number(seq int64) string {
	if seq == 0 {
		return ""
	}
	return fmt.Sprintf("%04d", seq)
}

// Others returns who can have a seat that isn't accepted. It may be nobody's turn: perhaps nobody waits, those who wait
// don't fit, or a decision gives the seat.
func (c content) Others() string {
	if c.PerTeam {
		return "another team"
	}
	return "someone else"
}

// Again returns what people can do who gave up their place.
func (c content) Again() string {
	verb := "register"
	if c.Applies {
		verb = "apply"
	}
	return verb + " again while registration is open"
}

// addTeam adds what the message says of the team.
func (c *content) addTeam(t *compete.Target, publicURL string) {
	rules := t.Competition.Team
	if rules == nil {
		return
	}
	c.TeamMin, c.TeamsDropped, c.PerTeam = rules.Min, rules.DropIncomplete, t.Competition.SeatsPerTeam()
	if deadline := t.Competition.RegDeadline; t.Registration.UpdatedAt.Before(deadline) {
		c.Deadline = &t.Competition.RegDeadline
	}
	if t.Registration.TeamID == "" {
		return
	}
	c.Team, c.TeamSize, c.Follows = oneLine(t.Team.Name), t.Team.Size, t.Registration.Follows
	c.TeamPage = publicURL + "/teams/" + t.Registration.TeamID
}

// Account implements compete.AccountWording. An email to an unconfirmed address contains no name. Otherwise, anybody
// could put words of their choice into an email to somebody else.
func (c Composer) Account(kind compete.MessageKind, user compete.User, address string) (compete.Wording, error) {
	data := content{Address: oneLine(address)}
	if !kind.Traits().Anonymous && user.VerifiedAt != nil {
		data.Name = oneLine(user.Name)
	}
	return c.word(kind, data, true)
}

// Undecided implements compete.AccountWording.
func (c Composer) Undecided(organizer compete.User, about *compete.Competition, n int) (compete.Wording, error) {
	data := toOrganizer(organizer, about)
	data.Applications, data.Inbox = n, c.PublicURL+"/competitions/"+about.ID+"/applications"
	if about.Drawn() {
		data.Inbox = c.PublicURL + "/competitions/" + about.ID + "/draw"
	}
	return c.word(compete.MessageUndecided, data, true)
}

// ValueDue implements compete.AccountWording.
func (c Composer) ValueDue(organizer compete.User, about *compete.Competition, source string) (compete.Wording, error) {
	data := toOrganizer(organizer, about)
	data.Draw = c.PublicURL + "/competitions/" + about.ID + "/draw"
	data.Source = oneLine(source)
	return c.word(compete.MessageValueDue, data, true)
}

// toOrganizer returns what is in every message to an organizer. Until they have confirmed their address, it's only kept
// in their mailbox: see compete.Message.
func toOrganizer(organizer compete.User, about *compete.Competition) content {
	return content{Name: oneLine(organizer.Name), Title: oneLine(about.Title)}
}

// Invited implements compete.AccountWording.
func (c Composer) Invited(user compete.User, i compete.TeamInvitation) (compete.Wording, error) {
	data := content{
		Name: oneLine(user.Name), Title: oneLine(i.Competition.Title), Team: oneLine(i.Team.Name),
		Competition: c.PublicURL + "/competitions/" + i.Competition.ID,
	}
	data.Join = data.Competition + "/team?" + url.Values{"join": {string(i.Code)}}.Encode()
	return c.word(compete.MessageTeamInvited, data, true)
}

// Security implements compete.AccountWording.
func (c Composer) Security(user compete.User, e compete.SecurityEvent) (compete.Wording, error) {
	data := content{Event: e.What, Address: oneLine(e.Address), Device: oneLine(e.Device), Network: e.Network}
	if user.VerifiedAt != nil {
		data.Name = oneLine(user.Name)
	}
	return c.word(compete.MessageSecurity, data, true)
}

func (c Composer) word(kind compete.MessageKind, data content, details bool) (compete.Wording, error) {
	t, ok := templates[kind]
	if !ok {
		return compete.Wording{}, fmt.Errorf("no template for messages of kind %q", kind)
	}
	c.addSite(&data)
	data.Mails = c.Details
	subject, err := t.execute("subject", data)
	if err != nil {
		return compete.Wording{}, err
	}
	body, err := t.execute("body", data)
	if err != nil {
		return compete.Wording{}, err
	}
	w := compete.Wording{Subject: shorten(oneLine(subject), maxSubject), Body: body}
	if details {
		if w.Details, err = json.Marshal(data); err != nil {
			return compete.Wording{}, fmt.Errorf("keep what a message is made from: %w", err)
		}
	}
	return w, nil
}

// addSite adds the links that every email may contain.
func (c Composer) addSite(data *content) {
	data.Site, data.Account, data.AllOthers = c.PublicURL, c.PublicURL+"/account", c.PublicURL+"/competitions"
	data.Security, data.Forgot = c.PublicURL+"/account/security", c.PublicURL+"/auth/forgot"
	if c.Site != nil {
		data.Brand = c.Site()
	}
	data.Brand.Name = cmp.Or(data.Brand.Name, brand.DefaultName)
}

// content is the data available to templates. Its texts are single lines. Its JSON is stored until the email is sent.
type content struct {
	schedule              // of the competition
	Name        string    `json:"name,omitempty"`        // of the user; empty when the message names none
	Title       string    `json:"title,omitempty"`       // of the competition
	Division    string    `json:"division,omitempty"`    // that the user registered in; empty without divisions
	Number      string    `json:"number,omitempty"`      // of arrival, of who has a seat
	Team        string    `json:"team,omitempty"`        // name; empty when they are in none
	Before      *schedule `json:"before,omitempty"`      // of the competition, when it was moved
	Position    int       `json:"position,omitempty"`    // on the waitlist, from 1; 0 when it is not known
	Applied     bool      `json:"applied,omitempty"`     // not decided about
	Waiting     bool      `json:"waiting,omitempty"`     // on the waitlist
	Competition string    `json:"competition,omitempty"` // link to its page
	Reason      string    `json:"reason,omitempty"`      // why the organizer removed them; empty when none was given
	Blocked     bool      `json:"blocked,omitempty"`     // they can't register again
	Applies     bool      `json:"applies,omitempty"`     // people apply, and don't register
	ByCaptain   bool      `json:"byCaptain,omitempty"`   // they may have been removed by their team's captain
	OfferHours  int       `json:"offerHours,omitempty"`  // how long a seat is offered; 0: it is given at once
	Decided     bool      `json:"decided,omitempty"`     // by the organizer, about an application
	Drawn       bool      `json:"drawn,omitempty"`       // in a lottery
	Draw        string    `json:"draw,omitempty"`        // where the draw can be checked
	Address     string    `json:"address,omitempty"`     // email that a message about an account is about

	// About a team.
	Join         string     `json:"join,omitempty"`     // link to join it
	TeamPage     string     `json:"teamPage,omitempty"` // link to it
	TeamSize     int        `json:"teamSize,omitempty"` // members
	TeamMin      int        `json:"teamMin,omitempty"`  // the fewest that it must have at the deadline
	TeamsDropped bool       `json:"teamsDropped,omitempty"`
	PerTeam      bool       `json:"perTeam,omitempty"`  // seats are for teams, and the captain answers offers
	Follows      bool       `json:"follows,omitempty"`  // its captain decides for them
	Deadline     *time.Time `json:"deadline,omitempty"` // of registration; nil if it passed before

	// For messages of kind compete.MessageUndecided.
	Applications int    `json:"applications,omitempty"` // that nobody decided about
	Inbox        string `json:"inbox,omitempty"`        // link to the page that lists them, or of the draw

	// For messages of kind compete.MessageValueDue.
	Source string `json:"source,omitempty"`

	// For messages to somebody who is offered a seat.
	AcceptBy *time.Time `json:"acceptBy,omitempty"`
	Accept   string     `json:"accept,omitempty"`  // link to the page that asks whether to accept it
	Decline  string     `json:"decline,omitempty"` // link to the page that asks whether to decline it

	// For messages of kind compete.MessageSecurity.
	Event   compete.SecurityChange `json:"event,omitempty"`
	Device  string                 `json:"device,omitempty"`
	Network string                 `json:"network,omitempty"`

	Site      string     `json:"-"` // link to the first page
	Brand     brand.Site `json:"-"`
	AllOthers string     `json:"-"` // link to the list of competitions
	Account   string     `json:"-"` // link to the page of one's account
	Security  string     `json:"-"` // link to the page of one's second factors
	Forgot    string     `json:"-"` // link to the page that asks for a new password
	Mails     bool       `json:"-"` // messages go out by mail, so that a text may promise one

	// Only for emails.
	Subject     string `json:"-"`
	Link        string `json:"-"` // what the mail is sent for, with its token
	Unsubscribe string `json:"-"` // ends mails of this kind
}

// linkPages maps the purposes of links to the pages that they lead to.
var linkPages = map[compete.LinkPurpose]string{
	compete.LinkVerify: "/auth/confirm",
	compete.LinkChange: "/auth/confirm",
	compete.LinkReset:  "/auth/reset",
}

// Mail creates the email for a stored message. It fails with compete.ErrLinkVoid if its link can no longer be used, and
// also if the details don't fit its wording.
func (c Composer) Mail(o compete.Outgoing, details json.RawMessage, now time.Time) (compete.Mail, error) {
	t, ok := templates[o.Kind]
	if !ok {
		return compete.Mail{}, fmt.Errorf("no template for messages of kind %q", o.Kind)
	}
	var data content
	if err := json.Unmarshal(details, &data); err != nil {
		return compete.Mail{}, fmt.Errorf("read what message %s is made from: %w", o.ID, err)
	}
	c.addSite(&data)
	data.Subject, data.Mails = o.Subject, true
	m := compete.Mail{
		MessageID: o.ID, Kind: o.Kind, To: o.To, ToName: data.Name, Subject: o.Subject,
		Text: o.Body, SentAt: o.SentAt,
	}
	kind := o.Kind.Traits()
	if kind.Link != "" {
		var err error
		if data.Link, err = c.link(o, linkPages[kind.Link], now); err != nil {
			return compete.Mail{}, err
		}
		if m.Text, err = t.execute("body", data); err != nil {
			return compete.Mail{}, err
		}
	}
	if kind.Optional {
		data.Unsubscribe = c.PublicURL + "/unsubscribe?token=" + c.Keys.Unsubscribe(o.UserID)
		m.Unsubscribe = data.Unsubscribe
		m.Text += "Stop reminders: " + data.Unsubscribe + "\n"
	}
	var err error
	m.HTML, err = t.html(data)
	return m, err
}

// link returns the address of the page that uses the message's link.
func (c Composer) link(o compete.Outgoing, page string, now time.Time) (string, error) {
	if o.Link == nil || !now.Before(o.Link.ExpiresAt) {
		return "", compete.ErrLinkVoid
	}
	token, ok := c.Keys.TokenOf(*o.Link)
	if !ok { // perhaps from a process that already has the next JWT_SECRET
		return "", fmt.Errorf("the link in message %s was created with a JWT_SECRET that this process doesn't have: %w",
			o.ID, compete.ErrMailServer)
	}
	return c.PublicURL + page + "?token=" + token, nil
}

// ResetLink returns the address of the page to set a new password, for a token that isn't sent by email.
func ResetLink(publicURL, token string) string {
	return publicURL + linkPages[compete.LinkReset] + "?token=" + token
}
