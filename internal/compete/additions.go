package compete

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// Addition is a person whom staff add to a competition.
type Addition struct {
	Email        string
	Name         string // of a new account; empty means what its address begins with
	Entry        Entry
	OverCapacity bool // if no seat is free, add one for this person
}

// Check reports all invalid fields at once.
func (n Addition) Check() error {
	_, err := n.checked()
	return err
}

func (n Addition) checked() (Addition, error) {
	n.Email, n.Name = NormalizeEmail(n.Email), normal.Line(n.Name)
	var v validation
	v.email(n.Email)
	v.length("name", n.Name, 0, MaxNameLength)
	if n.Name == "" {
		local, _, _ := strings.Cut(n.Email, "@")
		letters := []rune(local) // an address may be longer than a name
		n.Name = string(letters[:min(len(letters), MaxNameLength)])
	}
	return n, joinRefusals(v.err(), n.Entry.Check())
}

// AdmitAdded decides what a person gets whom staff add now with an entry: RegistrationPending or
// RegistrationWaitlisted. waiting reports whether somebody is due a free seat before them. widen reports that Widen has
// to be called first. Unlike people themselves, staff can add people before the opening and after the deadline, until
// the start. Errors: ErrCompetitionCancelled, ErrNotPublished, ErrCompetitionStarted, ErrCompetitionFull,
// ErrDivisionFull, ErrCapacityLimit, and those of CheckEntry; an entry without answers is fine, as the person can
// answer later.
func (c *Competition) AdmitAdded(
	e Entry, now time.Time, waiting, overCapacity bool,
) (status RegistrationStatus, widen bool, err error) {
	switch {
	case c.Status == StatusCancelled:
		return "", false, ErrCompetitionCancelled
	case c.Status == StatusDraft:
		return "", false, ErrNotPublished
	case c.Started(now):
		return "", false, ErrCompetitionStarted
	}
	if e.Answers == nil && e.Taken == "" { // the person answers later
		e.Taken = noAnswers
	}
	if c.NeedsTeam() && e.Team.IsZero() { // nor do they look for a team unless they want to
		e.LookingForTeam = true
	}
	if err := c.CheckEntry(e); err != nil {
		return "", false, err
	}
	switch {
	case c.Room(e.DivisionID) && !waiting:
		return RegistrationPending, false, nil
	case overCapacity:
		total, inDivision := c.widens(e.DivisionID, waiting)
		if total && c.Capacity >= MaxCapacity || inDivision && c.Division(e.DivisionID).Capacity >= MaxCapacity {
			return "", false, ErrCapacityLimit
		}
		return RegistrationPending, true, nil
	case c.Waitlist:
		return RegistrationWaitlisted, false, nil
	}
	return "", false, c.Full(e.DivisionID)
}

// Widen adds a seat for a person whom staff add over the capacity: to the competition and to their division, wherever
// none is free that nobody is due before them.
func (c *Competition) Widen(divisionID string, waiting bool, now time.Time) {
	total, inDivision := c.widens(divisionID, waiting)
	if total {
		c.Capacity++
		c.SeatsLeft++
	}
	c.Divisions = slices.Clone(c.Divisions) // earlier copies of the competition keep theirs
	if inDivision {
		d := c.Division(divisionID)
		d.Capacity++
		d.SeatsLeft++
	}
	c.Version++
	c.UpdatedAt = now
}

// widens reports where Widen adds a seat.
func (c *Competition) widens(divisionID string, waiting bool) (total, inDivision bool) {
	d := c.Division(divisionID)
	return c.SeatsLeft <= 0 || waiting, d != nil && d.SeatsLeft <= d.Waitlisted
}

// Add registers somebody else for a competition that the actor manages. An unknown address gets an account, and a link
// to set its password: by email or, on a site that sends none, from its operator. Errors: Invalid, ErrQuotaUsed,
// ErrPersonDisabled, ErrReauthenticate, and those of Registrar.Add, worded for staff.
func (s *Registrations) Add(
	ctx context.Context, a Actor, competitionID string, n Addition, idempotency Idempotency,
) (RegistrationOutcome, error) {
	c, err := s.config.Competitions.changeable(ctx, a, competitionID)
	if err != nil {
		return RegistrationOutcome{}, err
	}
	if n, err = n.checked(); err != nil {
		return RegistrationOutcome{}, err
	}
	outcome, replayed, err := withIdempotency(ctx, s.config.Replays, s.config.now(), a, idempotency,
		func() (keyedResult[RegistrationOutcome], error) {
			o, err := s.add(ctx, a, c.ID, n, idempotency)
			return keyedResult[RegistrationOutcome]{outcome: o, replayed: o.Replayed, record: o.Record}, err
		})
	outcome.Replayed = replayed
	return outcome, forStaff(err)
}

func (s *Registrations) add(
	ctx context.Context, a Actor, competitionID string, n Addition, idempotency Idempotency,
) (RegistrationOutcome, error) {
	if err := s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Additions); err != nil {
		return RegistrationOutcome{}, err
	}
	o, err := s.addPerson(ctx, a, competitionID, n, idempotency)
	if errors.Is(err, ErrEmailTaken) { // they signed up just now
		o, err = s.addPerson(ctx, a, competitionID, n, idempotency)
	}
	return o, err
}

// addPerson registers the person with the address. If nobody has it, it creates an account with the registration, which
// fails with ErrEmailTaken if somebody has it by then.
func (s *Registrations) addPerson(
	ctx context.Context, a Actor, competitionID string, n Addition, idempotency Idempotency,
) (RegistrationOutcome, error) {
	command := AddCommand{
		Actor: a, CompetitionID: competitionID, Entry: n.Entry, OverCapacity: n.OverCapacity, Idempotency: idempotency,
	}
	person, err := s.config.Accounts.find(ctx, n.Email)
	if errors.Is(err, ErrUserMissing) {
		person, err = s.config.Accounts.newFor(n.Email, n.Name), nil
		command.Account = &person
	}
	switch {
	case err != nil:
		return RegistrationOutcome{}, err
	case person.DisabledAt != nil:
		return RegistrationOutcome{}, ErrPersonDisabled
	}
	command.Person = Actor{UserID: person.ID, Role: person.Role}
	o, err := s.config.Registrar.Add(ctx, command)
	if err == nil {
		s.config.Accounts.welcome(ctx, person)
	}
	return o, err
}

// overCapacity tells staff what they can do where no seat is free.
const overCapacity = "You can go over the capacity, which adds a seat for this person."

// forStaff words a refusal for those who add somebody else.
func forStaff(err error) error {
	if err == nil {
		return nil
	}
	e := AsError(err)
	detail, ok := map[string]string{
		ErrAlreadyRegistered.Code:  "This person is already registered, or has applied.",
		ErrBlocked.Code:            "This person was removed and blocked. Let them register again first.",
		ErrOwnCompetition.Code:     "The organizer can't enter their own competition.",
		ErrCompetitionStarted.Code: "The competition has started, so nobody can be added.",
		ErrCompetitionFull.Code:    "All seats are taken, and this competition has no waitlist. " + overCapacity,
		ErrDivisionFull.Code: "All seats of this division are taken, and this competition has no waitlist. " +
			overCapacity,
	}[e.Code]
	if !ok {
		return err
	}
	worded := *e
	worded.Detail = detail
	return &worded
}

// find returns the account with an address. It fails with ErrUserMissing.
func (s *Accounts) find(ctx context.Context, email string) (User, error) {
	user, _, err := s.config.Users.UserByEmail(ctx, email)
	return user, err
}

// newFor returns an account, to be created, for somebody who didn't ask for one. It has no password until its owner
// sets one.
func (s *Accounts) newFor(email, name string) User {
	now := s.config.now()
	return User{
		ID: s.config.NewID(), Email: email, Name: name, Role: RoleParticipant, CreatedAt: now, UpdatedAt: now,
	}
}

// noPassword is the hash of an account that has no password yet.
const noPassword = ""

// welcome sends a link to an address that nobody has confirmed, to set a password with. The person has a place either
// way: they can request another link.
func (s *Accounts) welcome(ctx context.Context, user User) {
	if user.VerifiedAt != nil || !s.config.Mailing {
		return
	}
	if err := s.requestLink(ctx, LinkVerify, user.ID, user.Email); err != nil && !errors.Is(err, ErrLinkTooSoon) {
		s.config.Log.WarnContext(ctx, "could not request the email with which somebody added sets a password", "user",
			user.ID, "error", err)
	}
}
