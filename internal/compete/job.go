package compete

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Job is work done in the background. A Job's fields are its payload, as JSON; it commits with the change that needs
// it.
type Job interface {
	Kind() string
	Options() JobOptions
}

// JobOptions says how the queue treats a Job.
type JobOptions struct {
	Queue    string
	Priority int           // within the queue: PriorityNow comes first, and is what 0 means
	Delay    time.Duration // whole seconds until it is due
	Once     bool          // it is left out while another with the same payload waits or runs
	Timeout  time.Duration // of one attempt; 0: the usual
	Yields   bool          // in a rush it waits a little, so that the registrar has the machine
}

// Priorities of jobs in one queue.
const (
	PriorityNow = 1 + iota
	PriorityUsual
	PriorityLater
)

// DefaultJobAttempts is how often a job is tried where JobEncoder leaves it zero.
const DefaultJobAttempts = 3

// JobEncoder says in which form the queue keeps jobs.
type JobEncoder struct {
	MaxAttempts int // 0: DefaultJobAttempts
}

// QueuedJob is a Job as the queue keeps it.
type QueuedJob struct {
	Kind    string
	Payload json.RawMessage
	JobOptions
	MaxAttempts int
}

// Encode fails for a job that is added Once: only the queue itself can tell whether another waits or runs.
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

// Again is a failed job as a new one, with all its attempts. It may be of a kind that an older version worked.
func (e JobEncoder) Again(j FailedJob) QueuedJob {
	return QueuedJob{
		Kind: j.Kind, Payload: j.Payload, JobOptions: JobOptions{Queue: j.Queue, Priority: PriorityNow},
		MaxAttempts: cmp.Or(e.MaxAttempts, DefaultJobAttempts),
	}
}

// Queue names. Each has workers of its own, so that slow mail never holds up confirmations.
const (
	QueueRegistration = "registration"
	QueueReminder     = "reminder"
	QueueMail         = "mail"
	QueueMaintenance  = "maintenance"
)

// Notice asks for the message of one kind about one registration. It counts only while the registration still has this
// Seq.
type Notice struct {
	RegistrationID string      `json:"registrationId"`
	Seq            int64       `json:"seq"`
	Kind           MessageKind `json:"kind"`
	Move           *Move       `json:"move,omitempty"` // for MessageChanged only
	// of the request that brought it about, as a W3C traceparent; empty when that is not traced
	Trace string `json:"trace,omitempty"`
}

// NoticeRun asks for the message of one kind about all registrations of a competition whose Seq is from First to Last:
// what a rush leaves behind, in a few bytes.
type NoticeRun struct {
	CompetitionID string      `json:"competitionId"`
	First         int64       `json:"first"`
	Last          int64       `json:"last"`
	Kind          MessageKind `json:"kind"`
	// Traces are those of the requests among them that are traced, by Seq, as Notice.Trace.
	Traces map[int64]string `json:"traces,omitempty"`
}

// NotifyJob confirms PENDING registrations (MessageConfirmed, MessagePromoted) and writes the messages of a whole batch
// of commands.
type NotifyJob struct {
	Notices []Notice    `json:"notices,omitempty"`
	Runs    []NoticeRun `json:"runs,omitempty"`
	// Wait is how long the job waits before it's due, in whole seconds.
	Wait time.Duration `json:"-"`
}

// Len is the number of messages that the job asks for, at most.
func (j NotifyJob) Len() int {
	n := len(j.Notices)
	for _, run := range j.Runs {
		n += int(run.Last-run.First) + 1
	}
	return n
}

// Kind names the job.
func (NotifyJob) Kind() string { return "notify" }

// Options implements Job.
func (j NotifyJob) Options() JobOptions {
	return JobOptions{Queue: QueueRegistration, Delay: j.Wait, Yields: true}
}

// SettleJob finishes in pages, through the registrar, what a change of a competition or of an account began: it cancels
// the registrations of a cancelled competition; or ends offers at the start, if that is earlier now, promotes from the
// waitlist while seats are free, and has open pages told.
type SettleJob struct {
	CompetitionID string `json:"competitionId"`
}

// Kind names the job.
func (SettleJob) Kind() string { return "settle" }

// Options implements Job. It is never left out as a duplicate: a run that has just seen the last page doesn't do what a
// later change asks for.
func (SettleJob) Options() JobOptions { return JobOptions{Queue: QueueMaintenance} }

// RemindJob reminds one page of the confirmed registrations of a competition that starts soon: those after AfterSeq.
type RemindJob struct {
	CompetitionID string    `json:"competitionId"`
	StartDate     time.Time `json:"startDate"`
	AfterSeq      int64     `json:"afterSeq"`
}

// Kind names the job.
func (RemindJob) Kind() string { return "remind" }

// Options implements Job.
func (RemindJob) Options() JobOptions { return JobOptions{Queue: QueueReminder, Once: true} }

// MailJob sends one message by mail. It commits with the message.
type MailJob struct {
	MessageID string          `json:"messageId"`
	UserID    string          `json:"userId,omitempty"`  // whose message it is; empty in jobs of older versions
	About     MessageKind     `json:"about"`             // the message's kind, for who reads a failed job
	Details   json.RawMessage `json:"details,omitempty"` // of the message's Wording
}

// mailTimeout is longer than the mail client's own bounds (waiting, connecting twice, sending), which tell more of what
// went wrong.
const mailTimeout = 4 * time.Minute

// Kind names the job.
func (MailJob) Kind() string { return "mail" }

// Options implements Job. Somebody waits in front of a screen for some mails, and those don't yield.
func (j MailJob) Options() JobOptions {
	priority := cmp.Or(j.About.Traits().Priority, PriorityUsual)
	return JobOptions{Queue: QueueMail, Priority: priority, Timeout: mailTimeout, Yields: priority > PriorityNow}
}

// AccountMailJob writes the mail with a link that was asked for, if its address is that of an account.
type AccountMailJob struct {
	LinkID  string      `json:"linkId"`
	Purpose LinkPurpose `json:"purpose"`
	Email   string      `json:"email"`
	UserID  string      `json:"userId,omitempty"`
}

// Kind names the job.
func (AccountMailJob) Kind() string { return "account_mail" }

// Options implements Job.
func (AccountMailJob) Options() JobOptions {
	return JobOptions{Queue: QueueMail, Priority: PriorityNow}
}

// FailedJob is a failed job: a job whose attempts are used up.
type FailedJob struct {
	ID        string
	JobID     int64 // the queue's own id of the job, unique
	Queue     string
	Kind      string
	Payload   json.RawMessage
	Error     string
	Attempts  int
	FailedAt  time.Time
	RetriedAt *time.Time // when it was sent again
}
