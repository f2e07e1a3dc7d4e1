package compete

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of refusal an Error is. Package problem turns it into an HTTP status.
type Kind int

// The kinds of Error. The zero Kind is KindInternal, so that an error nobody classified stays bland.
const (
	KindInternal             Kind = iota
	KindInvalid                   // the input is malformed or breaks a limit
	KindUnauthorized              // nobody is logged in, or the credentials are wrong
	KindForbidden                 // the caller's role does not allow it
	KindNotFound                  // it does not exist, or its existence is none of the caller's business
	KindConflict                  // the state of the resource does not allow it
	KindPreconditionFailed        // the resource has another version
	KindPreconditionRequired      // the request must say which version it changes
	KindUnavailable               // try again after RetryAfter
	KindTooManyRequests           // try again after RetryAfter, less often
	KindUnreadable                // the request itself could not be read (syntax, not content)
)

// FieldError says what is wrong with one field of an input. It never repeats the value that was sent.
type FieldError struct {
	Field   string // name as in the API, e.g. "regDeadline" or "tags[2]"
	Message string // a sentence fragment that says what is expected
}

// Error is the one error type that reaches a client. Code is stable and part of the API's contract.
type Error struct {
	Kind       Kind
	Code       string
	Detail     string
	Fields     []FieldError
	RetryAfter time.Duration // zero: no advice
}

func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Code + ": " + e.Detail
	}
	return fmt.Sprintf("%s: %s (%s %s)", e.Code, e.Detail, e.Fields[0].Field, e.Fields[0].Message)
}

// Is reports whether target is an *Error with the same Code, so that errors.Is works against the values below.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// The errors that carry no details of their own.
var (
	ErrUnauthorized       = &Error{Kind: KindUnauthorized, Code: "unauthorized", Detail: "Log in first, and send the token as 'Authorization: Bearer …'."}
	ErrBadCredentials     = &Error{Kind: KindUnauthorized, Code: "invalid_credentials", Detail: "The email or the password is wrong."}
	ErrAccountDisabled    = &Error{Kind: KindUnauthorized, Code: "account_disabled", Detail: "This account is disabled. Ask an administrator."}
	ErrForbidden          = &Error{Kind: KindForbidden, Code: "forbidden", Detail: "Your account may not do this."}
	ErrEmailTaken         = &Error{Kind: KindConflict, Code: "email_taken", Detail: "An account with this email exists. Log in instead, or use another email."}
	ErrCompetitionMissing = &Error{Kind: KindNotFound, Code: "competition_not_found", Detail: "There is no such competition."}
	ErrRegistrationGone   = &Error{Kind: KindNotFound, Code: "registration_not_found", Detail: "There is no such registration."}
	ErrUserMissing        = &Error{Kind: KindNotFound, Code: "user_not_found", Detail: "There is no such user."}
	ErrMessageMissing     = &Error{Kind: KindNotFound, Code: "message_not_found", Detail: "There is no such message in your mailbox."}
	ErrFailedJobMissing   = &Error{Kind: KindNotFound, Code: "failed_job_not_found", Detail: "There is no such dead letter."}

	ErrCompetitionFull      = &Error{Kind: KindConflict, Code: "competition_full", Detail: "All seats are taken, and this competition has no waitlist."}
	ErrAlreadyRegistered    = &Error{Kind: KindConflict, Code: "already_registered", Detail: "You are registered for this competition already."}
	ErrRegistrationClosed   = &Error{Kind: KindConflict, Code: "registration_closed", Detail: "The registration deadline has passed."}
	ErrRegistrationNotOpen  = &Error{Kind: KindConflict, Code: "registration_not_open", Detail: "Registration is not open yet."}
	ErrCompetitionCancelled = &Error{Kind: KindConflict, Code: "competition_cancelled", Detail: "This competition was cancelled."}
	ErrCompetitionStarted   = &Error{Kind: KindConflict, Code: "competition_started", Detail: "The competition has started; a registration can be cancelled only until then."}
	ErrCapacityBelowHeld    = &Error{Kind: KindConflict, Code: "capacity_below_held", Detail: "More seats are held already than the new capacity has. Remove registrations first, or choose a larger capacity."}
	ErrAlreadyPublished     = &Error{Kind: KindConflict, Code: "already_published", Detail: "A published competition cannot become a draft again."}
	ErrOwnCompetition       = &Error{Kind: KindForbidden, Code: "own_competition", Detail: "You can't register for a competition that you organize."}
	ErrBlocked              = &Error{Kind: KindForbidden, Code: "registration_blocked", Detail: "The organizer removed you and doesn't allow you to register again. If you think this is a mistake, contact them."}
	ErrUnpublished          = &Error{Kind: KindForbidden, Code: "unpublished_by_admin", Detail: "An administrator unpublished this competition. Only an administrator can publish it again."}
	ErrOrganizerRegistered  = &Error{Kind: KindConflict, Code: "organizer_registered", Detail: "This account is registered for the competition. Its registration has to be cancelled before it can become the organizer."}
	ErrVersionMismatch      = &Error{Kind: KindPreconditionFailed, Code: "version_mismatch", Detail: "The competition is not at the version that If-Match names: it was changed meanwhile, or the tag is weak (W/…). Read it again and repeat the change with its ETag."}
	ErrVersionRequired      = &Error{Kind: KindPreconditionRequired, Code: "if_match_required", Detail: "Send If-Match with the competition's ETag, or '*' for any version."}
	ErrIdempotencyKeyReused = &Error{Kind: KindInvalid, Code: "idempotency_key_reused", Detail: "This Idempotency-Key was used for another request. Use a new key for each new request."}
	ErrOwnAccount           = &Error{Kind: KindConflict, Code: "own_account", Detail: "You cannot change the role of your own account or disable it. Ask another administrator."}
	ErrAlreadyVerified      = &Error{Kind: KindConflict, Code: "already_verified", Detail: "The address of this account is confirmed already."}
	ErrMailOff              = &Error{Kind: KindConflict, Code: "mail_off", Detail: "This site sends no mail, so it can't send the link. Ask the people who run it."}
	ErrLinkVoid             = &Error{Kind: KindConflict, Code: "link_void", Detail: "This link was used already, has expired, or is not complete. Ask for a new one."}
	ErrEmailUnverified      = &Error{Kind: KindForbidden, Code: "email_not_verified", Detail: "Confirm your email address first, by the link in the mail that we sent you. Ask for another mail if it is lost."}
	ErrFailedJobRetried     = &Error{Kind: KindConflict, Code: "already_retried", Detail: "This dead letter was sent again already."}

	ErrLinkTooSoon = &Error{Kind: KindTooManyRequests, Code: "mail_too_soon", Detail: "A mail was sent to this address just now, or several in the last hour. Look for it, also among unwanted mail, and try again later.", RetryAfter: LinkPause}

	ErrBusy     = &Error{Kind: KindUnavailable, Code: "busy", Detail: "More requests are waiting than can be served soon. Try again in a moment.", RetryAfter: time.Second}
	ErrDatabase = &Error{Kind: KindUnavailable, Code: "database_unavailable", Detail: "The database cannot be reached right now. Try again in a moment; an Idempotency-Key makes that safe.", RetryAfter: 2 * time.Second}
	ErrStopping = &Error{Kind: KindUnavailable, Code: "stopping", Detail: "This server is restarting. Try again in a moment.", RetryAfter: time.Second}
)

// Invalid is a refusal of input with one message for each bad field.
func Invalid(fields ...FieldError) *Error {
	return &Error{Kind: KindInvalid, Code: "validation_failed", Detail: "Some fields need another value; see 'errors'.", Fields: fields}
}

// AsError finds the *Error in err's chain; any other error becomes a bland internal one that says nothing about its cause.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: KindInternal, Code: "internal_error", Detail: "Something went wrong on our side. Try again; if it stays, tell the operator the request id."}
}
