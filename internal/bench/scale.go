package main

import (
	"cmp"
	"context"
	"database/sql"
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

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/fill"
	"github.com/minicompete/minicompete/internal/store"
)

const (
	scaleRequests = 60 // of each kind, with one connection
	scaleCrowd    = 16 // connections at once, for the 99th percentile
)

// look is one kind of request of the table.
type look struct {
	name    string
	request func(s *scaled) []byte
}

// scaled is the product on a database of a size.
type scaled struct {
	*server
	ids     fill.IDs
	waiting string            // a user far back in the line for the largest competition
	cookies map[string]string // by email
}

var looks = []look{
	{"home page", page("", "/")},
	{"list: newest", api("", "/api/competitions")},
	{"list: deadline", api("", "/api/competitions?sort=deadline")},
	{"list: filling", api("", "/api/competitions?sort=filling")},
	{"list: upcoming by deadline", api("", "/api/competitions?phase=upcoming&sort=deadline")},
	{"list: closed", api("", "/api/competitions?phase=closed")},
	{"list: closed by filling", api("", "/api/competitions?phase=closed&sort=filling")},
	{"list: a tag", api("", "/api/competitions?tags=chess")},
	{"search: rare word", api("", "/api/competitions?search=2345")},
	{"search: no hit", api("", "/api/competitions?search=zyzzyva")},
	{"search: common words", api("", "/api/competitions?search=summer+cup")},
	{"search: common and rare", api("", "/api/competitions?search=laptop+2345")},
	{"search: prefix", api("", "/api/competitions?search=mara")},
	{"page of the list, with popular tags", page("", "/competitions")},
	{"competition page", func(s *scaled) []byte { return getRequest(s.web, "/competitions/"+s.ids.Largest) }},
	{"organizer's dashboard, a tenth of all", page(fill.OrganizerEmail, "/dashboard")},
	{"organizer's dashboard, 1,000", page(fill.SmallEmail, "/dashboard")},
	{"organizer's list: full", as(compete.RoleOrganizer, func(s *scaled) string { return s.ids.Organizer }, "/api/competitions/my-competitions?phase=full")},
	{"participants, first page", participants("")},
	{"participants by name", participants("?sort=name")},
	{"participants: rare", participants("?search=user9876%40")},
	{"participants: no hit", participants("?search=zyzzyva")},
	{"participants: common", participants("?search=smith")},
	{"participants: everyone", participants("?search=example")},
	{"participants: short", participants("?search=li")},
	{"participants: one ideograph", participants("?search=%E7%8E%8B")},
	{"participants by name: rare", participants("?sort=name&search=user9876%40")},
	{"people: rare", people("user9876%40")},
	{"people: no hit", people("zyzzyva")},
	{"people: common", people("smith")},
	{"dashboard of 2,000 registrations", page(fill.ParticipantEmail, "/dashboard")},
	{"my registrations", as(compete.RoleParticipant, func(s *scaled) string { return s.ids.Participant }, "/api/users/me/registrations")},
	{"place in line, far back", as(compete.RoleParticipant, func(s *scaled) string { return s.waiting }, "/api/users/me/registrations")},
	{"mailbox", page(fill.ParticipantEmail, "/mailbox")},
}

func page(email, path string) func(*scaled) []byte {
	return func(s *scaled) []byte { return s.page(email, path) }
}

func (s *scaled) page(email, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", path, s.web, s.cookies[email])
}

func participants(query string) func(*scaled) []byte {
	return func(s *scaled) []byte {
		return s.page(fill.OrganizerEmail, "/competitions/"+s.ids.Largest+"/registrations"+query)
	}
}

func people(search string) func(*scaled) []byte {
	return as(compete.RoleAdmin, func(s *scaled) string { return s.ids.Organizer }, "/api/admin/users?search="+search)
}

func api(token, path string) func(*scaled) []byte {
	return func(s *scaled) []byte {
		return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n\r\n", path, s.address, token)
	}
}

func as(role compete.Role, user func(*scaled) string, path string) func(*scaled) []byte {
	return func(s *scaled) []byte {
		now := time.Now()
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"sub": user(s), "email": "", "role": role, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		}).SignedString([]byte(jwtSecret))
		if err != nil {
			panic(err) // a key of bytes always signs
		}
		return api("Bearer "+token, path)(s)
	}
}

// measureScale asks for each page with databases of several sizes, and prints how long each takes and how much longer in the largest.
func measureScale(ctx context.Context, o options, kind string) error {
	sizes := strings.Split(o.sizes, ",")
	wanted, err := regexp.Compile(o.looks)
	if err != nil {
		return fmt.Errorf("-looks: %w", err)
	}
	looks := slices.DeleteFunc(slices.Clone(looks), func(l look) bool { return !wanted.MatchString(l.name) })
	medians := make([][]time.Duration, len(looks))
	crowded := make([]time.Duration, len(looks))
	for _, text := range sizes {
		size, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-sizes: %w", err)
		}
		s, done, err := startScaled(ctx, o, kind, size)
		if err != nil {
			return err
		}
		for i, look := range looks {
			request := look.request(s)
			median, p99, err := s.time(ctx, request, text == sizes[len(sizes)-1])
			if err != nil {
				return errors.Join(fmt.Errorf("%s: %w", look.name, err), done())
			}
			medians[i], crowded[i] = append(medians[i], median), p99
		}
		if err := done(); err != nil {
			return err
		}
	}
	fmt.Printf("%-9s %-40s", kind, "median with one connection, ms")
	for _, text := range sizes {
		fmt.Printf(" %9s", text)
	}
	fmt.Printf(" %7s %12s\n", "growth", "p99 with 16")
	for i, look := range looks {
		fmt.Printf("%-9s %-40s", kind, look.name)
		for _, median := range medians[i] {
			fmt.Printf(" %9.2f", milliseconds(median))
		}
		growth := float64(medians[i][len(sizes)-1]) / float64(medians[i][0])
		fmt.Printf(" %7.2f %12.1f\n", growth, milliseconds(crowded[i]))
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// time is the median of requests one after the other and, if asked for, the 99th percentile of several at once.
func (s *scaled) time(ctx context.Context, request []byte, crowd bool) (median, p99 time.Duration, err error) {
	address := s.address
	if strings.Contains(string(request), "Host: "+s.web) {
		address = s.web
	}
	repeat := func(int) []byte { return request }
	if _, err = press(ctx, address, 1, 3, repeat); err != nil { // the first ones read from the disk
		return 0, 0, err
	}
	l, err := press(ctx, address, 1, scaleRequests, repeat)
	if err != nil {
		return 0, 0, err
	}
	if l.statuses[http.StatusOK] != scaleRequests {
		return 0, 0, fmt.Errorf("responses %v", l.statuses)
	}
	if !crowd {
		return l.percentile(.5), 0, nil
	}
	many, err := press(ctx, address, scaleCrowd, scaleCrowd*10, repeat)
	if err != nil || many.statuses[http.StatusOK] != scaleCrowd*10 { // some took too long, and got an error
		return l.percentile(.5), requestTimeout, ctx.Err()
	}
	return l.percentile(.5), many.percentile(.99), nil
}

// startScaled fills a database with so many competitions, ten registrations for each, and starts the product on it.
func startScaled(ctx context.Context, o options, kind string, competitions int) (s *scaled, done func() error, err error) {
	databaseURL, drop, err := newDatabase(ctx, o, kind)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			drop()
		}
	}()
	begin := time.Now()
	s = &scaled{cookies: map[string]string{}}
	size := fill.Size{
		Users: max(competitions, o.largest+o.largest/10), Competitions: competitions, Registrations: 10*competitions + o.largest, Largest: o.largest,
	}
	if s.ids, s.waiting, err = fillDatabase(ctx, databaseURL, size); err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: %d users, %d competitions and %d registrations in %v\n", kind, size.Users, size.Competitions, size.Registrations, time.Since(begin).Round(time.Second))
	if s.server, err = startProduct(ctx, o.binary, databaseURL); err != nil {
		return nil, nil, err
	}
	for _, email := range []string{fill.OrganizerEmail, fill.SmallEmail, fill.ParticipantEmail} {
		if s.cookies[email], err = logIn(ctx, s.web, email); err != nil {
			return nil, nil, errors.Join(err, s.stop())
		}
	}
	return s, func() error { defer drop(); return s.stop() }, nil
}

func fillDatabase(ctx context.Context, databaseURL string, size fill.Size) (ids fill.IDs, waiting string, err error) {
	if wrong := size.Check(); wrong != "" {
		return ids, "", errors.New(wrong)
	}
	db, err := store.Open(ctx, store.Config{URL: databaseURL})
	if err != nil {
		return ids, "", err
	}
	defer db.Close()
	hasher, err := auth.NewHasher(auth.HasherConfig{Cost: 12})
	if err != nil {
		return ids, "", err
	}
	hash, err := hasher.Hash(ctx, demo.Password)
	if err != nil {
		return ids, "", err
	}
	ids, err = fill.Run(ctx, fill.Config{
		Store: db, Size: size, Now: time.Now(), PasswordHash: hash, Progress: func(string, int, int) {}, Step: func(string) {},
	})
	if err != nil {
		return ids, "", err
	}
	err = db.Reader().QueryRowContext(ctx, `SELECT user_id FROM registrations WHERE competition_id = $1 AND status = 'WAITLISTED' ORDER BY seq DESC LIMIT 1`,
		ids.Largest).Scan(&waiting)
	if errors.Is(err, sql.ErrNoRows) {
		waiting, err = ids.Participant, nil
	}
	return ids, waiting, err
}

// logIn logs in by the form, and returns the cookies as a header has them.
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
	client := http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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
