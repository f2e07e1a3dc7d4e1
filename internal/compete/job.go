package compete

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Job is a unit of background work. Its fields are its payload, encoded as JSON. It is committed together with the
// change that needs it.
type Job interface {
	Kind() string
	Options() JobOptions
}

// JobOptions controls how the queue handles a Job.
type JobOptions struct {
	Queue    string
	Priority int           // within the queue; PriorityNow comes first and is the meaning of 0
	Delay    time.Duration // until the job is due, in whole seconds
	Once     bool          // skip the job while another with the same payload is waiting or running
	Timeout  time.Duration // of one attempt; 0 means the default
	Yields   bool          // wait a little during a rush, to leave the machine to the registrar
}

// Priorities of jobs in one queue.
const (
	PriorityNow = 1 + iota
	PriorityUsual
	PriorityLater
)

// DefaultJobAttempts is the number of attempts at a job if JobEncoder doesn't set one.
const DefaultJobAttempts = 3

// JobEncoder encodes jobs in the form in which the queue stores them.
type JobEncoder struct {
	MaxAttempts int // 0 means DefaultJobAttempts
}

// QueuedJob is a Job in the form in which the queue stores it.
type QueuedJob struct {
	Kind    string
	Payload json.RawMessage
	JobOptions
	MaxAttempts int
}

// Encode fails for a job with the Once option, because only the queue itself knows whether another one is waiting or
// running.
func (e JobEncoder) Encode(j Job) (QueuedJob, error) {
	options := j.Options()
	if options.Once {
		return QueuedJob{}, fmt.Errorf("a job of kind %q is added once, which only the queue itself can do", j.Kind())
	}
	payload, err := json.Marshal(j)
	if err != nil {
		return QueuedJob{}, fmt.Errorf("encode a job of kind %q: %w", j.Kind(), err)
	}
	options.Priority = cmp.Or(options.Priority, PriorityNow)
	return QueuedJob{
		Kind: j.Kind(), Payload: payload, JobOptions: options,
		MaxAttempts: cmp.Or(e.MaxAttempts, DefaultJobAttempts),
	}, nil
}

// Again returns a failed job as a new one with all its attempts. Its kind may be one that only an older version knew.
func (e JobEncoder) Again(j FailedJob) QueuedJob {
	return QueuedJob{
		Kind: j.Kind, Payload: j.Payload, JobOptions: JobOptions{Queue: j.Queue, Priority: PriorityNow},
		MaxAttempts: cmp.Or(e.MaxAttempts, DefaultJobAttempts),
	}
}

// Queue names. Each queue has its own workers, so that slow email never holds up confirmations.
const (
	QueueRegistration = "registration"
	QueueReminder     = "reminder"
	QueueMail         = "mail"
	QueueMaintenance  = "maintenance"
)

// Notice requests the message of one kind about one registration. It is only valid while the registration still has
// this Seq; see WorkStore.Targets for those of teams.
type Notice struct {
	RegistrationID string      `json:"registrationId"`
	Seq            int64       `json:"seq"`
	Kind           MessageKind `json:"kind"`
	Move           *Move       `json:"move,omitempty"` // for MessageChanged only
	// OccasionID tells apart messages of one kind at one place in line, as Message.OccasionID does.
	OccasionID string `json:"releaseId,omitempty"`
	// W3C traceparent of the request that caused the message; empty if that request isn't traced
	Trace string `json:"trace,omitempty"`
}

// NoticeRun requests the message of one kind about all registrations of a competition whose Seq is between First and
// Last, inclusive. It describes the result of a rush in a few bytes.
type NoticeRun struct {
	CompetitionID string      `json:"competitionId"`
	First         int64       `json:"first"`
	Last          int64       `json:"last"`
	Kind          MessageKind `json:"kind"`
	OccasionID    string      `json:"releaseId,omitempty"` // as in Notice.OccasionID
	// Traces maps the Seqs of traced requests to their trace, as in Notice.Trace.
	Traces map[int64]string `json:"traces,omitempty"`
}

// NotifyJob confirms PENDING registrations (MessageConfirmed, MessagePromoted) and writes the messages for a whole
// batch of commands.
type NotifyJob struct {
	Notices []Notice    `json:"notices,omitempty"`
	Runs    []NoticeRun `json:"runs,omitempty"`
	// Wait is the delay before the job is due, in whole seconds.
	Wait time.Duration `json:"-"`
}

// Len returns the maximum number of messages that the job produces.
func (j NotifyJob) Len() int {
	n := len(j.Notices)
	for _, run := range j.Runs {
		n += int(run.Last-run.First) + 1
	}
	return n
}

// Kind implements Job.
func (NotifyJob) Kind() string { return "notify" }

// Options implements Job.
func (j NotifyJob) Options() JobOptions {
	return JobOptions{Queue: QueueRegistration, Delay: j.Wait, Yields: true}
}

// SettleJob completes, in pages and through the registrar, what a change to a competition or an account started. For a
// cancelled competition, it cancels the registrations. Otherwise, it makes offers end no later than the start of the
// competition, passes the captain's role on in teams whose captain's account is disabled, promotes from the waitlist
// while seats are free, and notifies open pages.
type SettleJob struct {
	CompetitionID string `json:"competitionId"`
}

// Kind implements Job.
func (SettleJob) Kind() string { return "settle" }

// Options implements Job. The job is never skipped as a duplicate: a run that has just processed the last page would
// miss what a later change requires.
func (SettleJob) Options() JobOptions { return JobOptions{Queue: QueueMaintenance} }

// ReleaseJob releases the decisions of a competition, in pages and through the registrar. What it does is stored with
// the Release, so it continues where an earlier run has ended.
type ReleaseJob struct {
	CompetitionID string `json:"competitionId"`
}

// Kind implements Job.
func (ReleaseJob) Kind() string { return "release" }

// Options implements Job.
func (ReleaseJob) Options() JobOptions { return JobOptions{Queue: QueueMaintenance} }

// RemindJob sends reminders for one page of the confirmed registrations of a competition that starts soon, starting
// after AfterSeq.
type RemindJob struct {
	CompetitionID string    `json:"competitionId"`
	StartDate     time.Time `json:"startDate"`
	AfterSeq      int64     `json:"afterSeq"`
}

// Kind implements Job.
func (RemindJob) Kind() string { return "remind" }

// Options implements Job.
func (RemindJob) Options() JobOptions { return JobOptions{Queue: QueueReminder, Once: true} }

// RemindJointlyJob sends the reminders of several competitions that start soon and have few registrations each, as a
// RemindJob does for one, starting after a place in the order of competitions and Seqs.
type RemindJointlyJob struct {
	Starts map[string]time.Time `json:"starts"` // the competitions and when they start
	After  ReminderPlace        `json:"after"`
}

// ReminderPlace is a registration's place in the order of competitions and Seqs; the zero value comes before all.
type ReminderPlace struct {
	CompetitionID string `json:"competitionId"`
	Seq           int64  `json:"seq"`
}

// Kind implements Job.
func (RemindJointlyJob) Kind() string { return "remind_jointly" }

// Options implements Job.
func (RemindJointlyJob) Options() JobOptions { return JobOptions{Queue: QueueReminder, Once: true} }

// MailJob sends one message by email. It is committed together with the message.
type MailJob struct {
	MessageID string          `json:"messageId"`
	UserID    string          `json:"userId,omitempty"`  // whose message it is; empty in jobs of older versions
	About     MessageKind     `json:"about"`             // the message's kind, for who reads a failed job
	Details   json.RawMessage `json:"details,omitempty"` // of the message's Wording
}

// mailTimeout is longer than the mail client's own timeouts (waiting, connecting twice, sending), whose errors say more
// about what went wrong.
const mailTimeout = 4 * time.Minute

// Kind implements Job.
func (MailJob) Kind() string { return "mail" }

// Options implements Job. Emails that somebody is waiting for in front of a screen don't yield.
func (j MailJob) Options() JobOptions {
	priority := cmp.Or(j.About.Traits().Priority, PriorityUsual)
	return JobOptions{Queue: QueueMail, Priority: priority, Timeout: mailTimeout, Yields: priority > PriorityNow}
}

// AccountMailJob writes a requested email with a link, if its address belongs to an account.
type AccountMailJob struct {
	LinkID  string      `json:"linkId"`
	Purpose LinkPurpose `json:"purpose"`
	Email   string      `json:"email"`
	UserID  string      `json:"userId,omitempty"`
}

// Kind implements Job.
func (AccountMailJob) Kind() string { return "account_mail" }

// Options implements Job.
func (AccountMailJob) Options() JobOptions {
	return JobOptions{Queue: QueueMail, Priority: PriorityNow}
}

// FailedJob is a job that has used up its attempts.
type FailedJob struct {
	ID        string
	JobID     int64 // the queue's own job id, unique
	Queue     string
	Kind      string
	Payload   json.RawMessage
	Error     string
	Attempts  int
	FailedAt  time.Time
	RetriedAt *time.Time // when it was retried
}
