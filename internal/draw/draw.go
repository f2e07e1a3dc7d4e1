package draw

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
)

// The limits of a draw.
const (
	MaxTickets = 1024 // of one entry
	RefSize    = 16   // bytes of a reference, which is written in hex
)

// Entry is a reference that takes part in a draw.
type Entry struct {
	Ref     string `json:"ref"`     // 32 lower-case hex digits
	Tickets int    `json:"tickets"` // 1 to MaxTickets
}

// Sort brings a list into its canonical order.
func Sort(list []Entry) {
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Ref, b.Ref) })
}

// ListHash returns the hash of a sorted list, in hex.
func ListHash(list []Entry) string {
	hash, line := sha256.New(), []byte(nil)
	for _, e := range list {
		line = append(append(line[:0], e.Ref...), ' ')
		line = append(strconv.AppendInt(line, int64(e.Tickets), 10), '\n')
		hash.Write(line)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Order returns the references of a list in drawn order.
func Order(list []Entry, randomness []byte) []string {
	type keyed struct {
		key [sha256.Size]byte
		ref string
	}
	mac := hmac.New(sha256.New, randomness)
	keys := make([]keyed, len(list))
	var sum [sha256.Size]byte
	var number [4]byte
	for i, e := range list {
		keys[i].ref = e.Ref
		for ticket := range e.Tickets {
			mac.Reset()
			mac.Write([]byte(e.Ref))
			binary.BigEndian.PutUint32(number[:], uint32(ticket+1))
			mac.Write(number[:])
			mac.Sum(sum[:0])
			if ticket == 0 || bytes.Compare(sum[:], keys[i].key[:]) < 0 {
				keys[i].key = sum
			}
		}
	}
	slices.SortFunc(keys, func(a, b keyed) int {
		return cmp.Or(bytes.Compare(a.key[:], b.key[:]), cmp.Compare(a.ref, b.ref))
	})
	order := make([]string, len(keys))
	for i := range keys {
		order[i] = keys[i].ref
	}
	return order
}
