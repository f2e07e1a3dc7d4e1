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
	releaseTimeout    = 5 * time.Minute
	messagesPoll      = 250 * time.Millisecond // counting takes the machine from what is measured
)

// measureRelease drafts a decision about each of ten thousand applications, and releases them. It reports how long that
// took until all statuses were changed and all messages written, and what a watch saw.
func measureRelease(ctx context.Context, o options, kind string) (err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return err
	}
	defer done()
	crowd, err := addCrowd(ctx, db, decisionsReleased, 2, decisionsReleased)
	if err != nil {
		return err
	}
	if err := addApplications(ctx, db, crowd.competitions[0], "REVIEW", decisionsReleased); err != nil {
		return err
	}
	s, err := startMeasured(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	staff := crowd.staff(s)
	drafted, err := staff.draftAll(ctx, crowd.people)
	if err != nil {
		return err
	}
	w, err := startWatch(ctx, s, crowd.people, crowd.competitions[1])
	if err != nil {
		return err
	}
	defer w.stop()
	began := time.Now()
	if err := staff.send(ctx, http.MethodPost, "/decisions/release", nil); err != nil {
		return err
	}
	released, told, err := staff.awaitRelease(ctx, db, crowd.competitions[0], began)
	if err != nil {
		return err
	}
	seen, err := w.end(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%-9s release of %d decisions: drafted in %.1f s, released in %.1f s, all messages written after "+
		"%.1f s; %s\n", kind, decisionsReleased, drafted.Seconds(), released.Seconds(), told.Seconds(), seen)
	return nil
}

// staff is the organizer of the first competition.
func (c crowd) staff(s *server) staffClient {
	return staffClient{"http://" + s.address + "/api/competitions/" + c.competitions[0], c.organizer.token}
}

// addApplications makes everybody, n people, apply for a competition. A registration has the id of its user.
func addApplications(ctx context.Context, db *store.Store, competition, admission string, n int) error {
	for _, text := range []string{
		fmt.Sprintf(`UPDATE competitions SET admission = '%s', waitlist = TRUE, next_seq = %d WHERE id = $1`,
			admission, n+1),
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

func (c staffClient) send(ctx context.Context, method, path string, body any) error {
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
	return nil
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
		if err := c.send(ctx, http.MethodPost, "/decisions", map[string]any{"items": items}); err != nil {
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
	told, err = awaitMessages(ctx, db, competition, decisionsReleased, began)
	return released, told, err
}

// awaitMessages returns how long after it began n messages about a competition were written.
func awaitMessages(ctx context.Context, db *store.Store, competition string, n int, began time.Time) (
	time.Duration, error,
) {
	for {
		var written int
		if err := db.Reader().QueryRowContext(ctx, `SELECT count(*) FROM messages m
			JOIN registrations r ON r.id = m.registration_id WHERE r.competition_id = $1`,
			competition).Scan(&written); err != nil {
			return 0, err
		}
		if written == n {
			return time.Since(began), nil
		}
		time.Sleep(messagesPoll)
	}
}
