package compete

import "context"

// MaxCoverUpload is the largest picture that is taken, in bytes.
const MaxCoverUpload = 5 << 20

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
	// SetCover replaces the competition's cover, and tells its hash to the competition. It fails with ErrCompetitionMissing.
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
	ErrCoverTooManyPixels = coverError("has too many pixels: scale it down, to 2400 × 1260 for example")
	ErrCoverMissing       = &Error{Kind: KindNotFound, Code: "cover_not_found", Detail: "This competition has no uploaded cover."}
)

func coverError(message string) *Error { return Invalid(FieldError{Field: "cover", Message: message}) }

// SetCover gives a competition that the actor manages a cover of its own. Its version stays: the cover is no part of what is edited
// together. Errors: those of CoverMaker.Make, ErrUnauthorized, ErrForbidden, ErrCompetitionMissing.
func (s *Service) SetCover(ctx context.Context, a Actor, id string, upload []byte) (Competition, error) {
	c, err := s.ManagedCompetition(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	cover, err := s.CoverMaker.Make(ctx, upload)
	if err != nil {
		return Competition{}, err
	}
	return s.setCover(ctx, c, cover)
}

// SetMadeCover is SetCover with a cover that CoverMaker has made.
func (s *Service) SetMadeCover(ctx context.Context, a Actor, id string, cover Cover) (Competition, error) {
	c, err := s.ManagedCompetition(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	return s.setCover(ctx, c, cover)
}

func (s *Service) setCover(ctx context.Context, c Competition, cover Cover) (Competition, error) {
	c.Cover = cover.Hash
	return c, s.Covers.SetCover(ctx, c.ID, cover)
}

// DeleteCover takes it away again, so that the drawn one shows. Errors: ErrUnauthorized, ErrForbidden, ErrCompetitionMissing.
func (s *Service) DeleteCover(ctx context.Context, a Actor, id string) (Competition, error) {
	c, err := s.ManagedCompetition(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	c.Cover = ""
	return c, s.Covers.DeleteCover(ctx, c.ID)
}

// Cover reads the cover that belongs to a competition as it was read. It fails with ErrCoverMissing.
func (s *Service) Cover(ctx context.Context, c *Competition) (Cover, error) {
	if c.Cover == "" {
		return Cover{}, ErrCoverMissing
	}
	cover, err := s.Covers.Cover(ctx, c.ID)
	if err == nil && cover.Hash != c.Cover { // replaced since
		err = ErrCoverMissing
	}
	return cover, err
}
