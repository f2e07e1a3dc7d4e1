package registrar

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// batch is the state of one transaction: what was read, the effects of the commands so far, and what remains to be
// written.
type batch struct {
	ctx      context.Context
	tx       compete.LedgerTx
	sealer   compete.Sealer
	commands []*command
	answers  []answer
	step     int             // the size of a page of decisions or drawn places
	asked    map[string]bool // competitions that asked for something in the batch before, and probably still do

	competitions map[string]*competition
	places       map[compete.Place]*compete.Registration
	byID         map[string]*compete.Registration // the same registrations, by id
	records      map[compete.IdempotencyKey]compete.IdempotencyRecord

	replaced   []compete.Competition   // replaced contents of competitions
	inserted   []*compete.Registration // in order of arrival
	updated    []*compete.Registration // in order of their first change
	isDirty    map[string]bool         // whether updated contains it
	prepared   map[compete.Place]ahead // where a press brings nothing
	answered   map[string]string       // new answers, by registration, as they are stored
	newRecords []compete.IdempotencyRecord
	moves      []compete.LedgerMove
	runs       []compete.NoticeRun
	lastRun    map[runKey]int // index into runs
	teams      teams
	freed      map[string]int // see freedSeats; by competition, if that changed
	reminders  []compete.NotifyJob
	notices    []compete.Notice // messages beside those of runs
	releases   []compete.LedgerRelease
	draws      []compete.Draw
	disabled   []string      // registrations of disabled accounts that this batch may put on a waitlist
	settle     []string      // competitions that need further pages
	changed    []string      // competitions that changed
	notified   []string      // competitions whose pages are notified, changed or not
	trace      string        // of the current command
	held       time.Duration // how long the transaction was open

	drawnMessages int            // among those of runs, which nobody caused who waits for an answer
	origin        compete.Origin // of the current command
	audit         []compete.AuditRecord
}

// runKey identifies the runs that a registration can be added to.
type runKey struct {
	competitionID string
	kind          compete.MessageKind
}

// competition is a locked competition with the changes made by this batch.
type competition struct {
	compete.LedgerCompetition
	dirty   bool
	taken   int                  // seats assigned in this batch
	waiting map[string]*waitlist // by division; of a competition without divisions, under ""
	asked   string               // Questions.Digest; empty until it is needed
	access  string               // AccessDigest; likewise

	released bool // a page of its decisions was released in this batch
	drawn    bool // a page of its draw was done in this batch
	handed   bool // a captain handed over in this batch, whose decision or place in a draw moves along
}

func newBatch(ctx context.Context, tx compete.LedgerTx, sealer compete.Sealer, commands []*command) *batch {
	return &batch{
		ctx: ctx, tx: tx, sealer: sealer, commands: commands, answers: make([]answer, len(commands)),
		competitions: map[string]*competition{},
		places:       make(map[compete.Place]*compete.Registration, len(commands)),
		byID:         make(map[string]*compete.Registration, len(commands)),
		records:      make(map[compete.IdempotencyKey]compete.IdempotencyRecord, len(commands)),
		isDirty:      make(map[string]bool, len(commands)),
		inserted:     make([]*compete.Registration, 0, len(commands)),
		newRecords:   make([]compete.IdempotencyRecord, 0, len(commands)),
		lastRun:      map[runKey]int{},
	}
}

// needs collects what the commands of a batch need to read.
type needs struct {
	competitionIDs  set[string]
	registrationIDs set[string] // their competitions are read too
	places          set[compete.Place]
	keys            set[compete.IdempotencyKey]
}

// read locks the affected competitions and reads their rows.
func (b *batch) read() error {
	n := needs{places: newSet[compete.Place](len(b.commands)), keys: newSet[compete.IdempotencyKey](len(b.commands))}
	for _, c := range b.commands {
		c.needs(&n)
	}
	state, err := b.tx.Read(b.ctx, compete.LedgerQuery{
		CompetitionIDs: n.competitionIDs.list, RegistrationIDs: n.registrationIDs.list, Places: n.places.list,
		Keys: n.keys.list, Prepared: b.emptyHanded(func(id string) bool { return b.asked[id] }),
		Now: b.commands[0].arrived,
	})
	if err != nil {
		return err
	}
	for _, c := range state.Competitions {
		b.competitions[c.ID] = &competition{LedgerCompetition: c}
	}
	b.addRead(state.Registrations)
	b.disabled = state.Disabled
	for _, record := range state.Records {
		b.records[compete.IdempotencyKey{UserID: record.UserID, Key: record.Key}] = record
	}
	if err := b.readPrepared(state.Prepared); err != nil {
		return err
	}
	for _, c := range b.competitions {
		if c.Team != nil {
			return b.readTeams()
		}
	}
	return nil
}

// addRead adds registrations that were read. Known ones are kept, because this batch may have changed them.
func (b *batch) addRead(found []compete.Registration) {
	for _, r := range found {
		if b.byID[r.ID] == nil {
			b.index(&r)
		}
	}
}

func (b *batch) index(r *compete.Registration) {
	b.byID[r.ID] = r
	b.places[compete.Place{UserID: r.UserID, CompetitionID: r.CompetitionID}] = r
}

// addNew adds a registration to be inserted.
func (b *batch) addNew(r *compete.Registration) {
	b.index(r)
	b.isDirty[r.ID] = true
	b.inserted = append(b.inserted, r)
}

// decide answers all commands in order of arrival. A database error aborts the batch; a refusal is a regular answer.
func (b *batch) decide() error {
	for i, c := range b.commands {
		b.trace, b.origin = c.traceparent(), c.origin
		result, refusal, err := c.decide(b, c.arrived)
		if err != nil {
			return err
		}
		b.answers[i] = answer{result, refusal}
	}
	return nil
}

// markChanged marks a registration as changed, so that its final state is written once.
func (b *batch) markChanged(r *compete.Registration, now time.Time) {
	r.UpdatedAt = now
	if !b.isDirty[r.ID] {
		b.isDirty[r.ID] = true
		b.updated = append(b.updated, r)
	}
}

// keep adds an idempotency record to be inserted.
func (b *batch) keep(r compete.IdempotencyRecord) *compete.IdempotencyRecord {
	b.records[compete.IdempotencyKey{UserID: r.UserID, Key: r.Key}] = r
	b.newRecords = append(b.newRecords, r)
	return &b.newRecords[len(b.newRecords)-1]
}

// notify requests a message. If it directly follows the last one of its kind in the order of arrival, it extends that
// run.
func (b *batch) notify(r *compete.Registration, kind compete.MessageKind) {
	key := runKey{r.CompetitionID, kind}
	i, ok := b.lastRun[key]
	if ok && b.runs[i].Last == r.Seq-1 {
		b.runs[i].Last = r.Seq
	} else {
		i = len(b.runs)
		b.lastRun[key] = i
		b.runs = append(b.runs, compete.NoticeRun{
			CompetitionID: r.CompetitionID, First: r.Seq,
			Last: r.Seq, Kind: kind,
		})
	}
	if b.trace == "" {
		return
	}
	run := &b.runs[i]
	if run.Traces == nil {
		run.Traces = map[int64]string{}
	}
	run.Traces[r.Seq] = b.trace
}

// messages returns the number of requested messages.
func (b *batch) messages() int { return compete.NotifyJob{Runs: b.runs}.Len() }

// move schedules messages about a new time or place to everybody registered or waiting. They are delayed, because
// further changes may follow.
func (b *batch) move(c *competition, newID func() string, before compete.Schedule) {
	if c.Schedule().Same(before) || c.Registered()+c.Waitlisted == 0 && !c.TakesApplications() {
		return
	}
	for i := range b.moves {
		if b.moves[i].CompetitionID == c.ID { // a second change within this batch
			b.moves[i].BeforeSeq = c.NextSeq
			return
		}
	}
	b.moves = append(b.moves,
		compete.LedgerMove{CompetitionID: c.ID, ID: newID(), Before: before, BeforeSeq: c.NextSeq})
}

// write saves the outcome. A batch that changed nothing isn't written.
func (b *batch) write() error {
	changes := compete.LedgerChanges{SeatsTaken: map[string]int{}, Records: b.newRecords, Now: b.commands[0].arrived}
	for _, id := range slices.Sorted(maps.Keys(b.competitions)) {
		c := b.competitions[id]
		if !c.dirty {
			continue
		}
		b.changed = append(b.changed, id)
		changes.Competitions = append(changes.Competitions, c.LedgerCompetition)
		if c.taken > 0 {
			changes.SeatsTaken[id] = c.taken
		}
	}
	if len(b.changed) == 0 {
		return nil
	}
	answers, err := b.lasting(changes.Now)
	if err != nil {
		return err
	}
	changes.Replaced, changes.Answers = b.replaced, answers
	changes.Inserted, changes.Updated, changes.Moves, changes.Jobs, changes.Audit = values(b.inserted),
		values(b.updated), b.moves, b.jobs(), b.audit
	changes.Releases, changes.Draws = b.releases, b.draws
	changes.Freed = b.freed
	changes.NewTeams, changes.Teams = b.teams.changed()
	changes.GoneTeams, changes.HandOvers = b.teams.gone, b.teams.handed
	return b.tx.Write(b.ctx, changes)
}

// jobs returns one NotifyJob for the whole batch (several if it became long because of pages, or decisions were
// released), a SettleJob for each competition with more to do, and a MoveJob for each competition that was moved.
func (b *batch) jobs() []compete.Job {
	var jobs []compete.Job
	var notify compete.NotifyJob
	for i, run := range b.runs {
		notify.Runs = append(notify.Runs, run)
		if i == len(b.runs)-1 || notify.Len() >= DefaultBatchSize {
			jobs = append(jobs, notify)
			notify = compete.NotifyJob{}
		}
	}
	for page := range slices.Chunk(b.notices, DefaultBatchSize) {
		jobs = append(jobs, compete.NotifyJob{Notices: page})
	}
	for _, reminder := range b.reminders {
		jobs = append(jobs, reminder)
	}
	for _, id := range b.settle {
		jobs = append(jobs, compete.SettleJob{CompetitionID: id})
	}
	for _, move := range b.moves {
		jobs = append(jobs, compete.MoveJob{CompetitionID: move.CompetitionID, MoveID: move.ID})
	}
	return jobs
}

// set is a list of distinct values in the order in which they were first added.
type set[T comparable] struct {
	list []T
	has  map[T]bool
}

// newSet returns an empty set with room for n values.
func newSet[T comparable](n int) set[T] { return set[T]{make([]T, 0, n), make(map[T]bool, n)} }

func (s *set[T]) add(v T) {
	if s.has == nil {
		s.has = map[T]bool{}
	}
	if !s.has[v] {
		s.has[v] = true
		s.list = append(s.list, v)
	}
}

func values(pointers []*compete.Registration) []compete.Registration {
	list := make([]compete.Registration, len(pointers))
	for i, p := range pointers {
		list[i] = *p
	}
	return list
}
