package compete

import (
	"context"
	"errors"
	"time"
)

// ErrCommitUnknown is what Ledger.Transact wraps when COMMIT itself failed: the transaction may have taken effect.
var ErrCommitUnknown = errors.New("the outcome of the commit is unknown")

// ErrConstraint is what a LedgerTx wraps when the database refused a row (a unique, foreign key or check constraint).
var ErrConstraint = errors.New("a constraint rejected the change")

// Ledger is where the registrar reads and writes seats.
type Ledger interface {
	// Transact runs f in one read-write transaction and commits, durably, if f returns nil. batchID is recorded in it,
	// for Committed. Errors: what f returned, unchanged; ErrDatabase when the database is away; ErrCommitUnknown.
	Transact(ctx context.Context, batchID string, f func(LedgerTx) error) error
	// Committed reports whether the transaction with this batchID took effect.
	Committed(ctx context.Context, batchID string) (bool, error)
}

// LedgerTx is one transaction of the registrar. Every method is set-based: a few statements, however many rows, in one
// exchange with the database where it is across a network.
type LedgerTx interface {
	// Read locks competitions in the order of their ids, so that two registrars never deadlock, and then reads the
	// rest, as it stands behind the lock. What does not exist is left out.
	Read(ctx context.Context, q LedgerQuery) (LedgerState, error)
	// WaitlistHead reads the first n WAITLISTED registrations of a competition in order of Seq.
	WaitlistHead(ctx context.Context, competitionID string, n int) ([]Registration, error)
	// Uncancelled reads up to n registrations of a competition that are not CANCELLED, in order of Seq.
	Uncancelled(ctx context.Context, competitionID string, n int) ([]Registration, error)
	// Offered reads up to n OFFERED registrations of a competition whose ConfirmBy is later than the given time, in
	// order of Seq.
	Offered(ctx context.Context, competitionID string, after time.Time, n int) ([]Registration, error)
	// EarlierContent reads what a competition's content was in a version that was replaced within IdempotencyTTL, with
	// the organizer's name as it is now.
	EarlierContent(ctx context.Context, competitionID string, version int) (content Competition, found bool, err error)
	// Write writes the outcome, once. It fails with ErrConstraint when a competition is not in the state it was read
	// in, a new registration's place or Seq is taken, or there is an unexpired record under a new one's key.
	Write(ctx context.Context, c LedgerChanges) error
}

// LedgerQuery is what a transaction needs to know.
type LedgerQuery struct {
	CompetitionIDs  []string // those of RegistrationIDs are locked and read too
	RegistrationIDs []string
	Places          []Place
	Keys            []IdempotencyKey
	// records that expired before are left out; Write makes room for new ones under their keys
	Now time.Time
}

// LedgerState is what a LedgerQuery found.
type LedgerState struct {
	Competitions  []LedgerCompetition
	Registrations []Registration // at the places, or with the ids
	Records       []IdempotencyRecord
}

// LedgerChanges is what a transaction leaves behind.
type LedgerChanges struct {
	Competitions []LedgerCompetition // as Read gave them, with what changed
	Replaced     []Competition       // contents that were replaced, for EarlierContent
	Inserted     []Registration
	Updated      []Registration
	Records      []IdempotencyRecord
	// by competition: adds to those taken in the minute of Now, which the sort "filling" reads
	SeatsTaken map[string]int
	Now        time.Time
	Moves      []LedgerMove // one for a competition at most
	Jobs       []Job        // that run once the transaction has committed
	Audit      []AuditRecord
}

// Place names a registration by what is unique about it: one user's place in one competition.
type Place struct{ UserID, CompetitionID string }

// IdempotencyKey names an idempotency record: a key counts for its user alone.
type IdempotencyKey struct{ UserID, Key string }

// LedgerCompetition is a competition as the registrar sees it: with the next sequence number, and as it was read.
type LedgerCompetition struct {
	Competition
	NextSeq int64

	ReadVersion int   // Version when it was locked
	ReadNextSeq int64 // NextSeq when it was locked
	ContentSet  bool  // the content (title, tags, dates, …) changed too, not the seats alone
}
