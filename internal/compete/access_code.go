package compete

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"strings"

	"github.com/minicompete/minicompete/internal/normal"
)

// AccessCode is a word that people need to register for a competition of a closed circle. Only its staff see it:
// printing or logging it doesn't reveal it.
type AccessCode string

// maxTypedCode is the longest code that is compared, in bytes: every code fits, and a long one keeps nobody waiting.
const maxTypedCode = 8 * MaxAccessCode

// String implements fmt.Stringer.
func (AccessCode) String() string { return "[access code]" }

// LogValue implements slog.LogValuer.
func (c AccessCode) LogValue() slog.Value { return slog.StringValue(c.String()) }

// is reports whether somebody typed the code. Case, accents, spaces and hyphens don't matter. How long that takes
// doesn't depend on how much of it is right.
func (c AccessCode) is(typed AccessCode) bool {
	want, got := sha256.Sum256([]byte(c.key())), sha256.Sum256([]byte(typed.key()))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (c AccessCode) key() string {
	return strings.NewReplacer(" ", "", "-", "").Replace(normal.Key(normal.Line(string(c))))
}

func (v *validation) accessCode(c AccessCode) {
	if c == "" {
		return
	}
	v.length("accessCode", string(c), MinAccessCode, MaxAccessCode)
	if len([]rune(c.key())) < MinAccessCode {
		v.addf("accessCode", "must have at least %d letters or digits", MinAccessCode)
	}
}

// CheckAccess fails with ErrAccessCodeRequired or ErrAccessCodeWrong if the competition has an access code that wasn't
// typed.
func (c *Competition) CheckAccess(typed AccessCode, sealer Sealer) error {
	switch {
	case c.SealedCode == "":
		return nil
	case len(typed) > maxTypedCode:
		return ErrAccessCodeWrong
	case typed.key() == "":
		return ErrAccessCodeRequired
	}
	code, err := sealer.Open(accessCodeOf(c.ID), c.SealedCode)
	if err != nil || !AccessCode(code).is(typed) {
		return ErrAccessCodeWrong // also where the stored code can't be read
	}
	return nil
}

// AccessDigest identifies the access code in force, so that somebody who typed it earlier needn't do so again. It is
// empty if there is none, and if the key that sealed it is no longer in use.
func (c *Competition) AccessDigest(sealer Sealer) string {
	if c.SealedCode == "" {
		return ""
	}
	code, err := sealer.Open(accessCodeOf(c.ID), c.SealedCode)
	if err != nil {
		return ""
	}
	return sealer.Digest(accessCodeOf(c.ID), AccessCode(code).key())
}

// accessCodeOf is the purpose of a sealed code.
func accessCodeOf(competitionID string) string { return "access code of competition " + competitionID }

// setCode stores a sealed code; an empty one means that none is needed.
func (c *Competition) setCode(sealed string) { c.SealedCode, c.NeedsCode = sealed, sealed != "" }

// sealCode returns the stored form of a code, which is empty for none.
func (s *Competitions) sealCode(competitionID string, code AccessCode) string {
	if code = AccessCode(normal.Line(string(code))); code == "" {
		return ""
	}
	return s.config.Sealer.Seal(accessCodeOf(competitionID), []byte(code))
}

// AccessCode returns a competition's access code for its staff. It is empty for everyone else, if there is none, and if
// the key that sealed it is no longer in use.
func (s *Competitions) AccessCode(ctx context.Context, a Actor, c *Competition) AccessCode {
	if c.SealedCode == "" || !c.ManagedBy(a) {
		return ""
	}
	return s.openCode(ctx, c.ID, c.SealedCode)
}

// openCode returns a sealed code; empty, and logged, if the key that sealed it is no longer in use.
func (s *Competitions) openCode(ctx context.Context, competitionID, sealed string) AccessCode {
	code, err := s.config.Sealer.Open(accessCodeOf(competitionID), sealed)
	if err != nil {
		s.config.Log.ErrorContext(ctx,
			"could not read an access code: JWT_SECRET was replaced without JWT_SECRET_PREVIOUS", "competition",
			competitionID)
		return ""
	}
	return AccessCode(code)
}

// SealCodes reseals all access codes with the current key, so that the previous key can be dropped. It runs at startup;
// no route calls it.
func (s *Competitions) SealCodes(ctx context.Context) error {
	codes, err := s.config.Store.AccessCodes(ctx)
	if err != nil {
		return err
	}
	for id, sealed := range codes {
		code := s.openCode(ctx, id, sealed)
		if code == "" {
			continue // it can't be recovered
		}
		if err := s.config.Store.SealAccessCode(ctx, id, sealed, s.sealCode(id, code)); err != nil {
			return err
		}
	}
	return nil
}
