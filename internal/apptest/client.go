package apptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
)

// Password is the password of every account created here.
const Password = "password123"

// Client calls the API as a user or as a visitor.
type Client struct {
	User  compete.User // zero for a visitor
	Token string       // empty for a visitor

	app  *App
	base string
}

var accounts atomic.Int64

// Visitor returns a client that isn't logged in.
func (a *App) Visitor() *Client { return &Client{app: a, base: a.APIURL} }

// As returns a client of a new account with the role: one that signed up, or an admin created as by the command line.
func (a *App) As(role compete.Role) *Client {
	a.t.Helper()
	n := accounts.Add(1)
	c := a.Visitor()
	account := map[string]any{
		"name": fmt.Sprintf("Person %d", n), "email": fmt.Sprintf("person%d@example.com", n),
		"password": Password, "role": role,
	}
	var login struct {
		Token string
		User  compete.User
	}
	if role == compete.RoleAdmin {
		_, err := a.Operator().CreateUser(a.t.Context(), compete.SignUp{
			Name: account["name"].(string), Email: account["email"].(string), Password: Password, Role: role,
		})
		if err != nil {
			a.t.Fatal(err)
		}
		c.Do(http.MethodPost, "/api/auth/login", map[string]any{"email": account["email"], "password": Password}).Want(
			a.t, http.StatusOK,
		).JSON(a.t, &login)
	} else {
		c.Do(http.MethodPost, "/api/auth/signup", account).Want(a.t, http.StatusCreated).JSON(a.t, &login)
	}
	c.Token, c.User = login.Token, login.User
	if role != compete.RoleAdmin && a.Services().Verification.Required() {
		a.Verify(c.User.Email)
	}
	return c
}

// Verify marks the address of an account as confirmed, directly in the database.
func (a *App) Verify(email string) {
	a.t.Helper()
	_, err := a.Store().Writer().ExecContext(a.t.Context(),
		`UPDATE users SET verified_at = created_at WHERE email = $1`, email)
	if err != nil {
		a.t.Fatal(err)
	}
}

// Crowd returns n participants, created as external tools do: inserted by SQL, with externally issued tokens. Signing
// up would hash a password for each.
func (a *App) Crowd(n int) []*Client {
	a.t.Helper()
	tx, err := a.Store().Writer().BeginTx(a.t.Context(), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit
	now := compete.UTC(time.Now())
	clients := make([]*Client, n)
	for i := range clients {
		user := compete.User{
			ID: uuid.Must(uuid.NewV7()).String(), Email: fmt.Sprintf("crowd%d@example.com", accounts.Add(1)),
			Name: "One of the crowd",
			Role: compete.RoleParticipant, CreatedAt: now, UpdatedAt: now,
		}
		_, err := tx.ExecContext(a.t.Context(),
			`INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at)
				VALUES ($1, $2, $3, '', $4, $5, $5)`,
			user.ID, user.Email, user.Name, user.Role, now)
		if err != nil {
			a.t.Fatal(err)
		}
		clients[i] = &Client{User: user, Token: ForeignToken(a.t, user), app: a, base: a.APIURL}
	}
	if err := tx.Commit(); err != nil {
		a.t.Fatal(err)
	}
	return clients
}

// ForeignToken returns a token as issued by an external tool, with only the five claims, valid for an hour.
func ForeignToken(t testing.TB, u compete.User) string {
	t.Helper()
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": u.ID, "email": u.Email, "role": u.Role, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).SignedString([]byte(Secret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Answer is a response of the program.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Try sends a request; body is sent as JSON unless it is nil, and header contains alternating names and values. It
// fails if there is no complete response.
func (c *Client) Try(method, path string, body any, header ...string) (*Answer, error) {
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(c.app.t.Context(), method, c.base+path, &payload)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.app.http.Do(request)
	if err != nil {
		return nil, err
	}
	read, err := drain(response.Body)
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: read}, err
}

// Do is Try, and fails the test when there is no whole answer.
func (c *Client) Do(method, path string, body any, header ...string) *Answer {
	c.app.t.Helper()
	answer, err := c.Try(method, path, body, header...)
	if err != nil {
		c.app.t.Fatal(err)
	}
	return answer
}

// Get reads path into the value that into points at, and fails the test on any other status than 200.
func (c *Client) Get(path string, into any) {
	c.app.t.Helper()
	c.Do(http.MethodGet, path, nil).Want(c.app.t, http.StatusOK).JSON(c.app.t, into)
}

// Create makes a competition of the client, an organizer, and returns its id. fields change what is usual: open, ten
// seats.
func (c *Client) Create(fields map[string]any) string {
	c.app.t.Helper()
	competition := map[string]any{
		"title": "A competition", "capacity": 10,
		"regDeadline": time.Now().Add(24 * time.Hour),
	}
	maps.Copy(competition, fields)
	var created struct{ ID string }
	c.Do(http.MethodPost, "/api/competitions", competition).Want(c.app.t, http.StatusCreated).JSON(c.app.t, &created)
	return created.ID
}

// Want fails the test when the answer has another status.
func (a *Answer) Want(t testing.TB, status int) *Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// WantCode fails the test unless the response is a problem document with this status and code.
func (a *Answer) WantCode(t testing.TB, status int, code string) *Answer {
	t.Helper()
	var problem struct{ Code string }
	a.Want(t, status).JSON(t, &problem)
	if problem.Code != code || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %s of type %s, want the problem %s", a.Body, a.Header.Get("Content-Type"), code)
	}
	return a
}

// JSON decodes the response's body.
func (a *Answer) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
}
