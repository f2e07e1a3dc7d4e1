package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/minicompete/minicompete/internal/sqlitefile"
)

// redacted replaces secrets in all output.
const redacted = "xxxxx"

// Secret is text that is never printed: all formatting yields a placeholder. Convert it to []byte to use it.
type Secret string

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps %#v from printing it.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalText keeps encoders from printing it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps slog from printing it.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// URL is a URL whose password, if any, is never printed. Convert it to string to use it.
type URL string

func (u URL) String() string {
	parsed, err := url.Parse(string(u))
	if err != nil {
		return redacted
	}
	for name := range parsed.Query() {
		if name == "password" || name == "sslpassword" { // PostgreSQL accepts these as parameters too
			q := parsed.Query()
			q.Set(name, redacted)
			parsed.RawQuery = q.Encode()
		}
	}
	return parsed.Redacted()
}

// GoString keeps %#v from printing the password.
func (u URL) GoString() string { return strconv.Quote(u.String()) }

// MarshalText keeps encoders from printing the password.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue keeps slog from printing the password.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// scheme returns the part before the first colon, which even an otherwise invalid URL may have.
func (u URL) scheme() string {
	scheme, _, _ := strings.Cut(string(u), ":")
	return scheme
}

// SQLitePath returns the file that a sqlite: URL names, and whether it is such a URL; the path is empty if the URL is
// invalid.
func (u URL) SQLitePath() (string, bool) {
	path, isSQLite, _ := sqlitefile.Path(string(u)) // Validate reports what is wrong
	return path, isSQLite
}

// ParseDuration parses the format of time.ParseDuration, and whole days such as 7d.
func ParseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q isn't a duration such as 90m, 24h or 7d", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q isn't a duration such as 90m, 24h or 7d", s)
	}
	return d, nil
}

func decodeDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	var s string
	if err := ctx.Scan.PopValueInto("duration", &s); err != nil {
		return err
	}
	d, err := ParseDuration(s)
	if err != nil {
		return err
	}
	target.SetInt(int64(d))
	return nil
}
