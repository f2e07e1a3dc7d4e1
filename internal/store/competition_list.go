package store

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// competitionsKey is what two requests for a list of competitions must share to be answered by one read.
type competitionsKey struct {
	search, tags, organizerID string
	phase                     compete.Phase
	sort                      compete.Sort
	cursor                    compete.Cursor
	limit                     int
	suspended                 bool
	reach                     sqldb.Reach
}

// match is what a list searches for. What finds many is looked for along the list, and what finds few in the index of
// words: either way takes hundreds of times as long for the other. A sample tells which it is. Between them, the first
// hits are looked for in a part of the index.
type match struct {
	words      []string
	query      string // see sqldb.TextIndex; empty: everything
	estimate   sqldb.Estimate
	manyTagged bool // many have one of the tags
}

// partsWorth is when to look for hits in a part of the index.
type partsWorth struct {
	rows  int // in the table: all hits in a smaller one are found at once
	pages int // of hits: fewer are read at once
}

var (
	partsPay     = partsWorth{rows: 20_000, pages: 20}
	mostForParts = 0.05 // of the rows are found: more are found sooner along the list
)

// inParts reports whether to look for the first hits in a part of the index.
func (s *Store) inParts(f compete.CompetitionFilter, m match) bool {
	e := m.estimate
	return m.query != "" && orders[f.Sort].place != "" && f.OrganizerID == "" && !f.Suspended &&
		e.Rows >= s.parts.rows && e.Share <= mostForParts && e.Share*float64(e.Rows) >= float64(s.parts.pages*f.Limit)
}

// Competitions implements compete.CompetitionStore. Callers share what it returns and must not change it.
func (s *Store) Competitions(
	ctx context.Context, f compete.CompetitionFilter,
) (compete.Page[compete.Competition], error) {
	var match match
	if f.Search != "" {
		match.words = normal.Query(f.Search)
		if match.query = CompetitionWords.Query(s.db, match.words); match.query == "" {
			return compete.Page[compete.Competition]{}, nil // there is no word to find
		}
	}
	if !storable(strings.Join(f.Tags, "")) || f.OrganizerID != "" && !compete.ValidID(f.OrganizerID) {
		return compete.Page[compete.Competition]{}, nil
	}
	if match.query != "" || len(f.Tags) > 0 {
		if err := s.findableCompetitions(ctx); err != nil {
			return compete.Page[compete.Competition]{}, err
		}
	}
	if match.query != "" {
		var err error
		if match.estimate, err = CompetitionWords.Estimate(ctx, s.db, match.words); err != nil {
			return compete.Page[compete.Competition]{}, err
		}
	}
	if len(f.Tags) > 0 {
		var err error
		if match.manyTagged, err = s.manyTagged(ctx, f.Tags); err != nil {
			return compete.Page[compete.Competition]{}, err
		}
	}
	key := competitionsKey{
		match.query, strings.Join(f.Tags, ","), f.OrganizerID, f.Phase, f.Sort, f.Cursor,
		f.Limit, f.Suspended, s.replicated.Reach(ctx),
	}
	return s.competitionLists.Read(ctx, key, func(ctx context.Context) (compete.Page[compete.Competition], error) {
		return s.listCompetitions(ctx, f, match)
	})
}

func (s *Store) listCompetitions(
	ctx context.Context, f compete.CompetitionFilter, match match,
) (compete.Page[compete.Competition], error) {
	order := orders[f.Sort]
	var st statement
	if s.inParts(f, match) {
		s.firstMatches(&st, f, match)
		st.Add(` ORDER BY ` + order.by)
		found, err := sqldb.List(ctx, s.replicated.Unprepared(), scanListed, st.Text(), st.Args()...)
		if err != nil || len(found) > f.Limit {
			return listedPage(found, f), err
		}
		st = statement{}
	}
	var q sqldb.Querier = s.replicated
	switch {
	case f.Sort == compete.SortFilling && !f.Cursor.IsZero():
		s.fillingPage(&st, f, match)
		q = s.replicated.Unprepared()
	case match.query != "" && !match.estimate.Many && order.place != "" && f.OrganizerID == "":
		s.fewMatches(&st, f, match)
		q = s.replicated.Unprepared()
	case len(f.Tags) > 0 || match.query != "":
		// What matches is found and cut to a page first, so that only the page's tags are read.
		st.Add(selectListed + order.columns + fromCompetitions + `WHERE c.id IN (SELECT c.id` +
			fromCompetitions + `WHERE `)
		st.listed(f, order)
		s.matching(&st, f, match)
		st.Add(` ORDER BY `+order.by+` LIMIT %s)`, f.Limit+1)
		q = s.replicated.Unprepared()
	case f.Sort == compete.SortFilling && f.Phase == compete.PhaseClosed && f.OrganizerID == "":
		st.closedByFilling(f, order)
	case f.Sort == compete.SortFilling && f.Phase == compete.PhaseUpcoming && f.OrganizerID == "":
		filled, err := s.filledSoon(ctx, f.Now)
		if err != nil {
			return compete.Page[compete.Competition]{}, err
		}
		st.Add(selectListed + order.columns + fromCompetitions + `WHERE `)
		if st.listed(f, order); !filled {
			st.Add(` AND c.filling = 0`) // or everything else that fills up would be passed by within the index
		}
	default:
		st.Add(selectListed + order.columns + fromCompetitions + `WHERE `)
		st.listed(f, order)
		if f.OrganizerID != "" && f.Phase != "" { // what is quick for a few of their own may read all of many
			q = s.replicated.Unprepared()
		}
	}
	st.Add(` ORDER BY ` + order.by)
	st.upToPage(f.Limit)
	found, err := sqldb.List(ctx, q, scanListed, st.Text(), st.Args()...)
	if err == nil && f.Sort == compete.SortFilling && !f.Cursor.IsZero() {
		err = s.fillingKnown(ctx, f.Cursor)
	}
	return listedPage(found, f), err
}

// listedPage is a page of up to one more competition than the limit.
func listedPage(found []listedCompetition, f compete.CompetitionFilter) compete.Page[compete.Competition] {
	listed := page(found, f.Limit, string(f.Sort),
		func(c listedCompetition) (int64, string) { return orders[f.Sort].key(c), c.ID })
	competitions := make([]compete.Competition, len(listed.Items))
	for i := range listed.Items {
		competitions[i] = listed.Items[i].Competition
	}
	return compete.Page[compete.Competition]{Items: competitions, Next: listed.Next}
}

// fewMatches selects what a search finds that finds few.
func (s *Store) fewMatches(st *statement, f compete.CompetitionFilter, match match) {
	st.Add(selectListed + orders[f.Sort].columns + fromCompetitions + `WHERE c.id IN (`)
	query, condition, values := CompetitionWords.LookUp(s.db, match.words, match.estimate)
	s.sortedHits(st, f, "", CompetitionWords.Hits(orders[f.Sort].place, `%s`)+condition,
		append([]any{query}, values...)...)
	st.Add(`)`)
}

// firstMatches selects the first of what a search finds, in a part of the index of words. If fewer than a page are
// found, there may be more elsewhere.
func (s *Store) firstMatches(st *statement, f compete.CompetitionFilter, match match) {
	order := orders[f.Sort]
	first, from := order.first(f)
	parts, hits, values := CompetitionWords.Parts(s.db, order.place, first, from, order.after == `<`, match.estimate,
		f.Limit+1, match.words)
	st.Add(selectListed + order.columns + fromCompetitions + `WHERE c.id IN (SELECT p.id FROM `)
	s.sortedHits(st, f, parts+`(`, hits, values...)
	st.Add(`) AS p LIMIT %s)`, f.Limit+1)
}

// first returns SQL for a time that nothing in a list comes before, and its values.
func (o order) first(f compete.CompetitionFilter) (text string, values []any) {
	status := compete.StatusPublished
	switch {
	case !f.Cursor.IsZero():
		return `%s`, []any{o.value(f.Cursor)}
	case f.Sort == compete.SortDeadline && !over(f.Phase):
		return `%s`, []any{compete.UTC(f.Now)}
	case f.Phase == compete.PhaseDraft:
		status = compete.StatusDraft
	case f.Phase == compete.PhaseCancelled:
		status = compete.StatusCancelled
	}
	return `(SELECT ` + o.column + ` FROM competitions c WHERE ` + statusIs(status) + ` AND ` + listed +
		` ORDER BY ` + o.by + ` LIMIT 1)`, nil
}

// sortedHits selects the ids of a page of what an index of words finds. They are sorted by what that index has, so that
// only as many competitions are read as it takes to fill the page. The values are of the parameters before them and
// among them.
func (s *Store) sortedHits(st *statement, f compete.CompetitionFilter, before, hits string, values ...any) {
	order := orders[f.Sort]
	st.Add(before+`SELECT c.id FROM (SELECT h.id, h.place FROM (`+hits, values...)
	switch {
	case !f.Cursor.IsZero():
		st.Add(` AND (s.`+order.place+`, s.competition_id) `+order.after+` (%s, %s)`, order.value(f.Cursor),
			f.Cursor.ID)
	case f.Sort == compete.SortDeadline && !over(f.Phase):
		st.Add(` AND s.reg_deadline > %s`, compete.UTC(f.Now))
	}
	// The limit keeps the planner from joining first.
	st.Add(`) h ORDER BY `+order.byPlace+` LIMIT %s) h CROSS JOIN competitions c CROSS JOIN users o
		WHERE c.id = h.id AND o.id = c.organizer_id AND `, math.MaxInt32)
	st.eligible(f, order)
	if len(f.Tags) > 0 {
		st.tagged(s.db, f.Tags)
	}
	st.Add(` ORDER BY `+order.byPlace+` LIMIT %s`, f.Limit+1)
}

// over reports whether a list of competitions in the phase may have some whose deadline has passed.
func over(p compete.Phase) bool {
	return p == compete.PhaseDraft || p == compete.PhaseClosed || p == compete.PhaseCancelled
}

var selectListed = `SELECT ` + listColumns.Select("c")

// matching adds the conditions of tags and search.
func (s *Store) matching(st *statement, f compete.CompetitionFilter, match match) {
	switch {
	case len(f.Tags) == 0:
	case match.manyTagged:
		st.tagged(s.db, f.Tags)
	default:
		st.Add(` AND c.id IN (SELECT t.competition_id FROM competition_tags t WHERE t.folded {any %s text})`,
			s.db.Array(keys(f.Tags)))
	}
	switch {
	case match.query == "":
	case match.estimate.Many:
		st.Add(` AND `+CompetitionWords.Many(`c.id`, `%s`), match.query)
	default:
		st.Add(` AND `+CompetitionWords.Few(`c.id`, `%s`), match.query)
	}
}

// tagged adds the condition that a competition has one of the tags, which is looked up for each one examined.
func (s *statement) tagged(db *sqldb.DB, tags []string) {
	s.Add(` AND EXISTS (SELECT 1 FROM competition_tags t WHERE t.competition_id = c.id AND t.folded {any %s text})`,
		db.Array(keys(tags)))
}

// fewTagged is how many competitions with a tag are looked up and sorted, on SQLite.
const fewTagged = 1000

// manyTagged reports whether so many competitions have one of the tags that they are found sooner along the list.
// PostgreSQL's planner knows that by itself.
func (s *Store) manyTagged(ctx context.Context, tags []string) (bool, error) {
	if s.db.Kind() == sqldb.PostgreSQL {
		return false, nil
	}
	n, err := sqldb.One(ctx, s.replicated, nil, sqldb.ScanInt, `SELECT count(*) FROM (
		SELECT t.competition_id FROM competition_tags t WHERE t.folded {any $1 text} LIMIT $2) t`,
		s.db.Array(keys(tags)), fewTagged+1)
	return n > fewTagged, err
}

// keys are the tags as competition_tags.folded has them.
func keys(tags []string) []string {
	folded := make([]string, len(tags))
	for i, tag := range tags {
		folded[i] = normal.Key(tag)
	}
	return folded
}

// listedCompetition is a competition with what it may be sorted by.
type listedCompetition struct {
	compete.Competition
	filling int64 // seats taken in the last hour
	refresh int64 // the refresh that filling is of
}

func scanListed(row sqldb.Row) (c listedCompetition, err error) {
	c.Competition, err = sqldb.ScanWith(scanCompetition, &c.filling, &c.refresh)(row)
	return c, err
}

// listed adds the conditions of a list: whose, which phase, and what comes after the cursor.
func (s *statement) listed(f compete.CompetitionFilter, order order) {
	s.eligible(f, order)
	if !f.Cursor.IsZero() {
		s.Add(` AND (`+order.column+`, c.id) `+order.after+` (%s, %s)`, order.value(f.Cursor), f.Cursor.ID)
	}
}

// eligible adds the conditions of the whole list.
func (s *statement) eligible(f compete.CompetitionFilter, order order) {
	s.Add(`1 = 1`)
	status := statusIs
	if f.OrganizerID != "" {
		s.Add(` AND c.organizer_id = %s`, f.OrganizerID)
		status = statusIsNoOther
	}
	deadline := `{+c.reg_deadline}`
	switch {
	case f.Sort == compete.SortDeadline && f.Cursor.IsZero():
		deadline = order.column // the first page begins at now
	case f.Sort == compete.SortNewest && (f.Phase == compete.PhaseWaitlist || f.Phase == compete.PhaseFull):
		deadline = `coalesce(c.reg_deadline, c.created_at)` // as a plan for any value would count it: see upToPage
	}
	switch {
	case f.Suspended:
		s.Add(` AND {+c.status} = 'PUBLISHED' AND `+suspended+` AND coalesce(c.start_date, c.reg_deadline) > %s
			AND `+ofSuspendible, compete.UTC(f.Now))
	case f.OrganizerID == "" || f.Phase != "":
		s.phase(f.Phase, compete.UTC(f.Now), status, deadline)
	}
	if f.OrganizerID == "" && !f.Suspended {
		s.Add(` AND ` + listed)
	}
	if f.OrganizerID == "" && f.Phase == compete.PhaseCancelled {
		s.Add(` AND NOT c.discarded`)
	}
}

// ofSuspendible finds by an index all that can be suspended.
const ofSuspendible = `c.organizer_id IN (SELECT u.id FROM users u WHERE u.disabled_at IS NOT NULL
	UNION ALL SELECT u.id FROM users u WHERE u.demoted)`

// closedByFilling is the first page of what is closed, by filling, in three parts: with a condition that joins them,
// everything that fills up would be looked at. The status is an expression, so that the few that are closed and have
// filled up are found by their deadline.
func (s *statement) closedByFilling(f compete.CompetitionFilter, order order) {
	now, cut := compete.UTC(f.Now), ` ORDER BY `+order.by+` LIMIT %s) d`
	s.Add(selectListed+order.columns+fromCompetitions+`WHERE c.id IN (
		SELECT d.id FROM (SELECT c.id FROM competitions c WHERE c.status || '' = 'PUBLISHED'
			AND {+c.visibility} = 'PUBLIC' AND c.filling > 0 AND c.reg_deadline <= %s`+cut+`
		UNION ALL SELECT d.id FROM (SELECT c.id FROM competitions c WHERE c.status = 'PUBLISHED' AND `+listed+`
			AND c.filling = 0 AND {+c.reg_deadline} <= %s`+cut, now, f.Limit+1, now, f.Limit+1)
	s.Add(`
		UNION ALL SELECT d.id FROM (SELECT c.id`+fromCompetitions+`WHERE {+c.status} = 'PUBLISHED'
			AND {+c.visibility} = 'PUBLIC' AND `+suspended+` AND `+ofSuspendible+cut+`)`, f.Limit+1)
}

// filledSoon reports whether something that isn't open yet has filled up nevertheless.
func (s *Store) filledSoon(ctx context.Context, now time.Time) (bool, error) {
	some, err := sqldb.List(ctx, s.replicated, sqldb.ScanString, `SELECT c.id FROM competitions c
		WHERE c.filling > 0 AND c.reg_opens_at IS NOT NULL AND c.reg_opens_at > $1 LIMIT 1`, compete.UTC(now))
	return len(some) > 0, err
}

// statusIs is a condition that may be looked up in an index.
func statusIs(status compete.CompetitionStatus) string { return `c.status = '` + string(status) + `'` }

// statusIsNoOther says the same without an index, which would have everyone's competitions with the status.
func statusIsNoOther(status compete.CompetitionStatus) string {
	var others []string
	for _, other := range []compete.CompetitionStatus{
		compete.StatusDraft, compete.StatusPublished, compete.StatusCancelled,
	} {
		if other != status {
			others = append(others, `c.status <> '`+string(other)+`'`)
		}
	}
	return strings.Join(others, " AND ")
}

// phase adds the condition that Competition.Phase is the given one; the zero Phase is any between publication and
// deadline. status makes a condition, and deadline is that column, with or without its index.
func (s *statement) phase(
	p compete.Phase, now time.Time, status func(compete.CompetitionStatus) string, deadline string,
) {
	switch p {
	case compete.PhaseDraft:
		s.Add(` AND ` + status(compete.StatusDraft))
		return
	case compete.PhaseCancelled:
		s.Add(` AND ` + status(compete.StatusCancelled))
		return
	case compete.PhaseClosed:
		s.Add(` AND `+status(compete.StatusPublished)+` AND (`+deadline+` <= %s OR `+suspended+`)`, now)
		return
	default: // published, and the deadline is ahead
	}
	s.Add(` AND `+status(compete.StatusPublished)+` AND `+deadline+` > %s AND NOT `+suspended, now)
	// An expression counts as equally selective whether the value is known or not: see upToPage.
	const opened = ` AND coalesce(c.reg_opens_at, %s) <= %s`
	const divided = `FROM divisions d WHERE d.competition_id = c.id AND d.seats_left > 0`
	const free = ` (c.admission <> 'FIRST_COME' OR c.seats_left > 0 AND CASE WHEN c.divisions = 0 THEN c.waitlisted = 0
		ELSE EXISTS (SELECT 1 ` + divided + lookedUp + ` AND NOT EXISTS (SELECT 1 ` + divided +
		` AND d.waitlisted > 0` + lookedUp + ` END)`
	switch p {
	case compete.PhaseUpcoming:
		s.Add(` AND c.reg_opens_at IS NOT NULL AND c.reg_opens_at > %s`, now)
	case compete.PhaseOpen:
		s.Add(opened+` AND`+free, now, now)
	case compete.PhaseWaitlist:
		s.Add(opened+` AND c.waitlist AND NOT`+free, now, now)
	case compete.PhaseFull:
		s.Add(opened+` AND NOT c.waitlist AND NOT`+free, now, now)
	default: // any of these
	}
}

// order is one way to sort competitions, each served by an index, with the cursor's key.
type order struct {
	column, by, after string
	place, byPlace    string // the column of competition_search that has it, and the order of what was found there
	columns           string // what key reads beside the competition: filling and refresh
	key               func(listedCompetition) int64
	value             func(compete.Cursor) any // the key as the column has it
}

var orders = map[compete.Sort]order{
	compete.SortNewest: {
		column: `c.created_at`, by: `c.created_at DESC, c.id DESC`, after: `<`, columns: `, 0, 0`,
		place: `created_at`, byPlace: `h.place DESC, h.id DESC`,
		key:   func(c listedCompetition) int64 { return c.CreatedAt.UnixMicro() },
		value: func(c compete.Cursor) any { return c.Time() },
	},
	compete.SortDeadline: {
		column: `c.reg_deadline`, by: `c.reg_deadline, c.id`, after: `>`, columns: `, 0, 0`,
		place: `reg_deadline`, byPlace: `h.place, h.id`,
		key:   func(c listedCompetition) int64 { return c.RegDeadline.UnixMicro() },
		value: func(c compete.Cursor) any { return c.Time() },
	},
	compete.SortFilling: {
		column: `c.filling`, by: `c.filling DESC, c.id DESC`, after: `<`,
		columns: `, c.filling, (SELECT coalesce(max(f.refresh), 0) FROM filling_changes f)`,
		key:     func(c listedCompetition) int64 { return c.refresh<<fillingBits | c.filling },
		value:   func(c compete.Cursor) any { return c.Key & math.MaxInt32 },
	},
}
