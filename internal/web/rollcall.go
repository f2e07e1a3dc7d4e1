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

// registrationsCSV exports all rows of the list as filtered and sorted. It adds a byte order mark for Excel.
func (a *app) registrationsCSV(r *http.Request, v *visit) (response, error) {
	c, parts, err := a.everyRegistration(r, v)
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		sheet.Send(v.w, r, a.Log, sheet.File{
			Name: sheet.Name(c.Title, v.now.In(c.Zone())), Mark: sheet.BOM, Divisions: c.Divisions,
			Teams:     c.Team != nil,
			Questions: exported(&c, r.URL.Query()), Parts: parts,
		})
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
	c.Questions = c.QuestionsAt(true, v.now)
	parts, err := a.Registrations.Every(r.Context(), v.actor, c.ID, "", registrationFilter(r.URL.Query()))
	return c, parts, err
}

// printRegistrations is the printable list, with all rows and room for signatures. It is sent while it is read.
// Cancelled registrations are only included if the list is filtered for them, since they won't come to sign.
func (a *app) printRegistrations(r *http.Request, v *visit) (response, error) {
	c, parts, err := a.everyRegistration(r, v)
	if err != nil {
		return nil, err
	}
	f := registrationFilter(r.URL.Query())
	counts, err := a.Registrations.ByStatus(r.Context(), v.actor, &c, f, true)
	if err != nil {
		return nil, err
	}
	team, err := a.teamFilter(v, &c, &f)
	if err != nil {
		return nil, err
	}
	data := pages.RollCallData{
		Title: c.Title, Starts: c.StartDate, Zone: c.Zone(), Printed: v.now, Search: f.Search,
		Division: divisionName(&c, f.DivisionID), Team: team,
		Back:  listAddress(registrationsPath(c.ID), f),
		Teams: c.Team != nil, Divisions: len(c.Divisions) > 0 && f.DivisionID == "",
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
		err := pages.RollCall(page, data, rollCallRows(&c, data, parts, f.Status)).Render(ui.WithViewerZone(r.Context(),
			v.zone()), sheet.Patient(v.w))
		if err != nil {
			if !errors.Is(err, r.Context().Err()) {
				a.Log.ErrorContext(r.Context(), "a printed list was cut short", "path", r.URL.Path, "error", err)
			}
			panic(http.ErrAbortHandler) // a partial list must not look complete
		}
		return nil
	}, nil
}

// rollCallRows renders the rows with a status while they are read; if it is empty, all but the cancelled ones.
func rollCallRows(
	c *compete.Competition, data pages.RollCallData, parts iter.Seq2[[]compete.ParticipantRegistration, error],
	status compete.RegistrationStatus,
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
				row := registrationRow(&part[i], c)
				row.Team = part[i].Team
				if err := pages.RollCallRow(data, row).Render(ctx, w); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
