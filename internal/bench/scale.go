package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/fill"
	"github.com/minicompete/minicompete/internal/store"
)

const (
	scaleTurns    = 3   // turns of the databases, so that other work of the machine affects all of them
	scaleRequests = 20  // per kind and turn, with one connection
	scaleCrowd    = 16  // concurrent connections, for the 99th percentile
	crowdRequests = 480 // on all of them
)

// Bounds from docs/PERFORMANCE.md; the table marks values beyond them.
const (
	mostGrowth = 1.5
	slowest    = 25 * time.Millisecond // 99th percentile with scaleCrowd connections
)

// figures are the measurements of a look, with a median for each database.
type figures struct {
	medians []time.Duration
	cpu     []time.Duration // of the program and the database, per request
	pages   []float64       // that PostgreSQL looked at, per request; nil if it doesn't count them
	crowd   load            // of scaleCrowd connections, in the last database
	failed  string
}

// measureScale requests each page with databases of several sizes, and prints how long each takes and how much longer
// in the last one.
func measureScale(ctx context.Context, o options, kind string) (err error) {
	wanted, err := regexp.Compile(o.looks)
	if err != nil {
		return fmt.Errorf("-looks: %w", err)
	}
	sizes, products, done, err := startScaled(ctx, o, kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	fmt.Printf("%-9s %-42s%s   growth  with 16: p50      p99    /s %s   growth", kind,
		"median with one connection, ms", headings(sizes, ""), headings(sizes, "CPU "))
	if products[0].counts != nil {
		fmt.Printf(" %s   growth", headings(sizes, "pages "))
	}
	fmt.Println()
	for _, look := range looks {
		if !wanted.MatchString(look.name) {
			continue
		}
		found, err := look.measure(ctx, products, !o.alone)
		if err != nil {
			return fmt.Errorf("%s: %w", look.name, err)
		}
		fmt.Printf("%-9s %-42s%s\n", kind, look.name, found)
	}
	return nil
}

// String returns a line of the table, with a mark on values out of bounds.
func (f figures) String() string {
	if f.failed != "" {
		return " " + f.failed
	}
	crowd := strings.Repeat(" ", 32)
	if f.crowd.elapsed > 0 {
		p99 := f.crowd.percentile(.99)
		crowd = fmt.Sprintf(" %15.1f %8.1f%s %6.0f", milliseconds(f.crowd.percentile(.5)), milliseconds(p99),
			mark(p99 > slowest), f.crowd.rate(http.StatusOK))
	}
	line := growing(f.medians) + crowd + growing(f.cpu)
	if f.pages != nil {
		line += " " + ratio(" %11.0f", 1, f.pages)
	}
	return line
}

// growing formats durations in databases, smallest first, and the ratio of the last to the first.
func growing(each []time.Duration) string {
	in := make([]float64, len(each))
	for i, d := range each {
		in[i] = milliseconds(d)
	}
	return ratio(" %11.2f", 1e-6, in)
}

// ratio formats figures like growing; the first counts as least at least.
func ratio(format string, least float64, each []float64) string {
	var line strings.Builder
	for _, n := range each {
		fmt.Fprintf(&line, format, n)
	}
	growth := each[len(each)-1] / max(each[0], least)
	fmt.Fprintf(&line, " %7.2f%s", growth, mark(growth > mostGrowth))
	return line.String()
}

func headings(sizes []string, of string) (line string) {
	for _, size := range sizes {
		line += fmt.Sprintf(" %11s", of+size)
	}
	return line
}

func mark(beyond bool) string {
	if beyond {
		return "!"
	}
	return " "
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// measure makes the databases take turns. The 99th percentile is of several concurrent requests in the last one.
func (l look) measure(ctx context.Context, products []*scaled, crowd bool) (f figures, err error) {
	latencies := make([][]time.Duration, len(products))
	f.cpu = make([]time.Duration, len(products))
	if products[0].counts != nil {
		f.pages = make([]float64, len(products))
	}
	turns, requests := scaleTurns, scaleRequests
	if l.whole {
		turns, requests = 1, 2
	}
	for turn := range turns {
		for i, s := range products {
			if turn == 0 { // the first ones read from the disk
				if _, failed, err := s.ask(ctx, l, 1, min(3, requests)); err != nil || failed != "" {
					return figures{failed: failed}, err
				}
			}
			cost, done, failed, err := s.costs(ctx, l, requests)
			if err != nil || failed != "" {
				return figures{failed: failed}, err
			}
			f.cpu[i] += cost.cpu / time.Duration(turns*requests)
			if f.pages != nil {
				f.pages[i] += cost.pages / float64(turns*requests)
			}
			latencies[i] = append(latencies[i], done.latencies...)
		}
	}
	for _, some := range latencies {
		slices.Sort(some)
		f.medians = append(f.medians, percentile(some, .5))
	}
	if l.whole || !crowd {
		return f, nil
	}
	f.crowd, f.failed, err = products[len(products)-1].ask(ctx, l, scaleCrowd, crowdRequests)
	return f, err
}

// ask sends requests over the given number of connections. If not all were answered with 200, it says why.
func (s *scaled) ask(
	ctx context.Context, l look, connections, requests int,
) (done load, failed string, err error) {
	request := l.request(s)
	address := s.address
	if strings.Contains(string(request), "Host: "+s.web) {
		address = s.web
	}
	done, err = press(ctx, address, connections, requests, func(int) []byte { return request })
	if ctx.Err() != nil {
		return load{}, "", ctx.Err()
	}
	if err != nil {
		return load{}, err.Error(), nil //nolint:nilerr // it is a cell of the table
	}
	if done.statuses[http.StatusOK] != requests {
		return load{}, fmt.Sprintf("responses %v", done.statuses), nil
	}
	return done, "", nil
}

// startScaled starts the product on each of the previously filled databases, or otherwise on new ones with the given
// numbers of competitions and ten registrations for each.
func startScaled(
	ctx context.Context, o options, kind string,
) (sizes []string, products []*scaled, done func() error, err error) {
	var ends []func() error
	endAll := func() (err error) {
		for _, end := range slices.Backward(ends) {
			err = errors.Join(err, end())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, endAll())
		}
	}()
	databases := strings.FieldsFunc(o.filled, func(r rune) bool { return r == ',' })
	databases = slices.DeleteFunc(databases, func(url string) bool { return !strings.HasPrefix(url, kind) })
	if o.filled == "" {
		for _, text := range strings.Split(o.sizes, ",") {
			url, drop, err := newFilled(ctx, o, kind, text)
			if err != nil {
				return nil, nil, nil, err
			}
			databases, ends = append(databases, url), append(ends, func() error { drop(); return nil })
		}
	}
	for _, url := range databases {
		s, size, err := startOn(ctx, o, url)
		if err != nil {
			return nil, nil, nil, err
		}
		sizes, products, ends = append(sizes, size), append(products, s), append(ends, s.end)
	}
	if len(products) == 0 {
		return nil, nil, nil, errors.New("there's no database to measure")
	}
	return sizes, products, endAll, nil
}

// startOn starts the product on a filled database. Its size is the number of competitions.
func startOn(ctx context.Context, o options, databaseURL string) (s *scaled, size string, err error) {
	s = &scaled{cookies: map[string]string{}}
	if err := s.countPages(ctx, databaseURL); err != nil {
		return nil, "", err
	}
	if address, err := url.Parse(databaseURL); err == nil && address.Scheme != "sqlite" {
		s.database = " " + strings.TrimPrefix(address.Path, "/") + " "
	}
	if size, err = s.lookUp(ctx, databaseURL); err != nil {
		return nil, "", err
	}
	// Without a worker: after a fill, it writes the reminders of a whole day, and checks every count.
	if s.server, err = startProduct(ctx, o.binary, databaseURL, "ROLES=web,api"); err != nil {
		return nil, "", err
	}
	for _, email := range []string{fill.OrganizerEmail, fill.SmallEmail, fill.ParticipantEmail, fill.AdminEmail} {
		if s.cookies[email], err = logIn(ctx, s.web, email); err != nil {
			return nil, "", errors.Join(err, s.end())
		}
	}
	return s, size, nil
}

// lookUp finds the rows that looks are about.
func (s *scaled) lookUp(ctx context.Context, databaseURL string) (size string, err error) {
	db, err := store.Open(ctx, store.Config{URL: databaseURL})
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return "", err
	}
	const user = `SELECT id FROM users WHERE lower(email) = $1`
	for _, find := range []struct {
		into *string
		text string
		of   string
	}{
		{&s.organizer, user, fill.OrganizerEmail},
		{&s.participant, user, fill.ParticipantEmail},
		{&s.admin, user, fill.AdminEmail},
		{&s.largest, `SELECT id FROM competitions WHERE organizer_id = (` + user + `)
			ORDER BY created_at, id LIMIT 1`, fill.OrganizerEmail},
		{
			&s.open, `SELECT id FROM competitions WHERE organizer_id = (` + user + `) AND status = 'PUBLISHED'
			AND questions IS NOT NULL AND reg_opens_at IS NULL AND waitlisted = 0 AND seats_left > 0
			AND reg_deadline > (SELECT max(created_at) FROM competitions) ORDER BY created_at, id LIMIT 1`,
			fill.OrganizerEmail,
		},
		{&s.undrawn, `SELECT id FROM competitions WHERE organizer_id = (` + user + `) AND admission = 'LOTTERY'
			AND status = 'PUBLISHED' AND drawn_at IS NULL ORDER BY created_at, id LIMIT 1`, fill.OrganizerEmail},
		{&s.draft, `SELECT id FROM competitions WHERE organizer_id = (` + user + `) AND status = 'DRAFT'
			ORDER BY created_at, id LIMIT 1`, fill.OrganizerEmail},
		{&s.message, `SELECT id FROM messages WHERE user_id = (` + user + `) AND read_at IS NOT NULL
			ORDER BY id LIMIT 1`, fill.ParticipantEmail},
		{&s.reported, `SELECT competition_id FROM reports WHERE status = $1 ORDER BY created_at LIMIT 1`, "OPEN"},
		{&s.waiting, `SELECT user_id FROM registrations WHERE competition_id = (SELECT id FROM competitions
			WHERE organizer_id = (` + user + `) ORDER BY created_at, id LIMIT 1) AND status = 'WAITLISTED'
			ORDER BY seq DESC LIMIT 1`, fill.OrganizerEmail},
		{&s.seated, `SELECT id FROM registrations WHERE competition_id = (SELECT id FROM competitions
			WHERE organizer_id = (` + user + `) ORDER BY created_at, id LIMIT 1) AND status = 'CONFIRMED'
			ORDER BY seq LIMIT 1`, fill.OrganizerEmail},
		{&size, `SELECT count(*) FROM competitions WHERE title <> $1`, ""},
	} {
		if err := db.Reader().QueryRowContext(ctx, find.text, find.of).Scan(find.into); err != nil {
			return "", fmt.Errorf("%s: %w", find.text, err)
		}
	}
	s.sample = s.waiting
	return size, errors.Join(s.lookUpRemarkable(ctx, db), freshen(ctx, db))
}

// lookUpRemarkable finds the competitions with much else than registrations.
func (s *scaled) lookUpRemarkable(ctx context.Context, db *store.Store) error {
	into := []*string{&s.teams, &s.divided, &s.reviewed, &s.drawn, &s.soon}
	for i, id := range into {
		if err := db.Reader().QueryRowContext(ctx, `SELECT id FROM competitions WHERE organizer_id = $1
			ORDER BY created_at, id LIMIT 1 OFFSET $2`, s.organizer, i+1).Scan(id); err != nil {
			return err
		}
	}
	for _, find := range []struct {
		into     *string
		text, of string
	}{
		{&s.team, `SELECT id FROM teams WHERE competition_id = $1 ORDER BY number LIMIT 1`, s.teams},
		{&s.member, `SELECT user_id FROM registrations WHERE competition_id = $1 AND seq = 2`, s.teams},
		{&s.joined, `SELECT id FROM registrations WHERE competition_id = $1 AND seq = 2`, s.teams},
		{&s.division, `SELECT id FROM divisions WHERE competition_id = $1 ORDER BY place LIMIT 1`, s.divided},
		{&s.queued, `SELECT user_id FROM registrations WHERE competition_id = $1 AND status = 'WAITLISTED'
			ORDER BY seq DESC LIMIT 1`, s.divided},
		{&s.applied, `SELECT id FROM registrations WHERE competition_id = $1 AND status = 'APPLIED'
			ORDER BY seq LIMIT 1`, s.reviewed},
	} {
		if err := db.Reader().QueryRowContext(ctx, find.text, find.of).Scan(find.into); err != nil {
			return fmt.Errorf("%s: %w", find.text, err)
		}
	}
	return nil
}

// freshen records seats taken in the current minute, in as many competitions as the fill did, which may have been hours
// ago.
func freshen(ctx context.Context, db *store.Store) error {
	writer := db.Writer()
	if _, err := writer.ExecContext(ctx, `DELETE FROM seats_taken WHERE minute < $1`, time.Now()); err != nil {
		return err
	}
	_, err := writer.ExecContext(ctx, `INSERT INTO seats_taken (competition_id, minute, taken)
		SELECT id, $1, 1 + capacity % 50 FROM competitions WHERE status = 'PUBLISHED' AND capacity % 100 = 17
		AND reg_deadline > $1`, time.Now().UTC().Truncate(time.Minute))
	return err
}

// newFilled creates a database with the given number of competitions. drop removes it.
func newFilled(ctx context.Context, o options, kind, competitions string) (url string, drop func(), err error) {
	n, err := strconv.Atoi(competitions)
	if err != nil {
		return "", nil, fmt.Errorf("-sizes: %w", err)
	}
	if url, drop, err = newDatabase(ctx, o, kind); err != nil {
		return "", nil, err
	}
	begin := time.Now()
	size := fill.Size{
		Users: max(n, o.largest+o.largest/10), Competitions: n, Registrations: 10*n + o.largest, Largest: o.largest,
	}
	if err := fillDatabase(ctx, url, size); err != nil {
		drop()
		return "", nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: %d users, %d competitions and %d registrations in %v\n", kind, size.Users,
		size.Competitions, size.Registrations, time.Since(begin).Round(time.Second))
	return url, drop, nil
}

func fillDatabase(ctx context.Context, databaseURL string, size fill.Size) error {
	if wrong := size.Check(); wrong != "" {
		return errors.New(wrong)
	}
	db, err := store.Open(ctx, store.Config{URL: databaseURL})
	if err != nil {
		return err
	}
	defer db.Close()
	hasher, err := auth.NewHasher(auth.HasherConfig{Cost: 12})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, demo.Password)
	if err != nil {
		return err
	}
	_, err = fill.Run(ctx, fill.Config{
		Store: db, Size: size, Now: time.Now(), PasswordHash: hash,
		Progress: func(string, int, int) {}, Step: func(string) {},
	})
	return err
}

// logIn logs in with the form, and returns the cookies as a header value.
func logIn(ctx context.Context, web, email string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	site := &url.URL{Scheme: "http", Host: web}
	form := strings.NewReader(url.Values{"email": {email}, "password": {demo.Password}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, site.String()+"/auth/login", form)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	_ = response.Body.Close()
	var cookies []string
	for _, cookie := range jar.Cookies(site) {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	slices.SortFunc(cookies, cmp.Compare)
	if response.StatusCode != http.StatusSeeOther || len(cookies) == 0 {
		return "", fmt.Errorf("log in as %s: %s", email, response.Status)
	}
	return strings.Join(cookies, "; "), nil
}
