package web

import (
	"io"
	"net/http"

	"github.com/minicompete/minicompete/internal/calendar"
)

// calendarFile is the suffix of a calendar file's URL after the competition's id: net/http's patterns can't express it.
const calendarFile = ".ics"

// calendar serves a competition as a calendar file.
func (a *app) calendar(v *visit, id string) (response, error) {
	c, err := a.Competitions.Get(v.r.Context(), v.actor, id)
	if err != nil {
		return nil, err
	}
	file, err := calendar.File(&c, a.PublicURL.JoinPath(competitionPath(c.ID)).String())
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		h := v.w.Header()
		h.Set("Content-Type", calendar.MediaType+"; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="competition.ics"`)
		h.Set("Cache-Control", "no-cache")
		keepOut(h, &c)
		v.w.WriteHeader(http.StatusOK)
		//nolint:gosec // no page: its type is that of a calendar; when the reader is gone there is nobody to tell
		_, _ = io.WriteString(v.w, file)
		return nil
	}, nil
}
