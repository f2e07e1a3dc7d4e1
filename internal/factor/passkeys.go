package factor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/minicompete/minicompete/internal/compete"
)

// Passkeys creates challenges to passkeys and checks their answers. Create it with NewPasskeys. It is a
// compete.PasskeyVerifier, and safe for concurrent use.
type Passkeys struct {
	webauthn *webauthn.WebAuthn
	sealer   *Sealer
	siteName func() string // shown by the browser
}

var _ compete.PasskeyVerifier = (*Passkeys)(nil)

// NewPasskeys creates Passkeys for the site with the given origin. A passkey belongs to a domain, so it fails for a
// site that only has an IP address.
func NewPasskeys(origin string, sealer *Sealer, siteName func() string) (*Passkeys, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("read the site's address: %w", err)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "-", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			// An authenticator that stores no list of its passkeys, or asks for no PIN, is still a second factor.
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("set up passkeys for %s: %w", u.Hostname(), err)
	}
	return &Passkeys{webauthn: w, sealer: sealer, siteName: siteName}, nil
}

// owner is a user with their passkeys, in WebAuthn's interface.
type owner struct {
	user compete.User
	has  []webauthn.Credential
}

// newOwner creates an owner. It fails if a record can't be decoded.
func newOwner(user compete.User, passkeys []compete.Passkey) (*owner, error) {
	o := &owner{user: user, has: make([]webauthn.Credential, len(passkeys))}
	for i, p := range passkeys {
		if err := json.Unmarshal([]byte(p.Record), &o.has[i]); err != nil {
			return nil, fmt.Errorf("read the record of passkey %s: %w", p.ID, err)
		}
	}
	return o, nil
}

// WebAuthnID implements webauthn.User, as the other methods do.
func (o *owner) WebAuthnID() []byte { return []byte(o.user.ID) }

// WebAuthnName implements webauthn.User.
func (o *owner) WebAuthnName() string { return o.user.Email }

// WebAuthnDisplayName implements webauthn.User.
func (o *owner) WebAuthnDisplayName() string { return o.user.Name }

// WebAuthnCredentials implements webauthn.User.
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.has }

// ceremony is the data needed to check the answer to a challenge.
type ceremony struct {
	Session webauthn.SessionData `json:"s"`
	Expires time.Time            `json:"e"`
}

// The purposes of ceremonies. An answer for one purpose is invalid for any other.

func createPurpose(userID string) string { return "new passkey of " + userID }

func askPurpose(userID string, alone bool) string {
	if alone {
		return "passkey alone of " + userID
	}
	return "passkey beside the password of " + userID
}

func (p *Passkeys) challenge(
	purpose string, options any, session *webauthn.SessionData, now time.Time,
) (compete.Challenge, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return compete.Challenge{}, fmt.Errorf("write a challenge: %w", err)
	}
	state, err := json.Marshal(ceremony{Session: *session, Expires: now.Add(compete.ChallengeLife)})
	if err != nil {
		return compete.Challenge{}, fmt.Errorf("keep a challenge: %w", err)
	}
	return compete.Challenge{Options: text, State: p.sealer.Seal(purpose, state)}, nil
}

// open decodes the state of a ceremony. It fails with ErrPasskeyRefused if it has another purpose or is too old.
func (p *Passkeys) open(purpose, state string, now time.Time) (ceremony, compete.SpentChallenge, error) {
	plain, err := p.sealer.Open(purpose, state)
	var c ceremony
	if err != nil || json.Unmarshal(plain, &c) != nil || !now.Before(c.Expires) {
		return c, compete.SpentChallenge{}, compete.ErrPasskeyRefused
	}
	sum := sha256.Sum256([]byte(c.Session.Challenge))
	return c, compete.SpentChallenge{Hash: hex.EncodeToString(sum[:]), Expires: c.Expires}, nil
}

// Create implements compete.PasskeyVerifier.
func (p *Passkeys) Create(user compete.User, has []compete.Passkey, now time.Time) (compete.Challenge, error) {
	o, err := newOwner(user, has)
	if err != nil {
		return compete.Challenge{}, err
	}
	known := make([]protocol.CredentialDescriptor, len(o.has))
	for i := range o.has {
		known[i] = o.has[i].Descriptor()
	}
	options, session, err := p.webauthn.BeginRegistration(o, webauthn.WithExclusions(known),
		webauthn.WithRegistrationRelyingPartyName(p.siteName()))
	if err != nil {
		return compete.Challenge{}, fmt.Errorf("challenge a new passkey: %w", err)
	}
	return p.challenge(createPurpose(user.ID), options.Response, session, now)
}

// Created implements compete.PasskeyVerifier.
func (p *Passkeys) Created(
	user compete.User, has []compete.Passkey, state, answer string, now time.Time,
) (compete.Passkey, compete.SpentChallenge, error) {
	c, spent, err := p.open(createPurpose(user.ID), state, now)
	if err != nil {
		return compete.Passkey{}, spent, err
	}
	o, err := newOwner(user, has)
	if err != nil {
		return compete.Passkey{}, spent, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return compete.Passkey{}, spent, refusedFor(err)
	}
	made, err := p.webauthn.CreateCredential(o, c.Session, parsed)
	if err != nil {
		return compete.Passkey{}, spent, refusedFor(err)
	}
	made.Attestation = webauthn.CredentialAttestation{} // it wasn't requested
	key, err := passkey(user.ID, made)
	return key, spent, err
}

// Ask implements compete.PasskeyVerifier.
func (p *Passkeys) Ask(userID string, has []compete.Passkey, alone bool, now time.Time) (compete.Challenge, error) {
	verification := protocol.VerificationDiscouraged // the password already verified the user
	if alone {
		verification = protocol.VerificationRequired
	}
	var options *protocol.CredentialAssertion
	var session *webauthn.SessionData
	var err error
	if userID == "" {
		options, session, err = p.webauthn.BeginDiscoverableLogin(webauthn.WithUserVerification(verification))
	} else {
		var o *owner
		if o, err = newOwner(compete.User{ID: userID}, has); err != nil {
			return compete.Challenge{}, err
		}
		options, session, err = p.webauthn.BeginLogin(o, webauthn.WithUserVerification(verification))
	}
	if err != nil {
		return compete.Challenge{}, fmt.Errorf("challenge a passkey: %w", err)
	}
	return p.challenge(askPurpose(userID, alone), options.Response, session, now)
}

// Asked implements compete.PasskeyVerifier.
func (p *Passkeys) Asked(
	userID string, alone bool, state, answer string, now time.Time,
	passkeys func(userID string) ([]compete.Passkey, error),
) (compete.Passkey, compete.SpentChallenge, error) {
	c, spent, err := p.open(askPurpose(userID, alone), state, now)
	if err != nil {
		return compete.Passkey{}, spent, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return compete.Passkey{}, spent, refusedFor(err)
	}
	named := userID
	if named == "" {
		named = string(parsed.Response.UserHandle)
	}
	has, err := passkeys(named)
	if err != nil {
		return compete.Passkey{}, spent, err
	}
	o, err := newOwner(compete.User{ID: named}, has)
	if err != nil {
		return compete.Passkey{}, spent, err
	}
	var used *webauthn.Credential
	if userID == "" {
		find := func(_, _ []byte) (webauthn.User, error) { return o, nil }
		_, used, err = p.webauthn.ValidatePasskeyLogin(find, c.Session, parsed)
	} else {
		used, err = p.webauthn.ValidateLogin(o, c.Session, parsed)
	}
	if err != nil {
		return compete.Passkey{}, spent, refusedFor(err)
	}
	if used.Authenticator.CloneWarning { // its counter went back, so there may be a copy
		return compete.Passkey{}, spent, compete.ErrPasskeyRefused
	}
	key, err := passkey(named, used)
	for i, known := range o.has {
		if bytes.Equal(known.ID, used.ID) {
			key.ID = has[i].ID
		}
	}
	return key, spent, err
}

// passkey returns the stored form of a credential.
func passkey(userID string, c *webauthn.Credential) (compete.Passkey, error) {
	record, err := json.Marshal(c)
	if err != nil {
		return compete.Passkey{}, fmt.Errorf("write the record of a passkey: %w", err)
	}
	return compete.Passkey{
		UserID: userID, CredentialID: base64.RawURLEncoding.EncodeToString(c.ID),
		Record: string(record),
	}, nil
}

// refusedFor wraps the reason, for the log.
func refusedFor(err error) error {
	var p *protocol.Error
	if errors.As(err, &p) {
		err = fmt.Errorf("%s (%s)", p.Details, p.DevInfo)
	}
	return fmt.Errorf("%w: %w", compete.ErrPasskeyRefused, err)
}
