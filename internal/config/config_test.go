package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/goldentest"
)

func parse(t *testing.T, args ...string) (config.Config, error) {
	t.Helper()
	var c config.Config
	parser, err := kong.New(&c, config.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := config.UnsetEmpty(parser); err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c, err
}

func TestDefaultsAreValid(t *testing.T) {
	t.Setenv("BCRYPT_COST", "not a number") // Default looks away
	c := config.Default()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.BcryptCost != 12 || c.JWTExpiration != 24*time.Hour || c.FailedJobsAge != 30*24*time.Hour ||
		!c.Plays(config.RoleWorker) || c.LogLevel != slog.LevelInfo {
		t.Errorf("got %+v", c)
	}
	if got := c.Origins(); !slices.Equal(got, []string{"http://localhost:3000"}) {
		t.Errorf("origins: got %v", got)
	}
}

func TestEnvironmentAndFlags(t *testing.T) {
	t.Setenv("JWT_EXPIRATION", "7d")
	t.Setenv("ROLES", "api,worker")
	t.Setenv("WEB_ADDR", "")
	t.Setenv("TRUSTED_PROXIES", "10.1.2.3/8,::1")
	c, err := parse(t, "--job-backoff=500ms", "--cors-origins=https://a.example.com,https://b.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.JWTExpiration != 7*24*time.Hour || c.Plays(config.RoleWeb) || c.WebAddr != ":3000" ||
		c.JobBackoff != 500*time.Millisecond || len(c.Origins()) != 2 {
		t.Errorf("got %+v", c)
	}
	proxies, err := c.Proxies()
	if err != nil || fmt.Sprint(proxies) != "[10.0.0.0/8 ::1/128]" {
		t.Errorf("proxies: got %v, %v", proxies, err)
	}
}

// REQUIRE_VERIFIED_EMAIL is on by default where there is email, off where there is none, and otherwise as it is set.
func TestVerifiedEmailIsRequiredWhereThereIsEmail(t *testing.T) {
	const server = "smtp://mail.example.com:587"
	for _, tc := range []struct {
		smtp, set       string
		required, valid bool
	}{
		{"", "", false, true},
		{server, "", true, true},
		{"", "false", false, true},
		{server, "false", false, true},
		{"", "true", true, false},
		{server, "true", true, true},
	} {
		t.Run(tc.smtp+" "+tc.set, func(t *testing.T) {
			for name, value := range map[string]string{"SMTP_URL": tc.smtp, "REQUIRE_VERIFIED_EMAIL": tc.set} {
				if value != "" {
					t.Setenv(name, value)
				}
			}
			c, err := parse(t)
			if got := c.VerifiedEmailRequired(); got != tc.required {
				t.Errorf("required: %v, want %v", got, tc.required)
			}
			if (err == nil) != tc.valid || !tc.valid &&
				!strings.Contains(err.Error(), "REQUIRE_VERIFIED_EMAIL needs SMTP_URL") {
				t.Errorf("got %v, want valid: %v", err, tc.valid)
			}
		})
	}
}

func TestAWrongSettingIsNamed(t *testing.T) {
	const password = "hunter2hunter2"
	for setting, values := range map[string][]string{
		"DATABASE_URL": {
			"mysql://root:" + password + "@host/db", "sqlite:", "sqlite://rel.db",
			"sqlite:x.db?mode=ro", "postgres://u:" + password + "%zz@h/db",
		},
		"DATABASE_READ_URL":           {"postgres://u:" + password + "@h/db", "sqlite:x.db"},
		"DATABASE_READ_MAX_LAG":       {"0s", "999ms", "61m", "soon"},
		"REDIS_URL":                   {"http://localhost", "localhost:6379"},
		"WEB_ADDR":                    {"3000", "localhost", ":http", ":70000"},
		"API_ADDR":                    {"3001"},
		"METRICS_ADDR":                {"9090"},
		"PUBLIC_URL":                  {"compete.example.com", "https://example.com/path", "ftp://example.com"},
		"CORS_ORIGINS":                {"example.com", "https://example.com/"},
		"TRUSTED_PROXIES":             {"proxy.example.com", "10.0.0.0/99"},
		"JWT_SECRET":                  {password},
		"JWT_EXPIRATION":              {"0s", "-1h", "1w", "d", "1.5d", "99999999d"},
		"SESSION_IDLE":                {"14m", "-1h", "899s"},
		"LIMIT_SIGNUPS":               {"-1", "1000001", "many"},
		"LIMIT_LOGINS":                {"-1", "1000001"},
		"LIMIT_LINKS":                 {"-1", "1000001"},
		"LIMIT_GUESSES":               {"-1", "1000001"},
		"LIMIT_ACCOUNT_GUESSES":       {"-1", "1000001"},
		"LIMIT_MAILS":                 {"-1", "1000001"},
		"LIMIT_REPORTS":               {"-1", "1000001"},
		"LIMIT_COMPETITIONS":          {"-1", "1000001"},
		"LIMIT_NOTICES":               {"-1", "1000001"},
		"REQUIRE_VERIFIED_EMAIL":      {"perhaps"},
		"BCRYPT_COST":                 {"3", "32", "many"},
		"REQUIRE_MFA":                 {"root", "admin,participant", "ADMIN"},
		"QUEUE_TIMEOUT":               {"0", "99ms", "31s", "soon"},
		"ROLES":                       {"web,db", "WEB"},
		"WORKER_CONCURRENCY":          {"0", "1000"},
		"CRON_REMINDER_SCHEDULE":      {"hourly", "* * * *", "61 * * * *"},
		"CRON_CLEANUP_SCHEDULE":       {"* * * * * *", "0 0 31 2 *", "TZ=Asia/Almaty 0 0 * * *"},
		"JOB_MAX_ATTEMPTS":            {"0", "1000"},
		"JOB_BACKOFF":                 {"0s", "soon"},
		"CLEANUP_FINISHED_JOBS_AGE":   {"1s"},
		"CLEANUP_FAILED_JOBS_AGE":     {"1s"},
		"CLEANUP_SESSIONS_AGE":        {"1s"},
		"CLEANUP_MESSAGES_AGE":        {"6d"},
		"CLEANUP_ADDRESSES_AGE":       {"23h"},
		"CLEANUP_UNUSED_ACCOUNTS_AGE": {"179d"},
		"CLEANUP_REGISTRATIONS_AGE":   {"29d"},
		"SMTP_URL":                    {"mail.example.com:587"},
		"MAIL_FROM":                   {"nobody"},
		"OTEL_EXPORTER_OTLP_ENDPOINT": {"localhost:4318", "grpc://localhost"},
		"SITE_NAME":                   {strings.Repeat("x", 41), "two\nlines"},
		"SITE_LOGO":                   {"/no/such/file.png", "config_test.go"},
		"SITE_ACCENT":                 {"teal", "#12345"},
		"CONTACT":                     {"help", "javascript:alert(1)"},
		"IMPRINT_URL":                 {"example.com/imprint"},
		"PRIVACY_URL":                 {"/privacy"},
		"TERMS_URL":                   {"javascript:alert(1)"},
		"LOG_LEVEL":                   {"loud"},
		"LOG_FORMAT":                  {"xml"},
	} {
		for _, value := range values {
			t.Run(setting+"="+value, func(t *testing.T) {
				t.Setenv(setting, value)
				c, err := parse(t)
				if err == nil {
					err = c.Validate()
				}
				if err == nil || !strings.Contains(err.Error(), setting) {
					t.Errorf("got %v, want a message that names %s", err, setting)
				} else if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "\n") {
					t.Errorf("it tells a password, or is more than a line: %v", err)
				}
			})
		}
	}
}

func TestPostgreSQLNeedsASecret(t *testing.T) {
	c := config.Default()
	c.DatabaseURL = "postgres://localhost/compete"
	if _, err := c.TokenSecret(); err == nil || !strings.Contains(err.Error(), "JWT_SECRET") {
		t.Errorf("got %v", err)
	}
	c.JWTSecret = config.Secret(strings.Repeat("12345678", config.MinSecretLength/8))
	if _, err := c.TokenSecret(); err != nil {
		t.Error(err)
	}
}

func TestWeakSecrets(t *testing.T) {
	for secret, weak := range map[string]bool{
		strings.Repeat("a", 64): true, strings.Repeat("abc", 20): true, strings.Repeat("0123456", 8): true,
		"change-me-to-something-secret-please": true,
		"your-secret-key-that-nobody-replaced": true, "Please-ChangeMe-0123456789abcdefghijk": true,
		"0123456789abcdef0123456789abcdef": false, "a secret for tests, known to all!": false,
		"5f2d1c0b9a8e7f6d5c4b3a291807f6e5": false,
	} {
		for name, set := range map[string]func(*config.Config){
			"JWT_SECRET ":          func(c *config.Config) { c.JWTSecret = config.Secret(secret) },
			"JWT_SECRET_PREVIOUS ": func(c *config.Config) { c.JWTSecretPrevious = config.Secret(secret) },
		} {
			c := config.Default()
			set(&c)
			err := c.Validate()
			if weak != (err != nil) || weak &&
				(!strings.Contains(err.Error(), name) || strings.Contains(err.Error(), secret)) {
				t.Errorf("%s: %q: %v", name, secret, err)
			}
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jwt.secret"), []byte(strings.Repeat("a", 64)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.DatabaseURL = config.URL("sqlite:" + dir + "/x.db")
	if _, err := c.TokenSecret(); err == nil || !strings.Contains(err.Error(), "easy to guess") {
		t.Errorf("a weak secret beside the database: %v", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	const password = "hunter2hunter2"
	c := config.Default()
	c.JWTSecret = password
	c.DatabaseURL = "postgres://user:" + password + "@host/db?sslpassword=" + password
	c.RedisURL = "redis://:" + password + "@host"
	c.SMTPURL = "smtp://u:" + password + "%zz@host"
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "config", c, "secret", c.JWTSecret, "url", c.DatabaseURL)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "config", c, "secret", c.JWTSecret, "url", c.DatabaseURL)
	for _, printed := range []string{
		fmt.Sprintf("%v %+v %#v %s", c, c, c, c.JWTSecret), fmt.Sprintf("%q %x", c.DatabaseURL, c.JWTSecret),
		string(encoded), logged.String(),
	} {
		if strings.Contains(printed, password) || strings.Contains(printed, fmt.Sprintf("%x", password)) {
			t.Errorf("a secret is printed: %s", printed)
		}
	}
	if got := c.DatabaseURL.String(); !strings.HasPrefix(got, "postgres://user:xxxxx@host/db") {
		t.Errorf("got %s", got)
	}
}

func TestSecretKeptBesideTheDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := config.Default()
	for _, form := range []string{"sqlite:" + dir + "/x.db", "sqlite://" + dir + "/x%2Edb"} {
		c.DatabaseURL = config.URL(form)
		if path, ok := c.DatabaseURL.SQLitePath(); !ok || path != dir+"/x.db" {
			t.Errorf("%s names %s, %v", form, path, ok)
		}
	}
	first, err := c.TokenSecret()
	if err != nil || len(first) < config.MinSecretLength {
		t.Fatalf("got %d bytes, %v", len(first), err)
	}
	second, err := c.TokenSecret()
	if err != nil || !slices.Equal(first, second) {
		t.Errorf("the second start has another secret, or none: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "jwt.secret"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want mode 0600", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	c.JWTSecret = "0123456789abcdef0123456789abcdef "
	if got, err := c.TokenSecret(); err != nil || string(got) != string(c.JWTSecret) {
		t.Errorf("got %q, %v; want its raw bytes", got, err)
	}
	c.JWTSecret = ""
	if err := os.WriteFile(filepath.Join(dir, "jwt.secret"), []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.TokenSecret(); err == nil {
		t.Error("a short secret in the file is taken")
	}
}

func TestGoldenExample(t *testing.T) { goldentest.File(t, "../../.env.example", config.Example()) }

func TestGoldenTableOfSettings(t *testing.T) {
	goldentest.Section(t, "../../docs/settings.md", "settings", config.Table())
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"24h", "7d", "-1d", "1.5d", "d", "65536d", "1h30m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := config.ParseDuration(s); err == nil && strings.HasSuffix(s, "d") &&
			(d < 0 || d%(24*time.Hour) != 0) {
			t.Errorf("%q gives %v", s, d)
		}
	})
}
