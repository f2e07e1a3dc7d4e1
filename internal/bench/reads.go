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
	readCompetitions = 1000
	readRequests     = 20_000
	readConnections  = 64
)

// measureReads requests the list and single competitions, from the API and as pages.
func measureReads(ctx context.Context, o options, kind string) (err error) {
	s, ids, done, err := withCompetitions(ctx, o, kind, readCompetitions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	list := func(int) string { return "/competitions" }
	one := func(i int) string { return "/competitions/" + ids[i%len(ids)] }
	under := func(prefix string, path func(int) string) func(int) string {
		return func(i int) string { return prefix + path(i) }
	}
	for _, read := range []struct {
		address, name string
		path          func(i int) string
	}{
		{s.address, "GET /api/competitions", under("/api", list)},
		{s.address, "GET /api/competitions/{id}", under("/api", one)},
		{s.web, "GET /competitions", list},
		{s.web, "GET /competitions/{id}", one},
	} {
		if err := readRate(ctx, read.address, kind, read.name, read.path); err != nil {
			return err
		}
	}
	return nil
}

func readRate(ctx context.Context, address, kind, name string, path func(i int) string) error {
	l, err := press(ctx, address, readConnections, readRequests,
		func(i int) []byte { return getRequest(address, path(i)) })
	if err != nil {
		return err
	}
	fmt.Printf("%-9s %-27s %7.0f/s  p50 %-9v p99 %-9v responses %v\n", kind, name, l.rate(http.StatusOK),
		l.percentile(.5), l.percentile(.99), l.statuses)
	return nil
}

// measureStart measures how long the program takes to start on an existing database.
func measureStart(ctx context.Context, o options, kind string) (err error) {
	s, _, done, err := withCompetitions(ctx, o, kind, readCompetitions)
	if err != nil {
		return err
	}
	fmt.Printf("%-9s start to healthy, existing database %v\n", kind, s.started.Round(time.Millisecond))
	return done()
}

// withCompetitions starts the product on a database with the given number of competitions.
func withCompetitions(
	ctx context.Context, o options, kind string, n int,
) (s *server, ids []string, done func() error, err error) {
	url, drop, err := newDatabase(ctx, o, kind)
	if err != nil {
		return nil, nil, nil, err
	}
	db, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return nil, nil, nil, err
	}
	defer db.Close()
	organizers, err := addPeople(ctx, db, compete.RoleOrganizer, 1)
	if err != nil {
		return nil, nil, nil, err
	}
	if ids, err = addCompetitions(ctx, db, organizers[0], n, 100); err != nil {
		return nil, nil, nil, err
	}
	if s, err = startProduct(ctx, o.binary, url); err != nil {
		return nil, nil, nil, err
	}
	return s, ids, func() error { defer drop(); return s.stop() }, nil
}
