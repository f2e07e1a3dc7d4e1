package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/minicompete/minicompete/internal/sqlitefile"
)

// MinSecretLength is the minimum length of a key for HS256, in bytes (RFC 7518, section 3.2).
const MinSecretLength = 32

// minIdle is the minimum of SESSION_IDLE, because uses are recorded every five minutes.
const minIdle = 15 * time.Minute

const day = 24 * time.Hour

// minAuditKept is the minimum of AUDIT_KEPT, because the database refuses to delete younger records.
const minAuditKept = 30 * 24 * time.Hour

// maxLimit is the maximum value of a limit.
const maxLimit = 1_000_000

// problems collects all problems, each with the name of its setting, so that one start reports all of them.
type problems []string

func (p *problems) add(setting, format string, args ...any) {
	*p = append(*p, setting+" "+fmt.Sprintf(format, args...))
}

func (p *problems) between(setting string, n, least, most int) {
	if n < least || n > most {
		p.add(setting, "must be between %d and %d, not %d", least, most, n)
	}
}

func (p *problems) duration(setting string, d, least time.Duration) {
	if d < least {
		p.add(setting, "must be at least %v, not %v", least, d)
	}
}

// The limits of QUEUE_TIMEOUT.
const (
	minQueueTimeout = 100 * time.Millisecond
	maxQueueTimeout = 30 * time.Second
)

// The limits of DATABASE_READ_MAX_LAG: a replica is checked twice a second.
const (
	minReadLag = time.Second
	maxReadLag = time.Hour
)

// Validate reports all invalid settings and their valid values, in one sentence without secrets. TokenSecret checks
// that JWT_SECRET is set, because only servers need it.
func (c *Config) Validate() error {
	var p problems
	c.checkStorage(&p)
	c.checkNetwork(&p)
	c.checkWork(&p)
	c.checkSite(&p)
	p.duration("JWT_EXPIRATION", c.JWTExpiration, time.Second)
	if c.SessionIdle != 0 {
		p.duration("SESSION_IDLE", c.SessionIdle, minIdle)
	}
	for _, role := range c.RequireMFA {
		if role != "admin" && role != "organizer" {
			p.add("REQUIRE_MFA", "must be admin, organizer or both, separated by commas; %q isn't one of them", role)
		}
	}
	p.between("BCRYPT_COST", c.BcryptCost, 4, 31)
	for setting, n := range map[string]int{
		"LIMIT_SIGNUPS": c.LimitSignUps, "LIMIT_LOGINS": c.LimitLogIns, "LIMIT_LINKS": c.LimitLinks,
		"LIMIT_GUESSES":         c.LimitGuesses,
		"LIMIT_ACCOUNT_GUESSES": c.LimitAccountGuesses, "LIMIT_MAILS": c.LimitMails, "LIMIT_REPORTS": c.LimitReports,
		"LIMIT_COMPETITIONS": c.LimitCompetitions, "LIMIT_NOTICES": c.LimitNotices,
		"LIMIT_ACCESS_CODES": c.LimitAccessCodes, "LIMIT_ADDITIONS": c.LimitAdditions,
		"LIMIT_INVITATIONS": c.LimitInvitations,
	} {
		p.between(setting, n, 0, maxLimit)
	}
	if p.duration("QUEUE_TIMEOUT", c.QueueTimeout, minQueueTimeout); c.QueueTimeout > maxQueueTimeout {
		p.add("QUEUE_TIMEOUT", "must be at most %v, not %v: a connection isn't kept for much longer",
			maxQueueTimeout, c.QueueTimeout)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		p.add("LOG_FORMAT", "must be text or json, not %q", c.LogFormat)
	}
	if _, err := mail.ParseAddress(c.MailFrom); err != nil {
		p.add("MAIL_FROM", "must be an address such as 'Mini Compete <mail@example.com>'")
	}
	checkURL(&p, "SMTP_URL", c.SMTPURL, "smtp", "smtps")
	checkURL(&p, "OTEL_EXPORTER_OTLP_ENDPOINT", c.OTLPEndpoint, "http", "https")
	p.between("MAIL_CONNECTIONS", c.MailConnections, 1, 100)
	if c.VerifiedEmailRequired() && c.SMTPURL == "" {
		p.add("REQUIRE_VERIFIED_EMAIL", "needs SMTP_URL: without email, nobody can confirm an address")
	}
	if len(p) == 0 {
		return nil
	}
	return errors.New(strings.Join(p, "; "))
}

func (c *Config) checkStorage(p *problems) {
	if _, isSQLite, err := sqlitefile.Path(string(c.DatabaseURL)); isSQLite {
		if err != nil {
			p.add("DATABASE_URL", "%v", err)
		}
	} else {
		checkURL(p, "DATABASE_URL", c.DatabaseURL, "sqlite", "postgres", "postgresql")
		if c.DatabaseURL == "" {
			p.add("DATABASE_URL", "must not be empty")
		}
	}
	if _, isSQLite := c.DatabaseURL.SQLitePath(); isSQLite && c.DatabaseReadURL != "" {
		p.add("DATABASE_READ_URL", "needs a PostgreSQL database in DATABASE_URL: SQLite has no read replicas")
	} else {
		checkURL(p, "DATABASE_READ_URL", c.DatabaseReadURL, "postgres", "postgresql")
	}
	if p.duration("DATABASE_READ_MAX_LAG", c.DatabaseReadMaxLag, minReadLag); c.DatabaseReadMaxLag > maxReadLag {
		p.add("DATABASE_READ_MAX_LAG", "must be at most %v, not %v", maxReadLag, c.DatabaseReadMaxLag)
	}
	checkSecret(p, "JWT_SECRET", c.JWTSecret)
	checkSecret(p, "JWT_SECRET_PREVIOUS", c.JWTSecretPrevious)
	checkURL(p, "REDIS_URL", c.RedisURL, "redis", "rediss", "unix")
}

func checkSecret(p *problems, setting string, secret Secret) {
	if n := len(secret); n > 0 && n < MinSecretLength {
		p.add(setting, "is %d bytes long but must be at least %d", n, MinSecretLength)
	} else if n > 0 && weak([]byte(secret)) {
		p.add(setting, "is easy to guess; use a random one, such as the output of 'openssl rand -hex 32'")
	}
}

func checkURL(p *problems, setting string, u URL, schemes ...string) {
	if u == "" {
		return
	}
	for _, scheme := range schemes {
		if u.scheme() == scheme {
			// The reason is omitted, because it repeats the URL, with its password.
			if _, err := url.Parse(string(u)); err != nil {
				p.add(setting, "is not a valid URL; characters such as @ / : ? # %% in a user name or "+
					"password must be percent-encoded")
			}
			return
		}
	}
	p.add(setting, "must start with %s:", strings.Join(schemes, ": or "))
}

func (c *Config) checkNetwork(p *problems) {
	checkAddr(p, "WEB_ADDR", c.WebAddr)
	checkAddr(p, "API_ADDR", c.APIAddr)
	if c.MetricsAddr != "" {
		checkAddr(p, "METRICS_ADDR", c.MetricsAddr)
	}
	if !isOrigin(strings.TrimSuffix(c.PublicURL, "/")) {
		p.add("PUBLIC_URL", "must be a scheme and a host such as https://compete.example.com, without a path")
	}
	for _, origin := range c.CORSOrigins {
		if origin != "*" && !isOrigin(origin) {
			p.add("CORS_ORIGINS",
				"must be origins such as https://app.example.com, separated by commas, or '*'; %q isn't one", origin)
		}
	}
	if _, err := c.Proxies(); err != nil {
		p.add("TRUSTED_PROXIES", "%v", err)
	}
}

func checkAddr(p *problems, setting, addr string) {
	_, port, err := net.SplitHostPort(addr)
	if n, numErr := strconv.Atoi(port); err != nil || numErr != nil || n < 0 || n > 65535 {
		p.add(setting, "must be an address such as :3000 or 127.0.0.1:3000, not %q", addr)
	}
}

func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.String() == u.Scheme+"://"+u.Host
}

func (c *Config) checkWork(p *problems) {
	if len(c.Roles) == 0 {
		p.add("ROLES", "must list at least one of web, api and worker")
	}
	for _, role := range c.Roles {
		if role != RoleWeb && role != RoleAPI && role != RoleWorker {
			p.add("ROLES", "must be a comma-separated list of web, api and worker; %q isn't one of them", string(role))
		}
	}
	p.between("WORKER_CONCURRENCY", c.WorkerConcurrency, 1, 100)
	for setting, schedule := range map[string]string{
		"CRON_REMINDER_SCHEDULE": c.ReminderSchedule,
		"CRON_CLEANUP_SCHEDULE":  c.CleanUpSchedule,
	} {
		// "TZ=" would be a sixth field, and schedules are in UTC. A date such as 31 February never occurs.
		if s, err := cron.ParseStandard(schedule); err != nil || strings.Contains(schedule, "TZ=") ||
			s.Next(time.Now()).IsZero() {
			p.add(setting, "must be five cron fields in UTC, such as '0 * * * *', that match some date, not %q",
				schedule)
		}
	}
	p.between("JOB_MAX_ATTEMPTS", c.JobMaxAttempts, 1, 25)
	p.duration("JOB_BACKOFF", c.JobBackoff, time.Millisecond)
	p.duration("CLEANUP_FINISHED_JOBS_AGE", c.FinishedJobsAge, time.Minute)
	p.duration("CLEANUP_FAILED_JOBS_AGE", c.FailedJobsAge, time.Minute)
	p.duration("CLEANUP_SESSIONS_AGE", c.SessionsAge, time.Minute)
	for _, age := range []struct {
		setting string
		value   time.Duration
		least   time.Duration
	}{
		{"CLEANUP_MESSAGES_AGE", c.MessagesAge, 7 * day},
		{"CLEANUP_ADDRESSES_AGE", c.AddressesAge, day},
		{"CLEANUP_UNUSED_ACCOUNTS_AGE", c.UnusedAccountsAge, 180 * day},
		{"CLEANUP_REGISTRATIONS_AGE", c.RegistrationsAge, 30 * day},
	} {
		if age.value != 0 {
			p.duration(age.setting, age.value, age.least)
		}
	}
	p.duration("AUDIT_KEPT", c.AuditKept, minAuditKept)
}

// Proxies returns the networks of TRUSTED_PROXIES; a single address counts as a network.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(c.TrustedProxies))
	for _, s := range c.TrustedProxies {
		network, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil,
				fmt.Errorf("must be addresses or networks such as 10.0.0.0/8, separated by commas; %q isn't one", s)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// Origins returns the origins whose pages may call the API: CORS_ORIGINS if set, otherwise the origin of PUBLIC_URL.
func (c *Config) Origins() []string {
	if len(c.CORSOrigins) > 0 {
		return c.CORSOrigins
	}
	return []string{c.Origin()}
}

// Origin returns the origin of PUBLIC_URL.
func (c *Config) Origin() string { return strings.TrimSuffix(c.PublicURL, "/") }

// Public reports whether other machines can reach the site at PUBLIC_URL.
func (c *Config) Public() bool {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() != "localhost" && !strings.HasSuffix(u.Hostname(), ".localhost") &&
		(err != nil || !ip.IsLoopback())
}
