package factor

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/minicompete/minicompete/internal/compete"
)

// Sealer encrypts with AES-256-GCM, using keys derived from the secrets that sign the tokens. It is a compete.Sealer,
// and safe for concurrent use.
type Sealer struct {
	keys   []cipher.AEAD // the first one seals
	digest []byte        // the key of digests
}

var _ compete.Sealer = (*Sealer)(nil)

// NewSealer takes the secret that also signs the API's tokens, and the previous one, which may be empty.
func NewSealer(secret, previous []byte) (*Sealer, error) {
	digest, err := hkdf.Key(sha256.New, secret, nil, "mini compete: digests", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key of digests: %w", err)
	}
	s := &Sealer{digest: digest}
	for _, secret := range [][]byte{secret, previous} {
		if len(secret) == 0 {
			continue
		}
		key, err := hkdf.Key(sha256.New, secret, nil, "mini compete: second factors", 32)
		if err != nil {
			return nil, fmt.Errorf("derive the key of second factors: %w", err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("key the encryption of second factors: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("key the encryption of second factors: %w", err)
		}
		s.keys = append(s.keys, aead)
	}
	return s, nil
}

// Seal implements compete.Sealer.
func (s *Sealer) Seal(purpose string, plain []byte) string {
	//nolint:gosec // it makes its own random nonce
	return base64.RawURLEncoding.EncodeToString(s.keys[0].Seal(nil, nil, plain, []byte(purpose)))
}

// Digest implements compete.Sealer.
func (s *Sealer) Digest(purpose, data string) string {
	mac := hmac.New(sha256.New, s.digest)
	mac.Write([]byte(purpose + "\x00" + data))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

var errUnsealed = errors.New("not sealed for this purpose by this installation")

// Open implements compete.Sealer.
func (s *Sealer) Open(purpose, sealed string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, errUnsealed
	}
	for _, key := range s.keys {
		if plain, err := key.Open(nil, nil, raw, []byte(purpose)); err == nil {
			return plain, nil
		}
	}
	return nil, errUnsealed
}
