package store

import (
	"slices"
	"strings"
	"time"

	"minicompete/internal/compete"
)

// The columns of each kind of row, in the order in which its scan function reads them. A name stands for one table alone:
// u users, c competitions, o its organizer, r registrations, m messages.
const (
	userColumns = `u.id, u.email, u.name, u.role, u.disabled_at, u.created_at, u.updated_at, u.verified_at, u.reminders_off_at`

	competitionColumns = `c.id, c.title, c.description, ` + competitionRest
	summaryColumns     = `c.id, c.title, '', ` + competitionRest
	competitionRest    = competitionOwn + `, (SELECT string_agg(t.tag, ',') FROM competition_tags t WHERE t.competition_id = c.id), c.cover` // a tag has no comma
	competitionOwn     = `c.location, c.capacity, c.seats_left, c.waitlisted, c.reg_opens_at, c.reg_deadline, c.start_date, c.end_date, c.time_zone, c.status,
		c.waitlist, c.discarded, c.unpublished, ` + suspended + `, c.organizer_id, o.name, c.version, c.created_at, c.updated_at`
	suspended        = `(o.disabled_at IS NOT NULL OR o.role = 'PARTICIPANT')`
	fromCompetitions = ` FROM competitions c JOIN users o ON o.id = c.organizer_id `

	registrationColumns = `r.id, r.user_id, r.competition_id, r.status, r.seq, r.registered_at, r.updated_at, r.promoted_at,
		r.cancel_reason, r.removal_reason, r.removal_note, r.blocked`

	messageColumns = `m.id, m.user_id, m.registration_id, m.seq, m.kind, m.start_date, m."to", m.subject, m.body, m.sent_at, m.read_at`

	recordColumns = `user_id, key, request_hash, status, body, expires_at`

	failedJobColumns = `id, job_id, queue, kind, payload, error, attempts, failed_at, retried_at`
)

// with reads more columns than those of one kind of row: scanWith(scanRegistration, &position)(row).
func scanWith[T any](scan func(scanner) (T, error), more ...any) func(scanner) (T, error) {
	return func(row scanner) (T, error) { return scan(longer{row, more}) }
}

type longer struct {
	scanner
	more []any
}

func (l longer) Scan(dest ...any) error { return l.scanner.Scan(append(dest, l.more...)...) }

func scanUser(row scanner) (u compete.User, err error) {
	err = row.Scan(&u.ID, &u.Email, &u.Name, &u.Role, &u.DisabledAt, &u.CreatedAt, &u.UpdatedAt, &u.VerifiedAt, &u.RemindersOffAt)
	return u, err
}

func scanCompetition(row scanner) (c compete.Competition, err error) {
	var tags *string
	err = row.Scan(&c.ID, &c.Title, &c.Description, &c.Location, &c.Capacity, &c.SeatsLeft, &c.Waitlisted, &c.RegOpensAt, &c.RegDeadline,
		&c.StartDate, &c.EndDate, &c.TimeZone, &c.Status, &c.Waitlist, &c.Discarded, &c.Unpublished, &c.Suspended,
		&c.Organizer.ID, &c.Organizer.Name, &c.Version, &c.CreatedAt, &c.UpdatedAt, &tags, &c.Cover)
	c.Tags = splitTags(tags)
	return c, err
}

// splitTags sorts here, since databases differ in how they sort text.
func splitTags(joined *string) []string {
	if joined == nil {
		return []string{}
	}
	tags := strings.Split(*joined, ",")
	slices.Sort(tags)
	return tags
}

func registrationFields(r *compete.Registration) []any {
	return []any{
		&r.ID, &r.UserID, &r.CompetitionID, &r.Status, &r.Seq, &r.RegisteredAt, &r.UpdatedAt, &r.PromotedAt,
		&r.CancelReason, &r.Removal.Reason, &r.Removal.Note, &r.Removal.Blocked,
	}
}

func scanRegistration(row scanner) (r compete.Registration, err error) {
	err = row.Scan(registrationFields(&r)...)
	return r, err
}

func scanRecord(row scanner) (r compete.IdempotencyRecord, err error) {
	err = row.Scan(&r.UserID, &r.Key, &r.RequestHash, &r.Status, &r.Body, &r.ExpiresAt)
	return r, err
}

func scanMessage(row scanner) (m compete.Message, err error) {
	var registration *string
	var seq *int64
	err = row.Scan(&m.ID, &m.UserID, &registration, &seq, &m.Kind, &m.StartDate, &m.To, &m.Subject, &m.Body, &m.SentAt, &m.ReadAt)
	if registration != nil {
		m.RegistrationID = *registration
	}
	if seq != nil {
		m.Seq = *seq
	}
	return m, err
}

func scanFailedJob(row scanner) (j compete.FailedJob, err error) {
	var payload string
	err = row.Scan(&j.ID, &j.JobID, &j.Queue, &j.Kind, &payload, &j.Error, &j.Attempts, &j.FailedAt, &j.RetriedAt)
	j.Payload = []byte(payload)
	return j, err
}

// utc is how a time is stored: compete.UTC of it; nil stays nil.
func utc(t *time.Time) any {
	if t == nil {
		return nil
	}
	return compete.UTC(*t)
}
