package compete

import (
	"context"
	"slices"
	"time"
)

// WorkStore is the store of the background jobs. Every method can safely be run twice, and after the rows have changed.
type WorkStore interface {
	// Targets reads the targets of notices. A notice is omitted if its registration now has another Seq. Where seats
	// are for teams, it is for the registration that has its Seq now: the places of captains pass on with their role.
	Targets(ctx context.Context, notices []Notice) ([]Target, error)
	// Deliver, in one transaction, changes PENDING registrations in confirm (same id and Seq) to CONFIRMED and writes
	// messages that don't exist yet. It omits messages whose registration now has another Seq, those of kind
	// MessageConfirmed or MessagePromoted whose registration no longer holds a seat, and those of kind MessageChanged
	// whose registration is cancelled. It returns the number of new messages.
	Deliver(ctx context.Context, confirm []Notice, messages []Message, now time.Time) (int, error)
	// NoticesOf expands runs into notices, using the registrations that have these Seqs now.
	NoticesOf(ctx context.Context, runs []NoticeRun) ([]Notice, error)
	// StalePending lists up to limit PENDING registrations that were last changed before the given time and aren't
	// named by a failed job (one that was retried doesn't count). The notices are of kind MessagePromoted if PromotedAt
	// is set and ConfirmBy isn't, otherwise of kind MessageConfirmed.
	StalePending(ctx context.Context, before time.Time, limit int) ([]Notice, error)

	// OffersOver lists the ids of up to limit OFFERED registrations whose ConfirmBy is at or before the given time,
	// longest overdue first. Registrations for cancelled competitions are omitted.
	OffersOver(ctx context.Context, at time.Time, limit int) ([]string, error)

	// Stranded lists the ids of up to limit published competitions, some of them several times, where a team's captain
	// has a disabled account although another member could take over.
	Stranded(ctx context.Context, limit int) ([]string, error)

	// StartingBetween lists up to limit published competitions whose StartDate is in (from, to], in order of StartDate
	// and id. With an afterID, it also lists those that start at from and have a later id, so that a list goes on after
	// its last competition.
	StartingBetween(ctx context.Context, from, to time.Time, afterID string, limit int) ([]Competition, error)
	// ReminderTargets reads a page of a competition's CONFIRMED registrations with Seq > afterSeq, in order of Seq, as
	// targets of kind MessageReminder. It omits those that already have a reminder for the StartDate, and users who
	// don't want reminders or are disabled. It also returns the Seq after which to continue, or 0 if this was the last
	// page. Any page may have fewer than limit targets, or none.
	ReminderTargets(ctx context.Context, competitionID string, afterSeq int64, limit int) (targets []Target,
		next int64, err error)
	// JointReminderTargets is ReminderTargets for several competitions with few registrations each: it reads a page of
	// all their registrations after a place, in order of competition and Seq. It also returns the place after which to
	// continue, or the zero value if this was the last page.
	JointReminderTargets(ctx context.Context, competitionIDs []string, after ReminderPlace, limit int) (
		targets []Target, next ReminderPlace, err error)

	// EndMove, in one transaction, ends the move with this id and enqueues a TellMoveJob for it, unless the competition
	// is back at its earlier time and place or is cancelled. It does nothing if the move has already ended or never
	// began.
	EndMove(ctx context.Context, competitionID, moveID string) error
	// MoveTargets reads a page of the recipients of a TellMoveJob, in order of Seq, as targets of kind MessageChanged:
	// those still registered or waiting whose accounts aren't disabled. It also returns the Seq after which to
	// continue, or 0 if this was the last page. Any page may have fewer than limit targets, or none.
	MoveTargets(ctx context.Context, j TellMoveJob, limit int) (targets []Target, next int64, err error)

	// TidyTexts normalizes what external tools wrote by SQL (names, titles, places, tags and addresses, as package
	// normal does) and adds the text by which searches find it.
	TidyTexts(ctx context.Context) error
	// RefreshFilling updates the counts behind SortFilling: seats taken in the hour before now.
	RefreshFilling(ctx context.Context, now time.Time) error
	// CleanUp deletes, in pages, what has been kept long enough: expired idempotency records, failed jobs, registrar
	// batches, expired sessions. A session that ended is kept until it has expired, because forgetting it earlier would
	// make its token valid again. It also deletes old messages and addresses, answers to sensitive questions, and
	// what was filled in ahead, and anonymizes registrations for competitions long past. pause, if set, runs before
	// each page.
	CleanUp(ctx context.Context, ages CleanUpAges, now time.Time, pause func()) (CleanUpReport, error)
	// Recount compares the stored counts of registrations with the registrations themselves, corrects those that differ
	// because an external tool wrote registrations, and returns how many did. pause, if set, runs before each page.
	Recount(ctx context.Context, pause func()) (wrong int, err error)

	// ExpandAudit moves up to limit of the registrar's oldest pending transactions to the audit log, and returns how
	// many it moved.
	ExpandAudit(ctx context.Context, limit int) (int, error)

	// SaveFailedJob adds a failed job, unless there already is one with this JobID.
	SaveFailedJob(ctx context.Context, j FailedJob) error
}

// Target contains the data for a message.
type Target struct {
	Notice
	Registration Registration // with Position if it is WAITLISTED
	Participant  Participant
	Competition  Competition // a summary
	TimeZone     string      // of the participant; empty if unknown
	Team         TargetTeam  // the zero value if the registration is in none
}

// TargetTeam is what a message says of a team.
type TargetTeam struct {
	Name      string
	CaptainID string // user
	Size      int    // members; only for MessageTeamTooSmall
}

// Holds reports whether the message would still be true and news, since a job may run long after the change that asked
// for it. An unknown kind holds, so that composing it fails instead of losing it.
func (t *Target) Holds() bool {
	holds := t.Kind.Traits().Holds
	return holds == nil || holds(t)
}

// CleanUpAges sets how long things are kept. For the fields below Sessions, 0 means forever.
type CleanUpAges struct {
	FailedJobs time.Duration
	Sessions   time.Duration // after they expire

	Messages       time.Duration
	Addresses      time.Duration // networks of sessions, after their last use, and addresses in the audit log
	UnusedAccounts time.Duration // after their last use; see Erasure.EraseUnused
	Registrations  time.Duration // with the names of people, after the competition is over
	Audit          time.Duration // at least MinAuditAge; never kept forever
}

// CleanUpReport counts what was deleted.
type CleanUpReport struct {
	IdempotencyKeys int
	Contents        int // replaced contents of competitions
	FailedJobs      int
	Sessions        int
	Batches         int
	Links           int
	Messages        int
	Addresses       int
	Registrations   int // that were anonymized
	Answers         int // registrations with answers to sensitive questions
	Preparations    int // for competitions whose registration is over
	Audit           int
}

// Seats is the part of a competition shown on live pages.
type Seats struct {
	CompetitionID string
	Capacity      int
	SeatsLeft     int
	Waitlisted    int
	Phase         Phase
	Applied       bool            // people apply, so seats are assigned later
	Divisions     []DivisionSeats // nil for none
}

// DivisionSeats is the part of a division shown on live pages.
type DivisionSeats struct {
	Division
	Phase Phase
}

// Equal reports whether live pages show the same.
func (s Seats) Equal(other Seats) bool {
	return s.CompetitionID == other.CompetitionID && s.Capacity == other.Capacity && s.SeatsLeft == other.SeatsLeft &&
		s.Waitlisted == other.Waitlisted && s.Phase == other.Phase && s.Applied == other.Applied &&
		slices.Equal(s.Divisions, other.Divisions)
}

// Seats returns what live pages show of the competition at the given time.
func (c *Competition) Seats(now time.Time) Seats {
	seats := Seats{
		CompetitionID: c.ID, Capacity: c.Capacity, SeatsLeft: c.SeatsLeft, Waitlisted: c.Waitlisted,
		Phase: c.Phase(now), Applied: c.TakesApplications(),
	}
	for _, d := range c.Divisions {
		seats.Divisions = append(seats.Divisions, DivisionSeats{d, c.PhaseIn(d.ID, now)})
	}
	return seats
}

// SeatsNotifier is notified after each commit about the competitions that changed. It never blocks.
type SeatsNotifier interface {
	Changed(competitionIDs ...string)
}
