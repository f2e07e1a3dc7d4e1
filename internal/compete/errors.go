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
	Quota      int           // how often a limit lets this be done; zero: no limit is the reason
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
	ErrUnauthorized = &Error{
		Kind: KindUnauthorized, Code: "unauthorized",
		Detail: "Log in, then send the token as 'Authorization: Bearer …'.",
	}
	ErrBadCredentials = &Error{
		Kind: KindUnauthorized, Code: "invalid_credentials",
		Detail: "Wrong email or password.",
	}
	ErrAccountDisabled = &Error{
		Kind: KindUnauthorized, Code: "account_disabled",
		Detail: "This account is disabled. Contact an admin.",
	}
	ErrDemoAccount = &Error{
		Kind: KindUnauthorized, Code: "demo_account",
		Detail: "Demo accounts can only log in on the computer that runs this site, because their password is public.",
	}
	ErrSecondFactor = &Error{
		Kind: KindUnauthorized, Code: "second_factor_required",
		Detail: "This account has a second factor. Send the request again with 'code': the code that its " +
			"authenticator app shows now, or an unused recovery code.",
	}
	ErrWrongCode = &Error{
		Kind: KindUnauthorized, Code: "wrong_code",
		Detail: "That code is wrong or was already used.",
	}
	ErrPasskeyRefused = &Error{
		Kind: KindUnauthorized, Code: "passkey_refused",
		Detail: "This passkey wasn't accepted. Try again.",
	}
	ErrLoginExpired = &Error{
		Kind: KindUnauthorized, Code: "login_expired",
		Detail: "This login has expired. Log in again.",
	}
	ErrReauthenticate = &Error{
		Kind: KindForbidden, Code: "reauthentication_required",
		Detail: "You logged in more than 15 minutes ago. Confirm that it's you with POST /api/auth/confirm, or log " +
			"in again, and send the request with the new token.",
	}
	ErrFactorSetup = &Error{
		Kind: KindForbidden, Code: "second_factor_setup_required",
		Detail: "Your role requires a second factor. Set one up to continue.",
	}
	ErrForbidden = &Error{
		Kind: KindForbidden, Code: "forbidden",
		Detail: "Your account isn't allowed to do this.",
	}
	ErrEmailTaken = &Error{
		Kind: KindConflict, Code: "email_taken",
		Detail: "An account with this email already exists. Log in, or use another email.",
	}
	ErrCompetitionMissing = &Error{Kind: KindNotFound, Code: "competition_not_found", Detail: "Competition not found."}
	ErrRegistrationGone   = &Error{
		Kind: KindNotFound, Code: "registration_not_found",
		Detail: "Registration not found.",
	}
	ErrUserMissing    = &Error{Kind: KindNotFound, Code: "user_not_found", Detail: "User not found."}
	ErrSessionMissing = &Error{
		Kind: KindNotFound, Code: "session_not_found",
		Detail: "Session not found in your account.",
	}
	ErrMessageMissing = &Error{
		Kind: KindNotFound, Code: "message_not_found",
		Detail: "Message not found in your mailbox.",
	}
	ErrReportMissing = &Error{Kind: KindNotFound, Code: "report_not_found", Detail: "Report not found."}
	ErrSetupOver     = &Error{
		Kind: KindNotFound, Code: "setup_over",
		Detail: "This setup link has expired, or the site already has an admin.",
	}
	ErrRequestMissing = &Error{
		Kind: KindNotFound, Code: "organizer_request_not_found",
		Detail: "This request doesn't exist, or it has already been answered.",
	}
	ErrFactorMissing = &Error{
		Kind: KindNotFound, Code: "second_factor_not_found",
		Detail: "Second factor not found.",
	}
	ErrFailedJobMissing = &Error{Kind: KindNotFound, Code: "failed_job_not_found", Detail: "Failed job not found."}

	ErrCompetitionFull = &Error{
		Kind: KindConflict, Code: "competition_full",
		Detail: "All seats are taken, and this competition has no waitlist.",
	}
	ErrDivisionFull = &Error{
		Kind: KindConflict, Code: "division_full",
		Detail: "All seats in this division are taken, and this competition has no waitlist.",
	}
	// ErrSeatKept is ErrDivisionFull for somebody who holds a seat elsewhere.
	ErrSeatKept = &Error{
		Kind: KindConflict, Code: "division_full",
		Detail: "No seat is free in that division any more. You keep the one you have.",
	}
	// ErrCapacityLimit is for a seat over the capacity.
	ErrCapacityLimit = &Error{
		Kind: KindConflict, Code: "capacity_limit",
		Detail: "The capacity is as large as possible, so no seat can be added.",
	}
	ErrDivisionNotEmpty = &Error{
		Kind: KindConflict, Code: "division_not_empty",
		Detail: "People are registered in this division, so it can't be removed.",
	}
	ErrDivisionsTooLate = &Error{
		Kind: KindConflict, Code: "divisions_too_late",
		Detail: "People have registered already, so this competition can't be split into divisions any more.",
	}
	ErrRegistrationCancelled = &Error{
		Kind: KindConflict, Code: "registration_cancelled",
		Detail: "This registration is cancelled. Register again instead.",
	}
	ErrApplicationRejected = &Error{
		Kind: KindConflict, Code: "application_rejected",
		Detail: "This application was rejected, so it stays in its division.",
	}
	// ErrRejectedBefore is for somebody who withdrew a rejected application and applies again.
	ErrRejectedBefore = &Error{
		Kind: KindConflict, Code: "rejected_before",
		Detail: "Your application for this competition was rejected, so you can't apply again. The organizer can " +
			"still add you.",
	}
	ErrAlreadyRegistered = &Error{
		Kind: KindConflict, Code: "already_registered",
		Detail: "You're already registered for this competition.",
	}
	ErrRegistrationClosed = &Error{
		Kind: KindConflict, Code: "registration_closed",
		Detail: "The registration deadline has passed.",
	}
	ErrRegistrationNotOpen = &Error{
		Kind: KindConflict, Code: "registration_not_open",
		Detail: "Registration isn't open yet.",
	}
	ErrCompetitionCancelled = &Error{
		Kind: KindConflict, Code: "competition_cancelled",
		Detail: "This competition was cancelled.",
	}
	ErrCompetitionStarted = &Error{
		Kind: KindConflict, Code: "competition_started",
		Detail: "The competition has started, so registrations can no longer be cancelled.",
	}
	ErrCapacityBelowHeld = &Error{
		Kind: KindConflict, Code: "capacity_below_held",
		Detail: "More people hold seats than the new capacity allows. Remove registrations first, " +
			"or choose a larger capacity.",
	}
	ErrOfferExpired = &Error{
		Kind: KindConflict, Code: "offer_expired",
		Detail: "This offer has expired, so it can no longer be accepted or declined.",
	}
	ErrNoOffer = &Error{
		Kind: KindConflict, Code: "no_offer",
		Detail: "This registration has no open offer to accept or decline.",
	}
	ErrNotReviewed = &Error{
		Kind: KindConflict, Code: "not_reviewed",
		Detail: "Nobody decides about registrations for this competition: its admission isn't REVIEW.",
	}
	ErrDecidingOver = &Error{
		Kind: KindConflict, Code: "deciding_over",
		Detail: "The competition has started, so decisions can no longer be changed.",
	}
	ErrReleasing = &Error{
		Kind: KindConflict, Code: "release_under_way",
		Detail: "Decisions are being released right now. Try again in a moment.",
	}
	ErrNothingToRelease = &Error{
		Kind: KindConflict, Code: "nothing_to_release",
		Detail: "There are no decisions to release.",
	}
	ErrReleasePaused = &Error{
		Kind: KindConflict, Code: "release_paused",
		Detail: "Decisions can't be released while the competition isn't published, or has no organizer.",
	}
	ErrAdmittedBeyond = &Error{
		Kind: KindConflict, Code: "admitted_beyond_room",
		Detail: "You're admitting more people than seats are left. Change some decisions, or raise the capacity.",
	}
	ErrNotDecidable = &Error{
		Kind: KindConflict, Code: "not_decidable",
		Detail: "Someone on this list has a seat or has cancelled in the meantime, so there's nothing to decide " +
			"about them. Nothing was saved.",
	}
	// ErrDecidedWithTeam is ErrNotDecidable for a member of a team that is decided about as a whole.
	ErrDecidedWithTeam = &Error{
		Kind: KindConflict, Code: "not_decidable",
		Detail: "A team is decided about as a whole, through its captain's registration. Nothing was saved.",
	}
	ErrAdmissionFixed = &Error{
		Kind: KindConflict, Code: "admission_fixed",
		Detail: "People have already registered, so how seats are assigned can't be changed. Create another " +
			"competition instead.",
	}
	ErrNotDrawn = &Error{
		Kind: KindConflict, Code: "not_a_lottery",
		Detail: "This competition's seats aren't drawn.",
	}
	ErrListFrozen = &Error{
		Kind: KindConflict, Code: "list_frozen",
		Detail: "The list for the draw is closed, so this can't be changed any more.",
	}
	ErrListOpen = &Error{
		Kind: KindConflict, Code: "list_open",
		Detail: "The list for the draw is still open. It is frozen shortly after the deadline.",
	}
	ErrNotNamed = &Error{
		Kind: KindConflict, Code: "not_named_source",
		Detail: "This draw gets its randomness from drand's quicknet, so there's nothing to enter.",
	}
	ErrDrawn = &Error{
		Kind: KindConflict, Code: "already_drawn",
		Detail: "The value has already been entered, and it can't be changed.",
	}
	ErrAlreadyPublished = &Error{
		Kind: KindConflict, Code: "already_published",
		Detail: "A published competition can't become a draft again.",
	}
	ErrOwnCompetition = &Error{
		Kind: KindForbidden, Code: "own_competition",
		Detail: "You can't register for a competition you organize.",
	}
	ErrBlocked = &Error{
		Kind: KindForbidden, Code: "registration_blocked",
		Detail: "The organizer removed you and blocked you from registering again. If you think " +
			"this is a mistake, contact them.",
	}
	ErrAccessCodeRequired = &Error{
		Kind: KindForbidden, Code: "access_code_required",
		Detail: "This competition needs an access code. Ask the organizer for it.",
	}
	ErrAccessCodeWrong = &Error{
		Kind: KindForbidden, Code: "access_code_wrong",
		Detail: "That access code is wrong. Check it and try again.",
	}
	ErrUnpublished = &Error{
		Kind: KindForbidden, Code: "unpublished_by_admin",
		Detail: "An admin unpublished this competition. Only an admin can publish it again.",
	}
	ErrOrganizerRegistered = &Error{
		Kind: KindConflict, Code: "organizer_registered",
		Detail: "This account is registered for the competition. Cancel that registration " +
			"before you make it the organizer.",
	}
	ErrNotDraft = &Error{
		Kind: KindConflict, Code: "not_draft",
		Detail: "Only drafts can be deleted. Cancel the competition instead.",
	}
	ErrNotPublished = &Error{
		Kind: KindConflict, Code: "not_published",
		Detail: "Publish the competition before you add people.",
	}
	ErrPersonDisabled = &Error{
		Kind: KindConflict, Code: "person_disabled",
		Detail: "This person's account is disabled. Contact an admin.",
	}
	ErrVersionMismatch = &Error{
		Kind: KindPreconditionFailed, Code: "version_mismatch",
		Detail: "If-Match doesn't match the competition's current version: it has changed since you read it, or the " +
			"tag is weak (W/…). Fetch it again and retry with the new ETag.",
	}
	ErrVersionRequired = &Error{
		Kind: KindPreconditionRequired, Code: "if_match_required",
		Detail: "Send the competition's ETag in If-Match, or '*' to accept any version.",
	}
	ErrIdempotencyKeyReused = &Error{
		Kind: KindInvalid, Code: "idempotency_key_reused",
		Detail: "This Idempotency-Key was already used for a different request. Use a new key for each new request.",
	}
	ErrOwnAccount = &Error{
		Kind: KindConflict, Code: "own_account",
		Detail: "You can't disable your own account or change its role. Ask another admin.",
	}
	ErrAlreadyReported = &Error{
		Kind: KindConflict, Code: "already_reported",
		Detail: "You've already reported this competition. The admins will look at it.",
	}
	ErrFactorExists = &Error{
		Kind: KindConflict, Code: "second_factor_exists",
		Detail: "The account already has an authenticator app. Turn it off before you set up another.",
	}
	ErrFactorNeeded = &Error{
		Kind: KindConflict, Code: "second_factor_needed",
		Detail: "Your role requires a second factor. Add another before you remove this one.",
	}
	ErrPasskeysOff = &Error{
		Kind: KindConflict, Code: "passkeys_off",
		Detail: "Passkeys don't work on this site's address. Use an authenticator app.",
	}
	ErrTooManyPasskeys = &Error{
		Kind: KindConflict, Code: "too_many_passkeys",
		Detail: "An account can have 20 passkeys. Remove one you no longer use.",
	}
	ErrAlreadyVerified = &Error{
		Kind: KindConflict, Code: "already_verified",
		Detail: "Your email address is already confirmed.",
	}
	ErrMailOff = &Error{
		Kind: KindConflict, Code: "mail_off",
		Detail: "This site can't send email, so it can't send you a link. Contact the people who run it.",
	}
	ErrOtherAccount = &Error{
		Kind: KindForbidden, Code: "other_account",
		Detail: "This link is for another account. Log out, then open it again.",
	}
	ErrLinkVoid = &Error{
		Kind: KindConflict, Code: "link_void",
		Detail: "This link has expired, was already used, or is incomplete. Request a new one.",
	}
	ErrEmailUnverified = &Error{
		Kind: KindForbidden, Code: "email_not_verified",
		Detail: "Confirm your email address first, using the link we emailed you. If you " +
			"can't find it, request a new one.",
	}
	ErrFailedJobRetried = &Error{
		Kind: KindConflict, Code: "already_retried",
		Detail: "This failed job was already retried.",
	}

	ErrLinkTooSoon = &Error{
		Kind: KindTooManyRequests, Code: "mail_too_soon",
		Detail: "We've already emailed this address recently. Check your inbox and spam " +
			"folder, and try again later.",
		RetryAfter: LinkPause,
	}

	ErrTooManyRequests = &Error{
		Kind: KindTooManyRequests, Code: "too_many_requests",
		Detail: "Too many requests from your network. Wait a moment, then try again.", RetryAfter: time.Second,
	}
	ErrQuotaUsed = &Error{
		Kind: KindTooManyRequests, Code: "quota_used",
		Detail: "You've done this too often in the past hour. Try again later.", RetryAfter: time.Second,
	}
	ErrTooManyGuesses = &Error{
		Kind: KindTooManyRequests, Code: "too_many_guesses",
		Detail:     "Too many wrong passwords. Wait a while before you try again, or reset your password.",
		RetryAfter: time.Second,
	}

	ErrBusy = &Error{
		Kind: KindUnavailable, Code: "busy",
		Detail: "The server is too busy right now. Try again in a moment.", RetryAfter: time.Second,
	}
	ErrDatabase = &Error{
		Kind: KindUnavailable, Code: "database_unavailable",
		Detail: "The database is unavailable right now. Try again in a moment; with an " +
			"Idempotency-Key, that's safe.",
		RetryAfter: 2 * time.Second,
	}
	ErrStopping = &Error{
		Kind: KindUnavailable, Code: "stopping",
		Detail: "This server is restarting. Try again in a moment.", RetryAfter: time.Second,
	}
)

// Invalid is a refusal of input with one message for each bad field.
func Invalid(fields ...FieldError) *Error {
	return &Error{
		Kind: KindInvalid, Code: "validation_failed", Detail: "Some fields are invalid. See 'errors'.",
		Fields: fields,
	}
}

// AsError finds the *Error in err's chain; any other error becomes a bland internal one that says nothing about its
// cause.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{
		Kind: KindInternal, Code: "internal_error",
		Detail: "Something went wrong on our side. Try again. If it keeps happening, contact " +
			"support with the request ID.",
	}
}
