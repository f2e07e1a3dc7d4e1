package fill

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
)

// The data that grows beside users, competitions and registrations: messages of the largest competition and of the
// participant who can log in, logins, the audit log, failed jobs and reports.

// told is a registration described by a message and the audit log.
type told struct {
	id          uuid.UUID
	user        int
	competition int
	seq         int64
	status      compete.RegistrationStatus
	at          time.Time
}

var messageColumns = []string{
	"id", "user_id", "registration_id", "seq", "kind", "to", "subject", "body", "sent_at", "read_at",
}

func (g *generator) messages(yield func([]any) bool) {
	for i, r := range g.told {
		kind := compete.MessageConfirmed
		switch r.status {
		case compete.RegistrationWaitlisted:
			kind = compete.MessageWaitlisted
		case compete.RegistrationCancelled:
			kind = compete.MessageCancelled
		case compete.RegistrationApplied:
			kind = compete.MessageApplied
		case compete.RegistrationRejected:
			kind = compete.MessageRejected
		case compete.RegistrationPending, compete.RegistrationConfirmed, compete.RegistrationOffered:
		}
		subject := "Your registration for " + title(r.competition)
		body := fmt.Sprintf("Hello,\n\n%s is number %d.\n\n%s", subject, r.seq, description)
		var read any
		if i%4 > 0 {
			read = r.at
		}
		to := fmt.Sprintf("user%d@example.com", r.user)
		row := []any{
			newID(r.at, kindMessage, i), g.userID(r.user), r.id, r.seq, string(kind), to, subject, body, r.at, read,
		}
		if !yield(row) {
			return
		}
	}
}

// loggedIn is the number of users per logged-in user.
const loggedIn = 10

var sessionColumns = []string{
	"id", "user_id", "token_hash", "created_at", "expires_at", "device", "network", "last_used_at",
}

func (g *generator) sessions(yield func([]any) bool) {
	for i := 0; i < g.Size.Users; i += loggedIn {
		at := g.Now.Add(-time.Duration(pick(kindSession, i, 24*60)) * time.Minute)
		id := newID(at, kindSession, i)
		network := fmt.Sprintf("192.0.2.%d", i/loggedIn%256)
		row := []any{
			id, g.userID(i), fmt.Sprintf("filled %s", id), at, at.Add(7 * 24 * time.Hour), "Firefox on Linux", network,
			at,
		}
		if !yield(row) {
			return
		}
	}
}

var auditColumns = []string{"id", "at", "action", "actor_id", "competition_id", "subject_id", "after", "via"}

// audit yields records for each competition, and for each registration described by a message.
func (g *generator) audit(yield func([]any) bool) {
	for i := range g.Size.Competitions {
		at := g.created(i)
		row := []any{
			newID(at, kindAudit, i), at, string(compete.AuditCompetitionCreated), g.userID(g.organizer(i)),
			g.competitionID(i), nil, `{"capacity":10}`, string(compete.ViaAPI),
		}
		if !yield(row) {
			return
		}
	}
	for i, r := range g.told {
		row := []any{
			newID(r.at, kindAudit, g.Size.Competitions+i), r.at, string(compete.AuditRegistered), g.userID(r.user),
			g.competitionID(r.competition), r.id, fmt.Sprintf(`{"seq":%d}`, r.seq), string(compete.ViaPage),
		}
		if !yield(row) {
			return
		}
	}
}

// rare returns the number of competitions per report, and per failed job: there are 200 of each, or more if there are
// very many competitions, so that their first pages are as long whatever the size.
func (s Size) rare() int { return max(1, min(500, s.Competitions/200)) }

var failedJobColumns = []string{
	"id", "job_id", "queue", "kind", "payload", "error", "attempts", "failed_at", "retried_at",
}

// failedJobs yields jobs for competitions that no longer exist, so that retrying one does nothing. Their numbers are
// negative, because the queue's own are positive.
func (g *generator) failedJobs(yield func([]any) bool) {
	rare := g.Size.rare()
	for i := 0; i < g.Size.Competitions; i += rare {
		at := g.created(i)
		var retried any
		if i/rare%2 == 0 {
			retried = at.Add(time.Hour)
		}
		job := compete.SettleJob{CompetitionID: newID(at, kindFailedJob, i+1).String()}
		row := []any{
			newID(at, kindFailedJob, i), int64(-1 - i), "default", job.Kind(),
			fmt.Sprintf(`{"competitionId":%q}`, job.CompetitionID), "the database was away", 3, at, retried,
		}
		if !yield(row) {
			return
		}
	}
}

var reportColumns = []string{"id", "competition_id", "reason", "details", "created_at", "status"}

// reportsOfLargest is the number of reports of the largest competition.
const reportsOfLargest = 10

func (g *generator) reports(yield func([]any) bool) {
	rare := g.Size.rare()
	for i := range reportsOfLargest + (g.Size.Competitions-1)/rare {
		at := g.Now.Add(-time.Duration(1+pick(kindReport, i, 30*24*60)) * time.Minute)
		competition, status := max(0, i-reportsOfLargest+1)*rare, "OPEN"
		if i >= reportsOfLargest && i%2 == 0 {
			status = "DISMISSED"
		}
		row := []any{
			newID(at, kindReport, i), g.competitionID(competition), "SPAM", "It's an advertisement.", at, status,
		}
		if !yield(row) {
			return
		}
	}
}
