package auth

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	maxHashMemory = 40 << 10 // KiB; default limit for all hashes computed at once
	maxGarbage    = 20 << 10 // KiB of garbage from hashes before a collection
	saltSize      = 16       // bytes
	keySize       = 32       // bytes
)

// argon2Params is the cost of a hash. It uses one lane, so that a hash keeps one core busy.
type argon2Params struct {
	memory uint32 // KiB
	passes uint32
}

// argon2Of returns the parameters for a cost. 12 is the minimum that OWASP's Password Storage Cheat Sheet recommends
// for argon2id: 19 MiB and two passes. Each step up doubles the passes, each step down halves the memory.
func argon2Of(cost int) argon2Params {
	const usual, memory, passes = 12, 19 << 10, 2
	if cost >= usual {
		return argon2Params{memory, passes << (cost - usual)}
	}
	return argon2Params{memory >> (usual - cost), passes}
}

// derive computes a hash. Each hash allocates its memory anew; collecting it now and then keeps many logins from
// filling the heap.
func (h *Hasher) derive(p argon2Params, password string, salt []byte) []byte {
	key := argon2.IDKey([]byte(password), salt, p.passes, p.memory, 1, keySize)
	if h.garbage.Add(uint64(p.memory)) >= maxGarbage {
		h.garbage.Store(0)
		runtime.GC()
	}
	return key
}

// encode returns the hash in PHC string format.
func (p argon2Params) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, p.memory, p.passes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decodeArgon2 decodes the output of encode. It refuses more memory than encode ever writes.
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
