package draw

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SourceKind tells where the randomness of a draw comes from.
type SourceKind string

// The kinds of sources.
const (
	SourceQuicknet SourceKind = "QUICKNET" // a future round of drand's quicknet
	SourceNamed    SourceKind = "NAMED"    // a public value that staff enter later, such as that day's lottery numbers
)

// Source names the randomness of a draw before it exists.
type Source struct {
	Kind  SourceKind `json:"kind"`
	Round uint64     `json:"round,omitempty"` // of quicknet
	Name  string     `json:"name,omitempty"`  // of the public value
}

// Randomness is what the source said.
type Randomness struct {
	Signature string `json:"signature,omitempty"` // quicknet's, in hex
	Value     string `json:"value,omitempty"`     // the public value
}

// ErrRandomness is the error about randomness that isn't the source's.
var ErrRandomness = errors.New("this isn't the randomness of the source")

// Bytes returns the 32 bytes that decide. For quicknet it first verifies the signature, and fails with ErrRandomness.
// Whether a public value is the one of its source is for people to check.
func (s Source) Bytes(r Randomness) ([]byte, error) {
	if s.Kind == SourceQuicknet {
		return verifyRound(s.Round, r.Signature)
	}
	if strings.TrimSpace(r.Value) == "" {
		return nil, fmt.Errorf("%w: the value is empty", ErrRandomness)
	}
	hash := sha256.Sum256([]byte(r.Value))
	return hash[:], nil
}

// Beacon fetches the randomness of a round of quicknet. It fails with ErrNotYet if the round isn't there yet.
type Beacon interface {
	Round(ctx context.Context, round uint64) (Randomness, error)
}

// ErrNotYet is the error about a round that isn't there yet.
var ErrNotYet = errors.New("this round isn't there yet")

// QuicknetHash identifies the network to its relays. Its further constants are public at
// https://api.drand.sh/QuicknetHash/info.
const (
	QuicknetHash = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
	quicknetKey  = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c" +
		"8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb" +
		"5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
	quicknetPeriod = 3 * time.Second
)

var quicknetGenesis = time.Unix(1692803367, 0).UTC()

// RoundTime returns when a round of quicknet is published.
func RoundTime(round uint64) time.Time {
	return quicknetGenesis.Add(time.Duration(round-1) * quicknetPeriod) //nolint:gosec // G115: in 2300 it's below 2^32
}

// RoundAfter returns the first round of quicknet that is published after a moment.
func RoundAfter(at time.Time) uint64 {
	if at.Before(quicknetGenesis) {
		return 1
	}
	return uint64(at.Sub(quicknetGenesis)/quicknetPeriod) + 2 //nolint:gosec // G115: it isn't before genesis
}

func unhex(name, text string) ([]byte, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: the %s isn't in hex", ErrRandomness, name)
	}
	return b, nil
}
