package draw

import (
	"bytes"
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

// Notice is how long before its round is published the list of a draw is closed, at least.
const Notice = time.Minute

// Read decodes a file strictly, so that every program reads the same from it: names are as documented and nowhere
// twice, and nothing follows.
func Read(r io.Reader) (f File, err error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile))
	if err != nil {
		return f, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return f, fmt.Errorf("this isn't the file of a draw: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return f, errors.New("this isn't the file of a draw: something follows it")
	}
	if err := checkNames(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return f, fmt.Errorf("this isn't the file of a draw: %w", err)
	}
	if f.Format != Format {
		return f, fmt.Errorf("this isn't the file of a draw: its format is %q, not %q", f.Format, Format)
	}
	return f, nil
}

// names are those of a file's objects, wherever they are. Go's decoder also takes them in another case, or twice.
var names = regexp.MustCompile(`^(format|competitionId|frozenAt|list|listHash|source|randomness|order|ref|tickets|` +
	`kind|name|round|value|signature)$`)

// checkNames reads one value, and refuses names that aren't written as documented, or that an object has twice.
func checkNames(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	opened, _ := token.(json.Delim)
	if opened == 0 {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if opened == '{' {
			token, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			if !names.MatchString(name) || seen[name] {
				return fmt.Errorf("the name %q is there twice, or unknown", name)
			}
			seen[name] = true
		}
		if err := checkNames(d); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing one
	return err
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
		return fmt.Errorf("the list was changed: its hash is %s, not %q", hash, f.ListHash)
	}
	switch f.Source.Kind {
	case SourceQuicknet:
		if first := RoundAfter(f.FrozenAt.Add(Notice)); f.Source.Round != first {
			return fmt.Errorf("round %d isn't the first one that is published more than a minute after the list was "+
				"frozen: that is %d", f.Source.Round, first)
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
				return fmt.Errorf("place %d of the order belongs to %s, not %q", i+1, order[i], f.Order[i])
			}
		}
	}
	return nil
}
