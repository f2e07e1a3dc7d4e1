package draw

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/cloudflare/circl/sign/bls"
)

var publicKey = sync.OnceValues(func() (*bls.PublicKey[bls.KeyG2SigG1], error) {
	text, err := unhex("key", quicknetKey)
	if err != nil {
		return nil, err
	}
	key := new(bls.PublicKey[bls.KeyG2SigG1])
	if err := key.UnmarshalBinary(text); err != nil {
		return nil, fmt.Errorf("decode quicknet's public key: %w", err)
	}
	return key, nil
})

// verifyRound returns the randomness of a round of quicknet: the SHA-256 of its BLS signature, once that is verified.
// The network is unchained, so the signed message is the SHA-256 of the round's number alone; signatures are on G1 as
// in RFC 9380.
func verifyRound(round uint64, signature string) ([]byte, error) {
	key, err := publicKey()
	if err != nil {
		return nil, err
	}
	sig, err := unhex("signature", signature)
	if err != nil {
		return nil, err
	}
	message := sha256.Sum256(binary.BigEndian.AppendUint64(nil, round))
	if !bls.Verify(key, message[:], sig) {
		return nil, fmt.Errorf("%w: quicknet didn't sign round %d like this", ErrRandomness, round)
	}
	hash := sha256.Sum256(sig)
	return hash[:], nil
}
