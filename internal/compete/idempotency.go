package compete

import (
	"encoding/json"
	"fmt"
	"time"
)

// Idempotency makes a command safe to repeat: the same key with the same request gets the first answer again.
// The zero value asks for nothing.
type Idempotency struct {
	Key         string
	RequestHash string // SHA-256 in hex of what the request was; the same key with another hash is refused
	Status      int    // what the front door answers on success; kept with the record, never interpreted here
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
			Field:   "Idempotency-Key",
			Message: fmt.Sprintf("must be %d to %d visible ASCII characters; to send no key, omit the header", MinIdempotencyKey, MaxIdempotencyKey),
		})
	}
	return nil
}

// check holds the key, if there is one, to its form.
func (i Idempotency) check() error {
	if !i.Wanted() {
		return nil
	}
	return ParseIdempotencyKey(i.Key)
}

// IdempotencyRecord is the stored answer to a request with a key. It commits with the effect, and only successes are recorded.
type IdempotencyRecord struct {
	UserID      string
	Key         string
	RequestHash string
	Status      int
	Body        []byte // JSON of the command's outcome
	ExpiresAt   time.Time
}

// Record is what is stored for a successful outcome; the zero record when no key was sent.
func (i Idempotency) Record(userID string, outcome any, now time.Time) (IdempotencyRecord, error) {
	if !i.Wanted() {
		return IdempotencyRecord{}, nil
	}
	body, err := encodeOutcome(outcome)
	if err != nil {
		return IdempotencyRecord{}, fmt.Errorf("encode the outcome for its idempotency record: %w", err)
	}
	return IdempotencyRecord{UserID: userID, Key: i.Key, RequestHash: i.RequestHash, Status: i.Status, Body: body, ExpiresAt: now.Add(IdempotencyTTL)}, nil
}

// recordSize is room for the outcome of a registration, in bytes.
const recordSize = 1024

func encodeOutcome(outcome any) ([]byte, error) {
	if a, ok := outcome.(appender); ok {
		return a.AppendJSON(make([]byte, 0, recordSize)), nil
	}
	return json.Marshal(outcome)
}

// Replay reads the recorded outcome. It fails with ErrIdempotencyKeyReused when the key was used for another request.
func (r IdempotencyRecord) Replay(i Idempotency, outcome any) error {
	if r.RequestHash != i.RequestHash {
		return ErrIdempotencyKeyReused
	}
	if err := json.Unmarshal(r.Body, outcome); err != nil {
		return fmt.Errorf("decode an idempotency record: %w", err)
	}
	return nil
}
