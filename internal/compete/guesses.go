package compete

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"
)

// The names of limits.
const (
	LimitSignUps        = "signups"
	LimitLogIns         = "logins"
	LimitLinks          = "links"
	LimitReports        = "reports"
	LimitCompetitions   = "competitions"
	LimitNotices        = "notices"
	LimitGuesses        = "guesses"
	LimitAccountGuesses = "account_guesses"
	LimitAccessCodes    = "access_codes"
	LimitAdditions      = "additions"
	LimitInvitations    = "invitations"
)

// LimitNames lists all limits.
var LimitNames = []string{
	LimitSignUps, LimitLogIns, LimitLinks, LimitReports, LimitCompetitions, LimitNotices, LimitGuesses,
	LimitAccountGuesses, LimitAccessCodes, LimitAdditions, LimitInvitations,
}

// This many wrong passwords for an account within a day send its owner a notice, at most once a day.
const (
	guessesToTell = 20
	tellGuesses   = 24 * time.Hour
)

// wrongPasswords counts towards this notice.
var wrongPasswords = Limit{Name: "wrong_passwords", Times: guessesToTell, Window: tellGuesses}

// noUserID is an id that no user has.
const noUserID = "00000000-0000-0000-0000-000000000000"

// accountKey hashes an address, so that Redis holds no addresses in plain text.
func accountKey(email string) string {
	sum := sha256.Sum256([]byte(NormalizeEmail(email)))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// LogInFailure is the reason a login failed.
type LogInFailure string

// The reasons.
const (
	FailureUnknownEmail  LogInFailure = "unknown_email"
	FailureWrongPassword LogInFailure = "wrong_password"
	FailureWrongCode     LogInFailure = "wrong_code" // or passkey, after the right password or instead of one
	FailureDisabled      LogInFailure = "disabled"
	FailureDemo          LogInFailure = "demo" // a demo account, used from another machine
	FailureLimited       LogInFailure = "limited"
	FailureBusy          LogInFailure = "busy"
	FailureOther         LogInFailure = "other"
)

// LogInFailures lists all reasons.
var LogInFailures = []LogInFailure{
	FailureUnknownEmail, FailureWrongPassword, FailureWrongCode, FailureDisabled, FailureDemo, FailureLimited,
	FailureBusy, FailureOther,
}

// Observer is notified of refused requests. Implementations must be safe for concurrent use.
type Observer interface {
	LogInFailed(reason LogInFailure)
	// Limited is called with the name of the limit for each request it refuses.
	Limited(limit string)
}

// guess fails with ErrTooManyGuesses while earlier wrong passwords for the email still impose a wait. Attackers can't
// lock out the owner: guesses from devices the owner has logged in on are counted separately from all others, and
// guesses from the owner's networks separately from those from elsewhere. Guesses from anywhere else count both for
// their network and in one shared total, so that using many networks isn't faster. Whether the account exists makes no
// difference. Call right if the password was right.
func (s *Logins) guess(ctx context.Context, email string, user User) (right func(), err error) {
	if s.config.Throttle.Guesses == nil {
		return func() {}, nil
	}
	account, client := accountKey(email), ClientOf(ctx)
	if client.KnownTo != nil && client.KnownTo(user) {
		return s.config.Throttle.try(ctx, Guess{LimitGuesses, account + ":device", s.config.Throttle.Limits.Guesses})
	}
	guesses := []Guess{{LimitGuesses, account + ":" + client.Network(), s.config.Throttle.Limits.Guesses}}
	if user.ID == "" {
		user.ID = noUserID // so that the answer takes the same time
	}
	known, err := s.config.Store.KnowsNetwork(ctx, user.ID, client.Network())
	if err != nil {
		return nil, err
	}
	if !known {
		guesses = append(guesses, Guess{LimitAccountGuesses, account, s.config.Throttle.Limits.AccountGuesses})
	}
	return s.config.Throttle.try(ctx, guesses...)
}

// guessLoggedIn is guess for a user who is logged in to the account.
func (s *Logins) guessLoggedIn(ctx context.Context, user User) (right func(), err error) {
	return s.config.Throttle.try(ctx,
		Guess{LimitGuesses, accountKey(user.Email) + ":logged in", s.config.Throttle.Limits.Guesses})
}

// wrongPassword notifies an account's owner after many wrong passwords. It doesn't affect the answer.
func (s *Logins) wrongPassword(ctx context.Context, user User) {
	if s.config.Throttle.Limiter == nil || user.ID == "" ||
		s.config.Throttle.Limiter.Take(ctx, wrongPasswords, wrongPasswords.Name+":"+user.ID) == 0 {
		return
	}
	notice, err := s.config.messages().security(user, SecurityEvent{What: SecurityGuesses})
	if err == nil {
		err = s.config.Store.NoteGuessing(ctx, notice, s.config.now().Add(-tellGuesses))
	}
	if err != nil {
		s.config.Log.WarnContext(ctx, "could not notify a user of wrong passwords for the account", "user",
			user.ID, "error", err)
	}
}

// ownerVerified runs after somebody has proved to own the account: it clears the wait caused by wrong passwords, and
// cached knowledge about second factors.
func (s *Logins) ownerVerified(ctx context.Context, user User) {
	if s.config.Throttle.Guesses != nil {
		account := accountKey(user.Email)
		s.config.Throttle.Guesses.Right(ctx, Guess{Key: account}, Guess{Key: account + ":" + ClientOf(ctx).Network()})
	}
	s.config.Factors.protected.remove(user.ID)
}

// observeLogIn counts a failed login and records it, unless its password wasn't even checked: recording those too would
// give attackers another way to load the database.
func (s *Logins) observeLogIn(ctx context.Context, user User, err error) {
	if err == nil || errors.Is(err, ErrSecondFactor) { // ErrSecondFactor only asks for more
		return
	}
	reason := FailureOther
	switch {
	case errors.Is(err, ErrBadCredentials) && user.ID == "":
		reason = FailureUnknownEmail
	case errors.Is(err, ErrBadCredentials):
		reason = FailureWrongPassword
	case errors.Is(err, ErrWrongCode), errors.Is(err, ErrPasskeyRefused):
		reason = FailureWrongCode
	case errors.Is(err, ErrAccountDisabled):
		reason = FailureDisabled
	case errors.Is(err, ErrDemoAccount):
		reason = FailureDemo
	case AsError(err).Kind == KindTooManyRequests:
		reason = FailureLimited
	case errors.Is(err, ErrBusy):
		reason = FailureBusy
	}
	if reason != FailureLimited && reason != FailureBusy && reason != FailureOther {
		s.recordFailure(ctx, user, reason)
	}
	s.config.Throttle.observeLogIn(reason)
}

// recordFailure adds a failed login to the audit log. That of an unknown email names nobody.
func (s *Logins) recordFailure(ctx context.Context, user User, reason LogInFailure) {
	err := s.config.Audit.Record(ctx, AuditRecord{
		At: s.config.now(), Action: AuditLoginFailed, UserID: user.ID,
		After: AuditFields("reason", reason),
	})
	if err != nil { // the login is refused anyway
		s.config.Log.WarnContext(ctx, "could not record a failed login", "user", user.ID, "error", err)
	}
}
