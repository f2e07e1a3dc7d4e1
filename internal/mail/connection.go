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

// connection is one to the mail server, used by one mail after another.
type connection struct {
	client *smtp.Client
	net    net.Conn
	sent   int
	since  time.Time // idle
}

// send sends a mail. When ctx ends meanwhile the connection is cut, and nobody knows whether the mail was taken.
func (c *connection) send(ctx context.Context, m *smtp.Msg) error {
	cut := context.AfterFunc(ctx, c.close)
	defer cut()
	return c.client.Send(m)
}

// stale reports whether a failure shows only that the connection was closed before this mail.
func (c *connection) stale(err error) bool {
	var failed *smtp.SendError
	return errors.As(err, &failed) && failed.Reason == smtp.ErrSMTPMailFrom &&
		(failed.ErrorCode() == 0 || failed.ErrorCode() == 421)
}

func (c *connection) close() { _ = c.net.Close() }

// quit takes leave of the server, who need not answer.
func (c *connection) quit() {
	_ = c.net.SetDeadline(time.Now().Add(time.Second))
	_ = c.client.Close()
	c.close()
}

// connect makes a connection, once the server is worth another try; waiting bounds how long that may take.
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

// takeIdle takes the connection that was used last; those that have waited too long are closed.
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

// keep puts a connection back after a mail, unless it has failed or done its share.
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

// dial connects, encrypts and logs in. A server that can't be used is left alone for a while, which doubles up to
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
	// The greeting and what follows are bounded by the timeout of a mail; the end of ctx cuts them short.
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
	host, _, _ := net.SplitHostPort(s.server) // it was joined from both
	return host
}

// dialNet makes the connection itself, encrypted from the start where the URL says so.
func (s *SMTP) dialNet(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if s.direct {
		return (&tls.Dialer{Config: s.tls(s.hostname())}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// Pauses after failures to connect.
const (
	firstAway = 500 * time.Millisecond
	maxAway   = 15 * time.Second
)

// note remembers how the last attempt to connect went.
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
