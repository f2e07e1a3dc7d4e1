package compete

import (
	"context"
	"time"
)

// An uploaded picture is at most this large, in bytes, and may take so long to arrive: at a third of a megabit a
// second.
const (
	MaxCoverUpload  = 5 << 20
	CoverUploadTime = 2 * time.Minute
)

// Cover is the picture of a competition as it is kept: two JPEGs, and a short hash of both that addresses may carry.
type Cover struct {
	Hash  string
	Large []byte
	Small []byte
}

// CoverMaker turns uploaded pictures into covers.
type CoverMaker interface {
	// Make fails with ErrCoverUnreadable, ErrCoverTooLarge, ErrCoverTooManyPixels, and with ErrBusy when too many wait.
	Make(ctx context.Context, upload []byte) (Cover, error)
}

// CoverStore keeps covers beside the competitions, which hold the hash alone.
type CoverStore interface {
	// SetCover replaces the competition's cover, and tells its hash to the competition. It fails with
	// ErrCompetitionMissing.
	SetCover(ctx context.Context, competitionID string, c Cover) error
	// DeleteCover removes it; a competition without one stays as it is. It fails with ErrCompetitionMissing.
	DeleteCover(ctx context.Context, competitionID string) error
	// Cover fails with ErrCoverMissing.
	Cover(ctx context.Context, competitionID string) (Cover, error)
}

// The refusals of covers.
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

// SetCover gives a competition that the actor manages a cover of its own. Its version stays: the cover is no part of
// what is edited together. Errors: those of CoverMaker.Make and changeable.
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

// MakeCover turns an uploaded picture into a cover that SetMadeCover takes. Errors: those of CoverMaker.Make.
func (s *Competitions) MakeCover(ctx context.Context, upload []byte) (Cover, error) {
	return s.config.CoverMaker.Make(ctx, upload)
}

// SetMadeCover is SetCover with a cover that CoverMaker has made.
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

// DeleteCover takes it away again, so that the drawn one shows. Errors: those of changeable.
func (s *Competitions) DeleteCover(ctx context.Context, a Actor, id string) (Competition, error) {
	c, err := s.changeable(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	c.Cover = ""
	return c, s.config.Covers.DeleteCover(ctx, c.ID)
}

// Cover reads the cover that belongs to a competition as it was read. It fails with ErrCoverMissing.
func (s *Competitions) Cover(ctx context.Context, c *Competition) (Cover, error) {
	if c.Cover == "" {
		return Cover{}, ErrCoverMissing
	}
	cover, err := s.config.Covers.Cover(ctx, c.ID)
	if err == nil && cover.Hash != c.Cover { // replaced since
		err = ErrCoverMissing
	}
	return cover, err
}
