package store

import (
	"context"
	"math"
	"strings"
	"time"

	"minicompete/internal/compete"
)

// competitionsKey is what two requests for a list of competitions must share to be answered by one read.
type competitionsKey struct {
	search, tags, organizerID string
	phase                     compete.Phase
	sort                      compete.Sort
	cursor                    compete.Cursor
	limit                     int
}

// Competitions implements compete.CompetitionStore. Callers share what it returns and must not change it.
func (s *Store) Competitions(ctx context.Context, f compete.CompetitionFilter) (compete.Page[compete.Competition], error) {
	var match string
	if f.Search != "" {
		if match = s.dialect.searchQuery(f.Search); match == "" {
			return compete.Page[compete.Competition]{}, nil // there is no word to find
		}
	}
	if !storable(strings.Join(f.Tags, "")) || f.OrganizerID != "" && !compete.ValidID(f.OrganizerID) {
		return compete.Page[compete.Competition]{}, nil
	}
	key := competitionsKey{match, strings.Join(f.Tags, ","), f.OrganizerID, f.Phase, f.Sort, f.Cursor, f.Limit}
	return s.competitionLists.read(ctx, key, func(ctx context.Context) (compete.Page[compete.Competition], error) {
		return s.listCompetitions(ctx, f, match)
	})
}

func (s *Store) listCompetitions(ctx context.Context, f compete.CompetitionFilter, match string) (compete.Page[compete.Competition], error) {
	var st statement
	st.add(`SELECT ` + competitionColumns + `, c.filling` + fromCompetitions + `WHERE 1 = 1`)
	if f.OrganizerID != "" {
		st.add(` AND c.organizer_id = %s`, f.OrganizerID)
	}
	if f.OrganizerID == "" || f.Phase != "" {
		st.phase(f.Phase, compete.UTC(f.Now))
	}
	if len(f.Tags) > 0 {
		st.add(` AND c.id IN (SELECT t.competition_id FROM competition_tags t WHERE t.tag {any %s text})`, s.dialect.list(f.Tags))
	}
	if match != "" {
		st.add(` AND c.id {matches %s}`, match)
	}
	order := orders[f.Sort]
	if !f.Cursor.IsZero() {
		st.add(` AND (`+order.column+`, c.id) `+order.after+` (%s, %s)`, order.value(f.Cursor), f.Cursor.ID)
	}
	st.add(` ORDER BY `+order.by+` LIMIT %s`, f.Limit+1)
	var q querier = s.reader
	if len(f.Tags) > 0 || match != "" {
		q = unprepared{s.reader}
	}
	found, err := list(ctx, q, scanListed, st.text.String(), st.args...)
	listed := page(found, f.Limit, string(f.Sort), func(c listedCompetition) (int64, string) { return order.key(c), c.ID })
	competitions := make([]compete.Competition, len(listed.Items))
	for i := range listed.Items {
		competitions[i] = listed.Items[i].Competition
	}
	return compete.Page[compete.Competition]{Items: competitions, Next: listed.Next}, err
}

// listedCompetition is a competition with what it may be sorted by.
type listedCompetition struct {
	compete.Competition
	filling int64 // seats taken in the last hour
}

func scanListed(row scanner) (c listedCompetition, err error) {
	c.Competition, err = scanWith(scanCompetition, &c.filling)(row)
	return c, err
}

// phase adds the condition that Competition.Phase is the given one; the zero Phase is any between publication and deadline.
func (s *statement) phase(p compete.Phase, now time.Time) {
	switch p {
	case compete.PhaseDraft:
		s.add(` AND c.status = 'DRAFT'`)
		return
	case compete.PhaseCancelled:
		s.add(` AND c.status = 'CANCELLED'`)
		return
	case compete.PhaseClosed:
		s.add(` AND c.status = 'PUBLISHED' AND c.reg_deadline <= %s`, now)
		return
	}
	s.add(` AND c.status = 'PUBLISHED' AND c.reg_deadline > %s`, now)
	const opened = ` AND (c.reg_opens_at IS NULL OR c.reg_opens_at <= %s)`
	const free = ` (c.seats_left > 0 AND c.waitlisted = 0)`
	switch p {
	case compete.PhaseUpcoming:
		s.add(` AND c.reg_opens_at > %s`, now)
	case compete.PhaseOpen:
		s.add(opened+` AND`+free, now)
	case compete.PhaseWaitlist:
		s.add(opened+` AND c.waitlist AND NOT`+free, now)
	case compete.PhaseFull:
		s.add(opened+` AND NOT c.waitlist AND NOT`+free, now)
	}
}

// order is one way to sort competitions, each served by an index, with the cursor's key.
type order struct {
	column, by, after string
	key               func(listedCompetition) int64
	value             func(compete.Cursor) any // the key as the column has it
}

var orders = map[compete.Sort]order{
	compete.SortNewest: {
		column: `c.created_at`, by: `c.created_at DESC, c.id DESC`, after: `<`,
		key:   func(c listedCompetition) int64 { return c.CreatedAt.UnixMicro() },
		value: func(c compete.Cursor) any { return cursorTime(c) },
	},
	compete.SortDeadline: {
		column: `c.reg_deadline`, by: `c.reg_deadline, c.id`, after: `>`,
		key:   func(c listedCompetition) int64 { return c.RegDeadline.UnixMicro() },
		value: func(c compete.Cursor) any { return cursorTime(c) },
	},
	compete.SortFilling: {
		column: `c.filling`, by: `c.filling DESC, c.id DESC`, after: `<`,
		key:   func(c listedCompetition) int64 { return c.filling },
		value: func(c compete.Cursor) any { return min(max(c.Key, -1), math.MaxInt32) },
	},
}
