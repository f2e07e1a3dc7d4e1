package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestReports(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer, reporter, admin := f.addUser(t, compete.RoleOrganizer), f.addUser(t, compete.RoleParticipant),
			f.addUser(t, compete.RoleAdmin)
		busy, quiet := f.addCompetition(t, organizer, nil), f.addCompetition(t, organizer, nil)
		report := func(c compete.Competition, by *compete.User, age time.Duration) compete.Report {
			r := compete.Report{
				ID: newID(), Competition: c.Summary(), Reason: compete.ReportSpam,
				Details:   "<b>An advert</b>\nfor shoes",
				CreatedAt: compete.UTC(f.ago(age)), Status: compete.ReportOpen,
			}
			if by != nil {
				r.Reporter = &compete.Participant{ID: by.ID, Name: by.Name, Email: by.Email}
			}
			return r
		}
		ofQuiet := report(quiet, nil, time.Minute)
		of := []compete.Report{
			report(busy, &reporter, 2*time.Minute), report(busy, nil, 3*time.Minute),
			report(busy, nil, 4*time.Minute),
		}
		for _, r := range append([]compete.Report{ofQuiet}, of...) {
			must(t, f.AddReport(t.Context(), r))
		}
		wantError(t, "a second one by the same account", f.AddReport(t.Context(), report(busy, &reporter, 0)),
			compete.ErrAlreadyReported)
		nobody := reporter
		nobody.ID = newID()
		wantError(t, "one by an account that is gone", f.AddReport(t.Context(), report(quiet, &nobody, 0)),
			compete.ErrUnauthorized)

		listed := func(filter compete.ReportFilter) []compete.Report {
			return walk(t, "reports", func(c compete.Cursor) (compete.Page[compete.Report], error) {
				filter.Cursor, filter.Limit = c, 2
				return f.Reports(t.Context(), filter)
			})
		}
		want(t, "the open ones", listed(compete.ReportFilter{Status: compete.ReportOpen}),
			append([]compete.Report{ofQuiet}, of...))
		want(t, "those of one competition",
			listed(compete.ReportFilter{Status: compete.ReportOpen, CompetitionID: busy.ID}), of)
		want(t, "those of none", len(listed(compete.ReportFilter{Status: compete.ReportOpen, CompetitionID: "none"})),
			0)
		reported, err := f.ReportedCompetitions(t.Context(), 10)
		must(t, err)
		want(t, "the competitions", fmt.Sprint(reported[0].Competition.ID, reported[0].Reports,
			reported[1].Competition.ID, reported[1].Reports, len(reported)),
			fmt.Sprint(busy.ID, 3, quiet.ID, 1, 2))

		t.Run("answers", func(t *testing.T) { testReportAnswers(t, f, of, admin) })
		want(t, "what is left", listed(compete.ReportFilter{Status: compete.ReportOpen}),
			[]compete.Report{ofQuiet, of[2]})
		must(t, f.AddReport(t.Context(), report(busy, &reporter, 0)))
		for most, expected := range map[int]int{100: 3, 2: 2} {
			open, err := f.OpenReports(t.Context(), most)
			must(t, err)
			want(t, "how many", open, expected)
		}
		wantReported := func(what string, expected ...string) {
			t.Helper()
			reported, err := f.ReportedCompetitions(t.Context(), 10)
			must(t, err)
			var got []string
			for _, r := range reported {
				got = append(got, fmt.Sprint(r.Competition.ID, " ", r.Reports))
			}
			want(t, what, got, expected)
		}
		wantReported("after answers", busy.ID+" 2", quiet.ID+" 1")
		f.exec(t, `UPDATE reports SET status = 'OPEN' WHERE id = $1`, of[1].ID)
		wantReported("one open again", busy.ID+" 3", quiet.ID+" 1")
		must(t, f.AnswerReports(t.Context(), []string{ofQuiet.ID}, compete.ReportAnswer{
			Status: compete.ReportDismissed,
		}, admin.ID, f.now))
		wantReported("all of one answered", busy.ID+" 3")
		f.exec(t, `DELETE FROM reports WHERE competition_id = $1`, busy.ID)
		wantReported("all deleted")
	})
}

func testReportAnswers(t *testing.T, f *fixture, reports []compete.Report, admin compete.User) {
	note, later := "Wrote to the organizer.", f.now.Add(time.Hour)
	answer := compete.ReportAnswer{Status: compete.ReportResolved, Note: &note}
	wantError(t, "one of them missing",
		f.AnswerReports(t.Context(), []string{reports[0].ID, newID()}, answer, admin.ID, later),
		compete.ErrReportMissing)
	wantError(t, "no id", f.AnswerReports(t.Context(), []string{"none"}, answer, admin.ID, later),
		compete.ErrReportMissing)
	_, err := f.Report(t.Context(), newID())
	wantError(t, "reading none", err, compete.ErrReportMissing)
	same, err := f.Report(t.Context(), reports[0].ID)
	must(t, err)
	want(t, "unchanged by a failure", same, reports[0])

	must(t, f.AnswerReports(t.Context(), []string{reports[0].ID, reports[1].ID}, answer, admin.ID, later))
	must(t, f.AnswerReports(t.Context(), []string{reports[1].ID}, compete.ReportAnswer{Status: compete.ReportDismissed},
		admin.ID, later))
	for i, status := range []compete.ReportStatus{compete.ReportResolved, compete.ReportDismissed} {
		wanted := reports[i]
		at := compete.UTC(later)
		wanted.Status, wanted.Note, wanted.AnsweredAt = status, note, &at
		wanted.AnsweredBy = &compete.Participant{ID: admin.ID, Name: admin.Name, Email: admin.Email}
		got, err := f.Report(t.Context(), wanted.ID)
		must(t, err)
		want(t, "an answered one", got, wanted)
	}
}
