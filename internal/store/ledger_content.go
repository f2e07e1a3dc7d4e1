package store

import (
	"context"

	"minicompete/internal/compete"
)

// saveContent writes what an organizer edits; the seats are saved already.
func (t *Tx) saveContent(ctx context.Context, c compete.Competition) error {
	_, err := change(ctx, t, `UPDATE competitions SET title = $2, description = $3, location = $4, reg_opens_at = $5, reg_deadline = $6,
		start_date = $7, status = $8, waitlist = $9, updated_at = $10, discarded = $11, end_date = $12, time_zone = $13,
		unpublished = $14, organizer_id = $15 WHERE id = $1`,
		c.ID, c.Title, c.Description, c.Location, c.RegOpensAt, c.RegDeadline, c.StartDate, string(c.Status), c.Waitlist, c.UpdatedAt, c.Discarded,
		c.EndDate, c.TimeZone, c.Unpublished, c.Organizer.ID)
	if err != nil {
		return err
	}
	return t.saveTags(ctx, c)
}
