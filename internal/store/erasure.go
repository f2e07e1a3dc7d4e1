package store

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.ErasureStore = (*Store)(nil)

// erasedEmail returns the address of a deleted account: addresses have to be unique, and nobody can own this one (RFC
// 2606).
func erasedEmail(userID string) string { return "deleted-" + userID + "@deleted.invalid" }

// ownRows delete the data that belongs only to user $1; a report stays without its author and text. Published
// competitions stay, with their participants; drafts are deleted with all that belongs to them. Messages aren't
// included: they are deleted in pages, with the jobs that send them. What is with a registration in a team may be the
// team's: the registrar first hands that over to another member, and cancels the registration.
var ownRows = []string{
	`DELETE FROM sessions WHERE user_id = $1`,
	`DELETE FROM idempotency_keys WHERE user_id = $1`,
	`DELETE FROM account_links WHERE user_id = $1`,
	`DELETE FROM organizer_requests WHERE user_id = $1`,
	`UPDATE reports SET reporter_id = NULL, details = '' WHERE reporter_id = $1`,
	`DELETE FROM authenticator_apps WHERE user_id = $1`,
	`DELETE FROM passkeys WHERE user_id = $1`,
	`DELETE FROM recovery_codes WHERE user_id = $1`,
	`DELETE FROM preparations WHERE user_id = $1`,
	`DELETE FROM registration_answers WHERE registration_id IN (` + ownRegistrations + `)`,
	`DELETE FROM decisions WHERE registration_id IN (` + ownRegistrations + `)`,
	`DELETE FROM review_scores WHERE registration_id IN (` + ownRegistrations + `)`,
	`DELETE FROM reviews WHERE registration_id IN (` + ownRegistrations + `)`,
	`DELETE FROM competitions WHERE organizer_id = $1 AND (status = 'DRAFT' AND NOT unpublished OR discarded)
		AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.competition_id = competitions.id)`,
}

const ownRegistrations = `SELECT r.id FROM registrations r WHERE r.user_id = $1
	AND (r.team_id IS NULL OR r.status = 'CANCELLED')`

// EraseAccount implements compete.ErasureStore.
func (s *Store) EraseAccount(ctx context.Context, userID string, now time.Time) error {
	user, err := s.User(ctx, userID)
	if err != nil {
		return err
	}
	traces, err := s.findTraces(ctx, person{id: user.ID, email: compete.NormalizeEmail(user.Email)})
	if err != nil {
		return err
	}
	now = compete.UTC(now)
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.mayErase(ctx, userID, now); err != nil {
			return err
		}
		if _, err := sqldb.Change(ctx, tx,
			`UPDATE users SET email = $2, name = $3, search_text = $4, password_hash = '', role = 'PARTICIPANT',
				disabled_at = $5,
			erased_at = $5, updated_at = $5, tokens_valid_after = $5, verified_at = NULL, reminders_off_at = NULL,
			logged_in_at = NULL,
			used_at = NULL, guessing_noted_at = NULL, disabled_reason = '', disabled_reason_shown = false,
			time_zone = '', time_zone_chosen = false
			WHERE id = $1`, userID, erasedEmail(userID), compete.ErasedName, normal.People(compete.ErasedName, ""),
			now); err != nil {
			return err
		}
		for _, text := range ownRows {
			if _, err := sqldb.Change(ctx, tx, text, userID); err != nil {
				return err
			}
		}
		if _, err := sqldb.Change(ctx, tx, `DELETE FROM account_links WHERE email = $1`, traces.email); err != nil {
			return err
		}
		if err := tx.eraseJobs(ctx, traces); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditAccountErased, UserID: userID,
		}); err != nil {
			return err
		}
		return s.enqueue(ctx, tx,
			[]compete.Job{compete.EraseJob{UserID: userID}, compete.EraseJob{UserID: userID, Last: true}})
	})
}

// mayErase locks the account and those of all admins, so that the last two can't be deleted at the same time.
func (t Tx) mayErase(ctx context.Context, userID string, now time.Time) error {
	_, admins, err := t.lockAmongAdmins(ctx, userID)
	if err != nil {
		return err
	}
	if len(admins) == 1 && admins[0] == userID {
		return compete.ErrLastAdmin
	}
	ahead, err := sqldb.List(ctx, t, sqldb.ScanString, `SELECT c.id FROM competitions c WHERE c.organizer_id = $1
		AND (c.status = 'PUBLISHED' OR c.status = 'DRAFT' AND c.unpublished)
		AND coalesce(c.end_date, c.start_date, c.reg_deadline) > $2 LIMIT 1`, userID, now)
	if err == nil && len(ahead) > 0 {
		err = compete.ErrOrganizesCompetitions
	}
	return err
}

// RegistrationsToErase implements compete.ErasureStore.
func (s *Store) RegistrationsToErase(ctx context.Context, userID string, limit int) ([]string, error) {
	if !compete.ValidID(userID) {
		return nil, nil
	}
	return sqldb.List(ctx, s.reader, sqldb.ScanString,
		`SELECT r.id FROM registrations r WHERE r.user_id = $1 AND r.cancel_reason <> 'ERASED' LIMIT $2`, userID, limit)
}

// erasePage is how many rows are deleted per transaction.
const erasePage = 500

// EraseTraces implements compete.ErasureStore.
func (s *Store) EraseTraces(ctx context.Context, userID string) error {
	if _, err := sqldb.One(ctx, s.reader, compete.ErrUserMissing, sqldb.ScanString,
		`SELECT id FROM users WHERE id = $1 AND erased_at IS NOT NULL`, userID); err != nil {
		return err
	}
	traces, err := s.findTraces(ctx, person{id: userID})
	if err != nil {
		return err
	}
	if err := s.Transact(ctx, func(ctx context.Context, tx Tx) error { return tx.eraseJobs(ctx, traces) }); err != nil {
		return err
	}
	for { // the jobs of these messages are already deleted
		n, err := sqldb.Change(ctx, s.writer,
			`DELETE FROM messages WHERE id IN (SELECT m.id FROM messages m WHERE m.user_id = $1 LIMIT $2)`, userID,
			erasePage)
		if err != nil {
			return err
		}
		if n < erasePage {
			break
		}
	}
	for _, text := range ownRows { // again, for what was in progress when the account was deleted
		if _, err := sqldb.Change(ctx, s.writer, text, userID); err != nil {
			return err
		}
	}
	if err := s.eraseAddresses(ctx, userID); err != nil {
		return err
	}
	return s.eraseOrganizer(ctx, userID)
}

var renameOrganizer = sqldb.NewBulk("user_id uuid, key text, body bytes",
	`UPDATE idempotency_keys SET body = v.body {from}
	WHERE idempotency_keys.user_id = v.user_id AND idempotency_keys.key = v.key`)

// eraseOrganizer removes an organizer's name from recorded outcomes, which can be replayed to others.
func (s *Store) eraseOrganizer(ctx context.Context, userID string) error {
	name := regexp.MustCompile(`("Organizer":\{"ID":"` + regexp.QuoteMeta(userID) + `","Name":)"(?:[^"\\]|\\.)*"`)
	records, err := sqldb.List(ctx, s.reader, scanRecord,
		`SELECT `+recordColumns+` FROM idempotency_keys k WHERE {find $1 k.body} > 0`, []byte(userID))
	if err != nil {
		return err
	}
	var rows [][]any
	for _, r := range records {
		if body := name.ReplaceAll(r.Body, []byte(`$1"`+compete.ErasedName+`"`)); !bytes.Equal(body, r.Body) {
			rows = append(rows, []any{r.UserID, r.Key, body})
		}
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Bulk(ctx, renameOrganizer, rows)
		return err
	})
}

// Scrub implements compete.ErasureStore.
func (s *Store) Scrub(ctx context.Context) error { return s.db.Scrub(ctx) }

// person identifies whose data to find. Without an email, only data that refers to the account is found.
type person struct {
	id       string
	email    string          // normalized
	messages map[string]bool // ids
}

// concerns reports whether a job is only about this person.
func (p *person) concerns(kind, payload string) bool {
	switch kind {
	case compete.MailJob{}.Kind():
		var job compete.MailJob
		return json.Unmarshal([]byte(payload), &job) == nil && (job.UserID == p.id || p.messages[job.MessageID])
	case compete.AccountMailJob{}.Kind():
		var job compete.AccountMailJob
		return json.Unmarshal([]byte(payload), &job) == nil &&
			(job.UserID == p.id || p.email != "" && job.Email == p.email)
	}
	return false
}

// mention returns a pattern for the address in a text, unless it is part of a longer one; nil without an address.
func (p *person) mention() *regexp.Regexp {
	if p.email == "" {
		return nil
	}
	return regexp.MustCompile(`(?i)(^|[^\p{L}\p{N}._%+-])` + regexp.QuoteMeta(p.email) + `($|[^\p{L}\p{N}-])`)
}

// traces are the jobs and failed jobs that contain data about a person.
type traces struct {
	person
	jobs     [][]any // ids of jobs about the person
	errors   [][]any // ids of other jobs with the address in their errors
	failed   [][]any // ids of failed jobs about the person
	reworded [][]any // ids and cleaned errors of other failed jobs
}

// keptJob is a job or a failed job, as text.
type keptJob struct {
	number                int64
	id, kind, payload, ko string
}

// jobsPage is how many jobs are searched at a time.
const jobsPage = 2000

// findTraces searches all jobs: they have no index by person, and only deletions need this.
func (s *Store) findTraces(ctx context.Context, p person) (traces, error) {
	t := traces{person: p}
	ids, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT m.id FROM messages m WHERE m.user_id = $1`, p.id)
	if err != nil {
		return t, err
	}
	t.messages = make(map[string]bool, len(ids))
	for _, id := range ids {
		t.messages[id] = true
	}
	mention := p.mention()
	err = s.eachJob(ctx, `SELECT j.id, '', j.kind, {json j.args}, coalesce({json j.errors}, '') FROM river_job j
		WHERE j.id > $1 ORDER BY j.id LIMIT $2`,
		func(j keptJob) {
			if t.concerns(j.kind, j.payload) {
				t.jobs = append(t.jobs, []any{j.number})
			} else if mention != nil && mention.MatchString(j.ko) {
				t.errors = append(t.errors, []any{j.number})
			}
		})
	if err != nil {
		return t, err
	}
	return t, s.eachJob(ctx, `SELECT f.job_id, f.id, f.kind, f.payload, f.error FROM failed_jobs f WHERE f.job_id > $1
		ORDER BY f.job_id LIMIT $2`,
		func(j keptJob) {
			if t.concerns(j.kind, j.payload) {
				t.failed = append(t.failed, []any{j.id})
			} else if mention != nil && mention.MatchString(j.ko) {
				t.reworded = append(t.reworded, []any{j.id, mention.ReplaceAllString(j.ko, `$1…$2`)})
			}
		})
}

func (s *Store) eachJob(ctx context.Context, text string, look func(keptJob)) error {
	after := int64(-1 << 62)
	for {
		jobs, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (j keptJob, err error) {
			err = row.Scan(&j.number, &j.id, &j.kind, &j.payload, &j.ko)
			return j, err
		}, text, after, jobsPage)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			look(j)
			after = j.number
		}
		if len(jobs) < jobsPage {
			return nil
		}
	}
}

var (
	deleteJobs   = sqldb.NewBulk("id bigint", `DELETE FROM river_job WHERE id IN (SELECT v.id {from})`)
	clearErrors  = sqldb.NewBulk("id bigint", `UPDATE river_job SET errors = NULL WHERE id IN (SELECT v.id {from})`)
	deleteFailed = sqldb.NewBulk("id uuid", `DELETE FROM failed_jobs WHERE id IN (SELECT v.id {from})`)
	rewordFailed = sqldb.NewBulk("id uuid, error text",
		`UPDATE failed_jobs SET error = v.error {from} WHERE failed_jobs.id = v.id`)
)

func (t Tx) eraseJobs(ctx context.Context, found traces) error {
	pipeline := t.Pipeline()
	pipeline.Bulk(deleteJobs, found.jobs, nil)
	pipeline.Bulk(clearErrors, found.errors, nil)
	pipeline.Bulk(deleteFailed, found.failed, nil)
	pipeline.Bulk(rewordFailed, found.reworded, nil)
	return pipeline.Run(ctx)
}
