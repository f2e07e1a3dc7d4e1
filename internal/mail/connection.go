package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	smtp "github.com/wneessen/go-mail"
)

// connection is a connection to the mail server, reused for several emails.
type connection struct {
	client *smtp.Client
	net    net.Conn
	sent   int
	since  time.Time // start of its idle time
}

// send sends an email. If ctx ends first, the connection is cut, and it is unknown whether the server accepted the
// email.
func (c *connection) send(ctx context.Context, m *smtp.Msg) error {
	cut := context.AfterFunc(ctx, c.close)
	defer cut()
	return c.client.Send(m)
}

// stale reports whether an error only means that the connection was closed before this email.
func (c *connection) stale(err error) bool {
	var failed *smtp.SendError
	return errors.As(err, &failed) && failed.Reason == smtp.ErrSMTPMailFrom &&
		(failed.ErrorCode() == 0 || failed.ErrorCode() == 421)
}

func (c *connection) close() { _ = c.net.Close() }

// quit sends QUIT without requiring an answer.
func (c *connection) quit() {
	_ = c.net.SetDeadline(time.Now().Add(time.Second))
	_ = c.client.Close()
	c.close()
}

// connect opens a connection, once the server may be tried again; waiting bounds that wait.
func (s *SMTP) connect(ctx, waiting context.Context) (*connection, error) {
	for {
		s.mu.Lock()
		pause, away := time.Until(s.until), s.away
		s.mu.Unlock()
		if pause <= 0 {
			return s.dial(ctx)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-waiting.Done():
			timer.Stop()
			return nil, away
		}
	}
}

// takeIdle takes the most recently used idle connection and closes those that have been idle for too long.
func (s *SMTP) takeIdle() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		c := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if time.Since(c.since) < idleLife {
			return c
		}
		go c.quit()
	}
	return nil
}

// keep returns a connection to the pool after an email, unless it has failed or reached its limit.
func (s *SMTP) keep(c *connection, err error) {
	c.sent++
	if err != nil || c.sent >= mailsPerConnection {
		go c.quit()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.since = time.Now()
	s.idle = append(s.idle, c)
}

// dial connects, encrypts and logs in. After a failure, the server isn't tried for a while, which doubles up to
// maxAway.
func (s *SMTP) dial(ctx context.Context) (*connection, error) {
	c, cut := &connection{}, func() bool { return true }
	dialer := func(dialling context.Context, network, address string) (net.Conn, error) {
		var err error
		if c.net, err = s.dialNet(dialling, network, address); err == nil {
			cut = context.AfterFunc(ctx, c.close)
		}
		return c.net, err
	}
	var err error
	c.client, err = smtp.NewClient(s.hostname(), append(slices.Clone(s.options), smtp.WithDialContextFunc(dialer))...)
	if err != nil {
		return nil, err
	}
	// The timeout of an email bounds the greeting and what follows; the end of ctx cuts them short.
	err = c.client.DialWithContext(ctx)
	cut()
	s.note(err)
	if err != nil {
		if c.net != nil {
			c.close()
		}
		return nil, err
	}
	return c, nil
}

func (s *SMTP) hostname() string {
	host, _, _ := net.SplitHostPort(s.server) // can't fail: it was joined from both
	return host
}

// dialNet opens the network connection, encrypted from the start if the URL says so.
func (s *SMTP) dialNet(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if s.direct {
		return (&tls.Dialer{Config: s.tls(s.hostname())}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// Pauses after failed connection attempts.
const (
	firstAway = 500 * time.Millisecond
	maxAway   = 15 * time.Second
)

// note records the result of the last connection attempt.
func (s *SMTP) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage.Note(err, "server", s.server)
	if err == nil {
		s.away, s.wait, s.until = nil, 0, time.Time{}
		return
	}
	s.wait = min(max(2*s.wait, firstAway), maxAway)
	s.away, s.until = fmt.Errorf("connect to %s: %w", s.server, err), time.Now().Add(s.wait)
}
