package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

const (
	applicationsPerSeat = 10
	drawTimeout         = 15 * time.Minute
)

// measureDraw draws a lottery with many applications, 100,000 by default. It reports how long each step took, and what
// a watch saw.
func measureDraw(ctx context.Context, o options, kind string) (err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return err
	}
	defer done()
	began := time.Now()
	crowd, err := addCrowd(ctx, db, o.applications, 2, o.applications/applicationsPerSeat)
	if err != nil {
		return err
	}
	if err := addApplications(ctx, db, crowd.competitions[0], "LOTTERY", o.applications); err != nil {
		return err
	}
	filled := time.Since(began)
	s, err := startMeasured(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	staff := crowd.staff(s)
	source := map[string]string{"source": "NAMED", "name": "the lottery numbers of Saturday"}
	if err := staff.send(ctx, http.MethodPut, "/draw", source); err != nil {
		return err
	}
	w, err := startWatch(ctx, s, crowd.people, crowd.competitions[1])
	if err != nil {
		return err
	}
	defer w.stop()
	took, err := staff.draw(ctx, db, crowd.competitions[0], o.applications)
	if err != nil {
		return err
	}
	seen, err := w.end(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%-9s draw of %d applications (filled in %.1f s): list frozen %.1f s after the deadline; after the "+
		"value, places %.1f s, everybody's status %.1f s, all messages written %.1f s; %s\n", kind, o.applications,
		filled.Seconds(), took.frozen.Seconds(), took.ordered.Seconds(), took.assigned.Seconds(), took.told.Seconds(),
		seen)
	return nil
}

// drawTimes are the steps of a draw: the first since the deadline, the others since the value was entered.
type drawTimes struct{ frozen, ordered, assigned, told time.Duration }

// draw makes the deadline of a competition pass, enters the value as soon as the list is frozen, and waits until
// everybody has a message.
func (c staffClient) draw(ctx context.Context, db *store.Store, competition string, applications int) (
	t drawTimes, err error,
) {
	ctx, end := context.WithTimeout(ctx, drawTimeout)
	defer end()
	began := time.Now()
	if _, err := db.Writer().ExecContext(ctx, `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, competition,
		compete.UTC(began.Add(-compete.ArrivalGrace))); err != nil {
		return t, err
	}
	var d compete.Draw
	await := func(done func() bool) (time.Duration, error) {
		for {
			if d, err = db.Draw(ctx, competition); err != nil || done() {
				return time.Since(began), err
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	if t.frozen, err = await(func() bool { return d.FrozenAt != nil }); err != nil {
		return t, err
	}
	began = time.Now()
	if err := c.send(ctx, http.MethodPost, "/draw/value", map[string]string{"value": "3 14 15 92 65"}); err != nil {
		return t, err
	}
	if t.ordered, err = await(func() bool { return d.OrderedAt != nil }); err != nil {
		return t, err
	}
	if t.assigned, err = await(func() bool { return d.FinishedAt != nil }); err != nil {
		return t, err
	}
	if seats := applications / applicationsPerSeat; d.Seated != seats || d.Waitlisted != applications-seats {
		return t, fmt.Errorf("drawn only %+v", d)
	}
	t.told, err = awaitMessages(ctx, db, competition, applications, began)
	return t, err
}
