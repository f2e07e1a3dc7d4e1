package compete

import (
	"encoding/json"
	"time"
)

// Job is work done in the background. A Job's fields are its payload, as JSON; it commits with the change that needs it.
type Job interface {
	Kind() string
}

// QueuedJob is a Job as the queue keeps it.
type QueuedJob struct {
	Kind, Queue           string
	Payload               []byte // JSON
	Priority, MaxAttempts int
	Delay                 time.Duration // whole seconds until it is due
}

// Queue names. Each has workers of its own, so that slow mail never holds up confirmations.
const (
	QueueRegistration = "registration"
	QueueReminder     = "reminder"
	QueueMail         = "mail"
	QueueMaintenance  = "maintenance"
)

// Notice asks for the message of one kind about one registration. It counts only while the registration still has this Seq.
type Notice struct {
	RegistrationID string      `json:"registrationId"`
	Seq            int64       `json:"seq"`
	Kind           MessageKind `json:"kind"`
	Move           *Move       `json:"move,omitempty"`  // for MessageChanged only
	Trace          string      `json:"trace,omitempty"` // of the request that brought it about, as a W3C traceparent; empty when that is not traced
}

// NoticeRun asks for the message of one kind about all registrations of a competition whose Seq is from First to Last: what a rush
// leaves behind, in a few bytes.
type NoticeRun struct {
	CompetitionID string      `json:"competitionId"`
	First         int64       `json:"first"`
	Last          int64       `json:"last"`
	Kind          MessageKind `json:"kind"`
}

// NotifyJob confirms PENDING registrations (MessageConfirmed, MessagePromoted) and writes the messages of a whole batch of commands.
type NotifyJob struct {
	Notices []Notice    `json:"notices,omitempty"`
	Runs    []NoticeRun `json:"runs,omitempty"`
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

// SettleJob finishes in pages, through the registrar, what a change of a competition or of an account began: it cancels the
// registrations of a cancelled competition, or promotes from the waitlist while seats are free, and has open pages told.
type SettleJob struct {
	CompetitionID string `json:"competitionId"`
}

// Kind names the job.
func (SettleJob) Kind() string { return "settle" }

// RemindJob reminds one page of the confirmed registrations of a competition that starts soon: those after AfterSeq.
type RemindJob struct {
	CompetitionID string    `json:"competitionId"`
	StartDate     time.Time `json:"startDate"`
	AfterSeq      int64     `json:"afterSeq"`
}

// Kind names the job.
func (RemindJob) Kind() string { return "remind" }

// MailJob sends one message by mail. It commits with the message.
type MailJob struct {
	MessageID string          `json:"messageId"`
	About     MessageKind     `json:"about"`             // the message's kind, for who reads a dead letter
	Details   json.RawMessage `json:"details,omitempty"` // of the message's Wording
}

// Kind names the job.
func (MailJob) Kind() string { return "mail" }

// AccountMailJob writes the mail with a link that was asked for, if its address is that of an account.
type AccountMailJob struct {
	LinkID  string      `json:"linkId"`
	Purpose LinkPurpose `json:"purpose"`
	Email   string      `json:"email"`
	UserID  string      `json:"userId,omitempty"`
}

// Kind names the job.
func (AccountMailJob) Kind() string { return "account_mail" }

// FailedJob is a dead letter: a job whose attempts are used up.
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
