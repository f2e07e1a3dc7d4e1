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
	MaxPasskeys       = 20 // per account
	MaxPasskeyName    = 60 // characters
	RecoveryCodeCount = 10
	// FreshLogin is the maximum age of a login for actions that a session left open must not allow: changing the
	// address, the password, second factors or roles, and actions reserved for admins.
	FreshLogin = 15 * time.Minute
	// PendingLoginLife is the maximum time between the password and the second factor of a login.
	PendingLoginLife = 10 * time.Minute
	// ChallengeLife is how long a passkey challenge can be answered.
	ChallengeLife = 10 * time.Minute
)

// Factors are an account's second factors. With any of them, the password isn't enough to log in.
type Factors struct {
	App           *AuthenticatorApp // nil if there is none, or it isn't confirmed yet
	Passkeys      []Passkey         // oldest first
	RecoveryCodes int               // number of unused ones
}

// Any reports whether there is a second factor.
func (f Factors) Any() bool { return f.App != nil || len(f.Passkeys) > 0 }

// count returns the number of second factors.
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

// Passkey is a WebAuthn credential.
type Passkey struct {
	ID           string
	UserID       string
	CredentialID string // base64url
	Record       string // the verifier's data, as JSON
	Name         string
	CreatedAt    time.Time
	LastUsedAt   *time.Time
}

// NewFactor holds the changes that accompany an account's new factor.
type NewFactor struct {
	CodeHashes []string // hashes of new recovery codes, stored if the account has none yet
	Notice     Message
	Now        time.Time
}

// FactorStore stores second factors.
type FactorStore interface {
	// Factors reads a user's factors. A user that doesn't exist has none.
	Factors(ctx context.Context, userID string) (Factors, error)
	// HasFactor reports whether a user has a confirmed app or a passkey.
	HasFactor(ctx context.Context, userID string) (bool, error)
	// StartApp stores the sealed secret of an unconfirmed app, replacing an earlier one. Errors: ErrFactorExists when
	// one is confirmed, ErrUserMissing.
	StartApp(ctx context.Context, userID, secret string, now time.Time) error
	// StartedApp reads the sealed secret of an unconfirmed app. It fails with ErrFactorMissing.
	StartedApp(ctx context.Context, userID string) (string, error)
	// ConfirmApp activates the app with this secret and marks its code of the given step as used. withCodes reports
	// whether the new recovery codes were stored. It fails with ErrFactorMissing if the secret has been replaced.
	ConfirmApp(ctx context.Context, userID, secret string, step int64, f NewFactor) (withCodes bool, err error)
	// RemoveApp removes the app. Removing the last factor also removes the recovery codes. It fails with
	// ErrFactorMissing.
	RemoveApp(ctx context.Context, userID string, notice Message) error
	// UseStep marks an app's code as used. It fails with ErrWrongCode if that code or a later one was already used.
	UseStep(ctx context.Context, userID string, step int64) error
	// Apps reads the sealed secrets of all apps by user, and SealApp replaces one.
	Apps(ctx context.Context) (map[string]string, error)
	SealApp(ctx context.Context, userID, before, after string) error

	// UseRecoveryCode marks a recovery code as used. It fails with ErrWrongCode if the code doesn't exist or was
	// already used.
	UseRecoveryCode(ctx context.Context, userID, hash string, notice Message, now time.Time) error
	// SetRecoveryCodes replaces all recovery codes. It fails with ErrFactorMissing if the user has no factor.
	SetRecoveryCodes(ctx context.Context, userID string, hashes []string, notice Message) error

	// AddPasskey also spends the challenge that it answers. Errors: ErrPasskeyRefused if the challenge or the
	// credential was already used, ErrTooManyPasskeys.
	AddPasskey(ctx context.Context, p Passkey, c SpentChallenge, f NewFactor) (withCodes bool, err error)
	// RenamePasskey and RemovePasskey fail with ErrFactorMissing, also for another user's passkey. Removing the last
	// factor also removes the recovery codes.
	RenamePasskey(ctx context.Context, userID, id, name string) error
	RemovePasskey(ctx context.Context, userID, id string, notice Message) error
	// UsePasskey stores the passkey's new record and time of use, and spends the challenge. It fails with
	// ErrPasskeyRefused if the challenge was already used or the passkey was removed.
	UsePasskey(ctx context.Context, p Passkey, c SpentChallenge, now time.Time) error

	// ResetFactors removes all of a user's factors. It fails with ErrFactorMissing if there are none.
	ResetFactors(ctx context.Context, userID string, notice Message) error
}

// SpentChallenge is an answered challenge.
type SpentChallenge struct {
	Hash    string
	Expires time.Time // it is refused after this time anyway
}

// Sealer encrypts data that the program leaves with others: browsers or the database.
type Sealer interface {
	// Seal encrypts plain for a purpose; Open needs the same purpose.
	Seal(purpose string, plain []byte) string
	// Open decrypts the output of Seal. It fails if the data was sealed for another purpose or by another installation,
	// or was changed.
	Open(purpose, sealed string) ([]byte, error)
	// Digest returns the same text for the same data and purpose, from which nobody can guess the data.
	Digest(purpose, data string) string
}

// AppCodes generates secrets for authenticator apps and checks their codes.
type AppCodes interface {
	// NewSecret generates a secret, in base32.
	NewSecret() string
	// URI returns the content of the QR code that apps scan.
	URI(secret, email string) string
	// Step finds the 30-second step near now that the code is valid for.
	Step(secret, code string, now time.Time) (step int64, ok bool)
}

// Challenge is sent to a browser for a passkey to answer.
type Challenge struct {
	Options []byte // JSON: PublicKeyCredentialCreationOptions or PublicKeyCredentialRequestOptions
	State   string // sealed; the browser sends it back with the answer
}

// PasskeyVerifier creates challenges and checks passkeys' answers. Invalid answers fail with ErrPasskeyRefused.
type PasskeyVerifier interface {
	// Create returns a challenge for adding a passkey to the user's existing ones.
	Create(user User, has []Passkey, now time.Time) (Challenge, error)
	// Created checks the answer. The returned passkey has neither ID nor Name.
	Created(user User, has []Passkey, state, answer string, now time.Time) (Passkey, SpentChallenge, error)
	// Ask returns a challenge for one of a user's passkeys or, without a user, for any that can log in. alone means
	// that the passkey is the only proof, so it has to verify its owner.
	Ask(userID string, has []Passkey, alone bool, now time.Time) (Challenge, error)
	// Asked checks the answer to a challenge from Ask with the same userID and alone. passkeys looks up the passkeys of
	// the user that the answer names.
	Asked(userID string, alone bool, state, answer string, now time.Time,
		passkeys func(userID string) ([]Passkey, error)) (Passkey, SpentChallenge, error)
}

// newRecoveryCodes generates 120-bit codes such as "k3ph77-xqma2d-v5rutb-q2c4we", and the hashes to store.
func newRecoveryCodes() (codes, hashes []string) {
	for range RecoveryCodeCount {
		var random [15]byte
		_, _ = rand.Read(random[:]) // documented never to fail
		code := strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
		codes = append(codes, code[:6]+"-"+code[6:12]+"-"+code[12:18]+"-"+code[18:])
		hashes = append(hashes, recoveryHash(code))
	}
	return codes, hashes
}

// recoveryHash uses neither salt nor a slow hash: codes of 112 bits or more can't be brute-forced (OWASP ASVS 5.0,
// 6.5.2).
func recoveryHash(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

// plainCode removes the separators that people type between the parts of a code.
func plainCode(typed string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\t", "", "\u00a0",
		"").Replace(strings.TrimSpace(typed)))
}

// isAppCode reports whether a plain code has the form of an authenticator app's.
func isAppCode(code string) bool {
	return len(code) == 6 && strings.Trim(code, "0123456789") == ""
}
