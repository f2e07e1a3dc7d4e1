// Package config is everything that can be set from outside: one struct of flags and environment variables, with its defaults
// and checks. The command line's help and .env.example are made from it.
//
// It owns what a setting may be. What a setting does belongs to the package that it sets up.
package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/alecthomas/kong"
)

// Role is a part of the program that a process can play.
type Role string

// The roles of a process. One process can play them all.
const (
	RoleWeb    Role = "web"
	RoleAPI    Role = "api"
	RoleWorker Role = "worker"
)

// Config is every setting. Take it from the command line, or from Default; hold it to its limits with Validate.
type Config struct {
	DatabaseURL URL `group:"Storage" env:"DATABASE_URL" default:"sqlite:data/minicompete.db" help:"Where everything is kept: sqlite:FILE (relative to the working directory), sqlite:///absolute/FILE or postgres://…"`
	RedisURL    URL `group:"Storage" env:"REDIS_URL" placeholder:"URL" help:"redis://… tells replicas of each other's changes at once, and answers repeated requests. Not needed by one process alone."`

	WebAddr        string   `group:"Network" env:"WEB_ADDR" default:":3000" help:"Where the pages, and the API under /api, listen."`
	APIAddr        string   `group:"Network" name:"api-addr" env:"API_ADDR" default:":3001" help:"Where the API alone listens."`
	MetricsAddr    string   `group:"Network" env:"METRICS_ADDR" help:"Where /metrics, /debug/pprof/ and the health of this process listen, for operators only. Nowhere when empty."`
	PublicURL      string   `group:"Network" name:"public-url" env:"PUBLIC_URL" default:"http://localhost:3000" help:"What people type to reach the pages. Links in mails begin with it; https makes the cookies secure."`
	CORSOrigins    []string `group:"Network" name:"cors-origins" env:"CORS_ORIGINS" placeholder:"ORIGIN" help:"Origins whose pages may call the API from a browser, or '*'. That of PUBLIC_URL alone when empty."`
	TrustedProxies []string `group:"Network" env:"TRUSTED_PROXIES" placeholder:"CIDR" help:"Addresses or networks of reverse proxies, whose X-Forwarded-For is believed."`

	JWTSecret     Secret        `group:"Logins" name:"jwt-secret" env:"JWT_SECRET" placeholder:"SECRET" help:"Signs the API's tokens: at least 32 bytes, the same for all replicas. With SQLite one is made when empty, and kept beside the database."`
	JWTExpiration time.Duration `group:"Logins" name:"jwt-expiration" env:"JWT_EXPIRATION" default:"24h" help:"How long a token of the API is valid, such as 90m, 24h or 7d."`
	BcryptCost    int           `group:"Logins" env:"BCRYPT_COST" default:"12" help:"Work of a password hash: each step up doubles it. 4 to 31."`

	LimitSignUps int `group:"Limits" name:"limit-signups" env:"LIMIT_SIGNUPS" default:"300" help:"Sign-ups per minute from one network: an IPv4 address or an IPv6 /64. A hall full of people is one network. 0 means no limit."`
	LimitLogIns  int `group:"Limits" name:"limit-logins" env:"LIMIT_LOGINS" default:"300" help:"Logins per minute from one network. 0 means no limit."`
	LimitLinks   int `group:"Limits" env:"LIMIT_LINKS" default:"60" help:"Password reset requests per minute from one network. 0 means no limit."`
	LimitGuesses int `group:"Limits" env:"LIMIT_GUESSES" default:"10" help:"Wrong passwords for one account from one network before each further attempt has to wait: 1 s at first, then twice as long each time, up to 15 minutes. 0 means no limit."`

	Roles             []Role        `group:"Work" env:"ROLES" default:"web,api,worker" help:"What this process does: web (pages), api, worker (confirmations, reminders, mail)."`
	WorkerConcurrency int           `group:"Work" env:"WORKER_CONCURRENCY" default:"4" help:"Jobs that run at the same time in each queue (two at least in the one of maintenance). 1 to 100."`
	ReminderSchedule  string        `group:"Work" name:"cron-reminder-schedule" env:"CRON_REMINDER_SCHEDULE" default:"0 * * * *" help:"When reminders are sent, as five fields of cron in UTC."`
	CleanUpSchedule   string        `group:"Work" name:"cron-cleanup-schedule" env:"CRON_CLEANUP_SCHEDULE" default:"30 3 * * *" help:"When things that are over are deleted, as five fields of cron in UTC."`
	JobMaxAttempts    int           `group:"Work" env:"JOB_MAX_ATTEMPTS" default:"3" help:"How often a job is tried before it becomes a dead letter. 1 to 25."`
	JobBackoff        time.Duration `group:"Work" env:"JOB_BACKOFF" default:"2s" help:"Wait before a job's second attempt; it doubles with each further one."`
	FinishedJobsAge   time.Duration `group:"Work" name:"cleanup-finished-jobs-age" env:"CLEANUP_FINISHED_JOBS_AGE" default:"24h" help:"How long finished jobs are kept."`
	FailedJobsAge     time.Duration `group:"Work" name:"cleanup-failed-jobs-age" env:"CLEANUP_FAILED_JOBS_AGE" default:"30d" help:"How long dead letters are kept."`
	SessionsAge       time.Duration `group:"Work" name:"cleanup-sessions-age" env:"CLEANUP_SESSIONS_AGE" default:"7d" help:"How long logins are kept after they have expired."`

	SMTPURL              URL    `group:"Mail" name:"smtp-url" env:"SMTP_URL" placeholder:"URL" help:"smtp://user:password@host:587 or smtps://user:password@host:465 sends every message of the mailbox by mail too; the same for all processes. smtp: encrypts by STARTTLS where the server can, and always with a password or ?tls=required. No mail is sent when empty."`
	MailFrom             string `group:"Mail" env:"MAIL_FROM" default:"Mini Compete <no-reply@localhost>" help:"Sender of the mails. Its domain also names them (Message-ID)."`
	MailConnections      int    `group:"Mail" env:"MAIL_CONNECTIONS" default:"4" help:"Connections to the mail server at the same time, of each process. 1 to 100."`
	RequireVerifiedEmail bool   `group:"Mail" env:"REQUIRE_VERIFIED_EMAIL" help:"Only who has confirmed the own email address may register for a competition. Needs SMTP_URL."`

	LogLevel  slog.Level `group:"Logs" env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
	LogFormat string     `group:"Logs" env:"LOG_FORMAT" default:"text" help:"text or json."`

	OTLPEndpoint URL `group:"Traces" name:"otel-exporter-otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" help:"Receiver of traces by OTLP over HTTP, such as http://localhost:4318. Nothing is traced when empty. The other OTEL_ variables of the specification count too, such as OTEL_TRACES_SAMPLER."`
}

// Options tells kong how to read a Config.
func Options() []kong.Option {
	return []kong.Option{
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(decodeDuration)),
	}
}

// Default is a Config with every setting at its default, whatever the environment says.
func Default() Config {
	var c Config
	parser, err := kong.New(&c, append(Options(), kong.Name("minicompete"), kong.NoDefaultHelp())...)
	if err != nil {
		panic(fmt.Sprintf("the tags of config.Config are wrong: %v", err)) // a mistake in this file alone
	}
	for _, flag := range settings(parser) {
		flag.Tag.Envs = nil
	}
	if _, err := parser.Parse(nil); err != nil {
		panic(fmt.Sprintf("the defaults of config.Config are wrong: %v", err))
	}
	return c
}

// Plays reports whether the process has the role.
func (c *Config) Plays(r Role) bool { return slices.Contains(c.Roles, r) }

// settings lists the flags that have an environment variable, in the order of the struct.
func settings(parser *kong.Kong) []*kong.Flag {
	var found []*kong.Flag
	for _, group := range parser.Model.AllFlags(false) {
		for _, flag := range group {
			if len(flag.Envs) > 0 {
				found = append(found, flag)
			}
		}
	}
	return found
}
