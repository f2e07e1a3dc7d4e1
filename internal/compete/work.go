package compete

import (
	"context"
	"time"
)

// WorkStore is what the background jobs read and write. Every method is safe to run twice, and after the rows have
// moved on.
type WorkStore interface {
	// Targets reads what the notices are about. A notice whose registration has another Seq by now is left out.
	Targets(ctx context.Context, notices []Notice) ([]Target, error)
	// Deliver, in one transaction: PENDING registrations among confirm (same id and Seq) become CONFIRMED, and messages
	// that are not there yet are written. Left out are messages whose registration has another Seq by now, and those of
	// kind MessageConfirmed and MessagePromoted whose registration holds no seat any more, or of kind MessageChanged
	// whose registration is cancelled. It returns how many messages were new.
	Deliver(ctx context.Context, confirm []Notice, messages []Message, now time.Time) (int, error)
	// NoticesOf lists what the runs ask for, by the registrations that have these Seqs now.
	NoticesOf(ctx context.Context, runs []NoticeRun) ([]Notice, error)
	// StalePending lists up to limit PENDING registrations last changed before the given time that no failed job names
	// (one that was sent again doesn't count), as notices of kind MessagePromoted where PromotedAt is set and
	// ConfirmBy isn't, of MessageConfirmed otherwise.
	StalePending(ctx context.Context, before time.Time, limit int) ([]Notice, error)

	// OffersOver lists up to limit OFFERED registrations whose ConfirmBy is the given time or earlier, by id, those
	// that are over the longest first. Those of cancelled competitions are left out.
	OffersOver(ctx context.Context, at time.Time, limit int) ([]string, error)

	// StartingBetween lists published competitions whose StartDate is in (from, to], by id after afterID, up to limit.
	StartingBetween(ctx context.Context, from, to time.Time, afterID string, limit int) ([]Competition, error)
	// ReminderTargets reads a page of a competition's CONFIRMED registrations with Seq > afterSeq that have no reminder
	// for its StartDate yet, and whose user wants some and isn't disabled, in order of Seq, as targets of kind
	// MessageReminder. It also returns the Seq to go on after; 0 when the page was the last one. Any page may hold
	// fewer than limit, or none.
	ReminderTargets(ctx context.Context, competitionID string, afterSeq int64, limit int) (targets []Target,
		next int64, err error)

	// EndMove, in one transaction: the move with this id is over, and a TellMoveJob for it is enqueued, unless the
	// competition is where it was or cancelled. A move that is over already, or never began, is left alone.
	EndMove(ctx context.Context, competitionID, moveID string) error
	// MoveTargets reads a page of whom a TellMoveJob tells, who still are registered or waiting and whose account is
	// not disabled, in order of Seq, as targets of kind MessageChanged. It also returns the Seq to go on after; 0 when
	// the page was the last one. Any page may hold fewer than limit, or none.
	MoveTargets(ctx context.Context, j TellMoveJob, limit int) (targets []Target, next int64, err error)

	// TidyTexts brings what tools outside wrote by SQL into form: names, titles, places, tags and addresses as package
	// normal has them, and what a search finds them by.
	TidyTexts(ctx context.Context) error
	// RefreshFilling brings the counts behind SortFilling up to date: seats taken in the hour before now.
	RefreshFilling(ctx context.Context, now time.Time) error
	// CleanUp deletes in pages what is older than its time: idempotency records that expired, failed jobs, registrar
	// batches, expired sessions. A session that ended is kept until it has expired: forgotten earlier, its token would
	// count again. Messages and addresses follow, and registrations of competitions long past become anonymous.
	CleanUp(ctx context.Context, ages CleanUpAges, now time.Time) (CleanUpReport, error)
	// Recount compares the counts of registrations that are kept with the registrations, rights those that differ
	// because a tool outside wrote registrations, and returns how many there were.
	Recount(ctx context.Context) (wrong int, err error)

	// ExpandAudit moves to the audit log what the registrar's oldest transactions have left for it, up to so many of
	// them, and returns how many there were.
	ExpandAudit(ctx context.Context, limit int) (int, error)

	// SaveFailedJob adds a failed job; one with this JobID that is there already stays as it is.
	SaveFailedJob(ctx context.Context, j FailedJob) error
}

// Target is what a message is made from.
type Target struct {
	Notice
	Registration Registration // with Position when it is WAITLISTED
	Participant  Participant
	Competition  Competition // its summary
	TimeZone     string      // of the participant; empty when it is not known
}

// Holds reports whether what the message says is still so, and news: a job may run long after the change that asked for
// it. An unknown kind holds: it is for whoever words it to refuse, not to lose.
func (t *Target) Holds() bool {
	holds := t.Kind.Traits().Holds
	return holds == nil || holds(t)
}

// CleanUpAges says how long things are kept. Of those below Sessions, 0 means forever.
type CleanUpAges struct {
	FailedJobs time.Duration
	Sessions   time.Duration // after they have expired

	Messages       time.Duration
	Addresses      time.Duration // networks in sessions, after their last use, and addresses in the audit log
	UnusedAccounts time.Duration // after their last use; see Erasure.EraseUnused
	Registrations  time.Duration // with their people's names, after the competition is over
	Audit          time.Duration // MinAuditAge at least; it is never kept forever
}

// CleanUpReport counts what was deleted.
type CleanUpReport struct {
	IdempotencyKeys int
	Contents        int // of competitions, that were replaced
	FailedJobs      int
	Sessions        int
	Batches         int
	Links           int
	Messages        int
	Addresses       int
	Registrations   int // that are anonymous now
	Audit           int
}

// Seats is what a live page shows of a competition.
type Seats struct {
	CompetitionID string
	Capacity      int
	SeatsLeft     int
	Waitlisted    int
	Phase         Phase
}

// Seats is what a live page shows of the competition at the given time.
func (c *Competition) Seats(now time.Time) Seats {
	return Seats{
		CompetitionID: c.ID, Capacity: c.Capacity, SeatsLeft: c.SeatsLeft, Waitlisted: c.Waitlisted,
		Phase: c.Phase(now),
	}
}

// SeatsNotifier is told after each commit which competitions changed. It never blocks.
type SeatsNotifier interface {
	Changed(competitionIDs ...string)
}
