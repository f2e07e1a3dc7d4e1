package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

func TestAudit(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("filters", func(t *testing.T) { testAuditFilters(t, f) })
		t.Run("equal times", func(t *testing.T) { testAuditOrder(t, f) })
		t.Run("paging while records arrive", func(t *testing.T) { testAuditArrivals(t, f) })
		t.Run("batches", func(t *testing.T) { testAuditBatches(t, f) })
		t.Run("names", func(t *testing.T) { testAuditNames(t, f) })
		t.Run("append-only", func(t *testing.T) { testAuditKept(t, f) })
		t.Run("retention", func(t *testing.T) { testAuditRetention(t, f) })
	})
}

// auditLog returns all records that match a filter, read in pages of three.
func (f *fixture) auditLog(t *testing.T, filter compete.AuditFilter) []compete.AuditEntry {
	t.Helper()
	return walk(t, "audit", func(c compete.Cursor) (compete.Page[compete.AuditEntry], error) {
		filter.Cursor, filter.Limit = c, 3
		return f.Audit(t.Context(), filter)
	})
}

func auditIDs(entries []compete.AuditEntry) []string {
	return ids(entries, func(e compete.AuditEntry) string { return e.ID })
}

func (f *fixture) record(t *testing.T, r compete.AuditRecord) {
	t.Helper()
	if r.Via == "" {
		r.Via = compete.ViaPage
	}
	must(t, f.Record(t.Context(), r))
}

// testAuditFilters compares the results of each filter, and of each pair, with the whole log.
func testAuditFilters(t *testing.T, f *fixture) {
	people, competitions := []string{newID(), newID(), newID()}, []string{"", newID(), newID()}
	actions := []compete.AuditAction{compete.AuditLogin, compete.AuditRemoved, compete.AuditAccountRole}
	for i := range 60 {
		f.record(t, compete.AuditRecord{
			At: f.ago(time.Duration(i/2) * time.Microsecond), Action: actions[i/3%3], ActorID: people[i%2],
			UserID: people[(i+i/7)%3], CompetitionID: competitions[i/5%3],
		})
	}
	all := f.auditLog(t, compete.AuditFilter{})
	middle := compete.UTC(f.ago(12 * time.Microsecond))
	parts := []struct {
		set func(*compete.AuditFilter)
		has func(compete.AuditEntry) bool
	}{
		{func(*compete.AuditFilter) {}, func(compete.AuditEntry) bool { return true }},
		{
			func(f *compete.AuditFilter) { f.Action = actions[1] },
			func(e compete.AuditEntry) bool { return e.Action == actions[1] },
		},
		{
			func(f *compete.AuditFilter) { f.PersonID = people[1] },
			func(e compete.AuditEntry) bool { return e.ActorID == people[1] || e.UserID == people[1] },
		},
		{
			func(f *compete.AuditFilter) { f.CompetitionID = competitions[1] },
			func(e compete.AuditEntry) bool { return e.CompetitionID == competitions[1] },
		},
		{
			func(f *compete.AuditFilter) { f.From = middle },
			func(e compete.AuditEntry) bool { return !e.At.Before(middle) },
		},
		{
			func(f *compete.AuditFilter) { f.Until = middle },
			func(e compete.AuditEntry) bool { return e.At.Before(middle) },
		},
	}
	for i, one := range parts {
		for j, other := range parts[:i+1] {
			var filter compete.AuditFilter
			one.set(&filter)
			other.set(&filter)
			wanted := slices.DeleteFunc(slices.Clone(all),
				func(e compete.AuditEntry) bool { return !one.has(e) || !other.has(e) })
			if i > 0 && i+j < 9 && (len(wanted) == 0 || len(wanted) == len(all)) { // the last two exclude each other
				t.Fatalf("filters %d and %d let %d of %d through: this tries nothing", i, j, len(wanted), len(all))
			}
			want(t, fmt.Sprintf("filters %d and %d", i, j), auditIDs(f.auditLog(t, filter)), auditIDs(wanted))
		}
	}
}

// Records of the same moment stay in the order in which they were written, also across pages.
func testAuditOrder(t *testing.T, f *fixture) {
	competition := newID()
	var records []compete.AuditRecord
	for i := range 10 {
		records = append(records, compete.AuditRecord{
			At: f.now, Action: compete.AuditRegistered, CompetitionID: competition, Via: compete.ViaAPI,
			After: compete.AuditFields("seq", i),
		})
	}
	f.leave(t, records)
	var got []string
	for _, e := range f.auditLog(t, compete.AuditFilter{CompetitionID: competition}) {
		got = append(got, string(e.After))
	}
	var wanted []string
	for i := range 10 {
		wanted = append(wanted, fmt.Sprintf(`{"seq":%d}`, 9-i))
	}
	want(t, "records", got, wanted)
}

// leave stores records for the log, as the registrar's transaction does.
func (f *fixture) leave(t *testing.T, records []compete.AuditRecord) {
	t.Helper()
	must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
		return tx.Write(t.Context(), compete.LedgerChanges{Audit: records})
	}))
}

func testAuditArrivals(t *testing.T, f *fixture) {
	competition := newID()
	add := func(age time.Duration) {
		f.record(t, compete.AuditRecord{At: f.ago(age), Action: compete.AuditCoverSet, CompetitionID: competition})
	}
	for i := range 12 {
		add(time.Duration(i) * time.Second)
	}
	filter := compete.AuditFilter{CompetitionID: competition}
	before := auditIDs(f.auditLog(t, filter))
	got := auditIDs(walk(t, "audit", func(c compete.Cursor) (compete.Page[compete.AuditEntry], error) {
		filter.Cursor, filter.Limit = c, 5
		page, err := f.Audit(t.Context(), filter)
		add(-time.Second) // newer than any that was read
		return page, err
	}))
	want(t, "what was there at first", got, before)
}

// However many processes move batches at once, each record is in the log once, unchanged.
func testAuditBatches(t *testing.T, f *fixture) {
	competition, person := newID(), f.addUser(t, compete.RoleParticipant)
	left := map[string]compete.AuditRecord{}
	for batch := range 20 {
		var records []compete.AuditRecord
		for i := range 5 {
			r := compete.AuditRecord{
				At: compete.UTC(f.ago(time.Duration(batch*5+i) * time.Second)), Action: compete.AuditRemoved,
				ActorID: newID(), UserID: person.ID, CompetitionID: competition,
				SubjectID: newID(), Before: json.RawMessage(`{"status":"PENDING"}`),
				After: json.RawMessage(`{"note":"a \"quoted\" word"}`),
				Via:   compete.ViaAPI, Address: "2001:db8::1", RequestID: "request \"<\\>\u2028",
			}
			records = append(records, r)
			left[r.SubjectID] = r
		}
		f.leave(t, records)
	}
	n, err := f.ExpandAudit(t.Context(), 3)
	must(t, err)
	want(t, "batches that were moved", n, 3)
	var movers sync.WaitGroup
	for range 4 {
		movers.Go(func() {
			if _, err := f.ExpandAudit(t.Context(), 100); err != nil {
				t.Error(err)
			}
		})
	}
	movers.Wait()
	got := map[string]compete.AuditRecord{}
	entries := f.auditLog(t, compete.AuditFilter{CompetitionID: competition})
	for _, e := range entries {
		e.At = compete.UTC(e.At)
		got[e.SubjectID] = e.AuditRecord
	}
	want(t, "how many", len(entries), len(left))
	if diff := cmp.Diff(left, got); diff != "" {
		t.Errorf("records (-left +got):\n%s", diff)
	}
	n, err = f.ExpandAudit(t.Context(), 3)
	must(t, err)
	want(t, "batches that are left", n, 0)
}

// The log shows the names of existing people, and none for deleted ones.
func testAuditNames(t *testing.T, f *fixture) {
	organizer, erased := f.addUser(t, compete.RoleOrganizer), f.addUser(t, compete.RoleParticipant)
	c := f.addCompetition(t, organizer, nil)
	r := compete.AuditRecord{
		At: f.now, Action: compete.AuditRemoved, ActorID: organizer.ID, UserID: erased.ID,
		CompetitionID: c.ID, Address: "203.0.113.7",
	}
	f.record(t, r)
	byErased := compete.AuditRecord{
		At: f.now, Action: compete.AuditLoginFailed, UserID: erased.ID,
		Address: "203.0.113.8",
	}
	f.record(t, byErased)
	read := func(what string, wanted ...string) {
		t.Helper()
		var got []string
		for _, e := range f.auditLog(t, compete.AuditFilter{PersonID: erased.ID}) {
			if e.Action == compete.AuditRemoved || e.Action == compete.AuditLoginFailed {
				got = append(got, fmt.Sprintf("%s %q %q %q %q", e.Action, e.ActorName, e.UserName,
					e.CompetitionTitle, e.Address))
			}
		}
		slices.Sort(got)
		want(t, what, got, wanted)
	}
	read("before", `registration.removed "Ada" "Ada" "Spring Cup" "203.0.113.7"`,
		`session.refused "" "Ada" "" "203.0.113.8"`)
	must(t, f.EraseAccount(t.Context(), erased.ID, f.now))
	must(t, f.EraseTraces(t.Context(), erased.ID))
	read("after", `registration.removed "Ada" "" "Spring Cup" "203.0.113.7"`, `session.refused "" "" "" ""`)
}

// The database refuses to change or delete records, for everyone.
func testAuditKept(t *testing.T, f *fixture) {
	now := compete.UTC(time.Now()) // by the database's clock
	marked := func(age time.Duration) string {
		competition := newID()
		f.record(t, compete.AuditRecord{
			At: now.Add(-age), Action: compete.AuditAccountRole, ActorID: newID(), UserID: newID(),
			CompetitionID: competition, SubjectID: newID(),
			Before: compete.AuditFields("a", 1), After: compete.AuditFields("a", 2),
		})
		// allowed, but nothing changes here
		f.exec(t, `UPDATE audit SET address = '' WHERE competition_id = $1`, competition)
		return competition
	}
	young := marked(compete.MinAuditAge - time.Hour)
	before := f.auditLog(t, compete.AuditFilter{CompetitionID: young})
	refused := []string{
		`DELETE FROM audit WHERE competition_id = $1`,
		`UPDATE audit SET address = '203.0.113.9' WHERE competition_id = $1`,
		`UPDATE audit SET action = 'account.enabled' WHERE competition_id = $1`,
		`UPDATE audit SET at = (SELECT max(b.at) FROM audit b) WHERE competition_id = $1`,
		`UPDATE audit SET id = subject_id WHERE competition_id = $1`,
		`UPDATE audit SET via = 'job' WHERE competition_id = $1`,
		`UPDATE audit SET request_id = 'x' WHERE competition_id = $1`,
		`UPDATE audit SET actor_id = NULL WHERE competition_id = $1`,
		`UPDATE audit SET actor_id = user_id WHERE competition_id = $1`,
		`UPDATE audit SET user_id = NULL WHERE competition_id = $1`,
		`UPDATE audit SET subject_id = NULL WHERE competition_id = $1`,
		`UPDATE audit SET competition_id = NULL WHERE competition_id = $1`,
		`UPDATE audit SET before = NULL WHERE competition_id = $1`,
		`UPDATE audit SET after = '{}' WHERE competition_id = $1`,
		`UPDATE audit SET before = NULL, after = NULL, action = 'x' WHERE competition_id = $1`,
	}
	for _, text := range refused {
		if _, err := f.Writer().ExecContext(t.Context(), text, young); err == nil {
			t.Errorf("the database did: %s", text)
		}
	}
	if f.Kind() == sqldb.PostgreSQL {
		if _, err := f.Writer().ExecContext(t.Context(), `TRUNCATE audit`); err == nil {
			t.Error("the database did: TRUNCATE")
		}
	}
	want(t, "what was there", f.auditLog(t, compete.AuditFilter{CompetitionID: young}), before)

	f.exec(t, `UPDATE audit SET before = NULL, after = NULL WHERE competition_id = $1`, young)
	old := marked(compete.MinAuditAge + time.Hour)
	f.exec(t, `DELETE FROM audit WHERE competition_id = $1`, old)
	want(t, "an old one", len(f.auditLog(t, compete.AuditFilter{CompetitionID: old})), 0)
}

// Records that are too old are deleted, which the log reports, but never any younger than 30 days; addresses are
// deleted earlier.
func testAuditRetention(t *testing.T, f *fixture) {
	const day = 24 * time.Hour
	now := compete.UTC(time.Now())
	competition := newID()
	for _, age := range []time.Duration{500 * day, 401 * day, 399 * day, 91 * day, 89 * day, 31 * day, 29 * day} {
		f.record(t, compete.AuditRecord{At: now.Add(-age), Action: compete.AuditCoverSet, CompetitionID: competition})
	}
	f.exec(t, `INSERT INTO audit (id, at, action, competition_id, via, address)
		VALUES ($1, $2, 'cover', $3, 'page', '203.0.113.7')`,
		"00000000-0000-7000-8000-000000000000", compete.UTC(time.UnixMicro(0)), competition)
	clean := func(ages compete.CleanUpAges) (left int, report compete.CleanUpReport) {
		t.Helper()
		ages.FailedJobs, ages.Sessions = 1000*day, 1000*day
		report, err := f.CleanUp(t.Context(), ages, now, nil)
		must(t, err)
		return len(f.auditLog(t, compete.AuditFilter{CompetitionID: competition})), report
	}
	left, report := clean(compete.CleanUpAges{Audit: 400 * day})
	want(t, "left after 400 days", left, 5)
	shortened := f.auditLog(t, compete.AuditFilter{Action: compete.AuditLogShortened})
	want(t, "what the log tells of it", fmt.Sprint(string(shortened[0].After), shortened[0].Via, len(shortened)),
		fmt.Sprintf(`{"records":%d}job1`, report.Audit))
	left, _ = clean(compete.CleanUpAges{Audit: day})
	want(t, "left after a day, which is less than the least", left, 1)
	want(t, "records of it", len(f.auditLog(t, compete.AuditFilter{Action: compete.AuditLogShortened})), 2)

	for _, age := range []time.Duration{91 * day, 89 * day} {
		f.exec(t, `INSERT INTO audit (id, at, action, competition_id, via, address)
			VALUES ($1, $2, 'cover', $3, 'page', '203.0.113.7')`,
			timeID(now.Add(-age)), now.Add(-age), competition)
	}
	_, report = clean(compete.CleanUpAges{Audit: 400 * day})
	want(t, "addresses without an age", report.Addresses, 0)
	_, report = clean(compete.CleanUpAges{Audit: 400 * day, Addresses: 90 * day})
	want(t, "addresses that are too old", report.Addresses, 1)
	for _, e := range f.auditLog(t, compete.AuditFilter{CompetitionID: competition, Until: now.Add(-30 * day)}) {
		want(t, fmt.Sprint("the address of ", e.At), e.Address != "", now.Sub(e.At) < 90*day)
	}
}

// timeID returns an id for a record's time.
func timeID(at time.Time) string {
	return fmt.Sprintf("%08x-%04x-7%03x-8000-000000000000", at.UnixMilli()>>16, at.UnixMilli()&0xffff,
		at.UnixMicro()%1000)
}
