// Package app assembles the program from its parts: New wires them according to a config, and Run serves until its
// context ends.
//
// It owns the order of starting and stopping, and nothing else. All behaviour belongs to one of the parts.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/factor"
	"github.com/minicompete/minicompete/internal/jobs"
	"github.com/minicompete/minicompete/internal/live"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/replay"
	"github.com/minicompete/minicompete/internal/server"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/telemetry"
	"github.com/minicompete/minicompete/internal/web"
)

// Config sets up an App: the settings, and options that aren't settings.
type Config struct {
	config.Config
	Version string // of the program, as shown by the health check and the API document
	Demo    bool   // Start adds the demo data, and the pages show its accounts
	// accept passwords that are easy to guess, for tests. A demo that only listens on this machine accepts them too
	AnyPassword bool
	Logger      *slog.Logger     // nil: NewLogger to standard error
	Clock       func() time.Time // nil: time.Now
	Wrap        Wrap             // for tests

	// RedisTimeout bounds the time that queries of Redis may add to a request. A nearby Redis answers in well under a
	// millisecond. 0: defaultRedisTimeout.
	RedisTimeout time.Duration
}

const defaultRedisTimeout = 100 * time.Millisecond

// App is the whole program. Create it with New.
type App struct {
	config   Config
	secret   []byte
	sealer   *factor.Sealer
	site     *brand.Settings
	log      *slog.Logger
	parts    parts
	services compete.Services
	operator *compete.Operator

	store     *store.Store
	redis     *redis.Client // nil without REDIS_URL
	replays   *replay.Cache // nil without REDIS_URL
	auth      *auth.Authenticator
	passwords *auth.Hasher
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

// New opens the database, waiting for it if it isn't available yet, migrates its schema, and wires all parts. Nothing
// runs or listens until Start. After a failure nothing is left open.
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
	c.RedisTimeout = cmp.Or(c.RedisTimeout, defaultRedisTimeout)
	a := &App{config: c, secret: secret, log: c.Logger}
	for _, step := range []func(context.Context) error{
		a.openTelemetry, a.openStore, a.readSite, a.openRedis,
		a.wireAuth, a.wireMail, a.wireDomain, a.refuseDemo, a.wireServer,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	return a, nil
}

// newID creates an id that is ordered by time, so that new rows are adjacent in an index.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (a *App) openStore(ctx context.Context) error {
	c := storeConfig(a.config.Config, a.log)
	c.ReplicaURL, c.MaxLag = string(a.config.DatabaseReadURL), a.config.DatabaseReadMaxLag
	if a.metrics != nil {
		c.Held = a.metrics.Held
	}
	opened, err := openStore(ctx, a.config.Config, c)
	if err != nil {
		return err
	}
	a.store = opened
	return a.store.Migrate(ctx)
}

// readSite reads the site settings made on the pages.
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
		// omit the reason, which would repeat the URL
		return errors.New("REDIS_URL is invalid; it must look like redis://user:password@host:6379/0")
	}
	redis.SetLogger(redisLog{a.log})
	a.redis = redis.NewClient(replay.Options(options))
	a.replays = replay.New(a.redis, a.config.RedisTimeout, a.config.Clock, a.log)
	return nil
}

// redisLog reduces the Redis client's messages about each connection to level debug: live and replay report when Redis
// is unavailable.
type redisLog struct{ *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.DebugContext(ctx, fmt.Sprintf(format, args...))
}

func (a *App) wireAuth(ctx context.Context) (err error) {
	a.auth, err = auth.New(ctx, auth.Config{
		Sessions: a.store, Secret: a.secret, Previous: []byte(a.config.JWTSecretPrevious),
		TokenLife: a.config.JWTExpiration, Idle: a.config.SessionIdle,
		Clock: a.config.Clock, NewID: newID, Logger: a.log,
	})
	return err
}

func (a *App) wireDomain(ctx context.Context) (err error) {
	if a.sealer, err = factor.NewSealer(a.secret, []byte(a.config.JWTSecretPrevious)); err != nil {
		return err
	}
	a.hub = live.New(live.Config{Read: a.store.CompetitionsByID, Redis: a.redis, Clock: a.config.Clock, Logger: a.log})
	registrarConfig := registrar.Config{
		Ledger: a.store.Ledger(), Notifier: a.hub, Clock: a.config.Clock, NewID: newID, Logger: a.log,
		Sealer:  a.sealer,
		Tracer:  a.traces.Tracer("registrar"),
		MaxWait: a.config.QueueTimeout,
	}
	if a.metrics != nil {
		registrarConfig.Observer = a.metrics
	}
	a.registrar = registrar.New(registrarConfig)
	passwords, err := auth.NewHasher(auth.HasherConfig{
		Cost: a.config.BcryptCost, Patience: a.config.QueueTimeout,
		Costliest: a.store.CostliestBcrypt, Logger: a.log,
		Rush: func() bool { return a.registrar.QueueDepth() > 0 },
	})
	if err != nil {
		return fmt.Errorf("BCRYPT_COST: %w", err)
	}
	if err := passwords.Reread(ctx); err != nil {
		return err
	}
	a.passwords = passwords
	if err := a.wireServices(ctx); err != nil {
		return err
	}
	return a.wireJobs()
}

// anyPassword reports whether passwords that are easy to guess are accepted.
func (c *Config) anyPassword() bool {
	return c.AnyPassword || c.Demo && onLoopback(c.WebAddr) && onLoopback(c.APIAddr)
}

func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// Services returns the domain services, for callers other than HTTP.
func (a *App) Services() compete.Services { return a.services }

// Operator returns the account operations of the command line.
func (a *App) Operator() *compete.Operator { return a.operator }

// SetupLink returns the address, on the given site, of the page that creates the first admin; empty if there already is
// an admin.
func (a *App) SetupLink(ctx context.Context, site string) (string, error) {
	token, err := a.services.Installation.SetupLink(ctx)
	if err != nil || token == "" {
		return "", err
	}
	return site + web.SetupPath + "?token=" + token, nil
}

// Store returns the open database.
func (a *App) Store() *store.Store { return a.store }

// Addr returns the address at which an endpoint ("web", "api" or "metrics") listens after Start; empty if this process
// doesn't serve it.
func (a *App) Addr(endpoint string) string { return a.server.Addr(endpoint) }

// refuseDemo protects sites that others can reach from demo accounts, whose password is public. With a public address,
// the program doesn't start; if others may reach it by another address, it logs that these accounts can only log in
// from this machine.
func (a *App) refuseDemo(ctx context.Context) error {
	reachable := a.config.Plays(config.RoleWeb) && !onLoopback(a.config.WebAddr) || a.config.Plays(config.RoleAPI) &&
		!onLoopback(a.config.APIAddr)
	if !a.config.Public() && !reachable {
		return nil
	}
	for _, email := range demo.Emails() {
		user, _, err := a.store.UserByEmail(ctx, email)
		if err != nil && !errors.Is(err, compete.ErrUserMissing) {
			return err
		}
		if err != nil || user.DisabledAt != nil {
			continue
		}
		if a.config.Public() {
			return fmt.Errorf(
				"the database has demo accounts, whose password is public, and PUBLIC_URL (%s) can be reached by "+
					"others; use another database, or disable these accounts with: minicompete user disable-demo",
				a.config.PublicURL)
		}
		a.log.Warn("the database has demo accounts, whose password is public, and other machines can reach this "+
			"address: these accounts can only log in on this machine", "web", a.config.WebAddr, "api", a.config.APIAddr)
		return nil
	}
	return nil
}
