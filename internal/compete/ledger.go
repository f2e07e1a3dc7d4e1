package compete

import (
	"context"
	"errors"
	"time"
)

// ErrCommitUnknown is what Ledger.Transact wraps when COMMIT itself failed: the transaction may have taken effect.
var ErrCommitUnknown = errors.New("the outcome of the commit is unknown")

// ErrConstraint is what a LedgerTx wraps when the database refused a row (a unique, foreign key or check constraint).
var ErrConstraint = errors.New("a constraint refused the change")

// Ledger is where the registrar reads and writes seats.
type Ledger interface {
	// Transact runs f in one read-write transaction and commits, durably, if f returns nil. batchID is recorded in it, for Committed.
	// Errors: what f returned, unchanged; ErrDatabase when the database is away; ErrCommitUnknown.
	Transact(ctx context.Context, batchID string, f func(LedgerTx) error) error
	// Committed reports whether the transaction with this batchID took effect.
	Committed(ctx context.Context, batchID string) (bool, error)
}

// LedgerTx is one transaction of the registrar. Every method is set-based: one statement, or a few, however many rows.
type LedgerTx interface {
	// LockCompetitions locks and reads competitions in the order of their ids, so that two registrars never deadlock. Unknown ids are left out.
	LockCompetitions(ctx context.Context, ids []string) ([]LedgerCompetition, error)
	// RegistrationsByID reads registrations; unknown ids are left out.
	RegistrationsByID(ctx context.Context, ids []string) ([]Registration, error)
	// RegistrationsAt reads the registrations at these places.
	RegistrationsAt(ctx context.Context, places []Place) ([]Registration, error)
	// WaitlistHead reads the first n WAITLISTED registrations of a competition in order of Seq.
	WaitlistHead(ctx context.Context, competitionID string, n int) ([]Registration, error)
	// Uncancelled reads up to n registrations of a competition that are not CANCELLED, in order of Seq.
	Uncancelled(ctx context.Context, competitionID string, n int) ([]Registration, error)
	// IdempotencyRecords reads the unexpired records under these keys.
	IdempotencyRecords(ctx context.Context, keys []IdempotencyKey, now time.Time) ([]IdempotencyRecord, error)

	// SaveCompetitions writes competitions that LockCompetitions read; a row that is not in the state it was read in is ErrConstraint.
	SaveCompetitions(ctx context.Context, changed []LedgerCompetition) error
	// SaveRegistrations inserts registrations, or updates those whose id exists.
	SaveRegistrations(ctx context.Context, changed []Registration) error
	// SaveIdempotencyRecords inserts records, in place of those that IdempotencyRecords found expired. One that exists otherwise is ErrConstraint.
	SaveIdempotencyRecords(ctx context.Context, records []IdempotencyRecord) error
	// CountSeatsTaken adds to the number of seats taken in the current minute, which the sort "filling" reads.
	CountSeatsTaken(ctx context.Context, competitionID string, taken int, now time.Time) error
	// Enqueue adds jobs that run once the transaction has committed.
	Enqueue(ctx context.Context, jobs ...Job) error
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
