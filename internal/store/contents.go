package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var keepContent = sqldb.NewBulk(
	"competition_id uuid, version integer, organizer_id uuid, content text, replaced_at time", `
	INSERT INTO earlier_contents (competition_id, version, organizer_id, content, replaced_at)
	{select v.competition_id, v.version, v.organizer_id, v.content, v.replaced_at}`)

// keepContents stores the previous content of changed competitions. It doesn't store the organizer's name, since an
// account may be deleted.
func keepContents(pipeline *sqldb.Pipeline, replaced []compete.Competition, now time.Time) error {
	rows := make([][]any, len(replaced))
	for i := range replaced {
		c := replaced[i].Summary()
		c.Organizer.Name = ""
		content, err := json.Marshal(c)
		if err != nil {
			return err
		}
		rows[i] = []any{c.ID, c.Version, c.Organizer.ID, string(content), now}
	}
	pipeline.Bulk(keepContent, rows, nil)
	return nil
}

// EarlierContent implements compete.LedgerTx.
func (t *ledgerTx) EarlierContent(
	ctx context.Context, competitionID string, version int,
) (c compete.Competition, found bool, err error) {
	rows, err := sqldb.List(ctx, t, sqldb.ScanPair, `SELECT e.content, u.name FROM earlier_contents e
		JOIN users u ON u.id = e.organizer_id WHERE e.competition_id = $1 AND e.version = $2`, competitionID, version)
	if err != nil || len(rows) == 0 {
		return c, false, err
	}
	err = json.Unmarshal([]byte(rows[0][0]), &c)
	c.Organizer.Name = rows[0][1]
	return c, err == nil, err
}
