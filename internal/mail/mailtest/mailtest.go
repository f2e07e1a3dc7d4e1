// Package mailtest provides an SMTP server for tests, in process. It keeps accepted emails, and can be told to refuse,
// delay or hang up.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options configures a server. By default, it uses neither TLS nor logins.
type Options struct {
	TLS      bool   // STARTTLS, with a self-signed certificate (Server.Roots)
	Direct   bool   // TLS from the first byte
	User     string // requires a login, with Password
	Password string
}

// Server is a running server. Hooks, if set, are called before it accepts something, and their error is the answer: a
// *smtp.SMTPError unchanged, ErrHangUp for none at all.
type Server struct {
	URL   string // as for SMTP_URL
	Roots *x509.CertPool

	mu          sync.Mutex
	mails       []Mail
	connections int
	open        int
	mostOpen    int
	onMail      func(from string) error
	onRcpt      func(to string) error
	onData      func(m Mail) error
	afterData   func(m Mail) error
	afterAnswer func(m Mail) error

	t        testing.TB
	server   *smtp.Server
	listener net.Listener
	addr     string
	o        Options
	config   *tls.Config
}

// ErrHangUp is returned by a hook to cut the connection without an answer.
var ErrHangUp = errors.New("hang up")

// Refusal returns an SMTP error with a code such as 450 or 550.
func Refusal(code int) error {
	return &smtp.SMTPError{
		Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1},
		Message: "refused by the test",
	}
}

// Mail is an accepted email.
type Mail struct {
	From, To  string // of the envelope
	Header    mail.Header
	Text      string
	HTML      string
	Raw       string
	MessageID string
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{t: t, o: o}
	if o.TLS || o.Direct {
		s.certify()
	}
	s.listen("127.0.0.1:0")
	scheme, user := "smtp://", ""
	if o.Direct {
		scheme = "smtps://"
	}
	if o.User != "" {
		user = o.User + ":" + o.Password + "@"
	}
	s.URL = scheme + user + s.addr
	t.Cleanup(s.Stop)
	return s
}

func (s *Server) listen(addr string) {
	s.t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain, server.EnableSMTPUTF8, server.ErrorLog = "mail.test", true, quiet{}
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	if s.o.TLS {
		server.TLSConfig = s.config
	}
	listener, err := new(net.ListenConfig).Listen(s.t.Context(), "tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	if s.o.Direct {
		listener = tls.NewListener(listener, s.config)
	}
	s.server, s.listener = server, listener
	go func() { _ = server.Serve(listener) }()
}

// Stop cuts all connections and stops listening.
func (s *Server) Stop() {
	_ = s.listener.Close() // the server may not have started serving it
	_ = s.server.Close()
}

// Restart listens again on the same address.
func (s *Server) Restart() { s.listen(s.addr) }

// OnMail sets a hook that is called for each sender; nil removes it. The others work the same way.
func (s *Server) OnMail(hook func(from string) error) { s.set(func() { s.onMail = hook }) }

// OnRcpt sets a hook that is called for each recipient.
func (s *Server) OnRcpt(hook func(to string) error) { s.set(func() { s.onRcpt = hook }) }

// OnData sets a hook that is called before an email is kept.
func (s *Server) OnData(hook func(Mail) error) { s.set(func() { s.onData = hook }) }

// AfterData sets a hook that is called after an email is kept, before the answer.
func (s *Server) AfterData(hook func(Mail) error) { s.set(func() { s.afterData = hook }) }

// AfterAnswer sets a hook that is called after the answer that an email was accepted. It can only hang up.
func (s *Server) AfterAnswer(hook func(Mail) error) { s.set(func() { s.afterAnswer = hook }) }

func (s *Server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// Mails lists accepted emails, oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// To lists emails accepted for an address, oldest first.
func (s *Server) To(address string) []Mail {
	var found []Mail
	for _, m := range s.Mails() {
		if strings.EqualFold(m.To, address) {
			found = append(found, m)
		}
	}
	return found
}

// Connections returns the total number of connections, and the most that were open at once.
func (s *Server) Connections() (made, atOnce int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections, s.mostOpen
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	s.set(func() {
		s.connections++
		s.open++
		s.mostOpen = max(s.mostOpen, s.open)
	})
	return &session{server: s, conn: c}, nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// session is one connection.
type session struct {
	server   *Server
	conn     *smtp.Conn
	loggedIn bool
	from, to string
	accepted *Mail // to be answered
}

func (s *session) ask(hook func() error) error {
	err := hook()
	if errors.Is(err, ErrHangUp) {
		_ = s.conn.Conn().Close()
	}
	return err
}

func (s *session) hook(choose func(*Server) func() error) error {
	s.server.mu.Lock()
	hook := choose(s.server)
	s.server.mu.Unlock()
	if hook == nil {
		return nil
	}
	return s.ask(hook)
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.o.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.o.User || password != s.server.o.Password {
			return smtp.ErrAuthFailed
		}
		s.loggedIn = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.o.User != "" && !s.loggedIn {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return s.hook(func(server *Server) func() error {
		if server.onMail == nil {
			return nil
		}
		hook := server.onMail
		return func() error { return hook(from) }
	})
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.hook(func(server *Server) func() error {
		if server.onRcpt == nil {
			return nil
		}
		hook := server.onRcpt
		return func() error { return hook(to) }
	})
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := parse(string(raw))
	if err != nil {
		return err
	}
	m.From, m.To = s.from, s.to
	if err := s.hookOf(m, func(server *Server) func(Mail) error { return server.onData }); err != nil {
		return err
	}
	s.server.set(func() { s.server.mails = append(s.server.mails, m) })
	if err := s.hookOf(m, func(server *Server) func(Mail) error { return server.afterData }); err != nil {
		return err
	}
	s.accepted = &m
	return nil
}

// hookOf calls a hook about an email.
func (s *session) hookOf(m Mail, choose func(*Server) func(Mail) error) error {
	return s.hook(func(server *Server) func() error {
		hook := choose(server)
		if hook == nil {
			return nil
		}
		return func() error { return hook(m) }
	})
}

// Reset implements smtp.Session. It is called after the answer to an email, among others.
func (s *session) Reset() {
	if s.accepted != nil {
		_ = s.hookOf(*s.accepted, func(server *Server) func(Mail) error { return server.afterAnswer })
		s.accepted = nil
	}
}

func (s *session) Logout() error {
	s.server.set(func() { s.server.open-- })
	return nil
}

// parse parses an email with two parts.
func parse(raw string) (Mail, error) {
	m := Mail{Raw: raw}
	message, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Header, m.MessageID = message.Header, message.Header.Get("Message-Id")
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		content := strings.ReplaceAll(string(text), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = content
		} else {
			m.Text = content
		}
	}
}

// certify creates a self-signed certificate for 127.0.0.1.
func (s *Server) certify() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(certificate)
	s.config = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion:   tls.VersionTLS12,
	}
}
