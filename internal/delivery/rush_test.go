package delivery

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

const (
	pressers = 64
	// heldBack is how many people wait to register until the last restart is over, so that the rush lasts throughout.
	heldBack = 500
)

// registration is the API's answer to a registration.
type registration struct {
	ID       string
	Seq      int
	Status   string
	Position int
}

// A person registers.
type person struct{ id, token string }

// A rush is many people registering for one competition, at several replicas.
type rush struct {
	replicas    []*replica
	competition string
	people      []person
	next        chan int // index of the next person
	release     func()   // releases those held back
	done        chan struct{}

	accepted, told, away atomic.Int64 // answered; told to retry; found a replica unavailable

	mu       sync.Mutex
	answers  map[string]registration // by user
	failures []string
}

// client keeps enough connections to each replica for all concurrent requests.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: pressers}, Timeout: patience}

func newRush(replicas []*replica, competition string, people []person) *rush {
	r := &rush{
		replicas: replicas, competition: competition, people: people, next: make(chan int),
		done: make(chan struct{}), answers: map[string]registration{},
	}
	released := make(chan struct{})
	r.release = sync.OnceFunc(func() { close(released) })
	go func() {
		defer close(r.next)
		for i := range people {
			if i == max(0, len(people)-heldBack) {
				<-released
			}
			r.next <- i
		}
	}()
	return r
}

// start has everyone register, and returns at once.
func (r *rush) start() {
	var pressing sync.WaitGroup
	for range pressers {
		pressing.Go(func() {
			for i := range r.next {
				r.register(i)
			}
		})
	}
	go func() {
		pressing.Wait()
		close(r.done)
	}()
}

// finish releases those held back, and waits until everyone has an answer.
func (r *rush) finish(t *testing.T) {
	t.Helper()
	r.release()
	select {
	case <-r.done:
	case <-time.After(10 * patience):
		t.Fatalf("only %d of %d have an answer", r.accepted.Load(), len(r.people))
	}
}

func (r *rush) press(t *testing.T) {
	t.Helper()
	r.start()
	r.finish(t)
}

// waitFor waits until n people have an answer.
func (r *rush) waitFor(t *testing.T, n int) {
	t.Helper()
	apptest.Eventually(t, 2*patience, strconv.Itoa(n)+" are registered", func() bool {
		return int(r.accepted.Load()) >= min(n, len(r.people)-heldBack)
	})
}

// register behaves like a good client: it switches to the other replica, with the same key, if told to retry or if the
// replica is being restarted. Any response other than a registration is a failure.
func (r *rush) register(i int) {
	const mostTries = 500
	key := "press-" + r.competition + "-" + r.people[i].id
	told := false // to retry, so that an earlier attempt may have succeeded
	for try := range mostTries {
		at := r.replicas[(i+try)%len(r.replicas)]
		url := at.urls[i/len(r.replicas)%len(at.urls)] + "/api/competitions/" + r.competition + "/register"
		began := time.Now()
		var answer registration
		status, header, err := send(http.MethodPost, url, r.people[i].token, key, nil, &answer)
		switch {
		case err != nil && at.wasRestarted(began):
			r.away.Add(1)
		case err != nil:
			r.fail("%s, which was not restarted: %v", url, err)
			return
		case status == http.StatusServiceUnavailable && header.Get("Retry-After") != "":
			told = true
			r.told.Add(1)
		case status != http.StatusCreated:
			r.fail("%s: %d", url, status)
			return
		default:
			if header.Get("Idempotency-Replayed") != "" && !told {
				r.fail("%s: the press had counted before, but its answer was cut off", url)
			}
			r.accept(r.people[i].id, answer)
			return
		}
		if try%len(r.replicas) == 1 { // both were tried
			time.Sleep(20 * time.Millisecond)
		}
	}
	r.fail("%s was turned away %d times", r.people[i].id, mostTries)
}

func (r *rush) accept(user string, answer registration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[user] = answer
	r.accepted.Add(1)
}

func (r *rush) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *rush) toldTo(user string) registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answers[user]
}

// check checks that everyone has the right status: a seat up to the capacity, and a place on the waitlist after that.
func (r *rush) check(t *testing.T, capacity int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, failure := range r.failures[:min(10, len(r.failures))] {
		t.Error(failure)
	}
	if len(r.failures) > 0 || len(r.answers) != len(r.people) {
		t.Fatalf("%d requests failed, and %d of %d people were answered", len(r.failures),
			len(r.answers), len(r.people))
	}
	for user, told := range r.answers {
		seated := told.Seq <= capacity && (told.Status == "PENDING" || told.Status == "CONFIRMED") && told.Position == 0
		waits := told.Seq > capacity && told.Status == "WAITLISTED" && told.Position == told.Seq-capacity
		if !seated && !waits {
			t.Errorf("%s was told %+v with %d seats", user, told, capacity)
		}
	}
}

// send sends a request and decodes the JSON of a successful response.
func send(method, url, token, key string, body, into any) (status int, header http.Header, err error) {
	var encoded io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		encoded = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, url, encoded)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode < http.StatusMultipleChoices {
		err = json.Unmarshal(text, into)
	}
	return answer.StatusCode, answer.Header, err
}

// insertPeople creates participants with one statement, and tokens as external tools do: signing up would hash a
// password for each.
func insertPeople(t *testing.T, db *sql.DB, n int) []person {
	t.Helper()
	people, ids := make([]person, n), make([]string, n)
	for i := range people {
		user := compete.User{
			ID: uuid.NewString(), Email: fmt.Sprintf("person%d@example.com", i),
			Role: compete.RoleParticipant,
		}
		people[i], ids[i] = person{user.ID, apptest.ForeignToken(t, user)}, user.ID
	}
	_, err := db.ExecContext(t.Context(),
		`INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at)
		SELECT id, 'person' || n - 1 || '@example.com', 'One of the crowd', '', 'PARTICIPANT', now(), now()
		FROM unnest($1::uuid[]) WITH ORDINALITY AS p (id, n)`, ids)
	if err != nil {
		t.Fatal(err)
	}
	return people
}
