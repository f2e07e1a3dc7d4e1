package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/cover"
	"github.com/minicompete/minicompete/internal/problem"
)

const (
	mediaJPEG = "image/jpeg"
	mediaSVG  = "image/svg+xml"
)

var errCoverBodyTooLarge = problem.New(http.StatusRequestEntityTooLarge, "cover_too_large",
	"The picture must be at most 5 MB.")

type setCoverInput struct {
	CompetitionInput
	RawBody []byte `contentType:"image/*"`
}

type getCoverInput struct {
	CompetitionInput
	Version string `query:"v" doc:"The version in coverUrl. With the current one, the response may be cached for a year."`
	Size    string `query:"size" enum:"large,small" default:"large" doc:"large is 1200 × 630 pixels, small is half as wide and high."`
}

type pictureAnswer struct {
	Body func(huma.Context)
}

func (a *api) registerCovers() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/cover", id: "getCover", tag: tagCompetitions,
		summary: "Get a competition's cover",
		description: "The uploaded picture as JPEG, or a generated one as SVG. Only the organizer " +
			"and admins can see a draft's.",
		produces: []content{contentPicture(mediaJPEG), contentPicture(mediaSVG)},
		errors:   []*compete.Error{exampleInvalid, compete.ErrCompetitionMissing, compete.ErrCoverMissing},
	}, a.getCover)
	handle(a, route{
		method: http.MethodPut, path: "/api/competitions/{id}/cover", id: "setCover", tag: tagCompetitions,
		access: loggedIn, holdsSeats: true,
		upload:  compete.MaxCoverUpload,
		summary: "Upload a cover",
		description: "For the competition's organizer and admins. Send a PNG, JPEG or WebP picture of at most 5 MB " +
			"and 16 megapixels (progressive JPEGs: about 4 to 8) as the body. It is cropped to 1200 × 630 pixels and " +
			"stripped of metadata. The competition's version stays the same.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing,
			compete.ErrCoverUnreadable,
		},
	}, a.setCover)
	handle(a, route{
		method: http.MethodDelete, path: "/api/competitions/{id}/cover", id: "deleteCover", tag: tagCompetitions,
		access: loggedIn, holdsSeats: true,
		summary: "Remove a cover",
		description: "For the competition's organizer and admins. A generated cover takes its place. " +
			"Removing it again has no effect.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing},
	}, a.deleteCover)
}

func (a *api) setCover(ctx context.Context, in *setCoverInput) (*competitionAnswer, error) {
	c, err := a.Competitions.SetCover(ctx, actor(ctx), in.ID, in.RawBody)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(ctx, &c), nil
}

func (a *api) deleteCover(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Competitions.DeleteCover(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(ctx, &c), nil
}

func (a *api) getCover(ctx context.Context, in *getCoverInput) (*pictureAnswer, error) {
	c, err := a.Competitions.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	contentType, picture := mediaSVG, []byte(nil)
	if c.Cover == "" {
		picture = cover.Of(c.Title, c.Tags).SVG()
	} else {
		stored, err := a.Competitions.Cover(ctx, &c)
		if err != nil {
			return nil, err
		}
		if contentType, picture = mediaJPEG, stored.Large; in.Size == "small" {
			picture = stored.Small
		}
	}
	keep := "no-cache"
	switch {
	case !c.VisibleTo(compete.Actor{}):
		keep = "no-store"
	case in.Version == coverVersion(&c):
		keep = "public, max-age=31536000, immutable"
	}
	return &pictureAnswer{func(hc huma.Context) {
		hc.SetHeader("Content-Type", contentType)
		hc.SetHeader("Cache-Control", keep)
		hc.SetStatus(http.StatusOK)
		_, _ = hc.BodyWriter().Write(picture) // the client may be gone
	}}, nil
}

// coverVersion changes with the picture.
func coverVersion(c *compete.Competition) string {
	if c.Cover != "" {
		return c.Cover
	}
	return cover.Of(c.Title, c.Tags).Name()
}

func coverURL(c *compete.Competition) string {
	return "/api/competitions/" + c.ID + "/cover?v=" + url.QueryEscape(coverVersion(c))
}

// isUpload reports whether a request contains a picture, which needs a larger limit than other bodies.
func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/cover")
}
