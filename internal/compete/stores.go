package compete

import (
	"context"
	"time"
)

// Besides the errors it documents, every store method returns ErrDatabase if the database is unavailable. Times come
// from the caller's clock.

// UserStore stores accounts.
type UserStore interface {
	// CreateUser fails with ErrEmailTaken.
	CreateUser(ctx context.Context, u User, passwordHash string) error
	// User fails with ErrUserMissing.
	User(ctx context.Context, id string) (User, error)
	// UserByEmail finds a user by normalized email, and also returns the password hash. It fails with ErrUserMissing.
	UserByEmail(ctx context.Context, email string) (User, string, error)
	// PasswordHash fails with ErrUserMissing.
	PasswordHash(ctx context.Context, id string) (string, error)
	// UpdateProfile writes a user's changes to their own account in one transaction. A new password also ends the
	// user's other sessions, and tokens without a session issued before now. It fails with ErrUserMissing, and with
	// ErrUnauthorized if all logins were ended since the current password was checked: another one may count by now.
	UpdateProfile(ctx context.Context, id string, u ProfileUpdate, now time.Time) error
	// FollowTimeZone writes the time zone of the browser last used by the user, unless the user chose one.
	FollowTimeZone(ctx context.Context, id, zone string) error
	// UpdateUser locks an account, applies change, and writes role, disabled_at and the reason. If the role changed or
	// the account is disabled, it also ends the user's sessions and older tokens. In the same transaction it enqueues a
	// SettleJob for each published competition whose phase or promotions may be affected: those that the user
	// organizes, and those on whose waitlist the user is. It fails with ErrUserMissing, and with ErrForbidden if by,
	// unless it is empty, isn't the id of an admin who can log in.
	UpdateUser(ctx context.Context, id, by string, change func(u *User)) (User, error)
	// UpgradeHash replaces a hash by another hash of the same password, unless it has changed in the meantime. It ends
	// no logins.
	UpgradeHash(ctx context.Context, userID, before, after string) error
	// Users lists users with every word of search in their name or email, newest first. A page may be short, as in
	// RegistrationsOfCompetition.
	Users(ctx context.Context, search string, cursor Cursor, limit int) (Page[User], error)
}

// ProfileUpdate is the input of UserStore.UpdateProfile; nil leaves a field as it is.
type ProfileUpdate struct {
	Name      *string
	Reminders *bool
	TimeZone  *string // empty: no longer chosen
	Password  *NewPassword
}

// NewPassword is a new password to set.
type NewPassword struct {
	Hash          string
	KeepSessionID string     // the session to keep; empty for none
	LoginsEndedAt *time.Time // User.LoginsEndedAt of the account whose current password was checked
	Notice        Message    // to notify the user; none if its ID is empty
}

// SessionStore stores logins, for package auth.
type SessionStore interface {
	// CreateSession fails with ErrUnauthorized if the account doesn't exist, or if all its logins were ended since it
	// was read: a login that is in progress then must not outlast a new password or another role.
	CreateSession(ctx context.Context, s Session) error
	// SessionByTokenHash finds a session of the pages that has neither ended nor expired, with its user. It fails with
	// ErrUnauthorized.
	SessionByTokenHash(ctx context.Context, tokenHash string, now time.Time) (Session, User, error)
	EndSession(ctx context.Context, id string, now time.Time) error
	// EndTokens invalidates a user's tokens without a session that were issued before the given time.
	EndTokens(ctx context.Context, userID string, before time.Time) error
	// SessionsUsed records the time of last use of sessions, by id. A time earlier than the recorded one changes
	// nothing.
	SessionsUsed(ctx context.Context, at map[string]time.Time) error
	// EndIdleSessions ends sessions last used at or before the given time.
	EndIdleSessions(ctx context.Context, lastUse, now time.Time) error
	// Revocations reads what to reject: users disabled now or deleted, sessions ended after since, and users whose
	// older tokens were ended after since.
	Revocations(ctx context.Context, since time.Time) (Revocations, error)
	// TokensValidAfter reads for one login what Revocations reads for all: the time before which its tokens were ended,
	// zero if never. sessionID is empty for a token without a session. It fails with ErrUnauthorized if the account
	// doesn't exist, or the session has ended or doesn't exist.
	TokensValidAfter(ctx context.Context, userID, sessionID string) (time.Time, error)
}

// Revocations is the deny-list consulted on each request.
type Revocations struct {
	DisabledUsers map[string]bool
	ErasedUsers   map[string]bool // whose accounts were deleted
	EndedSessions map[string]bool
	TokensBefore  map[string]time.Time // by user: tokens without a session issued before this time are invalid
}

// CompetitionStore stores competitions. Seats and content are only changed through the Registrar.
type CompetitionStore interface {
	// CreateCompetition inserts a competition, with the idempotency record if its Key is set. If an unexpired record
	// with the same user and key exists, it returns that and inserts nothing. It fails with ErrUnauthorized if the
	// organizer's account doesn't exist.
	CreateCompetition(ctx context.Context, c Competition, record IdempotencyRecord) (existing *IdempotencyRecord,
		err error)
	// CreationRecord reads the unexpired record for a user's key; nil if there is none.
	CreationRecord(ctx context.Context, userID, key string, now time.Time) (*IdempotencyRecord, error)
	// DeleteDraft deletes a draft for which nobody registered, and all that belongs to it. Errors:
	// ErrCompetitionMissing, ErrNotDraft.
	DeleteDraft(ctx context.Context, id string) error
	// Competition fails with ErrCompetitionMissing.
	Competition(ctx context.Context, id string) (Competition, error)
	// Competitions lists the competitions that match the filter.
	Competitions(ctx context.Context, f CompetitionFilter) (Page[Competition], error)
	// CompetitionsByID reads summaries, in no particular order; unknown ids are omitted.
	CompetitionsByID(ctx context.Context, ids []string) ([]Competition, error)
	// CompetitionsAsking reads the summaries of the organizer's newest competitions with questions, newest first.
	CompetitionsAsking(ctx context.Context, organizerID string, limit int) ([]Competition, error)
	// Answered returns those among the questions to which some registration for the competition, cancelled or not, has
	// an answer, in any order.
	Answered(ctx context.Context, competitionID string, questionIDs []string) ([]string, error)
	// AccessCodes reads the sealed access codes of all competitions that have one, by competition id.
	AccessCodes(ctx context.Context) (map[string]string, error)
	// SealAccessCode replaces a sealed access code by the same one, sealed anew, unless it has changed in the meantime.
	SealAccessCode(ctx context.Context, id, before, after string) error
	// PopularTags lists the tags of listed competitions, most used first. If there are very many competitions, it only
	// counts the tags of the newest.
	PopularTags(ctx context.Context, now time.Time, limit int) ([]TagCount, error)
}

// TagCount is a tag and the number of listed competitions with it.
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

// CompetitionFilter selects the competitions to list. The zero Phase selects published competitions whose deadline
// hasn't passed.
type CompetitionFilter struct {
	Search      string // in title, description and tags; the last word matches as a prefix
	Tags        []string
	Phase       Phase
	Sort        Sort
	OrganizerID string // all competitions of this organizer, including drafts, in any phase unless Phase is set
	Suspended   bool   // only published, suspended ones that haven't started or, without a start date, haven't closed
	Cursor      Cursor // Cursor.List is the Sort
	Limit       int
	Now         time.Time
}

// RegistrationStore reads registrations. They are only changed through the Registrar.
type RegistrationStore interface {
	// RegistrationOf reads the user's registration for a competition, with its Position. It fails with
	// ErrRegistrationGone.
	RegistrationOf(ctx context.Context, userID, competitionID string) (Registration, error)
	// ParticipantRegistration reads a registration with its user, without its Position. It fails with
	// ErrRegistrationGone.
	ParticipantRegistration(ctx context.Context, id string) (ParticipantRegistration, error)
	// RegistrationsOfUser lists a user's registrations with Position and competition, newest first (by RegisteredAt).
	// The Position of those who follow a captain is that of their team.
	RegistrationsOfUser(ctx context.Context, userID string, cursor Cursor, limit int) (Page[MyRegistration], error)
	// RegistrationsOfCompetition lists registrations with Position and user, in the order of the filter. A page may
	// have fewer than Limit rows, or none, even if more follow: a search with few matches among many rows ends a page
	// after examining a bounded number of them.
	RegistrationsOfCompetition(ctx context.Context, competitionID string,
		f RegistrationFilter) (Page[ParticipantRegistration], error)
	// RegistrationsByStatus counts the registrations of a competition that match the DivisionID, TeamID, Search and
	// Answer of a filter; statuses without any are omitted. Unless all is set, it returns nil if a search has many
	// matches, because counting those takes as long as counting the whole competition.
	RegistrationsByStatus(ctx context.Context, competitionID string, f RegistrationFilter, all bool) (
		map[RegistrationStatus]int, error)
	// AnswersOf reads the answers of a registration; nil if it has none.
	AnswersOf(ctx context.Context, registrationID string) (Answers, error)
	// AnswersOfCompetition reads a page of the answers of registrations that are neither cancelled nor rejected, with
	// Seq > afterSeq, in order of Seq, as Answers.Encode returned them; empty if there are none. It also returns the
	// Seq after which to continue, or 0 if this was the last page.
	AnswersOfCompetition(ctx context.Context, competitionID string, afterSeq int64, limit int) (all []string,
		next int64, err error)
}

// RegistrationSort is the order of an organizer's list of registrations.
type RegistrationSort string

// The orders of an organizer's list. Rows with the same status are in order of arrival, those with the same name in
// order of email address.
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

// List returns the value of Cursor.List for a list in this order.
func (s RegistrationSort) List() string {
	if s == "" || s == SortArrival {
		return "seq"
	}
	return "registrations-" + string(s)
}

// AnswerFilter selects registrations by an answer, or by one of the choices among the answers to MANY_OF.
type AnswerFilter struct {
	QuestionID string // empty: all
	Value      any    // in its stored form
	// None selects those of people who were asked and haven't answered, instead of a Value.
	None  bool
	If    *ShowIf       // of the question, with None: who is asked; RegistrationFilter.check sets it
	Scope QuestionScope // the same
}

// RegistrationFilter filters and orders an organizer's list of registrations.
type RegistrationFilter struct {
	Status     RegistrationStatus // empty means all
	DivisionID string             // empty means all
	TeamID     string             // empty means all
	Search     string             // every word must be in name or email
	Answer     AnswerFilter       // the zero value means any
	Asked      bool               // the competition has questions: read the answers too
	Teams      bool               // the competition has teams: read their names too, and count people
	Columns    []string           // questions whose answers a page shows; stores don't use it
	Sort       RegistrationSort   // empty means SortArrival
	Cursor     Cursor             // Cursor.List is Sort.List
	Limit      int
}

// MailboxStore stores messages.
type MailboxStore interface {
	// Messages lists a user's messages, newest first.
	Messages(ctx context.Context, userID string, cursor Cursor, limit int) (Page[Message], error)
	// Message fails with ErrMessageMissing, even if the message belongs to another user.
	Message(ctx context.Context, userID, id string) (Message, error)
	// ReadMessage marks a message as read, once, and returns it. It fails with ErrMessageMissing, even if the message
	// belongs to another user.
	ReadMessage(ctx context.Context, userID, id string, now time.Time) (Message, error)
	// ReadAllMessages marks all messages of the user as read.
	ReadAllMessages(ctx context.Context, userID string, now time.Time) error
	// UnreadMessages counts the user's unread messages.
	UnreadMessages(ctx context.Context, userID string) (int, error)
}

// FailedJobStore stores jobs that have used up their attempts.
type FailedJobStore interface {
	// FailedJobs lists failed jobs, newest first.
	FailedJobs(ctx context.Context, cursor Cursor, limit int) (Page[FailedJob], error)
	// OpenFailedJobs counts those that were not retried, up to most.
	OpenFailedJobs(ctx context.Context, most int) (int, error)
	// RetryFailedJob enqueues a failed job again, once. Errors: ErrFailedJobMissing, ErrFailedJobRetried.
	RetryFailedJob(ctx context.Context, id string, now time.Time) (FailedJob, error)
}

// PasswordHasher creates and checks password hashes. Both take about the same time, and fail with ErrBusy if too many
// callers are waiting.
type PasswordHasher interface {
	Hash(ctx context.Context, password string) (string, error)
	// Outdated reports whether a hash should be replaced by a new one from Hash.
	Outdated(hash string) bool
	// Check fails with ErrBadCredentials. An empty hash also fails, after the same time, so that unknown emails can't
	// be recognized.
	Check(ctx context.Context, hash, password string) error
}

// ReplayCache caches answers to idempotency keys in front of the database. It may forget them at any time, and never
// fails.
type ReplayCache interface {
	Get(ctx context.Context, userID, key string) (IdempotencyRecord, bool)
	// Put returns without waiting.
	Put(r IdempotencyRecord)
}
