package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/outage"
)

// Defaults of SMTPConfig, and fixed values.
const (
	DefaultConnections = 4
	DefaultTimeout     = time.Minute
	DefaultPatience    = 10 * time.Second

	dialTimeout = 10 * time.Second
	// mailsPerConnection is below servers' usual limits per connection.
	mailsPerConnection = 100
	// idleLife is below servers' usual idle timeouts (RFC 5321 requires 5 minutes; many allow less).
	idleLife = 30 * time.Second
)

// SMTPConfig configures an SMTP.
type SMTPConfig struct {
	// URL is smtp://user:password@host:587 or smtps://user:password@host:465. With smtp, TLS starts with STARTTLS: if
	// the server offers it, and always if there is a password or the URL ends in ?tls=required. User and password are
	// optional.
	URL    string
	From   string        // "Mini Compete <mail@example.com>"
	Name   func() string // the sender's name if From has none; nil for none
	Logger *slog.Logger

	Connections int           // maximum open at once; 0 means DefaultConnections
	Timeout     time.Duration // for one email, from the first command to the last answer; 0 means DefaultTimeout
	Patience    time.Duration // how long an email waits for a free connection; 0 means DefaultPatience
	TLS         *tls.Config   // nil means the system's certificate authorities
}

// SMTP sends emails to a mail server over reused connections. It implements compete.Mailer.
type SMTP struct {
	config  SMTPConfig
	from    mail.Address
	host    string // of From; the right-hand side of Message-IDs
	server  string
	options []smtp.Option
	direct  bool // TLS from the first byte

	slots chan struct{} // one per connection that may be open

	outage outage.Report

	mu    sync.Mutex
	idle  []*connection
	wait  time.Duration // pause after the next failed connection attempt
	until time.Time     // no connection attempts before this time
	away  error         // why the last attempt failed; nil if it succeeded
}

// NewSMTP parses the configuration. It doesn't connect yet.
func NewSMTP(config SMTPConfig) (*SMTP, error) {
	if config.Connections == 0 {
		config.Connections = DefaultConnections
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.Patience == 0 {
		config.Patience = DefaultPatience
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	from, err := mail.ParseAddress(config.From)
	if err != nil {
		return nil, errors.New("MAIL_FROM must be an address such as 'Mini Compete <mail@example.com>'")
	}
	s := &SMTP{config: config, from: *from, slots: make(chan struct{}, config.Connections), outage: outage.Report{
		Logger: config.Logger, Away: "the mail server is unavailable; emails are waiting",
		Back: "the mail server is back",
	}}
	_, s.host, _ = strings.Cut(from.Address, "@")
	return s, s.read(config.URL)
}

// logins lists authentication mechanisms, best first; connections are always encrypted before authentication.
var logins = []smtp.SMTPAuthType{smtp.SMTPAuthSCRAMSHA256, smtp.SMTPAuthPlain, smtp.SMTPAuthLogin, smtp.SMTPAuthCramMD5}

// read parses the URL. Its errors don't quote the URL, which may contain a password.
func (s *SMTP) read(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" {
		return errors.New("SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465")
	}
	port := u.Port()
	if s.direct = u.Scheme == "smtps"; port == "" {
		port = map[bool]string{false: "587", true: "465"}[s.direct]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return errors.New("SMTP_URL has an invalid port")
	}
	password, hasPassword := u.User.Password()
	policy := smtp.TLSOpportunistic
	switch query := u.Query(); {
	case s.direct:
		policy = smtp.NoTLS // go-mail's policy for STARTTLS; this connection is already encrypted
	case hasPassword || query.Get("tls") == "required":
		policy = smtp.TLSMandatory
	case query.Has("tls"):
		return errors.New("SMTP_URL: tls may only be 'required'")
	}
	s.server = net.JoinHostPort(u.Hostname(), port)
	s.options = []smtp.Option{
		smtp.WithPort(int(number)), smtp.WithTimeout(s.config.Timeout), smtp.WithTLSPolicy(policy),
		smtp.WithTLSConfig(s.tls(u.Hostname())),
		smtp.WithoutNoop(), smtp.WithoutRset(), // each costs a round trip to learn what the next command shows anyway
	}
	if s.direct {
		s.options = append(s.options, smtp.WithSSL())
	}
	if hasPassword {
		s.options = append(s.options, smtp.WithUsername(u.User.Username()), smtp.WithPassword(password),
			smtp.WithOpportunisticSMTPAuth(logins...))
	}
	_, err = smtp.NewClient(u.Hostname(), s.options...)
	return err
}

func (s *SMTP) tls(host string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.config.TLS != nil {
		config = s.config.TLS.Clone()
	}
	config.ServerName = host
	return config
}

// Send implements compete.Mailer. An email waits for a connection, or an unavailable server, no longer than Patience.
func (s *SMTP) Send(ctx context.Context, m compete.Mail) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", compete.ErrMailRefused, err)
	}
	waiting, cancel := context.WithTimeout(ctx, s.config.Patience)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
	case <-waiting.Done():
		return fmt.Errorf("%w: all connections to the mail server are in use", compete.ErrBusy)
	}
	defer func() { <-s.slots }()
	c := s.takeIdle()
	if c == nil {
		if c, err = s.connect(ctx, waiting); err != nil {
			return fmt.Errorf("%w: %w", compete.ErrMailServer, err)
		}
	}
	err = c.send(ctx, message)
	if c.sent > 0 && c.stale(err) { // the idle connection was closed before the server saw any of this email
		c.close()
		if c, err = s.dial(ctx); err != nil {
			return fmt.Errorf("%w: %w", compete.ErrMailServer, err)
		}
		err = c.send(ctx, message)
	}
	s.keep(c, err)
	if err = s.judge(err); errors.Is(err, compete.ErrMailServer) {
		s.note(err)
	}
	return err
}

// compose creates the email: a multipart of text and HTML.
func (s *SMTP) compose(m compete.Mail) (*smtp.Msg, error) {
	message := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	from := s.from
	if from.Name == "" && s.config.Name != nil {
		from.Name = s.config.Name()
	}
	message.FromMailAddress(&from)
	to := &mail.Address{Name: m.ToName, Address: m.To}
	if _, err := mail.ParseAddress(to.String()); err != nil {
		return nil, fmt.Errorf("the address is invalid: %w", err)
	}
	message.ToMailAddress(to)
	message.Subject(m.Subject)
	message.SetMessageIDWithValue(m.MessageID + "@" + s.host)
	message.SetDateWithValue(m.SentAt)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: suppresses out-of-office replies
	if m.Unsubscribe != "" {
		message.SetGenHeader(smtp.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		message.SetGenHeader(smtp.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	message.SetBodyString(smtp.TypeTextPlain, m.Text)
	message.AddAlternativeString(smtp.TypeTextHTML, m.HTML)
	return message, nil
}

// judge translates an SMTP failure to the errors of compete.Mailer.
func (s *SMTP) judge(err error) error {
	if err == nil {
		return nil
	}
	var failed *smtp.SendError
	if !errors.As(err, &failed) {
		return err
	}
	code := failed.ErrorCode()
	switch {
	case code == 421, failed.Reason == smtp.ErrConnCheck, failed.Reason == smtp.ErrSMTPMailFrom && code != 0:
		// The server is about to close, or it refuses the sender, which all emails share.
		return fmt.Errorf("%w: %w", compete.ErrMailServer, err)
	case code >= 500, failed.Reason == smtp.ErrGetRcpts, failed.Reason == smtp.ErrGetSender:
		return fmt.Errorf("%w: %w", compete.ErrMailRefused, err)
	}
	return err
}

// Close closes the connections. No Send may be in progress.
func (s *SMTP) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.idle {
		c.quit()
	}
	s.idle = nil
}
