package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.TeamStore = (*Store)(nil)

// teamRow declares the columns of a team; queries use the alias t.
var (
	teamRow = sqldb.Columns[compete.Team]{
		{Name: "id", Type: "uuid", Field: func(t *compete.Team) any { return &t.ID }},
		{Name: "competition_id", Type: "uuid", Field: func(t *compete.Team) any { return &t.CompetitionID }},
		{Name: "number", Type: "bigint", Field: func(t *compete.Team) any { return &t.Number }},
		{Name: "name", Type: "text", Field: func(t *compete.Team) any { return &t.Name }},
		{Name: "captain_id", Type: "uuid", Field: func(t *compete.Team) any { return &t.CaptainID }},
		{Name: "code_version", Type: "integer", Field: func(t *compete.Team) any { return &t.CodeVersion }},
		{Name: "created_at", Type: "time", Field: func(t *compete.Team) any { return &t.CreatedAt }},
	}
	teamColumns = teamRow.Select("t")
)

var (
	insertTeams = sqldb.NewBulk("id uuid, competition_id uuid, number bigint, name text, captain_id uuid, "+
		"code_version integer, created_at time, name_key text", `
		INSERT INTO teams (id, competition_id, number, name, captain_id, code_version, created_at, name_key)
		{select v.id, v.competition_id, v.number, v.name, v.captain_id, v.code_version, v.created_at, v.name_key}`)
	saveTeams = sqldb.NewBulk("id uuid, captain_id uuid, code_version integer, name text, name_key text", `
		UPDATE teams SET captain_id = v.captain_id, code_version = v.code_version, name = v.name, name_key = v.name_key
		{from} WHERE teams.id = v.id`)
	deleteTeams = sqldb.NewBulk("id uuid", `DELETE FROM teams {using} WHERE teams.id = v.id`)
)

func newTeamRows(teams []compete.Team) [][]any {
	rows := make([][]any, len(teams))
	for i := range teams {
		rows[i] = append(teamRow.Values(&teams[i]), compete.TeamKey(teams[i].Name))
	}
	return rows
}

func savedTeamRows(teams []compete.Team) [][]any {
	rows := make([][]any, len(teams))
	for i := range teams {
		t := &teams[i]
		rows[i] = []any{t.ID, t.CaptainID, t.CodeVersion, t.Name, compete.TeamKey(t.Name)}
	}
	return rows
}

// saveTeamsOf writes what has to be there before registrations are: those that are gone free their names, teams exist
// before their members, and who hands over makes room for their place in the order of arrival.
func saveTeamsOf(p *sqldb.Pipeline, c *compete.LedgerChanges) {
	p.Bulk(deleteTeams, idRows(c.GoneTeams), nil)
	p.Bulk(insertTeams, newTeamRows(c.NewTeams), nil)
	p.Bulk(saveTeams, savedTeamRows(c.Teams), nil)
	if len(c.HandOvers) == 0 {
		return
	}
	var ids []string
	for _, h := range c.HandOvers {
		ids = append(ids, h.From, h.To)
	}
	slices.Sort(ids)
	p.Bulk(putAside, idRows(slices.Compact(ids)), nil)
}

// putAside frees the places of registrations that exchange them, which are unique after each statement.
var putAside = sqldb.NewBulk("id uuid", `UPDATE registrations SET seq = seq + `+aside+`
	WHERE id IN (SELECT v.id {from})`)

// aside is more than any place in the order of arrival.
const aside = `1099511627776`

// handOver moves what belongs to a team as a whole to the registration of its new captain.
func handOver(p *sqldb.Pipeline, handed []compete.HandOver) {
	for _, h := range handed {
		for _, table := range []string{"decisions", "reviews", "review_scores", "draw_tickets"} {
			p.Exec(`DELETE FROM `+table+` WHERE registration_id = $1`, h.To)
			p.Exec(`UPDATE `+table+` SET registration_id = $2 WHERE registration_id = $1`, h.From, h.To)
		}
		// A frozen list stays as it is: who is on it already keeps that place.
		p.Exec(`UPDATE draw_entries SET registration_id = $2 WHERE registration_id = $1
			AND NOT EXISTS (SELECT 1 FROM draw_entries e WHERE e.registration_id = $2)`, h.From, h.To)
	}
}

// Teams implements compete.LedgerTx.
func (t *ledgerTx) Teams(ctx context.Context, q compete.TeamQuery) ([]compete.LedgerTeam, error) {
	var found []compete.Team
	var members []compete.Registration
	pipeline := t.Pipeline()
	fetch := func(which teamQuery, args ...any) {
		sqldb.Fetch(pipeline, &found, teamRow.Scan, which.teams, args...)
		sqldb.Fetch(pipeline, &members, scanRegistration, which.members, args...)
	}
	if len(q.IDs) > 0 {
		fetch(teamsByID, t.Array(validIDs(q.IDs)))
	}
	if len(q.Numbers) > 0 {
		ids, numbers := numberPairs(t, q.Numbers)
		fetch(teamsByNumber, ids, numbers)
	}
	if len(q.Names) > 0 {
		named := slices.DeleteFunc(slices.Clone(q.Names), func(n compete.TeamName) bool { return !storable(n.Key) })
		ids, names := pairs(t, named,
			func(n compete.TeamName) [2]string { return [2]string{n.CompetitionID, n.Key} })
		fetch(teamsByName, ids, names)
	}
	var briefs []compete.LedgerTeam
	if len(q.Joined) > 0 {
		ids, numbers := numberPairs(t, q.Joined)
		sqldb.Fetch(pipeline, &briefs, scanBrief, teamBriefs, ids, numbers)
	}
	if err := pipeline.Run(ctx); err != nil {
		return nil, err
	}
	t.remember(members)
	return append(withMembers(found, members), briefs...), nil
}

func numberPairs(t *ledgerTx, numbers []compete.TeamNumber) (ids, digits any) {
	return pairs(t, numbers, func(n compete.TeamNumber) [2]string {
		return [2]string{n.CompetitionID, strconv.FormatInt(n.Number, 10)}
	})
}

// teamQuery reads teams and, in one round trip, their members.
type teamQuery struct{ teams, members string }

func queryTeams(from string) teamQuery {
	return teamQuery{
		teams: `SELECT ` + teamColumns + ` FROM ` + from,
		members: `SELECT ` + registrationColumns + ` FROM (SELECT t.id FROM ` + from + `) t
			{match registrations r: r.team_id = t.id AND r.status <> 'CANCELLED'}`,
	}
}

var (
	teamsByID     = queryTeams(`teams t WHERE t.id {any $1 uuid}`)
	teamsByNumber = queryTeams(`{pairs $1 $2 uuid text}
		{match teams t: t.competition_id = v.a AND t.number = CAST(v.b AS bigint)}`)
	teamsByName = queryTeams(`{pairs $1 $2 uuid text} {match teams t: t.competition_id = v.a AND t.name_key = v.b}`)

	// briefRow are the columns of compete.TeamBrief.Captain.
	briefRow = slices.DeleteFunc(slices.Clone(registrationRow), func(c sqldb.Column[compete.Registration]) bool {
		return !slices.Contains([]string{"division_id", "status", "confirm_by"}, c.Name)
	})
	teamBriefs = `SELECT ` + teamColumns + `, ` + briefRow.Select("r") + `, ` + sizeOf(`t.id`) + `
		FROM {pairs $1 $2 uuid text} {match teams t: t.competition_id = v.a AND t.number = CAST(v.b AS bigint)}
		{match registrations r: r.user_id = t.captain_id AND r.competition_id = t.competition_id}
		WHERE r.team_id = t.id AND r.status <> 'CANCELLED'`
)

func scanBrief(row sqldb.Row) (t compete.LedgerTeam, err error) {
	t.Brief = &compete.TeamBrief{}
	t.Team, err = sqldb.ScanWith(teamRow.Scan, append(briefRow.Fields(&t.Brief.Captain), &t.Brief.Size)...)(row)
	return t, err
}

// withMembers returns each of the teams once, with its members in order of arrival. Whatever was found in several ways
// is in the lists as often.
func withMembers(found []compete.Team, members []compete.Registration) []compete.LedgerTeam {
	slices.SortFunc(members, func(a, b compete.Registration) int {
		return cmp.Or(strings.Compare(a.TeamID, b.TeamID), cmp.Compare(a.Seq, b.Seq), strings.Compare(a.ID, b.ID))
	})
	members = slices.CompactFunc(members, func(a, b compete.Registration) bool { return a.ID == b.ID })
	slices.SortFunc(found, func(a, b compete.Team) int { return strings.Compare(a.ID, b.ID) })
	found = slices.CompactFunc(found, func(a, b compete.Team) bool { return a.ID == b.ID })
	teams := make([]compete.LedgerTeam, len(found))
	for i, one := range found {
		for len(members) > 0 && members[0].TeamID < one.ID {
			members = members[1:]
		}
		n := 0
		for n < len(members) && members[n].TeamID == one.ID {
			n++
		}
		teams[i] = compete.LedgerTeam{Team: one, Members: members[:n:n]}
		members = members[n:]
	}
	return teams
}

// sizeOf counts the members of the team with an id, without those whose application was rejected.
func sizeOf(id string) string {
	return `(SELECT count(*) FROM registrations m WHERE m.team_id = ` + id + `
		AND m.status NOT IN ('CANCELLED', 'REJECTED'))`
}

// listedSize is the size of a team t for a list. Where seats are for teams, a team is rejected as a whole, and keeps
// its size.
var listedSize = `CASE WHEN r.status = 'REJECTED' AND EXISTS (SELECT 1 FROM competitions c
		WHERE c.id = t.competition_id AND c.team LIKE '%%"seatUnit":"TEAM"%%')
	THEN (SELECT count(*) FROM registrations m WHERE m.team_id = t.id AND m.status <> 'CANCELLED')
	ELSE ` + sizeOf(`t.id`) + ` END`

const (
	// stranded leaves out members whom the registrar wouldn't make captain.
	stranded = `SELECT t.id, t.captain_id, (SELECT m.user_id FROM registrations m JOIN users n ON n.id = m.user_id
		WHERE m.team_id = t.id AND ` + canLead + ` ORDER BY m.seq LIMIT 1)
	FROM teams t JOIN users u ON u.id = t.captain_id
	WHERE t.competition_id = $1 AND ` + isStranded + ` ORDER BY t.number LIMIT $2`

	isStranded = `u.disabled_at IS NOT NULL AND EXISTS (SELECT 1 FROM registrations m
		JOIN users n ON n.id = m.user_id WHERE m.team_id = t.id AND ` + canLead + `)`
)

const canLead = `m.status <> 'CANCELLED' AND (m.status <> 'REJECTED' OR m.follows) AND n.disabled_at IS NULL`

// Stranded implements compete.LedgerTx.
func (t *ledgerTx) Stranded(ctx context.Context, competitionID string, n int) ([]compete.StrandedTeam, error) {
	return sqldb.List(ctx, t, func(row sqldb.Row) (s compete.StrandedTeam, err error) {
		err = row.Scan(&s.TeamID, &s.CaptainID, &s.NextID)
		return s, err
	}, stranded, competitionID, n)
}

// Stranded implements compete.WorkStore. It starts from the disabled accounts, which an index has.
func (s *Store) Stranded(ctx context.Context, limit int) ([]string, error) {
	return sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT t.competition_id FROM users u
		CROSS JOIN teams t JOIN competitions c ON c.id = t.competition_id
		WHERE t.captain_id = u.id AND {+c.status} = 'PUBLISHED' AND `+isStranded+` LIMIT $1`, limit)
}

// Freed implements compete.LedgerTx.
func (t *ledgerTx) Freed(ctx context.Context, competitionID string) (seats int, dropping bool, err error) {
	_, err = sqldb.List(ctx, t, func(row sqldb.Row) (any, error) { return nil, row.Scan(&seats, &dropping) },
		`SELECT c.teams_freed, NOT `+teamsDropped+` FROM competitions c WHERE c.id = $1`, competitionID)
	return seats, dropping, err
}

// saveFreed writes the numbers in order of competition.
func saveFreed(p *sqldb.Pipeline, freed map[string]int) {
	for _, id := range slices.Sorted(maps.Keys(freed)) {
		p.Exec(`UPDATE competitions SET teams_freed = $2 WHERE id = $1`, id, freed[id])
	}
}

// Team implements compete.TeamStore.
func (s *Store) Team(ctx context.Context, id string) (compete.Team, error) {
	return sqldb.One(ctx, s.reader, compete.ErrTeamGone, teamRow.Scan,
		`SELECT `+teamColumns+` FROM teams t WHERE t.id = $1`, id)
}

// TeamNumbered implements compete.TeamStore.
func (s *Store) TeamNumbered(ctx context.Context, n compete.TeamNumber) (compete.Team, error) {
	return sqldb.One(ctx, s.reader, compete.ErrTeamMissing, teamRow.Scan, `SELECT `+teamColumns+` FROM teams t
		WHERE t.competition_id = $1 AND t.number = $2`, n.CompetitionID, n.Number)
}

// TeamNamed implements compete.TeamStore.
func (s *Store) TeamNamed(ctx context.Context, n compete.TeamName) (compete.Team, error) {
	return sqldb.One(ctx, s.reader, compete.ErrTeamMissing, teamRow.Scan, `SELECT `+teamColumns+` FROM teams t
		WHERE t.competition_id = $1 AND t.name_key = $2`, n.CompetitionID, n.Key)
}

// Members implements compete.TeamStore.
func (s *Store) Members(ctx context.Context, teamIDs ...string) ([]compete.ParticipantRegistration, error) {
	return sqldb.List(ctx, s.reader, scanAnsweredRegistration,
		`SELECT `+registrationColumns+`, `+participantColumns+`, `+
			position+`, `+answersOf+` FROM registrations r JOIN users u ON u.id = r.user_id
		WHERE r.team_id {any $1 uuid} AND r.status <> 'CANCELLED' ORDER BY r.seq`, s.db.Array(teamIDs))
}

// Teams implements compete.TeamStore.
func (s *Store) Teams(
	ctx context.Context, competitionID string, f compete.TeamFilter,
) (compete.Page[compete.TeamSummary], error) {
	if !storable(f.Search) {
		return compete.Page[compete.TeamSummary]{}, nil
	}
	var st statement
	st.Add(`SELECT `+teamColumns+`, u.id, u.name, CASE WHEN u.erased_at IS NULL THEN u.email ELSE '' END,
			u.disabled_at IS NOT NULL, u.erased_at IS NOT NULL, r.status, coalesce(CAST(r.division_id AS text), ''), `+
		listedSize+`
		FROM teams t JOIN users u ON u.id = t.captain_id
		JOIN registrations r ON r.user_id = t.captain_id AND r.competition_id = t.competition_id
		WHERE t.competition_id = %s`, competitionID)
	if f.Below > 0 {
		st.Add(` AND `+sizeOf(`t.id`)+` < %s`, f.Below)
	}
	if key := compete.TeamKey(f.Search); key != "" {
		st.Add(` AND substr(t.name_key, 1, %s) = %s`, len([]rune(key)), key)
	}
	if !f.Cursor.IsZero() {
		st.Add(` AND t.number > %s`, f.Cursor.Key)
	}
	st.Add(` ORDER BY t.number LIMIT %s`, f.Limit+1)
	found, err := sqldb.List(ctx, s.reader.Unprepared(), func(row sqldb.Row) (t compete.TeamSummary, err error) {
		c := &t.Captain
		t.Team, err = sqldb.ScanWith(teamRow.Scan, &c.ID, &c.Name, &c.Email, &c.Disabled, &c.Erased, &t.Status,
			&t.DivisionID, &t.Size)(row)
		return t, err
	}, st.Text(), st.Args()...)
	return page(found, f.Limit, "teams", func(t compete.TeamSummary) (int64, string) { return t.Number, t.ID }), err
}

// Seekers implements compete.TeamStore.
func (s *Store) Seekers(
	ctx context.Context, competitionID string, cursor compete.Cursor, limit int,
) (compete.Page[compete.ParticipantRegistration], error) {
	var st statement
	st.Add(`SELECT `+registrationColumns+`, `+participantColumns+`, 0 FROM registrations r
		JOIN users u ON u.id = r.user_id
		WHERE r.competition_id = %s AND r.looking AND r.team_id IS NULL AND r.status NOT IN ('CANCELLED', 'REJECTED')
		AND u.disabled_at IS NULL AND u.erased_at IS NULL`, competitionID)
	if !cursor.IsZero() {
		st.Add(` AND r.seq > %s`, cursor.Key)
	}
	st.Add(` ORDER BY r.seq LIMIT %s`, limit+1)
	found, err := sqldb.List(ctx, s.reader, scanParticipantRegistration, st.Text(), st.Args()...)
	return page(found, limit, "seekers",
		func(r compete.ParticipantRegistration) (int64, string) { return r.Seq, r.ID }), err
}

// Invited implements compete.TeamStore.
func (s *Store) Invited(ctx context.Context, moveID string, registrationIDs []string) ([]string, error) {
	return sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT CAST(r.id AS text) FROM registrations r
		JOIN messages m ON m.registration_id = r.id AND m.seq = r.seq AND m.move_id = $1
		WHERE r.id {any $2 uuid}`, moveID, s.db.Array(registrationIDs))
}

// Invite implements compete.TeamStore.
func (s *Store) Invite(ctx context.Context, m compete.Message, r compete.AuditRecord) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, newMessageRow.Insert("messages")+` ON CONFLICT DO NOTHING`,
			newMessageRow.Values(&m)...)
		if err != nil || n == 0 {
			return err
		}
		if s.mailing && !m.Kept {
			if err := s.enqueue(ctx, tx, []compete.Job{mailJob(&m)}); err != nil {
				return err
			}
		}
		return tx.record(ctx, r)
	})
}

// teamIf selects the name of the team of a registration r, or nothing where a competition has no teams.
func teamIf(teams bool) string {
	if teams {
		return `coalesce((SELECT t.name FROM teams t WHERE t.id = r.team_id), '')`
	}
	return `''`
}

// storedTeam are the rules for teams as their column has them: JSON, or NULL for none.
type storedTeam struct{ rules **compete.TeamRules }

// Scan implements sql.Scanner.
func (t storedTeam) Scan(from any) error {
	var text sql.Null[string]
	*t.rules = nil
	if err := text.Scan(from); err != nil || !text.Valid {
		return err
	}
	*t.rules = &compete.TeamRules{}
	return json.Unmarshal([]byte(text.V), *t.rules)
}

func teamText(rules *compete.TeamRules) any {
	if rules == nil {
		return nil
	}
	text, err := json.Marshal(rules)
	if err != nil {
		panic(err) // rules can be encoded
	}
	return string(text)
}
