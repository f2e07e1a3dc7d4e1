package registrar_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// memoryLedger is an in-memory ledger that fulfills the contract of compete.Ledger. Its transactions run one at a time.
type memoryLedger struct {
	// called around each transaction, if set; an error aborts it there, except after the commit, which isn't undone
	before, atCommit, after func() error

	mu            sync.Mutex
	competitions  map[string]compete.LedgerCompetition
	registrations map[string]compete.Registration
	records       map[compete.IdempotencyKey]compete.IdempotencyRecord
	replaced      []compete.Competition
	drafts        map[string]compete.Draft // by registration
	teams         map[string]compete.Team
	freed         map[string]int // seats of dropped teams, by competition
	dropping      bool           // it isn't recorded that all incomplete teams were dropped
	looked        []compete.IncompleteQuery
	answers       map[string]string // by registration, as they are stored
	prepared      map[compete.Place]compete.PreparedEntry
	release       compete.Release
	draw          compete.Draw
	drawn         []string        // registrations in drawn order
	disabled      map[string]bool // users who are skipped on the waitlist
	missing       map[string]bool // users who don't exist
	committed     map[string]bool // batches
	changes       []compete.LedgerChanges
	transactions  int // number begun
	lookUps       int // number of calls of Committed
}

func newMemoryLedger(competitions ...compete.Competition) *memoryLedger {
	m := &memoryLedger{
		competitions: map[string]compete.LedgerCompetition{}, registrations: map[string]compete.Registration{},
		records: map[compete.IdempotencyKey]compete.IdempotencyRecord{},
		drafts:  map[string]compete.Draft{}, teams: map[string]compete.Team{}, freed: map[string]int{},
		answers: map[string]string{}, prepared: map[compete.Place]compete.PreparedEntry{},
		disabled: map[string]bool{}, missing: map[string]bool{}, committed: map[string]bool{},
	}
	for _, c := range competitions {
		m.competitions[c.ID] = compete.LedgerCompetition{
			Competition: c, NextSeq: 1, ReadVersion: c.Version,
			ReadNextSeq: 1,
		}
	}
	return m
}

func (m *memoryLedger) Transact(_ context.Context, batchID string, f func(compete.LedgerTx) error) error {
	m.mu.Lock()
	m.transactions++
	m.mu.Unlock()
	if m.before != nil {
		if err := m.before(); err != nil {
			return err
		}
	}
	if err := m.transact(batchID, f); err != nil || m.after == nil {
		return err
	}
	return m.after()
}

func (m *memoryLedger) transact(batchID string, f func(compete.LedgerTx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	tx := &memoryTx{ledger: m}
	if err := f(tx); err != nil {
		return err
	}
	if m.atCommit != nil {
		if err := m.atCommit(); err != nil {
			return err
		}
	}
	for _, apply := range tx.writes {
		apply()
	}
	m.committed[batchID] = true
	return nil
}

func (m *memoryLedger) Committed(_ context.Context, batchID string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lookUps++
	return m.committed[batchID], nil
}

// memoryTx is a transaction whose writes take effect when it commits.
type memoryTx struct {
	ledger *memoryLedger
	writes []func()
}

func (tx *memoryTx) Read(_ context.Context, q compete.LedgerQuery) (state compete.LedgerState, err error) {
	m := tx.ledger
	ids := slices.Clone(q.CompetitionIDs)
	for _, r := range inOrderOfSeq(m.registrations) {
		if slices.Contains(q.RegistrationIDs, r.ID) ||
			slices.Contains(q.Places, compete.Place{UserID: r.UserID, CompetitionID: r.CompetitionID}) {
			state.Registrations = append(state.Registrations, r)
			ids = append(ids, r.CompetitionID)
		}
		if slices.Contains(q.RegistrationIDs, r.ID) && m.disabled[r.UserID] {
			state.Disabled = append(state.Disabled, r.ID)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if c, found := m.competitions[id]; found {
			c.ReadVersion, c.ReadNextSeq, c.ContentSet, c.ReadDivisions = c.Version, c.NextSeq, false, c.Divisions
			state.Competitions = append(state.Competitions, c)
		}
	}
	for _, key := range q.Keys {
		if record, found := m.records[key]; found && record.ExpiresAt.After(q.Now) {
			state.Records = append(state.Records, record)
		}
	}
	state.Prepared, err = tx.Prepared(context.Background(), q.Prepared)
	return state, err
}

func (tx *memoryTx) WaitlistHead(
	_ context.Context, competitionID, divisionID string, n int,
) ([]compete.Registration, error) {
	return tx.first(n, func(r compete.Registration) bool {
		return r.CompetitionID == competitionID && (divisionID == "" || r.DivisionID == divisionID) &&
			r.Waits() > 0 && !tx.ledger.disabled[r.UserID]
	}), nil
}

func (tx *memoryTx) Uncancelled(
	_ context.Context, competitionID, divisionID string, n int,
) ([]compete.Registration, error) {
	return tx.first(n, func(r compete.Registration) bool {
		return r.CompetitionID == competitionID && (divisionID == "" || r.DivisionID == divisionID) &&
			r.Status != cancelled
	}), nil
}

func (tx *memoryTx) Offered(
	_ context.Context, competitionID string, after time.Time, n int,
) ([]compete.Registration, error) {
	return tx.first(n, func(r compete.Registration) bool {
		return r.CompetitionID == competitionID && r.Status == offered && r.ConfirmBy.After(after)
	}), nil
}

func (tx *memoryTx) Teams(_ context.Context, q compete.TeamQuery) (found []compete.LedgerTeam, err error) {
	for _, t := range tx.ledger.teams {
		if slices.Contains(q.IDs, t.ID) || slices.Contains(q.Numbers, compete.TeamNumber{
			CompetitionID: t.CompetitionID, Number: t.Number,
		}) || slices.Contains(q.Names, compete.TeamName{
			CompetitionID: t.CompetitionID, Key: compete.TeamKey(t.Name),
		}) {
			members, _ := tx.members(t.ID)
			found = append(found, compete.LedgerTeam{Team: t, Members: members})
		}
		if slices.Contains(q.Joined, compete.TeamNumber{CompetitionID: t.CompetitionID, Number: t.Number}) {
			found = append(found, tx.brief(t)...)
		}
	}
	return found, nil
}

func (tx *memoryTx) brief(t compete.Team) []compete.LedgerTeam {
	members, _ := tx.members(t.ID)
	for _, m := range members {
		if m.UserID == t.CaptainID {
			hopeful := slices.DeleteFunc(members, func(m compete.Registration) bool { return !m.Status.Hopeful() })
			captain := compete.Registration{
				RegistrationState: compete.RegistrationState{DivisionID: m.DivisionID, Status: m.Status},
				ConfirmBy:         m.ConfirmBy,
			}
			return []compete.LedgerTeam{{Team: t, Brief: &compete.TeamBrief{Size: len(hopeful), Captain: captain}}}
		}
	}
	return nil
}

func (tx *memoryTx) members(teamID string) ([]compete.Registration, error) {
	return tx.first(len(tx.ledger.registrations), func(r compete.Registration) bool {
		return r.TeamID == teamID && r.Status != cancelled
	}), nil
}

func (tx *memoryTx) Incomplete(_ context.Context, q compete.IncompleteQuery) ([]compete.Registration, error) {
	tx.ledger.looked = append(tx.ledger.looked, q)
	return tx.first(q.Limit, func(r compete.Registration) bool {
		members, _ := tx.members(r.TeamID)
		members = slices.DeleteFunc(members, func(m compete.Registration) bool { return !m.Status.Hopeful() })
		return r.CompetitionID == q.CompetitionID && r.Seq > q.After && r.Seq <= q.Last && r.Status.Hopeful() &&
			(r.TeamID == "" || len(members) < q.Least)
	}), nil
}

func (tx *memoryTx) ReleasePage(_ context.Context, competitionID string, n int) (page compete.ReleasePage, err error) {
	m := tx.ledger
	if m.release.CompetitionID != competitionID || m.release.FinishedAt != nil {
		return page, nil
	}
	page.Release = m.release
	drafts := slices.SortedFunc(maps.Values(m.drafts),
		func(a, b compete.Draft) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, d := range drafts {
		r := m.registrations[d.RegistrationID]
		if d.Seq > m.release.AfterSeq && len(page.Drafts) < n {
			d.Disabled = m.disabled[r.UserID]
			page.Drafts = append(page.Drafts, d)
			page.Registrations = append(page.Registrations, r)
		}
	}
	return page, nil
}

func (tx *memoryTx) DrawPage(_ context.Context, competitionID string, n int) (page compete.DrawPage, err error) {
	m := tx.ledger
	if m.draw.CompetitionID != competitionID || m.draw.FinishedAt != nil {
		return page, nil
	}
	page.Draw = m.draw
	for i, id := range m.drawn {
		if place := i + 1; place > m.draw.LastPlace && len(page.Places) < n {
			r := m.registrations[id]
			page.Places = append(page.Places,
				compete.DrawPlace{Place: place, RegistrationID: id, Disabled: m.disabled[r.UserID]})
			page.Registrations = append(page.Registrations, r)
		}
	}
	return page, nil
}

// freeze closes the list of a lottery. The order drawn is that of arrival, turned by n.
func (m *memoryLedger) freeze(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.competitions[cup]
	if !c.Drawn() || c.FrozenAt != nil {
		return
	}
	c.FrozenAt = &morning
	m.competitions[cup] = c
	for _, r := range inOrderOfSeq(m.registrations) {
		if r.Status == applied && !r.Follows {
			m.drawn = append(m.drawn, r.ID)
		}
	}
	m.drawn = turned(m.drawn, n)
	m.draw = compete.Draw{CompetitionID: cup}
}

// draft saves a decision about a person, if staff may decide about them.
func (m *memoryLedger) draft(name string, d compete.Decision) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.competitions[cup]
	if r, found := m.registrations[name+"'s"]; found && r.Decidable() && c.TakesApplications() {
		m.drafts[r.ID] = compete.Draft{RegistrationID: r.ID, Seq: r.Seq, Decision: d}
	}
}

// startRelease starts a release, unless one is under way.
func (m *memoryLedger) startRelease() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.release.CompetitionID == "" || m.release.FinishedAt != nil {
		m.release = compete.Release{ID: "release", CompetitionID: cup}
	}
}

func (tx *memoryTx) first(n int, wanted func(compete.Registration) bool) (found []compete.Registration) {
	for _, r := range inOrderOfSeq(tx.ledger.registrations) {
		if len(found) < n && wanted(r) {
			found = append(found, r)
		}
	}
	return found
}

func (tx *memoryTx) AddUser(context.Context, compete.User) (taken bool, err error) { return false, nil }

func (tx *memoryTx) Answers(_ context.Context, registrationID string) (compete.Answers, error) {
	return compete.DecodeAnswers(tx.ledger.answers[registrationID])
}

func (tx *memoryTx) Answered(
	_ context.Context, _ string, ids []string, _ int,
) (answered []string, all bool, err error) {
	for _, text := range tx.ledger.answers {
		answers, err := compete.DecodeAnswers(text)
		if err != nil {
			return nil, false, err
		}
		answered = slices.AppendSeq(answered, maps.Keys(answers))
	}
	return slices.DeleteFunc(answered, func(id string) bool { return !slices.Contains(ids, id) }), true, nil
}

func (tx *memoryTx) Freed(_ context.Context, competitionID string) (int, bool, error) {
	return tx.ledger.freed[competitionID], tx.ledger.dropping, nil
}

func (tx *memoryTx) Prepared(
	_ context.Context, places []compete.Place,
) (map[compete.Place]compete.PreparedEntry, error) {
	found := map[compete.Place]compete.PreparedEntry{}
	for _, place := range places {
		if entry, ok := tx.ledger.prepared[place]; ok {
			found[place] = entry
		}
	}
	return found, nil
}

func (tx *memoryTx) EarlierContent(
	_ context.Context, competitionID string, version int,
) (compete.Competition, bool, error) {
	i := slices.IndexFunc(tx.ledger.replaced,
		func(c compete.Competition) bool { return c.ID == competitionID && c.Version == version })
	if i < 0 {
		return compete.Competition{}, false, nil
	}
	return tx.ledger.replaced[i], true, nil
}

func inOrderOfSeq(registrations map[string]compete.Registration) []compete.Registration {
	return slices.SortedFunc(maps.Values(registrations),
		func(a, b compete.Registration) int { return cmp.Compare(a.Seq, b.Seq) })
}

func (tx *memoryTx) Write(_ context.Context, c compete.LedgerChanges) error {
	m := tx.ledger
	for _, changed := range c.Competitions {
		if stored := m.competitions[changed.ID]; stored.Version != changed.ReadVersion ||
			stored.NextSeq != changed.ReadNextSeq {
			return compete.ErrConstraint
		}
	}
	for _, r := range c.Inserted {
		if m.missing[r.UserID] {
			return fmt.Errorf("%w: %w", compete.ErrUnauthorized, compete.ErrConstraint)
		}
		for _, other := range m.registrations {
			if other.CompetitionID == r.CompetitionID && (other.UserID == r.UserID || other.Seq == r.Seq) {
				return compete.ErrConstraint
			}
		}
	}
	for _, record := range c.Records {
		if other, taken := m.records[compete.IdempotencyKey{UserID: record.UserID, Key: record.Key}]; taken &&
			other.ExpiresAt.After(c.Now) {
			return compete.ErrConstraint
		}
	}
	if tx.writes != nil {
		return errors.New("written twice in one transaction")
	}
	tx.writes = []func(){func() {
		for _, changed := range c.Competitions {
			m.competitions[changed.ID] = changed
			if changed.ContentSet && !changed.TakesEntries() {
				maps.DeleteFunc(m.prepared, func(p compete.Place, _ compete.PreparedEntry) bool {
					return p.CompetitionID == changed.ID
				})
			}
		}
		for _, r := range slices.Concat(c.Inserted, c.Updated) {
			r.Position = 0 // isn't stored, but counted by readers
			if before, found := m.registrations[r.ID]; !found || before.Seq != r.Seq {
				delete(m.prepared, compete.Place{UserID: r.UserID, CompetitionID: r.CompetitionID})
			}
			m.registrations[r.ID] = r
		}
		for _, record := range c.Records {
			m.records[compete.IdempotencyKey{UserID: record.UserID, Key: record.Key}] = record
		}
		for _, id := range c.GoneTeams {
			delete(m.teams, id)
		}
		for _, t := range slices.Concat(c.NewTeams, c.Teams) {
			m.teams[t.ID] = t
		}
		maps.Copy(m.freed, c.Freed)
		maps.Copy(m.answers, c.Answers)
		m.replaced = append(m.replaced, c.Replaced...)
		for _, d := range c.Draws {
			m.draw = d
		}
		for _, l := range c.Releases {
			m.release = l.Release
			for _, id := range l.Done {
				delete(m.drafts, id)
			}
		}
		for _, h := range c.HandOvers {
			delete(m.drafts, h.To)
			if d, found := m.drafts[h.From]; found {
				d.RegistrationID = h.To
				m.drafts[h.To] = d
				delete(m.drafts, h.From)
			}
			if i := slices.Index(m.drawn, h.From); i >= 0 && !slices.Contains(m.drawn, h.To) {
				m.drawn[i] = h.To
			}
		}
		m.changes = append(m.changes, c)
	}}
	return nil
}
