package draw

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// Format is the value of File.Format.
const Format = "minicompete-draw-1"

// MaxFile is the maximum size of a file, in bytes: more than a million entries take.
const MaxFile = 256 << 20

// File is all that is public about a draw. It has no personal data: each participant is told their own reference.
type File struct {
	Format        string      `json:"format"`
	CompetitionID string      `json:"competitionId"`
	FrozenAt      time.Time   `json:"frozenAt"`
	List          []Entry     `json:"list"`     // in ascending order of references
	ListHash      string      `json:"listHash"` // see ListHash
	Source        Source      `json:"source"`
	Randomness    *Randomness `json:"randomness,omitempty"` // absent until the draw
	Order         []string    `json:"order,omitempty"`      // the references in drawn order
}

// ErrNotDrawn is the error about a file from before its draw.
var ErrNotDrawn = errors.New("the list is frozen, but the draw hasn't happened yet")

// Read decodes a file strictly.
func Read(r io.Reader) (f File, err error) {
	decoder := json.NewDecoder(io.LimitReader(r, MaxFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return f, fmt.Errorf("this isn't the file of a draw: %w", err)
	}
	if f.Format != Format {
		return f, fmt.Errorf("this isn't the file of a draw: its format is %q, not %q", f.Format, Format)
	}
	return f, nil
}

var wellFormedRef = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Verify recomputes the draw, and returns the first thing that is wrong. It fails with ErrNotDrawn if only the list
// could be checked.
func (f *File) Verify() error {
	for i, e := range f.List {
		switch {
		case !wellFormedRef.MatchString(e.Ref):
			return fmt.Errorf("entry %d: the reference %q isn't 32 lower-case hex digits", i+1, e.Ref)
		case e.Tickets < 1 || e.Tickets > MaxTickets:
			return fmt.Errorf("entry %d: %d tickets aren't from 1 to %d", i+1, e.Tickets, MaxTickets)
		case i > 0 && f.List[i-1].Ref >= e.Ref:
			return fmt.Errorf("entry %d: the list isn't in ascending order of references", i+1)
		}
	}
	if hash := ListHash(f.List); hash != f.ListHash {
		return fmt.Errorf("the list was changed: its hash is %s, not %s", hash, f.ListHash)
	}
	switch f.Source.Kind {
	case SourceQuicknet:
		if published := RoundTime(f.Source.Round); !published.After(f.FrozenAt) {
			return fmt.Errorf("round %d was known at %s, before the list was frozen", f.Source.Round,
				published.Format(time.RFC3339))
		}
	case SourceNamed:
	default:
		return fmt.Errorf("the source %q is unknown", f.Source.Kind)
	}
	if f.Randomness == nil {
		return ErrNotDrawn
	}
	randomness, err := f.Source.Bytes(*f.Randomness)
	if err != nil {
		return err
	}
	order := Order(f.List, randomness)
	if len(order) != len(f.Order) {
		return fmt.Errorf("the order has %d entries, but the list has %d", len(f.Order), len(order))
	}
	if !slices.Equal(order, f.Order) {
		for i := range order {
			if order[i] != f.Order[i] {
				return fmt.Errorf("place %d of the order belongs to %s, not %s", i+1, order[i], f.Order[i])
			}
		}
	}
	return nil
}
