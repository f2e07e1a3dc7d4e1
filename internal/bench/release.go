package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

const (
	decisionsReleased = 10_000
	besidePause       = 5 * time.Millisecond // between two registrations for another competition
	releaseTimeout    = 5 * time.Minute
)

// measureRelease drafts a decision about each of ten thousand applications, and releases them. It reports how long
// that took until all statuses were changed and all messages written, the program's memory at peak, and the longest
// time that somebody waited who registered for another competition meanwhile: no less than the writer was ever held.
func measureRelease(ctx context.Context, o options, kind string) (err error) {
	url, drop, err := newDatabase(ctx, o, kind)
	if err != nil {
		return err
	}
	defer drop()
	db, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return err
	}
	defer db.Close()
	organizers, err := addPeople(ctx, db, compete.RoleOrganizer, 1)
	if err != nil {
		return err
	}
	people, err := addPeople(ctx, db, compete.RoleParticipant, decisionsReleased)
	if err != nil {
		return err
	}
	competitions, err := addCompetitions(ctx, db, organizers[0], 2, decisionsReleased)
	if err != nil {
		return err
	}
	if err := addApplications(ctx, db, competitions[0]); err != nil {
		return err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	staff := staffClient{"http://" + s.address + "/api/competitions/" + competitions[0], organizers[0].token}
	drafted, err := staff.draftAll(ctx, people)
	if err != nil {
		return err
	}
	conns, hangUp, err := dial(ctx, s.address, 1)
	if err != nil {
		return err
	}
	defer hangUp()
	if err := s.resetPeak(); err != nil {
		return err
	}
	during, end := context.WithCancel(ctx)
	beside := make(chan answers, 1)
	next := 0
	go func() {
		beside <- repeat(during, conns, besidePause, func() []byte {
			next++
			return registerRequest(s.address, people[next%len(people)], competitions[1])
		})
	}()
	began := time.Now()
	if err := staff.send(ctx, http.MethodPost, "/decisions/release", nil, nil); err != nil {
		end()
		return err
	}
	released, told, err := staff.awaitRelease(ctx, db, competitions[0], began)
	end()
	if err != nil {
		return err
	}
	presses := <-beside
	_, peak, err := s.memory()
	if err != nil {
		return err
	}
	fmt.Printf("%-9s release of %d decisions: drafted in %.1f s, released in %.1f s, all messages written after "+
		"%.1f s; memory %.0f MB at peak; registrations meanwhile p50 %v p99 %v longest %v\n", kind, decisionsReleased,
		drafted.Seconds(), released.Seconds(), told.Seconds(), peak, presses.percentile(.5), presses.percentile(.99),
		presses.percentile(1))
	return nil
}

// addApplications makes everybody apply for a competition. A registration has the id of its user.
func addApplications(ctx context.Context, db *store.Store, competition string) error {
	for _, text := range []string{
		`UPDATE competitions SET admission = 'REVIEW', next_seq = ` + fmt.Sprint(decisionsReleased+1) + `
			WHERE id = $1`,
		`INSERT INTO registrations (id, user_id, competition_id, status, seq, registered_at, updated_at)
			SELECT u.id, u.id, c.id, 'APPLIED', row_number() OVER (ORDER BY u.id), c.created_at, c.created_at
			FROM users u CROSS JOIN competitions c WHERE u.role = 'PARTICIPANT' AND c.id = $1`,
	} {
		if _, err := db.Writer().ExecContext(ctx, text, competition); err != nil {
			return fmt.Errorf("add applications: %w", err)
		}
	}
	_, err := db.Recount(ctx, func() {})
	return err
}

// staffClient calls the API as the organizer of a competition.
type staffClient struct{ address, token string }

func (c staffClient) send(ctx context.Context, method, path string, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		encoded = nil
	}
	request, err := http.NewRequestWithContext(ctx, method, c.address+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// draftAll decides about everybody, a third each way, and returns how long that took.
func (c staffClient) draftAll(ctx context.Context, people []person) (time.Duration, error) {
	type item struct {
		RegistrationID string           `json:"registrationId"`
		Decision       compete.Decision `json:"decision"`
	}
	began := time.Now()
	for i := 0; i < len(people); i += compete.MaxDecisionItems {
		var items []item
		for j, p := range people[i:min(i+compete.MaxDecisionItems, len(people))] {
			items = append(items, item{strings.ToLower(p.id), compete.Decisions[j%len(compete.Decisions)]})
		}
		if err := c.send(ctx, http.MethodPost, "/decisions", map[string]any{"items": items}, nil); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// awaitRelease returns how long after it began all decisions were released, and all messages written.
func (c staffClient) awaitRelease(ctx context.Context, db *store.Store, competition string, began time.Time) (
	released, told time.Duration, err error,
) {
	ctx, end := context.WithTimeout(ctx, releaseTimeout)
	defer end()
	for released == 0 {
		time.Sleep(50 * time.Millisecond)
		last, err := db.LastRelease(ctx, competition)
		if err != nil {
			return 0, 0, err
		}
		if last != nil && last.FinishedAt != nil {
			if released = time.Since(began); last.Admitted+last.Waitlisted+last.Rejected != decisionsReleased {
				return 0, 0, fmt.Errorf("released only %+v", last)
			}
		}
	}
	for {
		var n int
		if err := db.Reader().QueryRowContext(ctx, `SELECT count(*) FROM messages m
			JOIN registrations r ON r.id = m.registration_id WHERE r.competition_id = $1`,
			competition).Scan(&n); err != nil {
			return 0, 0, err
		}
		if n == decisionsReleased {
			return released, time.Since(began), nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}
