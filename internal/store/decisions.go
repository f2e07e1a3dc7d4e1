package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.ApplicationStore = (*Store)(nil)

// releaseRow declares the columns of a release; queries use the alias l.
var (
	releaseRow = slices.Concat(sqldb.Columns[compete.Release]{
		{Name: "id", Type: "uuid", Field: func(r *compete.Release) any { return &r.ID }},
	}, releaseStart, releaseProgress)
	releaseStart = sqldb.Columns[compete.Release]{
		{Name: "competition_id", Type: "uuid", Field: func(r *compete.Release) any { return &r.CompetitionID }},
		{Name: "started_by", Type: "uuid", Field: func(r *compete.Release) any { return sqldb.Optional(&r.StartedBy) }},
		{Name: "started_at", Type: "time", Field: func(r *compete.Release) any { return &r.StartedAt }},
		{Name: "total", Type: "integer", Field: func(r *compete.Release) any { return &r.Total }},
	}
	releaseProgress = sqldb.Columns[compete.Release]{
		{Name: "after_seq", Type: "bigint", Field: func(r *compete.Release) any { return &r.AfterSeq }},
		{Name: "admitted", Type: "integer", Field: func(r *compete.Release) any { return &r.Admitted }},
		{Name: "waitlisted", Type: "integer", Field: func(r *compete.Release) any { return &r.Waitlisted }},
		{Name: "rejected", Type: "integer", Field: func(r *compete.Release) any { return &r.Rejected }},
		{Name: "unseated", Type: "integer", Field: func(r *compete.Release) any { return &r.Unseated }},
		{Name: "dropped", Type: "integer", Field: func(r *compete.Release) any { return &r.Dropped }},
		{Name: "finished_at", Type: "time", Field: func(r *compete.Release) any { return &r.FinishedAt }},
	}
	releaseColumns = releaseRow.Select("l")
	insertRelease  = releaseRow.Insert("releases")
	saveRelease    = `UPDATE releases SET ` + releaseProgress.Set(2) + ` WHERE id = $1`
	underWay       = `SELECT ` + releaseColumns + ` FROM releases l
		WHERE l.competition_id = $1 AND l.finished_at IS NULL`
)

var (
	deleteDrafts = sqldb.NewBulk("id uuid", `DELETE FROM decisions {using} WHERE decisions.registration_id = v.id`)
	saveDrafts   = sqldb.NewBulk("registration_id uuid, competition_id uuid, seq bigint, decision text, "+
		"decided_by uuid, decided_at time", `
		INSERT INTO decisions (registration_id, competition_id, seq, decision, decided_by, decided_at)
		{select v.registration_id, v.competition_id, v.seq, v.decision, v.decided_by, v.decided_at}
		ON CONFLICT (registration_id) DO UPDATE SET seq = excluded.seq, decision = excluded.decision,
		decided_by = excluded.decided_by, decided_at = excluded.decided_at`)
)

// decidable is the condition that staff may decide about a registration r, apart from those who follow a captain.
var decidable = statusIn(compete.DecidableStatuses)

// applies is the condition that a draft d still applies to its registration r.
var applies = `r.seq = d.seq AND ` + decidable

// statusIn is the condition that the status of a registration r is one of these.
func statusIn(statuses []compete.RegistrationStatus) string {
	names := make([]string, len(statuses))
	for i, status := range statuses {
		names[i] = `'` + string(status) + `'`
	}
	return `r.status IN (` + strings.Join(names, `, `) + `)`
}

// SaveDrafts implements compete.ApplicationStore.
func (s *Store) SaveDrafts(
	ctx context.Context, competitionID string, registrationIDs []string,
	decide func(*compete.Competition, bool, []compete.Registration) (compete.DraftChanges, error),
) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		competition, err := tx.lockCompetition(ctx, competitionID)
		if err != nil {
			return err
		}
		running, err := sqldb.List(ctx, tx, releaseRow.Scan, underWay, competitionID)
		if err != nil {
			return err
		}
		found, err := sqldb.List(ctx, tx, scanRegistration,
			registrationsByID+` AND r.competition_id = $2`, s.db.Array(validIDs(registrationIDs)), competitionID)
		if err != nil {
			return err
		}
		changes, err := decide(&competition, len(running) > 0, found)
		if err != nil {
			return err
		}
		if _, err := tx.Bulk(ctx, deleteDrafts, idRows(changes.Clear)); err != nil {
			return err
		}
		counts := map[compete.Decision]int{}
		rows := make([][]any, len(changes.Save))
		var at time.Time
		for i, d := range changes.Save {
			rows[i] = []any{d.RegistrationID, competitionID, d.Seq, d.Decision, optionalID(d.DecidedBy), d.DecidedAt}
			counts[d.Decision]++
			at = d.DecidedAt
		}
		if _, err := tx.Bulk(ctx, saveDrafts, rows); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: at, Action: compete.AuditDrafted, CompetitionID: competitionID,
			After: compete.AuditFields("admit", counts[compete.DecisionAdmit],
				"waitlist", counts[compete.DecisionWaitlist], "reject", counts[compete.DecisionReject],
				"cleared", len(changes.Clear)),
		})
	})
}

// lockCompetition reads and locks a competition, without its description. It fails with ErrCompetitionMissing.
func (t Tx) lockCompetition(ctx context.Context, id string) (compete.Competition, error) {
	return sqldb.One(ctx, t, compete.ErrCompetitionMissing, scanCompetition,
		`SELECT `+summaryColumns+fromCompetitions+`WHERE c.id = $1 {lock c}`, id)
}

func idRows(ids []string) [][]any {
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{id}
	}
	return rows
}

// DecisionCounts implements compete.ApplicationStore.
func (s *Store) DecisionCounts(ctx context.Context, competitionID string) (compete.DecisionCounts, error) {
	return countDecisions(ctx, s.reader, competitionID)
}

func countDecisions(
	ctx context.Context, q sqldb.Querier, competitionID string,
) (counts compete.DecisionCounts, err error) {
	_, err = sqldb.List(ctx, q, func(row sqldb.Row) (none struct{}, err error) {
		var decision compete.Decision
		var n, ofApplied int
		if err := row.Scan(&decision, &n, &ofApplied); err != nil {
			return none, err
		}
		counts.Undecided -= ofApplied
		switch decision {
		case compete.DecisionAdmit:
			counts.Admit = n
		case compete.DecisionWaitlist:
			counts.Waitlist = n
		case compete.DecisionReject:
			counts.Reject = n
		}
		return none, nil
	}, `SELECT d.decision, count(*), count(CASE WHEN r.status = 'APPLIED' THEN 1 END)
		FROM decisions d JOIN registrations r ON r.id = d.registration_id
		WHERE d.competition_id = $1 AND `+applies+` GROUP BY d.decision`, competitionID)
	if err != nil {
		return counts, err
	}
	drafts := counts.Drafts()
	if _, err = sqldb.List(ctx, q, func(row sqldb.Row) (none struct{}, err error) {
		err = row.Scan(&counts.SeatsLeft, &counts.Applied, &counts.Outdated)
		counts.Undecided += counts.Applied
		counts.Outdated -= drafts
		return none, err
	}, `SELECT c.seats_left, (SELECT count(*) FROM registrations r WHERE r.competition_id = $1 AND r.status = 'APPLIED'
			AND NOT r.follows), (SELECT count(*) FROM decisions d WHERE d.competition_id = $1)
		FROM competitions c WHERE c.id = $1`, competitionID); err != nil {
		return counts, err
	}
	counts.Divisions, err = countDivisions(ctx, q, competitionID)
	return counts, err
}

// AlongWithDrafts implements compete.ApplicationStore.
func (s *Store) AlongWithDrafts(ctx context.Context, competitionID string) (map[compete.Decision]int, error) {
	along := map[compete.Decision]int{}
	_, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (none struct{}, err error) {
		var decision compete.Decision
		var n int
		err = row.Scan(&decision, &n)
		along[decision] = n
		return none, err
	}, `SELECT d.decision, count(*) FROM decisions d JOIN registrations r ON r.id = d.registration_id
		JOIN registrations m ON m.team_id = r.team_id AND m.follows AND m.status <> 'CANCELLED'
		WHERE d.competition_id = $1 AND `+applies+` GROUP BY d.decision`, competitionID)
	return along, err
}

// splitting tells what becomes of a member m of a team by a draft e, if there is one, and what of those who stay.
var splitting = `CASE WHEN e.decision IS NOT NULL THEN e.decision WHEN m.status = 'WAITLISTED' THEN 'WAITLIST'
	WHEN m.status = 'REJECTED' THEN 'REJECT' WHEN m.status = 'APPLIED' THEN '' ELSE 'ADMIT' END`

// SplitByDrafts implements compete.ApplicationStore.
func (s *Store) SplitByDrafts(ctx context.Context, competitionID string, limit int) ([]compete.Team, error) {
	return sqldb.List(ctx, s.reader, teamRow.Scan, `SELECT `+teamColumns+` FROM teams t
		WHERE t.competition_id = $1
			AND EXISTS (SELECT 1 FROM registrations r JOIN decisions d ON d.registration_id = r.id
				WHERE r.team_id = t.id AND `+applies+`)
			AND (SELECT count(DISTINCT `+splitting+`) FROM registrations m
				LEFT JOIN decisions e ON e.registration_id = m.id AND e.seq = m.seq
				WHERE m.team_id = t.id AND m.status <> 'CANCELLED') > 1
		ORDER BY t.number LIMIT $2`, competitionID, limit)
}

func countDivisions(ctx context.Context, q sqldb.Querier, competitionID string) ([]compete.DivisionCounts, error) {
	divisions, err := sqldb.List(ctx, q, func(row sqldb.Row) (d compete.DivisionCounts, err error) {
		err = row.Scan(&d.ID, &d.Name, &d.SeatsLeft)
		return d, err
	}, `SELECT v.id, v.name, v.seats_left FROM divisions v WHERE v.competition_id = $1 ORDER BY v.place`, competitionID)
	if err != nil || len(divisions) == 0 {
		return nil, err
	}
	admitted := map[string]int{}
	_, err = sqldb.List(ctx, q, func(row sqldb.Row) (none struct{}, err error) {
		var id string
		var n int
		err = row.Scan(&id, &n)
		admitted[id] = n
		return none, err
	}, `SELECT r.division_id, count(*) FROM decisions d JOIN registrations r ON r.id = d.registration_id
		WHERE d.competition_id = $1 AND d.decision = 'ADMIT' AND `+applies+` AND r.division_id IS NOT NULL
		GROUP BY r.division_id`, competitionID)
	for i := range divisions {
		divisions[i].Admit = admitted[divisions[i].ID]
	}
	return divisions, err
}

// StartRelease implements compete.ApplicationStore.
func (s *Store) StartRelease(
	ctx context.Context, competitionID string, now time.Time,
	decide func(*compete.Competition, compete.DecisionCounts) (compete.Release, error),
) (release compete.Release, err error) {
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		competition, err := tx.lockCompetition(ctx, competitionID)
		if err != nil {
			return err
		}
		running, err := sqldb.List(ctx, tx, releaseRow.Scan, underWay, competitionID)
		if err != nil {
			return err
		}
		if len(running) > 0 {
			release = running[0]
			failed, err := sqldb.Change(ctx, tx, `UPDATE failed_jobs SET retried_at = $2 WHERE `+failedRelease,
				competitionID, compete.UTC(now))
			if err != nil || failed == 0 {
				return err
			}
			return s.enqueue(ctx, tx, []compete.Job{compete.ReleaseJob{CompetitionID: competitionID}})
		}
		counts, err := countDecisions(ctx, tx, competitionID)
		if err != nil {
			return err
		}
		if release, err = decide(&competition, counts); err != nil {
			return err
		}
		if _, err := sqldb.Change(ctx, tx, insertRelease, releaseRow.Values(&release)...); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: release.StartedAt, Action: compete.AuditReleased, CompetitionID: competitionID,
			After: compete.AuditFields("admit", counts.Admit, "waitlist", counts.Waitlist, "reject", counts.Reject),
		}); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, []compete.Job{compete.ReleaseJob{CompetitionID: competitionID}})
	})
	return release, err
}

// LastRelease implements compete.ApplicationStore.
func (s *Store) LastRelease(ctx context.Context, competitionID string) (*compete.Release, error) {
	found, err := sqldb.List(ctx, s.reader, releaseRow.Scan, `SELECT `+releaseColumns+` FROM releases l
		WHERE l.competition_id = $1 ORDER BY l.started_at DESC LIMIT 1`, competitionID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	last := &found[0]
	if last.FinishedAt == nil {
		failed, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT id FROM failed_jobs WHERE `+failedRelease,
			competitionID)
		if last.Failed = len(failed) > 0; err != nil {
			return nil, err
		}
	}
	return last, nil
}

// failedRelease is the condition that a failed job is of a competition's release, and nobody has retried it. Only while
// a release is under way does anybody ask, so it needs no index.
const failedRelease = `kind = 'release' AND retried_at IS NULL AND payload LIKE '%' || $1 || '%'`

// ReleasePage implements compete.LedgerTx.
func (t *ledgerTx) ReleasePage(ctx context.Context, competitionID string, n int) (page compete.ReleasePage, err error) {
	running, err := sqldb.List(ctx, t, releaseRow.Scan, underWay, competitionID)
	if err != nil || len(running) == 0 {
		return page, err
	}
	page.Release = running[0]
	_, err = sqldb.List(ctx, t, func(row sqldb.Row) (none struct{}, err error) {
		d := compete.Draft{}
		r, err := sqldb.ScanWith(scanRegistration, &d.Seq, &d.Decision, &d.Disabled)(row)
		d.RegistrationID = r.ID
		page.Drafts = append(page.Drafts, d)
		page.Registrations = append(page.Registrations, r)
		return none, err
	}, releasePage, competitionID, page.Release.AfterSeq, n)
	t.remember(page.Registrations)
	return page, err
}

var releasePage = `SELECT ` + registrationColumns + `, d.seq, d.decision, u.disabled_at IS NOT NULL
	FROM decisions d JOIN registrations r ON r.id = d.registration_id JOIN users u ON u.id = r.user_id
	WHERE d.competition_id = $1 AND d.seq > $2 ORDER BY d.seq LIMIT $3`

// saveReleases writes the progress of releases and deletes the drafts that are done.
func saveReleases(t *sqldb.Pipeline, releases []compete.LedgerRelease) {
	for i := range releases {
		l := &releases[i]
		t.Exec(saveRelease, append([]any{l.ID}, releaseProgress.Values(&l.Release)...)...)
		t.Bulk(deleteDrafts, idRows(l.Done), nil)
	}
}
