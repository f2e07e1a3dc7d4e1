package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.CompetitionStore = (*Store)(nil)

// competitionRow are the columns of a competition; in texts, c stands for the table and o for its organizer.
var (
	competitionRow     = slices.Concat(competitionKeys, competitionSeats, competitionContent, competitionShown)
	competitionColumns = competitionRow.Select("c")
	listColumns        = competitionRow.Reading("questions", `NULL`).Reading("access_code", `NULL`)
	summaryColumns     = listColumns.Reading("description", `''`).Select("c")
	// questionedColumns are a summary with the questions.
	questionedColumns = competitionRow.Reading("description", `''`).Reading("access_code", `NULL`).Select("c")

	// newCompetitionRow are those that a new one is inserted with.
	newCompetitionRow = slices.Concat(competitionKeys, competitionSeats, competitionContent)
	competitionKeys   = sqldb.Columns[compete.Competition]{
		{Name: "id", Field: func(c *compete.Competition) any { return &c.ID }},
		{Name: "created_at", Field: func(c *compete.Competition) any { return &c.CreatedAt }},
	}
	// competitionSeats are the registrar's to change.
	competitionSeats = sqldb.Columns[compete.Competition]{
		{Name: "capacity", Field: func(c *compete.Competition) any { return &c.Capacity }},
		{Name: "seats_left", Field: func(c *compete.Competition) any { return &c.SeatsLeft }},
		{Name: "waitlisted", Field: func(c *compete.Competition) any { return &c.Waitlisted }},
		{Name: "version", Field: func(c *compete.Competition) any { return &c.Version }},
	}
	// competitionContent is what its staff edit.
	competitionContent = sqldb.Columns[compete.Competition]{
		{Name: "title", Field: func(c *compete.Competition) any { return &c.Title }},
		{Name: "description", Field: func(c *compete.Competition) any { return &c.Description }},
		{Name: "location", Field: func(c *compete.Competition) any { return &c.Location }},
		{Name: "reg_opens_at", Field: func(c *compete.Competition) any { return &c.RegOpensAt }},
		{Name: "reg_deadline", Field: func(c *compete.Competition) any { return &c.RegDeadline }},
		{Name: "start_date", Field: func(c *compete.Competition) any { return &c.StartDate }},
		{Name: "end_date", Field: func(c *compete.Competition) any { return &c.EndDate }},
		{
			Name:  "time_zone",
			Field: func(c *compete.Competition) any { return &c.TimeZone },
			Value: func(c *compete.Competition) any { return c.Zone().String() },
		},
		{Name: "status", Field: func(c *compete.Competition) any { return &c.Status }},
		{Name: "waitlist", Field: func(c *compete.Competition) any { return &c.Waitlist }},
		{
			Name:  "admission",
			Field: func(c *compete.Competition) any { return &c.Admission },
			Value: func(c *compete.Competition) any { return string(c.AdmittedBy()) },
		},
		{Name: "offer_hours", Field: func(c *compete.Competition) any { return &c.OfferHours }},
		{
			Name:  "questions",
			Field: func(c *compete.Competition) any { return (*storedQuestions)(&c.Questions) },
			Value: func(c *compete.Competition) any { return storedQuestions(c.Questions).text() },
		},
		{
			Name:  "team",
			Field: func(c *compete.Competition) any { return storedTeam{&c.Team} },
			Value: func(c *compete.Competition) any { return teamText(c.Team) },
		},
		{Name: "answers_until", Field: func(c *compete.Competition) any { return &c.AnswersUntil }},
		{Name: "answers_kept_days", Field: func(c *compete.Competition) any { return &c.AnswersKeptDays }},
		{
			Name:  "visibility",
			Field: func(c *compete.Competition) any { return &c.Visibility },
			Value: func(c *compete.Competition) any { return string(c.Visibility.OrPublic()) },
		},
		{Name: "access_code", Field: func(c *compete.Competition) any { return sqldb.Optional(&c.SealedCode) }},
		{Name: "discarded", Field: func(c *compete.Competition) any { return &c.Discarded }},
		{Name: "unpublished", Field: func(c *compete.Competition) any { return &c.Unpublished }},
		{Name: "organizer_id", Field: func(c *compete.Competition) any { return &c.Organizer.ID }},
		{
			Name:  "divisions",
			Field: func(c *compete.Competition) any { return (*countedDivisions)(&c.Divisions) },
			Value: func(c *compete.Competition) any { return len(c.Divisions) },
		},
		{Name: "updated_at", Field: func(c *compete.Competition) any { return &c.UpdatedAt }},
	}
	// competitionShown is kept elsewhere.
	competitionShown = sqldb.Columns[compete.Competition]{
		{Read: `c.access_code IS NOT NULL`, Field: func(c *compete.Competition) any { return &c.NeedsCode }},
		{Read: suspended, Field: func(c *compete.Competition) any { return &c.Suspended }},
		{Read: `o.name`, Field: func(c *compete.Competition) any { return &c.Organizer.Name }},
		{Read: tagsOf, Field: func(c *compete.Competition) any { return (*joinedTags)(&c.Tags) }},
		{Read: `c.frozen_at`, Field: func(c *compete.Competition) any { return &c.FrozenAt }},
		{Read: divisionsOf, Field: func(c *compete.Competition) any { return (*joinedDivisions)(&c.Divisions) }},
		{Read: `c.cover`, Field: func(c *compete.Competition) any { return &c.Cover }},
	}
)

const (
	// The role is an expression, so that a planner doesn't take organizers for as rare as they are among all users: it
	// would look for another way than along the list to the few competitions that theirs can be.
	suspended = `(o.disabled_at IS NOT NULL OR o.role || '' = 'PARTICIPANT')`
	tagsOf    = `(SELECT string_agg(t.tag, ',') FROM competition_tags t
		WHERE t.competition_id = c.id)` // a tag has no comma
	// listed is the condition of the partial indexes that serve the lists.
	listed           = `c.visibility = 'PUBLIC'`
	fromCompetitions = ` FROM competitions c JOIN users o ON o.id = c.organizer_id `
)

// scanCompetition reads a row of competitionColumns.
var scanCompetition = competitionRow.Scan

// joinedTags are tags as tagsOf reads them.
type joinedTags []string

// Scan implements sql.Scanner. It sorts here, since databases differ in how they sort text.
func (t *joinedTags) Scan(from any) error {
	var joined sql.Null[string]
	if err := joined.Scan(from); err != nil || !joined.Valid {
		*t = joinedTags{}
		return err
	}
	*t = strings.Split(joined.V, ",")
	slices.Sort(*t)
	return nil
}

// CreateCompetition implements compete.CompetitionStore.
func (s *Store) CreateCompetition(
	ctx context.Context, c compete.Competition, record compete.IdempotencyRecord,
) (*compete.IdempotencyRecord, error) {
	var existing *compete.IdempotencyRecord
	err := s.Transact(ctx, func(ctx context.Context, tx Tx) (err error) {
		if record.Key != "" {
			// The record comes first: one who presses at the same moment waits here until this transaction is over, and
			// finds it then.
			if existing, err = tx.claimKey(ctx, record, compete.UTC(c.CreatedAt)); existing != nil || err != nil {
				return err
			}
		}
		if err := tx.insertCompetition(ctx, c); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: c.CreatedAt, Action: compete.AuditCompetitionCreated, ActorID: c.Organizer.ID, CompetitionID: c.ID,
			After: compete.AuditFields("title", c.Title, "status", c.Status, "capacity", c.Capacity),
		})
	})
	if sqldb.ViolationOf(err) == sqldb.ForeignKeyViolation {
		err = fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	}
	return existing, err
}

func (t Tx) insertCompetition(ctx context.Context, c compete.Competition) error {
	if _, err := sqldb.Change(ctx, t, insertCompetition, newCompetitionRow.Values(&c)...); err != nil {
		return err
	}
	if err := t.insertDivisions(ctx, c); err != nil {
		return err
	}
	return t.saveTags(ctx, c)
}

var (
	insertCompetition = newCompetitionRow.Insert("competitions")
	updateContent     = `UPDATE competitions SET ` + competitionContent.Set(2) +
		`, answers_purged_at = NULL WHERE id = $1`
)

// saveContent writes what staff edit; the seats are saved already.
func (t Tx) saveContent(ctx context.Context, c compete.Competition) error {
	if _, err := sqldb.Change(ctx, t, updateContent,
		append([]any{c.ID}, competitionContent.Values(&c)...)...); err != nil {
		return err
	}
	if !c.TakesEntries() { // no press looks at what was filled in ahead, so none would delete it
		if _, err := sqldb.Change(ctx, t, `DELETE FROM preparations WHERE competition_id = $1`, c.ID); err != nil {
			return err
		}
	}
	return t.saveTags(ctx, c)
}

// DeleteDraft implements compete.CompetitionStore. The conditions are part of the statement, so that it can't pass one
// that publishes.
func (s *Store) DeleteDraft(ctx context.Context, id string) error {
	if !compete.ValidID(id) {
		return compete.ErrCompetitionMissing
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		deleted, err := sqldb.List(ctx, tx, sqldb.ScanString, `DELETE FROM competitions WHERE id = $1
			AND status = 'DRAFT'
			AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.competition_id = $1) RETURNING title`, id)
		if err != nil {
			return err
		}
		if len(deleted) > 0 {
			return tx.record(ctx, compete.AuditRecord{
				Action: compete.AuditCompetitionDeleted, CompetitionID: id,
				Before: compete.AuditFields("title", deleted[0]),
			})
		}
		if _, err := sqldb.One(ctx, tx, compete.ErrCompetitionMissing, sqldb.ScanString,
			`SELECT c.id FROM competitions c WHERE c.id = $1`, id); err != nil {
			return err
		}
		return compete.ErrNotDraft
	})
}

// Competition implements compete.CompetitionStore. Callers share what it returns and must not change it.
func (s *Store) Competition(ctx context.Context, id string) (compete.Competition, error) {
	if !compete.ValidID(id) {
		return compete.Competition{}, compete.ErrCompetitionMissing
	}
	key := competitionKey{id, s.replicated.Reach(ctx)}
	return s.competitions.Read(ctx, key, func(ctx context.Context) (compete.Competition, error) {
		c, err := sqldb.One(ctx, s.replicated, compete.ErrCompetitionMissing, scanCompetition, competitionByID, id)
		if errors.Is(err, compete.ErrCompetitionMissing) && key.reach != (sqldb.Reach{}) {
			// A replica may not know a new one yet, whose address somebody was given.
			return sqldb.One(ctx, s.reader, compete.ErrCompetitionMissing, scanCompetition, competitionByID, id)
		}
		return c, err
	})
}

// competitionKey is what two requests for a competition must share to be answered by one read.
type competitionKey struct {
	id    string
	reach sqldb.Reach
}

var (
	competitionByID = `SELECT ` + competitionColumns + fromCompetitions + `WHERE c.id = $1`
	summariesByID   = `SELECT ` + summaryColumns + fromCompetitions + `WHERE c.id {any $1 uuid}`
)

// CompetitionsByID implements compete.CompetitionStore.
func (s *Store) CompetitionsByID(ctx context.Context, ids []string) ([]compete.Competition, error) {
	if ids = validIDs(ids); len(ids) == 0 {
		return nil, nil
	}
	return sqldb.List(ctx, s.replicated, scanCompetition, summariesByID, s.db.Array(ids))
}

// CompetitionsAsking implements compete.CompetitionStore.
func (s *Store) CompetitionsAsking(ctx context.Context, organizerID string, limit int) ([]compete.Competition, error) {
	if !compete.ValidID(organizerID) {
		return nil, nil
	}
	return sqldb.List(ctx, s.replicated, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`
		WHERE c.organizer_id = $1 AND c.questions IS NOT NULL ORDER BY c.created_at DESC, c.id DESC`+atMost(limit),
		organizerID)
}

// AccessCodes implements compete.CompetitionStore.
func (s *Store) AccessCodes(ctx context.Context) (map[string]string, error) {
	return sqldb.Map(ctx, s.reader,
		`SELECT c.id, c.access_code FROM competitions c WHERE c.access_code IS NOT NULL`)
}

// SealAccessCode implements compete.CompetitionStore.
func (s *Store) SealAccessCode(ctx context.Context, id, before, after string) error {
	_, err := sqldb.Change(ctx, s.writer,
		`UPDATE competitions SET access_code = $3 WHERE id = $1 AND access_code = $2`, id, before, after)
	return err
}

// tagged is how many of the newest competitions tell which tags are popular: all of most sites.
const tagged = 5000

// PopularTags implements compete.CompetitionStore.
func (s *Store) PopularTags(ctx context.Context, now time.Time, limit int) ([]compete.TagCount, error) {
	return sqldb.List(ctx, s.replicated, scanTagCount,
		`SELECT min(t.tag), count(*) FROM (SELECT c.id`+fromCompetitions+`
			WHERE c.status = 'PUBLISHED' AND `+listed+` AND {+c.reg_deadline} > $1 AND NOT `+suspended+`
			ORDER BY c.created_at DESC, c.id DESC LIMIT $3) c JOIN competition_tags t ON t.competition_id = c.id
		GROUP BY coalesce(t.folded, t.tag) ORDER BY count(*) DESC,
		min(t.tag) LIMIT $2`, compete.UTC(now), limit, tagged)
}

func scanTagCount(row sqldb.Row) (t compete.TagCount, err error) {
	err = row.Scan(&t.Tag, &t.Count)
	return t, err
}
