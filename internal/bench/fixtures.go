package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", for creating databases

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
)

// person is a user of the load, with a token.
type person struct {
	id    string
	token string
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// newPostgres creates a fresh database on the server. drop removes it.
func newPostgres(ctx context.Context, server string) (string, func(), error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := "bench_" + strings.ReplaceAll(newID(), "-", "")
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("make a database: %w", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		_, _ = admin.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		_ = admin.Close()
	}, nil
}

// addPeople inserts users by SQL, as external tools do, and creates their tokens.
func addPeople(ctx context.Context, db *store.Store, role compete.Role, n int) ([]person, error) {
	now := compete.UTC(time.Now())
	people := make([]person, n)
	columns := []string{"id", "email", "name", "password_hash", "role", "created_at", "updated_at", "search_text"}
	rows := make([][]any, n)
	for i := range people {
		id := uuid.Must(uuid.NewV7())
		email := strings.ToLower(fmt.Sprintf("%s%d@example.com", role, i))
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"sub": id.String(), "email": email, "role": role, "iat": now.Unix(), "exp": now.Add(24 * time.Hour).Unix(),
		}).SignedString([]byte(jwtSecret))
		if err != nil {
			return nil, err
		}
		people[i] = person{id.String(), token}
		name := fmt.Sprintf("Participant %d", i)
		rows[i] = []any{id, email, name, "", string(role), now, now, normal.People(name, email)}
	}
	return people, db.DB().Load(ctx, nil, func(load sqldb.Loader) error {
		return load.Add(ctx, "users", columns, slices.Values(rows))
	})
}

// addCompetitions inserts competitions with the given number of seats each, and returns their ids.
func addCompetitions(ctx context.Context, db *store.Store, organizer person, n, capacity int) ([]string, error) {
	ids := make([]string, n)
	for i := range ids {
		c := newCompetition(i, organizer.id, capacity)
		if _, err := db.CreateCompetition(ctx, c, compete.IdempotencyRecord{}); err != nil {
			return nil, err
		}
		ids[i] = c.ID
	}
	return ids, nil
}

func newCompetition(n int, organizerID string, capacity int) compete.Competition {
	now := compete.UTC(time.Now())
	start := now.Add(30 * 24 * time.Hour)
	return compete.Competition{
		ID: newID(),
		CompetitionContent: compete.CompetitionContent{
			Title: fmt.Sprintf("Competition %d", n), Location: "Main hall", Tags: []string{"go", "hackathon"},
			Capacity: capacity, RegDeadline: now.Add(24 * time.Hour), StartDate: &start,
		},
		Description: strings.Repeat("Bring a laptop, a friend and an idea. ", 10), SeatsLeft: capacity,
		Status: compete.StatusPublished, Organizer: compete.Organizer{ID: organizerID}, Version: 1,
		CreatedAt: now, UpdatedAt: now,
	}
}

// newRecord returns the idempotency record of a registration as stored by the product.
func newRecord() (compete.IdempotencyRecord, error) {
	competition := newCompetition(0, newID(), 10_000)
	outcome := compete.RecordedOutcome{
		Registration: compete.Registration{
			RegistrationState: compete.RegistrationState{
				ID: newID(), CompetitionID: competition.ID, Status: compete.RegistrationPending, Seq: 1,
				RegisteredAt: competition.CreatedAt, UpdatedAt: competition.CreatedAt,
			},
			UserID: newID(),
		},
		Competition: competition.Summary(),
	}
	body, err := outcome.JSON()
	return compete.Idempotency{Key: newID(), RequestHash: strings.Repeat("0", sha256.Size*2)}.
		Record(newID(), body, competition.CreatedAt), err
}

func registerRequest(address string, p person, competitionID string) []byte {
	return fmt.Appendf(nil,
		"POST /api/competitions/%s/register HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nIdempotency-Key: "+
			"%s\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		competitionID, address, p.token, p.id)
}

func getRequest(address, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, address)
}

// crowd is an organizer with competitions, and participants.
type crowd struct {
	organizer    person
	people       []person
	competitions []string // ids
}

// addCrowd inserts so many people, and competitions with so many seats each.
func addCrowd(ctx context.Context, db *store.Store, people, competitions, seats int) (c crowd, err error) {
	organizers, err := addPeople(ctx, db, compete.RoleOrganizer, 1)
	if err != nil {
		return c, err
	}
	c.organizer = organizers[0]
	if c.people, err = addPeople(ctx, db, compete.RoleParticipant, people); err != nil {
		return c, err
	}
	c.competitions, err = addCompetitions(ctx, db, c.organizer, competitions, seats)
	return c, err
}
