package web

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"

	"github.com/a-h/templ"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// registrationsCSV sends all rows of the list as it is filtered and sorted. People open it in Excel, which needs the
// mark.
func (a *app) registrationsCSV(r *http.Request, v *visit) (response, error) {
	c, parts, err := a.everyRegistration(r, v)
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		sheet.Send(v.w, r, a.Log,
			sheet.File{Name: sheet.Name(c.Title, v.now.In(c.Zone())), Mark: sheet.BOM, Parts: parts})
		return nil
	}, nil
}

func (a *app) everyRegistration(
	r *http.Request, v *visit,
) (compete.Competition, iter.Seq2[[]compete.ParticipantRegistration, error], error) {
	c, err := a.managed(v)
	if err != nil {
		return c, nil, err
	}
	parts, err := a.Registrations.Every(r.Context(), v.actor, c.ID, "", registrationFilter(r.URL.Query()))
	return c, parts, err
}

// printRegistrations is the list on paper, all rows of it, with room to sign. It is sent as it is read. Cancelled
// registrations are on it only when it is filtered for them: nobody will come to sign there.
func (a *app) printRegistrations(r *http.Request, v *visit) (response, error) {
	c, parts, err := a.everyRegistration(r, v)
	if err != nil {
		return nil, err
	}
	f := registrationFilter(r.URL.Query())
	counts, err := a.Registrations.ByStatus(r.Context(), v.actor, c.ID, f.Search, true)
	if err != nil {
		return nil, err
	}
	data := pages.RollCallData{
		Title: c.Title, Starts: c.StartDate, Zone: c.Zone(), Printed: v.now, Search: f.Search,
		Back: listAddress("/competitions/"+c.ID+"/registrations", f),
	}
	for _, tab := range tabsView("", f, counts) {
		if tab.On {
			data.Count, data.Status = tab.Count, tab.Label
		}
	}
	if f.Status == "" {
		data.Count -= counts[compete.RegistrationCancelled]
	}
	page := v.page("Registrations for "+c.Title, ui.SectionDashboard)
	return func(v *visit) error {
		h := v.w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		err := pages.RollCall(page, data, rollCallRows(parts, f.Status)).Render(ui.WithViewerZone(r.Context(),
			v.zone()), sheet.Patient(v.w))
		if err != nil {
			if !errors.Is(err, r.Context().Err()) {
				a.Log.ErrorContext(r.Context(), "a printed list was cut short", "path", r.URL.Path, "error", err)
			}
			panic(http.ErrAbortHandler) // half a list must not look like a whole one
		}
		return nil
	}, nil
}

// rollCallRows renders the rows of a status as they come; of all but the cancelled ones if it is empty.
func rollCallRows(
	parts iter.Seq2[[]compete.ParticipantRegistration, error], status compete.RegistrationStatus,
) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for part, err := range parts {
			if err != nil {
				return err
			}
			for i := range part {
				if status == "" && part[i].Status == compete.RegistrationCancelled {
					continue
				}
				if err := pages.RollCallRow(registrationRow(&part[i])).Render(ctx, w); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
