package web

import (
	"cmp"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// auditPerPage is how many records are loaded at a time.
const auditPerPage = 50

// audit shows the site's audit log, for admins.
func (a *app) audit(_ *http.Request, v *visit) (response, error) {
	if err := v.requireRole(compete.RoleAdmin); err != nil {
		return nil, err
	}
	return a.showAudit(v, v.page("Audit log", ui.SectionAdmin), pages.AuditData{Path: "/admin/audit"})
}

// competitionAudit shows a competition's audit log, for its staff.
func (a *app) competitionAudit(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	return a.showAudit(v, v.page("Audit log of "+c.Title, ui.SectionDashboard),
		pages.AuditData{Path: competitionPath(c.ID) + "/audit", ID: c.ID, Title: c.Title})
}

func (a *app) showAudit(v *visit, page ui.Page, data pages.AuditData) (response, error) {
	filter, err := a.auditFilter(v, &data)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if data.Clear() {
		if err := a.readAudit(v, &data, filter); err != nil {
			return nil, err
		}
	}
	if len(data.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	if v.partial() {
		return show(status, pages.MoreAudit(data)), nil
	}
	return show(status, pages.Audit(page, data)), nil
}

// readAudit adds the records that match the filter.
func (a *app) readAudit(v *visit, data *pages.AuditData, filter compete.AuditFilter) error {
	q := v.r.URL.Query()
	found, err := a.AuditLog.List(v.r.Context(), v.actor, filter, q.Get("cursor"))
	if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		data.Errors = formErrors(e)
		return nil
	} else if err != nil {
		return err
	}
	for i := range found.Items {
		e := &found.Items[i]
		data.Entries = append(data.Entries, auditEntry(e, data.Path))
		data.Person.Known(e.ActorID, cmp.Or(e.ActorName, deletedAccount))
		data.Person.Known(e.UserID, cmp.Or(e.UserName, deletedAccount))
		data.Competition.Known(e.CompetitionID, cmp.Or(e.CompetitionTitle, deletedCompetition))
	}
	data.First = !q.Has("cursor")
	data.CSV = auditAddress(data.Path+".csv", q)
	if !found.Next.IsZero() {
		data.More = nextPage(v.r.URL, found.Next)
	}
	return nil
}

// auditFilter parses the filter of a page and its export. If it is invalid or ambiguous, the page's data say so.
func (a *app) auditFilter(v *visit, data *pages.AuditData) (f compete.AuditFilter, err error) {
	q := v.r.URL.Query()
	f = compete.AuditFilter{Action: compete.AuditAction(q.Get("action")), CompetitionID: data.ID, Limit: auditPerPage}
	data.Groups = auditGroups(data.ID != "", v.actor.Role.AtLeast(compete.RoleAdmin))
	data.Action, data.Errors = q.Get("action"), pages.Errors{}
	zone := v.zone()
	if zone == nil {
		zone = time.UTC
	}
	data.From, data.Until, data.Zone = strings.TrimSpace(q.Get("from")), strings.TrimSpace(q.Get("until")),
		zone.String()
	for name, at := range map[string]*time.Time{"from": &f.From, "until": &f.Until} {
		t, wrong := parseLocal(q.Get(name), zone, nil)
		if wrong != "" {
			data.Errors[name] = wrong
		} else if t != nil {
			*at = *t
		}
	}
	if data.ID == "" {
		if err := a.findAudited(v, data, strings.TrimSpace(q.Get("competition"))); err != nil {
			return f, err
		}
		f.CompetitionID = data.Competition.ID
	}
	err = a.findAuditPerson(v, data, strings.TrimSpace(q.Get("person")))
	f.PersonID = data.Person.ID
	return f, err
}

// findAuditPerson looks up a person by name, email address or ID.
func (a *app) findAuditPerson(v *visit, data *pages.AuditData, typed string) error {
	data.Person = pages.AuditChoice{Typed: typed, Name: "this account"}
	if typed == "" || compete.ValidID(typed) {
		data.Person.ID = typed
		return nil
	}
	people, err := a.AuditLog.People(v.r.Context(), v.actor, data.ID, typed)
	if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		data.Errors = formErrors(e)
		return nil
	}
	for _, p := range people {
		data.Person.Found = append(data.Person.Found, pages.AuditFound{
			ID: p.ID, Name: p.Name, About: p.Email, Href: auditAddress(data.Path, v.r.URL.Query(), "person", p.ID),
		})
	}
	data.Person.ChooseOnly()
	return err
}

var anyID = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// findAudited looks up a competition by words of its title, its URL or its ID.
func (a *app) findAudited(v *visit, data *pages.AuditData, typed string) error {
	data.Competition = pages.AuditChoice{Typed: typed, Name: "this competition"}
	if id := anyID.FindString(strings.ToLower(typed)); typed == "" || id != "" {
		data.Competition.ID = id
		return nil
	}
	for _, phase := range []compete.Phase{"", compete.PhaseClosed, compete.PhaseCancelled} {
		found, err := a.Competitions.List(v.r.Context(),
			compete.CompetitionFilter{Search: typed, Phase: phase, Limit: maxAudited}, "")
		if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
			data.Errors["competition"] = firstField(e)
			return nil
		} else if err != nil {
			return err
		}
		for i := range found.Items {
			c := &found.Items[i]
			data.Competition.Found = append(data.Competition.Found, pages.AuditFound{
				ID: c.ID, Name: c.Title, About: "by " + c.Organizer.Name,
				Href: auditAddress(data.Path, v.r.URL.Query(), "competition", c.ID),
			})
		}
	}
	data.Competition.ChooseOnly()
	return nil
}

// maxAudited is how many matching competitions of each phase are offered.
const maxAudited = 5

// auditAddress returns the URL of a log with a filter, changed by alternating names and values, without empty
// parameters.
func auditAddress(path string, filter url.Values, changes ...string) string {
	q := url.Values{}
	maps.Copy(q, filter)
	q.Del("cursor")
	for i := 0; i+1 < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
	}
	return tidyURL(&url.URL{Path: path, RawQuery: q.Encode()})
}

// auditCSV exports all records that match the filter.
func (a *app) auditCSV(_ *http.Request, v *visit) (response, error) {
	if err := v.requireRole(compete.RoleAdmin); err != nil {
		return nil, err
	}
	return a.sendAudit(v, pages.AuditData{Path: "/admin/audit"})
}

func (a *app) competitionAuditCSV(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	return a.sendAudit(v, pages.AuditData{Path: competitionPath(c.ID) + "/audit", ID: c.ID, Title: c.Title})
}

func (a *app) sendAudit(v *visit, data pages.AuditData) (response, error) {
	filter, err := a.auditFilter(v, &data)
	if err != nil {
		return nil, err
	}
	var parts iter.Seq2[[]compete.AuditEntry, error]
	if data.Clear() {
		parts, err = a.AuditLog.Every(v.r.Context(), v.actor, filter)
	}
	if e, ok := v.refused(err); !data.Clear() || ok && e.Kind == compete.KindInvalid {
		return redirect(auditAddress(data.Path, v.r.URL.Query())), nil // that page shows what is wrong with the filter
	} else if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		sheet.SendAudit(v.w, v.r, a.Log, sheet.AuditName(data.Title, v.now), sheet.BOM, parts)
		return nil
	}, nil
}
