package compete

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"time"
)

// Limits of second factors.
const (
	MaxPasskeys       = 20 // of one account
	MaxPasskeyName    = 60 // characters
	RecoveryCodeCount = 10
	// FreshLogin is how old a login may be for what a session left open must not be used for: changing the address, the
	// password, second factors or roles, and what only admins do.
	FreshLogin = 15 * time.Minute
	// PendingLoginLife is how long one can take between the password and the second factor.
	PendingLoginLife = 10 * time.Minute
	// ChallengeLife is how long a challenge to a passkey can be answered.
	ChallengeLife = 10 * time.Minute
)

// Factors are what an account has to show who its user is, besides the password. With any of them, the password alone
// doesn't log in.
type Factors struct {
	App           *AuthenticatorApp // nil: none, or one that isn't confirmed yet
	Passkeys      []Passkey         // oldest first
	RecoveryCodes int               // unused ones
}

// Any reports whether there is a second factor.
func (f Factors) Any() bool { return f.App != nil || len(f.Passkeys) > 0 }

// count is how many there are.
func (f Factors) count() int {
	n := len(f.Passkeys)
	if f.App != nil {
		n++
	}
	return n
}

// AuthenticatorApp is an app that shows a new code every 30 s (TOTP, RFC 6238).
type AuthenticatorApp struct {
	Secret      string // sealed
	ConfirmedAt time.Time
}

// Passkey is a credential of WebAuthn.
type Passkey struct {
	ID           string
	UserID       string
	CredentialID string // base64url
	Record       string // what the verifier keeps of it, as JSON
	Name         string
	CreatedAt    time.Time
	LastUsedAt   *time.Time
}

// NewFactor is what becomes true with an account's new factor.
type NewFactor struct {
	CodeHashes []string // of its recovery codes, if it has none yet
	Notice     Message
	Now        time.Time
}

// FactorStore keeps second factors.
type FactorStore interface {
	// Factors reads what a user has. Who doesn't exist has none.
	Factors(ctx context.Context, userID string) (Factors, error)
	// HasFactor reports whether a user has an app that is confirmed, or a passkey.
	HasFactor(ctx context.Context, userID string) (bool, error)
	// StartApp keeps the sealed secret of an app that isn't confirmed yet, in place of an earlier one. Errors:
	// ErrFactorExists when one is confirmed, ErrUserMissing.
	StartApp(ctx context.Context, userID, secret string, now time.Time) error
	// StartedApp reads the sealed secret of an app that isn't confirmed yet. It fails with ErrFactorMissing.
	StartedApp(ctx context.Context, userID string) (string, error)
	// ConfirmApp makes the app with this secret count, after its code of the given step. withCodes reports whether the
	// account has the new recovery codes now. It fails with ErrFactorMissing when the secret is another by now.
	ConfirmApp(ctx context.Context, userID, secret string, step int64, f NewFactor) (withCodes bool, err error)
	// RemoveApp fails with ErrFactorMissing. With the last factor recovery codes go, too.
	RemoveApp(ctx context.Context, userID string, notice Message) error
	// UseStep marks a code of the app as used. It fails with ErrWrongCode when that or a later one was used before.
	UseStep(ctx context.Context, userID string, step int64) error
	// Apps reads the sealed secrets of all apps by user, and SealApp replaces one.
	Apps(ctx context.Context) (map[string]string, error)
	SealApp(ctx context.Context, userID, before, after string) error

	// UseRecoveryCode fails with ErrWrongCode for one that doesn't exist or was used before.
	UseRecoveryCode(ctx context.Context, userID, hash string, notice Message, now time.Time) error
	// SetRecoveryCodes replaces them all. It fails with ErrFactorMissing when the user has no factor.
	SetRecoveryCodes(ctx context.Context, userID string, hashes []string, notice Message) error

	// AddPasskey also spends the challenge that it answers. Errors: ErrPasskeyRefused when the challenge or the
	// credential was used before, ErrTooManyPasskeys.
	AddPasskey(ctx context.Context, p Passkey, c SpentChallenge, f NewFactor) (withCodes bool, err error)
	// RenamePasskey and RemovePasskey fail with ErrFactorMissing, also for another user's. With the last factor
	// recovery codes go, too.
	RenamePasskey(ctx context.Context, userID, id, name string) error
	RemovePasskey(ctx context.Context, userID, id string, notice Message) error
	// UsePasskey keeps its new record and time of use, and spends the challenge. It fails with ErrPasskeyRefused when
	// the challenge was used before, or the passkey is gone.
	UsePasskey(ctx context.Context, p Passkey, c SpentChallenge, now time.Time) error

	// ResetFactors removes all that a user has. It fails with ErrFactorMissing when there is nothing.
	ResetFactors(ctx context.Context, userID string, notice Message) error
}

// SpentChallenge is a challenge that was answered.
type SpentChallenge struct {
	Hash    string
	Expires time.Time // it is refused from then on anyway
}

// Sealer encrypts what others keep for the program: browsers, or the database.
type Sealer interface {
	// Seal makes a text that Open takes for the same purpose.
	Seal(purpose string, plain []byte) string
	// Open fails for what was made for another purpose, by another installation, or changed.
	Open(purpose, sealed string) ([]byte, error)
}

// AppCodes are the codes of authenticator apps.
type AppCodes interface {
	// NewSecret makes a secret, in base32.
	NewSecret() string
	// URI is what an app reads from a QR code.
	URI(secret, email string) string
	// Step finds the 30-second step near now that a code belongs to.
	Step(secret, code string, now time.Time) (step int64, ok bool)
}

// Challenge is what a browser gives to a passkey.
type Challenge struct {
	Options []byte // JSON: PublicKeyCredentialCreationOptions or PublicKeyCredentialRequestOptions
	State   string // sealed: to be sent back with the answer
}

// PasskeyVerifier makes challenges and checks what passkeys answer. Its answers fail with ErrPasskeyRefused.
type PasskeyVerifier interface {
	// Create begins adding a passkey to those that the user has.
	Create(user User, has []Passkey, now time.Time) (Challenge, error)
	// Created checks the answer. The passkey has neither ID nor Name.
	Created(user User, has []Passkey, state, answer string, now time.Time) (Passkey, SpentChallenge, error)
	// Ask challenges one of a user's passkeys, or with no user any that can log in. alone: nothing else was asked, so
	// that the passkey has to verify its owner.
	Ask(userID string, has []Passkey, alone bool, now time.Time) (Challenge, error)
	// Asked checks the answer to a challenge of Ask with the same userID and alone. passkeys finds those of the user
	// that the answer names.
	Asked(userID string, alone bool, state, answer string, now time.Time,
		passkeys func(userID string) ([]Passkey, error)) (Passkey, SpentChallenge, error)
}

// newRecoveryCodes makes codes of 120 bits such as "k3ph77-xqma2d-v5rutb-q2c4we", and what is kept of them.
func newRecoveryCodes() (codes, hashes []string) {
	for range RecoveryCodeCount {
		var random [15]byte
		_, _ = rand.Read(random[:]) // never fails, it says
		code := strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
		codes = append(codes, code[:6]+"-"+code[6:12]+"-"+code[12:18]+"-"+code[18:])
		hashes = append(hashes, recoveryHash(code))
	}
	return codes, hashes
}

// recoveryHash needs neither salt nor cost: from 112 bits on, nobody can try all codes (OWASP ASVS 5.0, 6.5.2).
func recoveryHash(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

// plainCode is a code without what people put between its parts.
func plainCode(typed string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\t", "", "\u00a0",
		"").Replace(strings.TrimSpace(typed)))
}

// isAppCode reports whether a plain code can be that of an authenticator app.
func isAppCode(code string) bool {
	return len(code) == 6 && strings.Trim(code, "0123456789") == ""
}
