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
)

// LimitNames lists them all.
var LimitNames = []string{
	LimitSignUps, LimitLogIns, LimitLinks, LimitReports, LimitCompetitions, LimitNotices, LimitGuesses,
	LimitAccountGuesses,
}

// So many wrong passwords for an account within a day are worth a notice to its owner, once a day.
const (
	guessesToTell = 20
	tellGuesses   = 24 * time.Hour
)

// wrongPasswords counts towards that notice.
var wrongPasswords = Limit{Name: "wrong_passwords", Times: guessesToTell, Window: tellGuesses}

// noUserID is an id that no user has.
const noUserID = "00000000-0000-0000-0000-000000000000"

// accountKey stands for an address, so that none lies about in Redis.
func accountKey(email string) string {
	sum := sha256.Sum256([]byte(NormalizeEmail(email)))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// LogInFailure is why nobody was logged in.
type LogInFailure string

// The reasons.
const (
	FailureUnknownEmail  LogInFailure = "unknown_email"
	FailureWrongPassword LogInFailure = "wrong_password"
	FailureWrongCode     LogInFailure = "wrong_code" // or passkey, after the right password or in its place
	FailureDisabled      LogInFailure = "disabled"
	FailureDemo          LogInFailure = "demo" // a demo account, from another machine
	FailureLimited       LogInFailure = "limited"
	FailureBusy          LogInFailure = "busy"
	FailureOther         LogInFailure = "other"
)

// LogInFailures lists all.
var LogInFailures = []LogInFailure{
	FailureUnknownEmail, FailureWrongPassword, FailureWrongCode, FailureDisabled, FailureDemo, FailureLimited,
	FailureBusy, FailureOther,
}

// Observer is told what the service refuses. Implementations must be safe for concurrent use.
type Observer interface {
	LogInFailed(reason LogInFailure)
	// Limited is called for each refusal by a limit, with its name.
	Limited(limit string)
}

// guess fails with ErrTooManyGuesses while earlier wrong passwords for the email ask for patience. Nobody can lock
// out the owner with them: who is on a device that the owner has logged in on is counted apart from all others, and
// who is in one of the owner's networks apart from other networks. Those from anywhere else share one count besides
// that of their network, so that many networks together don't guess faster. Whether the account exists makes no
// difference. right is to be called when the password was right.
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
		user.ID = noUserID // so that the answer takes as long
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

// guessLoggedIn is guess for somebody who is logged in to the account.
func (s *Logins) guessLoggedIn(ctx context.Context, user User) (right func(), err error) {
	return s.config.Throttle.try(ctx,
		Guess{LimitGuesses, accountKey(user.Email) + ":logged in", s.config.Throttle.Limits.Guesses})
}

// wrongPassword tells the owner of an account of wrong passwords for it when there were many. An answer doesn't
// depend on it.
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

// ownerVerified is for whoever has just shown to be the account's owner: nobody's wrong passwords make them wait now,
// and what was known of second factors may be over.
func (s *Logins) ownerVerified(ctx context.Context, user User) {
	if s.config.Throttle.Guesses != nil {
		account := accountKey(user.Email)
		s.config.Throttle.Guesses.Right(ctx, Guess{Key: account}, Guess{Key: account + ":" + ClientOf(ctx).Network()})
	}
	s.config.Factors.protected.remove(user.ID)
}

// observeLogIn counts a login that failed, and records it unless its password was not even looked at: recording those
// too would give whoever sends too many of them another way to keep the database busy.
func (s *Logins) observeLogIn(ctx context.Context, user User, err error) {
	if err == nil || errors.Is(err, ErrSecondFactor) { // which only asks for more
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

// recordFailure adds a wrong password to the audit log. Of an unknown email nothing is kept.
func (s *Logins) recordFailure(ctx context.Context, user User, reason LogInFailure) {
	err := s.config.Audit.Record(ctx, AuditRecord{
		At: s.config.now(), Action: AuditLoginFailed, UserID: user.ID,
		After: AuditFields("reason", reason),
	})
	if err != nil { // the refusal stands
		s.config.Log.WarnContext(ctx, "could not record a failed login", "user", user.ID, "error", err)
	}
}
