package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

// confirmationTimeout bounds the wait for the confirmations after a rush.
const confirmationTimeout = 60 * time.Second

// prepared are the product in a rush for a competition with divisions, questions and teams, by the unit of its seats:
// everyone has chosen, answered, and named a team or entered the code of one, ahead.
var prepared = map[string]compete.SeatUnit{
	"prepared":   compete.SeatPerPerson,
	"team-seats": compete.SeatPerTeam,
}

// rush is one measured rush.
type rush struct {
	load
	confirmed  time.Duration // from the last response until all confirmations are written
	idle, peak float64       // memory in MB
	cpu        time.Duration // processor time of the program per request of the rush
}

func (r rush) accepted() float64 { return r.rate(http.StatusCreated) }

// measureRush runs the product and the baselines in turn, so that a noisy machine affects all of them.
func measureRush(ctx context.Context, o options, kind string) error {
	contenders := strings.Split(o.contenders, ",")
	if kind == "sqlite" { // where every writer waits for the one before it in any case
		contenders = slices.DeleteFunc(contenders, func(name string) bool { return name == "textbook" })
	}
	rounds := map[string][]rush{}
	var before []float64
	for range o.rounds {
		if o.before != "" {
			rate, err := rushBefore(ctx, o, kind)
			if err != nil {
				return fmt.Errorf("before: %w", err)
			}
			before = append(before, rate)
		}
		for _, contender := range contenders {
			r, err := runRush(ctx, o, kind, contender)
			if err != nil {
				return fmt.Errorf("%s: %w", contender, err)
			}
			rounds[contender] = append(rounds[contender], r)
		}
	}
	medians := map[string]rush{}
	for _, contender := range contenders {
		medians[contender] = median(rounds[contender])
		m := medians[contender]
		fmt.Printf("%-9s rush %-9s %7.0f accepted/s  p50 %-9v p99 %-9v CPU %-6v responses %v (median of %d)\n",
			kind, contender, m.accepted(), m.percentile(.5), m.percentile(.99), m.cpu.Round(time.Microsecond),
			m.statuses, o.rounds)
	}
	product, ok := medians["product"]
	if !ok {
		return nil
	}
	if o.before != "" {
		slices.Sort(before)
		fmt.Printf("%-9s rush before    %7.0f accepted/s; product/before: rate ratio %.2f\n", kind,
			before[len(before)/2], product.accepted()/before[len(before)/2])
	}
	for _, name := range slices.Sorted(maps.Keys(prepared)) {
		if answered, ok := medians[name]; ok {
			fmt.Printf("%-9s rush %s/product: rate ratio %.2f\n", kind, name, answered.accepted()/product.accepted())
		}
	}
	if bare, ok := medians["bare"]; ok {
		fmt.Printf("%-9s rush product/bare: rate ratio %.2f, p99 ratio %.2f\n", kind,
			product.accepted()/bare.accepted(), float64(product.percentile(.99))/float64(bare.percentile(.99)))
	}
	if textbook, ok := medians["textbook"]; ok {
		fmt.Printf("%-9s rush product/textbook: rate ratio %.1f\n", kind, product.accepted()/textbook.accepted())
	}
	fmt.Printf("%-9s rush: all confirmations written %v after the last response; memory "+
		"%.0f MB idle, %.0f MB at peak\n",
		kind, product.confirmed.Round(10*time.Millisecond), product.idle, product.peak)
	return nil
}

// acceptedRate finds the rate in what measureRush prints.
var acceptedRate = regexp.MustCompile(`rush product +([0-9]+) accepted/s`)

// rushBefore has an earlier commit measure one plain rush of itself, since only that knows its schema. It returns the
// rate of accepted registrations per second.
func rushBefore(ctx context.Context, o options, kind string) (float64, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(o.before, "bench"),
		"-binary", filepath.Join(o.before, "minicompete"), "-only", "rush", "-contenders", "product", "-rounds", "1",
		"-participants", strconv.Itoa(o.participants), "-connections", strconv.Itoa(o.connections),
		"-databases", kind, "-postgres", o.postgres).Output()
	if err != nil {
		return 0, err
	}
	found := acceptedRate.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("it printed no rate: %s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

// median returns the median rush by rate, with the worst of the other figures.
func median(rushes []rush) rush {
	slices.SortFunc(rushes, func(a, b rush) int { return int(a.accepted() - b.accepted()) })
	m := rushes[len(rushes)/2]
	for _, r := range rushes {
		m.confirmed, m.idle, m.peak = max(m.confirmed, r.confirmed), max(m.idle, r.idle), max(m.peak, r.peak)
	}
	return m
}

func runRush(ctx context.Context, o options, kind, contender string) (r rush, err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return r, err
	}
	defer done()
	unit, isPrepared := prepared[contender]
	captains := 0
	if isPrepared {
		captains = captainsFor(o.participants)
	}
	crowd, err := addCrowd(ctx, db, o.participants+captains, 1, o.participants)
	if err != nil {
		return r, err
	}
	people := crowd.people[:o.participants]
	if isPrepared {
		if err := prepareAll(ctx, db, people, crowd.people[o.participants:], crowd.competitions[0], unit); err != nil {
			return r, err
		}
	}
	isProduct := contender == "product" || isPrepared
	var s *server
	if isProduct {
		s, err = startProduct(ctx, o.binary, url)
	} else {
		s, err = startBaseline(ctx, contender, url)
	}
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return rushOn(ctx, o, db, s, people, crowd.competitions[0], isProduct)
}

// measureRushes measures the memory of three rushes in a row, each for another competition.
func measureRushes(ctx context.Context, o options, kind string) (err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return err
	}
	defer done()
	crowd, err := addCrowd(ctx, db, o.participants, 3, o.participants)
	if err != nil {
		return err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	peaks := ""
	for _, competition := range crowd.competitions {
		each := slices.Clone(crowd.people)
		for i := range each {
			each[i].id += competition[len(competition)-12:] // it is the key, and each registration has its own
		}
		r, err := rushOn(ctx, o, db, s, each, competition, false)
		if err != nil {
			return err
		}
		peaks += fmt.Sprintf(" %.0f", r.peak)
	}
	fmt.Printf("%-9s three rushes in a row: memory at peak%s MB\n", kind, peaks)
	return nil
}

func rushOn(
	ctx context.Context, o options, db *store.Store, s *server, people []person, competitionID string, confirms bool,
) (r rush, err error) {
	time.Sleep(time.Second) // wait for the start to finish, so that memory is measured while idle
	if r.idle, _, err = s.memory(); err != nil {
		return r, err
	}
	if err := s.resetPeak(); err != nil {
		return r, err
	}
	before, err := s.cpu()
	if err != nil {
		return r, err
	}
	r.load, err = press(ctx, s.address, o.connections, len(people),
		func(i int) []byte { return registerRequest(s.address, people[i], competitionID) })
	if err != nil {
		return r, err
	}
	after, err := s.cpu()
	if err != nil {
		return r, err
	}
	r.cpu = (after - before) / time.Duration(len(people))
	if confirms {
		if r.confirmed, err = awaitConfirmations(ctx, db, competitionID, r.statuses[http.StatusCreated]); err != nil {
			return r, err
		}
	}
	_, r.peak, err = s.memory()
	return r, err
}

// awaitConfirmations waits until nobody is waiting for a confirmation, and the given number of messages say so.
func awaitConfirmations(ctx context.Context, db *store.Store, competitionID string, want int) (time.Duration, error) {
	begin := time.Now()
	for time.Since(begin) < confirmationTimeout && ctx.Err() == nil {
		var pending, messages int
		err := db.Reader().QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM registrations WHERE competition_id = $1 AND status = 'PENDING'),
			(SELECT count(*) FROM messages WHERE kind = 'confirmed')`, competitionID).Scan(&pending, &messages)
		if err != nil {
			return 0, err
		}
		if pending == 0 && messages == want {
			return time.Since(begin), nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return 0, fmt.Errorf("not all of %d confirmations were written within %v", want, confirmationTimeout)
}
