package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minicompete/minicompete/internal/store"
)

const (
	replicaConnections = 16 // of visitors who read during the rush
	replicaPatience    = 30 * time.Second
	replicaPause       = 100 * time.Millisecond
)

// measureReplica has visitors read lists and competitions during a rush, without and with a read replica of PostgreSQL,
// in turns.
func measureReplica(ctx context.Context, o options, kind string) error {
	if kind == "sqlite" {
		return nil
	}
	if o.standby == "" {
		return errors.New("use -standby")
	}
	for range o.rounds {
		for _, with := range []bool{false, true} {
			if err := replicaRound(ctx, o, with); err != nil {
				return err
			}
		}
	}
	return nil
}

func replicaRound(ctx context.Context, o options, with bool) (err error) {
	primary, drop, err := newDatabase(ctx, o, "postgres")
	if err != nil {
		return err
	}
	defer drop()
	db, err := store.Open(ctx, store.Config{URL: primary})
	if err != nil {
		return err
	}
	defer db.Close()
	crowd, err := addCrowd(ctx, db, o.participants, readCompetitions, o.participants)
	if err != nil {
		return err
	}
	var settings []string
	name := "alone"
	if with {
		standby, err := onServer(o.standby, primary)
		if err != nil {
			return err
		}
		if err := awaitReplica(ctx, db, standby); err != nil {
			return err
		}
		settings, name = append(settings, "DATABASE_READ_URL="+standby), "with a replica"
	}
	s, err := startProduct(ctx, o.binary, primary, settings...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	time.Sleep(2 * time.Second) // until the program knows that the replica is up to date
	return rushWithReaders(ctx, o, s, name, crowd.people, crowd.competitions)
}

// rushWithReaders prints the rates of a rush and of those who read lists and competitions meanwhile.
func rushWithReaders(ctx context.Context, o options, s *server, name string, people []person, ids []string) error {
	conns, hangUp, err := dial(ctx, s.address, replicaConnections)
	if err != nil {
		return err
	}
	defer hangUp()
	var next atomic.Int64
	read := func() []byte {
		n := int(next.Add(1))
		if n%2 == 0 {
			return getRequest(s.address, fmt.Sprintf("/api/competitions?limit=%d", 20+n/2%80))
		}
		return getRequest(s.address, "/api/competitions/"+ids[n%len(ids)])
	}
	during, end := context.WithCancel(ctx)
	defer end()
	var reads answers
	var reading sync.WaitGroup
	reading.Go(func() { reads = repeat(during, conns, 0, read) })
	rush, err := press(ctx, s.address, o.connections, len(people),
		func(i int) []byte { return registerRequest(s.address, people[i], ids[0]) })
	end()
	reading.Wait()
	if err != nil {
		return err
	}
	fmt.Printf("postgres  %-14s reads %5.0f/s p50 %-9v p99 %-9v %v; rush %5.0f accepted/s p99 %v\n", name,
		float64(reads.count(http.StatusOK))/rush.elapsed.Seconds(), reads.percentile(.5), reads.percentile(.99),
		reads.statuses(), rush.rate(http.StatusCreated), rush.percentile(.99))
	return nil
}

// onServer returns the URL of the same database on another server.
func onServer(server, database string) (string, error) {
	from, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	to, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	to.Path = from.Path
	return to.String(), nil
}

// awaitReplica waits until the standby has everything that was written.
func awaitReplica(ctx context.Context, db *store.Store, standby string) error {
	end, err := db.DB().Position(ctx)
	if err != nil {
		return err
	}
	var has int64
	for begin := time.Now(); time.Since(begin) < replicaPatience && ctx.Err() == nil; time.Sleep(replicaPause) {
		replica, err := store.Open(ctx, store.Config{URL: standby})
		if err != nil {
			continue // it doesn't have the database yet
		}
		err = replica.Reader().QueryRowContext(ctx,
			`SELECT coalesce(CAST(pg_last_wal_replay_lsn() - '0/0' AS bigint), 0)`).Scan(&has)
		if errors.Join(err, replica.Close()) == nil && has >= int64(end) {
			return nil
		}
	}
	return fmt.Errorf("the standby is at %d instead of %d", has, end)
}
