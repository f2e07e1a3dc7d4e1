package store

import (
	"context"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.DrawStore = (*Store)(nil)

// drawRow declares the columns of a draw; queries use the alias d.
var (
	drawRow = slices.Concat(sqldb.Columns[compete.Draw]{
		{Name: "competition_id", Field: func(d *compete.Draw) any { return &d.CompetitionID }},
		{Name: "source", Field: func(d *compete.Draw) any { return &d.Source.Kind }},
		{Name: "source_name", Field: func(d *compete.Draw) any { return &d.Source.Name }},
		{Name: "listed_seq", Field: func(d *compete.Draw) any { return &d.ListedSeq }},
	}, drawFreeze, drawRandomness, sqldb.Columns[compete.Draw]{
		{Name: "ordered_at", Field: func(d *compete.Draw) any { return &d.OrderedAt }},
	}, drawProgress)
	drawFreeze = sqldb.Columns[compete.Draw]{
		{Name: "entries", Field: func(d *compete.Draw) any { return &d.Entries }},
		{Name: "list_hash", Field: func(d *compete.Draw) any { return &d.ListHash }},
		{Name: "frozen_at", Field: func(d *compete.Draw) any { return &d.FrozenAt }},
		{
			Name:  "round",
			Field: func(d *compete.Draw) any { return &d.Round },
			Value: func(d *compete.Draw) any { return int64(d.Round) },
		},
	}
	drawRandomness = sqldb.Columns[compete.Draw]{
		{Name: "signature", Field: func(d *compete.Draw) any { return &d.Signature }},
		{Name: "value", Field: func(d *compete.Draw) any { return &d.Value }},
		{Name: "drawn_at", Field: func(d *compete.Draw) any { return &d.DrawnAt }},
	}
	drawProgress = sqldb.Columns[compete.Draw]{
		{Name: "last_place", Field: func(d *compete.Draw) any { return &d.LastPlace }},
		{Name: "seated", Field: func(d *compete.Draw) any { return &d.Seated }},
		{Name: "waitlisted", Field: func(d *compete.Draw) any { return &d.Waitlisted }},
		{Name: "dropped", Field: func(d *compete.Draw) any { return &d.Dropped }},
		{Name: "finished_at", Field: func(d *compete.Draw) any { return &d.FinishedAt }},
	}
	drawColumns      = drawRow.Select("d")
	freezeDraw       = `UPDATE draws SET ` + drawFreeze.Set(2) + ` WHERE competition_id = $1 AND frozen_at IS NULL`
	saveRandomness   = `UPDATE draws SET ` + drawRandomness.Set(2) + ` WHERE competition_id = $1 AND drawn_at IS NULL`
	saveDrawProgress = `UPDATE draws SET ` + drawProgress.Set(2) + ` WHERE competition_id = $1`
	drawOf           = `SELECT ` + drawColumns + ` FROM draws d WHERE d.competition_id = $1`
)

// Draw implements compete.DrawStore.
func (s *Store) Draw(ctx context.Context, competitionID string) (compete.Draw, error) {
	found, err := sqldb.List(ctx, s.writer, drawRow.Scan, drawOf, competitionID)
	if err != nil || len(found) == 0 {
		return compete.Draw{
			CompetitionID: competitionID, Source: compete.DrawSource{Kind: draw.SourceQuicknet},
		}, err
	}
	return found[0], nil
}

// lockChecked locks a competition. It fails with the error of check, or ErrCompetitionMissing.
func (t Tx) lockChecked(ctx context.Context, id string, check func(*compete.Competition) error) error {
	competition, err := t.lockCompetition(ctx, id)
	if err != nil {
		return err
	}
	return check(&competition)
}

// SetDrawSource implements compete.DrawStore.
func (s *Store) SetDrawSource(
	ctx context.Context, competitionID string, source compete.DrawSource, now time.Time,
	check func(*compete.Competition) error,
) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.lockChecked(ctx, competitionID, check); err != nil {
			return err
		}
		if _, err := sqldb.Change(ctx, tx, `INSERT INTO draws (competition_id, source, source_name) VALUES ($1, $2, $3)
			ON CONFLICT (competition_id) DO UPDATE SET source = excluded.source, source_name = excluded.source_name`,
			competitionID, source.Kind, source.Name); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditDrawSource, CompetitionID: competitionID,
			After: compete.AuditFields("source", source.Kind, "name", source.Name),
		})
	})
}

var saveTickets = sqldb.NewBulk("registration_id uuid, tickets integer", `
	INSERT INTO draw_tickets (registration_id, tickets) {select v.registration_id, v.tickets}
	ON CONFLICT (registration_id) DO UPDATE SET tickets = excluded.tickets`)

// byAddress finds the applications for a competition by their people's addresses, which external tools may have written
// in upper case.
const byAddress = ` FROM users u JOIN registrations r ON r.user_id = u.id AND r.competition_id = $1
	WHERE lower(u.email) {any $2 text} AND r.status = 'APPLIED' AND NOT r.follows`

// SetTickets implements compete.DrawStore.
func (s *Store) SetTickets(
	ctx context.Context, competitionID string, items []compete.TicketItem, now time.Time,
	check func(*compete.Competition) error,
) (unknown []string, err error) {
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.lockChecked(ctx, competitionID, check); err != nil {
			return err
		}
		emails := make([]string, len(items))
		for i, item := range items {
			emails[i] = item.Email
		}
		registrations, err := sqldb.Map(ctx, tx, `SELECT lower(u.email), r.id`+byAddress, competitionID,
			s.db.Array(emails))
		if err != nil {
			return err
		}
		unknown = nil // this may be a repetition
		rows := make([][]any, 0, len(items))
		for _, item := range items {
			if id, ok := registrations[item.Email]; ok {
				rows = append(rows, []any{id, item.Tickets})
			} else {
				unknown = append(unknown, item.Email)
			}
		}
		if len(unknown) > 0 {
			return nil
		}
		if _, err := tx.Bulk(ctx, saveTickets, rows); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditDrawTickets, CompetitionID: competitionID,
			After: compete.AuditFields("people", len(rows)),
		})
	})
	return unknown, err
}

// Unapplied implements compete.DrawStore.
func (s *Store) Unapplied(ctx context.Context, competitionID string, emails []string) ([]string, error) {
	applied, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT lower(u.email)`+byAddress, competitionID,
		s.db.Array(emails))
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(applied))
	for _, email := range applied {
		known[email] = true
	}
	return slices.DeleteFunc(slices.Clone(emails), func(email string) bool { return known[email] }), nil
}

// Tickets implements compete.DrawStore.
func (s *Store) Tickets(ctx context.Context, competitionID string, cursor compete.Cursor, limit int) (
	compete.Page[compete.TicketHolder], error,
) {
	found, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (t compete.TicketHolder, err error) {
		err = row.Scan(&t.Email, &t.Name, &t.Tickets, &t.RegistrationID, &t.Seq)
		return t, err
	}, `SELECT u.email, u.name, coalesce(t.tickets, 1), r.id, r.seq FROM registrations r
		JOIN users u ON u.id = r.user_id LEFT JOIN draw_tickets t ON t.registration_id = r.id
		WHERE r.competition_id = $1 AND r.status = 'APPLIED' AND NOT r.follows AND r.seq > $2
		ORDER BY r.seq LIMIT $3`, competitionID, cursor.Key, limit+1)
	return page(found, limit, compete.TicketList, func(t compete.TicketHolder) (int64, string) {
		return t.Seq, t.RegistrationID
	}), err
}

// DueDraws implements compete.DrawStore.
func (s *Store) DueDraws(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return sqldb.List(ctx, s.writer, sqldb.ScanString, `SELECT c.id`+fromCompetitions+`
		WHERE c.admission = 'LOTTERY' AND c.drawn_at IS NULL AND c.reg_deadline <= $1 AND c.status = 'PUBLISHED'
		AND (c.start_date IS NULL OR c.start_date > $2) AND NOT `+suspended+` AND `+teamsDropped+`
		AND NOT EXISTS (SELECT 1 FROM draws d WHERE d.competition_id = c.id AND d.frozen_at IS NOT NULL
			AND d.drawn_at IS NULL AND d.source = 'NAMED')
		ORDER BY c.reg_deadline LIMIT $3`,
		compete.UTC(now.Add(-compete.ArrivalGrace)), compete.UTC(now), limit)
}

var addEntries = sqldb.NewBulk("competition_id uuid, ref text, registration_id uuid, tickets integer", `
	INSERT INTO draw_entries (competition_id, ref, registration_id, tickets)
	{select v.competition_id, v.ref, v.registration_id, v.tickets}
	ON CONFLICT (registration_id) DO NOTHING`) // who was moved to another division meanwhile has a new seq

type applicant struct {
	registrationID string
	seq            int64
	tickets        int
}

// ListApplications implements compete.DrawStore.
func (s *Store) ListApplications(
	ctx context.Context, competitionID string, n int, now time.Time, newRef func() string,
	check func(*compete.Competition) error,
) (more bool, err error) {
	now = compete.UTC(now)
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.lockChecked(ctx, competitionID, check); err != nil {
			return err
		}
		if _, err := sqldb.Change(ctx, tx, `INSERT INTO draws (competition_id) VALUES ($1) ON CONFLICT DO NOTHING`,
			competitionID); err != nil {
			return err
		}
		listing, err := sqldb.List(ctx, tx, drawRow.Scan, drawOf+` AND d.listed_at IS NULL`, competitionID)
		if err != nil || len(listing) == 0 {
			return err
		}
		applied, err := sqldb.List(ctx, tx, func(row sqldb.Row) (l applicant, err error) {
			err = row.Scan(&l.registrationID, &l.seq, &l.tickets)
			return l, err
		}, `SELECT r.id, r.seq, coalesce(t.tickets, 1) FROM registrations r
			LEFT JOIN draw_tickets t ON t.registration_id = r.id
			WHERE r.competition_id = $1 AND r.status = 'APPLIED' AND NOT r.follows AND r.seq > $2
			ORDER BY r.seq LIMIT $3`,
			competitionID, listing[0].ListedSeq, n)
		if err != nil {
			return err
		}
		rows := make([][]any, len(applied))
		last := listing[0].ListedSeq
		for i, l := range applied {
			rows[i] = []any{competitionID, newRef(), l.registrationID, l.tickets}
			last = l.seq
		}
		if _, err := tx.Bulk(ctx, addEntries, rows); err != nil {
			return err
		}
		more = len(applied) == n
		var listedAt *time.Time
		if !more {
			listedAt = &now
		}
		if _, err := sqldb.Change(ctx, tx, `UPDATE competitions SET frozen_at = $2 WHERE id = $1 AND frozen_at IS NULL`,
			competitionID, now); err != nil {
			return err
		}
		_, err = sqldb.Change(ctx, tx, `UPDATE draws SET listed_seq = $2, listed_at = $3 WHERE competition_id = $1`,
			competitionID, last, listedAt)
		return err
	})
	return more, err
}

// DrawList implements compete.DrawStore.
func (s *Store) DrawList(ctx context.Context, competitionID string) ([]draw.Entry, error) {
	list, err := sqldb.List(ctx, s.writer, func(row sqldb.Row) (e draw.Entry, err error) {
		err = row.Scan(&e.Ref, &e.Tickets)
		return e, err
	}, `SELECT e.ref, e.tickets FROM draw_entries e WHERE e.competition_id = $1`, competitionID)
	draw.Sort(list) // here, since databases differ in how they sort text
	return list, err
}

// Freeze implements compete.DrawStore.
func (s *Store) Freeze(ctx context.Context, d compete.Draw, m *compete.Message) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		changed, err := sqldb.Change(ctx, tx, freezeDraw, append([]any{d.CompetitionID}, drawFreeze.Values(&d)...)...)
		if err != nil || changed == 0 {
			return err
		}
		if m != nil {
			if err := s.saveMessage(ctx, tx, *m); err != nil {
				return err
			}
		}
		return tx.record(ctx, compete.AuditRecord{
			At: *d.FrozenAt, Action: compete.AuditListFrozen, Via: compete.ViaJob, CompetitionID: d.CompetitionID,
			After: compete.AuditFields("entries", d.Entries, "hash", d.ListHash, "round", d.Round),
		})
	})
}

// SaveRandomness implements compete.DrawStore.
func (s *Store) SaveRandomness(ctx context.Context, d compete.Draw, by string) (first bool, err error) {
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		changed, err := sqldb.Change(ctx, tx, saveRandomness,
			append([]any{d.CompetitionID}, drawRandomness.Values(&d)...)...)
		if first = changed > 0; err != nil || !first {
			return err
		}
		record := compete.AuditRecord{
			At: *d.DrawnAt, Action: compete.AuditRandomness, CompetitionID: d.CompetitionID,
			After: compete.AuditFields("signature", d.Signature, "value", d.Value),
		}
		if by == "" {
			record.Via = compete.ViaJob
		}
		return tx.record(ctx, record)
	})
	return first, err
}

var savePlaces = sqldb.NewBulk("competition_id uuid, ref text, place integer", `
	UPDATE draw_entries SET place = v.place {from}
	WHERE draw_entries.competition_id = v.competition_id AND draw_entries.ref = v.ref`)

// SavePlaces implements compete.DrawStore.
func (s *Store) SavePlaces(ctx context.Context, competitionID string, refs []string, first int) error {
	rows := make([][]any, len(refs))
	for i, ref := range refs {
		rows[i] = []any{competitionID, ref, first + i}
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Bulk(ctx, savePlaces, rows)
		return err
	})
}

// Ordered implements compete.DrawStore.
func (s *Store) Ordered(ctx context.Context, competitionID string, now time.Time) error {
	_, err := sqldb.Change(ctx, s.writer,
		`UPDATE draws SET ordered_at = $2 WHERE competition_id = $1 AND ordered_at IS NULL`,
		competitionID, compete.UTC(now))
	return err
}

// DrawOrder implements compete.DrawStore.
func (s *Store) DrawOrder(ctx context.Context, competitionID string) ([]string, error) {
	return sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT e.ref FROM draw_entries e
		WHERE e.competition_id = $1 AND e.place > 0 ORDER BY e.place`, competitionID)
}

// DrawEntry implements compete.DrawStore.
func (s *Store) DrawEntry(ctx context.Context, competitionID, userID string) (*compete.DrawEntry, error) {
	found, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (e compete.DrawEntry, err error) {
		err = row.Scan(&e.Ref, &e.Tickets, &e.Place)
		return e, err
	}, `SELECT e.ref, e.tickets, coalesce(e.place, 0) FROM registrations r
		LEFT JOIN teams t ON t.id = r.team_id AND r.follows
		LEFT JOIN registrations captain ON captain.user_id = t.captain_id AND captain.competition_id = r.competition_id
		JOIN draw_entries e ON e.registration_id = coalesce(captain.id, r.id)
		WHERE r.user_id = $1 AND r.competition_id = $2`,
		userID, competitionID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// DrawPage implements compete.LedgerTx.
func (t *ledgerTx) DrawPage(ctx context.Context, competitionID string, n int) (page compete.DrawPage, err error) {
	running, err := sqldb.List(ctx, t, drawRow.Scan, drawOf+` AND d.ordered_at IS NOT NULL AND d.finished_at IS NULL`,
		competitionID)
	if err != nil || len(running) == 0 {
		return page, err
	}
	page.Draw = running[0]
	_, err = sqldb.List(ctx, t, func(row sqldb.Row) (none struct{}, err error) {
		p := compete.DrawPlace{}
		r, err := sqldb.ScanWith(scanRegistration, &p.Place, &p.Disabled)(row)
		p.RegistrationID = r.ID
		page.Places = append(page.Places, p)
		page.Registrations = append(page.Registrations, r)
		return none, err
	}, drawPage, competitionID, page.Draw.LastPlace, n)
	t.remember(page.Registrations)
	return page, err
}

var drawPage = `SELECT ` + registrationColumns + `, e.place, u.disabled_at IS NOT NULL
	FROM draw_entries e JOIN registrations r ON r.id = e.registration_id JOIN users u ON u.id = r.user_id
	WHERE e.competition_id = $1 AND e.place > $2 ORDER BY e.place LIMIT $3`

// saveDraws writes the progress of draws.
func saveDraws(t *sqldb.Pipeline, draws []compete.Draw) {
	for i := range draws {
		d := &draws[i]
		t.Exec(saveDrawProgress, append([]any{d.CompetitionID}, drawProgress.Values(d)...)...)
		if d.FinishedAt != nil {
			t.Exec(`UPDATE competitions SET drawn_at = $2 WHERE id = $1`, d.CompetitionID, *d.FinishedAt)
		}
	}
}
