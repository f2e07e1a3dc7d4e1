package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// measureOpening has everybody press at once, each on a connection of their own that was opened before, as when
// registration opens. It reports how long they waited, and how many were refused.
func measureOpening(ctx context.Context, o options, kind string) (err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return err
	}
	defer done()
	organizers, err := addPeople(ctx, db, compete.RoleOrganizer, 1)
	if err != nil {
		return err
	}
	people, err := addPeople(ctx, db, compete.RoleParticipant, o.participants)
	if err != nil {
		return err
	}
	competitions, err := addCompetitions(ctx, db, organizers[0], 1, o.participants)
	if err != nil {
		return err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	time.Sleep(time.Second) // wait for the start to finish
	l, err := press(ctx, s.address, len(people), len(people),
		func(i int) []byte { return registerRequest(s.address, people[i], competitions[0]) })
	if err != nil {
		return err
	}
	_, peak, err := s.memory()
	fmt.Printf("%-9s opening: %d at once: %.0f accepted/s, p50 %v p99 %v longest %v, responses %v; memory %.0f MB "+
		"at peak\n", kind, len(people), l.rate(http.StatusCreated), l.percentile(.5), l.percentile(.99),
		l.percentile(1), l.statuses, peak)
	return err
}
