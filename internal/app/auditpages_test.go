package app_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
	"github.com/minicompete/minicompete/internal/testservices"
	"github.com/minicompete/minicompete/internal/web"
)

func TestAuditPages(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newAuditWorld(t, databaseURL)
		for name, test := range map[string]func(w *auditWorld){
			"who may read": testAuditRoles, "sentences": testAuditSentences, "what is gone": testAuditGone,
			"who got ready": testAuditTellsOrganizersOfNobodyReady, "filters": testAuditPageFilters,
			"addresses": testAuditAddresses, "older": testAuditOlder,
		} {
			t.Run(name, func(t *testing.T) { test(w.in(t)) })
		}
	})
}

// called returns someone with a particular name.
func (w *auditWorld) called(name string, role compete.Role) someone {
	p := w.someone(role)
	p.Name = name
	w.exec(`UPDATE users SET name = $2, search_text = NULL WHERE id = $1`, p.ID, name)
	return p
}

// open requests a page.
func (w *auditWorld) open(path string, who ...someone) (answer *http.Response, body string) {
	w.t.Helper()
	request := w.page(path, nil, who...)
	request.Method, request.Body, request.ContentLength = http.MethodGet, nil, 0
	answer, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer, string(read)
}

var (
	auditRecordHTML = regexp.MustCompile(`(?s)<li class="grid gap-1 border-b.*?</details>`)
	anyTag          = regexp.MustCompile(`<[^>]*>`)
)

// sentences returns the records on a log's page and its other text, newest first.
func (w *auditWorld) sentences(path string, who someone) (records []string, page string) {
	w.t.Helper()
	answer, body := w.open(path, who)
	if answer.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %d %.500s", path, answer.StatusCode, body)
	}
	for _, record := range auditRecordHTML.FindAllString(body, -1) {
		sentence, _, _ := strings.Cut(record, "</p>")
		records = append(records, plain(sentence))
	}
	return records, body
}

func plain(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString(page, ""))), " ")
}

func (w *auditWorld) record(r compete.AuditRecord) {
	w.t.Helper()
	if r.Via == "" {
		r.Via = compete.ViaPage
	}
	if err := w.app.Store().Record(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

func testAuditRoles(w *auditWorld) {
	id, organizer := w.competition("PUBLISHED")
	statuses := func(path string) (got []int) {
		for _, who := range [][]someone{
			nil,
			{w.someone(asParticipant)},
			{w.someone(asOrganizer)},
			{organizer},
			{w.someone(asAdmin)},
		} {
			answer, _ := w.open(path, who...)
			got = append(got, answer.StatusCode)
		}
		return got
	}
	admin := w.someone(asAdmin)
	for path, log := range map[string]string{
		"/admin": "/admin/audit", "/competitions/" + id: "/competitions/" + id + "/audit", "/competitions/" + id +
			"/registrations": "/competitions/" + id + "/audit",
	} {
		if _, page := w.open(path, admin); !strings.Contains(page, `href="`+log+`"`) {
			w.t.Errorf("%s has no link to %s", path, log)
		}
	}
	for path, want := range map[string][]int{
		"/admin/audit":                                 {303, 403, 403, 403, 200},
		"/admin/audit.csv":                             {303, 403, 403, 403, 200},
		"/competitions/" + id + "/audit":               {303, 403, 403, 200, 200},
		"/competitions/" + id + "/audit.csv":           {303, 403, 403, 200, 200},
		"/competitions/" + uuid.NewString() + "/audit": {303, 404, 404, 404, 404},
	} {
		if got := statuses(path); !slices.Equal(got, want) {
			w.t.Errorf("%s: a visitor, a participant, an organizer, this one and an admin get %v, want %v", path, got,
				want)
		}
	}
}

func testAuditSentences(w *auditWorld) {
	grace, olga := w.called("Grace Hopper", asAdmin), w.called("Olga <b>Ö</b>", asParticipant)
	w.do(w.page("/admin/users/"+olga.ID, []string{"role", "ORGANIZER"}, grace), nil)
	got, page := w.sentences("/admin/audit?person="+olga.ID, grace)
	if want := []string{"Grace Hopper changed Olga <b>Ö</b>'s role from Participant to Organizer"}; !slices.Equal(got,
		want) {
		w.t.Errorf("the log says %q, want %q", got, want)
	}
	for _, part := range []string{"127.0.0.1", "Page", "account.role", "PARTICIPANT"} {
		if !strings.Contains(page, part) {
			w.t.Errorf("the page doesn't say %q", part)
		}
	}
	id, organizer := w.competition("PUBLISHED")
	w.exec(`UPDATE users SET name = 'Otto' WHERE id = $1`, organizer.ID)
	w.do(w.page("/competitions/"+id+"/edit", append(competitionForm("PUBLISHED"), "version", "1", "capacity", "7"),
		organizer), nil)
	ann := w.called("Ann", asParticipant)
	w.do(w.page("/competitions/"+id+"/register", []string{"key", newAddress()}, ann), nil)
	var rows []struct{ ID string }
	w.do(w.api("GET", "/api/competitions/"+id+"/registrations", nil, organizer), &rows)
	w.do(w.api("DELETE", "/api/registrations/"+rows[0].ID, map[string]any{"block": true}, organizer), nil)
	got, _ = w.sentences("/competitions/"+id+"/audit", organizer)
	want := []string{
		"Otto removed Ann from A competition, and blocked them",
		"Ann registered for A competition",
		"Otto created A competition",
	}
	changed := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "Otto changed the ") })
	if changed < 0 || !slices.Equal(slices.Delete(slices.Clone(got), changed, changed+1), want) {
		w.t.Errorf("the competition's log says %q, want %q and a change", got, want)
	}
	w.do(w.page("/competitions/"+id+"/transfer", []string{"email", olga.Email}, grace), nil)
	if got, _ = w.sentences("/competitions/"+id+"/audit",
		grace); got[0] != "Grace Hopper transferred A competition to Olga <b>Ö</b>" {
		w.t.Errorf("of a transfer, the log says %q", got[0])
	}
	w.do(w.page("/competitions/"+id+"/transfer", []string{"email", grace.Email}, grace), nil)
	if got, _ = w.sentences("/competitions/"+id+"/audit", grace); got[0] != "Grace Hopper took over A competition" {
		w.t.Errorf("of a transfer to oneself, the log says %q", got[0])
	}
	testAuditReports(w, grace, ann, id)
	// Each action has a sentence, even if a record is incomplete.
	for _, action := range compete.AuditActions {
		w.record(compete.AuditRecord{Action: action, ActorID: grace.ID, UserID: ann.ID, CompetitionID: id})
	}
	got, _ = w.sentences("/admin/audit?person="+ann.ID, grace)
	for _, sentence := range got {
		if sentence == "" || strings.ContainsAny(sentence, "{}.") {
			w.t.Errorf("a sentence is %q", sentence)
		}
	}
	if len(got) < 50 {
		w.t.Errorf("there are %d sentences", len(got))
	}
}

// testAuditReports: the log names the reported competition to admins only, and not in the competition's own log.
func testAuditReports(w *auditWorld, admin, reporter someone, competition string) {
	w.do(w.page("/competitions/"+competition+"/report", []string{"reason", "SPAM"}, reporter), nil)
	var reports []struct{ ID string }
	w.do(w.api("GET", "/api/admin/reports", nil, admin), &reports)
	w.do(w.page("/admin/reports/"+competition, []string{"report", reports[0].ID, "answer", "RESOLVED"}, admin), nil)
	for action, want := range map[string]string{
		"report.made": reporter.Name + " reported A competition (advertising)", "report.answered": admin.Name +
			" answered a report about A competition: resolved",
	} {
		got, page := w.sentences("/admin/audit?action="+action, admin)
		if len(got) == 0 || got[0] != want || !strings.Contains(page, `href="/competitions/`+competition+`"`) {
			w.t.Errorf("of %s, the log says %q, want %q with a link", action, got, want)
		}
		if own, _ := w.sentences("/competitions/"+competition+"/audit", admin); slices.Contains(own, want) {
			w.t.Errorf("the log of the competition has %q", want)
		}
	}
}

func testAuditGone(w *auditWorld) {
	admin, gone, organizer := w.called("Ida", asAdmin), w.called("Gone", asParticipant), w.someone(asOrganizer)
	draft := w.draft(organizer, "A short life")
	w.do(w.api("DELETE", "/api/competitions/"+draft, nil, organizer), nil)
	w.record(compete.AuditRecord{Action: compete.AuditCoverSet, ActorID: gone.ID, CompetitionID: draft})
	w.do(w.page("/admin/users/"+gone.ID+"/delete", nil, admin), nil)
	got, _ := w.sentences("/admin/audit?competition="+draft, admin)
	want := []string{
		"A deleted account set the cover of a deleted competition",
		"Some One deleted the draft A short life", "Some One created A short life",
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the log says %q, want %q", got, want)
	}
	got, page := w.sentences("/admin/audit?person="+gone.ID, admin)
	if !slices.Contains(got, "Ida deleted an account") || !strings.Contains(plain(page), "a deleted account Remove") {
		w.t.Errorf("the log of who is gone says %q", got)
	}
}

func (w *auditWorld) draft(organizer someone, title string) string {
	w.t.Helper()
	var c struct{ ID string }
	w.do(w.api("POST", "/api/competitions",
		map[string]any{"title": title, "capacity": 5, "regDeadline": time.Now().Add(time.Hour), "status": "DRAFT"},
		organizer), &c)
	return c.ID
}

// testAuditTellsOrganizersOfNobodyReady: who got ready and never entered is a stranger to the organizer.
func testAuditTellsOrganizersOfNobodyReady(w *auditWorld) {
	id, organizer := w.competition("PUBLISHED")
	ada := w.called("Ada Undecided", asParticipant)
	for _, action := range []compete.AuditAction{compete.AuditPrepared, compete.AuditUnprepared} {
		w.record(compete.AuditRecord{
			At: time.Now(), Action: action, ActorID: ada.ID, UserID: ada.ID, CompetitionID: id,
		})
	}
	log := "/competitions/" + id + "/audit"
	for _, query := range []string{"", "?action=registration.prepared", "?person=" + ada.ID} {
		if got, page := w.sentences(log+query, organizer); strings.Contains(page, ada.Name) {
			w.t.Errorf("%s: the organizer reads %q", query, got)
		}
		if got, _ := w.sentences(log+query, w.someone(asAdmin)); len(got) == 0 || !strings.Contains(got[0], ada.Name) {
			w.t.Errorf("%s: an admin reads %q", query, got)
		}
	}
	for _, row := range w.rows(log+".csv", organizer) {
		if strings.Contains(strings.Join(row, " "), ada.Name) {
			w.t.Errorf("the organizer's file has %q", row)
		}
	}
	if _, page := w.sentences(log, organizer); strings.Contains(page, "registration.prepared") {
		w.t.Error("the organizer is offered what they don't see")
	}
}

// testAuditPageFilters tries each field of the form, and compares the file with the page.
func testAuditPageFilters(w *auditWorld) {
	admin, anna, annika := w.called("Boss", asAdmin), w.called("Anna Zwölf", asParticipant),
		w.called("Annika Zwölf", asParticipant)
	id, organizer := w.competition("PUBLISHED")
	title := "=Fönfilter \"" + id + "\""
	w.exec(`UPDATE competitions SET title = $2, searchable = false WHERE id = $1`, id, title)
	// Earlier than anything else recorded here, but too recent to be cleaned up.
	noon := time.Now().UTC().Truncate(24 * time.Hour).Add(-60 * time.Hour)
	minute := func(n int) string { return noon.Add(time.Duration(n) * time.Minute).Format("2006-01-02T15:04") }
	for i, r := range []compete.AuditRecord{
		{Action: compete.AuditRegistered, ActorID: anna.ID, CompetitionID: id},
		{Action: compete.AuditRegistered, ActorID: annika.ID, CompetitionID: id},
		{Action: compete.AuditRemoved, ActorID: organizer.ID, UserID: anna.ID, CompetitionID: id},
	} {
		r.At = noon.Add(time.Duration(i) * time.Minute)
		w.record(r)
	}
	first, second, third := "Anna Zwölf registered for "+title, "Annika Zwölf registered for "+title,
		"Some One removed Anna Zwölf from "+title
	for query, want := range map[string][]string{
		"competition=" + id: {third, second, first},
		"competition=" + url.QueryEscape(w.app.WebURL+"/competitions/"+id+"?x"):  {third, second, first},
		"competition=Fönfilter+" + id[:8]:                                        {third, second, first},
		"until=" + minute(3):                                                     {third, second, first},
		"from=" + minute(1) + "&until=" + minute(2):                              {second},
		"until=" + minute(3) + "&action=registration.removed":                    {third},
		"until=" + minute(3) + "&action=session.ended":                           nil,
		"until=" + minute(3) + "&person=" + url.QueryEscape("anna zwölf"):        {third, first},
		"until=" + minute(3) + "&person=" + annika.Email:                         {second},
		"until=" + minute(3) + "&person=" + organizer.ID + "&competition=" + id:  {third},
		"person=" + url.QueryEscape(anna.Email) + "&action=registration.created": {first},
		"person=zw%C3%B6lf&until=" + minute(3):                                   nil,
		"person=nobody+at+all":                                                   nil,
		"competition=nothing+of+the+kind":                                        nil,
		"until=" + minute(0):                                                     nil,
	} {
		got, page := w.sentences("/admin/audit?"+query, admin)
		if older := slices.IndexFunc(got,
			func(s string) bool { return s == third || s == second || s == first }); older > 0 {
			got = got[older:] // the record of its creation
		}
		if !slices.Equal(got, want) {
			w.t.Errorf("%s: the page says %q, want %q", query, got, want)
		}
		if asks := strings.Contains(page, "Which account?"); asks != strings.HasPrefix(query, "person=zw") {
			w.t.Errorf("%s: it asks who is meant: %v", query, asks)
		}
		if rows := w.rows("/admin/audit.csv?"+query, admin); len(want) > 0 &&
			(len(rows) < len(want) || rows[len(rows)-1][8] != "'"+title) {
			w.t.Errorf("%s: the file has %q", query, rows)
		}
	}
	for query, part := range map[string]string{
		"from=yesterday": `href="#field-from`, "until=x": `href="#field-until`, "action=dance": `href="#field-action`,
		"cursor=x": "cursor: This is not valid",
	} {
		answer, page := w.open("/admin/audit?"+query, admin)
		if answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, `role="alert"`) ||
			!strings.Contains(page, part) {
			w.t.Errorf("%s: got %d without %s", query, answer.StatusCode, part)
		}
	}
	w.do(w.api("POST", "/api/competitions/"+id+"/register", nil, anna), nil)
	log := "/competitions/" + id + "/audit?until=" + minute(3) + "&person="
	if got, _ := w.sentences(log+"anna", organizer); !slices.Equal(got, []string{third, first}) {
		w.t.Errorf("for the organizer, who registered is found by %q", got)
	}
	if got, _ := w.sentences(log+url.QueryEscape("some one"), organizer); !slices.Equal(got, []string{third}) {
		w.t.Errorf("the organizer finds their own records: %q", got)
	}
	for _, stranger := range []string{admin.Email, annika.Email} {
		if _, page := w.sentences(log+stranger, organizer); !strings.Contains(page, "No matching account") {
			w.t.Errorf("an organizer learns that there is an account %s", stranger)
		}
	}
}

// rows returns those of a CSV file, without its header; nil if there is no file.
func (w *auditWorld) rows(path string, who someone) [][]string {
	w.t.Helper()
	answer, body := w.open(path, who)
	if answer.StatusCode == http.StatusSeeOther {
		return nil
	}
	body, marked := strings.CutPrefix(body, sheet.BOM)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || answer.StatusCode != http.StatusOK ||
		!strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment; filename=\"") {
		w.t.Fatalf("%s: %d %v %v %.300s", path, answer.StatusCode, err, answer.Header, body)
	}
	if !marked || rows[0][0] != "id" || rows[0][14] != "requestId" {
		w.t.Errorf("the heading is %q", rows[0])
	}
	return rows[1:]
}

// Organizers see only the network addresses of their own actions; admins see all.
func testAuditAddresses(w *auditWorld) {
	id, organizer := w.competition("PUBLISHED")
	w.record(compete.AuditRecord{
		Action: compete.AuditRegistered, ActorID: w.someone(asParticipant).ID,
		CompetitionID: id, Address: "203.0.113.44",
	})
	admin, log := w.someone(asAdmin), "/competitions/"+id+"/audit"
	for _, path := range []string{log, log + ".csv", "/api" + log} {
		for who, want := range map[*someone]bool{&organizer: false, &admin: true} {
			request := w.api("GET", path, nil, *who)
			if !strings.HasPrefix(path, "/api") {
				request = w.page(path, nil, *who)
				request.Method, request.Body, request.ContentLength = http.MethodGet, nil, 0
			}
			answer, err := w.client.Do(request)
			if err != nil {
				w.t.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if !strings.Contains(string(body), "127.0.0.1") || strings.Contains(string(body), "203.0.113.44") != want {
				w.t.Errorf("%s as %s: the other's address is there: %v, want %v, beside the own\n%s", path,
					who.Role, !want, want, body)
			}
		}
	}
}

// The page links to older records, until there are none.
func testAuditOlder(w *auditWorld) {
	id, organizer := w.competition("DRAFT")
	for i := range 120 {
		w.record(compete.AuditRecord{
			At: time.Now().Add(-time.Duration(i) * time.Second), Action: compete.AuditCompetitionUpdated,
			ActorID: organizer.ID, CompetitionID: id,
			Before: compete.AuditFields("capacity", i), After: compete.AuditFields("capacity", i+1),
		})
	}
	var all []string
	next := regexp.MustCompile(`href="([^"]*cursor=[^"]*)"`)
	for path := "/competitions/" + id + "/audit?action=competition.updated"; path != ""; {
		records, page := w.sentences(path, organizer)
		all, path = append(all, records...), ""
		if link := next.FindStringSubmatch(page); link != nil {
			path = html.UnescapeString(link[1])
		}
	}
	request := w.page("/competitions/"+id+"/audit?action=competition.updated", nil, organizer)
	request.Method, request.Body, request.ContentLength = http.MethodGet, nil, 0
	request.Header.Set("HX-Request", "true")
	answer, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	part, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if got := string(part); !strings.HasPrefix(got, "<li") || strings.Count(got, "</details>") != 50 ||
		!strings.Contains(got, "Show older") {
		w.t.Errorf("the script gets %.200s", got)
	}
	if len(all) != 120 || all[0] != "Some One changed the capacity of A competition from 0 to 1" ||
		all[119] != "Some One changed the capacity of A competition from 119 to 120" {
		w.t.Errorf("%d records, from %q to %q", len(all), all[0], all[len(all)-1])
	}
}

// An admin's change in the job console is recorded before it is carried out; views aren't recorded.
func TestTheJobConsoleIsRecorded(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newAuditWorld(t, databaseURL)
		admin := w.someone(asAdmin)
		w.post(w.page(web.JobsPath+"/api/jobs/cancel", nil, w.someone(asParticipant)))
		w.open(web.JobsPath+"/api/queues", admin)
		request := w.page(web.JobsPath+"/api/jobs/cancel", nil, admin)
		request.Body, request.ContentLength = io.NopCloser(strings.NewReader(`{"ids":["1"]}`)),
			int64(len(`{"ids":["1"]}`))
		request.Header.Set("Content-Type", "application/json")
		w.post(request)
		page, err := w.app.Store().Audit(t.Context(), compete.AuditFilter{Action: compete.AuditJobConsole, Limit: 10})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%d records, %v: %+v", len(page.Items), err, page.Items)
		}
		e := page.Items[0]
		if want := `{"method":"POST","path":"/admin/jobs/api/jobs/cancel"}`; e.ActorID != admin.ID ||
			string(e.After) != want || e.Via != compete.ViaPage || e.Address != "127.0.0.1" || e.RequestID == "" {
			t.Errorf("the record is %+v with %s, want %s", e.AuditRecord, e.After, want)
		}
	})
}

// A failed login is recorded with its reason, without any of the input.
func TestFailedLoginsAreRecorded(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newAuditWorld(t, databaseURL)
		p, disabled := w.someone(asParticipant), w.someone(asParticipant)
		w.exec(`UPDATE users SET disabled_at = created_at WHERE id = $1`, disabled.ID)
		unknown, secret := "typed-by-mistake-"+uuid.NewString()+"@example.com", "tipped-"+uuid.NewString()
		for _, try := range [][2]string{{p.Email, secret}, {unknown, secret}, {disabled.Email, apptest.Password}} {
			w.post(w.api("POST", "/api/auth/login", map[string]any{"email": try[0], "password": try[1]}))
			w.post(w.page("/auth/login", []string{"email", try[0], "password", try[1]}))
		}
		page, err := w.app.Store().Audit(t.Context(), compete.AuditFilter{Action: compete.AuditLoginFailed, Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range page.Items {
			who := map[string]string{p.ID: "them", disabled.ID: "disabled", "": "nobody"}[e.UserID]
			got = append(got, fmt.Sprint(who, " ", string(e.After), " ", e.Via, " ", e.ActorID+e.Address))
			if all := fmt.Sprintf("%+v %s %s", e, e.Before, e.After); strings.Contains(all, "typed-by") ||
				strings.Contains(all, "tipped-") {
				t.Errorf("the record has what was typed: %s", all)
			}
		}
		slices.Sort(got)
		want := []string{
			`disabled {"reason":"disabled"} api 127.0.0.1`, `disabled {"reason":"disabled"} page 127.0.0.1`,
			`nobody {"reason":"unknown_email"} api 127.0.0.1`, `nobody {"reason":"unknown_email"} page 127.0.0.1`,
			`them {"reason":"wrong_password"} api 127.0.0.1`, `them {"reason":"wrong_password"} page 127.0.0.1`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("the log has %q\nwant %q", got, want)
		}
	})
}

// post sends a request that may be refused.
func (w *auditWorld) post(request *http.Request) {
	w.t.Helper()
	answer, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	answer.Body.Close()
}
