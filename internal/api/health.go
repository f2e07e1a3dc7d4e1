package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const serviceName = "mini-compete-api"

// The states of a check.
const (
	CheckUp   = "up"
	CheckDown = "down"
	CheckOff  = "off" // not set up, and so not missed
)

// Check is how one thing that the program leans on is doing.
type Check struct {
	Name    string // "database", "queue", "redis" or "replica"
	Status  string // CheckUp, CheckDown or CheckOff
	Latency time.Duration
	Needed  bool // whether the program cannot serve without it
}

// Greeting says that the API is there.
type Greeting struct {
	Status    string    `json:"status" example:"ok"`
	Service   string    `json:"service" example:"mini-compete-api"`
	Timestamp time.Time `json:"timestamp" example:"2026-04-01T09:00:00Z"`
}

// Health says whether the API can serve, and how what it leans on is doing.
type Health struct {
	Greeting
	Version string       `json:"version" example:"1.0.0"`
	Checks  HealthChecks `json:"checks" doc:"One entry each for the database, the queue, Redis and, if there is one, the read replica."`
}

// HealthChecks are the things that the program leans on.
type HealthChecks map[string]HealthCheck

// HealthCheck is how one of them is doing.
type HealthCheck struct {
	Status    string  `json:"status" enum:"up,down,off" doc:"off means not configured, so not needed." example:"up"`
	LatencyMs float64 `json:"latencyMs" doc:"How long it took to respond, in milliseconds." example:"0.21"`
}

type greetingAnswer struct{ Body Greeting }

type healthAnswer struct {
	Status     int
	RetryAfter string `header:"Retry-After" doc:"With a 503: how many seconds to wait before trying again."`
	Body       Health
}

const tagService = "Service"

func (a *api) registerHealth() {
	handle(a, route{
		method: http.MethodGet, path: "/api", id: "greeting", tag: tagService,
		summary: "Ping", description: "Responds without querying the database.",
	}, a.greeting)
	handle(a, route{
		method: http.MethodGet, path: "/api/health", id: "health", tag: tagService,
		summary: "Health check",
		description: "200 if everything required is up; otherwise 503 with the same body and status \"unavailable\". " +
			"Redis and a read replica are never required: without Redis, changes take longer to reach other " +
			"replicas; without the read replica, the database itself answers.",
	}, a.health)
	unavailable := a.huma.OpenAPI().Paths["/api/health"].Get.Responses[strconv.Itoa(http.StatusServiceUnavailable)]
	unavailable.Content = map[string]*huma.MediaType{mediaJSON: {Schema: schemaOf[Health](a)}}
}

func (a *api) greeting(context.Context, *noInput) (*greetingAnswer, error) {
	return &greetingAnswer{a.greet()}, nil
}

func (a *api) greet() Greeting {
	return Greeting{Status: "ok", Service: serviceName, Timestamp: a.Clock().UTC()}
}

func (a *api) health(ctx context.Context, _ *noInput) (*healthAnswer, error) {
	answer := &healthAnswer{
		Status: http.StatusOK,
		Body:   Health{Greeting: a.greet(), Version: a.Version, Checks: HealthChecks{}},
	}
	for _, check := range a.Health(ctx) {
		answer.Body.Checks[check.Name] = HealthCheck{
			Status:    check.Status,
			LatencyMs: float64(check.Latency.Microseconds()) / 1000,
		}
		if check.Needed && check.Status == CheckDown {
			answer.Body.Status = "unavailable"
			answer.Status, answer.RetryAfter = http.StatusServiceUnavailable, "2"
		}
	}
	return answer, nil
}
