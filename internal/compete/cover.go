package compete

import (
	"context"
	"time"
)

// The limits of an uploaded picture: its size in bytes, and the time it may take to arrive (a third of a megabit per
// second).
const (
	MaxCoverUpload  = 5 << 20
	CoverUploadTime = 2 * time.Minute
)

// Cover is the stored picture of a competition: two JPEGs, and a short hash of both for use in URLs.
type Cover struct {
	Hash  string
	Large []byte
	Small []byte
}

// CoverMaker converts uploaded pictures to covers.
type CoverMaker interface {
	// Make converts a picture. Errors: ErrCoverUnreadable, ErrCoverTooLarge, ErrCoverTooManyPixels, and ErrBusy when
	// too many uploads are waiting.
	Make(ctx context.Context, upload []byte) (Cover, error)
}

// CoverStore stores covers separately from competitions, which only hold the hash.
type CoverStore interface {
	// SetCover replaces the competition's cover and updates the competition's hash of it. It fails with
	// ErrCompetitionMissing.
	SetCover(ctx context.Context, competitionID string, c Cover) error
	// DeleteCover deletes the competition's cover, if it has one. It fails with ErrCompetitionMissing.
	DeleteCover(ctx context.Context, competitionID string) error
	// Cover reads the competition's cover. It fails with ErrCoverMissing.
	Cover(ctx context.Context, competitionID string) (Cover, error)
}

// The errors of covers.
var (
	ErrCoverUnreadable    = coverError("must be a PNG, JPEG or WebP picture")
	ErrCoverTooLarge      = coverError("must be at most 5 MB")
	ErrCoverTooManyPixels = coverError("has too many pixels: scale it down, for example to 2400 × 1260")
	ErrCoverMissing       = &Error{
		Kind: KindNotFound, Code: "cover_not_found",
		Detail: "This competition has no uploaded cover.",
	}
)

func coverError(message string) *Error { return Invalid(FieldError{Field: "cover", Message: message}) }

// SetCover sets the cover of a competition that the actor manages. The competition's version doesn't change, since the
// cover is edited separately. Errors: those of CoverMaker.Make and changeable.
func (s *Competitions) SetCover(ctx context.Context, a Actor, id string, upload []byte) (Competition, error) {
	c, err := s.changeable(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	cover, err := s.config.CoverMaker.Make(ctx, upload)
	if err != nil {
		return Competition{}, err
	}
	return s.setCover(ctx, c, cover)
}

// MakeCover converts an uploaded picture to a cover for SetMadeCover. Errors: those of CoverMaker.Make.
func (s *Competitions) MakeCover(ctx context.Context, upload []byte) (Cover, error) {
	return s.config.CoverMaker.Make(ctx, upload)
}

// SetMadeCover is SetCover with a cover that MakeCover returned.
func (s *Competitions) SetMadeCover(ctx context.Context, a Actor, id string, cover Cover) (Competition, error) {
	c, err := s.changeable(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	return s.setCover(ctx, c, cover)
}

func (s *Competitions) setCover(ctx context.Context, c Competition, cover Cover) (Competition, error) {
	c.Cover = cover.Hash
	return c, s.config.Covers.SetCover(ctx, c.ID, cover)
}

// DeleteCover deletes the cover, so that the generated one is shown again. Errors: those of changeable.
func (s *Competitions) DeleteCover(ctx context.Context, a Actor, id string) (Competition, error) {
	c, err := s.changeable(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	c.Cover = ""
	return c, s.config.Covers.DeleteCover(ctx, c.ID)
}

// Cover reads the cover that matches a competition's hash of it. It fails with ErrCoverMissing.
func (s *Competitions) Cover(ctx context.Context, c *Competition) (Cover, error) {
	if c.Cover == "" {
		return Cover{}, ErrCoverMissing
	}
	cover, err := s.config.Covers.Cover(ctx, c.ID)
	if err == nil && cover.Hash != c.Cover { // replaced in the meantime
		err = ErrCoverMissing
	}
	return cover, err
}
