package auth

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	maxHashMemory = 40 << 10 // KiB, of all hashes that are computed at a time by default
	maxGarbage    = 20 << 10 // KiB that hashes may leave before they are collected
	saltSize      = 16       // bytes
	keySize       = 32       // bytes
)

// argon2Params are how much work a hash is. One lane, so that a hash keeps one core busy.
type argon2Params struct {
	memory uint32 // KiB
	passes uint32
}

// argon2Of is the work at a cost. 12 is the least that OWASP's Password Storage Cheat Sheet advises for argon2id: 19
// MiB and two passes. Each step up doubles the passes, each step down halves the memory.
func argon2Of(cost int) argon2Params {
	const usual, memory, passes = 12, 19 << 10, 2
	if cost >= usual {
		return argon2Params{memory, passes << (cost - usual)}
	}
	return argon2Params{memory >> (usual - cost), passes}
}

// derive computes a hash, which takes its memory anew each time: collected now and then, a line of logins doesn't fill
// the heap with it.
func (h *Hasher) derive(p argon2Params, password string, salt []byte) []byte {
	key := argon2.IDKey([]byte(password), salt, p.passes, p.memory, 1, keySize)
	if h.garbage.Add(uint64(p.memory)) >= maxGarbage {
		h.garbage.Store(0)
		runtime.GC()
	}
	return key
}

// encode is the form of the PHC string format.
func (p argon2Params) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, p.memory, p.passes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decodeArgon2 reads what encode wrote, for as much memory as that writes at most.
func decodeArgon2(hash string) (p argon2Params, salt, key []byte, ok bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return p, nil, nil, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &p.memory, &p.passes); err != nil ||
		p.memory > argon2Of(12).memory || p.memory == 0 || p.passes == 0 {
		return p, nil, nil, false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	ok = saltErr == nil && keyErr == nil && len(key) == keySize && p.encode(salt, key) == hash
	return p, salt, key, ok
}
