// Package config declares everything that can be set from outside: one struct of flags and environment variables, with
// defaults and checks. The command line's help and .env.example are generated from it.
//
// It owns the valid values of settings. Their effects belong to the packages that they configure.
package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/minicompete/minicompete/internal/compete"
)

// Role is a part of the program that a process can run.
type Role string

// The roles of a process. A process can have all of them.
const (
	RoleWeb    Role = "web"
	RoleAPI    Role = "api"
	RoleWorker Role = "worker"
)

// Config contains all settings. Get it from the command line, or from Default, and check it with Validate.
type Config struct {
	DatabaseURL        URL           `group:"Storage" env:"DATABASE_URL" default:"sqlite:data/minicompete.db" help:"The database: sqlite:FILE (relative to the working directory), sqlite:///absolute/FILE or postgres://…"`
	DatabaseReadURL    URL           `group:"Storage" name:"database-read-url" env:"DATABASE_READ_URL" placeholder:"URL" help:"Optional: a read replica (a hot standby by streaming replication) of a PostgreSQL DATABASE_URL: postgres://… It answers lists, searches and pages of people who haven't just changed something. While it's down or too far behind, DATABASE_URL answers everything."`
	DatabaseReadMaxLag time.Duration `group:"Storage" env:"DATABASE_READ_MAX_LAG" default:"5s" help:"How far the read replica may be behind to be used, 1s to 1h. People see changes by others with this delay at most; their own are always there."`

	RedisURL URL `group:"Storage" env:"REDIS_URL" placeholder:"URL" help:"Optional: redis://… With several replicas, it passes changes between them immediately and answers repeated requests. A single process doesn't need it."`

	WebAddr        string   `group:"Network" env:"WEB_ADDR" default:":3000" help:"The address to serve the pages on, with the API under /api."`
	APIAddr        string   `group:"Network" name:"api-addr" env:"API_ADDR" default:":3001" help:"The address to serve the API on."`
	MetricsAddr    string   `group:"Network" env:"METRICS_ADDR" help:"The address to serve /metrics, /debug/pprof/ and health checks on. Keep it private. Leave it empty to turn these off."`
	PublicURL      string   `group:"Network" name:"public-url" env:"PUBLIC_URL" default:"http://localhost:3000" help:"The URL people use to reach the site. Links in emails start with it. With https, cookies are marked secure."`
	HSTSSubdomains bool     `group:"Network" name:"hsts-subdomains" env:"HSTS_SUBDOMAINS" help:"With an https PUBLIC_URL, tell browsers to use https for all subdomains of its host too (includeSubDomains). Only turn it on if all of them are served over https."`
	CORSOrigins    []string `group:"Network" name:"cors-origins" env:"CORS_ORIGINS" placeholder:"ORIGIN" help:"Origins allowed to call the API from a browser, separated by commas, or '*' for any. If empty, only the origin of PUBLIC_URL."`
	TrustedProxies []string `group:"Network" env:"TRUSTED_PROXIES" placeholder:"CIDR" help:"Addresses or networks of your reverse proxies, separated by commas. X-Forwarded-For is trusted only from these."`

	JWTSecret         Secret        `group:"Logins" name:"jwt-secret" env:"JWT_SECRET" placeholder:"SECRET" help:"The secret that signs API tokens: at least 32 bytes, the same for all replicas. If it's empty and you use SQLite, one is generated and stored next to the database."`
	JWTSecretPrevious Secret        `group:"Logins" name:"jwt-secret-previous" env:"JWT_SECRET_PREVIOUS" placeholder:"SECRET" help:"The previous JWT_SECRET. Tokens it signed stay valid until you remove this setting."`
	JWTExpiration     time.Duration `group:"Logins" name:"jwt-expiration" env:"JWT_EXPIRATION" default:"24h" help:"How long an API token is valid, such as 90m, 24h or 7d."`
	SessionIdle       time.Duration `group:"Logins" env:"SESSION_IDLE" default:"14d" help:"How long a login lasts without use, such as 30m or 14d, at least 15m. 0 means no limit. Either way, logins on the pages last at most 90 days, and API tokens expire after JWT_EXPIRATION."`
	BcryptCost        int           `group:"Logins" env:"BCRYPT_COST" default:"12" help:"The cost of hashing a password with argon2id, 4 to 31. 12 means 19 MiB of memory and two passes. Each step doubles the time it takes."`
	RequireMFA        []string      `group:"Logins" name:"require-mfa" env:"REQUIRE_MFA" placeholder:"ROLE" help:"Roles that need a second factor (a passkey or an authenticator app): admin, organizer, or both, separated by commas. Accounts with such a role and no second factor can log in, but only to set one up."`

	LimitSignUps        int `group:"Limits" name:"limit-signups" env:"LIMIT_SIGNUPS" default:"2400" help:"Sign-ups per minute from one network: an IPv4 address or an IPv6 /64. A hall full of people may share one network. 0 means no limit."`
	LimitLogIns         int `group:"Limits" name:"limit-logins" env:"LIMIT_LOGINS" default:"2400" help:"Logins per minute from one network. 0 means no limit."`
	LimitLinks          int `group:"Limits" env:"LIMIT_LINKS" default:"60" help:"Password reset requests per minute from one network. 0 means no limit."`
	LimitGuesses        int `group:"Limits" env:"LIMIT_GUESSES" default:"10" help:"Wrong passwords for one account from one network before each further attempt has to wait: 1 s at first, then twice as long each time, up to 15 minutes. 0 means no limit."`
	LimitAccountGuesses int `group:"Limits" env:"LIMIT_ACCOUNT_GUESSES" default:"100" help:"Wrong passwords for one account from all networks and devices that are new to it, taken together, before each further one from any of them has to wait in the same way. 0 means no limit."`
	LimitAccessCodes    int `group:"Limits" env:"LIMIT_ACCESS_CODES" default:"100" help:"Wrong access codes for one competition from one network before each account there has a single attempt without waiting. Before that, each account has LIMIT_GUESSES of them. 0 means no limit."`
	LimitMails          int `group:"Limits" env:"LIMIT_MAILS" default:"20" help:"Emails per hour to one address. Further messages stay in the mailbox on the site. Emails with links that people request have limits of their own. 0 means no limit."`

	LimitReports int `group:"Limits" env:"LIMIT_REPORTS" default:"20" help:"Reports of competitions per hour from one network. 0 means no limit."`

	LimitCompetitions int           `group:"Limits" env:"LIMIT_COMPETITIONS" default:"300" help:"Competitions per hour that one organizer can create or publish. Admins have no limit. 0 means no limit."`
	QueueTimeout      time.Duration `group:"Limits" env:"QUEUE_TIMEOUT" default:"2.5s" help:"How long a registration or a login may wait for its turn before the server responds that it's busy (503). If the queue of registrations stays long, the server rejects some immediately, so that the others get a response soon."`

	LimitAdditions   int `group:"Limits" env:"LIMIT_ADDITIONS" default:"100" help:"People per hour that one organizer can add to competitions. An unknown address gets an account and an email with a link. Admins have no limit. 0 means no limit."`
	LimitInvitations int `group:"Limits" env:"LIMIT_INVITATIONS" default:"100" help:"People per hour that one captain can invite to a team. Each gets a message with the link to join. Admins have no limit. 0 means no limit."`
	LimitNotices     int `group:"Limits" env:"LIMIT_NOTICES" default:"100" help:"Changes per hour by one organizer that everybody registered gets a message about: moving or cancelling a competition. Admins have no limit. 0 means no limit."`

	Roles             []Role        `group:"Roles and jobs" env:"ROLES" default:"web,api,worker" help:"What this process does: web (pages), api, worker (confirmations, reminders, email)."`
	WorkerConcurrency int           `group:"Roles and jobs" env:"WORKER_CONCURRENCY" default:"4" help:"How many jobs run at once in each queue, 1 to 100. The maintenance queue always runs at least two."`
	ReminderSchedule  string        `group:"Roles and jobs" name:"cron-reminder-schedule" env:"CRON_REMINDER_SCHEDULE" default:"0 * * * *" help:"When to send reminders: five cron fields, in UTC."`
	CleanUpSchedule   string        `group:"Roles and jobs" name:"cron-cleanup-schedule" env:"CRON_CLEANUP_SCHEDULE" default:"30 3 * * *" help:"When to delete expired data: five cron fields, in UTC."`
	JobMaxAttempts    int           `group:"Roles and jobs" env:"JOB_MAX_ATTEMPTS" default:"3" help:"How many times a job is tried before it's listed as failed, 1 to 25."`
	JobBackoff        time.Duration `group:"Roles and jobs" env:"JOB_BACKOFF" default:"2s" help:"How long to wait before a job's second attempt. The wait doubles with each further attempt."`
	FinishedJobsAge   time.Duration `group:"Roles and jobs" name:"cleanup-finished-jobs-age" env:"CLEANUP_FINISHED_JOBS_AGE" default:"24h" help:"How long finished jobs are kept."`
	FailedJobsAge     time.Duration `group:"Roles and jobs" name:"cleanup-failed-jobs-age" env:"CLEANUP_FAILED_JOBS_AGE" default:"30d" help:"How long failed jobs are kept."`
	SessionsAge       time.Duration `group:"Roles and jobs" name:"cleanup-sessions-age" env:"CLEANUP_SESSIONS_AGE" default:"7d" help:"How long login sessions are kept after they expire."`
	AuditKept         time.Duration `group:"Roles and jobs" env:"AUDIT_KEPT" default:"400d" help:"How long the audit log keeps its records, at least 30d."`

	MessagesAge       time.Duration `group:"Privacy" name:"cleanup-messages-age" env:"CLEANUP_MESSAGES_AGE" default:"730d" help:"How long messages stay in mailboxes, at least 7d. 0 means forever."`
	AddressesAge      time.Duration `group:"Privacy" name:"cleanup-addresses-age" env:"CLEANUP_ADDRESSES_AGE" default:"90d" help:"How long network addresses are kept: of logins, after their last use, and in the audit log. At least 1d. 0 means as long as the login or the record itself."`
	UnusedAccountsAge time.Duration `group:"Privacy" name:"cleanup-unused-accounts-age" env:"CLEANUP_UNUSED_ACCOUNTS_AGE" default:"0" help:"Delete accounts that nobody has used for this long, such as 1095d, at least 180d. Admins and people with competitions ahead are kept. 0 means never."`
	RegistrationsAge  time.Duration `group:"Privacy" name:"cleanup-registrations-age" env:"CLEANUP_REGISTRATIONS_AGE" default:"0" help:"Make registrations anonymous this long after their competition is over, such as 365d, at least 30d. Counts and statistics stay. 0 means never."`

	SMTPURL              URL    `group:"Email" name:"smtp-url" env:"SMTP_URL" placeholder:"URL" help:"The mail server: smtp://user:password@host:587 or smtps://user:password@host:465. Mailbox messages are then also emailed to confirmed addresses. Use the same value for all processes. smtp: uses STARTTLS if the server offers it, and insists on it with a password or ?tls=required. If empty, no email is sent."`
	MailFrom             string `group:"Email" env:"MAIL_FROM" default:"no-reply@localhost" help:"The sender of emails, such as 'Our Club <mail@example.com>'; without a name, the site's name is used. Its domain is also used in their Message-ID."`
	MailConnections      int    `group:"Email" env:"MAIL_CONNECTIONS" default:"4" help:"How many connections each process opens to the mail server, 1 to 100."`
	RequireVerifiedEmail *bool  `group:"Email" env:"REQUIRE_VERIFIED_EMAIL" placeholder:"true|false" help:"Require a confirmed email address to register and to publish. Needs SMTP_URL. If empty, it's on when SMTP_URL is set."`

	SiteName   string `group:"Site" env:"SITE_NAME" help:"The site's name in page titles, headers, emails and the API document, up to 40 characters. If empty, the name set on the site's admin page, or Mini Compete. What is set here can't be changed there; the same goes for CONTACT, the URLs below and ORGANIZER_SIGNUP."`
	SiteLogo   string `group:"Site" env:"SITE_LOGO" placeholder:"FILE" help:"A logo to show before the name: a PNG, WebP or SVG file of at most 40 KiB. If empty, the program's own mark is shown."`
	SiteAccent string `group:"Site" env:"SITE_ACCENT" placeholder:"COLOR" help:"The color of buttons and links, such as #0b6e77. It's darkened or lightened where needed to keep text readable."`
	Contact    string `group:"Site" env:"CONTACT" help:"Where people can reach you: an email address or a URL. Shown in the footer, in emails and in the API document."`
	ImprintURL string `group:"Site" name:"imprint-url" env:"IMPRINT_URL" placeholder:"URL" help:"Your imprint (legal notice), linked in the footer and in emails."`
	PrivacyURL string `group:"Site" name:"privacy-url" env:"PRIVACY_URL" placeholder:"URL" help:"Your privacy policy, linked in the footer and in emails."`
	TermsURL   string `group:"Site" name:"terms-url" env:"TERMS_URL" placeholder:"URL" help:"Your terms of use, linked in the footer and in the API document."`

	OrganizerSignUp string `group:"Site" name:"organizer-signup" env:"ORGANIZER_SIGNUP" placeholder:"WHO" help:"Who can sign up as an organizer: open (anyone), approval (an admin approves each person) or off. If empty, what is set on the site's admin page, or open."`

	DrandRelays []string `group:"Lotteries" name:"drand-relays" env:"DRAND_RELAYS" placeholder:"URL" default:"https://api.drand.sh,https://api2.drand.sh,https://api3.drand.sh,https://drand.cloudflare.com" help:"Servers of drand's public randomness, which decides lotteries. They are tried in this order. None has to be trusted: each value is verified."`

	LogLevel  slog.Level `group:"Logs" env:"LOG_LEVEL" default:"info" help:"The lowest level to log: debug, info, warn or error."`
	LogFormat string     `group:"Logs" env:"LOG_FORMAT" default:"text" help:"The log format: text or json."`

	OTLPEndpoint URL `group:"Traces" name:"otel-exporter-otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" help:"Where to send traces with OTLP over HTTP, such as http://localhost:4318. If empty, tracing is off. The standard OTEL_ variables, such as OTEL_TRACES_SAMPLER, work too."`
}

// Options tells kong how to read a Config.
func Options() []kong.Option {
	return []kong.Option{
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(decodeDuration)),
	}
}

// Default returns a Config with every setting at its default, regardless of the environment.
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

// VerifiedEmailRequired reports whether people must confirm their address before they register or publish. Unless set
// explicitly, this is required if the program can send them a link for it.
func (c *Config) VerifiedEmailRequired() bool {
	if c.RequireVerifiedEmail != nil {
		return *c.RequireVerifiedEmail
	}
	return c.SMTPURL != ""
}

// CleanUpAges returns how long things are kept.
func (c *Config) CleanUpAges() compete.CleanUpAges {
	return compete.CleanUpAges{
		FailedJobs: c.FailedJobsAge, Sessions: c.SessionsAge, Audit: c.AuditKept,
		Messages: c.MessagesAge, Addresses: c.AddressesAge, UnusedAccounts: c.UnusedAccountsAge,
		Registrations: c.RegistrationsAge,
	}
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
