package compete

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/normal"
)

// Role determines what an account may do.
type Role string

// The three roles. The first two can be chosen at signup; admins are created on the command line or by an admin. Each
// role includes the one before: an organizer may do all that a participant may, and an admin all that an organizer may.
const (
	RoleParticipant Role = "PARTICIPANT"
	RoleOrganizer   Role = "ORGANIZER"
	RoleAdmin       Role = "ADMIN"
)

// Valid reports whether r is one of the three roles.
func (r Role) Valid() bool {
	return r == RoleParticipant || r == RoleOrganizer || r == RoleAdmin
}

// AtLeast reports whether r includes the other role.
func (r Role) AtLeast(other Role) bool { return r.rank() >= other.rank() }

// rank orders the roles; invalid roles come first.
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

// User is an account. Its password hash is only read by UserStore.PasswordHash.
type User struct {
	ID         string
	Email      string
	Name       string
	Role       Role
	DisabledAt *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time

	DisabledReason Reason // set if the account is disabled

	VerifiedAt     *time.Time // when Email was verified
	RemindersOffAt *time.Time // when the user turned reminders off

	Zone UserZone

	// when all logins were last ended, as far as was known when the account was read; nil if never
	LoginsEndedAt *time.Time
}

// UserZone is the time zone in which a user's messages show times, in addition to the competition's.
type UserZone struct {
	Name   string // IANA name; empty if unknown
	Chosen bool   // chosen by the user; otherwise from the last browser used
}

// MayOrganize reports whether the account's competitions are open to participants: it belongs to an organizer or admin,
// and isn't disabled.
func (u *User) MayOrganize() bool { return u.DisabledAt == nil && u.Role.AtLeast(RoleOrganizer) }

// Actor is the person making a request. The zero Actor is a visitor who isn't logged in.
type Actor struct {
	UserID    string
	Role      Role
	SessionID string // empty for a token issued externally

	LoggedInAt time.Time // when the user last authenticated

	Zone UserZone // only set for logins on the pages; may be a few seconds old
}

// LoggedIn reports whether the request is by a user.
func (a Actor) LoggedIn() bool { return a.UserID != "" }

// Session is one login of a user: a cookie for the pages or a token for the API.
type Session struct {
	ID        string
	UserID    string
	TokenHash string // SHA-256 in hex of a cookie's token; empty for an API token, which is self-contained
	CreatedAt time.Time
	ExpiresAt time.Time
	EndedAt   *time.Time

	// User.LoginsEndedAt of the account that logged in, for a new session
	LoginsEndedAt *time.Time

	Device     string    // DeviceName at login; empty if unknown
	Network    string    // Client.Network at login
	LastUsedAt time.Time // accurate to a few minutes; initially CreatedAt
	API        bool      // an API token, without a TokenHash
}

// SignUp is the input of Accounts.SignUp.
type SignUp struct {
	Name     string
	Email    string
	Password string
	Role     Role
}

// Check reports every bad field at once.
func (s SignUp) Check() error { return s.validate() }

// validate checks the input and brings text into its stored form.
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

// ProfileChange is the input of Accounts.UpdateProfile; nil leaves a field unchanged. A new Password requires
// CurrentPassword.
type ProfileChange struct {
	Name            *string
	Password        *string
	CurrentPassword *string
	Reminders       *bool   // whether to send reminders of competitions that start soon
	TimeZone        *string // for times in messages; empty means that of the last browser used
}

// Check reports every bad field at once.
func (p ProfileChange) Check() error { return p.validate() }

// validate checks the input and brings text into its stored form.
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
			v.add("timeZone", "must be a time zone such as Europe/Berlin or UTC")
		}
	}
	return v.err()
}

// Reason is the reason an account is disabled.
type Reason struct {
	Text  string // for admins; empty if none was given
	Shown bool   // also shown to the person at login
}

// UserChange holds an admin's changes to an account; nil leaves a field unchanged. Enabling an account drops the
// reason.
type UserChange struct {
	Role           *Role
	Disabled       *bool
	DisabledReason *string
	ReasonShown    *bool // show the reason to the person at login
}

// Check reports every bad field.
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

// at returns the change, made at a moment.
func (c UserChange) at(now time.Time) func(u *User) {
	return func(u *User) {
		if c.Role != nil {
			u.Role = *c.Role
		}
		if c.Disabled != nil {
			switch {
			case !*c.Disabled:
				u.DisabledAt = nil
			case u.DisabledAt == nil:
				u.DisabledAt = &now
			}
		}
		if c.DisabledReason != nil {
			u.DisabledReason.Text = normal.Line(*c.DisabledReason)
		}
		if c.ReasonShown != nil {
			u.DisabledReason.Shown = *c.ReasonShown
		}
		if u.DisabledAt == nil {
			u.DisabledReason = Reason{}
		}
		u.UpdatedAt = now
	}
}

// NormalizeEmail returns the form in which an email is stored and compared.
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
	case utf8.RuneCountInString(password) < MinPasswordLength:
		v.addf("password", "must be at least %d characters long", MinPasswordLength)
	case len(password) > MaxPasswordLength:
		v.addf("password", "must be at most %d bytes long; accented letters and emoji count as several",
			MaxPasswordLength)
	case strings.ContainsRune(password, 0) || !utf8.ValidString(password):
		v.add("password", "must be valid text without NUL characters")
	}
}
