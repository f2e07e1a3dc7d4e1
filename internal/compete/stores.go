package compete

import (
	"context"
	"time"
)

// Every store method returns ErrDatabase when the database is away, beside the errors it names. Times come from the
// caller's clock.

// UserStore keeps accounts.
type UserStore interface {
	// CreateUser fails with ErrEmailTaken.
	CreateUser(ctx context.Context, u User, passwordHash string) error
	// User fails with ErrUserMissing.
	User(ctx context.Context, id string) (User, error)
	// UserByEmail finds by normalized email, with the password hash. It fails with ErrUserMissing.
	UserByEmail(ctx context.Context, email string) (User, string, error)
	// PasswordHash fails with ErrUserMissing.
	PasswordHash(ctx context.Context, id string) (string, error)
	// UpdateProfile writes what the user changes about the own account, in one transaction: all of it or nothing. A new
	// password also ends the user's other sessions, and tokens without a session that were issued before now. It fails
	// with ErrUserMissing.
	UpdateProfile(ctx context.Context, id string, u ProfileUpdate, now time.Time) error
	// FollowTimeZone writes the zone of the browser that the user has used last, unless the user chose one.
	FollowTimeZone(ctx context.Context, id, zone string) error
	// UpdateUser writes role, disabled_at and the reason; a changed role or a disabled account also ends the user's
	// sessions and older tokens. In the same transaction it enqueues a SettleJob for each published competition whose
	// phase, or whose promotions, the change may bring about: those that the user organizes, and those that the user
	// waits for. It fails with ErrUserMissing.
	UpdateUser(ctx context.Context, u User) error
	// UpgradeHash replaces a hash by another of the same password, unless it was replaced meanwhile. No login ends.
	UpgradeHash(ctx context.Context, userID, before, after string) error
	// Users lists those with every word of search in name or email, newest first. A page may be short, as in
	// RegistrationsOfCompetition.
	Users(ctx context.Context, search string, cursor Cursor, limit int) (Page[User], error)
}

// ProfileUpdate is what UserStore.UpdateProfile writes; nil leaves it as it is.
type ProfileUpdate struct {
	Name      *string
	Reminders *bool
	TimeZone  *string // empty: none is chosen any more
	Password  *NewPassword
}

// NewPassword is a password to be set.
type NewPassword struct {
	Hash          string
	KeepSessionID string  // the session that doesn't end; empty: none
	Notice        Message // to the user about it; without an ID: none
}

// SessionStore keeps logins, for package auth.
type SessionStore interface {
	CreateSession(ctx context.Context, s Session) error
	// SessionByTokenHash finds a session of the pages that has neither ended nor expired, and its user. It fails with
	// ErrUnauthorized.
	SessionByTokenHash(ctx context.Context, tokenHash string, now time.Time) (Session, User, error)
	EndSession(ctx context.Context, id string, now time.Time) error
	// EndTokens voids a user's tokens without a session that were issued before the given moment.
	EndTokens(ctx context.Context, userID string, before time.Time) error
	// SessionsUsed notes when sessions, by id, were used last; an earlier time than the one known changes nothing.
	SessionsUsed(ctx context.Context, at map[string]time.Time) error
	// EndIdleSessions ends those that were used last at the given moment or before.
	EndIdleSessions(ctx context.Context, lastUse, now time.Time) error
	// Revocations reads whom to turn away: users disabled now, sessions that ended after since, and users whose older
	// tokens ended after since.
	Revocations(ctx context.Context, since time.Time) (Revocations, error)
	// TokensValidAfter reads for one login what Revocations tells of all: before which moment its tokens were ended,
	// zero when never. sessionID is empty for a token without a session. It fails with ErrUnauthorized when the account
	// does not exist, or the session has ended or does not exist.
	TokensValidAfter(ctx context.Context, userID, sessionID string) (time.Time, error)
}

// Revocations is the deny-list that is consulted on each request.
type Revocations struct {
	DisabledUsers map[string]bool
	EndedSessions map[string]bool
	TokensBefore  map[string]time.Time // by user: tokens without a session that were issued before this are void
}

// CompetitionStore keeps competitions. Seats and content change through the Registrar alone.
type CompetitionStore interface {
	// CreateCompetition inserts it, with the idempotency record if its Key is set. An unexpired record under the same
	// user and key is returned instead, and nothing is inserted. ErrUnauthorized when the organizer's account does not
	// exist.
	CreateCompetition(ctx context.Context, c Competition, record IdempotencyRecord) (existing *IdempotencyRecord,
		err error)
	// CreationRecord reads the unexpired record under a user's key; nil when there is none.
	CreationRecord(ctx context.Context, userID, key string, now time.Time) (*IdempotencyRecord, error)
	// DeleteDraft removes a competition that is a draft nobody registered for, and all that belongs to it.
	// Errors: ErrCompetitionMissing, ErrNotDraft.
	DeleteDraft(ctx context.Context, id string) error
	// Competition fails with ErrCompetitionMissing.
	Competition(ctx context.Context, id string) (Competition, error)
	// Competitions lists by filter.
	Competitions(ctx context.Context, f CompetitionFilter) (Page[Competition], error)
	// CompetitionsByID reads summaries, in no order; unknown ids are left out.
	CompetitionsByID(ctx context.Context, ids []string) ([]Competition, error)
	// PopularTags lists the tags of listed competitions, most used first. Of very many, it counts those of the newest.
	PopularTags(ctx context.Context, now time.Time, limit int) ([]TagCount, error)
}

// TagCount is a tag and how many listed competitions have it.
type TagCount struct {
	Tag   string
	Count int
}

// Sort is the order of a list of competitions.
type Sort string

// The orders of a list of competitions.
const (
	SortNewest   Sort = "newest"
	SortDeadline Sort = "deadline" // soonest first
	SortFilling  Sort = "filling"  // most seats taken in the last hour first
)

// CompetitionFilter says which competitions to list. The zero Phase lists what is published and whose deadline has not
// passed.
type CompetitionFilter struct {
	Search      string // over title, description and tags; the last word counts as a prefix
	Tags        []string
	Phase       Phase
	Sort        Sort
	OrganizerID string // every competition of this organizer, drafts too, whatever its phase unless Phase is set
	Suspended   bool   // only those that are published, are suspended and neither started nor, without a start, closed
	Cursor      Cursor // Cursor.List is the Sort
	Limit       int
	Now         time.Time
}

// RegistrationStore reads registrations. They change through the Registrar alone.
type RegistrationStore interface {
	// RegistrationOf reads the user's registration for a competition, with its Position. It fails with
	// ErrRegistrationGone.
	RegistrationOf(ctx context.Context, userID, competitionID string) (Registration, error)
	// ParticipantRegistration reads one with its user, without its Position. It fails with ErrRegistrationGone.
	ParticipantRegistration(ctx context.Context, id string) (ParticipantRegistration, error)
	// RegistrationsOfUser lists newest first (RegisteredAt), with Position and competition.
	RegistrationsOfUser(ctx context.Context, userID string, cursor Cursor, limit int) (Page[MyRegistration], error)
	// RegistrationsOfCompetition lists in the order of the filter, with Position and user. A page may have fewer than
	// Limit, even none, though there are more: where a search finds few of many, it ends after so many that were looked
	// at.
	RegistrationsOfCompetition(ctx context.Context, competitionID string,
		f RegistrationFilter) (Page[ParticipantRegistration], error)
	// RegistrationsByStatus counts those of a competition that a search finds; a status that none has is left out.
	// Unless all is set, it returns nil instead where a search finds many, which takes as long as all of the
	// competition.
	RegistrationsByStatus(ctx context.Context, competitionID, search string, all bool) (map[RegistrationStatus]int,
		error)
}

// RegistrationSort is the order of an organizer's list.
type RegistrationSort string

// The orders of an organizer's list. Within a status it is the order of arrival, within a name that of the email
// addresses.
const (
	SortArrival   RegistrationSort = "arrival" // by Seq; the default
	SortLastFirst RegistrationSort = "newest"  // by Seq, the last one first
	SortName      RegistrationSort = "name"    // as a search folds it: without case and accents
	SortStatus    RegistrationSort = "status"  // as in RegistrationStatuses
)

// Valid reports whether s is one of the orders.
func (s RegistrationSort) Valid() bool {
	return s == SortArrival || s == SortLastFirst || s == SortName || s == SortStatus
}

// List is what a Cursor of a list in this order has in its List.
func (s RegistrationSort) List() string {
	if s == "" || s == SortArrival {
		return "seq"
	}
	return "registrations-" + string(s)
}

// RegistrationFilter narrows and orders an organizer's list.
type RegistrationFilter struct {
	Status RegistrationStatus // empty: all
	Search string             // every word of it in name or email
	Sort   RegistrationSort   // empty: SortArrival
	Cursor Cursor             // Cursor.List is Sort.List
	Limit  int
}

// MailboxStore keeps messages.
type MailboxStore interface {
	// Messages lists newest first.
	Messages(ctx context.Context, userID string, cursor Cursor, limit int) (Page[Message], error)
	// Message fails with ErrMessageMissing, also when it is another user's.
	Message(ctx context.Context, userID, id string) (Message, error)
	// ReadMessage marks it read (once) and returns it. It fails with ErrMessageMissing, also when it is another user's.
	ReadMessage(ctx context.Context, userID, id string, now time.Time) (Message, error)
	// ReadAllMessages marks every message of the user read.
	ReadAllMessages(ctx context.Context, userID string, now time.Time) error
	// UnreadMessages counts.
	UnreadMessages(ctx context.Context, userID string) (int, error)
}

// FailedJobStore keeps the jobs whose attempts are used up.
type FailedJobStore interface {
	// FailedJobs lists newest first.
	FailedJobs(ctx context.Context, cursor Cursor, limit int) (Page[FailedJob], error)
	// RetryFailedJob sends it again, once. Errors: ErrFailedJobMissing, ErrFailedJobRetried.
	RetryFailedJob(ctx context.Context, id string, now time.Time) (FailedJob, error)
}

// PasswordHasher makes and checks password hashes. Both take about the same time, and fail with ErrBusy when too many
// are waiting.
type PasswordHasher interface {
	Hash(ctx context.Context, password string) (string, error)
	// Outdated reports whether a hash should be replaced by one that Hash makes.
	Outdated(hash string) bool
	// Check fails with ErrBadCredentials. An empty hash takes the same time and fails too, so that an unknown email is
	// not told apart.
	Check(ctx context.Context, hash, password string) error
}

// ReplayCache remembers answers to idempotency keys in front of the database. It may forget at any time, and never
// fails.
type ReplayCache interface {
	Get(ctx context.Context, userID, key string) (IdempotencyRecord, bool)
	// Put doesn't wait.
	Put(r IdempotencyRecord)
}
