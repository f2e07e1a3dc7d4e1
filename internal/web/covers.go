package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/cover"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

const (
	// maxCoverForm bounds a form with a picture, in bytes. What exceeds MaxCoverUpload is read and discarded, so that
	// the error reaches the user: browsers show no response while they are still sending.
	maxCoverForm = 32 << 20
	// coverLost is the field that marks a form whose cover was dropped.
	coverLost = "coverLost"
	forever   = "public, max-age=31536000, immutable"
)

// coverView returns the URLs of a competition's pictures: its own cover, or one drawn from its title and tags. The URL
// of a drawn one contains all its inputs, so it is the same for everybody, drafts included.
func coverView(c *compete.Competition) ui.Cover {
	if c.Cover == "" {
		drawn := drawnPath(c.Title, c.Tags)
		return ui.Cover{Large: drawn, Small: drawn}
	}
	path := competitionPath(c.ID) + "/cover/" + c.Cover
	return ui.Cover{Large: path + ".jpg", Small: path + "-small.jpg", Own: true}
}

func drawnPath(title string, tags []string) string {
	return "/covers/" + cover.Of(title, tags).Name() + ".svg"
}

// sharePath returns the picture for shared links to a competition. site is the name shown on a drawn one.
func sharePath(c *compete.Competition, site string) string {
	if c.Cover != "" {
		return coverView(c).Large
	}
	return competitionPath(c.ID) + "/cover/" + shareVersion(c, site) + ".png"
}

// shareVersion changes whenever the drawn picture for shared links does.
func shareVersion(c *compete.Competition, site string) string {
	return hashOf(cover.Of(c.Title, c.Tags).Name(), c.Title, whenAndWhere(c), site)[:16]
}

// startDay returns the start in the competition's time zone; nil if it isn't set.
func startDay(c *compete.Competition) *time.Time {
	if c.StartDate == nil {
		return nil
	}
	day := c.StartDate.In(c.Schedule().Zone())
	return &day
}

// whenAndWhere returns the line below the title.
func whenAndWhere(c *compete.Competition) string {
	var parts []string
	if day := startDay(c); day != nil {
		parts = append(parts, day.Format("Mon, 2 Jan 2006"))
	}
	if c.Location != "" {
		parts = append(parts, c.Location)
	}
	return strings.Join(parts, " · ")
}

// drawnCover serves a drawn cover, without using session or database.
func drawnCover(w http.ResponseWriter, r *http.Request) {
	name, isSVG := strings.CutSuffix(r.PathValue("file"), ".svg")
	art, known := cover.Named(name)
	if !known || !isSVG {
		http.NotFound(w, r)
		return
	}
	sendPicture(w, "image/svg+xml", forever, art.SVG())
}

func sendPicture(w http.ResponseWriter, contentType, cacheControl string, picture []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", cacheControl)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // previews of shared links are shown on other sites
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture) //nolint:gosec // no page: its type is that of a picture; the client may be gone
}

// picture serves the URLs from coverView and sharePath. It checks permissions only for drafts. A URL with an old
// version redirects to the current one.
func (a *app) picture(w http.ResponseWriter, r *http.Request) {
	visible, err := a.Competitions.Get(r.Context(), compete.Actor{}, r.PathValue("id"))
	public := err == nil
	if errors.Is(err, compete.ErrCompetitionMissing) {
		var v *visit
		if v, err = a.open(w, r); err == nil {
			visible, err = a.Competitions.Get(r.Context(), v.actor, r.PathValue("id"))
		}
	}
	var file coverFile
	if err == nil {
		file, err = a.coverFile(r, &visible)
	}
	keepOut(w.Header(), &visible)
	switch {
	case err != nil:
		http.Error(w, "Picture not found.", problem.Status(compete.AsError(err).Kind))
	case file.moved != "":
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, file.moved, http.StatusSeeOther)
	case public:
		sendPicture(w, file.contentType, forever, file.content)
	default:
		sendPicture(w, file.contentType, "no-store", file.content)
	}
}

// coverFile is a picture, or its current URL.
type coverFile struct {
	contentType string
	content     []byte
	moved       string
}

func (a *app) coverFile(r *http.Request, c *compete.Competition) (coverFile, error) {
	path := r.URL.Path
	if strings.HasSuffix(path, ".png") {
		site := a.Site().Name
		if now := sharePath(c, site); path != now {
			return coverFile{moved: now}, nil
		}
		picture, err := a.covers.get(path, func() ([]byte, error) {
			return cover.Of(c.Title, c.Tags).PNG(cover.Words{Title: c.Title, Line: whenAndWhere(c), Site: site})
		})
		return coverFile{contentType: "image/png", content: picture}, err
	}
	now := coverView(c)
	small := strings.HasSuffix(path, "-small.jpg")
	switch {
	case small && path != now.Small:
		return coverFile{moved: now.Small}, nil
	case !small && path != now.Large:
		return coverFile{moved: now.Large}, nil
	}
	picture, err := a.covers.get(path, func() ([]byte, error) {
		stored, err := a.Competitions.Cover(r.Context(), c)
		if small {
			return stored.Small, err
		}
		return stored.Large, err
	})
	return coverFile{contentType: "image/jpeg", content: picture}, err
}

// uploadCover stores an uploaded picture. With JavaScript, only the part of the page around the form is replaced, so
// that input elsewhere isn't lost.
func (a *app) uploadCover(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	c, err := a.Competitions.Get(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	upload, err := readUpload(v)
	if err == nil {
		var changed compete.Competition
		if changed, err = a.Competitions.SetCover(r.Context(), v.actor, c.ID, upload); err == nil {
			c = changed
		}
	}
	return a.showCover(v, &c, "cover-saved", err)
}

func (a *app) removeCover(r *http.Request, v *visit) (response, error) {
	c, err := a.Competitions.DeleteCover(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return a.showCover(v, &c, "cover-removed", nil)
}

// readUpload reads the picture from a form with one file.
func readUpload(v *visit) ([]byte, error) {
	upload, err := readMultipart(v, "cover", compete.MaxCoverUpload)
	if err == nil && len(upload) == 0 {
		err = compete.Invalid(compete.FieldError{Field: "cover", Message: "must be a picture: choose a file first"})
	}
	return upload, err
}

// readCoverBeside reads a form that may contain a picture besides its fields. Without a login, the picture is dropped,
// and that is noted.
func readCoverBeside(v *visit) ([]byte, error) {
	if !bringsFile(v.r) {
		return nil, nil
	}
	upload, err := readMultipart(v, "cover", compete.MaxCoverUpload)
	if len(upload) > 0 && !v.actor.LoggedIn() {
		v.r.PostForm.Set(coverLost, "true")
		upload = nil
	}
	return upload, err
}

// readMultipart reads a form's fields into the request's PostForm, and returns the file in the field with a name, or
// its first most bytes and one more.
func readMultipart(v *visit, file string, most int64) (upload []byte, err error) {
	// not all writers support deadlines
	_ = http.NewResponseController(v.w).SetReadDeadline(time.Now().Add(compete.CoverUploadTime))
	parts, err := v.r.MultipartReader()
	if err != nil {
		return nil, errBadForm
	}
	fields := int64(maxForm)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return upload, nil
		}
		if err != nil {
			return nil, errBadForm
		}
		limit := &io.LimitedReader{R: part, N: fields}
		if part.FileName() != "" || part.FormName() == file {
			limit.N = most + 1
		}
		content, err := io.ReadAll(limit)
		switch {
		case err != nil:
			return nil, errBadForm
		case part.FormName() == file:
			upload = content
		case part.FileName() == "":
			if fields = limit.N; fields == 0 {
				return nil, errBadForm
			}
			v.r.PostForm.Add(part.FormName(), string(content))
		}
	}
}

// makeCover converts an upload to a cover; no upload to none.
func (a *app) makeCover(r *http.Request, upload []byte) (compete.Cover, error) {
	if len(upload) == 0 {
		return compete.Cover{}, nil
	}
	return a.Competitions.MakeCover(r.Context(), upload)
}

// showCover responds to a change of the cover, successful or not.
func (a *app) showCover(v *visit, c *compete.Competition, flash string, err error) (response, error) {
	e, ok := v.refused(err)
	if err != nil && !ok {
		return nil, err
	}
	form := coverForm(c)
	status := http.StatusOK
	switch {
	case err != nil:
		status, form.Error = problem.Status(e.Kind), plainText(e)
	default:
		form.Saved = flashes[flash].Text
	}
	switch {
	case v.partial():
		return show(status, pages.CoverSection(form)), nil
	case err == nil:
		return redirectWith(flash, competitionPath(c.ID)+"/edit"), nil
	}
	stored, formErr := a.editable(v, c)
	if formErr != nil {
		return nil, formErr
	}
	stored.Cover = form
	return showForm(v, status, stored), nil
}

func coverForm(c *compete.Competition) *pages.CoverForm {
	return &pages.CoverForm{Action: competitionPath(c.ID) + "/cover", Cover: coverView(c)}
}
