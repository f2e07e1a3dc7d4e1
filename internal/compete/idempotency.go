package compete

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Idempotency makes a command safe to repeat: repeating a request with the same key returns the first answer. The zero
// value disables it.
type Idempotency struct {
	Key         string
	RequestHash string // SHA-256 of the request in hex; the same key with another hash is refused
}

// IdempotencyOf returns the idempotency of a request with a key, for both front ends. The request is identified by
// method, path and body. The body of a form is its encoded values, without the key. An access code is left out: see
// with.
func IdempotencyOf(key, method, path string, body []byte) Idempotency {
	if key == "" {
		return Idempotency{}
	}
	text := make([]byte, 0, len(method)+1+len(path)+1+len(body))
	text = append(append(append(append(append(text, method...), '\n'), path...), '\n'), body...)
	hash := sha256.Sum256(text)
	return Idempotency{Key: key, RequestHash: hex.EncodeToString(hash[:])}
}

// with returns the idempotency of a request that contains a secret, too, which the front ends leave out of the hash:
// nobody must be able to guess the secret from that.
func (i Idempotency) with(secret AccessCode, sealer Sealer) Idempotency {
	if i.Wanted() && secret != "" {
		i.RequestHash = HashToken(i.RequestHash + sealer.Digest("access code in a request", string(secret)))
	}
	return i
}

// Wanted reports whether the request carries a key.
func (i Idempotency) Wanted() bool { return i.Key != "" }

// ParseIdempotencyKey checks a key that a client sent: 8 to 255 visible ASCII characters.
func ParseIdempotencyKey(key string) error {
	valid := len(key) >= MinIdempotencyKey && len(key) <= MaxIdempotencyKey
	for i := 0; valid && i < len(key); i++ {
		valid = key[i] > ' ' && key[i] < 0x7f
	}
	if !valid {
		return Invalid(FieldError{
			Field: "Idempotency-Key",
			Message: fmt.Sprintf("must be %d to %d visible ASCII characters; to send no key, omit the header",
				MinIdempotencyKey, MaxIdempotencyKey),
		})
	}
	return nil
}

// IdempotencyRecord is the stored answer to a request with a key. It commits with the effect, and only successes are
// recorded.
type IdempotencyRecord struct {
	UserID      string
	Key         string
	RequestHash string
	Body        []byte // the command's outcome as JSON
	ExpiresAt   time.Time
}

// Record returns the record to store for a successful outcome, encoded as JSON.
func (i Idempotency) Record(userID string, outcome []byte, now time.Time) IdempotencyRecord {
	return IdempotencyRecord{
		UserID: userID, Key: i.Key, RequestHash: i.RequestHash, Body: outcome,
		ExpiresAt: now.Add(IdempotencyTTL),
	}
}

// keyedResult is the result of a request with a key.
type keyedResult[T any] struct {
	outcome  T
	replayed bool               // the outcome is replayed from an earlier identical request
	earlier  *IdempotencyRecord // the record of an earlier identical request, in place of an outcome
	record   *IdempotencyRecord // the record committed with the outcome
}

// withIdempotency runs a request, unless the same request has already succeeded: then it returns that outcome. All
// replay logic is here, except the part that needs a transaction: the registrar and CompetitionStore save the record
// together with its effect, and find an existing one. The cache may be nil.
func withIdempotency[T any](
	ctx context.Context, cache ReplayCache, now time.Time, a Actor, i Idempotency, do func() (keyedResult[T], error),
) (T, bool, error) {
	if !i.Wanted() {
		d, err := do()
		return d.outcome, false, err
	}
	var none T
	if err := ParseIdempotencyKey(i.Key); err != nil {
		return none, false, err
	}
	if cache != nil {
		if record, ok := cache.Get(ctx, a.UserID, i.Key); ok && now.Before(record.ExpiresAt) {
			return replay[T](&record, i)
		}
	}
	d, err := do()
	switch {
	case err != nil:
		return none, false, err
	case d.earlier != nil:
		return replay[T](d.earlier, i)
	case cache != nil && d.record != nil && d.record.Key != "":
		cache.Put(d.record.with(d.outcome))
	}
	return d.outcome, d.replayed, nil
}

func replay[T any](record *IdempotencyRecord, i Idempotency) (T, bool, error) {
	var outcome T // escapes to the heap, so it isn't declared in withIdempotency
	err := record.Replay(i, &outcome)
	return outcome, true, err
}

// with returns the record with the complete outcome, for a cache that answers without the database.
func (r *IdempotencyRecord) with(outcome any) IdempotencyRecord {
	whole := *r
	whole.Body, _ = json.Marshal(outcome)
	return whole
}

// Replay decodes the recorded outcome. It fails with ErrIdempotencyKeyReused if the key was used for another request.
func (r IdempotencyRecord) Replay(i Idempotency, outcome any) error {
	if r.RequestHash != i.RequestHash {
		return ErrIdempotencyKeyReused
	}
	if err := json.Unmarshal(r.Body, outcome); err != nil {
		return fmt.Errorf("decode an idempotency record: %w", err)
	}
	return nil
}
