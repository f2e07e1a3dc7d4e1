package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// Registrations are counted as they are written: for each blockSize sequence numbers of a competition how many of them
// are seated, wait, or do neither (which are cancelled, where nobody applies or follows a captain), and for each
// organizer how many arrived on a day. A transaction of the registrar adds a row or two to each of the two tables,
// however many registrations it writes. Every count is a sum, so that whoever adds to it needs no other lock: see
// Recount.

const (
	blockSize  = 64
	blockWords = `64` // blockSize as SQL
)

// waitingBetween counts who waits after the seq previous, up to and with r, in r's division if it has one. Whole blocks
// between the two are added up, and at most one at either end is looked through. From 0 on, that is r's position; along
// a list in order of seq, what was counted for each adds up to it.
func waitingBetween(previous string) string {
	return `CASE WHEN r.division_id IS NULL THEN ` + waitingIn("competition_id", "registration_blocks", previous) + `
		ELSE ` + waitingIn("division_id", "division_blocks", previous) + ` END`
}

func waitingIn(owner, blocks, previous string) string {
	rest := `(` + previous + ` / ` + blockWords + ` + 1) * ` + blockWords // begins the block after that of previous
	waits := `w.` + owner + ` = r.` + owner + ` AND w.status = 'WAITLISTED' AND NOT w.follows`
	return `((SELECT count(*) FROM registrations w WHERE ` + waits + `
			AND w.seq > ` + previous + ` AND w.seq < ` + rest + ` AND w.seq <= r.seq)
		+ (SELECT coalesce(sum(b.waiting), 0) FROM ` + blocks + ` b WHERE b.` + owner + ` = r.` + owner + `
			AND b.block > ` + previous + ` / ` + blockWords + ` AND b.block < r.seq / ` + blockWords + `)
		+ (SELECT count(*) FROM registrations w WHERE ` + waits + `
			AND w.seq >= ` + rest + ` AND w.seq >= r.seq / ` + blockWords + ` * ` + blockWords + ` AND w.seq <= r.seq))`
}

// line is where somebody waits.
type line struct{ competitionID, divisionID string }

// addUp adds what waitingBetween counted, which was read into r.Position, and returns r's position.
func addUp(waiting map[line]int, r compete.Registration) int {
	in := line{r.CompetitionID, r.DivisionID}
	waiting[in] += r.Position
	if r.Waits() == 0 {
		return 0
	}
	return waiting[in]
}

// The statements that add to the counts, around the rows that they take.
const (
	intoDays = `INSERT INTO organizer_days (organizer_id, day, slot, registered) `
	addDays  = ` ON CONFLICT (organizer_id, day, slot) DO UPDATE
		SET registered = organizer_days.registered + excluded.registered`
)

func intoBlocks(table, owner string) string {
	return `INSERT INTO ` + table + ` (` + owner + `, block, seated, waiting, cancelled) `
}

func addBlocks(table, owner string) string {
	return ` ON CONFLICT (` + owner + `, block) DO UPDATE SET
		seated = ` + table + `.seated + excluded.seated,
		waiting = ` + table + `.waiting + excluded.waiting,
		cancelled = ` + table + `.cancelled + excluded.cancelled`
}

func blockBulk(table, owner string) *sqldb.Bulk {
	return sqldb.NewBulk(owner+" uuid, block bigint, seated integer, waiting integer, cancelled integer",
		intoBlocks(table, owner)+`{select v.`+owner+`, v.block, v.seated, v.waiting, v.cancelled}`+
			addBlocks(table, owner))
}

var (
	countBlocks         = blockBulk("registration_blocks", "competition_id")
	countDivisionBlocks = blockBulk("division_blocks", "division_id")
	countDays           = sqldb.NewBulk("organizer_id uuid, day integer, slot text, registered integer",
		intoDays+`{select v.organizer_id, v.day, v.slot, v.registered}`+addDays)
)

type (
	blockKey struct {
		ownerID string // a competition or a division
		block   int64
	}
	blockCount struct{ seated, waiting, cancelled int }
	dayKey     struct {
		organizerID string
		day         int64
		slot        string
	}
)

// counted is what a transaction adds to the counts.
type counted struct {
	blocks map[blockKey]blockCount
	// made for the first that is in a division
	divisionBlocks map[blockKey]blockCount
	days           map[dayKey]int
	organizers     map[string]string // by competition, as it was read
}

// add counts a registration n times: 1 for one that is there now, -1 for one as it was before.
func (c *counted) add(r *compete.Registration, n int) {
	addToBlock(c.blocks, blockKey{r.CompetitionID, r.Seq / blockSize}, r, n)
	if r.DivisionID != "" {
		if c.divisionBlocks == nil {
			c.divisionBlocks = map[blockKey]blockCount{}
		}
		addToBlock(c.divisionBlocks, blockKey{r.DivisionID, r.Seq / blockSize}, r, n)
	}
	// a competition that isn't there is refused with the registration
	if organizer, ok := c.organizers[r.CompetitionID]; ok {
		c.days[dayKey{organizer, dayOf(r.RegisteredAt), slotOf(r.CompetitionID)}] += n
	}
}

func addToBlock(blocks map[blockKey]blockCount, block blockKey, r *compete.Registration, n int) {
	count := blocks[block]
	switch {
	case r.Waits() > 0:
		count.waiting += n
	case r.Seats() > 0:
		count.seated += n
	default:
		count.cancelled += n
	}
	blocks[block] = count
}

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// dayOf is the day of a time in UTC, counted from 1970 on.
func dayOf(t time.Time) int64 {
	day := t.UnixMicro() / dayMicros
	if t.UnixMicro()%dayMicros < 0 {
		day--
	}
	return day
}

func slotOf(competitionID string) string { return competitionID[len(competitionID)-1:] }

// blockRows are in the order of their keys, in which every transaction locks them.
func blockRows(blocks map[blockKey]blockCount) (rows [][]any) {
	for key, n := range blocks {
		if n != (blockCount{}) {
			rows = append(rows, []any{key.ownerID, key.block, n.seated, n.waiting, n.cancelled})
		}
	}
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Or(strings.Compare(a[0].(string), b[0].(string)), cmp.Compare(a[1].(int64), b[1].(int64)))
	})
	return rows
}

// dayRows are in the order of their keys, in which every transaction locks them.
func (c *counted) dayRows() (rows [][]any) {
	for key, n := range c.days {
		if n != 0 {
			rows = append(rows, []any{key.organizerID, key.day, key.slot, n})
		}
	}
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Or(strings.Compare(a[0].(string), b[0].(string)), cmp.Compare(a[1].(int64), b[1].(int64)),
			strings.Compare(a[2].(string), b[2].(string)))
	})
	return rows
}

// remember keeps registrations as they were before the transaction, to take them out of the counts once they change.
func (t *ledgerTx) remember(registrations []compete.Registration) {
	if t.before == nil && len(registrations) > 0 {
		t.before = make(map[string]compete.Registration, len(registrations))
	}
	for i := range registrations {
		t.before[registrations[i].ID] = registrations[i]
	}
}

// count adds up what the changes mean for the counts. What the transaction hasn't read is looked up.
func (t *ledgerTx) count(ctx context.Context, changes *compete.LedgerChanges) (*counted, error) {
	if err := t.lookUp(ctx, changes); err != nil {
		return nil, err
	}
	c := &counted{blocks: map[blockKey]blockCount{}, days: map[dayKey]int{}, organizers: t.organizers}
	for i := range changes.Inserted {
		c.add(&changes.Inserted[i], 1)
	}
	for i := range changes.Updated {
		if before, ok := t.before[changes.Updated[i].ID]; ok { // else the statement that saves it inserts it
			c.add(&before, -1)
		}
		c.add(&changes.Updated[i], 1)
	}
	return c, nil
}

func (t *ledgerTx) lookUp(ctx context.Context, changes *compete.LedgerChanges) error {
	var registrations, competitions []string
	for i := range changes.Updated {
		if _, known := t.before[changes.Updated[i].ID]; !known {
			registrations = append(registrations, changes.Updated[i].ID)
		}
	}
	for _, list := range [][]compete.Registration{changes.Inserted, changes.Updated} {
		for i := range list {
			if _, known := t.organizers[list[i].CompetitionID]; !known &&
				!slices.Contains(competitions, list[i].CompetitionID) {
				competitions = append(competitions, list[i].CompetitionID)
			}
		}
	}
	if len(registrations) > 0 {
		found, err := sqldb.List(ctx, t, scanRegistration, registrationsByID, t.Array(registrations))
		if err != nil {
			return err
		}
		t.remember(found)
	}
	if len(competitions) == 0 {
		return nil
	}
	found, err := sqldb.List(ctx, t, sqldb.ScanPair,
		`SELECT c.id, c.organizer_id FROM competitions c WHERE c.id {any $1 uuid}`, t.Array(competitions))
	for _, pair := range found {
		t.rememberOrganizer(pair[0], pair[1])
	}
	return err
}

func (t *ledgerTx) rememberOrganizer(competitionID, organizerID string) {
	if t.organizers == nil {
		t.organizers = map[string]string{}
	}
	t.organizers[competitionID] = organizerID
}

// moveDays counts a competition's registrations for its new organizer instead of the one who had it when the
// transaction read it.
func (t *ledgerTx) moveDays(ctx context.Context, competition *compete.Competition) error {
	before, known := t.organizers[competition.ID]
	if !known || before == competition.Organizer.ID {
		return nil
	}
	days, err := sqldb.List(ctx, t, func(row sqldb.Row) (day [2]int64, err error) {
		err = row.Scan(&day[0], &day[1])
		return day, err
	}, `SELECT {day r.registered_at}, count(*) FROM registrations r WHERE r.competition_id = $1 GROUP BY 1`,
		competition.ID)
	if err != nil {
		return err
	}
	moved := counted{days: map[dayKey]int{}}
	for _, day := range days {
		moved.days[dayKey{before, day[0], slotOf(competition.ID)}] = -int(day[1])
		moved.days[dayKey{competition.Organizer.ID, day[0], slotOf(competition.ID)}] = int(day[1])
	}
	_, err = t.Bulk(ctx, countDays, moved.dayRows())
	return err
}
