package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// Competitions count their divisions, so that nothing is looked up for the many that have none.

// divisionsOf reads the divisions of c: a line each, with the name last, which has no line break.
const divisionsOf = `CASE WHEN c.divisions > 0 THEN (SELECT string_agg(d.place || ' ' || d.id || ' ' || d.capacity
	|| ' ' || d.seats_left || ' ' || d.waitlisted || ' ' || d.name, '
') FROM divisions d WHERE d.competition_id = c.id) END`

// joinedDivisions are divisions as divisionsOf reads them.
type joinedDivisions []compete.Division

// Scan implements sql.Scanner. NULL leaves the divisions as countedDivisions made them.
func (d *joinedDivisions) Scan(from any) error {
	var joined sql.Null[string]
	if err := joined.Scan(from); err != nil || !joined.Valid {
		return err
	}
	*d = nil
	places := map[string]int{}
	for line := range strings.SplitSeq(joined.V, "\n") {
		var division compete.Division
		var place int
		words := strings.SplitN(line, " ", 6)
		if _, err := fmt.Sscan(line, &place, &division.ID, &division.Capacity, &division.SeatsLeft,
			&division.Waitlisted); err != nil {
			return fmt.Errorf("read a division: %w", err)
		}
		division.Name = words[5]
		places[division.ID] = place
		*d = append(*d, division)
	}
	slices.SortFunc(*d, func(a, b compete.Division) int { return cmp.Compare(places[a.ID], places[b.ID]) })
	return nil
}

// countedDivisions reads how many divisions there are, and makes room for them.
type countedDivisions []compete.Division

// Scan implements sql.Scanner.
func (d *countedDivisions) Scan(from any) error {
	var n sql.Null[int]
	err := n.Scan(from)
	*d = nil
	if n.V > 0 {
		*d = make([]compete.Division, n.V)
	}
	return err
}

var saveDivisions = sqldb.NewBulk(
	"id uuid, competition_id uuid, place integer, name text, capacity integer, seats_left integer, "+
		"waitlisted integer", `
	INSERT INTO divisions (id, competition_id, place, name, capacity, seats_left, waitlisted)
	{select v.id, v.competition_id, v.place, v.name, v.capacity, v.seats_left, v.waitlisted}
	ON CONFLICT (id) DO UPDATE SET place = excluded.place, name = excluded.name, capacity = excluded.capacity,
	seats_left = excluded.seats_left, waitlisted = excluded.waitlisted`)

// What is deleted has only cancelled registrations.
var (
	leaveDivisions = sqldb.NewBulk("id uuid",
		`UPDATE registrations SET division_id = NULL {from} WHERE registrations.division_id = v.id`)
	deleteDivisions = sqldb.NewBulk("id uuid", `DELETE FROM divisions WHERE id IN (SELECT v.id {from})`)
)

// changedDivisions returns the rows of divisions that are not as they were read, and the ids of those that are gone.
func changedDivisions(c *compete.LedgerCompetition) (rows, gone [][]any) {
	for i, d := range c.Divisions {
		if i >= len(c.ReadDivisions) || c.ReadDivisions[i] != d {
			rows = append(rows, []any{d.ID, c.ID, i, d.Name, d.Capacity, d.SeatsLeft, d.Waitlisted})
		}
	}
	for _, was := range c.ReadDivisions {
		if c.Division(was.ID) == nil {
			gone = append(gone, []any{was.ID})
		}
	}
	return rows, gone
}

// insertDivisions adds the divisions of a new competition.
func (t Tx) insertDivisions(ctx context.Context, c compete.Competition) error {
	rows, _ := changedDivisions(&compete.LedgerCompetition{Competition: c})
	if len(rows) == 0 {
		return nil
	}
	_, err := t.Bulk(ctx, saveDivisions, rows)
	return err
}

// readDivisions reads the divisions of locked competitions, as of after the lock.
func (t *ledgerTx) readDivisions(ctx context.Context, competitions []compete.LedgerCompetition) error {
	var ids []string
	for i := range competitions {
		if len(competitions[i].Divisions) > 0 {
			ids = append(ids, competitions[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := sqldb.List(ctx, t, scanDivision, divisionsByCompetition, t.Array(ids))
	if err == nil {
		addDivisions(competitions, found)
	}
	return err
}

const divisionsByCompetition = `SELECT d.competition_id, d.place, d.id, d.name, d.capacity, d.seats_left, d.waitlisted
	FROM divisions d WHERE d.competition_id {any $1 uuid}`

// addDivisions gives the competitions their divisions.
func addDivisions(competitions []compete.LedgerCompetition, found []placedDivision) {
	slices.SortFunc(found, func(a, b placedDivision) int { return cmp.Compare(a.place, b.place) })
	for i := range competitions {
		c := &competitions[i]
		c.Divisions = nil
		for _, d := range found {
			if d.competitionID == c.ID {
				c.Divisions = append(c.Divisions, d.Division)
			}
		}
		c.ReadDivisions = c.Divisions
	}
}

// placedDivision is a division with its place in the list of a competition.
type placedDivision struct {
	compete.Division
	competitionID string
	place         int
}

func scanDivision(row sqldb.Row) (d placedDivision, err error) {
	err = row.Scan(&d.competitionID, &d.place, &d.ID, &d.Name, &d.Capacity, &d.SeatsLeft, &d.Waitlisted)
	return d, err
}
