package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.WorkStore = (*Store)(nil)

// Targets implements compete.WorkStore. It returns them in the order of the notices.
func (s *Store) Targets(ctx context.Context, notices []compete.Notice) ([]compete.Target, error) {
	ids := make([]string, len(notices))
	for i, n := range notices {
		ids[i] = n.RegistrationID
	}
	if ids = validIDs(ids); len(ids) == 0 {
		return nil, nil
	}
	found, err := sqldb.List(ctx, s.reader, scanAddressee, `SELECT `+registrationColumns+`, `+participantColumns+`,
			CASE WHEN r.status = 'WAITLISTED' THEN `+waitingBetween(`r.previous_seq`)+` ELSE 0 END, false, u.time_zone
		FROM (SELECT r.*, lag(r.seq, 1, 0) OVER (PARTITION BY r.competition_id, r.status, r.division_id
				ORDER BY r.seq) AS previous_seq
			FROM registrations r WHERE r.id {any $1 uuid}) r
		JOIN users u ON u.id = r.user_id
		ORDER BY r.competition_id, r.seq`, s.db.Array(ids))
	if err != nil {
		return nil, err
	}
	competitionIDs := make([]string, len(found))
	byID := make(map[string]*addressee, len(found))
	waiting := map[line]int{}
	for i := range found {
		r := &found[i]
		r.Position = addUp(waiting, r.Registration)
		competitionIDs[i], byID[r.ID] = r.CompetitionID, r
	}
	competitions, err := s.summaries(ctx, competitionIDs)
	if err != nil {
		return nil, err
	}
	if handed, err := s.handedNotices(ctx, notices, byID, competitions); err != nil || handed != nil {
		if err != nil {
			return nil, err
		}
		return s.Targets(ctx, handed)
	}
	targets := make([]compete.Target, 0, len(notices))
	for _, n := range notices {
		if r := byID[n.RegistrationID]; r != nil && r.Seq == n.Seq {
			targets = append(targets, r.target(n, competitions[r.CompetitionID]))
		}
	}
	return targets, s.nameTeams(ctx, targets)
}

// handedNotices returns the notices with those of captains who have handed over readdressed: where seats are for teams,
// a place belongs to the team, and passes on with what is to be said about it. It returns nil if there are none.
func (s *Store) handedNotices(
	ctx context.Context, notices []compete.Notice, byID map[string]*addressee,
	competitions map[string]compete.Competition,
) ([]compete.Notice, error) {
	var moved []int
	var places [][2]string
	for i, n := range notices {
		r := byID[n.RegistrationID]
		if r == nil || r.Seq == n.Seq {
			continue
		}
		if c := competitions[r.CompetitionID]; !c.SeatsPerTeam() {
			continue
		}
		moved = append(moved, i)
		places = append(places, [2]string{r.CompetitionID, strconv.FormatInt(n.Seq, 10)})
	}
	if len(moved) == 0 {
		return nil, nil
	}
	holders := make(map[[2]string]string, len(places))
	ids, seqs := s.db.Pairs(places)
	if _, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (none struct{}, err error) {
		var place [2]string
		var id string
		err = row.Scan(&place[0], &place[1], &id)
		holders[place] = id
		return none, err
	}, `SELECT v.a, v.b, r.id FROM {pairs $1 $2 uuid text}
		{match registrations r: r.competition_id = v.a AND r.seq = CAST(v.b AS bigint)}`, ids, seqs); err != nil {
		return nil, err
	}
	var handed []compete.Notice
	for n, i := range moved {
		id := holders[places[n]]
		if id == "" {
			continue
		}
		if handed == nil {
			handed = slices.Clone(notices)
		}
		handed[i].RegistrationID = id
	}
	return handed, nil
}

// nameTeams adds the teams of those who are in one, with their sizes where a message says them.
func (s *Store) nameTeams(ctx context.Context, targets []compete.Target) error {
	byID, counted := map[string]compete.TargetTeam{}, false
	var ids []string
	for i := range targets {
		counted = counted || targets[i].Kind == compete.MessageTeamTooSmall
		id := targets[i].Registration.TeamID
		if _, known := byID[id]; id != "" && !known {
			byID[id] = compete.TargetTeam{}
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	query := teamNames
	if counted {
		query = teamSizes
	}
	_, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (none struct{}, err error) {
		var id string
		var t compete.TargetTeam
		err = row.Scan(&id, &t.Name, &t.CaptainID, &t.Size)
		byID[id] = t
		return none, err
	}, query, s.db.Array(ids))
	for i := range targets {
		targets[i].Team = byID[targets[i].Registration.TeamID]
	}
	return err
}

var (
	teamNames = `SELECT t.id, t.name, t.captain_id, 0 FROM teams t WHERE t.id {any $1 uuid}`
	teamSizes = `SELECT t.id, t.name, t.captain_id, ` + sizeOf(`t.id`) + ` FROM teams t WHERE t.id {any $1 uuid}`
)

// summaries reads competitions by id, each once.
func (s *Store) summaries(ctx context.Context, ids []string) (map[string]compete.Competition, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	competitions, err := s.CompetitionsByID(ctx, slices.Compact(ids))
	byID := make(map[string]compete.Competition, len(competitions))
	for _, c := range competitions {
		byID[c.ID] = c
	}
	return byID, err
}

var (
	// The status is an expression to keep planners from using the index of pending registrations: they would compare
	// all of those with each row.
	confirmPending = sqldb.NewBulk("id uuid, seq bigint, at time",
		`UPDATE registrations SET status = 'CONFIRMED', updated_at = v.at
		{from} WHERE registrations.id = v.id AND registrations.seq = v.seq AND registrations.status || '' = 'PENDING'`)
	// A message that already exists may violate any of the unique indexes.
	insertMessages = newMessageRow.Bulk("messages", "ON CONFLICT DO NOTHING")
)

// Deliver implements compete.WorkStore.
func (s *Store) Deliver(
	ctx context.Context, confirm []compete.Notice, messages []compete.Message, now time.Time,
) (written int, err error) {
	if len(confirm)+len(messages) == 0 {
		return 0, nil
	}
	ids := make([]string, 0, len(confirm)+len(messages))
	for _, n := range confirm {
		ids = append(ids, n.RegistrationID)
	}
	for _, m := range messages {
		ids = append(ids, m.RegistrationID)
	}
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		// They are locked in order, so that none is cancelled between this read and the commit.
		registrations, err := sqldb.List(ctx, tx, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r
			WHERE r.id {any $1 uuid} ORDER BY r.id {lock r}`, s.db.Array(validIDs(ids)))
		if err != nil {
			return err
		}
		if _, err := tx.Bulk(ctx, confirmPending, pendingRows(confirm, registrations, compete.UTC(now))); err != nil {
			return err
		}
		rows := messageRows(messages, registrations)
		n, err := tx.Bulk(ctx, insertMessages, rows)
		if err != nil {
			return err
		}
		written = int(n)
		return s.enqueueMails(ctx, tx, messages, rows, written)
	})
	if err != nil {
		return 0, err
	}
	return written, nil
}

func pendingRows(confirm []compete.Notice, registrations []compete.Registration, now time.Time) [][]any {
	pending := map[string]int64{}
	for _, r := range registrations {
		if r.Status == compete.RegistrationPending {
			pending[r.ID] = r.Seq
		}
	}
	var rows [][]any
	for _, n := range confirm {
		if seq, ok := pending[n.RegistrationID]; ok && seq == n.Seq {
			rows = append(rows, []any{n.RegistrationID, n.Seq, now})
		}
	}
	return rows
}

// messageRows omits messages that no longer apply.
func messageRows(messages []compete.Message, registrations []compete.Registration) [][]any {
	byID := make(map[string]compete.Registration, len(registrations))
	for _, r := range registrations {
		byID[r.ID] = r
	}
	var rows [][]any
	for _, m := range messages {
		if m.RegistrationID != "" {
			r, ok := byID[m.RegistrationID]
			kind := m.Kind.Traits()
			if !ok || r.Seq != m.Seq || kind.Confirms && !r.Status.HoldsSeat() || kind.NeedsPlace &&
				!r.Status.Hopeful() {
				continue
			}
		}
		rows = append(rows, newMessageRow.Values(&m))
	}
	return rows
}

// NoticesOf implements compete.WorkStore.
func (s *Store) NoticesOf(ctx context.Context, runs []compete.NoticeRun) ([]compete.Notice, error) {
	var notices []compete.Notice
	for _, run := range runs {
		if !compete.ValidID(run.CompetitionID) {
			continue
		}
		found, err := sqldb.List(ctx, s.reader, scanRegistration, `SELECT `+registrationColumns+` FROM registrations r
			WHERE r.competition_id = $1 AND r.seq BETWEEN $2 AND $3
			ORDER BY r.seq`, run.CompetitionID, run.First, run.Last)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			notices = append(notices, compete.Notice{
				RegistrationID: r.ID, Seq: r.Seq, Kind: run.Kind, OccasionID: run.OccasionID,
				Trace: run.Traces[r.Seq],
			})
		}
	}
	return notices, nil
}

// StalePending implements compete.WorkStore. It lists the oldest first.
func (s *Store) StalePending(ctx context.Context, before time.Time, limit int) ([]compete.Notice, error) {
	return sqldb.List(ctx, s.reader, scanStale, `SELECT `+registrationColumns+` FROM registrations r
		WHERE r.status = 'PENDING' AND r.updated_at < $1
			AND NOT EXISTS (SELECT 1 FROM failed_notices f WHERE f.registration_id = r.id AND f.seq = r.seq)
		ORDER BY r.updated_at LIMIT $2`, compete.UTC(before), limit)
}

// OffersOver implements compete.WorkStore.
func (s *Store) OffersOver(ctx context.Context, at time.Time, limit int) ([]string, error) {
	return sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT r.id FROM registrations r
		JOIN competitions c ON c.id = r.competition_id
		WHERE r.status = 'OFFERED' AND NOT r.follows AND r.confirm_by <= $1 AND {+c.status} <> 'CANCELLED'
		ORDER BY r.confirm_by LIMIT $2`, compete.UTC(at), limit)
}

func scanStale(row sqldb.Row) (compete.Notice, error) {
	r, err := scanRegistration(row)
	notice := compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageConfirmed}
	if r.PromotedAt != nil && r.ConfirmBy == nil {
		notice.Kind = compete.MessagePromoted
	}
	return notice, err
}

// addressee is a registration that a message may be for, and whether it is left out: it already has the message, or
// doesn't want one.
type addressee struct {
	compete.ParticipantRegistration
	leftOut  bool
	timeZone string
}

func (a *addressee) target(n compete.Notice, c compete.Competition) compete.Target {
	return compete.Target{
		Notice: n, Registration: a.Registration, Participant: a.Participant, Competition: c,
		TimeZone: a.timeZone,
	}
}

func scanAddressee(row sqldb.Row) (a addressee, err error) {
	a.ParticipantRegistration, err = sqldb.ScanWith(scanParticipantRegistration, &a.leftOut, &a.timeZone)(row)
	return a, err
}
