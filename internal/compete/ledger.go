package compete

import (
	"context"
	"errors"
	"time"
)

// ErrCommitUnknown is wrapped by the error of Ledger.Transact if COMMIT itself failed, so the transaction may have
// taken effect.
var ErrCommitUnknown = errors.New("the outcome of the commit is unknown")

// ErrConstraint is wrapped by the errors of LedgerTx if the database rejected a row because of a unique, foreign key or
// check constraint.
var ErrConstraint = errors.New("a constraint rejected the change")

// Ledger is the registrar's interface to the stored seats.
type Ledger interface {
	// Transact runs f in one read-write transaction and commits durably if f returns nil. It records batchID in the
	// transaction, for Committed. Errors: f's error, unchanged; ErrDatabase if the database is unavailable;
	// ErrCommitUnknown.
	Transact(ctx context.Context, batchID string, f func(LedgerTx) error) error
	// Committed reports whether the transaction with this batchID took effect.
	Committed(ctx context.Context, batchID string) (bool, error)
}

// LedgerTx is one transaction of the registrar. Every method is set-based: it uses a few statements for any number of
// rows, sent in one round trip if the database is across a network.
type LedgerTx interface {
	// Read locks competitions in the order of their ids, so that two registrars never deadlock, and then reads
	// everything else as of after the lock. Anything that doesn't exist is omitted.
	Read(ctx context.Context, q LedgerQuery) (LedgerState, error)
	// WaitlistHead reads the first n WAITLISTED registrations of a competition, or of one of its divisions unless
	// divisionID is empty, in order of Seq.
	WaitlistHead(ctx context.Context, competitionID, divisionID string, n int) ([]Registration, error)
	// Uncancelled reads up to n registrations of a competition, or of one of its divisions unless divisionID is empty,
	// that are not CANCELLED, in order of Seq.
	Uncancelled(ctx context.Context, competitionID, divisionID string, n int) ([]Registration, error)
	// Offered reads up to n OFFERED registrations of a competition whose ConfirmBy is later than the given time, in
	// order of Seq.
	Offered(ctx context.Context, competitionID string, after time.Time, n int) ([]Registration, error)
	// Answers reads the answers of a registration; nil if it has none.
	Answers(ctx context.Context, registrationID string) (Answers, error)
	// Answered returns those among the questions to which one of the first n registrations with answers for the
	// competition, cancelled or not, has an answer, in any order. all reports that there are no further ones that could
	// have others.
	Answered(ctx context.Context, competitionID string, questionIDs []string, n int) (answered []string, all bool,
		err error)
	// Prepared reads what was filled in ahead for the places; those without are omitted.
	Prepared(ctx context.Context, places []Place) (map[Place]PreparedEntry, error)
	// Teams reads teams with their members.
	Teams(ctx context.Context, q TeamQuery) ([]LedgerTeam, error)
	// Stranded reads up to n teams of a competition whose captain's account is disabled, and that have a member who
	// can take over.
	Stranded(ctx context.Context, competitionID string, n int) ([]StrandedTeam, error)
	// Incomplete reads registrations that are neither CANCELLED nor REJECTED and are in a team with too few members
	// like these, or in none, in order of Seq.
	Incomplete(ctx context.Context, q IncompleteQuery) ([]Registration, error)
	// Freed reads how many seats of dropped teams of a competition, or given up while it was paused, haven't passed on
	// yet. dropping reports that incomplete teams are dropped at its deadline, and not all have been yet.
	Freed(ctx context.Context, competitionID string) (seats int, dropping bool, err error)
	// ReleasePage reads the release under way of a competition and up to n of its drafts, in order of Seq.
	ReleasePage(ctx context.Context, competitionID string, n int) (ReleasePage, error)
	// DrawPage reads the draw of a competition whose order is saved and not done, and up to n of its next places.
	DrawPage(ctx context.Context, competitionID string, n int) (DrawPage, error)
	// EarlierContent reads the content of a competition in a version that was replaced within IdempotencyTTL, with the
	// organizer's current name.
	EarlierContent(ctx context.Context, competitionID string, version int) (content Competition, found bool, err error)
	// AddUser creates an account without a password, unless there is one with its address, which it reports.
	AddUser(ctx context.Context, u User) (taken bool, err error)
	// Write writes the outcome. It is called once. It fails with ErrConstraint if a competition is no longer in the
	// state in which it was read, if a new registration's place or Seq is taken, or if an unexpired record has the key
	// of a new one.
	Write(ctx context.Context, c LedgerChanges) error
}

// LedgerQuery describes what a transaction needs to read.
type LedgerQuery struct {
	CompetitionIDs  []string // the competitions of RegistrationIDs are locked and read too
	RegistrationIDs []string
	Places          []Place
	Keys            []IdempotencyKey
	Prepared        []Place // as for LedgerTx.Prepared, but in the same round trip
	// records that expired earlier are omitted; Write frees their keys for new ones
	Now time.Time
}

// IncompleteQuery describes what LedgerTx.Incomplete reads.
type IncompleteQuery struct {
	CompetitionID string
	Least         int   // members of a team
	After, Last   int64 // the first Seq is later than After, and the last is Last
	Limit         int
}

// LedgerState is the result of a LedgerQuery.
type LedgerState struct {
	Competitions  []LedgerCompetition
	Registrations []Registration // at the places, or with the ids
	Disabled      []string       // those of RegistrationIDs whose person has a disabled account
	Records       []IdempotencyRecord
	Prepared      map[Place]PreparedEntry
}

// LedgerChanges is the outcome of a transaction.
type LedgerChanges struct {
	Competitions []LedgerCompetition // as returned by Read, with changes
	Replaced     []Competition       // contents that were replaced, for EarlierContent
	Inserted     []Registration
	Updated      []Registration
	Records      []IdempotencyRecord
	// by competition, added to those taken in the minute of Now; used by the sort "filling"
	SeatsTaken map[string]int
	Now        time.Time
	Answers    map[string]string // by registration: what it has from now on, as Answers.Encode returns it
	Moves      []LedgerMove      // at most one per competition
	Jobs       []Job             // to run once the transaction has committed
	Audit      []AuditRecord
	NewTeams   []Team
	Teams      []Team         // changed
	GoneTeams  []string       // in which nobody is any more
	Freed      map[string]int // by competition: what LedgerTx.Freed reads from now on
	HandOvers  []HandOver     // where seats are for teams
	Releases   []LedgerRelease
	Draws      []Draw // their progress: LastPlace, the counts, and FinishedAt
}

// LedgerRelease is the progress of a release. The drafts of the registrations in Done are deleted.
type LedgerRelease struct {
	Release
	Done []string
}

// TeamQuery says which teams to read. Those that don't exist are omitted.
type TeamQuery struct {
	IDs     []string
	Numbers []TeamNumber
	Names   []TeamName
	Joined  []TeamNumber // of which a TeamBrief is enough
}

// IsZero reports whether the query asks for nothing.
func (q *TeamQuery) IsZero() bool { return len(q.IDs)+len(q.Numbers)+len(q.Names)+len(q.Joined) == 0 }

// TeamNumber identifies a team by its number, which is part of its code.
type TeamNumber struct {
	CompetitionID string
	Number        int64
}

// TeamName identifies a team by its name, as TeamKey returns it.
type TeamName struct{ CompetitionID, Key string }

// LedgerTeam is a team with the registrations of its members, those that are not CANCELLED.
type LedgerTeam struct {
	Team
	Members []Registration
	Brief   *TeamBrief // instead of Members
}

// TeamBrief is what joining a team depends on. To read it takes a rush half as long as to read all members.
type TeamBrief struct {
	Captain Registration // with DivisionID, Status and ConfirmBy alone; it is not CANCELLED
	Size    int          // members, without those whose application was rejected
}

// StrandedTeam is a team whose captain has a disabled account.
type StrandedTeam struct {
	TeamID, CaptainID string
	NextID            string // user: the member who has been in the competition for longest, of those who can take over
}

// HandOver makes another registration that of a team's captain. What belongs to the team as a whole moves to it:
// decisions, reviews, and the place in a draw.
type HandOver struct{ From, To string }

// Place identifies a registration by its unique pair of a user and a competition.
type Place struct{ UserID, CompetitionID string }

// IdempotencyKey identifies an idempotency record. Each user has their own keys.
type IdempotencyKey struct{ UserID, Key string }

// LedgerCompetition is a competition as the registrar sees it, with the next sequence number and the state in which it
// was read.
type LedgerCompetition struct {
	Competition
	NextSeq int64

	ReadVersion   int        // Version when it was locked
	ReadNextSeq   int64      // NextSeq when it was locked
	ReadDivisions []Division // Divisions when it was locked
	ContentSet    bool       // the content (title, tags, dates, …) changed too, not just the seats
}
