// Package app makes one program of all parts: New wires them by a config, Run serves until its context ends.
//
// It owns the order of start and stop, and nothing else: every behaviour belongs to one of the parts.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"minicompete/internal/auth"
	"minicompete/internal/brand"
	"minicompete/internal/compete"
	"minicompete/internal/config"
	"minicompete/internal/cover"
	"minicompete/internal/demo"
	"minicompete/internal/jobs"
	"minicompete/internal/limit"
	"minicompete/internal/live"
	"minicompete/internal/registrar"
	"minicompete/internal/replay"
	"minicompete/internal/server"
	"minicompete/internal/store"
	"minicompete/internal/telemetry"
	"minicompete/internal/web"
)

// Config sets up an App: the settings, and what is not one.
type Config struct {
	config.Config
	Version     string           // of the program, as health and the API document tell it
	Demo        bool             // the pages name the demo accounts
	AnyPassword bool             // also one that is easy to guess: for tests. A demo that listens on this machine alone takes any too
	Logger      *slog.Logger     // nil: NewLogger to the standard error
	Clock       func() time.Time // nil: time.Now
}

// App is the whole program. Take it from New.
type App struct {
	config  Config
	secret  []byte
	site    *brand.Settings
	log     *slog.Logger
	service *compete.Service

	store     *store.Store
	redis     *redis.Client // nil without REDIS_URL
	replays   *replay.Cache // nil without REDIS_URL
	auth      *auth.Authenticator
	hub       *live.Hub
	registrar *registrar.Registrar
	jobs      *jobs.Client
	mails     mails
	health    *health
	server    *server.Server
	metrics   *telemetry.Metrics // nil without METRICS_ADDR
	traces    *telemetry.Traces  // nil without an OTLP endpoint

	background background
}

// New opens the database, waiting for one that is not there yet, brings its schema up to date, and wires every part.
// Nothing runs or listens until Start. After a failure nothing is left open.
func New(ctx context.Context, c Config) (*App, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	secret, err := c.TokenSecret()
	if err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = NewLogger(c.Config, nil)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	a := &App{config: c, secret: secret, log: c.Logger}
	for _, step := range []func(context.Context) error{a.openTelemetry, a.openStore, a.readSite, a.openRedis, a.wireAuth, a.wireMail, a.wireDomain, a.refuseDemo, a.wireServer} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	return a, nil
}

// newID makes an id that is ordered by time, so that new rows are neighbours in an index.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (a *App) openStore(ctx context.Context) error {
	opened, err := OpenStore(ctx, a.config.DatabaseURL, a.log)
	if err != nil {
		return err
	}
	a.store = opened
	return a.store.Migrate(ctx)
}

// readSite reads what pages have set of the site.
func (a *App) readSite(ctx context.Context) error {
	look, err := a.config.Look()
	if err != nil {
		return err
	}
	a.site = brand.NewSettings(a.config.SiteSettings(), look, a.store.SiteSettings, a.log)
	return a.site.Refresh(ctx)
}

func (a *App) openRedis(context.Context) error {
	if a.config.RedisURL == "" {
		return nil
	}
	options, err := redis.ParseURL(string(a.config.RedisURL))
	if err != nil {
		return errors.New("REDIS_URL is invalid; it must look like redis://user:password@host:6379/0") // the reason would repeat it
	}
	redis.SetLogger(redisLog{a.log})
	a.redis = redis.NewClient(replay.Options(options))
	a.replays = replay.New(a.redis, a.config.Clock, a.log)
	return nil
}

// redisLog keeps what the Redis client says about each connection for those who look for it: live and replay tell when Redis is away.
type redisLog struct{ *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.DebugContext(ctx, fmt.Sprintf(format, args...))
}

func (a *App) wireAuth(ctx context.Context) (err error) {
	a.auth, err = auth.New(ctx, auth.Config{
		Sessions: a.store, Secret: a.secret, Previous: []byte(a.config.JWTSecretPrevious), TokenLife: a.config.JWTExpiration, Idle: a.config.SessionIdle,
		Clock: a.config.Clock, NewID: newID, Logger: a.log,
	})
	return err
}

func (a *App) wireDomain(context.Context) error {
	a.hub = live.New(live.Config{Read: a.store.CompetitionsByID, Redis: a.redis, Clock: a.config.Clock, Logger: a.log})
	registrarConfig := registrar.Config{
		Ledger: a.store.Ledger(), Notifier: a.hub, Clock: a.config.Clock, NewID: newID, Logger: a.log, Tracer: a.traces.Tracer("registrar"),
	}
	if a.metrics != nil {
		registrarConfig.Observer = a.metrics
	}
	if a.replays != nil {
		registrarConfig.Replays = a.replays
	}
	a.registrar = registrar.New(registrarConfig)
	passwords, err := auth.NewHasher(auth.HasherConfig{Cost: a.config.BcryptCost})
	if err != nil {
		return fmt.Errorf("BCRYPT_COST: %w", err)
	}
	a.service = &compete.Service{
		Users: a.auth.Users(a.store), Competitions: a.store, Registrations: a.store, Mailbox: a.store, DeadLetters: a.store, Statistics: a.store,
		Site: a.store, Settings: a.site, Covers: a.store, CoverMaker: cover.NewMaker(),
		Registrar: a.registrar, Passwords: passwords, AnyPassword: a.config.anyPassword(),
		SiteName: func() string { return a.site.Site().Name }, Clock: a.config.Clock, NewID: newID,
	}
	if a.replays != nil {
		a.service.Replays = a.replays
	}
	a.mails.serve(a)
	a.limits()
	return a.wireJobs()
}

// anyPassword reports whether a password may be easy to guess.
func (c *Config) anyPassword() bool {
	return c.AnyPassword || c.Demo && onLoopback(c.WebAddr) && onLoopback(c.APIAddr)
}

func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// limits has the domain count what networks do: in Redis, if there is one, for all replicas together.
func (a *App) limits() {
	s, c := a.service, &a.config
	s.Limits = compete.Limits{
		SignUps: compete.Limit{Name: "signups", Times: c.LimitSignUps, Window: time.Minute},
		LogIns:  compete.Limit{Name: "logins", Times: c.LimitLogIns, Window: time.Minute},
		Links:   compete.Limit{Name: "links", Times: c.LimitLinks, Window: time.Minute},
	}
	if a.redis != nil {
		shared := limit.NewRedis(a.redis, c.LimitGuesses, c.Clock, a.log)
		s.Limiter, s.Guesses = shared, shared
	} else {
		s.Limiter, s.Guesses = limit.NewMemory(c.Clock), limit.NewMemoryGuesses(c.LimitGuesses, c.Clock)
	}
	if c.LimitGuesses == 0 {
		s.Guesses = nil
	}
}

// Service is the domain, for what is not done over HTTP: demo data, commands, tests.
func (a *App) Service() *compete.Service { return a.service }

// SetupLink makes the address of the page on which the first admin is made, below the given one; it is empty when there is an admin.
func (a *App) SetupLink(ctx context.Context, site string) (string, error) {
	token, err := a.service.SetupLink(ctx)
	if err != nil || token == "" {
		return "", err
	}
	return site + web.SetupPath + "?token=" + token, nil
}

// Store is the open database.
func (a *App) Store() *store.Store { return a.store }

// Addr is where an endpoint ("web", "api" or "metrics") listens after Start; empty when this process has none.
func (a *App) Addr(endpoint string) string { return a.server.Addr(endpoint) }

// refuseDemo keeps accounts whose password everybody knows from a site that others reach.
func (a *App) refuseDemo(ctx context.Context) error {
	a.service.LocalOnly = demo.Invented
	if !a.config.Public() {
		return nil
	}
	for _, email := range demo.Emails() {
		user, _, err := a.store.UserByEmail(ctx, email)
		if err != nil && !errors.Is(err, compete.ErrUserMissing) {
			return err
		}
		if err == nil && user.DisabledAt == nil {
			return fmt.Errorf("the database has demo accounts, whose password everybody knows, and PUBLIC_URL (%s) can be reached by others; "+
				"use another database, or disable these accounts with: minicompete user disable-demo", a.config.PublicURL)
		}
	}
	return nil
}
