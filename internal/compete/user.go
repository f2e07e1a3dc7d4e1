package compete

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/normal"
)

// Role says what an account may do.
type Role string

// The three roles. The first two can be chosen at signup; an admin is made with the command line, or by an admin. They
// build on each other: an organizer may do all that a participant may, and an admin all that an organizer may.
const (
	RoleParticipant Role = "PARTICIPANT"
	RoleOrganizer   Role = "ORGANIZER"
	RoleAdmin       Role = "ADMIN"
)

// Valid reports whether r is one of the three roles.
func (r Role) Valid() bool {
	return r == RoleParticipant || r == RoleOrganizer || r == RoleAdmin
}

// AtLeast reports whether r may do all that the other role may.
func (r Role) AtLeast(other Role) bool { return r.rank() >= other.rank() }

// rank orders the roles; what is no role comes before them all.
func (r Role) rank() int {
	switch r {
	case RoleParticipant:
		return 1
	case RoleOrganizer:
		return 2
	case RoleAdmin:
		return 3
	}
	return 0
}

// User is an account. Its password hash is read by UserStore.PasswordHash alone.
type User struct {
	ID         string
	Email      string
	Name       string
	Role       Role
	DisabledAt *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time

	DisabledReason Reason // of an account that is disabled

	VerifiedAt     *time.Time // when it was shown that Email is the user's
	RemindersOffAt *time.Time // when the user declined reminders

	Zone UserZone
}

// UserZone is the time zone in which a user's messages show times, beside that of the competition.
type UserZone struct {
	Name   string // IANA; empty when it is not known
	Chosen bool   // by the user; else it is that of the browser used last
}

// MayOrganize reports whether competitions of the account's are open to participants: it is an organizer's or an
// admin's, and not disabled.
func (u *User) MayOrganize() bool { return u.DisabledAt == nil && u.Role.AtLeast(RoleOrganizer) }

// Actor is who makes a request. The zero Actor is a visitor who is not logged in.
type Actor struct {
	UserID    string
	Role      Role
	SessionID string // empty for a token made outside

	LoggedInAt time.Time // when the user last showed who they are

	Zone UserZone // of a login of the pages alone; it may be some seconds old
}

// LoggedIn reports whether there is a user behind the request.
func (a Actor) LoggedIn() bool { return a.UserID != "" }

// Session is one login of a user: a cookie of the pages, or a token of the API.
type Session struct {
	ID        string
	UserID    string
	TokenHash string // SHA-256 in hex of a cookie's token; empty for an API token, which proves itself
	CreatedAt time.Time
	ExpiresAt time.Time
	EndedAt   *time.Time

	Device     string    // DeviceName of what logged in; empty when that isn't known
	Network    string    // Client.Network of where it was
	LastUsedAt time.Time // to within a few minutes; that of CreatedAt at first
	API        bool      // a token of the API: it has no TokenHash
}

// SignUp is the input of Accounts.SignUp.
type SignUp struct {
	Name     string
	Email    string
	Password string
	Role     Role
}

// Check names every bad field at once.
func (s SignUp) Check() error { return s.validate() }

// validate is Check, and brings text into the form in which it is stored.
func (s *SignUp) validate() error {
	s.Name, s.Email = normal.Line(s.Name), NormalizeEmail(s.Email)
	var v validation
	v.length("name", s.Name, 1, MaxNameLength)
	v.email(s.Email)
	v.password(s.Password)
	if s.Role != RoleParticipant && s.Role != RoleOrganizer {
		v.add("role", "must be PARTICIPANT or ORGANIZER")
	}
	return v.err()
}

// ProfileChange is the input of Accounts.UpdateProfile; nil leaves a field as it is.
// A new Password needs CurrentPassword.
type ProfileChange struct {
	Name            *string
	Password        *string
	CurrentPassword *string
	Reminders       *bool   // whether to remind of competitions that start soon
	TimeZone        *string // of the times in messages; empty: that of the browser used last
}

// Check names every bad field at once.
func (p ProfileChange) Check() error { return p.validate() }

// validate is Check, and brings text into the form in which it is stored.
func (p *ProfileChange) validate() error {
	var v validation
	if p.Name != nil {
		name := normal.Line(*p.Name)
		p.Name = &name
		v.length("name", name, 1, MaxNameLength)
	}
	if p.Password != nil {
		v.password(*p.Password)
		if p.CurrentPassword == nil || *p.CurrentPassword == "" {
			v.add("currentPassword", "is required to set a new password")
		}
	}
	if p.TimeZone != nil && *p.TimeZone != "" {
		if _, ok := ZoneNamed(*p.TimeZone); !ok {
			v.add("timeZone", "must be an IANA time zone such as Europe/Berlin or UTC")
		}
	}
	return v.err()
}

// Reason is why an account is disabled.
type Reason struct {
	Text  string // for admins; empty when none was given
	Shown bool   // also to the person, at login
}

// UserChange is what an admin may change about an account; nil leaves it as it is. The reason of an account that is
// enabled is dropped.
type UserChange struct {
	Role           *Role
	Disabled       *bool
	DisabledReason *string
	ReasonShown    *bool // the person is told the reason at login
}

// Check names every bad field.
func (c UserChange) Check() error {
	var v validation
	if c.Role != nil && !c.Role.Valid() {
		v.add("role", "must be PARTICIPANT, ORGANIZER or ADMIN")
	}
	if c.DisabledReason != nil {
		v.length("disabledReason", *c.DisabledReason, 0, MaxDisabledReason)
	}
	return v.err()
}

// NormalizeEmail is the form in which an email is stored and compared.
func NormalizeEmail(email string) string {
	return strings.ToLower(normal.Line(email))
}

func (v *validation) email(email string) {
	parsed, err := mail.ParseAddress(email)
	switch {
	case email == "":
		v.add("email", "is required")
	case len(email) > MaxEmailLength:
		v.addf("email", "must be at most %d bytes long", MaxEmailLength)
	case err != nil || parsed.Address != email || !strings.Contains(email[strings.LastIndexByte(email, '@'):], ".") ||
		!clean(email):
		v.add("email", "must be an email address such as ada@example.com")
	}
}

func (v *validation) password(password string) {
	switch {
	case len(password) < MinPasswordLength:
		v.addf("password", "must be at least %d characters long", MinPasswordLength)
	case len(password) > MaxPasswordLength:
		v.addf("password", "must be at most %d bytes long; accented letters and emoji count as several",
			MaxPasswordLength)
	case strings.ContainsRune(password, 0) || !utf8.ValidString(password):
		v.add("password", "must be valid text without NUL characters")
	}
}
